/* links: xy_standin xy_dispatch */
#include "base/crypt.h"
#include "dispatch/wechat.c"
#include "dispatch/wechat_token.h"
#include "tests/check.h"
#include "tests/unit/outside_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define SEND  "/cgi-bin/message/subscribe/send"
#define TOKEN "/cgi-bin/stable_token"

/* ---- field rules ---- */

static const struct {
    enum wechat_type type;
    bool valid;
    const char *text;
} values[] = {
    {WECHAT_THING, true, "一二三四五六七八九十一二三四五六七八九十"},
    {WECHAT_THING, false, "一二三四五六七八九十一二三四五六七八九十一"},
    {WECHAT_THING, true, "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"},
    {WECHAT_THING, false, ""},
    {WECHAT_THING, false, "two\nlines"},
    {WECHAT_PHRASE, true, "需重拍"},
    {WECHAT_PHRASE, true, "一二三四五"},
    {WECHAT_PHRASE, false, "一二三四五六"},
    {WECHAT_PHRASE, false, "EMS"},
    {WECHAT_PHRASE, false, "通过1"},
    {WECHAT_PHRASE, false, "已通过。"},
    {WECHAT_CHARACTER_STRING, true, "3B92K7-4"},
    {WECHAT_CHARACTER_STRING, true, "12345678901234567890123456789012"},
    {WECHAT_CHARACTER_STRING, false, "123456789012345678901234567890123"},
    {WECHAT_CHARACTER_STRING, false, "编号1"},
    {WECHAT_CHARACTER_STRING, false, "a b"},
    {WECHAT_TIME, true, "18:40"},
    {WECHAT_TIME, true, "2026年6月30日 18:40"},
    {WECHAT_TIME, true, "2026-06-30 08:05:59"},
    {WECHAT_TIME, true, "08:00~12:00"},
    {WECHAT_TIME, false, "24:00"},
    {WECHAT_TIME, false, "18:60"},
    {WECHAT_TIME, false, "2026年6月30日"},
    {WECHAT_TIME, false, "soon"},
    {WECHAT_DATE, true, "2026年6月30日"},
    {WECHAT_DATE, true, "2026年6月30日 18:40"},
    {WECHAT_DATE, false, "18:40"},
    {WECHAT_AMOUNT, true, "12.50元"},
    {WECHAT_AMOUNT, true, "¥12"},
    {WECHAT_AMOUNT, true, "1234567890"},
    {WECHAT_AMOUNT, false, "12345678901"},
    {WECHAT_AMOUNT, false, "12.345"},
    {WECHAT_AMOUNT, false, "¥¥1"},
    {WECHAT_AMOUNT, false, "free"},
    {WECHAT_NUMBER, true, "3.14"},
    {WECHAT_NUMBER, false, "three"},
    {WECHAT_NAME, true, "欧阳娜娜"},
    {WECHAT_NAME, false, "张三2"},
    {WECHAT_NAME, false, "一二三四五六七八九十一"},
    {WECHAT_NAME, true, "Anna-Maria Li"},
    {WECHAT_PHONE_NUMBER, true, "+86-13800000000"},
    {WECHAT_PHONE_NUMBER, false, "138 0000"},
    {WECHAT_CAR_NUMBER, true, "粤A12345"},
    {WECHAT_LETTER, false, "a1"},
    {WECHAT_SYMBOL, true, "!?"},
};

TEST(fields_keep_their_types_rules)
{
    for (size_t i = 0; i < countof(values); i++)
        if (wechat_field_valid(values[i].type, values[i].text) != values[i].valid)
            TEST_FAIL("type %d, \"%s\": want %d", (int)values[i].type, values[i].text, values[i].valid);
}

