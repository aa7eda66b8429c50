#include "dispatch/push_read.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/pki.h"
#include "base/text.h"
#include "base/xml.h"

#define PARTS_MAX      4
#define RANDOM_BYTES   16
#define LENGTH_BYTES   4
#define PADDING_BLOCK  32
#define PART_CHARS     256 /* of token, timestamp, nonce */
#define MEDIA_ID_BYTES 256

_Static_assert(PKI_SHA1_TEXT_BYTES == 41, "push_sign writes SHA-1");

/* ---- signatures ---- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void push_sign(const char *const *parts, size_t count, char hex[41])
{
    const char *sorted[PARTS_MAX];
    struct buf b;
    CHECK(count >= 1 && count <= PARTS_MAX);
    memcpy(sorted, parts, count * sizeof sorted[0]);
    qsort(sorted, count, sizeof sorted[0], by_bytes);
    buf_init(&b, MIB(1));
    for (size_t i = 0; i < count; i++)
        buf_text(&b, sorted[i]);
    pki_sha1_text(buf_cstr(&b), b.len, hex);
    buf_release(&b);
}

static bool fits(const char *const *parts, size_t count, const char *given)
{
    char want[PKI_SHA1_TEXT_BYTES];
    push_sign(parts, count, want);
    return given != NULL && strlen(given) == sizeof want - 1 && crypt_equal(given, want, sizeof want - 1);
}

static bool has_head(const struct push_config *config, const struct push_call *call)
{
    int64_t at_s, now_s = call->now_us / 1000000;
    if (config->token == NULL || config->token[0] == '\0' || call->timestamp == NULL || call->nonce == NULL ||
        strlen(call->timestamp) > 20 || strlen(call->nonce) > PART_CHARS || !text_int(call->timestamp, &at_s))
        return false;
    return call->now_us == 0 || (at_s > now_s - PUSH_SKEW_MAX_S && at_s < now_s + PUSH_SKEW_MAX_S);
}

bool push_signed(const struct push_config *config, const struct push_call *call)
{
    return has_head(config, call) &&
           fits((const char *const[]){config->token, call->timestamp, call->nonce}, 3, call->signature);
}

/* ---- security mode ---- */

static bool aes_key(const struct push_config *config, unsigned char key[32])
{
    char text[PUSH_AES_KEY_CHARS + 2];
    size_t len = 0;
    if (config->aes_key == NULL || strlen(config->aes_key) != PUSH_AES_KEY_CHARS)
        return false;
    /* 43 characters are 258 bits; WeChat's last one may carry two bits that belong to nothing. */
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    snprintf(text, sizeof text, "%s=", config->aes_key);
    const char *last = strchr(letters, text[PUSH_AES_KEY_CHARS - 1]);
    if (last == NULL || *last == '\0')
        return false;
    text[PUSH_AES_KEY_CHARS - 1] = letters[(last - letters) & ~3];
    return crypt_unbase64(text, false, key, 32, &len) && len == 32;
}

enum err push_config_check(const struct push_config *config, char why[JSON_WHY_BYTES])
{
    unsigned char key[32];
    why[0] = '\0';
    if (config->aes_key == NULL || config->aes_key[0] == '\0' || aes_key(config, key))
        return ERR_NONE;
    snprintf(why, JSON_WHY_BYTES, "the EncodingAESKey has %d characters of base64", PUSH_AES_KEY_CHARS);
    return ERR_BAD_FIELD;
}

static bool is_ours(const char *appid, const char *whose, size_t len)
{
    return appid != NULL && appid[0] != '\0' && strlen(appid) == len && memcmp(appid, whose, len) == 0;
}

/* random(16) length(4) message whose, padded. */
static enum err unpack(const struct push_config *config, const unsigned char *plain, size_t len, struct arena *arena,
                       const char **message, size_t *message_len, const char **account)
{
    size_t padding = plain[len - 1];
    if (padding < 1 || padding > PADDING_BLOCK || len < padding + RANDOM_BYTES + LENGTH_BYTES)
        return ERR_WRONG_CREDENTIALS;
    len -= padding;
    const unsigned char *size = plain + RANDOM_BYTES;
    size_t said = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    size_t room = len - RANDOM_BYTES - LENGTH_BYTES;
    if (said > room)
        return ERR_WRONG_CREDENTIALS;
    const char *begin = (const char *)plain + RANDOM_BYTES + LENGTH_BYTES, *whose = begin + said;
    *account = is_ours(config->appid, whose, room - said)        ? "mini"
               : is_ours(config->page_appid, whose, room - said) ? "page"
                                                                 : NULL;
    *message = arena_text_n(arena, begin, said);
    *message_len = said;
    return *account != NULL ? ERR_NONE : ERR_WRONG_CREDENTIALS;
}

