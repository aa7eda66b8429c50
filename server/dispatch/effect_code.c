/* code — payload {"code_id"}: what did the student show, CHSI's collection code or something else?
 *
 * read the row → the picture, if there is one, and the worker → is it opaque? → the operator's decoder, if there is one
 * → one unit: what was found. A row that is not `processing` any more needs nothing. A picture in which nothing can be
 * read is an answer to the student, no error of ours. */
#include "dispatch/code_decoder.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"

#include "base/clock.h"
#include "base/code_kind.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/collection_code.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/submission.h"

#define PAYLOAD_BYTES_MAX 4096

struct code {
    struct effect *effect;
    const char *code_id;
    struct store_unit unit;
    struct file_job file;
    struct compute_job job;
    struct code_question question;

    bool wanted, is_picture, is_open; /* by the first unit, in effect->arena */
    const char *name, *id_number;

    struct collection_code_found found;
    bool poison;
    const char *checked; /* a few words about the decoder */
    int64_t now_us;
};

/* ---- last: the unit that makes it so ---- */

static enum err save_step(struct tx *tx, void *job)
{
    const struct code *c = job;
    return collection_code_found(tx, c->code_id, &c->found, c->now_us);
}

static void saved(struct store_unit *unit)
{
    struct code *c = container_of(unit, struct code, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "save");
    else if (c->poison)
        effect_end(c->effect, OUTBOX_PARKED, 0, "poison: %s", c->job.why);
    else
        effect_end(c->effect, OUTBOX_DONE, 0, "%s%s", c->found.state, c->checked);
}

static void save(struct code *c)
{
    c->now_us = clock_utc_us();
    effect_unit(c->effect, &c->unit, STORE_WRITE, save_step, c, saved);
}

/* What is not CHSI's is not kept. */
static void save_other(struct code *c, const char *state, const char *looks_like)
{
    c->found = (struct collection_code_found){.state = state, .looks_like = looks_like, .code_match = "unknown"};
    save(c);
}

/* ---- the decoder ---- */

/* What finds the entry of the roster, for a student who has none yet. */
static const char *reading_of(struct code *c, const struct json *answer)
{
    struct buf b;
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "name_masked", json_text_at(answer, "name_masked", ""));
    json_put_text(&b, "id_masked", json_text_at(answer, "id_masked", ""));
    json_object_close(&b);
    const char *reading = b.over ? NULL : arena_text(c->effect->arena, buf_cstr(&b));
    buf_release(&b);
    return reading;
}

static void decoded(struct code_question *question)
{
    struct code *c = question->owner;
    if (question->answer == NULL) {
        c->checked = arena_printf(c->effect->arena, ", not checked: the decoder: %s", question->words);
    } else if (!json_bool_at(question->answer, "valid", true)) {
        c->checked = ", by the decoder";
        save_other(c, "foreign", "not_chsi");
        return;
    } else {
        if (c->is_open)
            c->found.reading = reading_of(c, question->answer);
        else
            c->found.code_match = code_answer_match(question->answer, c->name, c->id_number);
        c->checked = arena_printf(c->effect->arena, ", match %s", c->found.code_match);
    }
    save(c);
}

static void take_payload(struct code *c, const void *payload, size_t len)
{
    const char *looks_like = code_looks_like(payload, len);
    if (!text_is(looks_like, "opaque")) {
        save_other(c, "foreign", looks_like);
        return;
    }
    c->found = (struct collection_code_found){
        .state = "read", .looks_like = "", .code_match = "unknown", .payload = payload, .payload_len = len};
    if (!code_decoder_there(outside_of(c->effect))) {
        save(c);
        return;
    }
    c->question = (struct code_question){.outside = outside_of(c->effect),
                                         .arena = c->effect->arena,
                                         .payload = payload,
                                         .len = len,
                                         .done = decoded,
                                         .owner = c};
    code_decoder_ask(&c->question);
}

/* ---- the picture ---- */

static void take_answer(struct code *c, const struct json *answer)
{
    const char *verdict = json_text_at(answer, "verdict", "none"), *text = json_text_at(answer, "payload", NULL);
    const char *looks_like = arena_text(c->effect->arena, json_text_at(answer, "looks_like", ""));
    size_t len = 0;
    unsigned char *payload = arena_alloc(c->effect->arena, PAYLOAD_BYTES_MAX);
    bool ok = text_is(verdict, "ok") && text != NULL && crypt_unbase64(text, false, payload, PAYLOAD_BYTES_MAX, &len) &&
              len > 0;
    if (ok)
        take_payload(c, payload, len);
    else if (text_is(verdict, "foreign"))
        save_other(c, "foreign", looks_like);
    else
        save_other(c, text_is(verdict, "many") ? "many" : "unreadable", "");
}

