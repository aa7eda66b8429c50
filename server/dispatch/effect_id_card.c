/* id_card — payload {"id_card_id"}: what does this picture of an identity card say?
 *
 * read the row → the picture → worker → seal the portrait → one unit: what was read. A row that is not `processing` any
 * more, or gone, needs nothing. A picture in which nothing can be read is an answer to the student, no error of ours.
 * Nothing of what was read is logged or kept outside the sealed column. */
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/id_card.h"

#define READING_BYTES_MAX KIB(1)
#define REPORT_BYTES_MAX  KIB(8)

struct id_card_job {
    struct effect *effect;
    const char *id_card_id;
    struct store_unit unit;
    struct file_job picture, portrait;
    struct compute_job job;

    bool wanted, is_emblem; /* by the first unit, in effect->arena */
    const char *student_id;

    const char *state, *reading, *report;
    struct part part; /* the portrait in the answer */
    bool has_portrait, poison;
    int64_t now_us;
};

static void finish(struct id_card_job *c)
{
    free(c->picture.bytes);
    c->picture.bytes = NULL;
    frame_release(&c->job.answer);
}

/* ---- last: the unit that makes it so ---- */

static enum err save_step(struct tx *tx, void *job)
{
    const struct id_card_job *c = job;
    struct id_card card;
    enum err e = id_card_get(tx, c->id_card_id, &card);
    if (e == ERR_NOT_FOUND || (e == ERR_NONE && !text_is(card.state, "processing")))
        return ERR_NONE; /* purged meanwhile, or a second run: our file has no row and is swept */
    TRY(e);
    if (c->has_portrait)
        TRY(blob_row_add(tx, &c->portrait.ref, "portrait", "image/jpeg", c->student_id, c->now_us));
    return id_card_found(tx, card.id, c->state, c->has_portrait ? c->portrait.ref.id : NULL, c->reading, c->report);
}

static void saved(struct store_unit *unit)
{
    struct id_card_job *c = container_of(unit, struct id_card_job, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "save");
    else if (c->poison)
        effect_end(c->effect, OUTBOX_PARKED, 0, "poison: %s", c->job.why);
    else
        effect_end(c->effect, OUTBOX_DONE, 0, "%s", c->state);
}

static void save(struct id_card_job *c)
{
    finish(c);
    c->now_us = clock_utc_us();
    effect_unit(c->effect, &c->unit, STORE_WRITE, save_step, c, saved);
}

static void sealed(struct file_job *file)
{
    struct id_card_job *c = file->owner;
    if (file->result == ERR_NONE) {
        save(c);
        return;
    }
    finish(c);
    effect_failed(c->effect, file->result, "seal");
}

static void seal_portrait(struct id_card_job *c)
{
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    union {
        const void *from;
        void *to;
    } bytes = {.from = c->part.bytes}; /* written from, not to */
    c->portrait = (struct file_job){.id = arena_text(c->effect->arena, id),
                                    .bytes = bytes.to,
                                    .len = c->part.len,
                                    .arena = c->effect->arena,
                                    .done = sealed,
                                    .owner = c};
    if (files_write(dispatch_files(c->effect->dispatch), &c->portrait) != ERR_NONE) {
        finish(c);
        effect_failed(c->effect, ERR_BUSY, "seal");
    }
}

/* ---- the worker's answer ---- */

static const char *text_of(struct id_card_job *c, struct buf *b)
{
    const char *text = b->over ? "{}" : arena_text(c->effect->arena, buf_cstr(b));
    buf_release(b);
    return text;
}

static void put_problem(struct buf *b, const char *code, const char *zh, const char *en)
{
    json_name(b, "problem");
    json_object_open(b);
    json_put_text(b, "code", code);
    json_put_text(b, "zh", zh);
    json_put_text(b, "en", en);
    json_object_close(b);
}

/* Nothing could be read at all: one sentence instead of a report. */
static void save_unread(struct id_card_job *c, const char *code, const char *zh, const char *en)
{
    struct buf b;
    buf_init(&b, REPORT_BYTES_MAX);
    json_object_open(&b);
    put_problem(&b, code, zh, en);
    json_object_close(&b);
    c->state = "unreadable";
    c->reading = NULL;
    c->report = text_of(c, &b);
    c->has_portrait = false;
    save(c);
}

static const char *report_of(struct id_card_job *c, const struct json *answer)
{
    struct buf b;
    buf_init(&b, REPORT_BYTES_MAX);
    json_object_open(&b);
    const struct json *problem = json_at(answer, "problem");
    if (problem != NULL && problem->kind == JSON_OBJECT)
        put_problem(&b, json_text_at(problem, "id", ""), json_text_at(problem, "fix_zh", ""),
                    json_text_at(problem, "fix_en", ""));
    json_name(&b, "checks");
    if (json_at(answer, "checks") != NULL)
        json_tree(&b, json_at(answer, "checks"));
    else
        json_raw(&b, "[]", 2);
    json_object_close(&b);
    return text_of(c, &b);
}