static enum err decrypt(const struct push_config *config, const char *text, struct arena *arena, const char **message,
                        size_t *message_len, const char **account)
{
    unsigned char key[32];
    size_t max = strlen(text) / 4 * 3 + 3, len = 0;
    unsigned char *plain = arena_alloc(arena, max);
    if (!aes_key(config, key) || !crypt_unbase64(text, false, plain, max, &len) || len == 0 ||
        len % PKI_CBC_BLOCK_BYTES != 0)
        return ERR_WRONG_CREDENTIALS;
    pki_cbc(key, key, false, plain, len);
    enum err e = unpack(config, plain, len, arena, message, message_len, account);
    crypt_wipe(key, sizeof key);
    return e;
}

const char *push_encrypt(const struct push_config *config, const char *appid, const unsigned char random[16],
                         const char *message, struct arena *arena)
{
    unsigned char key[32];
    size_t message_len = strlen(message), len = RANDOM_BYTES + LENGTH_BYTES + message_len + strlen(appid);
    size_t padding = PADDING_BLOCK - len % PADDING_BLOCK;
    unsigned char *bytes = arena_alloc(arena, len + padding);
    CHECK(aes_key(config, key));
    memcpy(bytes, random, RANDOM_BYTES);
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        bytes[RANDOM_BYTES + i] = (unsigned char)(message_len >> (24 - 8 * i));
    memcpy(bytes + RANDOM_BYTES + LENGTH_BYTES, message, message_len);
    memcpy(bytes + len - strlen(appid), appid, strlen(appid));
    memset(bytes + len, (int)padding, padding);
    pki_cbc(key, key, true, bytes, len + padding);
    char *text = arena_alloc(arena, (len + padding) * 4 / 3 + 8);
    crypt_base64(bytes, len + padding, false, text);
    return text;
}

/* ---- what it says ---- */

