/* links: xy_store */
/* Histories of money (reliability.md P1), made up at random: students start orders, pay old ones too, withdraw; staff
 * give back parts; the bank closes, refunds by itself, takes its time, loses its answers, and tells all of it in any
 * order and many times. When it has been told everything to the end, our books are the bank's, order by order.
 *
 * XUEYING_HISTORIES=1000000 makes as many (default 1000); each is known by its number, which a failure names:
 * XUEYING_HISTORY=number runs that one alone. */
#include "base/crypt.h"
#include "base/text.h"
#include "store/capture_session.h"
#include "store/fsck.h"
#include "store/payment.h"
#include "store/refund.h"
#include "store/student.h"
#include "store/submission.h"
#include "store/transition.h"
#include "tests/check.h"
#include "tests/temp.h"

#define PRICE_FEN   1250
#define ORDERS_MAX  4
#define REFUNDS_MAX 24
#define FACTS_MAX   128
#define STEPS_MAX   40
#define ROUNDS_MAX  60 /* until everything has come to its end */
#define NOW_US      SECONDS_US(1800000000)

enum status { PROCESSING, SUCCESS, ABNORMAL, CLOSED };
static const char *const state_names[] = {"processing", "done", "abnormal", "closed"};

/* ---- the bank: what is true there, and what it has to tell ---- */

struct order {
    char id[CRYPT_ID_TEXT_BYTES], transaction_id[CRYPT_ID_TEXT_BYTES];
    bool known, paid, closed;
    int64_t refunded_fen; /* or on the way */
};
struct back {
    char id[80];
    struct order *order;
    int64_t amount_fen;
    enum status status;
};
struct fact { /* as it was when it became true */
    const struct order *order;
    const struct back *back; /* NULL: paid */
    enum status status;
    bool taken; /* answered with 204 once */
};

struct history {
    uint64_t number, random;
    char submission_id[CRYPT_ID_TEXT_BYTES], student_id[CRYPT_ID_TEXT_BYTES];
    struct order orders[ORDERS_MAX];
    struct back backs[REFUNDS_MAX];
    struct fact facts[FACTS_MAX];
    size_t order_count, back_count, fact_count;
    int64_t now_us;
    struct tx *tx;
    char trouble[200]; /* "": none */
};

static uint64_t below(struct history *h, uint64_t count)
{
    h->random ^= h->random << 13;
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return (h->random >> 11) % count;
}

static void trouble(struct history *h, const char *what, const char *id, enum err e)
{
    if (h->trouble[0] == '\0')
        snprintf(h->trouble, sizeof h->trouble, "history %" PRIu64 ": %s %s: %s", h->number, what, id, err_name(e));
}

static void tell_later(struct history *h, const struct order *order, const struct back *back)
{
    if (h->fact_count < FACTS_MAX)
        h->facts[h->fact_count++] =
            (struct fact){.order = order, .back = back, .status = back != NULL ? back->status : SUCCESS};
}

static void pays(struct history *h, struct order *o)
{
    if (!o->known || o->paid || o->closed)
        return;
    o->paid = true;
    tell_later(h, o, NULL);
}

static void becomes(struct history *h, struct back *b, enum status status)
{
    bool over = b->status == SUCCESS || b->status == CLOSED;
    if (over || b->status == status)
        return;
    b->status = status;
    if (status == CLOSED)
        b->order->refunded_fen -= b->amount_fen;
    if (status != PROCESSING)
        tell_later(h, b->order, b);
}

static struct back *back_named(struct history *h, const char *id)
{
    for (size_t i = 0; i < h->back_count; i++)
        if (text_is(h->backs[i].id, id))
            return &h->backs[i];
    return NULL;
}

/* NULL: more than there is. */
static struct back *gives_back(struct history *h, struct order *o, const char *id, int64_t amount_fen)
{
    if (!o->paid || o->refunded_fen + amount_fen > PRICE_FEN || amount_fen < 1 || h->back_count == REFUNDS_MAX)
        return NULL;
    struct back *b = &h->backs[h->back_count++];
    *b = (struct back){.order = o, .amount_fen = amount_fen, .status = PROCESSING};
    snprintf(b->id, sizeof b->id, "%s", id);
    o->refunded_fen += amount_fen;
    return b;
}

/* ---- what the server does with it ---- */

static enum err apply_paid(struct history *h, const struct order *o)
{
    const struct payment_fact fact = {o->id, o->transaction_id, PRICE_FEN, below(h, 2) ? h->now_us : 0, h->now_us};
    return payment_succeeded(h->tx, &fact);
}

