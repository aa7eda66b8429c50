/* links: xy_standin xy_dispatch */
#include "base/crypt.h"
#include "base/text.h"
#include "store/message.h"
#include "store/quota.h"
#include "store/secret.h"
#include "tests/check.h"
#include "tests/unit/outside_server.h"

#define SEND   "/cgi-bin/message/subscribe/send"
#define RESULT "standin-result"

struct put {
    const char *id, *student_id, *kind, *detail;
    int64_t at_us;
};

static enum err put_step(struct tx *tx, void *job)
{
    const struct put *p = job;
    const struct message_tell tell = {
        .id = p->id, .student_id = p->student_id, .kind = p->kind, .detail = p->detail, .now_us = p->at_us};
    return message_tell(tx, &tell);
}

static void tell_at(const char *id, const struct server_student *s, const char *event, const char *to, int64_t at_us)
{
    struct put p = {id, s->id, message_kind_of(event, to),
                    "{\"code\":\"3B92K7-4\",\"reasons\":[\"blur\",\"eyes_closed\"],\"carrier\":\"顺丰速运\","
                    "\"tracking_no\":\"SF1\"}",
                    at_us};
    server_write(put_step, &p);
}

/* 2026-01-15, 16:00 in China */
#define MOVED_US INT64_C(1768464000000000)

static void tell(const char *id, const struct server_student *s, const char *event, const char *to)
{
    tell_at(id, s, event, to, MOVED_US);
}

struct look {
    const char *student_id, *template_id;
    struct message_row rows[50];
    size_t count;
    int64_t remaining;
    struct arena *arena;
};

static enum err look_step(struct tx *tx, void *job)
{
    struct look *l = job;
    TRY(message_list(tx, l->student_id, NULL, l->rows, countof(l->rows), &l->count));
    for (size_t i = 0; i < l->count; i++) {
        struct message_row *row = &l->rows[i];
        row->id = arena_text(l->arena, row->id);
        row->kind = arena_text(l->arena, row->kind);
        row->detail = arena_text(l->arena, row->detail);
        row->channel = arena_text(l->arena, row->channel);
    }
    return quota_remaining(tx, l->student_id, l->template_id, &l->remaining);
}

static struct look look(const struct server_student *s)
{
    struct look l = {.student_id = s->id, .template_id = RESULT, .arena = outside_arena};
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, look_step, &l));
    return l;
}

static enum err accept_step(struct tx *tx, void *job)
{
    return quota_accept(tx, ((struct server_student *)job)->id, RESULT, QUOTA_FROM_PAGE, clock_utc_us());
}

/* The student taps "allow" once: our ledger and WeChat's. */
static void accept_one(struct server_student *s, int64_t at_wechat)
{
    server_write(accept_step, s);
    (void)outside_ask(outside_ports.wechat, "POST", "/quota",
                      arena_printf(outside_arena,
                                   "{\"openid\":\"%s\",\"template_id\":\"" RESULT "\",\"remaining\":%" PRId64 "}",
                                   s->openid, at_wechat));
}

static int64_t delivered(void)
{
    return json_int_at(outside_ask(outside_ports.wechat, "GET", "/messages", NULL), "count", -1);
}

TEST(every_move_that_tells_has_a_message)
{
    size_t count;
    const struct wf_row *rows = wf_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if ((rows[i].effects >> WF_EFFECT_BIT_notify & 1) == 0)
            continue;
        const char *event = wf_event_name(rows[i].event), *to = wf_state_name(rows[i].to);
        if (message_kind_of(event, to) == NULL)
            TEST_FAIL("nothing is said for %s → %s", event, to);
    }
    TRUE(message_kind_of("intake", "human_review") == NULL);
}

TEST(words_name_reasons_in_the_readers_language)
{
    struct arena *a = arena_new(KIB(64));
    struct message_words w;
    const char *detail = "{\"code\":\"3B92K7-4\",\"reasons\":[\"blur\",\"eyes_closed\"],\"note\":\"再拍一张\"}";
    message_render("retake", detail, LANGUAGE_ZH, a, &w);
    EQ_TEXT("照片模糊、眼睛未睁开", w.short_text);
    EQ_TEXT("照片没有通过：照片模糊，未对焦或镜头有污渍、闭眼或眼睛未自然睁开。再拍一张。请按提示重拍。编号 3B92K7-4。",
            w.text);
    message_render("retake", detail, LANGUAGE_EN, a, &w);
    EQ_TEXT("Blurred, Eyes closed", w.short_text);
    message_render("of_a_newer_version", "not json", LANGUAGE_ZH, a, &w);
    EQ_TEXT("of_a_newer_version", w.title);
    EQ_TEXT("", w.text);
    message_render("submitted", NULL, LANGUAGE_EN, a, &w);
    EQ_TEXT("Handed in", w.title);
    arena_free(a);
}

