#include "dispatch/outside.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/code_decoder.h"
#include "dispatch/wecom.h"
#include "store/secret.h"

#define TOKEN_SECRET       "wechat_token"
#define PAGE_TOKEN_SECRET  "wechat_page_token"
#define WATCH_PAUSE_MIN_MS 20
#define WATCH_ARENA_BYTES  MIB(4)

const struct executor outside_executors[] = {
    {"notify", notify_start, 64},          {"follow", follow_start, 8},
    {"text_check", text_check_start, 8},   {"wechat_picture", wechat_picture_start, 2},
    {"publish", publish_start, 32},        {"webhook", webhook_start, 32},
    {"refund", refund_start_effect, 8},    {"close_order", close_order_start, 8},
    {"ask_order", ask_order_start, 8},     {"group_cover", group_cover_start, 1},
    {"reconcile", reconcile_start, 1},     {"chsi", chsi_start, 8},
    {"chsi_result", chsi_result_start, 8}, {"code", code_start, 4},
    {"real_name", real_name_start, 8},     {NULL, NULL, 0},
};

struct outside *outside_of(struct effect *effect)
{
    return dispatch_options_of(effect->dispatch)->arg;
}

bool outside_open(struct effect *effect)
{
    if (!outside_of(effect)->closing)
        return true;
    effect_end(effect, OUTBOX_RETRY, 0, "stopping");
    return false;
}

struct outside *outside_new(const struct outside_config *config)
{
    struct outside *o = calloc(1, sizeof *o);
    CHECK(o != NULL);
    o->config = config;
    return o;
}

void outside_free(struct outside *outside)
{
    free(outside);
}

struct wechat_token *outside_token(struct outside *outside)
{
    return atomic_load(&outside->token);
}

/* ---- the access token is kept over restarts ---- */

struct kept_token {
    struct store_unit unit;
    struct outside *outside;
    struct wechat *wechat;
    const char *name;
    struct arena *arena;
    const char *value;
    int64_t expires_us, now_us;
};

static void unit_run(struct kept_token *k, enum store_mode mode, store_step *step, void (*done)(struct store_unit *))
{
    struct outside *o = k->outside;
    k->unit =
        (struct store_unit){.home = dispatch_mailbox(o->dispatch), .mode = mode, .step = step, .job = k, .done = done};
    o->units_away++;
    enum err e = store_submit(o->store, &k->unit);
    if (e != ERR_NONE) { /* else it is the store's already */
        k->unit.result = e;
        done(&k->unit);
    }
}

static struct kept_token *kept_new(struct outside *o, struct wechat *wechat)
{
    struct arena *arena = arena_new(KIB(64));
    struct kept_token *k = ARENA_NEW(arena, struct kept_token);
    k->outside = o;
    k->wechat = wechat;
    k->name = wechat == &o->page ? PAGE_TOKEN_SECRET : TOKEN_SECRET;
    k->arena = arena;
    return k;
}

static enum err load_step(struct tx *tx, void *job)
{
    struct kept_token *k = job;
    k->value = NULL;
    enum err e = secret_get(tx, k->name, &k->value, &k->expires_us);
    k->value = e == ERR_NONE ? arena_text(k->arena, k->value) : NULL;
    return e;
}

static void loaded(struct store_unit *unit)
{
    struct kept_token *k = container_of(unit, struct kept_token, unit);
    struct outside *o = k->outside;
    o->units_away--;
    if (unit->result != ERR_NONE && unit->result != ERR_NOT_FOUND)
        LOG(WARN, "wechat.token_not_kept", "error=%s", err_name(unit->result));
    if (!o->closing)
        wechat_token_known(k->wechat->token, unit->result == ERR_NONE ? k->value : NULL, k->expires_us);
    arena_free(k->arena);
}

static enum err save_step(struct tx *tx, void *job)
{
    struct kept_token *k = job;
    return secret_put(tx, k->name, k->value, k->expires_us, k->now_us);
}

static void saved(struct store_unit *unit)
{
    struct kept_token *k = container_of(unit, struct kept_token, unit);
    k->outside->units_away--;
    if (unit->result != ERR_NONE)
        LOG(WARN, "wechat.token_not_kept", "error=%s", err_name(unit->result));
    arena_free(k->arena);
}

static void save(struct outside *o, struct wechat *wechat, const char *value, int64_t expires_us)
{
    struct kept_token *k = kept_new(o, wechat);
    k->value = arena_text(k->arena, value);
    k->expires_us = expires_us;
    k->now_us = clock_utc_us();
    unit_run(k, STORE_WRITE, save_step, saved);
}

