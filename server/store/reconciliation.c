#include "store/reconciliation.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "store/outbox.h"
#include "store/payment.h"
#include "store/queries.h"
#include "store/refund.h"

#define DAY_US        SECONDS_US(86400)
#define BILL_READY_US SECONDS_US(37800) /* half past ten: half an hour behind what the bank promises */
#define DAYS_BACK     7
#define RUN_MAX_US    SECONDS_US(7200) /* a run without end is begun again after it */
#define VIEW_ITEMS    RECONCILIATION_DIFFERENCES

/* ---- days ---- */

static bool civil_of(const char *day, struct clock_civil *c)
{
    int64_t utc_us;
    char text[32];
    snprintf(text, sizeof text, "%.10sT00:00:00+08:00", day);
    if (strlen(day) != RECONCILIATION_DAY_BYTES - 1 || !clock_read(text, &utc_us))
        return false;
    *c = clock_civil_cn(utc_us);
    return true;
}

bool reconciliation_day_valid(const char *day)
{
    struct clock_civil c;
    return civil_of(day, &c);
}

void reconciliation_day_of(int64_t utc_us, char day[RECONCILIATION_DAY_BYTES])
{
    char text[40];
    struct clock_civil c = clock_civil_cn(utc_us);
    snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
    snprintf(day, RECONCILIATION_DAY_BYTES, "%.10s", text);
}

void reconciliation_span(const char *day, int64_t *from_us, int64_t *to_us)
{
    struct clock_civil c = {.year = 1970, .month = 1, .day = 1};
    (void)civil_of(day, &c);
    *from_us = clock_from_civil_cn(&c);
    *to_us = *from_us + DAY_US;
}

/* ---- rows ---- */

static void read_row(const struct rows *r, struct reconciliation *run)
{
    *run = (struct reconciliation){
        .day = col_text(r, 0),
        .state = col_text(r, 1),
        .bill_lines = col_int(r, 2),
        .paid_fen = col_int(r, 3),
        .refunded_fen = col_int(r, 4),
        .our_paid_fen = col_int(r, 5),
        .our_refunded_fen = col_int(r, 6),
        .differences = col_int(r, 7),
        .problem = col_text(r, 8),
        .started_by = col_text(r, 9),
        .started_us = col_int(r, 10),
        .ended_us = col_int(r, 11),
        .tries = col_int(r, 12),
    };
}

enum err reconciliation_get(struct tx *tx, const char *day, struct reconciliation *run)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_RECONCILIATION_GET, v_text(day)));
    if (rows_next(&r))
        read_row(&r, run);
    return rows_close_one(&r);
}

enum err reconciliation_list(struct tx *tx, const char *before, struct reconciliation *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_RECONCILIATION_LIST, v_text(before != NULL ? before : "~"), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_row(&r, &list[(*count)++]);
    return rows_close(&r);
}

static enum err put_differences(struct tx *tx, const char *day, struct buf *out)
{
    struct rows r;
    json_name(out, "items");
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_DIFFERENCE_LIST, v_text(day), v_int(VIEW_ITEMS)));
    while (rows_next(&r)) {
        json_object_open(out);
        json_put_int(out, "number", col_int(&r, 0));
        json_put_text(out, "kind", col_text(&r, 1));
        json_put_text(out, "payment_id", col_text(&r, 2));
        json_put_text(out, "refund_id", col_text(&r, 3));
        json_put_int(out, "bill_fen", col_int(&r, 4));
        json_put_int(out, "our_fen", col_int(&r, 5));
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}

enum err reconciliation_view(struct tx *tx, const struct reconciliation *run, bool with_items, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "day", run->day);
    json_put_text(out, "state", run->state);
    json_put_int(out, "bill_lines", run->bill_lines);
    json_put_int(out, "paid_fen", run->paid_fen);
    json_put_int(out, "refunded_fen", run->refunded_fen);
    json_put_int(out, "our_paid_fen", run->our_paid_fen);
    json_put_int(out, "our_refunded_fen", run->our_refunded_fen);
    json_put_int(out, "differences", run->differences);
    json_put_text(out, "problem", run->problem);
    json_put_time(out, "started", run->started_us);
    json_put_time(out, "ended", run->ended_us);
    if (with_items)
        TRY(put_differences(tx, run->day, out));
    json_object_close(out);
    return ERR_NONE;
}

/* ---- start ---- */

