#include "store/payment.h"

#include "base/text.h"
#include "store/group_order.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/refund.h"
#include "store/store.h"
#include "store/submission.h"
#include "store/transition.h"

#define ASK_PAUSE_US     SECONDS_US(60)
#define ASK_PAUSE_MAX_US SECONDS_US(600)
#define NONCE_KEEP_US    SECONDS_US(3600) /* twelve times what the clocks may differ */

static void read_row(const struct rows *r, struct payment *p)
{
    *p = (struct payment){
        .id = col_text(r, 0),
        .submission_id = col_text(r, 1),
        .group_order_id = col_text(r, 2),
        .channel = col_text(r, 3),
        .amount_fen = col_int(r, 4),
        .refunded_fen = col_int(r, 5),
        .state = col_text(r, 6),
        .prepay_id = col_text(r, 7),
        .transaction_id = col_text(r, 8),
        .created_us = col_int(r, 9),
        .paid_us = col_int(r, 10),
        .refunded_us = col_int(r, 11),
        .asked = col_int(r, 12),
    };
}

enum err payment_get(struct tx *tx, const char *id, struct payment *payment)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENT_GET, v_text(id)));
    if (rows_next(&r))
        read_row(&r, payment);
    return rows_close_one(&r);
}

static enum err read_list(struct rows *r, struct payment *list, size_t max, size_t *count)
{
    *count = 0;
    while (*count < max && rows_next(r))
        read_row(r, &list[(*count)++]);
    return rows_close(r);
}

