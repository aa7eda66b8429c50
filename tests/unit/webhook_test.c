/* links: xy_standin xy_dispatch */
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/standin/http.h"
#include "dispatch/webhook.h"
#include "dispatch/wecom.h"
#include "store/webhook_store.h"
#include "tests/check.h"
#include "tests/unit/outside_server.h"

#include <pthread.h>

/* ---- a receiver: keeps what it was sent, answers what it is told ---- */

#define CALLS_MAX 64

static struct receiver {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    struct standin_http *http;
    int port;
    pthread_mutex_t lock; /* guards the rest */
    int status[CALLS_MAX];
    struct {
        char id[160], timestamp[32], signature[64], body[2048], path[32];
    } calls[CALLS_MAX];
    size_t count;
} receiver = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int receive(void *service, const struct standin_request *r, struct buf *out)
{
    (void)service, (void)out;
    pthread_mutex_lock(&receiver.lock);
    CHECK(receiver.count < CALLS_MAX);
    size_t i = receiver.count++;
    snprintf(receiver.calls[i].id, 160, "%s", standin_header(r, "webhook-id"));
    snprintf(receiver.calls[i].timestamp, 32, "%s", standin_header(r, "webhook-timestamp"));
    snprintf(receiver.calls[i].signature, 64, "%s", standin_header(r, "webhook-signature"));
    snprintf(receiver.calls[i].body, 2048, "%s", r->body);
    snprintf(receiver.calls[i].path, 32, "%s", r->path);
    int status = receiver.status[i] == 0 ? 204 : receiver.status[i];
    pthread_mutex_unlock(&receiver.lock);
    return status;
}

static void on_stop(uv_async_t *async)
{
    standin_http_close(receiver.http);
    uv_close((uv_handle_t *)async, NULL);
}

static void *receiver_main(void *arg)
{
    (void)arg;
    uv_run(&receiver.loop, UV_RUN_DEFAULT);
    return NULL;
}

static void receiver_up(void)
{
    memset(receiver.status, 0, sizeof receiver.status);
    receiver.count = 0;
    CHECK(uv_loop_init(&receiver.loop) == 0 && uv_async_init(&receiver.loop, &receiver.stop, on_stop) == 0);
    receiver.http = standin_http_open(&receiver.loop, receive, NULL, &receiver.port);
    CHECK(pthread_create(&receiver.thread, NULL, receiver_main, NULL) == 0);
}

static void receiver_down(void)
{
    uv_async_send(&receiver.stop);
    pthread_join(receiver.thread, NULL);
    CHECK(uv_loop_close(&receiver.loop) == 0);
}

/* ---- rows ---- */

struct hook {
    struct webhook webhook;
    char id[CRYPT_ID_TEXT_BYTES];
    struct arena *arena;
    int64_t failing_since_us;
};

static enum err add_step(struct tx *tx, void *job)
{
    return webhook_add(tx, &((struct hook *)job)->webhook);
}

static enum err get_step(struct tx *tx, void *job)
{
    struct hook *h = job;
    TRY(webhook_get(tx, h->id, &h->webhook));
    return ERR_NONE;
}

static enum err failing_step(struct tx *tx, void *job)
{
    struct hook *h = job;
    bool disabled;
    return webhook_note(tx, h->id, true, h->failing_since_us, &disabled);
}

static const unsigned char secret[WEBHOOK_SECRET_BYTES] = "0123456789abcdef0123456789abcde";

static struct hook hook_add(const char *url)
{
    struct hook h = {.webhook = {.url = url, .secret = secret, .created_us = clock_utc_us()}};
    crypt_id(clock_utc_us(), h.id);
    h.webhook.id = h.id;
    server_write(add_step, &h);
    return h;
}

static bool is_disabled(struct hook *h)
{
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, get_step, h));
    return h->webhook.disabled;
}

