/* links: xy_standin xy_dispatch PkgConfig::OPENSSL */
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
#include "tests/unit/tls_fixture.h"

#define SUBSCRIBE "/cgi-bin/message/subscribe/send"
#define TEMPLATE  "/cgi-bin/message/template/send"
#define CUSTOMER  "/cgi-bin/message/custom/send"
#define TEXTS     "/sms"
#define HOUR_US   SECONDS_US(3600)
#define MINUTE_US SECONDS_US(60)
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
    server_up();
    server_dispatch_stop();
    server_config.breaker_now_us = virtual_us;
    server_dispatch_start();
}

static void down(void)
{
    server_down();
    clock_fake_set(0);
}

/* Until nothing is left, or only what waits for a time behind `until_us`: time jumps whenever nobody works, to the full
 * minute behind the next row's, so that what was spread by a second is done together. */
static void run_until(int64_t until_us)
{
    struct outbox_status status;
    int64_t give_up_us = clock_mono_us() + SECONDS_US(60);
    for (;;) {
        EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, server_count_step, &status));
        if (status.waiting + status.running + status.unknown == 0)
            return;
        if (clock_mono_us() > give_up_us)
            TEST_FAIL("rows are left: %" PRId64 " waiting, %" PRId64 " running", status.waiting, status.running);
        bool idle = status.running == 0 && status.oldest_due_us > now_us;
        if (idle && status.oldest_due_us > until_us)
            return;
        if (idle) {
            go_to((status.oldest_due_us + MINUTE_US - 1) / MINUTE_US * MINUTE_US);
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
    EQ_INT(5, outside_count(outside_ports.wechat, CUSTOMER));
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

/* ---- W1: faults × kinds of message ---- */

enum harm {
    NOTHING_DONE, /* the other side did not act, and we know it */
    MAYBE_DONE,   /* it may have acted */
    FOR_EVER      /* repeating cannot help: one try only */
};
static const struct fault {
    const char *kind;
    int64_t value;
    enum harm harm;
    bool waits; /* until the client gives up: asked of fewer */
} faults[] = {
    {"reset", 0, MAYBE_DONE, false},         {"cut", 1, MAYBE_DONE, false},
    {"cut", 40, MAYBE_DONE, false},          {"cut", 130, MAYBE_DONE, false},
    {"drop_answer", 0, MAYBE_DONE, false},   {"truncate", 0, MAYBE_DONE, false},
    {"garbage", 0, MAYBE_DONE, false},       {"huge", 100000000, MAYBE_DONE, false},
    {"hang", 0, MAYBE_DONE, true},           {"slow", 60000, MAYBE_DONE, true},
    {"trickle", 1000, MAYBE_DONE, true},     {"status", 429, NOTHING_DONE, false},
    {"status", 500, MAYBE_DONE, false},      {"status", 502, MAYBE_DONE, false},
    {"status", 503, MAYBE_DONE, false},      {"status", 404, MAYBE_DONE, false},
    {"errcode", -1, NOTHING_DONE, false},    {"errcode", 40001, NOTHING_DONE, false},
    {"errcode", 42001, NOTHING_DONE, false}, {"errcode", 45009, NOTHING_DONE, false},
    {"errcode", 99999, NOTHING_DONE, false}, {"expired_token", 0, NOTHING_DONE, false},
    {"errcode", 43101, FOR_EVER, false},     {"errcode", 47003, FOR_EVER, false},
    {"errcode", 40037, FOR_EVER, false},     {"errcode", 40003, FOR_EVER, false},
    {"errcode", 48001, FOR_EVER, false},
};

enum way_name { BY_SUBSCRIPTION, BY_TEMPLATE, BY_CUSTOMER, BY_TEXT, BY_ANY, WAYS };
static const struct {
    const char *path; /* where the fault is */
    int64_t prompts;
    bool follows, phone;
} ways[WAYS] = {[BY_SUBSCRIPTION] = {SUBSCRIBE, 2, false, false},
                [BY_TEMPLATE] = {TEMPLATE, 0, true, false},
                [BY_CUSTOMER] = {CUSTOMER, 0, false, false},
                [BY_TEXT] = {TEXTS, 0, false, true},
                [BY_ANY] = {SUBSCRIBE, 2, true, true}};

#define EACH 3 /* messages of a kind that meet the same fault, each of another student */
struct cell {
    enum way_name way;
    const struct fault *fault;
    const char *openid, *phone;
    enum harm harm;
    struct told told;
    int64_t asked, faulty, copies; /* requests where the fault is; those that met it; what arrived by any channel */
};
static struct cell cells[WAYS * countof(faults) * EACH];
static size_t cell_count;

/* One who is told something, by a way that is there. */
static void tell_cell(struct cell *c)
{
    struct person p =
        person(c->openid, ways[c->way].prompts, ways[c->way].follows, ways[c->way].phone ? c->phone : NULL);
    if (c->way != BY_CUSTOMER) {
        c->told = tell(c->openid, &p, "passed", "A");
        c->told.student_id = arena_text(outside_arena, p.s.id);
        return;
    }
    struct told asked = {.id = c->openid, .student_id = p.s.id, .code = c->openid};
    server_write(asked_step, &asked);
    c->told = (struct told){.id = arena_printf(outside_arena, "%s-answer", c->openid),
                            .student_id = arena_text(outside_arena, p.s.id)};
    server_write(answer_step, &c->told);
}

static void add_cell(enum way_name way, const struct fault *fault, size_t number)
{
    size_t at = (size_t)(fault - faults);
    struct cell *c = &cells[cell_count++];
    bool text = way == BY_TEXT, refused = text && fault->value == 404;
    *c = (struct cell){.way = way,
                       .fault = fault,
                       .harm = refused ? FOR_EVER : fault->harm,
                       .openid = arena_printf(outside_arena, "openid-%d-%02zu-%zu", (int)way, at, number),
                       .phone = arena_printf(outside_arena, "138%d%03zu%04zu", (int)way, at, number)};
    (void)outside_ask(text ? outside_ports.sms : outside_ports.wechat, "POST", "/fault",
                      arena_printf(outside_arena,
                                   "{\"kind\":\"%s\",\"times\":%d,\"value\":%" PRId64
                                   ",\"path\":\"%s\",\"body\":\"%s\"}",
                                   fault->kind,
                                   c->harm == FOR_EVER ? 1000
                                   : fault->waits      ? 1
                                                       : 2,
                                   fault->value, ways[way].path, text ? c->phone : c->openid));
}

/* What the stand-ins saw, told apart by whom it was for. */
static void count_cells(int port, const char *path, bool arrived)
{
    const struct json *items = json_at(outside_ask(port, "GET", path, NULL), "items");
    for (const struct json *m = items->first; m != NULL; m = m->next) {
        const char *body = json_text_at(m, "body", NULL), *at = json_text_at(m, "path", ""), *to;
        to = arrived ? json_text_at(m, "touser", json_text_at(m, "to", "")) : body;
        for (struct cell *c = cells; to != NULL && c < cells + cell_count; c++) {
            if (strstr(to, c->openid) == NULL && strstr(to, c->phone) == NULL)
                continue;
            c->copies += arrived;
            c->asked += !arrived && text_is(at, ways[c->way].path);
            c->faulty +=
                !arrived && text_is(at, ways[c->way].path) && text_is(json_text_at(m, "fault", ""), c->fault->kind);
        }
    }
}

static void count_all(void)
{
    count_cells(outside_ports.wechat, "/log", false);
    count_cells(outside_ports.sms, "/log", false);
    count_cells(outside_ports.wechat, "/messages", true);
    count_cells(outside_ports.sms, "/texts", true);
}

/* NULL: as it must be. */
static const char *wrong_with(const struct cell *c)
{
    bool inbox = strcmp(see(&c->told).channel, "inbox") == 0, other = c->way == BY_ANY;
    bool by_id = c->way == BY_TEMPLATE || c->way == BY_TEXT; /* one however often it is sent */
    int64_t doubles = c->harm == MAYBE_DONE && !by_id ? c->faulty : 0;
    if (c->faulty == 0)
        return "the fault was not met";
    if (c->harm == FOR_EVER && c->asked != 1)
        return "asked again what was refused for good";
    if (c->harm == FOR_EVER && !other)
        return c->copies == 0 && inbox ? NULL : "refused for good, and not in the inbox alone";
    if (c->copies == 0 || inbox)
        return "lost";
    return c->copies > 1 + doubles ? "doubled" : NULL;
}

static enum err unread_step(struct tx *tx, void *job)
{
    struct cell *c = job;
    int64_t unread = 0;
    TRY(message_unread(tx, c->told.student_id, &unread));
    return unread == 1 ? ERR_NONE : ERR_NOT_FOUND;
}

TEST(no_fault_loses_a_message_and_none_doubles_it)
{
    up_at(NOON_US);
    server_dispatch_stop();
    server_config.client_total_ms = 1500;
    cell_count = 0;
    for (enum way_name way = 0; way < WAYS; way++)
        for (const struct fault *fault = faults; fault < faults + countof(faults); fault++)
            for (size_t i = 0; i < (fault->waits ? 1 : EACH); i++)
                if (way != BY_TEXT || fault->kind[0] != 'e') /* errcodes and tokens are WeChat's own */
                    add_cell(way, fault, i);
    for (size_t i = 0; i < cell_count; i++)
        tell_cell(&cells[i]);
    for (size_t i = 0; i < cell_count; i++) /* nothing has gone out yet, and the inbox has it */
        EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, unread_step, &cells[i]));
    server_dispatch_start();
    run_until(FAR_US);
    count_all();
    for (size_t i = 0; i < cell_count; i++) {
        const char *wrong = wrong_with(&cells[i]);
        if (wrong != NULL)
            TEST_FAIL("%s %s %" PRId64 ": %s; %" PRId64 " asked, %" PRId64 " faulty, %" PRId64 " copies, %s",
                      ways[cells[i].way].path, cells[i].fault->kind, cells[i].fault->value, wrong, cells[i].asked,
                      cells[i].faulty, cells[i].copies, path_of(&cells[i].told));
    }
    printf("    %zu messages\n", cell_count);
    down();
}