enum err reconciliation_start(struct tx *tx, const char *day, const char *account_id, int64_t now_us)
{
    struct rows r;
    int64_t tries = 0;
    TRY(TX_OPEN(tx, &r, Q_RECONCILIATION_START, v_text(day), v_text(account_id), v_int(now_us)));
    if (rows_next(&r))
        tries = col_int(&r, 0);
    TRY(rows_close(&r));
    return outbox_put(tx, arena_printf(tx->arena, "reconcile:%s:%" PRId64, day, tries), "reconcile", NULL,
                      arena_printf(tx->arena, "{\"day\":\"%s\"}", day), 0, now_us);
}

static bool is_over(const struct reconciliation *run, int64_t now_us)
{
    return !text_is(run->state, "running") || now_us - run->started_us < RUN_MAX_US;
}

enum err reconciliation_start_due(struct tx *tx, int64_t now_us)
{
    struct rows r;
    int64_t first_us = 0, from_us, to_us;
    TRY(tx_open_all(tx, &r, Q_LEDGER_FIRST));
    if (rows_next(&r))
        first_us = col_int(&r, 0);
    TRY(rows_close(&r));
    for (int back = DAYS_BACK; back >= 1 && first_us > 0; back--) {
        char day[RECONCILIATION_DAY_BYTES];
        struct reconciliation run = {.state = ""};
        reconciliation_day_of(now_us - back * DAY_US, day);
        reconciliation_span(day, &from_us, &to_us);
        if (first_us >= to_us || now_us < to_us + BILL_READY_US)
            continue;
        enum err e = reconciliation_get(tx, day, &run);
        if (e != ERR_NONE && e != ERR_NOT_FOUND)
            return e;
        if (e == ERR_NOT_FOUND || !is_over(&run, now_us))
            return reconciliation_start(tx, day, "", now_us);
    }
    return ERR_NONE;
}

/* ---- one run ---- */

static enum err differ(struct tx *tx, struct reconciliation_run *run, const char *kind, const char *payment_id,
                       const char *refund_id, int64_t bill_fen, int64_t our_fen)
{
    int64_t number = ++run->sums.differences;
    if (number > RECONCILIATION_DIFFERENCES)
        return ERR_NONE;
    return TX_RUN(tx, Q_DIFFERENCE_ADD, v_text(run->day), v_int(number), v_text(kind), v_text(payment_id),
                  v_text(refund_id), v_int(bill_fen), v_int(our_fen));
}

enum err reconciliation_begin(struct tx *tx, struct reconciliation_run *run)
{
    return TX_RUN(tx, Q_DIFFERENCE_FORGET, v_text(run->day));
}

/* The sweep may not look at a closed order again, so it is asked for by name. */
static enum err ask(struct tx *tx, const struct reconciliation_run *run, const struct payment *p)
{
    return outbox_put(tx, arena_printf(tx->arena, "%s:ask:%s", p->id, run->day), "ask_order", p->submission_id,
                      arena_printf(tx->arena, "{\"payment_id\":\"%s\"}", p->id), 0, run->now_us);
}

static enum err compare_paid(struct tx *tx, struct reconciliation_run *run, const struct bill_line *line)
{
    struct payment p;
    enum err e = payment_get(tx, line->order_id, &p);
    run->sums.paid_fen += line->amount_fen;
    if (e == ERR_NOT_FOUND)
        return differ(tx, run, "order_unknown", line->order_id, "", line->amount_fen, 0);
    TRY(e);
    if (!payment_is_paid(&p)) {
        TRY(ask(tx, run, &p));
        return differ(tx, run, "not_paid_here", p.id, "", line->amount_fen, 0);
    }
    if (p.amount_fen != line->amount_fen)
        return differ(tx, run, "amount_differs", p.id, "", line->amount_fen, p.amount_fen);
    return text_is(p.transaction_id, line->transaction_id)
               ? ERR_NONE
               : differ(tx, run, "transaction_differs", p.id, "", line->amount_fen, p.amount_fen);
}

static enum err compare_refund(struct tx *tx, struct reconciliation_run *run, const struct bill_line *line)
{
    struct refund f;
    enum err e = refund_get(tx, line->refund_id, &f);
    run->sums.refunded_fen += line->amount_fen;
    if (e == ERR_NOT_FOUND)
        return differ(tx, run, "refund_unknown", line->order_id, line->refund_id, line->amount_fen, 0);
    TRY(e);
    bool differs = f.amount_fen != line->amount_fen || !text_is(f.payment_id, line->order_id);
    return differs ? differ(tx, run, "refund_differs", line->order_id, f.id, line->amount_fen, f.amount_fen) : ERR_NONE;
}