static void token_save(void *arg, const char *value, int64_t expires_us)
{
    struct outside *o = arg;
    save(o, &o->wechat, value, expires_us);
}

static void page_token_save(void *arg, const char *value, int64_t expires_us)
{
    struct outside *o = arg;
    save(o, &o->page, value, expires_us);
}

static void account_open(struct outside *o, struct wechat *wechat, const struct wechat_config *config,
                         void (*keep)(void *arg, const char *value, int64_t expires_us))
{
    const struct wechat_token_options options = {
        .config = config, .client = o->client, .home = dispatch_mailbox(o->dispatch), .save = keep, .save_arg = o};
    *wechat = (struct wechat){config, o->client, wechat_token_open(&options)};
    unit_run(kept_new(o, wechat), STORE_READ, load_step, loaded);
}

/* ---- rounds by the clock ---- */

static void on_watch(uv_timer_t *timer)
{
    struct watch_task *task = timer->data;
    if (task->going || task->outside->closing)
        return;
    task->going = true;
    arena_reset(task->arena);
    task->begin(task);
}

/* The task outlives the loop. */
static void watch_add(struct outside *o, struct watch_task *task)
{
    int64_t every_ms = task->interval_ms * o->config->retry_scale_percent / 100;
    if (every_ms < WATCH_PAUSE_MIN_MS)
        every_ms = WATCH_PAUSE_MIN_MS;
    task->outside = o;
    task->going = false;
    task->arena = arena_new(WATCH_ARENA_BYTES);
    task->next = o->watches;
    o->watches = task;
    uv_timer_init(dispatch_loop(o->dispatch), &task->timer);
    task->timer.data = task;
    uv_timer_start(&task->timer, on_watch, (uint64_t)every_ms, (uint64_t)every_ms);
}

static void watch_unit_done(struct store_unit *unit)
{
    struct watch_task *task = container_of(unit, struct watch_task, unit);
    task->outside->units_away--;
    task->then(task, unit->result);
}

void watch_unit(struct watch_task *task, enum store_mode mode, store_step *step, void *job,
                void (*then)(struct watch_task *task, enum err e))
{
    struct outside *o = task->outside;
    task->then = then;
    task->unit = (struct store_unit){
        .home = dispatch_mailbox(o->dispatch), .mode = mode, .step = step, .job = job, .done = watch_unit_done};
    if (store_submit(o->store, &task->unit) == ERR_NONE)
        o->units_away++;
    else
        then(task, ERR_BUSY);
}

void watch_end(struct watch_task *task)
{
    task->going = false;
}

/* ---- start and stop ---- */

void outside_on_start(struct dispatch *dispatch, void *arg)
{
    struct outside *o = arg;
    const struct outside_config *config = o->config;
    o->dispatch = dispatch;
    o->store = dispatch_options_of(dispatch)->store;
    o->closing = false;
    const struct client_options options = {.loop = dispatch_loop(dispatch),
                                           .ca_file = config->ca_file,
                                           .allow_private = config->allow_private,
                                           .total_ms = config->client_total_ms,
                                           .now_us = config->breaker_now_us};
    o->client = client_open(&options);
    account_open(o, &o->wechat, &config->wechat, token_save);
    account_open(o, &o->page, &config->wechat_page, page_token_save);
    o->wecom = wecom_open(o->client, config->wecom_url);
    atomic_store(&o->token, o->wechat.token);
    watch_add(o, &settle_watch);
    watch_add(o, &certificates_watch);
    watch_add(o, &reconcile_watch);
    watch_add(o, &courier_watch);
    watch_add(o, &alert_watch);
}

void outside_on_stop(struct dispatch *dispatch, void *arg)
{
    struct outside *o = arg;
    atomic_store(&o->token, NULL);
    o->closing = true;
    code_decoder_stop(o);
    client_close(o->client); /* every call ends now; executors end their effects or write what they know */
    for (struct watch_task *task = o->watches; task != NULL; task = task->next)
        uv_close((uv_handle_t *)&task->timer, NULL);
    while (o->units_away > 0) /* ours are not counted by the dispatcher, and their home is its mailbox */
        mailbox_wait(dispatch_mailbox(dispatch));
    wechat_token_close(o->wechat.token);
    wechat_token_close(o->page.token);
    wecom_close(o->wecom);
    for (struct watch_task *task = o->watches; task != NULL; task = task->next)
        arena_free(task->arena);
    o->watches = NULL;
}
