/* settle — money whose fate is open.
 *
 * refund: give back what was paid for a submission, or one refund (payload refund_id). close_order: an order must not
 * be paid any more; if it was paid in that moment, that counts. ask_order: somebody in the console wants to know now.
 * Sweep: orders without news are asked for, so that a callback that never comes costs at most a few minutes
 * (reliability.md P3); refunds without answer are repeated, which the bank takes for one by their number, and those it
 * is still working on are asked about. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/payment.h"
#include "store/refund.h"

#include <stdatomic.h>

#define SWEEP_INTERVAL_MS 60000
#define SWEEP_MAX         256
#define LONGEST_PAUSE_US  SECONDS_US(600) /* payment_ask_pause_us; shortened by retry_scale_percent like all pauses */

enum what { QUERY, CLOSE, REFUND, REFUND_QUERY };

struct item {
    enum what what;
    const char *payment_id, *refund_id, *reason;
    int64_t amount_fen, refund_fen;
};

/* One after the other: what the bank says is applied in a unit before the next. */
struct settle {
    struct effect *effect;   /* or */
    struct watch_task *task; /* of the sweep */
    struct outside *outside;
    struct arena *arena;
    struct store_unit unit;
    const char *payment_id, *refund_id, *submission_id;
    int64_t now_us, due_us, open_count;
    struct item items[SWEEP_MAX];
    size_t count, at;
    enum what wanted;

    struct pay_call call;
    struct pay_result result;
    enum err e; /* first trouble that is worth another try */
    int64_t pause_us;
    const char *words;
};

static void next(struct settle *s);

/* ---- what there is to do ---- */

static void take(struct settle *s, enum what what, const struct payment *p)
{
    if (s->count < countof(s->items))
        s->items[s->count++] =
            (struct item){.what = what, .payment_id = arena_text(s->arena, p->id), .amount_fen = p->amount_fen};
}

static enum err take_refund(struct tx *tx, struct settle *s, const struct refund *f)
{
    struct payment p;
    bool asked = text_is(f->state, "processing");
    if (s->count == countof(s->items) || (!asked && !text_is(f->state, "wanted")))
        return ERR_NONE;
    TRY(payment_get(tx, f->payment_id, &p));
    s->items[s->count++] = (struct item){.what = asked ? REFUND_QUERY : REFUND,
                                         .payment_id = arena_text(s->arena, f->payment_id),
                                         .refund_id = arena_text(s->arena, f->id),
                                         .reason = arena_text(s->arena, f->reason),
                                         .amount_fen = p.amount_fen,
                                         .refund_fen = f->amount_fen};
    return ERR_NONE;
}