static const char *reading_of(struct id_card_job *c, const struct json *answer)
{
    struct buf b;
    buf_init(&b, READING_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "name", json_text_at(answer, "name.proposal", NULL));
    json_put_text(&b, "id_number", json_text_at(answer, "number.value", NULL));
    json_put_text(&b, "valid_from", json_text_at(answer, "validity.from", NULL));
    json_put_text(&b, "valid_until", json_text_at(answer, "validity.until", NULL));
    json_object_close(&b);
    return text_of(c, &b);
}

static void take_answer(struct id_card_job *c, const struct json *answer)
{
    const char *side = json_text_at(answer, "side", "unknown");
    bool known = !text_is(side, "unknown"), meant = text_is(side, c->is_emblem ? "emblem" : "portrait");
    bool read = json_text_at(answer, c->is_emblem ? "validity.until" : "number.value", NULL) != NULL;
    c->state = known && !meant ? "wrong_side" : meant && read ? "read" : "unreadable";
    c->reading = text_is(c->state, "wrong_side") ? NULL : reading_of(c, answer);
    c->report = report_of(c, answer);
    c->has_portrait = meant && !c->is_emblem && compute_part(&c->job, 1, &c->part);
    if (c->has_portrait)
        seal_portrait(c);
    else
        save(c);
}

static void answered(struct compute_job *job)
{
    struct id_card_job *c = job->owner;
    const struct json *answer = NULL;
    bool of_the_picture = job->end == COMPUTE_REFUSED && !err_may_retry(job->error) && job->error != ERR_BAD_FIELD;
    if (job->end == COMPUTE_POISON || of_the_picture) {
        c->poison = job->end == COMPUTE_POISON;
        if (c->is_emblem)
            save_unread(c, "not_read", "国徽面的照片读不了。重拍一张。",
                        "The picture of the side with the emblem cannot be read. Take it again.");
        else
            save_unread(c, "not_read", "人像面的照片读不了。重拍一张，或手工填写。",
                        "The picture of the side with the portrait cannot be read. Take it again, or type the number.");
        return;
    }
    if (job->end != COMPUTE_ANSWERED) {
        finish(c);
        effect_job_failed(c->effect, job);
        return;
    }
    const struct part *words = &job->answer.parts[0];
    if (json_read(words->bytes, words->len, c->effect->arena, &answer) != ERR_NONE) {
        finish(c);
        effect_end(c->effect, OUTBOX_RETRY, 0, "worker: an answer that is no JSON");
        return;
    }
    take_answer(c, answer);
}

static void opened(struct file_job *file)
{
    static const char portrait[] = "{\"kind\":\"idcard\"}", emblem[] = "{\"kind\":\"idcard\",\"side\":\"emblem\"}";
    struct id_card_job *c = file->owner;
    if (file->result == ERR_NOT_FOUND) {
        save_unread(c, "gone", "证件照片已不在。重拍一张。", "The picture is not there any more. Take it again.");
        return;
    }
    if (file->result != ERR_NONE) {
        effect_failed(c->effect, file->result, "picture");
        return;
    }
    const char *request = c->is_emblem ? emblem : portrait;
    c->job = (struct compute_job){
        .parts = {{request, strlen(request)}, {file->bytes, file->len}}, .part_count = 2, .done = answered, .owner = c};
    struct compute *compute = dispatch_compute(c->effect->dispatch);
    enum err e = compute != NULL ? compute_submit(compute, &c->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        finish(c);
        effect_failed(c->effect, e, "worker");
    }
}

/* ---- first: what is needed ---- */

static enum err load_step(struct tx *tx, void *job)
{
    struct id_card_job *c = job;
    struct arena *arena = c->effect->arena;
    struct id_card card;
    struct blob_row row;
    c->wanted = false;
    enum err e = id_card_get(tx, c->id_card_id, &card);
    if (e == ERR_NOT_FOUND || (e == ERR_NONE && !text_is(card.state, "processing")))
        return ERR_NONE;
    TRY(e);
    c->wanted = true;
    c->is_emblem = text_is(card.side, "emblem");
    c->student_id = arena_text(arena, card.student_id);
    c->picture = (struct file_job){.id = arena_text(arena, card.blob_id), .done = opened, .owner = c};
    e = blob_row_get(tx, card.blob_id, &row);
    if (e == ERR_NONE) {
        c->picture.sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len);
        c->picture.sealed_key_len = row.sealed_key_len;
    }
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static void loaded(struct store_unit *unit)
{
    struct id_card_job *c = container_of(unit, struct id_card_job, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "load");
    else if (!c->wanted)
        effect_end(c->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (c->picture.sealed_key == NULL) {
        c->picture.result = ERR_NOT_FOUND;
        opened(&c->picture);
    } else if (files_read(dispatch_files(c->effect->dispatch), &c->picture) != ERR_NONE)
        effect_failed(c->effect, ERR_BUSY, "picture");
}

void id_card_start(struct effect *effect)
{
    struct id_card_job *c = ARENA_NEW(effect->arena, struct id_card_job);
    effect->work = c;
    c->effect = effect;
    c->id_card_id = json_text_at(effect_payload(effect), "id_card_id", NULL);
    if (c->id_card_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without id_card_id");
    else
        effect_unit(effect, &c->unit, STORE_READ, load_step, c, loaded);
}
