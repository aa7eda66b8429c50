/* links: xy_standin xy_dispatch */
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/courier.h"
#include "dispatch/standin/http.h"
#include "store/payment.h"
#include "tests/check.h"
#include "tests/unit/outside_server.h"

#include <pthread.h>

#define PRICE_FEN 1250

/* ---- a submission that costs something ---- */

struct made {
    char session_id[CRYPT_ID_TEXT_BYTES], submission_id[CRYPT_ID_TEXT_BYTES];
    struct server_student student;
    const char *code;
};

static enum err make_step(struct tx *tx, void *job)
{
    struct made *m = job;
    const char *policy = "{\"payment\":\"before\",\"price_fen\":1250,\"quiet_from_hour\":0,\"quiet_to_hour\":0}";
    const struct session_new session = {.id = m->session_id,
                                        .code = m->code,
                                        .name = "pay",
                                        .school_id = m->session_id,
                                        .school_code = m->code,
                                        .school_name = "pay",
                                        .opens_us = 0,
                                        .closes_us = SECONDS_US(4000000000),
                                        .now_us = clock_utc_us(),
                                        .policy_json = policy,
                                        .changed_by = "test"};
    TRY(session_add(tx, &session));
    const struct submission s = {.id = m->submission_id,
                                 .code = "3B92K7-4",
                                 .session_id = m->session_id,
                                 .student_id = m->student.id,
                                 .price_fen = PRICE_FEN,
                                 .created_us = clock_utc_us()};
    return submission_add(tx, &s);
}

static struct made made;

static void up(void)
{
    static int number = 25103000;
    server_up();
    made = (struct made){.student = server_student("openid-pay"), .code = arena_printf(outside_arena, "%d", ++number)};
    crypt_id(clock_utc_us(), made.session_id);
    crypt_id(clock_utc_us(), made.submission_id);
    server_write(make_step, &made);
}

/* ---- steps of the endpoints ---- */

struct order {
    struct payment payment;
    char id[CRYPT_ID_TEXT_BYTES];
    const char *channel; /* NULL: jsapi */
    bool new;
    enum err e;
    struct arena *arena;
};

static void keep(struct order *o)
{
    o->payment.id = arena_text(o->arena, o->payment.id);
    o->payment.channel = arena_text(o->arena, o->payment.channel);
    o->payment.state = arena_text(o->arena, o->payment.state);
    o->payment.prepay_id = arena_text(o->arena, o->payment.prepay_id);
    o->payment.transaction_id = arena_text(o->arena, o->payment.transaction_id);
}

static enum err start_step(struct tx *tx, void *job)
{
    struct order *o = job;
    const struct payment_wish wish = {made.submission_id, o->channel == NULL ? "jsapi" : o->channel, o->id,
                                      clock_utc_us()};
    o->e = payment_start(tx, &wish, &o->payment, &o->new);
    if (o->e == ERR_NONE)
        keep(o);
    return ERR_NONE;
}

static enum err prepaid_step(struct tx *tx, void *job)
{
    struct order *o = job;
    return payment_prepaid(tx, o->payment.id, o->payment.prepay_id);
}

static enum err get_step(struct tx *tx, void *job)
{
    struct order *o = job;
    TRY(payment_get(tx, o->payment.id, &o->payment));
    keep(o);
    return ERR_NONE;
}

static struct order order_start(void)
{
    struct order o = {.arena = outside_arena};
    crypt_id(clock_utc_us(), o.id);
    server_write(start_step, &o);
    return o;
}

static struct pay_order bank_order_of(const struct order *o)
{
    return (struct pay_order){.id = o->payment.id,
                              .channel = o->payment.channel,
                              .amount_fen = o->payment.amount_fen,
                              .description = "graduation photo",
                              .openid = "openid-pay",
                              .payer_address = "203.0.113.7",
                              .expires_us = o->payment.created_us + PAYMENT_WINDOW_US};
}

static void order_prepay(struct order *o)
{
    struct pay_prepay prepay;
    char why[JSON_WHY_BYTES];
    const struct pay_order order = bank_order_of(o);
    EQ_INT(ERR_NONE, pay_prepay_blocking(&server_config.pay, &order, outside_arena, &prepay, why));
    TRUE(strstr(prepay.client, o->channel == NULL ? "paySign" : "url") != NULL);
    o->payment.prepay_id = prepay.prepay_id;
    server_write(prepaid_step, o);
}

static const char *bank_transaction; /* of the last one paid */