TEST(without_a_prompt_the_inbox_alone_is_told)
{
    server_up();
    struct server_student s = server_student("openid-a");
    tell("row:1:notify", &s, "reject_retry", "retake");
    struct outbox_status status = server_settle();
    EQ_INT(0, status.dead);
    struct look l = look(&s);
    EQ_INT(1, l.count);
    EQ_TEXT("retake", l.rows[0].kind);
    EQ_TEXT("inbox", l.rows[0].channel);
    TRUE(crypt_id_valid(l.rows[0].id));
    EQ_INT(0, outside_count(outside_ports.wechat, SEND));
    server_down();
}

TEST(a_prompt_buys_one_message)
{
    server_up();
    struct server_student s = server_student("openid-b");
    accept_one(&s, 1);
    EQ_INT(1, look(&s).remaining);
    tell("row:1:notify", &s, "reject_retry", "retake");
    server_settle();
    tell("row:2:notify", &s, "approve", "chsi_upload");
    server_settle();
    struct look l = look(&s);
    EQ_INT(2, l.count);
    EQ_INT(0, l.remaining);
    EQ_TEXT("subscription", l.rows[0].kind[0] == 'r' ? l.rows[0].channel : l.rows[1].channel);
    EQ_INT(1, delivered());
    EQ_INT(1, outside_count(outside_ports.wechat, SEND)); /* the second one is not even tried */
    const struct json *sent = outside_ask(outside_ports.wechat, "GET", "/messages", NULL);
    const struct json *body = json_at(sent, "items")->first;
    EQ_TEXT("openid-b", json_text_at(body, "touser", NULL));
    EQ_TEXT("需重拍", json_text_at(body, "data.phrase1.value", NULL));
    EQ_TEXT("照片模糊、眼睛未睁开", json_text_at(body, "data.thing2.value", NULL));
    EQ_TEXT("2026年1月15日 16:00", json_text_at(body, "data.time3.value", NULL));
    EQ_TEXT("3B92K7-4", json_text_at(body, "data.character_string4.value", NULL));
    server_down();
}

/* WeChat acted and the answer was lost: the next try's 43101 says that it arrived. */
TEST(a_lost_answer_neither_loses_nor_doubles_a_message)
{
    static const char *const faults[] = {"drop_answer", "truncate", "garbage"};
    server_up();
    for (size_t i = 0; i < countof(faults); i++) {
        struct server_student s = server_student(arena_printf(outside_arena, "openid-c%zu", i));
        accept_one(&s, 1);
        outside_fault(outside_ports.wechat, faults[i], 1, 0, SEND);
        tell(arena_printf(outside_arena, "row%zu:1:notify", i), &s, "reject_retry", "retake");
        struct outbox_status status = server_settle();
        EQ_INT(0, status.dead);
        struct look l = look(&s);
        EQ_INT(1, l.count);
        EQ_TEXT("subscription", l.rows[0].channel);
        EQ_INT(0, l.remaining);
        EQ_INT((int64_t)i + 1, delivered());
        EQ_INT(2 * ((int64_t)i + 1), outside_count(outside_ports.wechat, SEND));
    }
    server_down();
}

TEST(a_request_that_did_not_arrive_is_sent_again)
{
    static const struct {
        const char *kind;
        int64_t value;
    } faults[] = {{"reset", 0}, {"status", 500}, {"status", 429}, {"errcode", -1}};
    server_up();
    for (size_t i = 0; i < countof(faults); i++) {
        struct server_student s = server_student(arena_printf(outside_arena, "openid-d%zu", i));
        accept_one(&s, 1);
        outside_fault(outside_ports.wechat, faults[i].kind, 1, faults[i].value, SEND);
        tell(arena_printf(outside_arena, "row%zu:1:notify", i), &s, "reject_retry", "retake");
        EQ_INT(0, server_settle().dead);
        EQ_TEXT("subscription", look(&s).rows[0].channel);
        EQ_INT((int64_t)i + 1, delivered());
    }
    server_down();
}