static enum err publish_step(struct tx *tx, void *job)
{
    return outbox_put(
        tx, job, "publish", NULL,
        "{\"submission_id\":\"01\",\"code\":\"3B92K7-4\",\"student_id\":\"secret-person\",\"from\":\"draft\","
        "\"event\":\"confirm\",\"to\":\"submitted\",\"version\":2,\"moved_us\":1800000000000000,"
        "\"note\":\"private words\",\"tracking_no\":\"SF1\"}",
        0, clock_utc_us());
}

static enum err dead_step(struct tx *tx, void *job)
{
    (void)job;
    return outbox_put(tx, "row:1:webhook", "webhook", NULL, "{}", 0, clock_utc_us());
}

static struct outbox_status publish(const char *id)
{
    server_write(publish_step, arena_text(outside_arena, id));
    return server_settle();
}

static const char *local(const char *path)
{
    return outside_url(receiver.port, path);
}

/* ---- */

TEST(the_signature_is_that_of_standard_webhooks)
{
    /* the example of the specification's own libraries */
    unsigned char key[64];
    char signature[WEBHOOK_SIGNATURE_BYTES];
    size_t len;
    TRUE(crypt_unbase64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false, key, sizeof key, &len));
    const char *body = "{\"test\": 2432232314}";
    webhook_sign(key, len, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, strlen(body), signature);
    EQ_TEXT("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    struct webhook_head head = {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                                "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                                " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
    int64_t then_us = SECONDS_US(1614265330);
    EQ_INT(ERR_NONE, webhook_verify(key, len, &head, body, strlen(body), then_us));
    EQ_INT(ERR_NONE, webhook_verify(key, len, &head, body, strlen(body), then_us + SECONDS_US(299)));
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify(key, len, &head, body, strlen(body), then_us + SECONDS_US(300)));
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify(key, len, &head, body, strlen(body), then_us - SECONDS_US(300)));
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify(key, len, &head, body, strlen(body) - 1, then_us));
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify("other", 5, &head, body, strlen(body), then_us));
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify("", 0, &head, body, strlen(body), then_us));
    struct webhook_head none = {NULL, NULL, NULL}, empty = {"", "", ""};
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify(key, len, &none, body, strlen(body), then_us));
    EQ_INT(ERR_UNAUTHENTICATED, webhook_verify(key, len, &empty, body, strlen(body), then_us));
}

TEST(every_webhook_hears_of_a_move_once_and_signed)
{
    server_up();
    receiver_up();
    hook_add(local("/a"));
    hook_add(local("/b"));
    EQ_INT(0, publish("row:2:publish").dead);
    EQ_INT(0, publish("row:2:publish").dead); /* the same row again is nothing new */
    EQ_INT(2, receiver.count);
    TRUE(strcmp(receiver.calls[0].path, receiver.calls[1].path) != 0);
    TRUE(strcmp(receiver.calls[0].id, receiver.calls[1].id) != 0);
    for (size_t i = 0; i < receiver.count; i++) {
        const char *body = receiver.calls[i].body;
        const struct webhook_head head = {receiver.calls[i].id, receiver.calls[i].timestamp,
                                          receiver.calls[i].signature};
        EQ_INT(ERR_NONE, webhook_verify(secret, sizeof secret, &head, body, strlen(body), clock_utc_us()));
        TRUE(text_starts(head.id, "row:2:publish:"));
        EQ_TEXT("{\"type\":\"submission.moved\",\"timestamp\":\"2027-01-15T08:00:00.000Z\",\"data\":{\"submission_id\":"
                "\"01\","
                "\"code\":\"3B92K7-4\",\"from\":\"draft\",\"event\":\"confirm\",\"to\":\"submitted\",\"version\":2}}",
                body);
    }
    receiver_down();
    server_down();
}