enum err payment_list(struct tx *tx, const char *submission_id, struct payment *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENTS_OF, v_text(submission_id), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

enum err payment_list_group(struct tx *tx, const char *group_order_id, struct payment *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENTS_OF_GROUP, v_text(group_order_id), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

enum err payment_page(struct tx *tx, const char *after, struct payment *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FSCK_PAYMENTS, v_text(after), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

enum err payment_newest(struct tx *tx, const char *submission_id, struct payment *payment)
{
    size_t count;
    TRY(payment_list(tx, submission_id, payment, 1, &count));
    return count == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

bool payment_is_open(const struct payment *p)
{
    return text_is(p->state, "created") || text_is(p->state, "prepaid");
}

bool payment_is_paid(const struct payment *p)
{
    return p->transaction_id != NULL;
}

/* ---- start ---- */

/* Whether the table of the workflow would take money now. */
static bool may_pay(const struct submission *s)
{
    const struct wf_facts none = {0};
    return s->price_fen > 0 && !s->paid && !wf_state_is_end(s->state) &&
           wf_decide(s->state, EV_pay_succeeded, &none) != NULL;
}

static enum err put_close(struct tx *tx, const struct payment *p, int64_t now_us)
{
    const char *id = arena_printf(tx->arena, "%s:close", p->id);
    const char *payload = arena_printf(tx->arena, "{\"payment_id\":\"%s\"}", p->id); /* ids are letters and digits */
    return outbox_put(tx, id, "close_order", p->submission_id, payload, 0, now_us);
}

enum err payment_start(struct tx *tx, const struct payment_wish *wish, struct payment *payment, bool *made)
{
    struct submission s;
    struct payment list[PAYMENTS_PER_SUBMISSION_MAX];
    size_t count;
    *made = false;
    TRY(submission_get(tx, wish->submission_id, &s));
    if (!may_pay(&s))
        return ERR_REFUSED;
    TRY(payment_list(tx, s.id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        if (payment_is_open(&list[i]) && list[i].amount_fen == s.price_fen && text_is(list[i].channel, wish->channel) &&
            wish->now_us - list[i].created_us < PAYMENT_REUSE_US) {
            *payment = list[i];
            return ERR_NONE;
        }
    if (count == countof(list))
        return ERR_RATE_LIMITED;
    for (size_t i = 0; i < count; i++)
        if (payment_is_open(&list[i]))
            TRY(put_close(tx, &list[i], wish->now_us));
    TRY(TX_RUN(tx, Q_PAYMENT_ADD, v_text(wish->new_id), v_text(s.id), v_null(), v_text(wish->channel),
               v_int(s.price_fen), v_int(wish->now_us), v_int(wish->now_us + payment_ask_pause_us(0))));
    *made = true;
    return payment_get(tx, wish->new_id, payment);
}

enum err payment_prepaid(struct tx *tx, const char *id, const char *prepay_id)
{
    return TX_RUN(tx, Q_PAYMENT_PREPAID, v_text(prepay_id), v_text(id));
}

/* ---- what the bank says ---- */

/* Nobody can use this money: send it back, whatever becomes of the submission. */
static enum err give_back(struct tx *tx, const struct payment *p, const char *reason, int64_t now_us)
{
    struct refund made;
    const struct refund_new new = {.payment_id = p->id, .reason = reason, .account_id = "", .now_us = now_us};
    enum err e = refund_order(tx, &new, &made);
    return e == ERR_REFUSED ? ERR_NONE : e; /* under way already */
}

enum err payment_book(struct tx *tx, const struct payment *p, const struct payment_fact *fact)
{
    int64_t paid_us = fact->paid_us > 0 ? fact->paid_us : fact->now_us;
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENT_OF_TRANSACTION, v_text(fact->transaction_id)));
    bool of_another = rows_next(&r);
    TRY(rows_close(&r));
    if (of_another)
        return ERR_CONFLICT;
    TRY(TX_RUN(tx, Q_PAYMENT_PAID, v_text(fact->transaction_id), v_int(paid_us), v_text(p->id)));
    const struct ledger_entry entry = {.fact = "paid",
                                       .object_id = p->id,
                                       .payment_id = p->id,
                                       .from = "fees",
                                       .into = ledger_account_of(p->channel),
                                       .amount_fen = p->amount_fen,
                                       .at_us = paid_us,
                                       .now_us = fact->now_us};
    return ledger_book(tx, &entry);
}

static enum err succeeded_submission(struct tx *tx, const struct payment *p, const struct payment_fact *fact)
{
    struct submission s;
    TRY(submission_get(tx, p->submission_id, &s));
    bool is_short = s.state != WF_closed && p->amount_fen < s.price_fen; /* the price has gone up since */
    if (!s.paid && !is_short) {
        const struct move move = {
            .submission_id = p->submission_id,
            .event = EV_pay_succeeded,
            .expect_version = ANY_VERSION,
            .actor_kind = ACTOR_SERVER,
            .actor_id = p->id,
            .now_us = fact->now_us,
        };
        enum err e = transition_apply(tx, &move, NULL); /* closed: its row of the table sends the money back */
        if (e != ERR_REFUSED)
            return e;
    }
    return give_back(tx, p, "paid twice or too late", fact->now_us);
}

enum err payment_succeeded(struct tx *tx, const struct payment_fact *fact)
{
    struct payment p;
    TRY(payment_get(tx, fact->id, &p));
    if (p.amount_fen != fact->amount_fen)
        return ERR_BAD_FIELD;
    if (p.transaction_id != NULL)
        return text_is(p.transaction_id, fact->transaction_id) ? ERR_NONE : ERR_CONFLICT;
    TRY(payment_book(tx, &p, fact));
    if (p.group_order_id == NULL)
        return succeeded_submission(tx, &p, fact);
    bool useful = false;
    TRY(group_order_paid(tx, p.group_order_id, fact->now_us, &useful));
    return useful ? ERR_NONE : give_back(tx, &p, "paid twice or too late", fact->now_us);
}

enum err payment_closed(struct tx *tx, const char *id)
{
    struct payment p;
    TRY(payment_get(tx, id, &p));
    return payment_is_open(&p) ? TX_RUN(tx, Q_PAYMENT_STATE, v_text("closed"), v_text(id)) : ERR_NONE;
}

/* ---- asking ---- */

enum err payment_list_open(struct tx *tx, int64_t now_us, struct payment *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENTS_OPEN, v_int(now_us), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

int64_t payment_ask_pause_us(int64_t asked)
{
    int64_t pause_us = ASK_PAUSE_US << (asked < 4 ? asked : 4);
    return pause_us < ASK_PAUSE_MAX_US ? pause_us : ASK_PAUSE_MAX_US;
}

enum err payment_asked(struct tx *tx, const struct payment *p, int64_t now_us)
{
    return TX_RUN(tx, Q_PAYMENT_ASKED, v_int(now_us + payment_ask_pause_us(p->asked)), v_text(p->id));
}

enum err payment_count_open(struct tx *tx, int64_t *count)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_PAYMENTS_UNSETTLED));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close(&r);
}

enum err payment_nonce(struct tx *tx, const char *nonce, int64_t now_us)
{
    int64_t added = 0;
    TRY(TX_RUN(tx, Q_PAYMENT_NONCE_FORGET, v_int(now_us - NONCE_KEEP_US)));
    TRY(TX_RUN_N(tx, &added, Q_PAYMENT_NONCE_ADD, v_text(nonce), v_int(now_us)));
    return added == 1 ? ERR_NONE : ERR_CONFLICT;
}