TEST(whatever_is_given_fits_afterwards)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "x",
                                        "张三 (Zhang San) 的照片没有通过审核，请重拍一张新的照片",
                                        "EMS 12345678901234567890123456789012345",
                                        "\n\t",
                                        "😀中a1!😀中a1!😀中a1!😀中a1!😀中a1!😀中a1!",
                                        "。。。。。。",
                                        "0123456789012345678901234567890123456789"};
    struct arena *a = arena_new(KIB(64));
    for (size_t i = 0; i < countof(texts); i++)
        for (enum wechat_type type = WECHAT_THING; type <= WECHAT_CHARACTER_STRING; type++) {
            const char *fit = wechat_field_fit(type, texts[i], a);
            if (fit == NULL || !wechat_field_valid(type, fit))
                TEST_FAIL("type %d: \"%s\" became \"%s\"", (int)type, texts[i], fit == NULL ? "(null)" : fit);
        }
    EQ_TEXT("一二三四五六七八九十一二三四五六七八九…",
            wechat_field_fit(WECHAT_THING, "一二三四五六七八九十一二三四五六七八九十一二", a));
    EQ_TEXT("需重拍", wechat_field_fit(WECHAT_PHRASE, "需 重拍!", a));
    EQ_TEXT("SF123", wechat_field_fit(WECHAT_CHARACTER_STRING, "顺丰SF 123", a));
    TRUE(wechat_field_fit(WECHAT_TIME, "soon", a) == NULL);
    arena_free(a);
}

TEST(every_message_fits_its_template)
{
    struct wechat_templates usual;
    struct arena *a = arena_new(MIB(1));
    wechat_templates_default(&usual);
    static const char *const kinds[] = {
#define MESSAGE(kind, ...) #kind,
#include "store/messages.def"
    };
    const char *detail =
        "{\"code\":\"3B92K7-4\",\"reasons\":[\"blur\",\"eyes_closed\",\"highlight\"],\"note\":\"再拍\","
        "\"carrier\":\"顺丰速运\",\"tracking_no\":\"SF1234567890\"}";
    for (size_t i = 0; i < countof(kinds); i++)
        for (int lang = LANGUAGE_ZH; lang <= LANGUAGE_EN; lang++) {
            struct message_words words;
            enum message_template t = message_template_of(kinds[i]);
            message_render(kinds[i], detail, (enum language)lang, a, &words);
            TRUE(words.title[0] != '\0' && words.text[0] != '\0' && strchr(words.text, '{') == NULL);
            TRUE(wechat_field_valid(WECHAT_PHRASE, message_phrase(kinds[i])));
            if (t == MESSAGE_TEMPLATE_none)
                continue;
            const struct wechat_values v = {message_phrase(kinds[i]), words.short_text,
                                            "2026年6月30日 18:40",    "3B92K7-4",
                                            "SF1234567890",           "12.50元"};
            const char *data = NULL;
            EQ_INT(ERR_NONE, wechat_template_data(&usual.of[t], &v, a, &data));
        }
    arena_free(a);
}

TEST(templates_are_read_strictly)
{
    struct wechat_templates c;
    struct arena *a = arena_new(KIB(64));
    char why[WECHAT_WHY_BYTES];
    const char *text = "{\"result\":\"R1\",\"delivery\":{\"id\":\"D1\",\"remark\":\"thing7\"}}";
    EQ_INT(ERR_NONE, wechat_templates_read(text, a, &c, why));
    EQ_TEXT("R1", c.of[MESSAGE_TEMPLATE_result].id);
    EQ_TEXT("", c.of[MESSAGE_TEMPLATE_progress].id);
    EQ_TEXT("thing7", c.of[MESSAGE_TEMPLATE_delivery].fields[1].key);
    EQ_INT(MESSAGE_TEMPLATE_delivery, wechat_template_with_id(&c, "D1"));
    EQ_INT(MESSAGE_TEMPLATE_none, wechat_template_with_id(&c, "D2"));
    EQ_INT(MESSAGE_TEMPLATE_none, wechat_template_with_id(&c, ""));
    EQ_INT(ERR_BAD_FIELD, wechat_templates_read("{\"result\":{\"id\":\"R\",\"phrase\":\"thing1\"}}", a, &c, why));
    EQ_TEXT("result.phrase must be a field like phrase1", why);
    EQ_INT(ERR_BAD_FIELD, wechat_templates_read("{\"results\":\"R\"}", a, &c, why));
    EQ_INT(ERR_BAD_FIELD, wechat_templates_read("[]", a, &c, why));
    arena_free(a);
}

/* ---- against the stand-in ---- */

static struct wechat_config config;
static struct mailbox home;
static struct wechat wechat;
static int saves;
static char saved_value[64];

