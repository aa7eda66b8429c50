/* settle — money whose fate is open.
 *
 * refund: give back what was paid for a submission, or one order (payload payment_id). close_order: an order must not
 * be paid any more; if it was paid in that moment, that counts. Sweep: orders without news are asked for, so that a
 * callback that never comes costs at most a few minutes (reliability.md P3); refunds without answer are repeated, which
 * the service takes for one by its refund number. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/payment.h"

#define SWEEP_INTERVAL_MS 60000
#define SWEEP_AGE_US      SECONDS_US(60) /* younger orders: the student is just paying; scaled like the interval */
#define SWEEP_MAX         32
#define UNPAID_MAX_US     SECONDS_US(2 * 3600) /* an order nobody pays is closed; transition.c's window is shorter */

struct order {
    const char *id;
    int64_t amount_fen;
    bool refunding;
    int64_t created_us;
};

/* One order after the other: what the service says is applied in a unit before the next. */
struct settle {
    struct effect *effect;   /* or */
    struct watch_task *task; /* of the sweep */
    struct outside *outside;
    struct arena *arena;
    struct store_unit unit;
    const char *payment_id, *submission_id;
    int64_t now_us, before_us;
    struct order orders[SWEEP_MAX];
    size_t count, at;
    bool refund;

    struct pay_call call;
    struct pay_result result;
    enum err e; /* first trouble that is worth another try */
    int64_t pause_us;
    const char *words;
};

static void next(struct settle *s);

/* ---- the orders ---- */

static void take(struct settle *s, const struct payment *p, bool refunding)
{
    if (s->count < countof(s->orders))
        s->orders[s->count++] = (struct order){arena_text(s->arena, p->id), p->amount_fen, refunding, p->created_us};
}

static enum err find_one(struct tx *tx, struct settle *s)
{
    struct payment p;
    TRY(payment_get(tx, s->payment_id, &p));
    if (text_is(p.state, "paid") || text_is(p.state, "refunding"))
        take(s, &p, true);
    return ERR_NONE;
}