static enum err apply_back(struct history *h, const struct back *b, enum status status)
{
    const struct refund_news news = {.id = b->id,
                                     .payment_id = b->order->id,
                                     .state = state_names[status],
                                     .bank_refund_id = b->id,
                                     .amount_fen = b->amount_fen,
                                     .accepted_us = below(h, 2) ? h->now_us : 0,
                                     .transaction_id = b->order->transaction_id,
                                     .total_fen = PRICE_FEN,
                                     .now_us = h->now_us};
    return refund_told(h->tx, &news);
}

/* Once done has been said, nothing older changes it. */
static void last_word(struct history *h, const struct back *b)
{
    struct refund f;
    bool said = false;
    for (size_t i = 0; i < h->fact_count; i++)
        said |= h->facts[i].back == b && h->facts[i].taken && h->facts[i].status == SUCCESS;
    enum err e = refund_get(h->tx, b->id, &f);
    if (e != ERR_NONE || (said && !text_is(f.state, "done")))
        trouble(h, "not done any more:", b->id, e);
}

static void deliver(struct history *h, struct fact *f)
{
    enum err e = f->back == NULL ? apply_paid(h, f->order) : apply_back(h, f->back, f->status);
    if (e == ERR_NONE)
        f->taken = true;
    else if (e != ERR_BAD_FIELD) /* refused for now; the bank comes again */
        trouble(h, "a true fact about", f->back == NULL ? f->order->id : f->back->id, e);
    if (f->back != NULL && f->taken)
        last_word(h, f->back);
}

static void query(struct history *h, struct order *o)
{
    enum err e = o->paid ? apply_paid(h, o) : o->closed || !o->known ? payment_closed(h->tx, o->id) : ERR_NONE;
    if (e != ERR_NONE)
        trouble(h, "query", o->id, e);
}

static void start_order(struct history *h)
{
    struct payment payment;
    bool made;
    if (h->order_count == ORDERS_MAX)
        return;
    struct order *o = &h->orders[h->order_count];
    const struct payment_wish wish = {h->submission_id, below(h, 2) ? "jsapi" : "h5", o->id, h->now_us};
    enum err e = payment_start(h->tx, &wish, &payment, &made);
    if (e != ERR_NONE && e != ERR_REFUSED)
        trouble(h, "start", o->id, e);
    if (e != ERR_NONE || !made)
        return;
    h->order_count++;
    o->known = below(h, 8) != 0; /* or the request was lost */
    if (o->known && payment_prepaid(h->tx, o->id, o->id) != ERR_NONE)
        trouble(h, "prepaid", o->id, ERR_BUG);
}

static void close_order(struct history *h, struct order *o)
{
    if (o->known && !o->paid)
        o->closed = true;
    query(h, o);
}

/* A refund we want is asked for; the answer may be lost, then it is asked for again. */
static void ask_back(struct history *h, const struct refund *f)
{
    struct order *o = NULL;
    for (size_t i = 0; i < h->order_count; i++)
        if (text_is(h->orders[i].id, f->payment_id))
            o = &h->orders[i];
    struct back *b = back_named(h, f->id);
    if (b == NULL && (b = gives_back(h, o, f->id, f->amount_fen)) != NULL)
        becomes(h, b, (enum status)below(h, 4));
    else if (b != NULL && b->status == ABNORMAL)
        becomes(h, b, SUCCESS); /* asked again after a person looked */
    enum err e = ERR_NONE;
    if (b == NULL)
        e = refund_failed(h->tx, f->id, "INVALID_REQUEST", h->now_us);
    else if (below(h, 3) > 0)
        e = apply_back(h, b, b->status);
    if (e != ERR_NONE)
        trouble(h, "refund", f->id, e);
}

static size_t list_backs(struct history *h, const struct order *o, struct refund list[REFUNDS_PER_PAYMENT_MAX])
{
    size_t count = 0;
    enum err e = refund_list(h->tx, o->id, list, REFUNDS_PER_PAYMENT_MAX, &count);
    if (e != ERR_NONE)
        trouble(h, "refunds of", o->id, e);
    return count;
}

static void ask_backs(struct history *h, const struct order *o)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX];
    size_t count = list_backs(h, o, list);
    for (size_t i = 0; i < count; i++) {
        const struct back *b = back_named(h, list[i].id);
        if (text_is(list[i].state, "wanted"))
            ask_back(h, &list[i]);
        else if (text_is(list[i].state, "processing") && b != NULL && apply_back(h, b, b->status) != ERR_NONE)
            trouble(h, "refund query", list[i].id, ERR_BUG);
    }
}

