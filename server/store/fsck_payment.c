/* I7: the ledger balances, and says of every payment what the payment and its refunds say. Declared in fsck.h. */
#include "base/text.h"
#include "store/fsck.h"
#include "store/ledger.h"
#include "store/payment.h"
#include "store/queries.h"
#include "store/refund.h"

struct sums {
    int64_t held_fen, fees_fen, owed_fen; /* of the ledger; held: bank and transfer */
    bool paid;
};

static enum err read_ledger(struct tx *tx, const char *payment_id, struct sums *s)
{
    struct rows r;
    *s = (struct sums){0};
    TRY(TX_OPEN(tx, &r, Q_FSCK_LEDGER_OF, v_text(payment_id)));
    while (rows_next(&r)) {
        const char *account = col_text(&r, 1);
        int64_t *sum = text_is(account, "fees") ? &s->fees_fen : text_is(account, "owed") ? &s->owed_fen : &s->held_fen;
        *sum += col_int(&r, 2);
        s->paid |= text_is(col_text(&r, 0), "paid");
    }
    return rows_close(&r);
}

static enum err check_payment(struct tx *tx, struct fsck *f, const struct payment *p)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX];
    struct sums s;
    size_t count;
    int64_t done_fen = 0, going_fen = 0;
    TRY(read_ledger(tx, p->id, &s));
    TRY(refund_list(tx, p->id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        if (text_is(list[i].state, "done"))
            done_fen += list[i].amount_fen;
        else if (!text_is(list[i].state, "closed"))
            going_fen += list[i].amount_fen;
    }
    f->results[FSCK_ledger].looked_at++;
    bool paid = payment_is_paid(p);
    const char *state = !paid                       ? p->state
                        : done_fen == p->amount_fen ? "refunded"
                        : going_fen > 0             ? "refunding"
                                                    : "paid";
    if (paid != s.paid || (!paid && count > 0) || (paid && payment_is_open(p)))
        fsck_problem(f, FSCK_ledger, "%s: paid is %d, booked %d, %zu refunds", p->id, paid, s.paid, count);
    else if (s.held_fen != (paid ? p->amount_fen - done_fen : 0) || s.owed_fen != -going_fen ||
             s.fees_fen != (paid ? done_fen + going_fen - p->amount_fen : 0) || s.held_fen < 0 || s.fees_fen > 0)
        fsck_problem(f, FSCK_ledger, "%s: the ledger has %" PRId64 " held, %" PRId64 " owed, %" PRId64 " fees", p->id,
                     s.held_fen, s.owed_fen, s.fees_fen);
    else if (p->refunded_fen != done_fen || !text_is(p->state, state))
        fsck_problem(f, FSCK_ledger, "%s: is %s, its refunds make it %s", p->id, p->state, state);
    return ERR_NONE;
}

enum err fsck_payments(struct tx *tx, void *job)
{
    struct fsck *f = job;
    struct rows r;
    struct payment *page = ARENA_ARRAY(tx->arena, struct payment, FSCK_PAGE_ROWS);
    size_t count = 0;
    TRY(payment_page(tx, f->after, page, FSCK_PAGE_ROWS, &count));
    for (size_t i = 0; i < count; i++)
        TRY(check_payment(tx, f, &page[i]));
    f->done = count < FSCK_PAGE_ROWS;
    snprintf(f->after, sizeof f->after, "%s", f->done ? "" : page[count - 1].id);
    if (!f->done)
        return ERR_NONE;
    TRY(tx_open_all(tx, &r, Q_FSCK_LEDGER_FACTS));
    while (rows_next(&r))
        fsck_problem(f, FSCK_ledger, "%s: %s is not two lines that add up to nothing", col_text(&r, 0),
                     col_text(&r, 1));
    return rows_close(&r);
}
