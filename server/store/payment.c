#include "store/payment.h"

#include "base/text.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/submission.h"
#include "store/transition.h"

static void read_row(const struct rows *r, struct payment *p)
{
    *p = (struct payment){
        .id = col_text(r, 0),
        .submission_id = col_text(r, 1),
        .amount_fen = col_int(r, 2),
        .state = col_text(r, 3),
        .prepay_id = col_text(r, 4),
        .transaction_id = col_text(r, 5),
        .created_us = col_int(r, 6),
        .paid_us = col_int(r, 7),
        .refunded_us = col_int(r, 8),
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

enum err payment_newest(struct tx *tx, const char *submission_id, struct payment *payment)
{
    size_t count;
    TRY(payment_list(tx, submission_id, payment, 1, &count));
    return count == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

enum err payment_list_open(struct tx *tx, int64_t before_us, struct payment *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_PAYMENTS_OPEN, v_int(before_us), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

static bool is_open(const struct payment *p)
{
    return text_is(p->state, "created") || text_is(p->state, "prepaid");
}

/* Whether the table of the workflow would take money now. */
static bool may_pay(const struct submission *s)
{
    const struct wf_facts none = {0};
    return s->price_fen > 0 && !s->paid && !wf_state_is_end(s->state) &&
           wf_decide(s->state, EV_pay_succeeded, &none) != NULL;
}

enum err payment_start(struct tx *tx, const char *submission_id, const char *new_id, int64_t now_us,
                       struct payment *payment, bool *made)
{
    struct submission s;
    struct payment list[PAYMENTS_PER_SUBMISSION_MAX];
    size_t count;
    *made = false;
    TRY(submission_get(tx, submission_id, &s));
    if (!may_pay(&s))
        return ERR_REFUSED;
    TRY(payment_list(tx, submission_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        if (is_open(&list[i]) && list[i].amount_fen == s.price_fen) {
            *payment = list[i];
            return ERR_NONE;
        }
    if (count == countof(list))
        return ERR_RATE_LIMITED;
    TRY(TX_RUN(tx, Q_PAYMENT_ADD, v_text(new_id), v_text(submission_id), v_int(s.price_fen), v_int(now_us)));
    *made = true;
    return payment_get(tx, new_id, payment);
}

enum err payment_prepaid(struct tx *tx, const char *id, const char *prepay_id)
{
    return TX_RUN(tx, Q_PAYMENT_PREPAID, v_text(prepay_id), v_text(id));
}

/* Nobody can use this money: send it back, whatever becomes of the submission. */
static enum err put_refund(struct tx *tx, const struct payment *p, int64_t now_us)
{
    const char *id = arena_printf(tx->arena, "%s:refund", p->id);
    const char *payload = arena_printf(tx->arena, "{\"payment_id\":\"%s\"}", p->id); /* ids are letters and digits */
    return outbox_put(tx, id, "refund", p->submission_id, payload, 0, now_us);
}

enum err payment_succeeded(struct tx *tx, const char *id, const char *transaction_id, int64_t amount_fen,
                           int64_t now_us)
{
    struct payment p;
    struct submission s;
    TRY(payment_get(tx, id, &p));
    if (p.amount_fen != amount_fen)
        return ERR_BAD_FIELD;
    if (p.transaction_id != NULL)
        return text_is(p.transaction_id, transaction_id) ? ERR_NONE : ERR_CONFLICT;
    TRY(TX_RUN(tx, Q_PAYMENT_PAID, v_text(transaction_id), v_int(now_us), v_text(id)));
    TRY(submission_get(tx, p.submission_id, &s));
    bool is_short = s.state != WF_closed && amount_fen < s.price_fen; /* the price has gone up since */
    if (!s.paid && !is_short) {
        const struct move move = {
            .submission_id = p.submission_id,
            .event = EV_pay_succeeded,
            .expect_version = ANY_VERSION,
            .actor_kind = ACTOR_SERVER,
            .actor_id = p.id,
            .now_us = now_us,
        };
        enum err e = transition_apply(tx, &move, NULL); /* closed: its row of the table sends the money back */
        if (e != ERR_REFUSED)
            return e;
    }
    return put_refund(tx, &p, now_us);
}

enum err payment_closed(struct tx *tx, const char *id)
{
    struct payment p;
    TRY(payment_get(tx, id, &p));
    return is_open(&p) ? TX_RUN(tx, Q_PAYMENT_STATE, v_text("closed"), v_text(id)) : ERR_NONE;
}

enum err payment_refunding(struct tx *tx, const char *id)
{
    struct payment p;
    TRY(payment_get(tx, id, &p));
    return text_is(p.state, "paid") ? TX_RUN(tx, Q_PAYMENT_STATE, v_text("refunding"), v_text(id)) : ERR_NONE;
}

enum err payment_refunded(struct tx *tx, const char *id, int64_t now_us)
{
    struct payment p;
    TRY(payment_get(tx, id, &p));
    if (text_is(p.state, "refunded") || is_open(&p) || text_is(p.state, "closed"))
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_PAYMENT_REFUNDED, v_int(now_us), v_text(id)));
    const struct move move = {
        .submission_id = p.submission_id,
        .event = EV_refunded,
        .expect_version = ANY_VERSION,
        .actor_kind = ACTOR_SERVER,
        .actor_id = p.id,
        .now_us = now_us,
    };
    enum err e = transition_apply(tx, &move, NULL);
    return e == ERR_REFUSED ? ERR_NONE : e; /* a second order of a submission that goes on */
}
