#include "store/refund.h"

#include "base/text.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/payment.h"
#include "store/queries.h"
#include "store/transition.h"

static void read_row(const struct rows *r, struct refund *f)
{
    *f = (struct refund){
        .id = col_text(r, 0),
        .payment_id = col_text(r, 1),
        .amount_fen = col_int(r, 2),
        .state = col_text(r, 3),
        .reason = col_text(r, 4),
        .problem = col_text(r, 5),
        .bank_refund_id = col_text(r, 6),
        .created_by = col_text(r, 7),
        .created_us = col_int(r, 8),
        .accepted_us = col_int(r, 9),
        .ended_us = col_int(r, 10),
        .asked = col_int(r, 11),
    };
}

enum err refund_get(struct tx *tx, const char *id, struct refund *refund)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_REFUND_GET, v_text(id)));
    if (rows_next(&r))
        read_row(&r, refund);
    return rows_close_one(&r);
}

static enum err read_list(struct rows *r, struct refund *list, size_t max, size_t *count)
{
    *count = 0;
    while (*count < max && rows_next(r))
        read_row(r, &list[(*count)++]);
    return rows_close(r);
}

enum err refund_list(struct tx *tx, const char *payment_id, struct refund *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_REFUNDS_OF, v_text(payment_id), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

enum err refund_list_open(struct tx *tx, int64_t now_us, struct refund *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_REFUNDS_OPEN, v_int(now_us), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

/* ---- what all refunds of a payment make of it ---- */

static bool is_open(const struct refund *f)
{
    return text_is(f->state, "wanted") || text_is(f->state, "processing");
}

/* Abnormal: the bank still has it in hand, and a person. */
static bool is_going(const struct refund *f)
{
    return is_open(f) || text_is(f->state, "abnormal");
}

struct sums {
    int64_t done_fen, going_fen;
    size_t count;
};

static enum err add_up(struct tx *tx, const char *payment_id, struct sums *sums)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX];
    *sums = (struct sums){0};
    TRY(refund_list(tx, payment_id, list, countof(list), &sums->count));
    for (size_t i = 0; i < sums->count; i++) {
        if (text_is(list[i].state, "done"))
            sums->done_fen += list[i].amount_fen;
        else if (is_going(&list[i]))
            sums->going_fen += list[i].amount_fen;
    }
    return ERR_NONE;
}

