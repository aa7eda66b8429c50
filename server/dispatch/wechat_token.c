#include "dispatch/wechat_token.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#include <pthread.h>

#define DAY_US SECONDS_US(86400)

struct wechat_token {
    struct wechat_token_options options;
    char value[WECHAT_TOKEN_BYTES_MAX]; /* "": none */
    int64_t expires_us;                 /* WeChat's, not yet early */
    int64_t refreshed_us;               /* last answer from WeChat */
    bool loading, fetching, force;
    int64_t forced_us; /* when the day of force_refresh began */
    int forced;
    struct wechat_token_wait *first, *last;
    struct client_request request;
    struct arena *arena; /* of the fetch under way */
};

static void on_answer(struct client_request *request, const struct client_answer *answer);

struct wechat_token *wechat_token_open(const struct wechat_token_options *options)
{
    struct wechat_token *token = calloc(1, sizeof *token);
    CHECK(token != NULL);
    token->options = *options;
    token->loading = true;
    token->arena = arena_new(KIB(256));
    return token;
}

static bool usable(const struct wechat_token *token)
{
    return token->value[0] != '\0' && clock_utc_us() < token->expires_us - WECHAT_TOKEN_EARLY_US;
}

static void answer_all(struct wechat_token *token, enum err e, int64_t pause_us)
{
    struct wechat_token_wait *wait = token->first;
    token->first = token->last = NULL;
    while (wait != NULL) {
        struct wechat_token_wait *next = wait->next;
        wait->done(wait, e, e == ERR_NONE ? token->value : NULL, pause_us);
        wait = next;
    }
}

void wechat_token_close(struct wechat_token *token)
{
    if (token == NULL)
        return;
    CHECK(!token->fetching); /* the client was closed before */
    answer_all(token, ERR_BUSY, 0);
    crypt_wipe(token->value, sizeof token->value);
    arena_free(token->arena);
    free(token);
}

static bool may_force(struct wechat_token *token, int64_t now_us)
{
    if (!token->force)
        return false;
    if (now_us - token->forced_us >= DAY_US || now_us < token->forced_us) {
        token->forced_us = now_us;
        token->forced = 0;
    }
    return token->forced++ < WECHAT_TOKEN_FORCED_MAX;
}

static void fetch(struct wechat_token *token)
{
    const struct wechat_config *config = token->options.config;
    struct buf body;
    arena_reset(token->arena);
    buf_init(&body, KIB(4));
    json_object_open(&body);
    json_put_text(&body, "grant_type", "client_credential");
    json_put_text(&body, "appid", config->appid);
    json_put_text(&body, "secret", config->secret);
    if (may_force(token, clock_utc_us()))
        json_put_bool(&body, "force_refresh", true);
    json_object_close(&body);
    token->force = false;
    token->fetching = true;
    token->request = (struct client_request){
        .method = "POST",
        .url = arena_printf(token->arena, "%s/cgi-bin/stable_token", config->url),
        .headers = {"Content-Type: application/json"},
        .body = arena_copy(token->arena, buf_cstr(&body), body.len),
        .body_len = body.len,
        .repeatable = true, /* asking twice gives the same token */
        .done = on_answer,
        .arg = token,
    };
    buf_release(&body);
    client_send(token->options.client, &token->request);
}

static enum err read_answer(struct wechat_token *token, const struct client_answer *answer, int64_t *pause_us)
{
    const struct json *tree;
    if (answer->outcome != CLIENT_ANSWERED || answer->status != 200 ||
        json_read(answer->body, answer->len, token->arena, &tree) != ERR_NONE) {
        LOG(WARN, "wechat.token_failed", "status=%d words=\"%s\"", answer->status, answer->words);
        *pause_us = answer->retry_after_us;
        return ERR_UPSTREAM;
    }
    const char *value = json_text_at(tree, "access_token", NULL);
    int64_t lasts_s = json_int_at(tree, "expires_in", 0), errcode = json_int_at(tree, "errcode", 0);
    if (errcode != 0 || value == NULL || value[0] == '\0' || strlen(value) >= sizeof token->value || lasts_s < 1 ||
        lasts_s > 86400) {
        LOG(ERROR, "wechat.token_refused", "errcode=%" PRId64, errcode);
        *pause_us = wechat_class_of(errcode) == WECHAT_TOMORROW ? SECONDS_US(3600) : 0;
        return ERR_UPSTREAM;
    }
    snprintf(token->value, sizeof token->value, "%s", value);
    token->refreshed_us = clock_utc_us();
    token->expires_us = token->refreshed_us + SECONDS_US(lasts_s);
    LOG(INFO, "wechat.token", "lasts_s=%" PRId64, lasts_s);
    return ERR_NONE;
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct wechat_token *token = request->arg;
    int64_t pause_us = 0;
    token->fetching = false;
    enum err e = read_answer(token, answer, &pause_us);
    arena_reset(token->arena); /* the body holds the secret of the app */
    if (e == ERR_NONE && token->options.save != NULL)
        token->options.save(token->options.save_arg, token->value, token->expires_us);
    answer_all(token, e, pause_us);
}

