#include "store/message.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"

/* ---- the words ---- */

struct tell {
    const char *event, *to, *kind;
};
static const struct tell tells[] = {
#define TELL(event, to, kind) {#event, #to, #kind},
#include "store/messages.def"
};

struct words {
    const char *kind;
    enum message_template tmpl;
    const char *phrase, *short_text[2], *title[2], *text[2]; /* zh, en */
};
static const struct words all_words[] = {
#define MESSAGE(kind, tmpl, phrase, short_zh, short_en, title_zh, title_en, text_zh, text_en)                          \
    {#kind, MESSAGE_TEMPLATE_##tmpl, phrase, {short_zh, short_en}, {title_zh, title_en}, {text_zh, text_en}},
#include "store/messages.def"
};

static const char *const template_names[][2] = {
#define TEMPLATE(name, title_zh) {#name, title_zh},
#include "store/messages.def"
};

enum reason_by { AUTO, HUMAN, CHSI };
struct reason {
    const char *code, *sentence[2], *short_text[2];
};
static const struct reason reasons[] = {
#define REASON(code, by, zh, en, zh_short, en_short, zh_fix, en_fix) {#code, {zh, en}, {zh_short, en_short}},
#include "workflow/reasons.def"
#undef REASON
};

const char *message_template_name(enum message_template tmpl)
{
    return tmpl < MESSAGE_TEMPLATE_COUNT ? template_names[tmpl][0] : TEMPLATE_NAME_NONE;
}

const char *message_template_title(enum message_template tmpl)
{
    return tmpl < MESSAGE_TEMPLATE_COUNT ? template_names[tmpl][1] : "";
}

const char *message_kind_of(const char *event, const char *to)
{
    for (size_t i = 0; i < countof(tells); i++)
        if (text_is(tells[i].event, event) && (text_is(tells[i].to, "any") || text_is(tells[i].to, to)))
            return tells[i].kind;
    return NULL;
}

static const struct words *words_of(const char *kind)
{
    for (size_t i = 0; i < countof(all_words); i++)
        if (text_is(all_words[i].kind, kind))
            return &all_words[i];
    return NULL;
}

enum message_template message_template_of(const char *kind)
{
    const struct words *w = words_of(kind);
    return w == NULL ? MESSAGE_TEMPLATE_none : w->tmpl;
}

const char *message_phrase(const char *kind)
{
    const struct words *w = words_of(kind);
    return w == NULL ? "" : w->phrase;
}

static void add_reasons(struct buf *b, const struct json *detail, enum language lang, bool is_short)
{
    const struct json *list = json_at(detail, "reasons");
    bool first = true;
    if (list == NULL || list->kind != JSON_ARRAY)
        return;
    for (const struct json *item = list->first; item != NULL; item = item->next)
        for (size_t i = 0; i < countof(reasons); i++)
            if (text_is(reasons[i].code, item->text)) {
                if (!first)
                    buf_text(b, lang == LANGUAGE_ZH ? "、" : ", ");
                buf_text(b, is_short ? reasons[i].short_text[lang] : reasons[i].sentence[lang]);
                first = false;
            }
    if (first) /* rejected without a code: the note says why */
        buf_text(b, lang == LANGUAGE_ZH ? "见说明" : "see the note");
}

static void add_value(struct buf *b, const char *name, size_t len, const struct json *detail, enum language lang)
{
    if (len == 7 && memcmp(name, "reasons", 7) == 0) {
        add_reasons(b, detail, lang, false);
    } else if (len == 13 && memcmp(name, "reasons_short", 13) == 0) {
        add_reasons(b, detail, lang, true);
    } else {
        char key[32];
        snprintf(key, sizeof key, "%.*s", (int)len, name);
        const char *value = json_text_at(detail, key, "");
        buf_text(b, value);
        if (text_is(key, "note") && value[0] != '\0')
            buf_text(b, lang == LANGUAGE_ZH ? "。" : " ");
    }
}

static const char *fill(const char *pattern, const struct json *detail, enum language lang, struct arena *arena)
{
    struct buf b;
    buf_init(&b, KIB(8));
    for (const char *c = pattern; *c != '\0';) {
        size_t plain = strcspn(c, "{");
        buf_add(&b, c, plain);
        c += plain;
        if (*c == '\0')
            break;
        size_t len = strcspn(++c, "}");
        add_value(&b, c, len, detail, lang);
        c += len + 1; /* the table is ours: every '{' has its '}' (a test checks it) */
    }
    const char *text = arena_text_n(arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return text;
}

void message_render(const char *kind, const char *detail, enum language lang, struct arena *arena,
                    struct message_words *out)
{
    const struct words *w = words_of(kind);
    const struct json *tree = NULL;
    if (w == NULL) {
        *out = (struct message_words){arena_text(arena, kind), "", ""};
        return;
    }
    if (detail == NULL || json_read(detail, strlen(detail), arena, &tree) != ERR_NONE)
        tree = NULL;
    out->title = fill(w->title[lang], tree, lang, arena);
    out->text = fill(w->text[lang], tree, lang, arena);
    out->short_text = fill(w->short_text[lang], tree, lang, arena);
}

/* ---- inbox ---- */

void message_id_of(const char *outbox_id, int64_t created_us, char id[CRYPT_ID_TEXT_BYTES])
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* as crypt_id */
    unsigned char hash[CRYPT_HASH_BYTES];
    crypt_hash(outbox_id, strlen(outbox_id), hash);
    uint64_t time_ms = (uint64_t)(created_us / 1000);
    for (int i = 9; i >= 0; i--, time_ms >>= 5)
        id[i] = letters[time_ms & 31];
    for (size_t i = 0; i < CRYPT_ID_TEXT_BYTES - 11; i++)
        id[10 + i] = letters[hash[i] & 31];
    id[CRYPT_ID_TEXT_BYTES - 1] = '\0';
}

enum err message_add(struct tx *tx, const struct message_row *row, const char *student_id)
{
    return TX_RUN(tx, Q_MESSAGE_ADD, v_text(row->id), v_text(student_id), v_text(row->submission_id), v_text(row->kind),
                  v_text(row->detail), v_text(row->channel), v_int(row->created_us));
}

enum err message_channel(struct tx *tx, const char *id, const char **channel)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_CHANNEL, v_text(id)));
    if (rows_next(&r))
        *channel = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err message_set_channel(struct tx *tx, const char *id, const char *channel)
{
    return TX_RUN(tx, Q_MESSAGE_CHANNEL_SET, v_text(channel), v_text(id));
}

