/* links: xy_standin xy_dispatch */
/* WeChat's calls: signatures (with the published vector), security mode, both formats and the trap in one of them; and
 * what they change. */
#include "dispatch/push_read.c"

#include "base/clock.h"
#include "store/conversation.h"
#include "store/follower.h"
#include "store/message_hop.h"
#include "store/push.h"
#include "store/quota.h"
#include "store/student.h"
#include "tests/check.h"
#include "tests/temp.h"

#define NOW_S  1714036504
#define NOW_US SECONDS_US(NOW_S)

static const struct push_config plain = {.token = "AAAAA", .appid = "wx-mini", .page_appid = "wx-page"};
static const struct push_config sealed = {.token = "AAAAA",
                                          .aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
                                          .appid = "wx-mini",
                                          .page_appid = "wx-page"};

static struct arena *arena;

static struct push_call call_of(const char *body)
{
    char hex[41];
    push_sign((const char *const[]){"AAAAA", "1714036504", "1514711492"}, 3, hex);
    return (struct push_call){.signature = arena_text(arena, hex),
                              .timestamp = "1714036504",
                              .nonce = "1514711492",
                              .body = body,
                              .len = strlen(body),
                              .now_us = NOW_US};
}

static struct push_call sealed_call_of(const char *appid, const char *message, bool xml)
{
    char hex[41];
    const char *text = push_encrypt(&sealed, appid, (const unsigned char *)"0123456789abcdef", message, arena);
    push_sign((const char *const[]){"AAAAA", "1714036504", "1514711492", text}, 4, hex);
    struct push_call call =
        call_of(arena_printf(arena,
                             xml ? "<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[%s]]></Encrypt></xml>"
                                 : "{\"ToUserName\":\"gh_1\",\"Encrypt\":\"%s\"}",
                             text));
    call.encrypt_type = "aes";
    call.msg_signature = arena_text(arena, hex);
    return call;
}

TEST(the_published_vector_is_accepted)
{
    arena = arena_new(MIB(4));
    struct push_call call = call_of("");
    EQ_TEXT("f464b24fc39322e44b38aa78f5edd27bd1441696", call.signature);
    call.now_us = 0; /* the set-up check */
    TRUE(push_signed(&plain, &call));
    call.signature = "f464b24fc39322e44b38aa78f5edd27bd1441697";
    TRUE(!push_signed(&plain, &call));
    call.signature = NULL;
    TRUE(!push_signed(&plain, &call));
    arena_free(arena);
}

#define POPUP                                                                                                          \
    "{\"ToUserName\":\"gh_1\",\"FromUserName\":\"openid-a\",\"CreateTime\":\"1714036504\","                            \
    "\"MsgType\":\"event\",\"Event\":\"subscribe_msg_popup_event\",\"List\":"
#define ONE "{\"TemplateId\":\"T1\",\"SubscribeStatusString\":\"accept\",\"PopupScene\":\"0\"}"
#define TWO "{\"TemplateId\":\"T2\",\"SubscribeStatusString\":\"reject\",\"PopupScene\":\"0\"}"

TEST(a_list_of_one_is_an_object_in_json)
{
    struct push push;
    arena = arena_new(MIB(4));
    struct push_call call = call_of(POPUP ONE "}");
    EQ_INT(ERR_NONE, push_read(&plain, &call, arena, &push));
    EQ_INT(PUSH_PROMPTED, push.kind);
    EQ_INT(1, push.count);
    EQ_TEXT("T1", push.items[0].template_id);
    call = call_of(POPUP "[" ONE "," TWO "]}");
    EQ_INT(ERR_NONE, push_read(&plain, &call, arena, &push));
    EQ_INT(2, push.count);
    EQ_TEXT("reject", push.items[1].answer);
    call = call_of("<xml><FromUserName>openid-a</FromUserName><CreateTime>5</CreateTime><MsgType>event</MsgType>"
                   "<Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>T1</TemplateId>"
                   "<SubscribeStatusString>accept</SubscribeStatusString></List><List><TemplateId>T2</TemplateId>"
                   "</List></SubscribeMsgPopupEvent></xml>");
    EQ_INT(ERR_NONE, push_read(&plain, &call, arena, &push));
    EQ_INT(2, push.count);
    EQ_TEXT("T2", push.items[1].template_id);
    call =
        call_of("{\"FromUserName\":\"openid-a\",\"MsgType\":\"event\",\"Event\":\"subscribe_msg_sent_event\",\"List\":"
                "{\"TemplateId\":\"T1\",\"MsgID\":2944022981,\"ErrorCode\":0,\"ErrorStatus\":\"success\"}}");
    EQ_INT(ERR_NONE, push_read(&plain, &call, arena, &push));
    EQ_INT(PUSH_ARRIVED, push.kind);
    EQ_TEXT("2944022981", push.items[0].number); /* numbers come as numbers, too */
    TRUE(push.items[0].good);
    arena_free(arena);
}