static void save(void *arg, const char *value, int64_t expires_us)
{
    (void)arg;
    TRUE(expires_us > clock_utc_us());
    snprintf(saved_value, sizeof saved_value, "%s", value);
    saves++;
}

static void up(void)
{
    outside_up(NULL);
    clock_fake_set(SECONDS_US(1800000000));
    config = (struct wechat_config){.url = outside_url(outside_ports.wechat, ""),
                                    .appid = STANDIN_APPID,
                                    .secret = STANDIN_SECRET,
                                    .page = "pages/progress/progress"};
    mailbox_init(&home, NULL, NULL);
    saves = 0;
    const struct wechat_token_options options = {
        .config = &config, .client = outside_client, .home = &home, .save = save};
    wechat = (struct wechat){&config, outside_client, wechat_token_open(&options)};
}

static void known(void)
{
    wechat_token_known(wechat.token, NULL, 0);
}

static void down(void)
{
    client_close(outside_client);
    wechat_token_close(wechat.token);
    outside_client = NULL;
    outside_down();
    clock_fake_set(0);
}

struct sent {
    struct wechat_message message;
    struct wechat_sent got;
    int times;
};

static void on_sent(struct wechat_message *message, const struct wechat_sent *got)
{
    struct sent *s = message->arg;
    s->got = *got;
    s->times++;
}

static void send_data(struct sent *s, const char *openid, const char *data)
{
    *s = (struct sent){.message = {.arena = outside_arena, .done = on_sent, .arg = s}};
    wechat_send_subscription(&wechat, openid, "standin-result", data, LANGUAGE_ZH, &s->message);
}

static void send_one(struct sent *s, const char *openid)
{
    send_data(s, openid, "{\"phrase1\":{\"value\":\"已通过\"}}");
}

