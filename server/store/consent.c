#include "store/consent.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/store.h"

#define EDITIONS_MAX       200
#define TEXTS_BYTES_MAX    KIB(64)
#define EVIDENCE_BYTES_MAX KIB(4)
#define EVIDENCES_MAX      200

static const struct consent_text built_in[] = {
#define CONSENT(kind, required, title_zh, title_en, text_zh, text_en)                                                  \
    {#kind, required, title_zh, title_en, text_zh, text_en},
#include "store/consents.def"
#undef CONSENT
};
_Static_assert(countof(built_in) == CONSENT_KINDS_MAX, "a text for every kind");

enum err consent_give(struct tx *tx, const char *student_id, const char *kind, const char *text_version, int64_t now_us)
{
    bool given = false;
    TRY(consent_given(tx, student_id, kind, &given));
    if (given)
        TRY(consent_withdraw(tx, student_id, kind, now_us)); /* the newer text replaces the older */
    return TX_RUN(tx, Q_CONSENT_GIVE, v_text(student_id), v_text(kind), v_text(text_version), v_int(now_us));
}

enum err consent_withdraw(struct tx *tx, const char *student_id, const char *kind, int64_t now_us)
{
    return TX_RUN(tx, Q_CONSENT_WITHDRAW, v_int(now_us), v_text(student_id), v_text(kind));
}

enum err consent_list(struct tx *tx, const char *student_id, struct consent *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_CONSENT_LIST, v_text(student_id)));
    while (*count < max && rows_next(&r))
        list[(*count)++] = (struct consent){col_text(&r, 0), col_text(&r, 1), col_int(&r, 2)};
    return rows_close(&r);
}

enum err consent_given(struct tx *tx, const char *student_id, const char *kind, bool *given)
{
    struct consent list[CONSENT_KINDS_MAX];
    size_t count = 0;
    TRY(consent_list(tx, student_id, list, countof(list), &count));
    *given = false;
    for (size_t i = 0; i < count; i++)
        *given |= text_is(list[i].kind, kind);
    return ERR_NONE;
}

enum err consent_complete(struct tx *tx, const char *student_id, bool face_needed, bool *complete)
{
    bool privacy = false, passing_on = false, face = false;
    struct consent list[CONSENT_KINDS_MAX];
    size_t count = 0;
    TRY(consent_list(tx, student_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        privacy |= text_is(list[i].kind, "privacy");
        passing_on |= text_is(list[i].kind, "passing_on");
        face |= text_is(list[i].kind, "face");
    }
    *complete = privacy && passing_on && (face || !face_needed);
    return ERR_NONE;
}

enum err consent_taken_back(struct tx *tx, const char *student_id, const char *kind, bool *taken_back)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_CONSENT_TAKEN_BACK, v_text(student_id), v_text(kind)));
    *taken_back = rows_next(&r) && col_int(&r, 0) > 0 && col_int(&r, 1) == 0;
    return rows_close(&r);
}

/* ---- the texts ---- */

static void first_edition(struct consent_edition *edition)
{
    *edition = (struct consent_edition){.text_version = CONSENT_FIRST_EDITION, .number = 1, .changed_by = ""};
    memcpy(edition->texts, built_in, sizeof built_in);
}

/* What an edition leaves out keeps the built-in words. */
static enum err read_texts(struct tx *tx, const char *json, struct consent_edition *edition)
{
    const struct json *tree;
    memcpy(edition->texts, built_in, sizeof built_in);
    if (json_read(json, strlen(json), tx->arena, &tree) != ERR_NONE)
        return ERR_CORRUPT;
    for (size_t i = 0; i < CONSENT_KINDS_MAX; i++) {
        struct consent_text *text = &edition->texts[i];
        const struct json *given = json_at(tree, text->kind);
        if (given == NULL)
            continue;
        text->title_zh = json_text_at(given, "title_zh", text->title_zh);
        text->title_en = json_text_at(given, "title_en", text->title_en);
        text->text_zh = json_text_at(given, "text_zh", text->text_zh);
        text->text_en = json_text_at(given, "text_en", text->text_en);
    }
    return ERR_NONE;
}

static enum err read_edition(struct tx *tx, const struct rows *r, struct consent_edition *edition)
{
    *edition = (struct consent_edition){.text_version = col_text(r, 0),
                                        .number = col_int(r, 1),
                                        .renews = col_int(r, 2) != 0,
                                        .changed_by = col_text(r, 4),
                                        .created_us = col_int(r, 5)};
    return read_texts(tx, col_text(r, 3), edition);
}

enum err consent_edition_list(struct tx *tx, struct consent_edition *list, size_t max, size_t *count)
{
    struct rows r;
    enum err e = ERR_NONE;
    CHECK(max > 0);
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_EDITION_LIST, v_int((int64_t)max - 1)));
    while (e == ERR_NONE && *count < max - 1 && rows_next(&r))
        e = read_edition(tx, &r, &list[(*count)++]);
    enum err closed = rows_close(&r);
    first_edition(&list[(*count)++]);
    return e != ERR_NONE ? e : closed;
}