TEST(security_mode_tells_whose_a_message_is)
{
    static const char *const text = "<xml><FromUserName>page-openid-a</FromUserName><MsgType>event</MsgType>"
                                    "<CreateTime>7</CreateTime><Event>subscribe</Event></xml>";
    struct push push;
    arena = arena_new(MIB(4));
    struct push_call call = sealed_call_of("wx-page", text, true);
    EQ_INT(ERR_NONE, push_read(&sealed, &call, arena, &push));
    EQ_INT(PUSH_FOLLOWED, push.kind);
    EQ_TEXT("page", push.account);
    call = sealed_call_of("wx-mini", POPUP ONE "}", false);
    EQ_INT(ERR_NONE, push_read(&sealed, &call, arena, &push));
    EQ_TEXT("mini", push.account);
    call = sealed_call_of("wx-other", POPUP ONE "}", false);
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&sealed, &call, arena, &push));
    /* every length of padding, 1 to 32 */
    for (int i = 0; i < 40; i++) {
        call = sealed_call_of("wx-mini",
                              arena_printf(arena, "{\"FromUserName\":\"o%0*d\",\"MsgType\":\"x\"}", i + 1, 7), false);
        EQ_INT(ERR_NONE, push_read(&sealed, &call, arena, &push));
    }
    arena_free(arena);
}

TEST(what_is_not_wechats_is_refused)
{
    struct push push;
    arena = arena_new(MIB(4));
    struct push_call good = call_of(POPUP ONE "}"), call = good;
    call.signature = "f464b24fc39322e44b38aa78f5edd27bd1441697";
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&plain, &call, arena, &push));
    call = good;
    call.now_us = NOW_US + SECONDS_US(301);
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&plain, &call, arena, &push));
    call = good;
    call.nonce = NULL;
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&plain, &call, arena, &push));
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&sealed, &good, arena, &push)); /* plain where a key is set up */
    struct push_config none = {.token = ""};
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&none, &good, arena, &push));
    call = sealed_call_of("wx-mini", POPUP ONE "}", false);
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&plain, &call, arena, &push));
    call.msg_signature = good.signature;
    EQ_INT(ERR_WRONG_CREDENTIALS, push_read(&sealed, &call, arena, &push));
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "<xml/>",
                                         "<!DOCTYPE x [<!ENTITY a \"b\">]><xml><a>&a;</a></xml>",
                                         "x",
                                         "<xml><FromUserName>a</FromUserName></xml>",
                                         "<a><b>"};
    for (size_t i = 0; i < countof(bodies); i++) {
        call = call_of(bodies[i]);
        EQ_INT(ERR_BAD_REQUEST, push_read(&plain, &call, arena, &push));
    }
    char why[JSON_WHY_BYTES];
    EQ_INT(ERR_NONE, push_config_check(&sealed, why));
    struct push_config bad = {.token = "A", .aes_key = "too short"};
    EQ_INT(ERR_BAD_FIELD, push_config_check(&bad, why));
    arena_free(arena);
}

/* ---- what they change ---- */

static struct temp_store temp;

struct take {
    struct push push;
    enum err e;
};

static enum err take_step(struct tx *tx, void *job)
{
    struct take *t = job;
    t->e = push_take(tx, &t->push, NOW_US);
    return t->e == ERR_CONFLICT ? ERR_NONE : t->e;
}

static enum err take(struct push push)
{
    struct take t = {.push = push};
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, take_step, &t));
    return t.e;
}

struct facts {
    const char *student_id;
    int64_t remaining, said;
    struct conversation c;
    enum err conversation, follows;
};

static enum err look_step(struct tx *tx, void *job)
{
    struct facts *f = job;
    const char *openid;
    TRY(quota_remaining(tx, f->student_id, "T1", &f->remaining));
    TRY(conversation_said_since(tx, f->student_id, 0, &f->said));
    f->conversation = conversation_get(tx, f->student_id, &f->c);
    f->c.window_account = f->conversation == ERR_NONE && f->c.window_account[0] == 'm' ? "mini" : "page";
    f->follows = follower_of_student(tx, f->student_id, &openid);
    return ERR_NONE;
}

static enum err student_step(struct tx *tx, void *job)
{
    const char *id;
    TRY(student_of_openid(tx, "openid-a", job, "zh", NOW_US, &id));
    return follower_student_unionid(tx, id, "unionid-a");
}

static enum err page_step(struct tx *tx, void *job)
{
    return quota_accept(tx, job, "T1", QUOTA_FROM_PAGE, NOW_US);
}

static enum err user_info_step(struct tx *tx, void *job)
{
    (void)job;
    return follower_put(tx, "page-openid-a", "unionid-a", NOW_US);
}

static struct facts look(char *id)
{
    struct facts f = {.student_id = id};
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_READ, look_step, &f));
    return f;
}

static struct push prompt(const char *call, const char *message, const char *answer, enum push_kind kind)
{
    return (struct push){.kind = kind,
                         .account = "",
                         .openid = "openid-a",
                         .call = call,
                         .message = message,
                         .items = {{.template_id = "T1", .answer = answer}},
                         .count = 1};
}

