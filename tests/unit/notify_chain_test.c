/* links: xy_standin xy_dispatch */
/* The chain of channels, the order per student, quiet hours, and what faults of the outside make of a message; time
 * moves only when a test says so. */
#include "base/crypt.h"
#include "base/text.h"
#include "store/conversation.h"
#include "store/follower.h"
#include "store/message.h"
#include "store/message_hop.h"
#include "store/quota.h"
#include "tests/check.h"
#include "tests/unit/outside_server.h"

#define SUBSCRIBE "/cgi-bin/message/subscribe/send"
#define TEMPLATE  "/cgi-bin/message/template/send"
#define HOUR_US   SECONDS_US(3600)
/* 2026-06-15, 12:00 in China */
#define NOON_US INT64_C(1781496000000000)

static int64_t now_us;

static void go_to(int64_t utc_us)
{
    now_us = utc_us;
    clock_fake_set(utc_us);
}

static int64_t virtual_us(void)
{
    return clock_utc_us();
}

static void up_at(int64_t utc_us)
{
    go_to(utc_us);
    server_config.breaker_now_us = NULL;
    server_up();
}

static void down(void)
{
    server_down();
    clock_fake_set(0);
}

/* Until nothing is left, or only what waits for a time behind `until_us`: time jumps whenever nobody works. */
static void run_until(int64_t until_us)
{
    struct outbox_status status;
    int idle = 0;
    int64_t give_up_us = clock_mono_us() + SECONDS_US(60);
    for (;;) {
        EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, server_count_step, &status));
        if (status.waiting + status.running + status.unknown == 0)
            return;
        if (clock_mono_us() > give_up_us)
            TEST_FAIL("rows are left: %" PRId64 " waiting, %" PRId64 " running", status.waiting, status.running);
        idle = status.running > 0 || status.oldest_due_us <= now_us ? 0 : idle + 1;
        if (idle > 2 && status.oldest_due_us > until_us)
            return;
        if (idle > 2) {
            go_to(status.oldest_due_us);
            dispatch_wake(atomic_load(&server_dispatch));
        }
        server_wait();
    }
}

#define FAR_US (NOON_US + 400 * 24 * HOUR_US)

/* ---- students and messages ---- */

struct person {
    struct server_student s;
    bool follows;
    const char *phone;
    int64_t prompts;
};

static enum err person_step(struct tx *tx, void *job)
{
    struct person *p = job;
    const char *name = p->s.openid + strlen("openid-");
    TRY(follower_student_unionid(tx, p->s.id, arena_printf(tx->arena, "unionid-%s", name)));
    if (p->follows)
        TRY(follower_put(tx, arena_printf(tx->arena, "page-openid-%s", name),
                         arena_printf(tx->arena, "unionid-%s", name), now_us));
    for (int64_t i = 0; i < p->prompts; i++)
        TRY(quota_accept(tx, p->s.id, "standin-result", QUOTA_FROM_PAGE, now_us));
    return p->phone == NULL ? ERR_NONE : student_set_phone(tx, p->s.id, p->phone);
}

static struct person person(const char *openid, int64_t prompts, bool follows, const char *phone)
{
    struct person p = {.s = server_student(openid), .follows = follows, .phone = phone, .prompts = prompts};
    server_write(person_step, &p);
    return p;
}

struct told {
    const char *id, *student_id, *kind, *code, *submission_id;
    char message_id[CRYPT_ID_TEXT_BYTES];
};

static enum err tell_step(struct tx *tx, void *job)
{
    struct told *t = job;
    const struct message_tell tell = {.id = t->id,
                                      .student_id = t->student_id,
                                      .submission_id = t->submission_id,
                                      .kind = t->kind,
                                      .detail = arena_printf(tx->arena, "{\"code\":\"%s\"}", t->code),
                                      .now_us = now_us};
    message_id_of(t->id, now_us, t->message_id);
    return message_tell(tx, &tell);
}

static struct told tell(const char *id, const struct person *p, const char *kind, const char *code)
{
    struct told t = {.id = id, .student_id = p->s.id, .kind = kind, .code = code};
    server_write(tell_step, &t);
    return t;
}

struct seen {
    const char *message_id;
    struct message_hop hops[HOPS_MAX];
    size_t count;
    char channel[20];
};

static enum err see_step(struct tx *tx, void *job)
{
    struct seen *s = job;
    struct message_row row;
    TRY(message_get(tx, s->message_id, &row));
    snprintf(s->channel, sizeof s->channel, "%s", row.channel);
    TRY(message_hop_list(tx, s->message_id, s->hops, &s->count));
    for (size_t i = 0; i < s->count; i++) {
        s->hops[i].channel = arena_text(outside_arena, s->hops[i].channel);
        s->hops[i].state = arena_text(outside_arena, s->hops[i].state);
        s->hops[i].why = arena_text(outside_arena, s->hops[i].why);
    }
    return ERR_NONE;
}

