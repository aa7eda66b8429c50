#include "store/payment_view.h"

#include "base/json.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/reconciliation.h"
#include "store/refund.h"

static enum err put_refunds(struct tx *tx, const char *payment_id, struct buf *out)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX];
    size_t count;
    TRY(refund_list(tx, payment_id, list, countof(list), &count));
    json_name(out, "refunds");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "id", list[i].id);
        json_put_int(out, "amount_fen", list[i].amount_fen);
        json_put_text(out, "state", list[i].state);
        json_put_text(out, "reason", list[i].reason);
        json_put_text(out, "problem", list[i].problem);
        json_put_text(out, "created_by", list[i].created_by);
        json_put_time(out, "created", list[i].created_us);
        json_put_time(out, "ended", list[i].ended_us);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

/* One row of PAYMENT_PAGE. */
static enum err put_payment(struct tx *tx, const struct rows *r, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "id", col_text(r, 0));
    json_put_text(out, "submission_id", col_text(r, 1));
    json_put_text(out, "submission_code", col_text(r, 13));
    json_put_text(out, "group_order_id", col_text(r, 2));
    json_put_text(out, "payer_name", col_text(r, 15));
    json_put_text(out, "session_code", col_text(r, 14));
    json_put_text(out, "session_name", col_text(r, 16));
    json_put_text(out, "channel", col_text(r, 3));
    json_put_int(out, "amount_fen", col_int(r, 4));
    json_put_int(out, "refunded_fen", col_int(r, 5));
    json_put_text(out, "state", col_text(r, 6));
    json_put_text(out, "transaction_id", col_text(r, 8));
    json_put_time(out, "created", col_int(r, 9));
    json_put_time(out, "paid", col_int(r, 10));
    json_put_time(out, "refunded", col_int(r, 11));
    TRY(put_refunds(tx, col_text(r, 0), out));
    json_object_close(out);
    return ERR_NONE;
}

enum err payment_view_page(struct tx *tx, const struct payment_filter *f, const char *before, int64_t limit,
                           struct buf *out, const char **next)
{
    struct rows r;
    int64_t shown = 0;
    const char *last = NULL;
    enum err e = ERR_NONE;
    *next = NULL;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_PAYMENT_PAGE, v_text(before[0] != '\0' ? before : "~"), v_text(f->state),
                v_text(f->session_code), v_text(f->school_id), v_text(f->words), v_int(limit + 1)));
    while (e == ERR_NONE && rows_next(&r)) {
        if (shown++ == limit) {
            *next = last;
            break;
        }
        last = col_text(&r, 0);
        e = put_payment(tx, &r, out);
    }
    json_array_close(out);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

enum err payment_session(struct tx *tx, const char *payment_id, const char **session_id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENT_SESSION, v_text(payment_id)));
    if (rows_next(&r))
        *session_id = col_text(&r, 0);
    return rows_close_one(&r);
}

/* ---- ledger ---- */

static enum err put_accounts(struct tx *tx, int64_t from_us, int64_t to_us, struct buf *out)
{
    struct rows r;
    json_name(out, "accounts");
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_LEDGER_BALANCES, v_int(from_us), v_int(to_us)));
    while (rows_next(&r)) {
        json_object_open(out);
        json_put_text(out, "account", col_text(&r, 0));
        json_put_int(out, "balance_fen", col_int(&r, 1));
        json_put_int(out, "day_fen", col_int(&r, 2));
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}

static void put_line(const struct rows *r, struct buf *out)
{
    json_object_open(out);
    json_put_int(out, "number", col_int(r, 0));
    json_put_text(out, "fact", col_text(r, 1));
    json_put_text(out, "object_id", col_text(r, 2));
    json_put_text(out, "account", col_text(r, 3));
    json_put_int(out, "amount_fen", col_int(r, 4));
    json_put_text(out, "payment_id", col_text(r, 5));
    json_put_time(out, "at", col_int(r, 6));
    json_put_time(out, "booked", col_int(r, 7));
    json_object_close(out);
}

enum err ledger_view(struct tx *tx, const char *day, int64_t after, int64_t limit, struct buf *out)
{
    struct rows r;
    int64_t from_us, to_us, shown = 0, last = 0;
    reconciliation_span(day, &from_us, &to_us);
    json_object_open(out);
    json_put_text(out, "day", day);
    TRY(put_accounts(tx, from_us, to_us, out));
    json_name(out, "items");
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_LEDGER_DAY, v_int(from_us), v_int(to_us), v_int(after), v_int(limit + 1)));
    while (rows_next(&r) && shown++ < limit) {
        last = col_int(&r, 0);
        put_line(&r, out);
    }
    json_array_close(out);
    TRY(rows_close(&r));
    json_put_text(out, "next", shown > limit ? arena_printf(tx->arena, "%" PRId64, last) : NULL);
    json_object_close(out);
    return ERR_NONE;
}

/* ---- group orders ---- */

enum err group_order_view(struct tx *tx, const struct group_order *g, struct buf *out)
{
    struct payment list[GROUP_ORDER_PAYMENTS_MAX];
    size_t count;
    TRY(group_order_payments(tx, g->id, list, countof(list), &count));
    json_object_open(out);
    json_put_text(out, "id", g->id);
    json_put_text(out, "payer_name", g->payer_name);
    json_put_text(out, "note", g->note);
    json_put_text(out, "cover", g->cover);
    json_put_int(out, "price_fen", g->price_fen);
    json_put_int(out, "students", g->students);
    json_put_int(out, "amount_fen", g->amount_fen);
    json_put_text(out, "state", g->state);
    json_put_time(out, "created", g->created_us);
    json_put_time(out, "paid", g->paid_us);
    json_name(out, "payments");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "id", list[i].id);
        json_put_text(out, "channel", list[i].channel);
        json_put_int(out, "amount_fen", list[i].amount_fen);
        json_put_int(out, "refunded_fen", list[i].refunded_fen);
        json_put_text(out, "state", list[i].state);
        json_put_text(out, "transaction_id", list[i].transaction_id);
        json_object_close(out);
    }
    json_array_close(out);
    json_object_close(out);
    return ERR_NONE;
}