/* Marks what is to be refunded, so that a lost answer is found again by the sweep. */
static enum err find_orders(struct tx *tx, void *job)
{
    struct settle *s = job;
    struct payment list[PAYMENTS_PER_SUBMISSION_MAX];
    size_t count = 0;
    s->count = 0;
    if (s->payment_id != NULL)
        TRY(find_one(tx, s));
    else
        TRY(payment_list(tx, s->submission_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        bool open = text_is(list[i].state, "created") || text_is(list[i].state, "prepaid");
        bool paid = text_is(list[i].state, "paid") || text_is(list[i].state, "refunding");
        if (s->refund ? paid : open)
            take(s, &list[i], s->refund);
    }
    for (size_t i = 0; i < s->count && s->refund; i++)
        TRY(payment_refunding(tx, s->orders[i].id));
    return ERR_NONE;
}

static enum err find_open(struct tx *tx, void *job)
{
    struct settle *s = job;
    struct payment list[SWEEP_MAX];
    size_t count;
    s->count = 0;
    TRY(payment_list_open(tx, s->before_us, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        take(s, &list[i], text_is(list[i].state, "refunding"));
    return ERR_NONE;
}

/* ---- what the service said ---- */

static enum err apply(struct tx *tx, void *job)
{
    struct settle *s = job;
    const struct order *o = &s->orders[s->at];
    switch (s->result.state) {
    case PAY_UNPAID:
        return ERR_NONE;
    case PAY_ABSENT: /* never prepaid: nobody can pay it any more once it is closed here */
        return o->refunding ? ERR_NONE : payment_closed(tx, o->id);
    case PAY_CLOSED:
        return payment_closed(tx, o->id);
    case PAY_PAID: {
        enum err e = payment_succeeded(tx, o->id, s->result.transaction_id, s->result.amount_fen, s->now_us);
        return e == ERR_BAD_FIELD || e == ERR_CONFLICT ? ERR_NONE : e; /* seen in the log; a person must look */
    }
    case PAY_REFUNDED:
        return o->refunding ? payment_refunded(tx, o->id, s->now_us) : ERR_NONE;
    }
    return ERR_NONE;
}

static void trouble(struct settle *s, enum err e, int64_t pause_us, const char *words)
{
    if (s->e != ERR_NONE && err_may_retry(s->e))
        return;
    s->e = e;
    s->pause_us = pause_us;
    s->words = words;
}

static void applied(struct settle *s, enum err e)
{
    if (e != ERR_NONE)
        trouble(s, e, 0, err_name(e));
    s->at++;
    next(s);
}

static void applied_unit(struct store_unit *unit)
{
    applied(container_of(unit, struct settle, unit), unit->result);
}

static void applied_round(struct watch_task *task, enum err e)
{
    applied(task->work, e);
}

static void on_result(struct pay_call *call, const struct pay_result *result)
{
    struct settle *s = call->arg;
    const struct order *o = &s->orders[s->at];
    s->result = *result;
    s->now_us = clock_utc_us();
    if (result->e == ERR_NONE && result->state == PAY_PAID && result->amount_fen != o->amount_fen)
        LOG(ERROR, "pay.amount_differs", "payment=%s", o->id);
    enum err e = result->e;
    if (e == ERR_NONE && o->refunding && result->state != PAY_REFUNDED)
        e = ERR_UPSTREAM_REFUSED; /* paid here and not there: a person must look */
    if (e != ERR_NONE) {
        trouble(s, e, result->pause_us, result->words);
        s->at++;
        next(s);
    } else if (s->effect != NULL) {
        effect_unit(s->effect, &s->unit, STORE_WRITE, apply, s, applied_unit);
    } else {
        watch_unit(s->task, STORE_WRITE, apply, s, applied_round);
    }
}

/* ---- one after the other ---- */

static void end(struct settle *s)
{
    if (s->effect == NULL)
        watch_end(s->task);
    else if (s->e == ERR_NONE)
        effect_end(s->effect, OUTBOX_DONE, 0, "%zu orders", s->count);
    else if (s->e == ERR_UPSTREAM_UNKNOWN)
        effect_end(s->effect, OUTBOX_UNKNOWN, s->pause_us, "%s", s->words);
    else
        effect_end(s->effect, err_may_retry(s->e) ? OUTBOX_RETRY : OUTBOX_DEAD, s->pause_us, "%s", s->words);
}

static void next(struct settle *s)
{
    if (s->at >= s->count) {
        end(s);
        return;
    }
    if (s->outside->closing) {
        trouble(s, ERR_BUSY, 0, "stopping");
        end(s);
        return;
    }
    const struct order *o = &s->orders[s->at];
    s->call = (struct pay_call){.client = s->outside->client,
                                .config = &s->outside->config->pay,
                                .arena = s->arena,
                                .done = on_result,
                                .arg = s};
    if (o->refunding)
        pay_refund(&s->call, o->id, o->id, o->amount_fen); /* whole orders only: the order's number serves */
    else if (s->effect != NULL || clock_utc_us() - o->created_us > UNPAID_MAX_US)
        pay_close(&s->call, o->id);
    else
        pay_query(&s->call, o->id);
}

/* ---- effects ---- */

static void found(struct store_unit *unit)
{
    struct settle *s = container_of(unit, struct settle, unit);
    const char *url = s->outside->config->pay.url;
    if (unit->result != ERR_NONE)
        effect_failed(s->effect, unit->result, s->effect->row.kind);
    else if (s->count > 0 && (url == NULL || url[0] == '\0'))
        effect_end(s->effect, OUTBOX_DEAD, 0, "no payment service is configured");
    else
        next(s);
}

static void start(struct effect *effect, bool refund)
{
    struct settle *s = ARENA_NEW(effect->arena, struct settle);
    s->effect = effect;
    s->outside = outside_of(effect);
    s->arena = effect->arena;
    s->refund = refund;
    s->payment_id = json_text_at(effect_payload(effect), "payment_id", NULL);
    s->submission_id = effect->row.submission_id;
    if (s->payment_id == NULL && s->submission_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without submission");
    else
        effect_unit(effect, &s->unit, STORE_WRITE, find_orders, s, found);
}

void refund_start(struct effect *effect)
{
    start(effect, true);
}

void close_order_start(struct effect *effect)
{
    start(effect, false);
}

/* ---- sweep ---- */

static void found_open(struct watch_task *task, enum err e)
{
    struct settle *s = task->work;
    if (e != ERR_NONE)
        watch_end(task);
    else
        next(s);
}

static void sweep_begin(struct watch_task *task)
{
    struct outside *o = task->outside;
    if (o->config->pay.url == NULL || o->config->pay.url[0] == '\0') {
        watch_end(task);
        return;
    }
    struct settle *s = ARENA_NEW(task->arena, struct settle);
    task->work = s;
    s->task = task;
    s->outside = o;
    s->arena = task->arena;
    s->before_us = clock_utc_us() - SWEEP_AGE_US / 100 * o->config->retry_scale_percent;
    watch_unit(task, STORE_READ, find_open, s, found_open);
}

struct watch_task settle_watch = {.name = "settle", .interval_ms = SWEEP_INTERVAL_MS, .begin = sweep_begin};
