#include "dispatch/standin/standin.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/log.h"
#include "dispatch/standin/services.h"

#include <pthread.h>

_Static_assert(STANDIN_KEY_BYTES == CRYPT_TOKEN_TEXT_BYTES, "the key is a token");

struct standin {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    struct client *client; /* for callbacks */
    struct standin_wechat *wechat;
    struct standin_pay *pay;
    struct standin_chsi *chsi;
    struct standin_courier *courier;
    struct standin_sms *sms;
    struct standin_real_name *real_name;
};

static void on_stop(uv_async_t *async)
{
    struct standin *s = async->data;
    client_close(s->client);
    standin_wechat_close(s->wechat);
    standin_pay_close(s->pay);
    standin_chsi_close(s->chsi);
    standin_courier_close(s->courier);
    standin_sms_close(s->sms);
    standin_real_name_close(s->real_name);
    uv_close((uv_handle_t *)async, NULL);
}

static void *standin_main(void *arg)
{
    struct standin *s = arg;
    uv_run(&s->loop, UV_RUN_DEFAULT); /* until on_stop has closed every handle */
    return NULL;
}

struct standin *standin_start(int64_t pause_ms, struct standin_ports *ports)
{
    struct standin *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    crypt_token(ports->key);
    CHECK(uv_loop_init(&s->loop) == 0);
    CHECK(uv_async_init(&s->loop, &s->stop, on_stop) == 0);
    s->stop.data = s;
    const struct client_options options = {.loop = &s->loop};
    s->client = client_open(&options);
    s->wechat = standin_wechat_open(&s->loop, &ports->wechat);
    s->pay = standin_pay_open(&s->loop, s->client, pause_ms, &ports->pay);
    s->chsi = standin_chsi_open(&s->loop, &ports->chsi);
    s->courier = standin_courier_open(&s->loop, s->client, ports->key, &ports->courier);
    s->sms = standin_sms_open(&s->loop, ports->key, &ports->sms);
    s->real_name = standin_real_name_open(&s->loop, ports->key, &ports->real_name);
    CHECK(pthread_create(&s->thread, NULL, standin_main, s) == 0);
    LOG(INFO, "standin.start", "wechat=%d pay=%d chsi=%d courier=%d sms=%d real_name=%d", ports->wechat, ports->pay,
        ports->chsi, ports->courier, ports->sms, ports->real_name);
    return s;
}

void standin_stop(struct standin *s)
{
    if (s == NULL)
        return;
    uv_async_send(&s->stop);
    pthread_join(s->thread, NULL);
    CHECK(uv_loop_close(&s->loop) == 0);
    free(s);
}