/* The row of the payment follows its refunds; told is the submission only when all of it is back. */
static enum err follow(struct tx *tx, const char *payment_id, int64_t at_us, int64_t now_us)
{
    struct payment p;
    struct sums sums;
    TRY(payment_get(tx, payment_id, &p));
    TRY(add_up(tx, payment_id, &sums));
    bool whole = sums.done_fen == p.amount_fen;
    const char *state = whole ? "refunded" : sums.going_fen > 0 ? "refunding" : "paid";
    bool was_whole = text_is(p.state, "refunded");
    TRY(TX_RUN(tx, Q_PAYMENT_REFUNDED, v_text(state), v_int(sums.done_fen), v_int(whole ? at_us : 0), v_text(p.id)));
    if (!whole || was_whole || p.submission_id == NULL)
        return ERR_NONE;
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

static enum err book(struct tx *tx, const struct refund *f, const char *fact, const char *from, const char *into,
                     int64_t at_us, int64_t now_us)
{
    const struct ledger_entry entry = {.fact = fact,
                                       .object_id = f->id,
                                       .payment_id = f->payment_id,
                                       .from = from,
                                       .into = into,
                                       .amount_fen = f->amount_fen,
                                       .at_us = at_us,
                                       .now_us = now_us};
    return ledger_book(tx, &entry);
}

/* ---- wanted here ---- */

static enum err add(struct tx *tx, const struct payment *p, const char *id, int64_t amount_fen,
                    const struct refund_new *new, struct refund *made)
{
    TRY(TX_RUN(tx, Q_REFUND_ADD, v_text(id), v_text(p->id), v_int(amount_fen), v_text(new->reason),
               v_text(new->account_id), v_int(new->now_us)));
    TRY(refund_get(tx, id, made));
    return book(tx, made, "refund_wanted", "owed", "fees", new->now_us, new->now_us);
}

enum err refund_start(struct tx *tx, const struct refund_new *new, struct refund *made)
{
    struct payment p;
    struct sums sums;
    TRY(payment_get(tx, new->payment_id, &p));
    TRY(add_up(tx, p.id, &sums));
    int64_t left_fen = p.amount_fen - sums.done_fen - sums.going_fen;
    int64_t amount_fen = new->amount_fen > 0 ? new->amount_fen : left_fen;
    if (!payment_is_paid(&p) || left_fen <= 0 || amount_fen > left_fen || new->amount_fen < 0)
        return ERR_REFUSED;
    if (sums.count >= REFUNDS_PER_PAYMENT_MAX)
        return ERR_RATE_LIMITED;
    TRY(add(tx, &p, arena_printf(tx->arena, "%s-%zu", p.id, sums.count + 1), amount_fen, new, made));
    if (text_is(p.channel, "transfer")) {
        const struct refund_news news = {.id = made->id,
                                         .payment_id = p.id,
                                         .state = "done",
                                         .amount_fen = amount_fen,
                                         .ended_us = new->now_us,
                                         .transaction_id = p.transaction_id,
                                         .total_fen = p.amount_fen,
                                         .now_us = new->now_us};
        TRY(refund_told(tx, &news));
        return refund_get(tx, made->id, made);
    }
    TRY(TX_RUN(tx, Q_REFUND_ASKED, v_int(new->now_us + payment_ask_pause_us(0)), v_text(made->id)));
    return follow(tx, p.id, 0, new->now_us);
}

static enum err put_row(struct tx *tx, const struct refund *f, const char *key, int64_t now_us)
{
    struct payment p;
    TRY(payment_get(tx, f->payment_id, &p));
    const char *payload = arena_printf(tx->arena, "{\"refund_id\":\"%s\"}", f->id); /* letters, digits and '-' */
    return outbox_put(tx, key, "refund", p.submission_id, payload, 0, now_us);
}

enum err refund_order(struct tx *tx, const struct refund_new *new, struct refund *made)
{
    TRY(refund_start(tx, new, made));
    return is_open(made) ? put_row(tx, made, arena_printf(tx->arena, "%s:refund", made->id), new->now_us) : ERR_NONE;
}

enum err refund_again(struct tx *tx, const char *id, int64_t now_us)
{
    struct refund f;
    struct payment p;
    struct sums sums;
    TRY(refund_get(tx, id, &f));
    TRY(payment_get(tx, f.payment_id, &p));
    TRY(add_up(tx, p.id, &sums));
    bool was_closed = text_is(f.state, "closed");
    if (is_open(&f) || text_is(f.state, "done") ||
        (was_closed && p.amount_fen - sums.done_fen - sums.going_fen < f.amount_fen))
        return ERR_REFUSED;
    if (was_closed) { /* the bank's number is used up: a new refund over the same sum */
        const struct refund_new new = {f.payment_id, f.amount_fen, f.reason, f.created_by, now_us};
        return refund_order(tx, &new, &f);
    }
    TRY(TX_RUN(tx, Q_REFUND_TOLD, v_text("wanted"), v_text(""), v_text(f.bank_refund_id), v_int(f.accepted_us),
               v_int(0), v_text(f.id)));
    return put_row(tx, &f, arena_printf(tx->arena, "%s:refund-%" PRId64, f.id, now_us), now_us);
}

/* ---- told by the bank ---- */

/* The bank has not said anything about it so far. */
static bool never_taken(const struct refund *f)
{
    return is_going(f) && f->accepted_us == 0;
}

static bool has_yielded(const struct refund *f)
{
    return text_is(f->state, "closed") && f->accepted_us == 0;
}

/* What the bank says now makes a closed refund count again. */
static bool reopens(const struct refund *f, const struct refund_news *news)
{
    return text_is(f->state, "closed") &&
           (text_is(news->state, "done") || (has_yielded(f) && !text_is(news->state, "closed")));
}

/* What the bank did takes the place of what was wanted here and never taken there, newest first, until `needed_fen` are
 * left. *rest: what was wanted beyond that, to be asked for anew; amount_fen 0: nothing. BAD_FIELD: that cannot be;
 * nothing is changed. */
static enum err make_room(struct tx *tx, const struct payment *p, int64_t needed_fen, int64_t now_us,
                          struct refund_new *rest)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX];
    struct sums sums;
    size_t count;
    TRY(add_up(tx, p->id, &sums));
    TRY(refund_list(tx, p->id, list, countof(list), &count));
    int64_t left_fen = p->amount_fen - sums.done_fen - sums.going_fen, could_fen = left_fen, closed_fen = 0;
    for (size_t i = 0; i < count; i++)
        could_fen += never_taken(&list[i]) ? list[i].amount_fen : 0;
    if (could_fen < needed_fen)
        return ERR_BAD_FIELD;
    for (size_t i = count; i-- > 0 && left_fen + closed_fen < needed_fen;) {
        if (!never_taken(&list[i]))
            continue;
        TRY(book(tx, &list[i], "refund_yielded", "fees", "owed", now_us, now_us));
        TRY(TX_RUN(tx, Q_REFUND_TOLD, v_text("closed"), v_text("银行已另行退回 · given back at the bank instead"),
                   v_text(list[i].bank_refund_id), v_int(0), v_int(now_us), v_text(list[i].id)));
        closed_fen += list[i].amount_fen;
        *rest = (struct refund_new){p->id, 0, list[i].reason, list[i].created_by, now_us};
    }
    rest->amount_fen = closed_fen > needed_fen ? closed_fen - needed_fen : 0;
    return ERR_NONE;
}