enum err reconciliation_compare_lines(struct tx *tx, struct reconciliation_run *run, bool *more)
{
    size_t end = run->count - run->at > RECONCILIATION_PAGE ? run->at + RECONCILIATION_PAGE : run->count;
    for (; run->at < end; run->at++) {
        const struct bill_line *line = &run->lines[run->at];
        run->sums.bill_lines++;
        TRY(line->is_refund ? compare_refund(tx, run, line) : compare_paid(tx, run, line));
    }
    *more = run->at < run->count;
    return ERR_NONE;
}

/* Payments before refunds, each by number: the refunds' is out_refund_no. */
static const char *key_of(const struct bill_line *line)
{
    return line->is_refund ? line->refund_id : line->order_id;
}

static int by_key(const void *a, const void *b)
{
    const struct bill_line *left = a, *right = b;
    if (left->is_refund != right->is_refund)
        return left->is_refund ? 1 : -1;
    return strcmp(key_of(left), key_of(right));
}

static bool in_bill(const struct reconciliation_run *run, bool is_refund, const char *id)
{
    const struct bill_line key = {.is_refund = is_refund, .order_id = id, .refund_id = id};
    return run->count > 0 && bsearch(&key, run->lines, run->count, sizeof key, by_key) != NULL;
}

enum err reconciliation_compare_payments(struct tx *tx, struct reconciliation_run *run, bool *more)
{
    struct rows r;
    int64_t from_us, to_us;
    size_t count = 0;
    struct bill_line *rows = ARENA_ARRAY(tx->arena, struct bill_line, RECONCILIATION_PAGE);
    if (run->after[0] == '\0' && run->count > 0)
        qsort(run->lines, run->count, sizeof *run->lines, by_key);
    reconciliation_span(run->day, &from_us, &to_us);
    TRY(TX_OPEN(tx, &r, Q_PAYMENTS_PAID_ON, v_int(from_us), v_int(to_us), v_text(run->after),
                v_int(RECONCILIATION_PAGE)));
    while (count < RECONCILIATION_PAGE && rows_next(&r))
        rows[count++] = (struct bill_line){.order_id = col_text(&r, 0), .amount_fen = col_int(&r, 1)};
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++) {
        run->sums.our_paid_fen += rows[i].amount_fen;
        if (!in_bill(run, false, rows[i].order_id))
            TRY(differ(tx, run, "missing_in_bill", rows[i].order_id, "", 0, rows[i].amount_fen));
    }
    *more = count == RECONCILIATION_PAGE;
    snprintf(run->after, sizeof run->after, "%s", *more ? rows[count - 1].order_id : "");
    return ERR_NONE;
}

enum err reconciliation_compare_refunds(struct tx *tx, struct reconciliation_run *run, bool *more)
{
    struct rows r;
    int64_t from_us, to_us;
    size_t count = 0;
    struct bill_line *rows = ARENA_ARRAY(tx->arena, struct bill_line, RECONCILIATION_PAGE);
    reconciliation_span(run->day, &from_us, &to_us);
    TRY(TX_OPEN(tx, &r, Q_REFUNDS_ACCEPTED_ON, v_int(from_us), v_int(to_us), v_text(run->after),
                v_int(RECONCILIATION_PAGE)));
    while (count < RECONCILIATION_PAGE && rows_next(&r))
        rows[count++] =
            (struct bill_line){.refund_id = col_text(&r, 0), .order_id = col_text(&r, 1), .amount_fen = col_int(&r, 2)};
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++) {
        run->sums.our_refunded_fen += rows[i].amount_fen;
        if (!in_bill(run, true, rows[i].refund_id))
            TRY(differ(tx, run, "refund_missing_in_bill", rows[i].order_id, rows[i].refund_id, 0, rows[i].amount_fen));
    }
    *more = count == RECONCILIATION_PAGE;
    snprintf(run->after, sizeof run->after, "%s", *more ? rows[count - 1].refund_id : "");
    return ERR_NONE;
}

enum err reconciliation_end(struct tx *tx, struct reconciliation_run *run, const char *problem)
{
    const struct reconciliation *s = &run->sums;
    const char *state = problem[0] != '\0' ? "failed" : s->differences > 0 ? "differs" : "matched";
    return TX_RUN(tx, Q_RECONCILIATION_END, v_text(state), v_int(s->bill_lines), v_int(s->paid_fen),
                  v_int(s->refunded_fen), v_int(s->our_paid_fen), v_int(s->our_refunded_fen), v_int(s->differences),
                  v_text(problem), v_int(run->now_us), v_text(run->day));
}