enum err consent_edition_newest(struct tx *tx, struct consent_edition *edition)
{
    struct consent_edition list[2];
    size_t count;
    TRY(consent_edition_list(tx, list, countof(list), &count));
    *edition = list[0];
    return ERR_NONE;
}

enum err consent_edition_add(struct tx *tx, struct consent_edition *edition)
{
    RUNS_ON(ROLE_WRITER);
    struct consent_edition newest;
    struct buf b;
    TRY(consent_edition_newest(tx, &newest));
    if (newest.number >= EDITIONS_MAX)
        return ERR_RATE_LIMITED;
    edition->number = newest.number + 1;
    struct clock_civil day = clock_civil_cn(edition->created_us);
    edition->text_version =
        arena_printf(tx->arena, "%04d-%02d-%02d.%" PRId64, day.year, day.month, day.day, edition->number);
    buf_init(&b, TEXTS_BYTES_MAX);
    json_object_open(&b);
    for (size_t i = 0; i < CONSENT_KINDS_MAX; i++) {
        const struct consent_text *text = &edition->texts[i];
        json_name(&b, text->kind);
        json_object_open(&b);
        json_put_text(&b, "title_zh", text->title_zh);
        json_put_text(&b, "title_en", text->title_en);
        json_put_text(&b, "text_zh", text->text_zh);
        json_put_text(&b, "text_en", text->text_en);
        json_object_close(&b);
    }
    json_object_close(&b);
    enum err e = b.over ? ERR_TOO_LARGE
                        : TX_RUN(tx, Q_EDITION_ADD, v_text(edition->text_version), v_int(edition->number),
                                 v_int(edition->renews), v_text(buf_cstr(&b)), v_int(edition->created_us),
                                 v_text(edition->changed_by));
    buf_release(&b);
    return e;
}

const char *consent_text_filled(struct arena *arena, const char *text, const struct policy *policy, bool english)
{
    struct buf b;
    buf_init(&b, KIB(16));
    const char *usual =
        english ? "the photo of your diploma and its registration at CHSI" : "毕业证书照片采集与学信网电子注册";
    for (const char *at = text; *at != '\0';) {
        if (text_starts(at, "{purpose}")) {
            buf_text(&b, policy != NULL && policy->purpose[0] != '\0' ? policy->purpose : usual);
            at += strlen("{purpose}");
        } else if (text_starts(at, "{retention_days}")) {
            if (policy != NULL)
                buf_printf(&b, "%" PRId64, policy->retention_days);
            else
                buf_text(&b, english ? "a number of" : "规定");
            at += strlen("{retention_days}");
        } else {
            buf_char(&b, *at++);
        }
    }
    const char *filled = arena_text_n(arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return filled;
}

/* ---- evidence ---- */

enum err consent_evidence_add(struct tx *tx, const struct consent_said *said)
{
    RUNS_ON(ROLE_WRITER);
    struct buf b;
    buf_init(&b, EVIDENCE_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "what", said->what);
    json_name(&b, "kinds");
    json_array_open(&b);
    for (size_t i = 0; i < said->kind_count; i++)
        json_text(&b, said->kinds[i]);
    json_array_close(&b);
    json_put_text(&b, "text_version", said->text_version);
    json_put_text(&b, "language", said->language);
    json_put_text(&b, "address", said->address);
    json_put_text(&b, "agent", said->agent);
    json_object_close(&b);
    const struct val sealed = column_seal(tx, "consent_evidence", said->id, "evidence", buf_cstr(&b));
    bool over = b.over;
    buf_release(&b);
    return over ? ERR_TOO_LARGE
                : TX_RUN(tx, Q_EVIDENCE_ADD, v_text(said->id), v_text(said->student_id), sealed, v_int(said->now_us));
}

static enum err write_evidence(struct tx *tx, const struct rows *r, struct buf *out)
{
    const char *plain = NULL;
    const struct json *tree;
    TRY(column_open(tx, r, 1, "consent_evidence", col_text(r, 0), "evidence", &plain));
    if (plain == NULL)
        return ERR_NONE;
    if (json_read(plain, strlen(plain), tx->arena, &tree) != ERR_NONE)
        return ERR_CORRUPT;
    json_object_open(out);
    json_put_time(out, "at", col_int(r, 2));
    json_name(out, "said");
    json_tree(out, tree);
    json_object_close(out);
    return ERR_NONE;
}

enum err consent_evidence_write(struct tx *tx, const char *student_id, struct buf *out)
{
    struct rows r;
    enum err e = ERR_NONE;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_EVIDENCE_LIST, v_text(student_id), v_int(EVIDENCES_MAX)));
    while (e == ERR_NONE && rows_next(&r))
        e = write_evidence(tx, &r, out);
    json_array_close(out);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}