static void pay_now(const struct order *o)
{
    const char *path = arena_printf(outside_arena, "/pay?prepay_id=%s", o->payment.prepay_id);
    bank_transaction = json_text_at(outside_ask(outside_ports.pay, "GET", path, NULL), "transaction_id", "");
}

static const char *state_of(struct order *o)
{
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, get_step, o));
    return o->payment.state;
}

/* Until the order's row says so: the sweep, a callback or a refund is under way. */
static void await(struct order *o, const char *state)
{
    int64_t until_us = clock_mono_us() + SECONDS_US(20);
    while (!text_is(state_of(o), state)) {
        if (clock_mono_us() > until_us)
            TEST_FAIL("payment is %s, want %s", o->payment.state, state);
        server_wait();
    }
}

struct succeed {
    const char *id, *transaction_id;
    int64_t amount_fen;
    enum err e;
};

static enum err succeed_step(struct tx *tx, void *job)
{
    struct succeed *s = job;
    const struct payment_fact fact = {s->id, s->transaction_id, s->amount_fen, 0, clock_utc_us()};
    s->e = payment_succeeded(tx, &fact);
    return s->e;
}

static enum err succeed(const struct order *o, const char *transaction_id, int64_t amount_fen)
{
    struct succeed s = {o->payment.id, transaction_id, amount_fen, ERR_NONE};
    (void)store_run(server_temp.store, STORE_WRITE, succeed_step, &s);
    return s.e;
}

static enum err move_step(struct tx *tx, void *job)
{
    struct move *m = job;
    m->submission_id = made.submission_id;
    m->actor_id = made.student.id;
    m->now_us = clock_utc_us();
    return transition_apply(tx, m, NULL);
}

static enum err close_step(struct tx *tx, void *job)
{
    return payment_closed(tx, ((struct order *)job)->payment.id);
}

struct see {
    bool paid;
    enum wf_state state;
    size_t payments;
};

static enum err see_step(struct tx *tx, void *job)
{
    struct see *see = job;
    struct submission s;
    struct payment list[10];
    TRY(submission_get(tx, made.submission_id, &s));
    see->paid = s.paid;
    see->state = s.state;
    return payment_list(tx, made.submission_id, list, countof(list), &see->payments);
}

static struct see see(void)
{
    struct see s;
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, see_step, &s));
    return s;
}

static const char *bank_state(size_t index)
{
    const struct json *item = json_at(outside_ask(outside_ports.pay, "GET", "/bank", NULL), "items")->first;
    while (index-- > 0)
        item = item->next;
    return json_text_at(item, "trade_state", "");
}

/* ---- ---- */

TEST(an_order_is_started_once_and_asked_for_again)
{
    up();
    struct order a = order_start(), b = order_start();
    EQ_INT(ERR_NONE, a.e);
    TRUE(a.new && !b.new);
    EQ_TEXT(a.payment.id, b.payment.id);
    EQ_INT(PRICE_FEN, a.payment.amount_fen);
    order_prepay(&a);
    order_prepay(&a); /* the service takes it for the same */
    EQ_TEXT("prepaid", state_of(&a));
    EQ_INT(ERR_NONE, succeed(&a, "T1", PRICE_FEN));
    EQ_INT(ERR_REFUSED, order_start().e); /* nothing is due any more */
    server_down();
}

TEST(a_success_counts_once_and_only_for_our_sum)
{
    up();
    struct order o = order_start();
    EQ_INT(ERR_BAD_FIELD, succeed(&o, "T1", PRICE_FEN - 1));
    TRUE(!see().paid);
    for (int i = 0; i < 16; i++)
        EQ_INT(ERR_NONE, succeed(&o, "T1", PRICE_FEN));
    EQ_INT(ERR_CONFLICT, succeed(&o, "T2", PRICE_FEN));
    TRUE(see().paid);
    EQ_INT(WF_draft, see().state);
    struct order other = {.payment = {.id = "nobody"}};
    EQ_INT(ERR_NOT_FOUND, succeed(&other, "T3", PRICE_FEN));
    server_down();
}

static void *succeed_thread(void *arg)
{
    const struct order *o = arg;
    return (void *)(intptr_t)succeed(o, "T1", PRICE_FEN);
}

static enum err history_step(struct tx *tx, void *job)
{
    struct submission s;
    TRY(submission_get(tx, made.submission_id, &s));
    *(int64_t *)job = s.version;
    return ERR_NONE;
}