static enum err allow_step(struct tx *tx, void *job)
{
    bool wanted = false;
    TRY(quota_wanted(tx, job, &wanted));
    TRUE(!wanted);
    TRY(quota_answer(tx, job, "T1", "allow", QUOTA_FROM_PAGE, NOW_US));
    TRY(quota_wanted(tx, job, &wanted));
    TRUE(wanted);
    return ERR_NONE;
}

TEST(what_is_allowed_on_a_page_is_a_permission_and_no_prompt)
{
    char id[CRYPT_ID_TEXT_BYTES];
    temp_store_open(&temp, NULL, NULL);
    crypt_id(NOW_US, id);
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, student_step, id));
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, allow_step, id));
    EQ_INT(0, look(id).remaining);
    temp_store_close(&temp);
}

TEST(one_tap_counts_once_whoever_tells_it)
{
    char id[CRYPT_ID_TEXT_BYTES];
    temp_store_open(&temp, NULL, NULL);
    crypt_id(NOW_US, id);
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, student_step, id));
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, page_step, id)); /* the page first */
    EQ_INT(ERR_NONE, take(prompt("c1", "m1", "accept", PUSH_PROMPTED)));
    EQ_INT(1, look(id).remaining);
    EQ_INT(ERR_NONE, take(prompt("c2", "m2", "accept", PUSH_PROMPTED))); /* the push first */
    EQ_INT(2, look(id).remaining);
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, page_step, id));
    EQ_INT(2, look(id).remaining);
    EQ_INT(ERR_CONFLICT, take(prompt("c2", "m3", "accept", PUSH_PROMPTED))); /* a replay with other words */
    EQ_INT(ERR_NONE, take(prompt("c2", "m2", "accept", PUSH_PROMPTED)));     /* our answer was not heard */
    EQ_INT(ERR_NONE, take(prompt("c4", "m2", "accept", PUSH_PROMPTED)));     /* a repetition */
    EQ_INT(2, look(id).remaining);
    EQ_INT(ERR_NONE, take(prompt("c5", "m5", "reject", PUSH_PROMPTED))); /* not this time: what there was stays */
    EQ_INT(2, look(id).remaining);
    EQ_INT(ERR_NONE, take(prompt("c6", "m6", "reject", PUSH_SWITCHED)));
    EQ_INT(0, look(id).remaining);
    struct push stranger = prompt("c7", "m7", "accept", PUSH_PROMPTED);
    stranger.openid = "openid-nobody";
    EQ_INT(ERR_NONE, take(stranger));
    temp_store_close(&temp);
}

TEST(followers_are_students_by_their_unionid)
{
    char id[CRYPT_ID_TEXT_BYTES];
    temp_store_open(&temp, NULL, NULL);
    crypt_id(NOW_US, id);
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, student_step, id));
    struct push push = {
        .kind = PUSH_FOLLOWED, .account = "page", .openid = "page-openid-a", .call = "c1", .message = "m1"};
    EQ_INT(ERR_NONE, take(push));
    EQ_INT(ERR_NOT_FOUND, look(id).follows); /* until user info has told the unionid */
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, user_info_step, NULL));
    EQ_INT(ERR_NONE, look(id).follows);
    push = (struct push){
        .kind = PUSH_UNFOLLOWED, .account = "page", .openid = "page-openid-a", .call = "c2", .message = "m2"};
    EQ_INT(ERR_NONE, take(push));
    EQ_INT(ERR_NOT_FOUND, look(id).follows);
    temp_store_close(&temp);
}

TEST(words_in_wechat_open_the_window)
{
    char id[CRYPT_ID_TEXT_BYTES];
    temp_store_open(&temp, NULL, NULL);
    crypt_id(NOW_US, id);
    EQ_INT(ERR_NONE, store_run(temp.store, STORE_WRITE, student_step, id));
    struct push push = {.kind = PUSH_ENTERED, .account = "", .openid = "openid-a", .call = "c0", .message = "m0"};
    EQ_INT(ERR_NONE, take(push)); /* nothing was said: there is nobody to answer */
    push = (struct push){.kind = PUSH_SAID,
                         .account = "",
                         .openid = "openid-a",
                         .call = "c1",
                         .message = "message|1",
                         .text = "采集码打不开"};
    EQ_INT(ERR_NONE, take(push));
    struct facts f = look(id);
    EQ_INT(1, f.said);
    EQ_INT(1, f.c.unread);
    EQ_TEXT("mini", f.c.window_account);
    EQ_INT(5, f.c.window_left);
    EQ_INT(NOW_US + SECONDS_US(48 * 3600), f.c.window_until_us);
    push.call = "c2";
    EQ_INT(ERR_NONE, take(push)); /* WeChat repeats what it thinks we missed */
    EQ_INT(1, look(id).said);
    for (int i = 0; i < 100; i++) { /* one who floods */
        char call[8], message[16];
        snprintf(call, sizeof call, "f%d", i);
        snprintf(message, sizeof message, "message|f%d", i);
        push.call = call;
        push.message = message;
        EQ_INT(ERR_NONE, take(push));
    }
    EQ_INT(60, look(id).said);
    temp_store_close(&temp);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