/* A refund may be heard of before the payment it gives back. */
static enum err meet_payment(struct tx *tx, const struct refund_news *news, struct payment *p)
{
    if (payment_is_paid(p))
        return ERR_NONE;
    const struct payment_fact fact = {p->id, news->transaction_id, news->total_fen, news->accepted_us, news->now_us};
    bool all = news->amount_fen == p->amount_fen && text_is(news->state, "done");
    TRY(all ? payment_book(tx, p, &fact) : payment_succeeded(tx, &fact));
    return payment_get(tx, p->id, p);
}

/* A number we do not know is a refund begun at the bank. */
static enum err meet(struct tx *tx, const struct refund_news *news, struct payment *p, struct refund *f,
                     struct refund_new *rest)
{
    struct sums sums;
    enum err e = refund_get(tx, news->id, f);
    bool is_new = e == ERR_NOT_FOUND;
    if (e != ERR_NONE && !is_new)
        return e;
    TRY(add_up(tx, p->id, &sums));
    if (is_new ? sums.count >= REFUNDS_PER_PAYMENT_MAX
               : !text_is(f->payment_id, p->id) || f->amount_fen != news->amount_fen)
        return ERR_BAD_FIELD;
    TRY(meet_payment(tx, news, p));
    bool counts = is_new ? !text_is(news->state, "closed") : reopens(f, news);
    if (counts)
        TRY(make_room(tx, p, news->amount_fen, news->now_us, rest));
    const struct refund_new new = {p->id, news->amount_fen, "", "bank", news->now_us};
    return is_new ? add(tx, p, news->id, news->amount_fen, &new, f) : ERR_NONE;
}

static enum err book_end(struct tx *tx, const struct payment *p, const struct refund *f, const struct refund_news *news,
                         int64_t ended_us)
{
    if (reopens(f, news))
        TRY(book(tx, f, has_yielded(f) ? "refund_resumed" : "refund_reopened", "owed", "fees", ended_us, news->now_us));
    if (text_is(news->state, "closed"))
        return book(tx, f, "refund_closed", "fees", "owed", ended_us, news->now_us);
    if (!text_is(news->state, "done"))
        return ERR_NONE;
    return book(tx, f, "refund_done", ledger_account_of(p->channel), "owed", ended_us, news->now_us);
}

/* Or older than what was said before. A callback does not say when the bank accepted it, the answer that it overtook
 * does: the bank's bill goes by that day. */
static enum err said_before(struct tx *tx, const struct refund *f, const struct refund_news *news)
{
    bool is_new = news->accepted_us > 0 && news->accepted_us != f->accepted_us;
    return is_new ? TX_RUN(tx, Q_REFUND_ACCEPTED, v_int(news->accepted_us), v_text(f->id)) : ERR_NONE;
}

enum err refund_told(struct tx *tx, const struct refund_news *news)
{
    struct payment p;
    struct refund f, made;
    struct refund_new rest = {.amount_fen = 0};
    TRY(payment_get(tx, news->payment_id, &p));
    if (news->total_fen != p.amount_fen || news->amount_fen < 1 || news->amount_fen > p.amount_fen ||
        (payment_is_paid(&p) && !text_is(p.transaction_id, news->transaction_id)))
        return ERR_BAD_FIELD;
    TRY(meet(tx, news, &p, &f, &rest));
    if (text_is(f.state, "done") || (text_is(f.state, "closed") && !reopens(&f, news)))
        return said_before(tx, &f, news);
    bool ends = text_is(news->state, "done") || text_is(news->state, "closed");
    int64_t ended_us = news->ended_us > 0 ? news->ended_us : news->now_us;
    TRY(book_end(tx, &p, &f, news, ended_us));
    int64_t accepted_us = news->accepted_us > 0 ? news->accepted_us : f.accepted_us > 0 ? f.accepted_us : f.created_us;
    const char *bank_refund_id = news->bank_refund_id != NULL ? news->bank_refund_id : f.bank_refund_id;
    TRY(TX_RUN(tx, Q_REFUND_TOLD, v_text(news->state), v_text(news->problem != NULL ? news->problem : ""),
               v_text(bank_refund_id), v_int(accepted_us), v_int(ends ? ended_us : 0), v_text(f.id)));
    TRY(follow(tx, p.id, ended_us, news->now_us));
    enum err e = rest.amount_fen > 0 ? refund_order(tx, &rest, &made) : ERR_NONE;
    return e == ERR_RATE_LIMITED ? ERR_NONE : e; /* staff see what is left */
}

enum err refund_failed(struct tx *tx, const char *id, const char *problem, int64_t now_us)
{
    struct refund f;
    TRY(refund_get(tx, id, &f));
    if (!is_open(&f))
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_REFUND_TOLD, v_text("abnormal"), v_text(problem), v_text(f.bank_refund_id), v_int(f.accepted_us),
               v_int(0), v_text(id)));
    return follow(tx, f.payment_id, 0, now_us);
}

enum err refund_asked(struct tx *tx, const struct refund *refund, int64_t now_us)
{
    return TX_RUN(tx, Q_REFUND_ASKED, v_int(now_us + payment_ask_pause_us(refund->asked)), v_text(refund->id));
}