TEST(a_refusal_empties_the_ledger_and_is_not_repeated)
{
    server_up();
    struct server_student s = server_student("openid-e");
    accept_one(&s, 0); /* the student has switched messages off since */
    tell("row:1:notify", &s, "reject_retry", "retake");
    EQ_INT(0, server_settle().dead);
    struct look l = look(&s);
    EQ_TEXT("inbox", l.rows[0].channel);
    EQ_INT(0, l.remaining);
    EQ_INT(1, outside_count(outside_ports.wechat, SEND));
    server_down();
}

TEST(what_wechat_refuses_for_good_is_visible_and_in_the_inbox)
{
    server_up();
    struct server_student s = server_student("openid-f");
    accept_one(&s, 1);
    outside_fault(outside_ports.wechat, "errcode", 1, 40037, SEND);
    tell("row:1:notify", &s, "reject_retry", "retake");
    EQ_INT(1, server_settle().dead);
    EQ_TEXT("inbox", look(&s).rows[0].channel);
    EQ_INT(1, outside_count(outside_ports.wechat, SEND));
    server_down();
}

#define MANY 100

TEST(many_messages_arrive_once_each_whatever_happens)
{
    static struct server_student students[MANY];
    server_up();
    for (size_t i = 0; i < MANY; i++) {
        students[i] = server_student(arena_printf(outside_arena, "openid-%zu", i));
        accept_one(&students[i], 1);
    }
    static const char *const faults[] = {"drop_answer", "reset", "truncate", "garbage"};
    for (size_t i = 0; i < countof(faults); i++)
        outside_fault(outside_ports.wechat, faults[i], 1, 0, SEND);
    outside_fault(outside_ports.wechat, "status", 2, 502, SEND); /* in all too few for the breaker */
    for (size_t i = 0; i < MANY; i++)
        for (int twice = 0; twice < 2; twice++) /* a unit that runs again puts the same row */
            tell(arena_printf(outside_arena, "row%zu:1:notify", i), &students[i], "reject_retry", "retake");
    EQ_INT(0, server_settle().dead);
    EQ_INT(MANY, delivered());
    for (size_t i = 0; i < MANY; i++) {
        struct look l = look(&students[i]);
        EQ_INT(1, l.count);
        EQ_TEXT("subscription", l.rows[0].channel);
        EQ_INT(0, l.remaining);
    }
    server_down();
}

static enum err secret_step(struct tx *tx, void *job)
{
    const char *value;
    int64_t expires_us;
    TRY(secret_get(tx, "wechat_token", &value, &expires_us));
    *(bool *)job = text_starts(value, "standin-token-");
    return ERR_NONE;
}

TEST(the_access_token_survives_a_restart_sealed)
{
    server_up();
    struct server_student s = server_student("openid-g");
    accept_one(&s, 9);
    accept_one(&s, 9);
    tell("row:1:notify", &s, "reject_retry", "retake");
    server_settle();
    bool kept = false;
    EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, secret_step, &kept));
    TRUE(kept);
    server_dispatch_stop();
    server_dispatch_start();
    tell("row:2:notify", &s, "reject_retry", "retake");
    server_settle();
    EQ_INT(2, delivered());
    EQ_INT(1, outside_count(outside_ports.wechat, "/cgi-bin/stable_token"));
    server_down();
}

struct reading {
    struct server_student s;
    const char *id;
    enum err other;
};

static enum err read_step(struct tx *tx, void *job)
{
    struct reading *r = job;
    r->other = message_mark_read(tx, r->id, "somebody else", 5);
    TRY(message_mark_read(tx, r->id, r->s.id, 7));
    return message_mark_read(tx, r->id, r->s.id, 9);
}

TEST(a_message_is_read_once_and_by_its_student_only)
{
    server_up();
    struct reading r = {.s = server_student("openid-h")};
    tell("row:1:notify", &r.s, "shipped", "mailing");
    server_settle();
    r.id = look(&r.s).rows[0].id;
    server_write(read_step, &r);
    EQ_INT(ERR_NOT_FOUND, r.other);
    EQ_INT(7, look(&r.s).rows[0].read_us);
    server_down();
}

int main(void)
{
    crypt_start();
    return tests_run();
}