static void staff_gives_back(struct history *h, const struct order *o, int64_t amount_fen)
{
    struct refund made;
    const struct refund_new new = {o->id, amount_fen, "staff", "staff", h->now_us};
    enum err e = refund_order(h->tx, &new, &made);
    if (e != ERR_NONE && e != ERR_REFUSED && e != ERR_RATE_LIMITED)
        trouble(h, "give back", o->id, e);
}

static void staff_tries_again(struct history *h, const struct order *o, bool closed_too)
{
    struct refund list[REFUNDS_PER_PAYMENT_MAX];
    size_t count = list_backs(h, o, list);
    for (size_t i = 0; i < count; i++) {
        if (!text_is(list[i].state, "abnormal") && !(closed_too && text_is(list[i].state, "closed")))
            continue;
        enum err e = refund_again(h->tx, list[i].id, ++h->now_us);
        if (e != ERR_NONE && e != ERR_REFUSED && e != ERR_RATE_LIMITED)
            trouble(h, "again", list[i].id, e);
    }
}

static void withdraw(struct history *h)
{
    const struct move move = {.submission_id = h->submission_id,
                              .event = EV_withdraw,
                              .expect_version = ANY_VERSION,
                              .actor_kind = ACTOR_STUDENT,
                              .actor_id = h->student_id,
                              .now_us = h->now_us};
    enum err e = transition_apply(h->tx, &move, NULL);
    if (e != ERR_NONE && e != ERR_REFUSED)
        trouble(h, "withdraw", h->submission_id, e);
}

/* ---- a history ---- */

static void bank_begins(struct history *h, struct order *o)
{
    char id[40];
    snprintf(id, sizeof id, "bank-%zu", h->back_count);
    struct back *b = gives_back(h, o, arena_printf(h->tx->arena, "%s-%s", o->id, id), (int64_t)below(h, PRICE_FEN) + 1);
    if (b != NULL)
        becomes(h, b, below(h, 4) ? SUCCESS : CLOSED);
}

static void step(struct history *h)
{
    struct order *o = h->order_count > 0 ? &h->orders[below(h, h->order_count)] : NULL;
    struct back *b = h->back_count > 0 ? &h->backs[below(h, h->back_count)] : NULL;
    uint64_t what = below(h, 16);
    h->now_us += SECONDS_US(1) + (int64_t)below(h, 1000000);
    if (o == NULL || what == 0)
        start_order(h);
    else if (what <= 3)
        pays(h, o);
    else if (what == 4)
        close_order(h, o);
    else if (what == 5)
        query(h, o);
    else if (what <= 9 && h->fact_count > 0)
        deliver(h, &h->facts[below(h, h->fact_count)]);
    else if (what == 10)
        staff_gives_back(h, o, (int64_t)below(h, PRICE_FEN + 1));
    else if (what <= 12)
        ask_backs(h, o);
    else if (what == 13 && b != NULL)
        becomes(h, b, (enum status)below(h, 4));
    else if (what == 14)
        bank_begins(h, o);
    else if (what == 15 && below(h, 4) == 0)
        withdraw(h);
    else
        staff_tries_again(h, o, true);
}

/* Everything that is still open comes to its end: what is not paid by now is closed, the bank finishes and insists
 * until all it says is taken, staff ask again for what went wrong. True: it did. */
static bool settle(struct history *h, int round, bool is_closed)
{
    bool over = true;
    h->now_us += SECONDS_US(60);
    for (size_t i = 0; i < h->order_count; i++)
        close_order(h, &h->orders[i]);
    for (size_t i = 0; i < h->back_count; i++)
        if (h->backs[i].status == PROCESSING)
            becomes(h, &h->backs[i], SUCCESS);
    for (size_t i = 0; i < h->fact_count; i++) {
        if (!h->facts[i].taken || round == 0)
            deliver(h, &h->facts[i]);
        over &= h->facts[i].taken;
    }
    for (size_t i = 0; i < h->order_count; i++) {
        struct refund list[REFUNDS_PER_PAYMENT_MAX];
        ask_backs(h, &h->orders[i]);
        staff_tries_again(h, &h->orders[i], false);
        if (is_closed)
            staff_gives_back(h, &h->orders[i], 0);
        size_t count = list_backs(h, &h->orders[i], list);
        for (size_t k = 0; k < count; k++)
            over &= text_is(list[k].state, "done") || text_is(list[k].state, "closed");
    }
    return over;
}