TEST(a_failure_is_repeated_with_the_same_id_and_body)
{
    server_up();
    receiver_up();
    receiver.status[0] = 500;
    receiver.status[1] = 302; /* redirects are failures and are not followed */
    struct hook h = hook_add(local("/a"));
    EQ_INT(0, publish("row:2:publish").dead);
    EQ_INT(3, receiver.count);
    EQ_TEXT(receiver.calls[0].id, receiver.calls[2].id);
    EQ_TEXT(receiver.calls[0].body, receiver.calls[2].body);
    TRUE(!is_disabled(&h));
    EQ_INT(0, h.webhook.failing_since_us); /* the last call went well */
    receiver_down();
    server_down();
}

TEST(gone_switches_the_webhook_off)
{
    server_up();
    receiver_up();
    receiver.status[0] = 410;
    struct hook h = hook_add(local("/a"));
    EQ_INT(1, publish("row:2:publish").dead);
    TRUE(is_disabled(&h));
    EQ_INT(1, publish("row:3:publish").dead); /* nothing new */
    EQ_INT(1, receiver.count);
    receiver_down();
    server_down();
}

TEST(five_days_of_failures_switch_it_off)
{
    server_up();
    receiver_up();
    struct hook h = hook_add(local("/a"));
    h.failing_since_us = clock_utc_us() - WEBHOOK_FAILING_MAX_US - SECONDS_US(1);
    server_write(failing_step, &h);
    receiver.status[0] = 500;
    EQ_INT(1, publish("row:2:publish").dead);
    TRUE(is_disabled(&h));
    receiver_down();
    server_down();
}

TEST(a_webhook_does_not_reach_inside)
{
    server_up();
    receiver_up();
    server_dispatch_stop();
    server_config.allow_private = false;
    server_dispatch_start();
    hook_add(local("/a"));
    EQ_INT(1, publish("row:2:publish").dead); /* at once: no try could help */
    EQ_INT(0, receiver.count);
    receiver_down();
    server_down();
}

/* ---- WeCom ---- */

TEST(an_alert_fits_the_robot_and_says_what_was_dropped)
{
    struct arena *a = arena_new(MIB(1));
    char text[4000];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "满", 4);
    struct buf b;
    const struct json *tree;
    buf_init(&b, KIB(16));
    wecom_body(text, 7, &b);
    EQ_INT(ERR_NONE, json_read(b.bytes, b.len, a, &tree));
    const char *content = json_text_at(tree, "text.content", "");
    TRUE(strlen(content) <= WECOM_TEXT_BYTES_MAX && strlen(content) > WECOM_TEXT_BYTES_MAX - 8);
    TRUE(strstr(content, "7 more dropped") != NULL);
    buf_release(&b);
    arena_free(a);
}

TEST(staff_hear_of_a_dead_row_once)
{
    server_up();
    server_dispatch_stop();
    server_config.wecom_url = outside_url(outside_ports.chsi, "/robot");
    server_dispatch_start();
    server_write(dead_step, NULL);
    EQ_INT(1, server_settle().dead);
    while (outside_count(outside_ports.chsi, "/robot") < 1)
        server_wait();
    const struct json *item = json_at(outside_ask(outside_ports.chsi, "GET", "/log?path=/robot", NULL), "items")->first;
    TRUE(strstr(json_text_at(item, "body", ""), "1 effects are dead") != NULL);
    server_down();
}

TEST(twenty_alerts_a_minute_and_no_more)
{
    outside_up(NULL);
    struct wecom *w = wecom_open(outside_client, outside_url(outside_ports.chsi, "/robot"));
    int sent = 0;
    for (int i = 0; i < 30; i++)
        sent += wecom_alert(w, "disk");
    EQ_INT(WECOM_PER_MINUTE, sent);
    while (client_in_flight(outside_client) > 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    EQ_INT(WECOM_PER_MINUTE, outside_count(outside_ports.chsi, "/robot"));
    client_close(outside_client);
    wecom_close(w);
    outside_client = NULL;
    outside_down();
}

int main(void)
{
    crypt_start();
    return tests_run();
}
