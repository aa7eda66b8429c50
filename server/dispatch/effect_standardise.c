/* standardise — payload {"attempt_id"}: a photo sent becomes the standard photo, a proxy for the screen and a report.
 *
 * read what it needs → open the original → worker → seal both pictures → one unit: rows, attempt ready or failed. An
 * attempt that is not `processing` any more needs nothing. A photo that cannot be made into one is not an error of
 * ours: the attempt fails, with the reason as its report, and the row is done. */
#include "dispatch/capture_said.h"
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/capture_session.h"
#include "store/submission.h"
#include "workers/profile.h"

#define REPORT_BYTES_MAX  KIB(64)
#define REQUEST_BYTES_MAX KIB(4)

enum { STANDARD, PROXY, MASK, PICTURES };

struct picture {
    const char *part_name, *kind, *media_type;
    bool there;
    struct part part;
    struct file_job file;
};

struct standardise {
    struct effect *effect;
    const char *attempt_id;
    struct store_unit unit;
    struct file_job original;
    struct compute_job job;
    struct picture pictures[PICTURES];
    size_t writing; /* the next of pictures */

    bool wanted; /* by the first unit, in effect->arena */
    const char *student_id, *profile_name;
    struct capture_said said;

    const char *verdict, *report; /* from the answer */
    bool poison;
    int64_t now_us;
};

static void finish(struct standardise *s)
{
    free(s->original.bytes);
    frame_release(&s->job.answer);
}

/* ---- last: the unit that makes it so ---- */

static enum err save_step(struct tx *tx, void *job)
{
    const struct standardise *s = job;
    struct attempt attempt;
    TRY(attempt_get(tx, s->attempt_id, &attempt));
    if (!text_is(attempt.state, "processing"))
        return ERR_NONE; /* a second run of the same row; our two files have no row and are swept */
    const char *ids[countof(s->pictures)] = {NULL};
    for (size_t i = 0; i < countof(s->pictures); i++) {
        const struct picture *picture = &s->pictures[i];
        if (!picture->there)
            continue;
        ids[i] = picture->file.ref.id;
        TRY(blob_row_add(tx, &picture->file.ref, picture->kind, picture->media_type, s->student_id, s->now_us));
    }
    return ids[STANDARD] != NULL && ids[PROXY] != NULL
               ? attempt_ready(tx, attempt.id, s->verdict, s->report, ids[STANDARD], ids[PROXY], ids[MASK])
               : attempt_failed(tx, attempt.id, s->report);
}

static void saved(struct store_unit *unit)
{
    struct standardise *s = container_of(unit, struct standardise, unit);
    struct effect *effect = s->effect;
    if (unit->result != ERR_NONE)
        effect_failed(effect, unit->result, "save");
    else if (s->poison)
        effect_end(effect, OUTBOX_PARKED, 0, "poison: %s", s->job.why);
    else
        effect_end(effect, OUTBOX_DONE, 0, "%s", s->verdict);
}

static void save(struct standardise *s)
{
    finish(s);
    s->now_us = clock_utc_us();
    effect_unit(s->effect, &s->unit, STORE_WRITE, save_step, s, saved);
}

/* The attempt fails with one sentence as its report; no check could be made. */
static void save_refusal(struct standardise *s, const char *error, const char *why)
{
    struct buf b;
    buf_init(&b, REPORT_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "profile", s->profile_name);
    json_put_text(&b, "verdict", "fail");
    json_put_raw(&b, "checks", "[]");
    json_put_text(&b, "error", error);
    json_put_text(&b, "why", why);
    json_object_close(&b);
    s->verdict = "fail";
    s->report = arena_text(s->effect->arena, buf_cstr(&b));
    buf_release(&b);
    for (size_t i = 0; i < countof(s->pictures); i++)
        s->pictures[i].there = false;
    save(s);
}

/* ---- sealing the pictures, one after the other ---- */

static void seal_next(struct standardise *s);

static void sealed(struct file_job *file)
{
    struct standardise *s = file->owner;
    if (file->result == ERR_NONE) {
        seal_next(s);
        return;
    }
    finish(s);
    effect_failed(s->effect, file->result, "seal");
}

static void seal_next(struct standardise *s)
{
    while (s->writing < countof(s->pictures) && !s->pictures[s->writing].there)
        s->writing++;
    if (s->writing == countof(s->pictures)) {
        save(s);
        return;
    }
    struct picture *picture = &s->pictures[s->writing++];
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    union {
        const void *from;
        void *to;
    } bytes = {.from = picture->part.bytes}; /* written from, not to */
    picture->file = (struct file_job){.id = arena_text(s->effect->arena, id),
                                      .bytes = bytes.to,
                                      .len = picture->part.len,
                                      .arena = s->effect->arena,
                                      .done = sealed,
                                      .owner = s};
    if (files_write(dispatch_files(s->effect->dispatch), &picture->file) != ERR_NONE) {
        finish(s);
        effect_failed(s->effect, ERR_BUSY, "seal");
    }
}

/* ---- the worker's answer ---- */

