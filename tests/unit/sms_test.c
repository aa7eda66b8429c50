/* links: xy_standin xy_dispatch */
#include "dispatch/sms.c"

#include "base/crypt.h"
#include "tests/check.h"
#include "tests/unit/outside_fixture.h"

static struct sms_config config(void)
{
    return (struct sms_config){
        .url = outside_url(outside_ports.sms, "/sms"), .key = outside_ports.key, .allow_private = true};
}

static enum err ask(const struct sms_config *c, const char *id, const char *to, const char *text)
{
    char why[JSON_WHY_BYTES];
    const struct sms_text sms = {.id = id, .to = to, .text = text, .purpose = "login_code"};
    enum err e = sms_send_blocking(c, &sms, outside_arena, why);
    TRUE((e == ERR_NONE) == (why[0] == '\0'));
    TRUE(strstr(why, to) == NULL); /* no number in an answer or a log */
    return e;
}

static int64_t texts(const char *to)
{
    const char *path = arena_printf(outside_arena, "/texts?to=%s", to);
    return json_int_at(outside_ask(outside_ports.sms, "GET", path, NULL), "count", -1);
}

TEST(a_text_is_sent_once_however_often_it_is_asked_for)
{
    outside_up(NULL);
    struct sms_config c = config();
    EQ_INT(ERR_NONE, ask(&c, "code-1", "13800000000", "验证码 123456，5 分钟内有效。"));
    EQ_INT(ERR_NONE, ask(&c, "code-1", "13800000000", "验证码 123456，5 分钟内有效。"));
    EQ_INT(1, texts("13800000000"));
    outside_fault(outside_ports.sms, "drop_answer", 1, 0, "/sms");
    EQ_INT(ERR_UPSTREAM_UNKNOWN, ask(&c, "code-2", "13800000001", "x"));
    EQ_INT(ERR_NONE, ask(&c, "code-2", "13800000001", "x"));
    EQ_INT(1, texts("13800000001"));
    outside_down();
}

TEST(what_the_gateway_says_is_told_apart)
{
    static const struct {
        int64_t status;
        enum err e;
    } cases[] = {{500, ERR_UPSTREAM}, {503, ERR_UPSTREAM}, {429, ERR_UPSTREAM}, {403, ERR_UPSTREAM_REFUSED}};
    outside_up(NULL);
    struct sms_config c = config();
    for (size_t i = 0; i < countof(cases); i++) {
        outside_fault(outside_ports.sms, "status", 1, cases[i].status, "/sms");
        EQ_INT(cases[i].e, ask(&c, arena_printf(outside_arena, "row-%zu", i), "13800000002", "x"));
    }
    c.key = "not the key";
    EQ_INT(ERR_UPSTREAM_REFUSED, ask(&c, "row-9", "13800000002", "x"));
    EQ_INT(0, texts("13800000002"));
    outside_down();
}

TEST(without_gateway_or_number_nothing_is_asked)
{
    static const char *const wrong[] = {"", "1380", "13800000000000000", "+", "138-0000-0000", "13800000000\r\nx: y"};
    outside_up(NULL);
    struct sms_config c = config(), none = {.url = ""};
    for (size_t i = 0; i < countof(wrong); i++)
        TRUE(!sms_number_valid(wrong[i]));
    TRUE(sms_number_valid("+85291234567"));
    EQ_INT(ERR_BAD_FIELD, ask(&c, "row-1", "1380", "x"));
    EQ_INT(ERR_NOT_FOUND, ask(&none, "row-1", "13800000000", "x"));
    c.allow_private = false; /* an operator's URL is guarded like a webhook's */
    EQ_INT(ERR_UPSTREAM, ask(&c, "row-1", "13800000000", "x"));
    EQ_INT(0, outside_count(outside_ports.sms, "/sms"));
    outside_down();
}

TEST(a_long_text_is_cut_at_a_character)
{
    outside_up(NULL);
    struct sms_config c = config();
    struct buf b;
    buf_init(&b, KIB(4));
    for (int i = 0; i < 400; i++)
        buf_text(&b, "字");
    EQ_INT(ERR_NONE, ask(&c, "long", "13800000003", buf_cstr(&b)));
    const struct json *items = json_at(outside_ask(outside_ports.sms, "GET", "/texts", NULL), "items");
    EQ_INT(SMS_TEXT_CHARS_MAX, text_chars(json_text_at(items->first, "text", "")));
    buf_release(&b);
    outside_down();
}

int main(void)
{
    crypt_start();
    return tests_run();
}
