/* Students: pictures of the identity card, to fill in the form with. What is read goes to the student alone, and is
 * gone with the confirmation (store/id_card.h). The reading itself happens behind the answer (effect "id_card"). */
#include "api/job.h"
#include "store/consent.h"
#include "store/id_card.h"
#include "store/outbox.h"
#include "store/upload.h"

struct id_card_add {
    struct job job;
    const char *upload_id, *side, *new_id;
};

static const struct json_field id_card_add_fields[] = {
    JSON_FIELD(struct id_card_add, upload_id, JSON_TO_TEXT, true, 26, 26),
    JSON_FIELD(struct id_card_add, side, JSON_TO_TEXT, true, 1, 20)};

static enum err id_card_add_decode(struct exchange *x, struct id_card_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    job->new_id = job_new_id(&job->job);
    TRY(exchange_json(x, id_card_add_fields, countof(id_card_add_fields), job));
    TRY(job_choice(x, "side", job->side, "|portrait|emblem|"));
    return job_id(x, "upload_id", job->upload_id);
}

static enum err id_card_add_write(struct tx *tx, struct id_card_add *job)
{
    struct upload upload;
    struct buf b;
    bool consented = false;
    const char *student_id = job->job.who->id;
    TRY(upload_get(tx, job->upload_id, student_id, &upload));
    if (upload.blob_id == NULL || !text_is(upload.purpose, "id_card"))
        return job_refuse(&job->job, ERR_REFUSED, "this is not a complete upload of purpose id_card");
    TRY(consent_given(tx, student_id, "privacy", &consented));
    if (!consented)
        return job_refuse(&job->job, ERR_CONSENT_MISSING, "privacy");
    const struct id_card card = {.id = job->new_id,
                                 .student_id = student_id,
                                 .side = job->side,
                                 .blob_id = upload.blob_id,
                                 .created_us = job->job.now_us};
    TRY(id_card_add(tx, &card));
    const char *payload = arena_printf(tx->arena, "{\"id_card_id\":\"%s\"}", card.id);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-id_card", card.id), "id_card", NULL, payload, 0, card.created_us));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "id", card.id);
    json_put_text(&b, "side", card.side);
    json_put_text(&b, "state", "processing");
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED_ONCE(id_card_add, struct id_card_add, WRITE(id_card_add_write))

/* ---- what was read ---- */

struct id_card_show {
    struct job job;
    const char *id;
    struct id_card card;
};

static enum err id_card_show_decode(struct exchange *x, struct id_card_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static void put_known(struct buf *out, const char *name, const struct json *reading)
{
    json_put_text(out, name, json_text_at(reading, name, NULL));
}

static void put_tree(struct buf *out, const char *name, const struct json *tree, const char *otherwise)
{
    json_name(out, name);
    if (tree != NULL)
        json_tree(out, tree);
    else
        json_raw(out, otherwise, strlen(otherwise));
}

static enum err id_card_show_body(struct tx *tx, struct id_card_show *job, struct buf *out)
{
    const struct id_card *card = &job->card;
    const struct json *reading = NULL, *report = NULL;
    if (card->reading != NULL)
        TRY(json_read(card->reading, strlen(card->reading), tx->arena, &reading));
    TRY(json_read(card->report, strlen(card->report), tx->arena, &report));
    json_object_open(out);
    json_put_text(out, "id", card->id);
    json_put_text(out, "side", card->side);
    json_put_text(out, "state", card->state);
    put_tree(out, "problem", json_at(report, "problem"), "null");
    put_known(out, "name", reading);
    put_known(out, "id_number", reading);
    put_known(out, "valid_from", reading);
    put_known(out, "valid_until", reading);
    json_put_bool(out, "portrait", card->portrait_blob_id != NULL);
    put_tree(out, "checks", json_at(report, "checks"), "[]");
    json_put_time(out, "created", card->created_us);
    json_put_time(out, "expires", card->expires_us);
    json_object_close(out);
    return ERR_NONE;
}

static enum err id_card_show_read(struct tx *tx, struct id_card_show *job)
{
    TRY(id_card_get(tx, job->id, &job->card));
    if (!text_is(job->card.student_id, job->job.who->id))
        return ERR_NOT_FOUND;
    return COMPOSE(tx, job, id_card_show_body);
}
ANSWERED(id_card_show, struct id_card_show, READ(id_card_show_read))