static void compare(struct history *h, const struct order *o)
{
    struct payment p;
    int64_t done_fen = 0;
    enum err e = payment_get(h->tx, o->id, &p);
    for (size_t i = 0; i < h->back_count; i++)
        if (h->backs[i].order == o && h->backs[i].status == SUCCESS)
            done_fen += h->backs[i].amount_fen;
    if (e != ERR_NONE || payment_is_paid(&p) != o->paid || p.refunded_fen != done_fen || payment_is_open(&p))
        trouble(h, "not as at the bank:", o->id, e);
}

static enum err make(struct tx *tx, struct history *h)
{
    const char *id = NULL;
    const struct submission s = {.id = h->submission_id,
                                 .code = "3B92K7-4",
                                 .session_id = "session",
                                 .student_id = h->student_id,
                                 .price_fen = PRICE_FEN,
                                 .created_us = NOW_US};
    TRY(student_of_openid(tx, h->student_id, h->student_id, "zh", NOW_US, &id));
    return submission_add(tx, &s);
}

static enum err run(struct tx *tx, void *job)
{
    struct history *h = job;
    struct submission s;
    bool over = false;
    h->tx = tx;
    h->random = h->number * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
    h->now_us = NOW_US;
    h->order_count = h->back_count = h->fact_count = 0;
    for (size_t i = 0; i < ORDERS_MAX; i++) {
        struct order *o = &h->orders[i];
        o->known = o->paid = o->closed = false;
        o->refunded_fen = 0;
    }
    h->trouble[0] = '\0';
    TRY(make(tx, h));
    for (uint64_t left = 8 + below(h, STEPS_MAX - 8); left > 0; left--)
        step(h);
    for (int i = 0; i < ROUNDS_MAX && !over && h->trouble[0] == '\0'; i++) {
        TRY(submission_get(tx, h->submission_id, &s));
        over = settle(h, i, s.state == WF_closed);
    }
    TRY(submission_get(tx, h->submission_id, &s));
    if (!over)
        trouble(h, "does not come to an end:", h->submission_id, ERR_NONE);
    for (size_t i = 0; i < h->order_count; i++) {
        compare(h, &h->orders[i]);
        if (s.state == WF_closed && h->orders[i].paid && h->orders[i].refunded_fen != PRICE_FEN)
            trouble(h, "closed, and the bank still has money of", h->orders[i].id, ERR_NONE);
    }
    return ERR_NONE;
}

static void run_one(struct temp_store *t, uint64_t number)
{
    static struct history h;
    h = (struct history){.number = number};
    crypt_id(NOW_US, h.submission_id);
    crypt_id(NOW_US, h.student_id);
    for (size_t i = 0; i < ORDERS_MAX; i++) {
        crypt_id(NOW_US, h.orders[i].id);
        crypt_id(NOW_US, h.orders[i].transaction_id);
    }
    EQ_INT(ERR_NONE, store_run(t->store, STORE_WRITE, run, &h));
    if (h.trouble[0] != '\0')
        TEST_FAIL("%s", h.trouble);
}

static enum err make_session(struct tx *tx, void *job)
{
    (void)job;
    const struct session_new s = {.id = "session",
                                  .code = "25103001",
                                  .name = "histories",
                                  .school_id = "school",
                                  .school_code = "10595",
                                  .school_name = "histories",
                                  .closes_us = SECONDS_US(4000000000),
                                  .now_us = NOW_US,
                                  .policy_json = "{\"payment\":\"before\",\"price_fen\":1250}",
                                  .changed_by = "test"};
    return session_add(tx, &s);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    int64_t value;
    const char *text = getenv(name);
    return text != NULL && text_int(text, &value) ? (uint64_t)value : otherwise;
}

TEST(whatever_happens_in_whatever_order_the_books_are_the_banks)
{
    static struct fsck fsck;
    struct temp_store t;
    temp_store_open(&t, NULL, NULL);
    EQ_INT(ERR_NONE, store_run(t.store, STORE_WRITE, make_session, NULL));
    uint64_t first = number_of("XUEYING_HISTORY", 0);
    uint64_t count = number_of("XUEYING_HISTORIES", getenv("XUEYING_HISTORY") != NULL ? 1 : 1000);
    for (uint64_t i = first; i < first + count; i++)
        run_one(&t, i);
    fsck = (struct fsck){.now_us = NOW_US};
    while (!fsck.done)
        EQ_INT(ERR_NONE, store_run(t.store, STORE_READ, fsck_payments, &fsck));
    if (fsck.results[FSCK_ledger].problems > 0)
        TEST_FAIL("%" PRId64 " problems: %s", fsck.results[FSCK_ledger].problems, fsck.results[FSCK_ledger].samples[0]);
    TRUE((uint64_t)fsck.results[FSCK_ledger].looked_at >= count);
    temp_store_close(&t);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
