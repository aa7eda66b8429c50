#include "store/batch_name.h"

#include "base/buf.h"
#include "base/text.h"

struct token {
    const char *name;
    size_t offset; /* of the fact; position has none */
    bool personal, tells_apart;
};
#define POSITION SIZE_MAX

static const struct token tokens[] = {
    {"{student_no}", offsetof(struct batch_name_facts, student_no), false, true},
    {"{id_no}", offsetof(struct batch_name_facts, id_no), true, true},
    {"{name}", offsetof(struct batch_name_facts, name), true, false},
    {"{class}", offsetof(struct batch_name_facts, class_name), false, false},
    {"{college}", offsetof(struct batch_name_facts, college), false, false},
    {"{code}", offsetof(struct batch_name_facts, code), false, true},
    {"{position}", POSITION, false, true},
};

static const struct token *token_at(const char *text)
{
    for (size_t i = 0; i < countof(tokens); i++)
        if (text_starts(text, tokens[i].name))
            return &tokens[i];
    return NULL;
}

bool batch_name_is_personal(const char *template)
{
    for (size_t i = 0; i < countof(tokens); i++)
        if (tokens[i].personal && strstr(template, tokens[i].name) != NULL)
            return true;
    return false;
}

enum err batch_name_check(const char *template, char why[BATCH_NAME_WHY_BYTES])
{
    size_t len = strlen(template);
    bool tells_apart = false;
    why[0] = '\0';
    if (len == 0 || len > BATCH_TEMPLATE_BYTES_MAX || !text_utf8_valid(template, len) ||
        !text_is_control_free(template))
        snprintf(why, BATCH_NAME_WHY_BYTES, "template: must have 1 to %d bytes and no control characters",
                 BATCH_TEMPLATE_BYTES_MAX);
    if (template[0] == '/' || (len > 0 && template[len - 1] == '/') || strstr(template, "//") != NULL ||
        strstr(template, "..") != NULL || strpbrk(template, "\\:*?\"<>|") != NULL)
        snprintf(why, BATCH_NAME_WHY_BYTES, "template: is not a relative path that every system can hold");
    for (const char *at = template; why[0] == '\0' && *at != '\0'; at++) {
        const struct token *token = *at == '{' ? token_at(at) : NULL;
        if (token != NULL) {
            tells_apart = tells_apart || token->tells_apart;
            at += strlen(token->name) - 1;
        } else if (*at == '{' || *at == '}') {
            snprintf(why, BATCH_NAME_WHY_BYTES, "template: has an unknown token at \"%.20s\"", at);
        }
    }
    if (why[0] == '\0' && !tells_apart)
        snprintf(why, BATCH_NAME_WHY_BYTES, "template: needs {student_no}, {id_no}, {code} or {position}");
    return why[0] == '\0' ? ERR_NONE : ERR_BAD_FIELD;
}

/* A value never makes a folder, a hidden file or a control character. */
static void put_value(struct buf *b, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        bool bad = c < 0x20 || c == 0x7f || strchr("/\\:*?\"<>|{}", c) != NULL || (c == '.' && at == value);
        buf_char(b, bad ? '_' : *at);
    }
}

const char *batch_name_make(struct arena *arena, const char *template, const struct batch_name_facts *facts)
{
    struct buf b;
    buf_init(&b, KIB(2));
    for (const char *at = template; *at != '\0'; at++) {
        const struct token *token = *at == '{' ? token_at(at) : NULL;
        if (token == NULL) {
            buf_char(&b, *at);
            continue;
        }
        at += strlen(token->name) - 1;
        if (token->offset == POSITION) {
            buf_printf(&b, "%04" PRId64, facts->position);
            continue;
        }
        const char *value = *(const char *const *)(const void *)((const char *)facts + token->offset);
        put_value(&b, value != NULL && value[0] != '\0' ? value : facts->code);
    }
    const char *made = buf_cstr(&b);
    size_t len = strlen(made);
    if (len > BATCH_NAME_BYTES_MAX)
        for (len = BATCH_NAME_BYTES_MAX; len > 0 && !text_utf8_valid(made, len);)
            len--;
    const char *name = arena_printf(arena, "%.*s.jpg", (int)len, made);
    buf_release(&b);
    return name;
}
