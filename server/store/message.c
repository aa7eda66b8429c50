#include "store/message.h"

#include "base/check.h"
#include "base/text.h"
#include "store/column.h"
#include "store/outbox.h"
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

const char *message_kind_at(size_t i)
{
    return i < countof(all_words) ? all_words[i].kind : NULL;
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

const char *message_detail_of(const char *payload, struct arena *arena)
{
    static const char *const names[] = {"event", "to", "code", "reasons", "note", "carrier", "tracking_no"};
    const struct json *tree = NULL;
    struct buf b;
    if (payload == NULL || json_read(payload, strlen(payload), arena, &tree) != ERR_NONE)
        return "{}";
    buf_init(&b, KIB(16));
    json_object_open(&b);
    for (size_t i = 0; i < countof(names); i++) {
        const struct json *value = json_at(tree, names[i]);
        if (value != NULL && !(value->kind == JSON_TEXT && value->text[0] == '\0')) {
            json_name(&b, names[i]);
            json_tree(&b, value);
        }
    }
    json_object_close(&b);
    const char *detail = b.over ? "{}" : arena_text_n(arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return detail;
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

static struct val sealed_text(struct tx *tx, const char *id, const char *text)
{
    return column_seal(tx, "message", id, "text", text);
}

enum err message_add(struct tx *tx, const struct message_row *row, const char *student_id)
{
    return TX_RUN(tx, Q_MESSAGE_ADD, v_text(row->id), v_text(student_id), v_text(row->submission_id), v_text(row->kind),
                  v_text(row->detail == NULL ? "{}" : row->detail),
                  v_text(row->channel == NULL ? MESSAGE_CHANNEL_INBOX : row->channel), v_int(row->created_us),
                  v_text(row->sender == NULL ? MESSAGE_FROM_SYSTEM : row->sender), sealed_text(tx, row->id, row->text),
                  v_text(row->blob_id), v_text(row->account_id));
}

static enum err put_notify(struct tx *tx, const char *outbox_id, const struct message_row *row, const char *student_id,
                           int64_t now_us)
{
    const char *payload = arena_printf(tx->arena, "{\"message_id\":\"%s\",\"student_id\":\"%s\"}", row->id, student_id);
    return outbox_put_ordered(tx, outbox_id, "notify", row->submission_id, payload, student_id, now_us);
}

enum err message_tell(struct tx *tx, const struct message_tell *tell)
{
    char id[CRYPT_ID_TEXT_BYTES];
    message_id_of(tell->id, tell->now_us, id);
    const struct message_row row = {.id = id,
                                    .submission_id = tell->submission_id,
                                    .kind = tell->kind,
                                    .detail = tell->detail,
                                    .created_us = tell->now_us};
    TRY(message_add(tx, &row, tell->student_id));
    return put_notify(tx, tell->id, &row, tell->student_id, tell->now_us);
}

enum err message_tell_again(struct tx *tx, const char *message_id, int64_t now_us)
{
    struct message_row row;
    TRY(message_get(tx, message_id, &row));
    return put_notify(tx, arena_printf(tx->arena, "%s-again-%" PRId64, message_id, now_us), &row, row.student_id,
                      now_us);
}

/* ---- reading ---- */

static enum err read_row(struct tx *tx, const struct rows *r, struct message_row *row)
{
    *row = (struct message_row){.id = col_text(r, 0),
                                .submission_id = col_text(r, 1),
                                .kind = col_text(r, 2),
                                .detail = col_text(r, 3),
                                .channel = col_text(r, 4),
                                .created_us = col_int(r, 5),
                                .read_us = col_int(r, 6),
                                .sender = col_text(r, 7),
                                .blob_id = col_text(r, 9),
                                .account_id = col_text(r, 10),
                                .verdict = col_text(r, 11)};
    return column_open(tx, r, 8, "message", row->id, "text", &row->text);
}

enum err message_get(struct tx *tx, const char *id, struct message_row *row)
{
    struct rows r;
    enum err e = ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_GET, v_text(id)));
    if (rows_next(&r)) {
        e = read_row(tx, &r, row);
        row->student_id = col_text(&r, 12);
    }
    enum err closed = rows_close_one(&r);
    return closed != ERR_NONE ? closed : e;
}

enum err message_set_channel(struct tx *tx, const char *id, const char *channel)
{
    return TX_RUN(tx, Q_MESSAGE_CHANNEL_SET, v_text(channel), v_text(id));
}

enum err message_set_picture(struct tx *tx, const char *id, const char *blob_id, const char *text)
{
    return TX_RUN(tx, Q_MESSAGE_PICTURE_SET, v_text(blob_id), sealed_text(tx, id, text), v_text(id));
}

enum err message_set_verdict(struct tx *tx, const char *id, const char *verdict)
{
    return TX_RUN(tx, Q_MESSAGE_VERDICT_SET, v_text(verdict), v_text(id));
}

static enum err read_rows(struct tx *tx, struct rows *r, struct message_row *rows, size_t max, size_t *count)
{
    enum err e = ERR_NONE;
    *count = 0;
    while (e == ERR_NONE && *count < max && rows_next(r))
        e = read_row(tx, r, &rows[(*count)++]);
    enum err closed = rows_close(r);
    return closed != ERR_NONE ? closed : e;
}

#define FROM_THE_NEWEST "~"

enum err message_list(struct tx *tx, const char *student_id, const char *before, struct message_row *rows, size_t max,
                      size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_LIST, v_text(student_id), v_text(before == NULL ? FROM_THE_NEWEST : before),
                v_int((int64_t)max)));
    return read_rows(tx, &r, rows, max, count);
}

enum err message_list_of_school(struct tx *tx, const char *student_id, const char *school_id, const char *before,
                                struct message_row *rows, size_t max, size_t *count)
{
    struct rows r;
    const char *school = school_id == NULL ? "" : school_id;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_LIST_OF_SCHOOL, v_text(student_id), v_text(before == NULL ? FROM_THE_NEWEST : before),
                v_text(school), v_text(school), v_int((int64_t)max)));
    return read_rows(tx, &r, rows, max, count);
}

enum err message_list_of_submission(struct tx *tx, const char *submission_id, struct message_row *rows, size_t max,
                                    size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_LIST_OF_SUBMISSION, v_text(submission_id), v_int((int64_t)max)));
    return read_rows(tx, &r, rows, max, count);
}

enum err message_mark_read(struct tx *tx, const char *id, const char *student_id, int64_t now_us)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_OWNED, v_text(id), v_text(student_id)));
    (void)rows_next(&r);
    TRY(rows_close_one(&r));
    return TX_RUN(tx, Q_MESSAGE_READ, v_int(now_us), v_text(id), v_text(student_id));
}

enum err message_unread(struct tx *tx, const char *student_id, int64_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_UNREAD, v_text(student_id)));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close_one(&r);
}

enum err message_recipient(struct tx *tx, const char *student_id, const char **openid, enum language *lang)
{
    struct rows r;
    enum err e = ERR_NONE;
    *lang = LANGUAGE_ZH;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_RECIPIENT, v_text(student_id)));
    if (rows_next(&r)) {
        *lang = text_is(col_text(&r, 1), "en") ? LANGUAGE_EN : LANGUAGE_ZH;
        e = column_open(tx, &r, 0, "student", student_id, "openid", openid);
    }
    TRY(rows_close_one(&r));
    if (e == ERR_NONE && (*openid == NULL || (*openid)[0] == '\0'))
        e = ERR_NOT_FOUND; /* has never come by the mini program */
    return e;
}