TEST(eight_callbacks_at_once_are_one_payment)
{
    pthread_t threads[8];
    up();
    struct order o = order_start();
    for (size_t i = 0; i < countof(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, succeed_thread, &o) == 0);
    for (size_t i = 0; i < countof(threads); i++) {
        void *e;
        CHECK(pthread_join(threads[i], &e) == 0);
        EQ_INT(ERR_NONE, (intptr_t)e);
    }
    int64_t version = 0;
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, history_step, &version));
    EQ_INT(2, version); /* one move */
    server_down();
}

TEST(money_for_a_closed_submission_goes_back)
{
    up();
    struct order o = order_start();
    order_prepay(&o);
    struct move withdraw = {.event = EV_withdraw, .actor_kind = ACTOR_STUDENT};
    server_write(move_step, &withdraw);
    (void)outside_ask(outside_ports.pay, "POST", "/fault", "{\"kind\":\"no_callback\"}");
    pay_now(&o); /* the sweep finds it */
    await(&o, "refunded");
    EQ_TEXT("REFUND", bank_state(0));
    EQ_INT(WF_closed, see().state);
    EQ_INT(0, server_settle().dead);
    server_down();
}

TEST(a_second_payment_goes_back_and_the_first_stays)
{
    up();
    struct order first = order_start();
    order_prepay(&first);
    server_write(close_step, &first); /* we gave it up … */
    struct order second = order_start();
    TRUE(second.new);
    order_prepay(&second);
    (void)outside_ask(outside_ports.pay, "POST", "/fault", "{\"kind\":\"no_callback\",\"times\":2}");
    pay_now(&second);
    await(&second, "paid");
    pay_now(&first); /* … and the student paid it nevertheless */
    EQ_INT(ERR_NONE, succeed(&first, bank_transaction, PRICE_FEN));
    await(&first, "refunded");
    EQ_TEXT("paid", state_of(&second));
    TRUE(see().paid);
    EQ_INT(WF_draft, see().state);
    EQ_INT(0, server_settle().dead);
    server_down();
}

TEST(a_callback_that_never_comes_is_found_by_asking)
{
    up();
    struct order o = order_start();
    order_prepay(&o);
    (void)outside_ask(outside_ports.pay, "POST", "/fault", "{\"kind\":\"no_callback\"}");
    pay_now(&o);
    await(&o, "paid");
    TRUE(see().paid);
    server_down();
}

TEST(refunds_happen_once_whatever_the_answer)
{
    static const char *const faults[] = {"drop_answer", "reset", "garbage", "truncate", "status"};
    for (size_t i = 0; i < countof(faults); i++) {
        up();
        struct order o = order_start();
        order_prepay(&o);
        pay_now(&o);
        await(&o, "paid");
        outside_fault(outside_ports.pay, faults[i], 1, 502, "/v3/refund");
        struct move withdraw = {.event = EV_withdraw, .actor_kind = ACTOR_STUDENT};
        server_write(move_step, &withdraw);
        await(&o, "refunded");
        EQ_TEXT("REFUND", bank_state(0));
        EQ_INT(0, server_settle().dead);
        server_down();
    }
}

TEST(prepay_says_whether_it_may_have_been_taken)
{
    static const struct {
        const char *kind;
        int64_t value;
        enum err e;
    } faults[] = {{"reset", 0, ERR_UPSTREAM_UNKNOWN},          {"garbage", 0, ERR_UPSTREAM_UNKNOWN},
                  {"truncate", 0, ERR_UPSTREAM_UNKNOWN},       {"drop_answer", 0, ERR_UPSTREAM_UNKNOWN},
                  {"status", 500, ERR_UPSTREAM_UNKNOWN},       {"status", 429, ERR_UPSTREAM},
                  {"status", 401, ERR_UPSTREAM_UNKNOWN},       {"unsigned", 0, ERR_UPSTREAM_UNKNOWN},
                  {"wrong_signature", 0, ERR_UPSTREAM_UNKNOWN}};
    up();
    struct order o = order_start();
    const struct pay_order order = bank_order_of(&o);
    struct pay_prepay prepay;
    char why[JSON_WHY_BYTES];
    for (size_t i = 0; i < countof(faults); i++) {
        outside_fault(outside_ports.pay, faults[i].kind, 1, faults[i].value, "/v3/pay");
        if (pay_prepay_blocking(&server_config.pay, &order, outside_arena, &prepay, why) != faults[i].e)
            TEST_FAIL("%s: not %s", faults[i].kind, err_name(faults[i].e));
    }
    EQ_INT(ERR_NONE, pay_prepay_blocking(&server_config.pay, &order, outside_arena, &prepay, why));
    struct pay_config nobody = server_config.pay;
    nobody.url = "http://127.0.0.1:1";
    EQ_INT(ERR_UPSTREAM, pay_prepay_blocking(&nobody, &order, outside_arena, &prepay, why));
    nobody.backup_url = server_config.pay.url; /* the main host is away: the backup host is asked */
    EQ_INT(ERR_NONE, pay_prepay_blocking(&nobody, &order, outside_arena, &prepay, why));
    nobody = server_config.pay;
    nobody.who.certificate_serial = "of another certificate"; /* the bank says 401, signed */
    EQ_INT(ERR_UPSTREAM, pay_prepay_blocking(&nobody, &order, outside_arena, &prepay, why));
    server_down();
}

