/* links: xy_dispatch */
/* WeChat's calls from a stranger: nothing unsigned is read as a message; XML trees keep their bounds. The first byte
 * chooses: an XML document, a plain message under a good signature, an encrypted one (good signature, any text), or any
 * body under a bad signature. */
#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"
#include "base/xml.h"
#include "dispatch/push_read.h"

#define NOW_S 1714036504

static const struct push_config plain = {.token = "AAAAA", .appid = "a", .page_appid = "b"};
static const struct push_config sealed = {
    .token = "AAAAA", .aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", .appid = "a", .page_appid = "b"};

static size_t nodes(const struct json *tree, size_t depth)
{
    size_t count = 1;
    CHECK(depth <= XML_DEPTH_MAX);
    CHECK(tree->kind == JSON_TEXT || tree->kind == JSON_OBJECT);
    CHECK(tree->kind != JSON_TEXT || text_utf8_valid(tree->text, strlen(tree->text)));
    for (const struct json *child = tree->first; child != NULL; child = child->next)
        count += nodes(child, depth + 1);
    return count;
}

static void check(const struct push *push)
{
    CHECK(push->count <= PUSH_ITEMS_MAX && push->openid != NULL && push->call != NULL && push->message != NULL);
    CHECK(strlen(push->openid) <= 128);
    CHECK(push->text == NULL || push->kind == PUSH_SAID);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 1 || len > 8192)
        return 0;
    struct arena *a = arena_new(MIB(8));
    const char *body = arena_text_n(a, (const char *)bytes + 1, len - 1);
    struct push push;
    const struct json *tree = NULL;
    char hex[41];
    struct push_call call = {
        .timestamp = "1714036504", .nonce = "1", .body = body, .len = len - 1, .now_us = SECONDS_US(NOW_S)};
    push_sign((const char *const[]){"AAAAA", "1714036504", "1"}, 3, hex);
    switch (bytes[0] % 4) {
    case 0:
        if (xml_read(body, len - 1, a, &tree) == ERR_NONE)
            CHECK(nodes(tree, 1) <= XML_NODES_MAX);
        break;
    case 1:
        call.signature = hex;
        if (push_read(&plain, &call, a, &push) == ERR_NONE)
            check(&push);
        break;
    case 2: { /* what is inside Encrypt, signed by who knows the token and not the key */
        char *text = arena_alloc(a, len * 4 / 3 + 8);
        crypt_base64(body, len - 1, false, text);
        push_sign((const char *const[]){"AAAAA", "1714036504", "1", text}, 4, hex);
        call.body = arena_printf(a, "{\"Encrypt\":\"%s\"}", text);
        call.len = strlen(call.body);
        call.encrypt_type = "aes";
        call.msg_signature = hex;
        if (push_read(&sealed, &call, a, &push) == ERR_NONE)
            check(&push);
        break;
    }
    default:
        call.signature = call.msg_signature = "0000000000000000000000000000000000000000";
        call.encrypt_type = bytes[0] & 4 ? "aes" : NULL;
        CHECK(push_read(bytes[0] & 4 ? &sealed : &plain, &call, a, &push) != ERR_NONE);
        break;
    }
    arena_free(a);
    return 0;
}