void wechat_token_get(struct wechat_token *token, struct wechat_token_wait *wait)
{
    RUNS_ON(ROLE_OUTBOUND);
    if (!token->loading && !token->fetching && usable(token)) {
        wait->done(wait, ERR_NONE, token->value, 0);
        return;
    }
    wait->next = NULL;
    if (token->first == NULL)
        token->first = wait;
    else
        token->last->next = wait;
    token->last = wait;
    if (!token->loading && !token->fetching)
        fetch(token);
}

void wechat_token_known(struct wechat_token *token, const char *value, int64_t expires_us)
{
    token->loading = false;
    if (value != NULL && strlen(value) < sizeof token->value) {
        snprintf(token->value, sizeof token->value, "%s", value);
        token->expires_us = expires_us;
    }
    if (usable(token))
        answer_all(token, ERR_NONE, 0);
    else if (token->first != NULL)
        fetch(token);
}

void wechat_token_refused(struct wechat_token *token, const char *value, int64_t errcode)
{
    RUNS_ON(ROLE_OUTBOUND);
    int64_t age_us = clock_utc_us() - token->refreshed_us;
    if (token->fetching || !text_is(token->value, value))
        return; /* somebody else noticed first */
    if (age_us >= 0 && age_us < WECHAT_TOKEN_PAUSE_US)
        return;
    token->value[0] = '\0';
    token->force = errcode != 42001; /* expired: WeChat has another one anyway */
}

/* ---- for threads that may wait ---- */

struct blocking {
    struct message message;
    struct wechat_token_wait wait;
    struct wechat_token *token;
    const char *refused;
    pthread_mutex_t lock; /* guards finished; the rest is handed over with it */
    pthread_cond_t ended;
    bool finished;
    struct arena *arena;
    enum err e;
    const char *value;
};

static void blocking_done(struct wechat_token_wait *wait, enum err e, const char *value, int64_t pause_us)
{
    struct blocking *b = wait->arg;
    (void)pause_us;
    b->e = e;
    b->value = value == NULL ? NULL : arena_text(b->arena, value);
    pthread_mutex_lock(&b->lock);
    b->finished = true;
    pthread_cond_signal(&b->ended);
    pthread_mutex_unlock(&b->lock);
}

static void blocking_run(struct message *message)
{
    struct blocking *b = container_of(message, struct blocking, message);
    if (b->refused != NULL)
        wechat_token_refused(b->token, b->refused, 40001);
    wechat_token_get(b->token, &b->wait);
}

enum err wechat_token_blocking(struct wechat_token *token, const char *refused, struct arena *arena, const char **value)
{
    CHECK(token->options.home != NULL);
    struct blocking b = {.token = token, .refused = refused, .arena = arena};
    b.message.run = blocking_run;
    b.wait = (struct wechat_token_wait){.done = blocking_done, .arg = &b};
    pthread_mutex_init(&b.lock, NULL);
    pthread_cond_init(&b.ended, NULL);
    mailbox_post(token->options.home, &b.message);
    pthread_mutex_lock(&b.lock);
    while (!b.finished)
        pthread_cond_wait(&b.ended, &b.lock);
    pthread_mutex_unlock(&b.lock);
    pthread_cond_destroy(&b.ended);
    pthread_mutex_destroy(&b.lock);
    *value = b.value;
    return b.e;
}
