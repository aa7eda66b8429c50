/* Staff: payments and refunds, the ledger, the bank's daily bill against it. Money moves only by outbox rows; what
 * staff decide is audited. Ledger and bills cover all schools: an account of one school has no business there. */
#include "api/console_scope.h"
#include "store/outbox.h"
#include "store/payment_view.h"
#include "store/reconciliation.h"
#include "store/refund.h"

/* ---- payments ---- */

struct payments_job {
    struct job job;
    struct page page;
    struct payment_filter filter;
};

static enum err take_word(struct exchange *x, const char *name, size_t max, const char **value)
{
    const char *given = exchange_query(x, name);
    *value = given != NULL ? given : "";
    return strlen(*value) <= max ? ERR_NONE
                                 : exchange_explain(x, ERR_BAD_FIELD, "%s has at most %zu characters", name, max);
}

static enum err console_payments_decode(struct exchange *x, struct payments_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    TRY(take_word(x, "session", 20, &job->filter.session_code));
    TRY(take_word(x, "state", 20, &job->filter.state));
    TRY(take_word(x, "q", 64, &job->filter.words));
    job->filter.school_id = scope_school(&job->job) != NULL ? scope_school(&job->job) : "";
    return ERR_NONE;
}

static enum err console_payments_body(struct tx *tx, struct payments_job *job, struct buf *out)
{
    const char *next, *before = job->page.cursor != NULL ? job->page.cursor : "";
    json_object_open(out);
    json_name(out, "items");
    TRY(payment_view_page(tx, &job->filter, before, job->page.limit, out, &next));
    json_put_text(out, "next", next);
    json_object_close(out);
    return ERR_NONE;
}

static enum err console_payments_read(struct tx *tx, struct payments_job *job)
{
    return COMPOSE(tx, job, console_payments_body);
}
ANSWERED(console_payments, struct payments_job, READ(console_payments_read))

/* ---- refunds ---- */

struct refund_job {
    struct job job;
    const char *id, *reason;
    int64_t amount_fen;
    struct refund made;
};

static const struct json_field refund_fields[] = {
    JSON_FIELD(struct refund_job, amount_fen, JSON_TO_INT, false, 1, 1000000000),
    JSON_FIELD(struct refund_job, reason, JSON_TO_TEXT, true, 1, 80),
};

static enum err payment_refund_decode(struct exchange *x, struct refund_job *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    TRY(exchange_path_id(x, "id", &job->id));
    return exchange_json(x, refund_fields, countof(refund_fields), job);
}

/* What this account may see of money: NOT_FOUND otherwise. */
static enum err scope_payment(struct tx *tx, const struct job *job, const char *payment_id)
{
    struct capture_session session;
    const char *session_id = NULL;
    TRY(payment_session(tx, payment_id, &session_id));
    return scope_session(tx, job, session_id, &session);
}

static enum err refund_body(struct tx *tx, struct refund_job *job, struct buf *out)
{
    (void)tx;
    json_object_open(out);
    json_put_text(out, "id", job->made.id);
    json_put_text(out, "payment_id", job->made.payment_id);
    json_put_int(out, "amount_fen", job->made.amount_fen);
    json_put_text(out, "state", job->made.state);
    json_object_close(out);
    return ERR_NONE;
}

static enum err payment_refund_write(struct tx *tx, struct refund_job *job)
{
    TRY(scope_payment(tx, &job->job, job->id));
    const struct refund_new new = {.payment_id = job->id,
                                   .amount_fen = job->amount_fen,
                                   .reason = job->reason,
                                   .account_id = job->job.who->id,
                                   .now_us = job->job.now_us};
    enum err e = refund_order(tx, &new, &job->made);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "it is not paid, or less than that is left of it");
    TRY(e);
    const char *what = arena_printf(tx->arena, "{\"refund_id\":\"%s\",\"amount_fen\":%" PRId64 "}", job->made.id,
                                    job->made.amount_fen);
    TRY(scope_audit(tx, &job->job, "refund_ordered", "payment", job->id, what));
    return COMPOSE(tx, job, refund_body);
}
ANSWERED_ONCE(payment_refund, struct refund_job, WRITE(payment_refund_write))

static enum err refund_repeat_decode(struct exchange *x, struct refund_job *job)
{
    job_begin(x, &job->job);
    job->id = exchange_path(x, "id"); /* "<payment>-<number>": not an id of the usual form */
    return strlen(job->id) <= 70 ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err refund_repeat_write(struct tx *tx, struct refund_job *job)
{
    TRY(refund_get(tx, job->id, &job->made));
    TRY(scope_payment(tx, &job->job, job->made.payment_id));
    enum err e = refund_again(tx, job->id, job->job.now_us);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "it is done or under way");
    TRY(e);
    const char *what = arena_printf(tx->arena, "{\"amount_fen\":%" PRId64 "}", job->made.amount_fen);
    return scope_audit(tx, &job->job, "refund_repeated", "payment", job->made.payment_id, what);
}
DONE_204(refund_repeat, struct refund_job, WRITE(refund_repeat_write))

/* ---- ask the bank now ---- */