static struct seen see(const struct told *t)
{
    struct seen s = {.message_id = t->message_id};
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, see_step, &s));
    return s;
}

/* "subscription skipped no accepted prompt left, template sent, …" */
static const char *path_of(const struct told *t)
{
    struct seen s = see(t);
    const char *text = "";
    for (size_t i = 0; i < s.count; i++)
        text = arena_printf(outside_arena, "%s%s%s %s%s%s", text, i > 0 ? ", " : "", s.hops[i].channel, s.hops[i].state,
                            s.hops[i].why[0] != '\0' ? ": " : "", s.hops[i].why);
    return text;
}

static int64_t count_of(int port, const char *path)
{
    return json_int_at(outside_ask(port, "GET", path, NULL), "count", -1);
}

TEST(each_channel_is_asked_in_its_turn)
{
    up_at(NOON_US);
    struct person all = person("openid-all", 1, true, "13800000001"), second = person("openid-b", 0, true, NULL),
                  gone = person("openid-gone", 0, true, "13800000003"), none = person("openid-d", 0, false, NULL);
    struct told a = tell("a", &all, "passed", "A"), b = tell("b", &second, "passed", "B"),
                c = tell("c", &gone, "passed", "C"), d = tell("d", &none, "passed", "D");
    run_until(FAR_US);
    EQ_TEXT("subscription sent", path_of(&a));
    EQ_TEXT("subscription skipped: no accepted prompt left, template sent", path_of(&b));
    EQ_TEXT("subscription skipped: no accepted prompt left, template refused: errcode 43004, sms sent", path_of(&c));
    EQ_TEXT("subscription skipped: no accepted prompt left, template skipped: does not follow the service account, "
            "sms skipped: no phone number",
            path_of(&d));
    EQ_TEXT("subscription", see(&a).channel);
    EQ_TEXT("sms", see(&c).channel);
    EQ_TEXT("inbox", see(&d).channel);
    EQ_INT(1, count_of(outside_ports.sms, "/texts?to=13800000003"));
    EQ_INT(1, count_of(outside_ports.sms, "/texts"));
    down();
}

TEST(what_wechat_cannot_take_now_goes_on_after_some_tries)
{
    up_at(NOON_US);
    server_config.breaker_now_us = NULL;
    struct person p = person("openid-a", 3, false, "13800000001");
    outside_fault(outside_ports.wechat, "errcode", 1000, -1, SUBSCRIBE);
    struct told t = tell("a", &p, "passed", "A");
    run_until(FAR_US);
    EQ_TEXT("subscription failed: errcode -1, template skipped: does not follow the service account, "
            "sms sent",
            path_of(&t));
    EQ_INT(4, outside_count(outside_ports.wechat, SUBSCRIBE));
    down();
}

static const char *code_of(const struct json *message)
{
    return json_text_at(message, "data.character_string4.value", "?");
}

/* The codes that WeChat delivered to somebody, in order. */
static const char *delivered_to(const char *openid)
{
    const char *codes = "";
    const struct json *items = json_at(outside_ask(outside_ports.wechat, "GET", "/messages", NULL), "items");
    for (const struct json *m = items->first; m != NULL; m = m->next)
        if (text_is(openid, json_text_at(m, "touser", "")))
            codes = arena_printf(outside_arena, "%s%s", codes, code_of(m));
    return codes;
}

TEST(a_later_message_never_overtakes_an_earlier_one)
{
    static const char *const names[] = {"1", "2", "3", "4", "5"};
    up_at(NOON_US);
    struct person p = person("openid-a", 9, false, NULL), other = person("openid-b", 9, false, NULL);
    outside_fault(outside_ports.wechat, "reset", 2, 0, SUBSCRIBE);
    outside_fault(outside_ports.wechat, "status", 2, 500, SUBSCRIBE);
    for (size_t i = 0; i < countof(names); i++) /* all in the same microsecond */
        (void)tell(arena_printf(outside_arena, "a-%zu", i), &p, "passed", names[i]);
    (void)tell("b", &other, "passed", "B");
    run_until(FAR_US);
    EQ_TEXT("12345", delivered_to("openid-a"));
    EQ_TEXT("B", delivered_to("openid-b"));
    down();
}

/* ---- quiet hours ---- */