/* ---- callbacks ---- */

#define NOW_S 1800000000

/* Our hook as the stand-in calls it: verify, then a unit. */
static struct hook {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    struct standin_http *http;
    int port;
    pthread_mutex_t lock; /* guards the counters */
    int accepted, refused;
} hook = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int hook_answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct pay_notice notice;
    (void)service, (void)out;
    const struct pay_signed head = {standin_header(r, PAY_SERIAL), standin_header(r, PAY_TIMESTAMP),
                                    standin_header(r, PAY_NONCE), standin_header(r, PAY_SIGNATURE)};
    bool good = pay_open_notice(&server_config.pay, &head, r->body, r->body_len, clock_utc_us(), r->arena, &notice) ==
                PAY_REFUSAL_none;
    if (good) {
        struct succeed s = {notice.id, notice.transaction_id, notice.amount_fen, ERR_NONE};
        good = store_run(server_temp.store, STORE_WRITE, succeed_step, &s) == ERR_NONE;
    }
    pthread_mutex_lock(&hook.lock);
    hook.accepted += good;
    hook.refused += !good;
    pthread_mutex_unlock(&hook.lock);
    return good ? 204 : 401;
}

static void hook_on_stop(uv_async_t *async)
{
    standin_http_close(hook.http);
    uv_close((uv_handle_t *)async, NULL);
}

static void *hook_main(void *arg)
{
    (void)arg;
    uv_run(&hook.loop, UV_RUN_DEFAULT);
    return NULL;
}

TEST(signed_callbacks_arrive_forged_ones_are_refused)
{
    up();
    hook.accepted = hook.refused = 0;
    CHECK(uv_loop_init(&hook.loop) == 0 && uv_async_init(&hook.loop, &hook.stop, hook_on_stop) == 0);
    hook.http = standin_http_open(&hook.loop, hook_answer, NULL, &hook.port);
    CHECK(pthread_create(&hook.thread, NULL, hook_main, NULL) == 0);
    snprintf(server_notify_url, sizeof server_notify_url, "http://127.0.0.1:%d/api/v1/hooks/pay", hook.port);
    struct order o = order_start();
    order_prepay(&o);
    (void)outside_ask(outside_ports.pay, "POST", "/fault", "{\"kind\":\"forged_callback\"}");
    (void)outside_ask(outside_ports.pay, "POST", "/fault", "{\"kind\":\"double_callback\"}");
    pay_now(&o);
    for (bool over = false; !over; server_wait()) {
        pthread_mutex_lock(&hook.lock);
        over = hook.accepted >= 2;
        pthread_mutex_unlock(&hook.lock);
    }
    EQ_INT(1, hook.refused);
    EQ_TEXT("paid", state_of(&o));
    TRUE(see().paid);
    uv_async_send(&hook.stop);
    pthread_join(hook.thread, NULL);
    CHECK(uv_loop_close(&hook.loop) == 0);
    server_notify_url[0] = '\0';
    server_down();
}

TEST(the_courier_is_believed_when_it_signs)
{
    struct courier_notice notice;
    struct arena *a = arena_new(KIB(64));
    const char *body = "{\"carrier\":\"SF\",\"number\":\"SF1\",\"state\":\"delivered\"}";
    char signature[WEBHOOK_SIGNATURE_BYTES];
    webhook_sign("key", 3, "id", "1800000000", body, strlen(body), signature);
    const struct webhook_head head = {"id", "1800000000", signature};
    EQ_INT(ERR_NONE, courier_verify("key", &head, body, strlen(body), SECONDS_US(NOW_S), a, &notice));
    TRUE(notice.delivered);
    EQ_TEXT("SF1", notice.number);
    EQ_INT(ERR_UNAUTHENTICATED, courier_verify("other", &head, body, strlen(body), SECONDS_US(NOW_S), a, &notice));
    EQ_INT(ERR_UNAUTHENTICATED, courier_verify(NULL, &head, body, strlen(body), SECONDS_US(NOW_S), a, &notice));
    arena_free(a);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
