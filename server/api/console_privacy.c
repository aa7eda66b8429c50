/* Staff: the editions of the consent texts; of how many persons faces are stored. */
#include "api/console_scope.h"
#include "store/consent.h"
#include "store/face_count.h"

#define EDITIONS_MAX 201

/* ---- editions ---- */

struct consent_list_job {
    struct job job;
};

static enum err consent_list_decode(struct exchange *x, struct consent_list_job *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static void put_edition(struct buf *out, const struct consent_edition *edition)
{
    json_object_open(out);
    json_put_text(out, "text_version", edition->text_version);
    json_put_int(out, "number", edition->number);
    json_put_bool(out, "renews", edition->renews);
    json_put_time(out, "created", edition->created_us);
    json_put_text(out, "changed_by", edition->changed_by);
    json_name(out, "texts");
    json_object_open(out);
    for (size_t i = 0; i < countof(edition->texts); i++) {
        const struct consent_text *text = &edition->texts[i];
        json_name(out, text->kind);
        json_object_open(out);
        json_put_text(out, "title_zh", text->title_zh);
        json_put_text(out, "title_en", text->title_en);
        json_put_text(out, "text_zh", text->text_zh);
        json_put_text(out, "text_en", text->text_en);
        json_object_close(out);
    }
    json_object_close(out);
    json_object_close(out);
}

static enum err consent_list_body(struct tx *tx, struct consent_list_job *job, struct buf *out)
{
    struct consent_edition *list = ARENA_ARRAY(tx->arena, struct consent_edition, EDITIONS_MAX);
    size_t count = 0;
    (void)job;
    TRY(consent_edition_list(tx, list, EDITIONS_MAX, &count));
    json_list_open(out);
    for (size_t i = 0; i < count; i++)
        put_edition(out, &list[i]);
    json_list_close(out);
    return ERR_NONE;
}

static enum err consent_list_read(struct tx *tx, struct consent_list_job *job)
{
    return COMPOSE(tx, job, consent_list_body);
}
ANSWERED(consent_list, struct consent_list_job, READ(consent_list_read))

/* ---- a new edition ---- */

struct consent_words {
    const char *title_zh, *title_en, *text_zh, *text_en;
};

static const struct json_field words_fields[] = {
    JSON_FIELD(struct consent_words, title_zh, JSON_TO_TEXT, true, 1, 60),
    JSON_FIELD(struct consent_words, title_en, JSON_TO_TEXT, true, 1, 120),
    JSON_FIELD(struct consent_words, text_zh, JSON_TO_LINES, true, 1, 4000),
    JSON_FIELD(struct consent_words, text_en, JSON_TO_LINES, true, 1, 6000)};

struct edition_add {
    struct job job;
    bool renews;
    const struct json *privacy, *passing_on, *face;
    struct consent_edition made;
};

static const struct json_field edition_add_fields[] = {
    JSON_FIELD(struct edition_add, renews, JSON_TO_BOOL, true, 0, 0),
    JSON_FIELD(struct edition_add, privacy, JSON_TO_TREE, true, 0, 0),
    JSON_FIELD(struct edition_add, passing_on, JSON_TO_TREE, true, 0, 0),
    JSON_FIELD(struct edition_add, face, JSON_TO_TREE, true, 0, 0)};

static enum err edition_add_decode(struct exchange *x, struct edition_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    TRY(exchange_json(x, edition_add_fields, countof(edition_add_fields), job));
    const struct {
        const char *kind;
        const struct json *tree;
    } given[CONSENT_KINDS_MAX] = {{"privacy", job->privacy}, {"passing_on", job->passing_on}, {"face", job->face}};
    for (size_t i = 0; i < countof(given); i++) {
        struct consent_words words = {0};
        char why[JSON_WHY_BYTES] = "";
        enum err e = json_decode(given[i].tree, words_fields, countof(words_fields), &words, exchange_arena(x), why);
        if (e != ERR_NONE)
            return exchange_explain(x, ERR_BAD_FIELD, "%s.%s", given[i].kind, why);
        job->made.texts[i] = (struct consent_text){.kind = given[i].kind,
                                                   .title_zh = words.title_zh,
                                                   .title_en = words.title_en,
                                                   .text_zh = words.text_zh,
                                                   .text_en = words.text_en};
    }
    return ERR_NONE;
}

static enum err edition_add_body(struct tx *tx, struct edition_add *job, struct buf *out)
{
    (void)tx;
    put_edition(out, &job->made);
    return ERR_NONE;
}

static enum err edition_add_write(struct tx *tx, struct edition_add *job)
{
    if (scope_school(&job->job) != NULL)
        return ERR_FORBIDDEN;
    job->made.renews = job->renews;
    job->made.changed_by = job->job.who->id;
    job->made.created_us = job->job.now_us;
    TRY(consent_edition_add(tx, &job->made));
    const char *detail = arena_printf(tx->arena, "{\"text_version\":\"%s\"}", job->made.text_version);
    TRY(scope_audit(tx, &job->job, "consent_texts_changed", "consents", job->made.text_version, detail));
    return COMPOSE(tx, job, edition_add_body);
}
ANSWERED(edition_add, struct edition_add, WRITE(edition_add_write))

/* ---- faces ---- */

struct faces {
    struct job job;
    const char *reference;
};

static enum err faces_show_decode(struct exchange *x, struct faces *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err faces_body(struct tx *tx, struct faces *job, struct buf *out)
{
    struct face_count count;
    (void)job;
    TRY(face_count_read(tx, &count));
    json_object_open(out);
    json_put_int(out, "persons", count.persons);
    json_put_int(out, "threshold", FACE_COUNT_FILING);
    json_put_text(out, "level", face_count_level(&count));
    json_put_time(out, "reached", count.reached_us);
    json_put_time(out, "file_by", face_count_file_by_us(&count));
    json_put_time(out, "filed", count.filed_us);
    json_put_text(out, "reference", count.reference);
    json_object_close(out);
    return ERR_NONE;
}

static enum err faces_show_read(struct tx *tx, struct faces *job)
{
    return scope_school(&job->job) != NULL ? ERR_FORBIDDEN : COMPOSE(tx, job, faces_body);
}
ANSWERED(faces_show, struct faces, READ(faces_show_read))

static const struct json_field faces_fields[] = {JSON_FIELD(struct faces, reference, JSON_TO_TEXT, true, 1, 100)};

static enum err faces_filed_decode(struct exchange *x, struct faces *job)
{
    job_begin(x, &job->job);
    return exchange_json(x, faces_fields, countof(faces_fields), job);
}

static enum err faces_filed_write(struct tx *tx, struct faces *job)
{
    if (scope_school(&job->job) != NULL)
        return ERR_FORBIDDEN;
    TRY(face_count_filed(tx, job->reference, job->job.now_us));
    TRY(scope_audit(tx, &job->job, "faces_filed", "faces", "filing", NULL));
    return COMPOSE(tx, job, faces_body);
}
ANSWERED(faces_filed, struct faces, WRITE(faces_filed_write))