static enum err read_tree(const char *bytes, size_t len, struct arena *arena, const struct json **tree)
{
    size_t at = 0;
    while (at < len && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t'))
        at++;
    enum err e = at < len && bytes[at] == '<' ? xml_read(bytes, len, arena, tree) : json_read(bytes, len, arena, tree);
    return e == ERR_NONE && (*tree)->kind == JSON_OBJECT ? ERR_NONE : ERR_BAD_REQUEST;
}

/* Text, or a number as text; NULL when it is neither. */
static const char *word_at(const struct json *tree, const char *name, struct arena *arena)
{
    const struct json *value = json_at(tree, name);
    if (value == NULL || value->kind == JSON_TEXT)
        return value == NULL ? NULL : value->text;
    int64_t number = json_int_at(tree, name, INT64_MIN);
    return number == INT64_MIN ? NULL : arena_printf(arena, "%" PRId64, number);
}

static void add_item(const struct json *element, struct arena *arena, struct push *push)
{
    if (push->count == PUSH_ITEMS_MAX || element->kind != JSON_OBJECT)
        return;
    const char *code = word_at(element, "ErrorCode", arena);
    push->items[push->count++] = (struct push_item){.template_id = word_at(element, "TemplateId", arena),
                                                    .answer = word_at(element, "SubscribeStatusString", arena),
                                                    .number = word_at(element, "MsgID", arena),
                                                    .good = text_is(code, "0"),
                                                    .words = arena_printf(arena, "errcode %.12s", code ? code : "?")};
}

/* Every List of the parent: an object, an array, or several of them. */
static void add_lists(const struct json *parent, struct arena *arena, struct push *push)
{
    for (const struct json *child = parent->first; child != NULL; child = child->next) {
        if (!text_is(child->name, "List"))
            continue;
        if (child->kind == JSON_OBJECT)
            add_item(child, arena, push);
        else if (child->kind == JSON_ARRAY)
            for (const struct json *element = child->first; element != NULL; element = element->next)
                add_item(element, arena, push);
    }
}

static void read_items(const struct json *tree, struct arena *arena, struct push *push)
{
    add_lists(tree, arena, push);
    for (const struct json *child = tree->first; child != NULL; child = child->next)
        if (child->kind == JSON_OBJECT && text_starts(child->name, "SubscribeMsg"))
            add_lists(child, arena, push);
}

static void read_job_finish(const struct json *tree, struct arena *arena, struct push *push)
{
    const char *status = word_at(tree, "Status", arena);
    push->account = "page";
    push->items[0] = (struct push_item){.number = word_at(tree, "MsgID", arena),
                                        .good = text_is(status, "success"),
                                        .words = arena_printf(arena, "%.40s", status != NULL ? status : "")};
    push->count = 1;
}

static void read_event(const struct json *tree, const char *event, struct arena *arena, struct push *push)
{
    static const struct {
        const char *event;
        enum push_kind kind;
    } kinds[] = {
        {"subscribe_msg_popup_event", PUSH_PROMPTED},
        {"subscribe_msg_change_event", PUSH_SWITCHED},
        {"subscribe_msg_sent_event", PUSH_ARRIVED},
        {"TEMPLATESENDJOBFINISH", PUSH_ARRIVED},
        {"subscribe", PUSH_FOLLOWED},
        {"unsubscribe", PUSH_UNFOLLOWED},
        {"user_enter_tempsession", PUSH_ENTERED},
    };
    for (size_t i = 0; i < countof(kinds); i++)
        if (text_is(kinds[i].event, event))
            push->kind = kinds[i].kind;
    if (text_is(event, "TEMPLATESENDJOBFINISH"))
        read_job_finish(tree, arena, push);
    else if (push->kind == PUSH_PROMPTED || push->kind == PUSH_SWITCHED || push->kind == PUSH_ARRIVED)
        read_items(tree, arena, push);
    else if (push->kind == PUSH_FOLLOWED || push->kind == PUSH_UNFOLLOWED)
        push->account = "page";
}

static enum err read_message(const struct json *tree, struct arena *arena, struct push *push)
{
    const char *type = word_at(tree, "MsgType", arena), *event = word_at(tree, "Event", arena);
    const char *number = word_at(tree, "MsgId", arena), *made = word_at(tree, "CreateTime", arena);
    push->openid = word_at(tree, "FromUserName", arena);
    if (push->openid == NULL || push->openid[0] == '\0' || strlen(push->openid) > 128 || type == NULL)
        return ERR_BAD_REQUEST;
    if (text_is(type, "event") && event != NULL) {
        read_event(tree, event, arena, push);
    } else if (text_is(type, "text") || text_is(type, "image")) {
        const char *text = word_at(tree, "Content", arena), *media_id = word_at(tree, "MediaId", arena);
        push->kind = PUSH_SAID;
        if (text_is(type, "image") && media_id != NULL && media_id[0] != '\0' && strlen(media_id) <= MEDIA_ID_BYTES)
            push->media_id = media_id; /* PicUrl is nobody's business: pictures come from WeChat's API alone */
        if (text_is(type, "text") && text != NULL && text[0] != '\0' && text_chars(text) <= 4000)
            push->text = text;
        else if (text_is(type, "text"))
            push->kind = PUSH_NOTHING;
    }
    /* domain.md E.5: messages are told apart by their number, events by sender, time and name. */
    push->message = number != NULL
                        ? arena_printf(arena, "message|%.64s", number)
                        : arena_printf(arena, "event|%.128s|%.20s|%.64s|%.64s", push->openid, made != NULL ? made : "",
                                       event != NULL ? event : "",
                                       push->count > 0 && push->items[0].number != NULL ? push->items[0].number : "");
    return ERR_NONE;
}

enum err push_read(const struct push_config *config, const struct push_call *call, struct arena *arena,
                   struct push *push)
{
    const struct json *tree = NULL;
    const char *message = call->body, *account = "", *signature = call->signature;
    size_t len = call->len;
    bool sealed = config->aes_key != NULL && config->aes_key[0] != '\0';
    *push = (struct push){.kind = PUSH_NOTHING};
    if (!has_head(config, call) || sealed != text_is(call->encrypt_type, "aes"))
        return ERR_WRONG_CREDENTIALS;
    if (!sealed && !push_signed(config, call))
        return ERR_WRONG_CREDENTIALS;
    TRY(read_tree(message, len, arena, &tree));
    if (sealed) {
        const char *text = json_text_at(tree, "Encrypt", NULL);
        signature = call->msg_signature;
        if (text == NULL ||
            !fits((const char *const[]){config->token, call->timestamp, call->nonce, text}, 4, signature))
            return ERR_WRONG_CREDENTIALS;
        TRY(decrypt(config, text, arena, &message, &len, &account));
        TRY(read_tree(message, len, arena, &tree));
    }
    push->account = account;
    push->call = arena_printf(arena, "%.64s|%.20s|%.256s", signature, call->timestamp, call->nonce);
    return read_message(tree, arena, push);
}
