/* links: xy_dispatch */
/* What comes from WeChat, the payment service and configuration. The first byte chooses:
 *   f  a field made to fit is valid for its type        n  a decrypted notice is understood or refused, never half
 *   b  a bank's call without the bank's key is nothing  l  a bill is read line by line or refused
 *   m  a message's detail never breaks its words        t  template ids and keys        s  a made-up signature never
 * fits */
#include "dispatch/pay.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"
#include "base/wechat_field.h"
#include "dispatch/pay_bill.h"
#include "dispatch/webhook.h"
#include "dispatch/wechat.h"
#include "store/wechat_template.h"

static void field(const char *text, struct arena *a)
{
    for (enum wechat_type type = WECHAT_THING; type <= WECHAT_NAME; type++) {
        const char *fit = wechat_field_fit(type, text, a);
        bool free_text = type == WECHAT_THING || type == WECHAT_PHRASE || type == WECHAT_CHARACTER_STRING;
        CHECK(!free_text || (fit != NULL && wechat_field_valid(type, fit)));
    }
}

static const struct pay_config pay = {
    .url = "x", .appid = "a", .who = {.merchant_id = "m"}, .api_v3_key = "0123456789abcdef0123456789abcdef"};

/* What a callback or an answer says after it was decrypted: understood whole or refused. */
static void notice(const char *body, size_t len, struct arena *a)
{
    const struct json *tree;
    struct pay_notice n;
    if (json_read(body, len, a, &tree) != ERR_NONE)
        return;
    if (pay_read_notice(&pay, false, tree, a, &n) == PAY_REFUSAL_none)
        CHECK(n.id != NULL && n.transaction_id != NULL && n.amount_fen > 0);
    if (pay_read_notice(&pay, true, tree, a, &n) == PAY_REFUSAL_none)
        CHECK(n.id != NULL && n.transaction_id != NULL && n.refund_id != NULL && n.refund_state != NULL &&
              n.amount_fen > 0 && n.refund_fen > 0);
}

/* The first line is a signature, the rest a body: nobody has the bank's key, so nothing is ever believed. */
static void unsigned_call(char *text, size_t len)
{
    static struct pay_keys *keys;
    char *body = memchr(text, '\n', len);
    if (body == NULL)
        return;
    *body++ = '\0';
    if (keys == NULL)
        keys = pay_keys_new();
    const struct pay_signed head = {"1", "1", "nonce", text};
    size_t body_len = len - (size_t)(body - text);
    CHECK(pay_verify(keys, &head, body, body_len, SECONDS_US(1)) != PAY_REFUSAL_none);
    CHECK(pay_keys_take(keys, pay.api_v3_key, &head, body, body_len, SECONDS_US(1)) != ERR_NONE);
}

static void bill(const char *text, size_t len, struct arena *a)
{
    struct pay_bill bill;
    struct pay_bill_line line;
    bool more = true;
    if (pay_bill_open(&bill, arena_copy(a, text, len), len) != ERR_NONE)
        return;
    while (more && pay_bill_next(&bill, &line, &more) == ERR_NONE)
        CHECK(!more || (line.amount_fen > 0 && line.order_id != NULL && line.refund_id != NULL));
}

static void message(const char *detail, struct arena *a)
{
    static const char *const kinds[] = {"retake", "shipped", "refunded", "of another version"};
    for (size_t i = 0; i < countof(kinds); i++)
        for (int lang = LANGUAGE_ZH; lang <= LANGUAGE_EN; lang++) {
            struct message_words words;
            message_render(kinds[i], detail, (enum language)lang, a, &words);
            CHECK(text_utf8_valid(words.text, strlen(words.text)));
            CHECK(wechat_field_valid(WECHAT_THING, wechat_field_fit(WECHAT_THING, words.short_text, a)));
        }
}

static void templates(const char *text, struct arena *a)
{
    struct wechat_templates set;
    char why[WECHAT_WHY_BYTES];
    if (wechat_templates_read(text, a, &set, why) != ERR_NONE)
        return;
    const char *data;
    const struct wechat_values values = {"通过", "remark", "18:40", "1", "2", "1.00元"};
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++)
        CHECK(wechat_template_data(&set.of[i], &values, a, &data) == ERR_NONE);
}

static void signature(const char *text)
{
    char timestamp[32];
    snprintf(timestamp, sizeof timestamp, "%.10s", text);
    const struct webhook_head head = {"id", timestamp, text};
    CHECK(webhook_verify("secret", 6, &head, text, strlen(text), SECONDS_US(1614265330)) == ERR_UNAUTHENTICATED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 1 || len > 4096)
        return 0;
    struct arena *a = arena_new(MIB(4));
    const char *text = arena_text_n(a, (const char *)bytes + 1, len - 1);
    bool is_text = text_utf8_valid(text, len - 1);
    if (bytes[0] == 'f' && is_text)
        field(text, a);
    else if (bytes[0] == 'n')
        notice(text, len - 1, a);
    else if (bytes[0] == 'b')
        unsigned_call(arena_copy(a, text, len - 1), len - 1);
    else if (bytes[0] == 'l')
        bill(text, len - 1, a);
    else if (bytes[0] == 'm' && is_text)
        message(text, a);
    else if (bytes[0] == 't')
        templates(text, a);
    else if (bytes[0] == 's')
        signature(text);
    arena_free(a);
    return 0;
}