static enum err session_step(struct tx *tx, void *job)
{
    struct told *t = job;
    static char submission[CRYPT_ID_TEXT_BYTES];
    struct policy policy;
    struct buf b;
    char session[CRYPT_ID_TEXT_BYTES], school[CRYPT_ID_TEXT_BYTES];
    message_id_of("session", now_us, session);
    message_id_of("school", now_us, school);
    message_id_of("submission", now_us, submission);
    policy_default(&policy);
    policy.quiet_from_hour = 22;
    policy.quiet_to_hour = 8;
    buf_init(&b, KIB(8));
    policy_write(&policy, &b);
    const struct session_new made = {.id = session,
                                     .code = "25103003",
                                     .name = "x",
                                     .school_id = school,
                                     .school_code = "10001",
                                     .school_name = "x",
                                     .closes_us = FAR_US,
                                     .now_us = now_us,
                                     .policy_json = arena_text(tx->arena, buf_cstr(&b)),
                                     .changed_by = "test"};
    buf_release(&b);
    TRY(session_add(tx, &made));
    const struct submission s = {.id = submission,
                                 .code = "3B92K7-4",
                                 .session_id = session,
                                 .student_id = t->student_id,
                                 .state = WF_draft,
                                 .created_us = now_us,
                                 .moved_us = now_us};
    TRY(submission_add(tx, &s));
    t->submission_id = submission;
    return ERR_NONE;
}

TEST(at_night_wechat_waits_and_the_inbox_does_not)
{
    up_at(NOON_US + 11 * HOUR_US + SECONDS_US(1800)); /* 23:30 */
    struct person p = person("openid-a", 9, false, NULL);
    struct told first = {.id = "a", .student_id = p.s.id, .kind = "passed", .code = "1"};
    server_write(session_step, &first);
    server_write(tell_step, &first);
    struct told second = first;
    second.id = "b";
    second.code = "2";
    server_write(tell_step, &second);
    int64_t eight_us = NOON_US + 20 * HOUR_US;
    run_until(eight_us - 1);
    EQ_TEXT("subscription held: quiet hours", path_of(&first));
    EQ_TEXT("inbox", see(&second).channel); /* it is there to be read */
    EQ_INT(0, outside_count(outside_ports.wechat, SUBSCRIBE));
    run_until(FAR_US);
    EQ_INT(eight_us, now_us);
    EQ_TEXT("subscription sent", path_of(&second));
    EQ_TEXT("12", delivered_to("openid-a"));
    down();
}

/* ---- answers of customer service ---- */

static enum err asked_step(struct tx *tx, void *job)
{
    struct told *t = job;
    const struct conversation_word word = {.id = t->message_id,
                                           .student_id = t->student_id,
                                           .sender = MESSAGE_FROM_STUDENT,
                                           .text = "?",
                                           .now_us = now_us};
    message_id_of(t->id, now_us, t->message_id);
    TRY(conversation_say(tx, &word));
    return conversation_window_open(tx, t->student_id, "mini", t->code, false, now_us);
}

static enum err answer_step(struct tx *tx, void *job)
{
    struct told *t = job;
    const struct conversation_word word = {.id = t->message_id,
                                           .student_id = t->student_id,
                                           .sender = MESSAGE_FROM_SERVICE,
                                           .text = "能，镜片别反光",
                                           .now_us = now_us};
    message_id_of(t->id, now_us, t->message_id);
    TRY(conversation_say(tx, &word));
    return message_tell_again(tx, t->message_id, now_us);
}

TEST(answers_go_into_wechats_window_and_not_beyond_it)
{
    up_at(NOON_US);
    struct person p = person("openid-a", 0, false, NULL);
    struct told asked = {.id = "q", .student_id = p.s.id, .code = "openid-a"}, answers[7];
    server_write(asked_step, &asked);
    for (size_t i = 0; i < countof(answers); i++) {
        answers[i] = (struct told){.id = arena_printf(outside_arena, "a-%zu", i), .student_id = p.s.id};
        go_to(now_us + SECONDS_US(60));
        server_write(answer_step, &answers[i]);
        run_until(FAR_US);
        EQ_TEXT(i < 5 ? "customer" : "inbox", see(&answers[i]).channel);
    }
    EQ_INT(5, outside_count(outside_ports.wechat, "/cgi-bin/message/custom/send"));
    go_to(now_us + HOUR_US);
    server_write(asked_step, &asked);
    go_to(now_us + 48 * HOUR_US); /* five answers left, and too late */
    answers[0].id = "late";
    server_write(answer_step, &answers[0]);
    run_until(FAR_US);
    EQ_TEXT("inbox", see(&answers[0]).channel);
    EQ_TEXT("customer skipped: no open conversation in WeChat, subscription skipped: no accepted prompt left, "
            "template skipped: does not follow the service account, sms skipped: not sent as a text message",
            path_of(&answers[0]));
    down();
}

/* ---- W1: faults × channels ---- */