static struct wechat_sent send_and_wait(void)
{
    struct sent s;
    send_one(&s, "openid-1");
    while (s.times == 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    EQ_INT(1, s.times);
    return s.got;
}

static int64_t delivered(void)
{
    return json_int_at(outside_ask(outside_ports.wechat, "GET", "/messages", NULL), "count", -1);
}

TEST(a_message_is_delivered_and_the_token_is_kept)
{
    up();
    struct sent early;
    send_one(&early, "openid-1"); /* waits until it is known whether a token was kept */
    EQ_INT(0, outside_count(outside_ports.wechat, TOKEN));
    known();
    while (early.times == 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    EQ_INT(WECHAT_DELIVERED, early.got.result);
    EQ_INT(WECHAT_DELIVERED, send_and_wait().result);
    EQ_INT(2, delivered());
    EQ_INT(1, outside_count(outside_ports.wechat, TOKEN));
    EQ_INT(1, saves);
    EQ_TEXT("standin-token-1", saved_value);
    down();
}

TEST(a_kept_token_is_used_until_five_minutes_before_its_end)
{
    up();
    known();
    (void)send_and_wait();
    clock_fake_set(SECONDS_US(1800000000 + 7200 - 302));
    (void)send_and_wait();
    EQ_INT(1, outside_count(outside_ports.wechat, TOKEN));
    clock_fake_set(SECONDS_US(1800000000 + 7200 - 299));
    (void)send_and_wait();
    EQ_INT(2, outside_count(outside_ports.wechat, TOKEN));
    down();
}

#define STORM 1000

TEST(a_thousand_expired_tokens_are_one_refresh)
{
    static struct sent storm[STORM];
    up();
    known();
    (void)send_and_wait();
    clock_fake_set(SECONDS_US(1800000000 + 60));
    outside_fault(outside_ports.wechat, "expired_token", 1, 0, SEND);
    for (size_t i = 0; i < STORM; i++)
        send_one(&storm[i], arena_printf(outside_arena, "openid-%zu", i));
    for (size_t i = 0; i < STORM; i++)
        while (storm[i].times == 0)
            uv_run(&outside_loop, UV_RUN_ONCE);
    for (size_t i = 0; i < STORM; i++) {
        EQ_INT(1, storm[i].times);
        EQ_INT(WECHAT_DELIVERED, storm[i].got.result);
    }
    EQ_INT(2, outside_count(outside_ports.wechat, TOKEN));
    EQ_INT(1 + 2 * STORM, outside_count(outside_ports.wechat, SEND)); /* every one of them was refused once */
    EQ_INT(STORM + 1, delivered());
    down();
}

TEST(a_token_that_stays_refused_is_asked_for_once_in_thirty_seconds)
{
    up();
    known();
    (void)send_and_wait();
    outside_fault(outside_ports.wechat, "errcode", 3, 40001, SEND);
    EQ_INT(WECHAT_AGAIN, send_and_wait().result); /* younger than 30 s: kept, tried once */
    EQ_INT(1, outside_count(outside_ports.wechat, TOKEN));
    clock_fake_set(SECONDS_US(1800000000 + 31));
    struct wechat_sent got = send_and_wait(); /* another token, refused too */
    EQ_INT(WECHAT_AGAIN, got.result);
    EQ_INT(WECHAT_TOKEN_PAUSE_US, got.pause_us);
    EQ_INT(2, outside_count(outside_ports.wechat, TOKEN));
    EQ_INT(WECHAT_DELIVERED, send_and_wait().result);
    down();
}

static const struct {
    int64_t errcode;
    enum wechat_result result;
} codes[] = {
    {-1, WECHAT_AGAIN},     {45009, WECHAT_AGAIN},  {43101, WECHAT_REFUSED}, {40003, WECHAT_FAILED},
    {47003, WECHAT_FAILED}, {40037, WECHAT_FAILED}, {41030, WECHAT_FAILED},  {99999, WECHAT_AGAIN},
};

TEST(each_errcode_has_its_class)
{
    up();
    known();
    for (size_t i = 0; i < countof(codes); i++) {
        outside_fault(outside_ports.wechat, "errcode", 1, codes[i].errcode, SEND);
        struct wechat_sent got = send_and_wait();
        if (got.result != codes[i].result || got.maybe || got.errcode != codes[i].errcode)
            TEST_FAIL("errcode %" PRId64 ": result %d maybe %d", codes[i].errcode, (int)got.result, got.maybe);
        if (codes[i].errcode == 45009)
            TRUE(got.pause_us > 0 && got.pause_us <= SECONDS_US(86700));
    }
    EQ_INT(0, delivered());
    EQ_INT((int64_t)countof(codes), outside_count(outside_ports.wechat, SEND));
    down();
}

TEST(transport_faults_are_told_apart_by_what_may_have_happened)
{
    static const struct {
        const char *kind;
        int64_t value;
        bool maybe;
    } faults[] = {{"status", 500, true}, {"status", 502, true}, {"status", 429, false},  {"reset", 0, true},
                  {"garbage", 0, true},  {"truncate", 0, true}, {"drop_answer", 0, true}};
    up();
    known();
    for (size_t i = 0; i < countof(faults); i++) {
        outside_fault(outside_ports.wechat, faults[i].kind, 1, faults[i].value, SEND);
        struct wechat_sent got = send_and_wait();
        if (got.result != WECHAT_AGAIN || got.maybe != faults[i].maybe)
            TEST_FAIL("%s %" PRId64 ": result %d maybe %d", faults[i].kind, faults[i].value, (int)got.result,
                      got.maybe);
    }
    EQ_INT((int64_t)countof(faults), outside_count(outside_ports.wechat, SEND)); /* nothing was repeated by itself */
    outside_fault(outside_ports.wechat, "status", 1, 503, TOKEN);
    clock_fake_set(SECONDS_US(1800000000 + 7200));
    struct wechat_sent got = send_and_wait();
    EQ_INT(WECHAT_AGAIN, got.result);
    TRUE(!got.maybe);
    down();
}

/* ---- log in, phone ---- */

TEST(a_code_becomes_an_openid)
{
    up();
    struct wechat_identity one, same, other;
    char why[WECHAT_WHY_BYTES];
    EQ_INT(ERR_NONE, wechat_login_blocking(&config, "student-1", outside_arena, &one, why));
    EQ_INT(ERR_NONE, wechat_login_blocking(&config, "student-1", outside_arena, &same, why));
    EQ_INT(ERR_NONE, wechat_login_blocking(&config, "student-2", outside_arena, &other, why));
    EQ_TEXT(one.openid, same.openid);
    TRUE(strcmp(one.openid, other.openid) != 0);
    static const struct {
        int64_t errcode;
        enum err e;
    } refusals[] = {{40029, ERR_BAD_FIELD}, {40163, ERR_BAD_FIELD}, {45011, ERR_RATE_LIMITED},
                    {40226, ERR_FORBIDDEN}, {-1, ERR_BUSY},         {40013, ERR_UPSTREAM}};
    for (size_t i = 0; i < countof(refusals); i++) {
        outside_fault(outside_ports.wechat, "errcode", 1, refusals[i].errcode, "/sns");
        EQ_INT(refusals[i].e, wechat_login_blocking(&config, "student-1", outside_arena, &one, why));
    }
    EQ_INT(ERR_BAD_FIELD, wechat_login_blocking(&config, "nobody&appid=x", outside_arena, &one, why));
    static const char *const faults[] = {"reset", "garbage", "truncate", "drop_answer"};
    for (size_t i = 0; i < countof(faults); i++) {
        outside_fault(outside_ports.wechat, faults[i], 1, 0, "/sns");
        EQ_INT(ERR_UPSTREAM, wechat_login_blocking(&config, "student-1", outside_arena, &one, why));
    }
    known();
    down();
}

struct asking {
    pthread_t thread;
    const char *code, *phone;
    char why[WECHAT_WHY_BYTES];
    enum err e;
    atomic_bool over;
    struct arena *arena;
};

static void *ask_phone(void *arg)
{
    struct asking *a = arg;
    a->e = wechat_phone_blocking(&config, wechat.token, a->code, a->arena, &a->phone, a->why);
    atomic_store(&a->over, true);
    return NULL;
}

static void ask_and_serve(struct asking *a, const char *code)
{
    *a = (struct asking){.code = code, .arena = outside_arena};
    CHECK(pthread_create(&a->thread, NULL, ask_phone, a) == 0);
    while (!atomic_load(&a->over)) {
        mailbox_drain(&home);
        uv_run(&outside_loop, UV_RUN_NOWAIT);
    }
    pthread_join(a->thread, NULL);
}

TEST(a_phone_number_is_asked_for_by_another_thread)
{
    struct asking a;
    up();
    known();
    ask_and_serve(&a, "phone-13800001111");
    EQ_INT(ERR_NONE, a.e);
    EQ_TEXT("13800001111", a.phone);
    clock_fake_set(SECONDS_US(1800000000 + 60));
    outside_fault(outside_ports.wechat, "expired_token", 1, 0, "/wxa");
    ask_and_serve(&a, "phone-13800002222");
    EQ_INT(ERR_NONE, a.e);
    EQ_TEXT("13800002222", a.phone);
    EQ_INT(2, outside_count(outside_ports.wechat, TOKEN));
    ask_and_serve(&a, "wrong");
    EQ_INT(ERR_BAD_FIELD, a.e);
    down();
}

/* ---- the stand-in itself refuses what WeChat refuses ---- */

TEST(the_stand_in_knows_the_rules)
{
    up();
    known();
    struct sent s;
    static const char *const bad[] = {"{\"phrase1\":{\"value\":\"EMS\"}}", "{\"thing1\":{\"value\":\"\"}}",
                                      "{\"what1\":{\"value\":\"x\"}}", "{}"};
    for (size_t i = 0; i < countof(bad); i++) {
        send_data(&s, "openid-1", bad[i]);
        while (s.times == 0)
            uv_run(&outside_loop, UV_RUN_ONCE);
        EQ_INT(47003, s.got.errcode);
    }
    (void)outside_ask(outside_ports.wechat, "POST", "/quota",
                      "{\"openid\":\"openid-9\",\"template_id\":\"standin-result\",\"remaining\":1}");
    for (int i = 0; i < 2; i++) {
        send_one(&s, "openid-9");
        while (s.times == 0)
            uv_run(&outside_loop, UV_RUN_ONCE);
        EQ_INT(i == 0 ? WECHAT_DELIVERED : WECHAT_REFUSED, s.got.result);
    }
    send_one(&s, "stranger");
    while (s.times == 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    EQ_INT(40003, s.got.errcode);
    down();
}

int main(void)
{
    crypt_start();
    return tests_run();
}