static enum err payment_ask_decode(struct exchange *x, struct refund_job *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err payment_ask_write(struct tx *tx, struct refund_job *job)
{
    TRY(scope_payment(tx, &job->job, job->id));
    struct payment p;
    TRY(payment_get(tx, job->id, &p));
    if (text_is(p.channel, "transfer"))
        return job_refuse(&job->job, ERR_REFUSED, "it was booked by hand: the bank does not know of it");
    return outbox_put(tx, arena_printf(tx->arena, "%s:ask:%" PRId64, p.id, job->job.now_us), "ask_order",
                      p.submission_id, arena_printf(tx->arena, "{\"payment_id\":\"%s\"}", p.id), 0, job->job.now_us);
}
DONE_204(payment_ask, struct refund_job, WRITE(payment_ask_write))

/* ---- ledger ---- */

struct day_job {
    struct job job;
    struct page page;
    const char *day;
    int64_t after;
};

static enum err check_day(struct exchange *x, const char *day)
{
    return reconciliation_day_valid(day) ? ERR_NONE
                                         : exchange_explain(x, ERR_BAD_FIELD, "day is a date like 2026-11-19");
}

static enum err ledger_day_decode(struct exchange *x, struct day_job *job)
{
    char *today = arena_alloc(exchange_arena(x), RECONCILIATION_DAY_BYTES);
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    reconciliation_day_of(job->job.now_us, today);
    job->day = exchange_query(x, "day") != NULL ? exchange_query(x, "day") : today;
    if (job->page.cursor != NULL && (!text_int(job->page.cursor, &job->after) || job->after < 0))
        return exchange_explain(x, ERR_BAD_FIELD, "cursor is not one this server gave");
    return check_day(x, job->day);
}

static enum err ledger_day_body(struct tx *tx, struct day_job *job, struct buf *out)
{
    return ledger_view(tx, job->day, job->after, job->page.limit, out);
}

static enum err ledger_day_read(struct tx *tx, struct day_job *job)
{
    return scope_school(&job->job) != NULL ? ERR_FORBIDDEN : COMPOSE(tx, job, ledger_day_body);
}
ANSWERED(ledger_day, struct day_job, READ(ledger_day_read))

/* ---- reconciliations ---- */

static enum err reconciliations_decode(struct exchange *x, struct day_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    return job->page.cursor == NULL ? ERR_NONE : check_day(x, job->page.cursor);
}

static enum err reconciliations_body(struct tx *tx, struct day_job *job, struct buf *out)
{
    struct reconciliation list[LIST_LIMIT_MAX + 1];
    size_t count, limit = (size_t)job->page.limit;
    TRY(reconciliation_list(tx, job->page.cursor, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        TRY(reconciliation_view(tx, &list[i], false, out));
    json_page_close(out, count > limit ? list[limit - 1].day : NULL);
    return ERR_NONE;
}

static enum err reconciliations_read(struct tx *tx, struct day_job *job)
{
    return scope_school(&job->job) != NULL ? ERR_FORBIDDEN : COMPOSE(tx, job, reconciliations_body);
}
ANSWERED(reconciliations, struct day_job, READ(reconciliations_read))

static enum err reconciliation_of_day_decode(struct exchange *x, struct day_job *job)
{
    job_begin(x, &job->job);
    job->day = exchange_path(x, "day");
    return reconciliation_day_valid(job->day) ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err reconciliation_of_day_body(struct tx *tx, struct day_job *job, struct buf *out)
{
    struct reconciliation run;
    TRY(reconciliation_get(tx, job->day, &run));
    return reconciliation_view(tx, &run, true, out);
}

static enum err reconciliation_of_day_read(struct tx *tx, struct day_job *job)
{
    return scope_school(&job->job) != NULL ? ERR_FORBIDDEN : COMPOSE(tx, job, reconciliation_of_day_body);
}
ANSWERED(reconciliation_of_day, struct day_job, READ(reconciliation_of_day_read))

static const struct json_field reconcile_fields[] = {JSON_FIELD(struct day_job, day, JSON_TO_TEXT, true, 10, 10)};

static enum err reconcile_day_decode(struct exchange *x, struct day_job *job)
{
    char today[RECONCILIATION_DAY_BYTES];
    job_begin(x, &job->job);
    job->job.status = 202;
    TRY(exchange_json(x, reconcile_fields, countof(reconcile_fields), job));
    TRY(check_day(x, job->day));
    reconciliation_day_of(job->job.now_us, today);
    return strcmp(job->day, today) <= 0 ? ERR_NONE : exchange_explain(x, ERR_BAD_FIELD, "day is not over");
}

static enum err reconcile_day_write(struct tx *tx, struct day_job *job)
{
    if (scope_school(&job->job) != NULL)
        return ERR_FORBIDDEN;
    TRY(reconciliation_start(tx, job->day, job->job.who->id, job->job.now_us));
    TRY(scope_audit(tx, &job->job, "reconciliation_started", "reconciliation", job->day, NULL));
    return COMPOSE(tx, job, reconciliation_of_day_body);
}
ANSWERED(reconcile_day, struct day_job, WRITE(reconcile_day_write))