static bool take_parts(struct standardise *s, const struct json *answer)
{
    const struct json *names = json_at(answer, "parts");
    size_t n = 1;
    for (const struct json *name = names != NULL ? names->first : NULL; name != NULL; name = name->next, n++)
        for (size_t i = 0; i < countof(s->pictures); i++)
            if (text_is(name->text, s->pictures[i].part_name))
                s->pictures[i].there = compute_part(&s->job, n, &s->pictures[i].part);
    return s->pictures[PROXY].there;
}

static void answered(struct compute_job *job)
{
    struct standardise *s = job->owner;
    const struct json *answer = NULL;
    if (job->end == COMPUTE_POISON) {
        s->poison = true;
        save_refusal(s, "poison", "The photo cannot be processed.");
        return;
    }
    bool of_the_photo = job->end == COMPUTE_REFUSED && !err_may_retry(job->error) && job->error != ERR_BAD_FIELD;
    if (of_the_photo) {
        save_refusal(s, err_name(job->error), job->why);
        return;
    }
    if (job->end != COMPUTE_ANSWERED) {
        finish(s);
        effect_job_failed(s->effect, job);
        return;
    }
    const struct part *words = &job->answer.parts[0];
    if (json_read(words->bytes, words->len, s->effect->arena, &answer) != ERR_NONE || !take_parts(s, answer)) {
        finish(s);
        effect_end(s->effect, OUTBOX_RETRY, 0, "worker: an answer without its parts");
        return;
    }
    s->verdict = arena_text(s->effect->arena, json_text_at(answer, "report.verdict", "fail"));
    s->report = effect_json(s->effect, json_at(answer, "report"), REPORT_BYTES_MAX);
    if (!s->pictures[STANDARD].there)
        s->pictures[PROXY].there = s->pictures[MASK].there = false; /* no face: nothing to show, the report says why */
    seal_next(s);
}

static const char *request_of(struct standardise *s)
{
    const struct profile *profile = profile_named(s->profile_name);
    struct buf b;
    buf_init(&b, REQUEST_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "kind", "standardise");
    json_name(&b, "profile");
    profile_write(&b, profile != NULL ? profile : profile_named(PROFILE_DEFAULT));
    json_put_bool(&b, "mask", true); /* for retouchers */
    capture_said_put(&b, &s->said);
    json_object_close(&b);
    const char *request = arena_text(s->effect->arena, buf_cstr(&b));
    buf_release(&b);
    return request;
}

static void opened(struct file_job *file)
{
    struct standardise *s = file->owner;
    if (file->result == ERR_NOT_FOUND) {
        save_refusal(s, "not_found", "The photo is not there any more.");
        return;
    }
    if (file->result != ERR_NONE) {
        effect_failed(s->effect, file->result, "original");
        return;
    }
    const char *request = request_of(s);
    s->job = (struct compute_job){
        .parts = {{request, strlen(request)}, {file->bytes, file->len}}, .part_count = 2, .done = answered, .owner = s};
    struct compute *compute = dispatch_compute(s->effect->dispatch);
    enum err e = compute != NULL ? compute_submit(compute, &s->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        finish(s);
        effect_failed(s->effect, e, "worker");
    }
}

/* ---- first: what is needed ---- */

static enum err load_step(struct tx *tx, void *job)
{
    struct standardise *s = job;
    struct arena *arena = s->effect->arena;
    struct attempt attempt;
    struct submission submission;
    struct capture_session session;
    struct blob_row row;
    TRY(attempt_get(tx, s->attempt_id, &attempt));
    s->wanted = text_is(attempt.state, "processing");
    if (!s->wanted)
        return ERR_NONE;
    TRY(submission_get(tx, attempt.submission_id, &submission));
    TRY(session_get(tx, submission.session_id, &session));
    TRY(blob_row_get(tx, attempt.original_blob_id, &row));
    s->student_id = arena_text(arena, submission.student_id);
    s->profile_name = arena_text(arena, session.policy.profile);
    s->said = capture_said(arena, &attempt, &session.policy);
    s->original = (struct file_job){.id = arena_text(arena, row.id),
                                    .sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len),
                                    .sealed_key_len = row.sealed_key_len,
                                    .done = opened,
                                    .owner = s};
    return ERR_NONE;
}

static void loaded(struct store_unit *unit)
{
    struct standardise *s = container_of(unit, struct standardise, unit);
    if (unit->result != ERR_NONE)
        effect_failed(s->effect, unit->result, "load");
    else if (!s->wanted)
        effect_end(s->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (files_read(dispatch_files(s->effect->dispatch), &s->original) != ERR_NONE)
        effect_failed(s->effect, ERR_BUSY, "original");
}

void standardise_start(struct effect *effect)
{
    struct standardise *s = ARENA_NEW(effect->arena, struct standardise);
    effect->work = s;
    s->effect = effect;
    s->attempt_id = json_text_at(effect_payload(effect), "attempt_id", NULL);
    s->pictures[STANDARD] =
        (struct picture){.part_name = "standardised", .kind = "standard", .media_type = "image/jpeg"};
    s->pictures[PROXY] = (struct picture){.part_name = "proxy", .kind = "proxy", .media_type = "image/jpeg"};
    s->pictures[MASK] = (struct picture){.part_name = "mask", .kind = "mask", .media_type = "image/png"};
    if (s->attempt_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without attempt_id");
    else
        effect_unit(effect, &s->unit, STORE_READ, load_step, s, loaded);
}