enum err message_list(struct tx *tx, const char *student_id, const char *before, struct message_row *rows, size_t max,
                      size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_LIST, v_text(student_id), v_text(before == NULL ? "~" : before),
                v_int((int64_t)max)));
    while (*count < max && rows_next(&r)) {
        struct message_row *row = &rows[(*count)++];
        row->id = col_text(&r, 0);
        row->submission_id = col_text(&r, 1);
        row->kind = col_text(&r, 2);
        row->detail = col_text(&r, 3);
        row->channel = col_text(&r, 4);
        row->created_us = col_int(&r, 5);
        row->read_us = col_int(&r, 6);
    }
    return rows_close(&r);
}

enum err message_mark_read(struct tx *tx, const char *id, const char *student_id, int64_t now_us)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_OWNED, v_text(id), v_text(student_id)));
    (void)rows_next(&r);
    TRY(rows_close_one(&r));
    return TX_RUN(tx, Q_MESSAGE_READ, v_int(now_us), v_text(id), v_text(student_id));
}

enum err message_recipient(struct tx *tx, const char *student_id, const char **openid, enum language *lang)
{
    struct rows r;
    const void *sealed = NULL;
    size_t sealed_len = 0, len;
    const char *language = "zh";
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_RECIPIENT, v_text(student_id)));
    if (rows_next(&r)) {
        sealed = col_bytes(&r, 0, &sealed_len);
        language = col_text(&r, 1);
    }
    TRY(rows_close_one(&r));
    *lang = text_is(language, "en") ? LANGUAGE_EN : LANGUAGE_ZH;
    char *opened;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len,
                     arena_printf(tx->arena, "student|%s|openid", student_id), tx->arena, &opened, &len));
    *openid = opened;
    return ERR_NONE;
}