static void answered(struct compute_job *job)
{
    struct code *c = job->owner;
    const struct json *answer = NULL;
    free(c->file.bytes);
    bool of_the_picture = job->end == COMPUTE_REFUSED && !err_may_retry(job->error) && job->error != ERR_BAD_FIELD;
    if (job->end == COMPUTE_POISON || of_the_picture) {
        c->poison = job->end == COMPUTE_POISON;
        save_other(c, "unreadable", "");
        return;
    }
    if (job->end != COMPUTE_ANSWERED) {
        effect_job_failed(c->effect, job);
        return;
    }
    enum err e = json_read(job->answer.parts[0].bytes, job->answer.parts[0].len, c->effect->arena, &answer);
    frame_release(&job->answer);
    if (e != ERR_NONE)
        effect_end(c->effect, OUTBOX_RETRY, 0, "worker: an answer that is no JSON");
    else
        take_answer(c, answer);
}

static void opened(struct file_job *file)
{
    static const char request[] = "{\"kind\":\"code\"}";
    struct code *c = file->owner;
    if (file->result == ERR_NOT_FOUND) {
        save_other(c, "unreadable", "");
        return;
    }
    if (file->result != ERR_NONE) {
        effect_failed(c->effect, file->result, "picture");
        return;
    }
    c->job = (struct compute_job){.parts = {{request, sizeof request - 1}, {file->bytes, file->len}},
                                  .part_count = 2,
                                  .done = answered,
                                  .owner = c};
    struct compute *compute = dispatch_compute(c->effect->dispatch);
    enum err e = compute != NULL ? compute_submit(compute, &c->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        free(file->bytes);
        effect_failed(c->effect, e, "worker");
    }
}

/* ---- first: what is needed ---- */

static enum err load_person(struct tx *tx, struct code *c, const char *submission_id)
{
    struct arena *arena = c->effect->arena;
    struct submission s;
    struct roster_entry entry;
    struct student student;
    TRY(submission_get(tx, submission_id, &s));
    if (s.roster_id != NULL) {
        TRY(roster_get(tx, s.roster_id, &entry));
        c->name = arena_text(arena, entry.name);
        c->id_number = arena_text(arena, entry.id_number);
        return ERR_NONE;
    }
    TRY(student_get(tx, s.student_id, &student));
    c->name = arena_text(arena, student.name);
    c->id_number = arena_text(arena, student.id_number);
    return ERR_NONE;
}

/* The picture may be gone with its upload: then there is no key, and opening it says NOT_FOUND. */
static enum err load_picture(struct tx *tx, struct code *c, const char *blob_id)
{
    struct arena *arena = c->effect->arena;
    struct blob_row row;
    c->file = (struct file_job){.id = arena_text(arena, blob_id), .done = opened, .owner = c};
    enum err e = blob_row_get(tx, blob_id, &row);
    if (e == ERR_NONE) {
        c->file.sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len);
        c->file.sealed_key_len = row.sealed_key_len;
    }
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err load_step(struct tx *tx, void *job)
{
    struct code *c = job;
    struct collection_code code;
    TRY(collection_code_get(tx, c->code_id, &code));
    c->wanted = text_is(code.state, "processing");
    if (!c->wanted)
        return ERR_NONE;
    c->is_picture = code.blob_id != NULL;
    c->found.payload = code.payload == NULL ? NULL : arena_copy(c->effect->arena, code.payload, code.payload_len);
    c->found.payload_len = code.payload_len;
    c->is_open = code.submission_id == NULL;
    if (!c->is_open)
        TRY(load_person(tx, c, code.submission_id));
    return c->is_picture ? load_picture(tx, c, code.blob_id) : ERR_NONE;
}

static void loaded(struct store_unit *unit)
{
    struct code *c = container_of(unit, struct code, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "load");
    else if (!c->wanted)
        effect_end(c->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (!c->is_picture && c->found.payload == NULL)
        save_other(c, "unreadable", "");
    else if (!c->is_picture)
        take_payload(c, c->found.payload, c->found.payload_len);
    else if (c->file.sealed_key == NULL)
        save_other(c, "unreadable", "");
    else if (files_read(dispatch_files(c->effect->dispatch), &c->file) != ERR_NONE)
        effect_failed(c->effect, ERR_BUSY, "picture");
}

void code_start(struct effect *effect)
{
    struct code *c = ARENA_NEW(effect->arena, struct code);
    effect->work = c;
    c->effect = effect;
    c->checked = "";
    c->code_id = json_text_at(effect_payload(effect), "code_id", NULL);
    if (c->code_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without code_id");
    else
        effect_unit(effect, &c->unit, STORE_READ, load_step, c, loaded);
}