/* A port nobody listens on: taken and given back. */
static int closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, len) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void reach(const char *wechat, const char *texts)
{
    server_dispatch_stop();
    server_config.wechat.url = server_config.wechat_page.url = wechat;
    server_config.sms.url = arena_printf(outside_arena, "%s/sms", texts);
    server_dispatch_start();
}

TEST(whom_nobody_can_reach_is_told_when_they_are_back)
{
    static const struct fault none = {"", 0, NOTHING_DONE, false};
    up_at(NOON_US);
    tls_up();
    const char *wechat = server_config.wechat.url, *texts = outside_url(outside_ports.sms, "");
    const char *const nowhere[] = {outside_url(closed_port(), ""), "http://nobody.invalid",
                                   arena_printf(outside_arena, "https://127.0.0.1:%d", tls.port)};
    cell_count = 0;
    for (size_t k = 0; k < countof(nowhere); k++) {
        struct cell *first = &cells[cell_count];
        reach(nowhere[k], nowhere[k]);
        for (enum way_name way = 0; way < BY_ANY; way++) {
            struct cell *c = &cells[cell_count++];
            *c = (struct cell){.way = way,
                               .fault = &none,
                               .openid = arena_printf(outside_arena, "openid-%zu-%d", k, (int)way),
                               .phone = arena_printf(outside_arena, "1390000%zu%03d", k, (int)way)};
            tell_cell(c);
        }
        run_until(now_us + 10 * MINUTE_US);
        for (struct cell *c = first; c < cells + cell_count; c++) {
            struct seen s = see(&c->told);
            const struct message_hop *last = &s.hops[s.count - 1];
            EQ_TEXT("inbox", s.channel);
            EQ_TEXT("again", last->state); /* nothing left us: no doubt about it */
            TRUE(last->tries >= 4);
        }
        reach(wechat, texts);
        run_until(FAR_US);
    }
    count_all();
    for (size_t i = 0; i < cell_count; i++)
        EQ_INT(1, cells[i].copies);
    tls_down();
    down();
}

/* ---- W1: three days without WeChat ---- */

#define PEOPLE   60
#define MESSAGES 3

TEST(three_days_of_outage_are_made_up_for_in_order)
{
    static struct person people[PEOPLE];
    up_at(NOON_US);
    server_dispatch_stop();
    server_config.wechat_page.appid = "";
    server_config.sms.url = "";
    server_config.retry_scale_percent = 100;
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