static const struct fault {
    const char *kind;
    int64_t value;
    bool ambiguous; /* the other side may have acted */
} faults[] = {
    {"reset", 0, false},       {"drop_answer", 0, true},  {"truncate", 0, true},       {"garbage", 0, true},
    {"slow", 30, false},       {"status", 429, false},    {"status", 500, true},       {"status", 502, true},
    {"status", 503, true},     {"status", 404, true},     {"errcode", -1, false},      {"errcode", 40001, false},
    {"errcode", 42001, false}, {"errcode", 45009, false}, {"errcode", 43101, false},   {"errcode", 47003, false},
    {"errcode", 40037, false}, {"errcode", 40003, false}, {"expired_token", 0, false}, {"errcode", 48001, false},
    {"errcode", 99999, false},
};

static const struct {
    const char *path;
    int64_t prompts;
    bool follows;
    const char *phone;
} ways[] = {{SUBSCRIBE, 2, false, NULL},
            {TEMPLATE, 0, true, NULL},
            {"/sms", 0, false, "13800000009"},
            {SUBSCRIBE, 2, true, "13800000008"}};

TEST(no_fault_loses_a_message_and_none_doubles_it)
{
    up_at(NOON_US);
    for (size_t w = 0; w < countof(ways); w++)
        for (size_t f = 0; f < countof(faults); f++) {
            const char *name = arena_printf(outside_arena, "openid-%zu-%zu", w, f);
            bool sms = ways[w].path[1] == 's';
            if (sms && faults[f].kind[0] == 'e')
                continue; /* WeChat's own */
            struct person p = person(name, ways[w].prompts, ways[w].follows, ways[w].phone);
            int64_t texts = count_of(outside_ports.sms, "/texts"), all = count_of(outside_ports.wechat, "/messages");
            outside_fault(sms ? outside_ports.sms : outside_ports.wechat, faults[f].kind, 1, faults[f].value,
                          ways[w].path);
            struct told t = tell(name, &p, "passed", "A");
            run_until(FAR_US);
            int64_t copies =
                count_of(outside_ports.sms, "/texts") - texts + count_of(outside_ports.wechat, "/messages") - all;
            struct seen s = see(&t);
            bool refused_there = strcmp(s.channel, "inbox") == 0;
            if (copies > 1 + faults[f].ambiguous || (copies == 0 && !refused_there) || (copies > 0 && refused_there))
                TEST_FAIL("%s %s %" PRId64 ": %" PRId64 " copies, channel %s, %s", ways[w].path, faults[f].kind,
                          faults[f].value, copies, s.channel, path_of(&t));
            if (w == 3 && copies == 0)
                TEST_FAIL("%s %" PRId64 ": another channel was there", faults[f].kind, faults[f].value);
        }
    down();
}

/* ---- W1: three days without WeChat ---- */

#define PEOPLE   60
#define MESSAGES 3

TEST(three_days_of_outage_are_made_up_for_in_order)
{
    static struct person people[PEOPLE];
    go_to(NOON_US);
    server_config.breaker_now_us = NULL;
    server_up();
    server_dispatch_stop();
    server_config.wechat_page.appid = "";
    server_config.sms.url = "";
    server_config.retry_scale_percent = 100;
    server_config.breaker_now_us = virtual_us;
    server_dispatch_start();
    outside_fault(outside_ports.wechat, "status", 10000000, 503, SUBSCRIBE);
    for (size_t i = 0; i < PEOPLE; i++) {
        people[i] = person(arena_printf(outside_arena, "openid-%zu", i), 9, false, NULL);
        for (size_t k = 0; k < MESSAGES; k++)
            (void)tell(arena_printf(outside_arena, "r-%zu-%zu", i, k), &people[i], "passed",
                       arena_printf(outside_arena, "%zu", k + 1));
    }
    run_until(NOON_US + 72 * HOUR_US);
    EQ_TEXT("", delivered_to("openid-7"));
    go_to(NOON_US + 72 * HOUR_US);
    (void)outside_ask(outside_ports.wechat, "POST", "/fault", "{\"kind\":\"none\"}");
    int64_t began_us = now_us;
    run_until(FAR_US);
    EQ_INT(PEOPLE * MESSAGES, count_of(outside_ports.wechat, "/messages"));
    for (size_t i = 0; i < PEOPLE; i++)
        EQ_TEXT("123", delivered_to(people[i].s.openid));
    TRUE(now_us - began_us <= SECONDS_US(600)); /* WeChat is asked again every ten minutes */
    printf("    drained in %" PRId64 " virtual minutes\n", (now_us - began_us) / SECONDS_US(60));
    down();
}

int main(void)
{
    crypt_start();
    return tests_run();
}