/* All that is left of one payment. */
static enum err refund_all(struct tx *tx, struct settle *s, const struct payment *p)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX], made;
    size_t count;
    const struct refund_new new = {.payment_id = p->id, .reason = "", .account_id = "", .now_us = s->now_us};
    enum err e = refund_start(tx, &new, &made);
    if (e != ERR_NONE && e != ERR_REFUSED)
        return e;
    TRY(refund_list(tx, p->id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        TRY(take_refund(tx, s, &list[i]));
    return ERR_NONE;
}

static enum err find_of_submission(struct tx *tx, struct settle *s)
{
    struct payment list[PAYMENTS_PER_SUBMISSION_MAX];
    size_t count = 0;
    TRY(payment_list(tx, s->submission_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        if (s->wanted == REFUND && payment_is_paid(&list[i]))
            TRY(refund_all(tx, s, &list[i]));
        else if (s->wanted == CLOSE && payment_is_open(&list[i]))
            take(s, CLOSE, &list[i]);
    }
    return ERR_NONE;
}

/* Of an effect. What is to be refunded is written down first, so that a lost answer is found again by the sweep. */
static enum err find_items(struct tx *tx, void *job)
{
    struct settle *s = job;
    struct payment p;
    struct refund f;
    s->count = 0;
    if (s->refund_id != NULL) {
        TRY(refund_get(tx, s->refund_id, &f));
        return take_refund(tx, s, &f);
    }
    if (s->payment_id == NULL)
        return find_of_submission(tx, s);
    TRY(payment_get(tx, s->payment_id, &p));
    if (s->wanted == REFUND)
        return refund_all(tx, s, &p);
    if (payment_is_open(&p) || s->wanted == QUERY)
        take(s, s->wanted, &p);
    return ERR_NONE;
}

static enum err find_due(struct tx *tx, void *job)
{
    struct settle *s = job;
    struct payment *payments = ARENA_ARRAY(tx->arena, struct payment, SWEEP_MAX);
    struct refund *refunds = ARENA_ARRAY(tx->arena, struct refund, SWEEP_MAX);
    size_t count;
    s->count = 0;
    TRY(refund_list_open(tx, s->due_us, refunds, SWEEP_MAX / 2, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(take_refund(tx, s, &refunds[i]));
        TRY(refund_asked(tx, &refunds[i], s->now_us));
    }
    TRY(payment_list_open(tx, s->due_us, payments, SWEEP_MAX - s->count, &count));
    for (size_t i = 0; i < count; i++) {
        bool over = s->now_us - payments[i].created_us > PAYMENT_WINDOW_US;
        take(s, over ? CLOSE : QUERY, &payments[i]);
        TRY(payment_asked(tx, &payments[i], s->now_us));
    }
    return payment_count_open(tx, &s->open_count);
}

/* ---- what the bank said ---- */

static enum err apply_refund(struct tx *tx, struct settle *s, const struct item *item)
{
    const struct pay_notice *n = &s->result.notice;
    if (s->result.e == ERR_UPSTREAM_REFUSED || s->result.state == PAY_ABSENT)
        return item->what == REFUND ? refund_failed(tx, item->refund_id, s->result.words, s->now_us) : ERR_NONE;
    const struct refund_news news = {.id = n->refund_id,
                                     .payment_id = n->id,
                                     .state = n->refund_state,
                                     .bank_refund_id = n->bank_refund_id,
                                     .amount_fen = n->refund_fen,
                                     .accepted_us = n->accepted_us,
                                     .ended_us = n->ended_us,
                                     .transaction_id = n->transaction_id,
                                     .total_fen = n->amount_fen,
                                     .now_us = s->now_us};
    return refund_told(tx, &news);
}

static enum err apply_order(struct tx *tx, struct settle *s, const struct item *item)
{
    const struct pay_notice *n = &s->result.notice;
    if (s->result.state == PAY_UNPAID)
        return ERR_NONE;
    if (s->result.state == PAY_ABSENT || s->result.state == PAY_CLOSED)
        return payment_closed(tx, item->payment_id); /* never prepaid: nobody can pay it once it is closed here */
    const struct payment_fact fact = {item->payment_id, n->transaction_id, n->amount_fen, n->paid_us, s->now_us};
    return payment_succeeded(tx, &fact);
}

static enum err apply(struct tx *tx, void *job)
{
    struct settle *s = job;
    const struct item *item = &s->items[s->at];
    bool is_refund = item->what == REFUND || item->what == REFUND_QUERY;
    enum err e = is_refund ? apply_refund(tx, s, item) : apply_order(tx, s, item);
    if (e != ERR_BAD_FIELD && e != ERR_CONFLICT)
        return e;
    LOG(ERROR, "pay.contradiction", "payment=%s error=%s", item->payment_id, err_name(e)); /* a person must look */
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

/* The bank refuses to close what was paid, or closed; and a refund while its till is empty, or too much is asked. */
static bool is_passing(const struct item *item, const struct pay_result *result)
{
    return item->what == REFUND && result->e == ERR_UPSTREAM_REFUSED &&
           (strstr(result->words, "NOT_ENOUGH") != NULL || strstr(result->words, "FREQUENCY_LIMIT") != NULL);
}

static void on_result(struct pay_call *call, const struct pay_result *result)
{
    struct settle *s = call->arg;
    struct item *item = &s->items[s->at];
    s->result = *result;
    s->now_us = clock_utc_us();
    if (item->what == CLOSE && result->e == ERR_UPSTREAM_REFUSED) {
        item->what = QUERY;
        next(s);
        return;
    }
    bool is_order = item->what == QUERY || item->what == CLOSE;
    enum err e = is_passing(item, result) ? ERR_UPSTREAM : result->e;
    if (e != ERR_NONE)
        trouble(s, e, result->pause_us, result->words);
    if (e != ERR_NONE && (e != ERR_UPSTREAM_REFUSED || is_order)) {
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
        effect_end(s->effect, OUTBOX_DONE, 0, "%zu asked", s->count);
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
    const struct item *item = &s->items[s->at];
    const struct pay_refund_order order = {.id = item->payment_id,
                                           .refund_id = item->refund_id,
                                           .reason = item->reason,
                                           .refund_fen = item->refund_fen,
                                           .amount_fen = item->amount_fen};
    s->call = (struct pay_call){.client = s->outside->client,
                                .config = &s->outside->config->pay,
                                .arena = s->arena,
                                .done = on_result,
                                .arg = s};
    switch (item->what) {
    case QUERY:
        pay_query(&s->call, item->payment_id);
        break;
    case CLOSE:
        pay_close(&s->call, item->payment_id);
        break;
    case REFUND:
        pay_refund(&s->call, &order);
        break;
    case REFUND_QUERY:
        pay_refund_query(&s->call, item->refund_id);
        break;
    }
}

/* ---- effects ---- */

static void found(struct store_unit *unit)
{
    struct settle *s = container_of(unit, struct settle, unit);
    if (unit->result != ERR_NONE)
        effect_failed(s->effect, unit->result, s->effect->row.kind);
    else if (s->count > 0 && !pay_is_configured(&s->outside->config->pay))
        effect_end(s->effect, OUTBOX_DEAD, 0, "no payment service is configured");
    else
        next(s);
}

static void start(struct effect *effect, enum what wanted)
{
    struct settle *s = ARENA_NEW(effect->arena, struct settle);
    s->effect = effect;
    s->outside = outside_of(effect);
    s->arena = effect->arena;
    s->wanted = wanted;
    s->now_us = clock_utc_us();
    s->payment_id = json_text_at(effect_payload(effect), "payment_id", NULL);
    s->refund_id = json_text_at(effect_payload(effect), "refund_id", NULL);
    s->submission_id = effect->row.submission_id;
    if (s->payment_id == NULL && s->refund_id == NULL && s->submission_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without submission");
    else
        effect_unit(effect, &s->unit, STORE_WRITE, find_items, s, found);
}

void refund_start_effect(struct effect *effect)
{
    start(effect, REFUND);
}

void close_order_start(struct effect *effect)
{
    start(effect, CLOSE);
}

void ask_order_start(struct effect *effect)
{
    start(effect, QUERY);
}

/* ---- sweep ---- */

static _Atomic int64_t unsettled; /* as the last sweep found it */

void settle_metrics(struct buf *out)
{
    buf_printf(out, "# TYPE xueying_pay_unsettled_orders gauge\nxueying_pay_unsettled_orders %" PRId64 "\n",
               atomic_load(&unsettled));
}

static void found_due(struct watch_task *task, enum err e)
{
    struct settle *s = task->work;
    if (e != ERR_NONE) {
        watch_end(task);
        return;
    }
    atomic_store(&unsettled, s->open_count);
    next(s);
}

static void sweep_begin(struct watch_task *task)
{
    struct outside *o = task->outside;
    if (!pay_is_configured(&o->config->pay)) {
        watch_end(task);
        return;
    }
    struct settle *s = ARENA_NEW(task->arena, struct settle);
    task->work = s;
    s->task = task;
    s->outside = o;
    s->arena = task->arena;
    s->now_us = clock_utc_us();
    s->due_us = s->now_us + LONGEST_PAUSE_US / 100 * (100 - o->config->retry_scale_percent);
    watch_unit(task, STORE_WRITE, find_due, s, found_due);
}

struct watch_task settle_watch = {.name = "settle", .interval_ms = SWEEP_INTERVAL_MS, .begin = sweep_begin};

/* ---- the bank's certificates ---- */

static void certificates_taken(struct pay_call *call, const struct pay_result *result)
{
    (void)result;
    watch_end(call->arg);
}

static void certificates_begin(struct watch_task *task)
{
    const struct pay_config *config = &task->outside->config->pay;
    if (!pay_is_configured(config) || !pay_keys_due(config->keys, clock_utc_us())) {
        watch_end(task);
        return;
    }
    struct pay_call *call = ARENA_NEW(task->arena, struct pay_call);
    *call = (struct pay_call){.client = task->outside->client,
                              .config = config,
                              .arena = task->arena,
                              .done = certificates_taken,
                              .arg = task};
    pay_certificates(call);
}

struct watch_task certificates_watch = {
    .name = "certificates", .interval_ms = SWEEP_INTERVAL_MS, .begin = certificates_begin};
