/* remake — a finished photo is made once more, from what is kept of it.
 *
 * retouch, payload {"attempt_id","number"}: staff sent a repair. Worker job "retouch" with the original and the repair.
 * derive, payload {"attempt_id","profile","number"}: the approved photo by another profile. Worker job "standardise"
 * with the original. Where people repaired it, what they approved counts: their mask goes with the original when the
 * other profile puts the head in the same place, else the repaired photo takes the original's place.
 *
 * read what it needs → open the files → worker → seal the photo → one unit: rows, the version ready or refused. What
 * does not wait any more needs nothing. A refusal is no error of ours: it is kept with its sentence. */
#include "dispatch/capture_said.h"
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/capture_session.h"
#include "store/retouch.h"
#include "workers/profile.h"

#define REPORT_BYTES_MAX  KIB(64)
#define REQUEST_BYTES_MAX KIB(4)
#define FILES_MAX         2

struct remake {
    struct effect *effect;
    bool derives;
    const char *attempt_id, *profile_name;
    int64_t number;
    struct store_unit unit;

    bool wanted; /* by the first unit, in effect->arena */
    const char *submission_id, *student_id, *repair;
    struct capture_said said;
    struct file_job files[FILES_MAX];
    size_t file_count, opened_count;

    struct compute_job job;
    bool made, poison;
    struct file_job photo;
    const char *verdict, *report, *outcome;
    int64_t now_us;
};

static void finish(struct remake *r)
{
    for (size_t i = 0; i < countof(r->files); i++)
        free(r->files[i].bytes);
    frame_release(&r->job.answer);
}

/* ---- last: the unit that makes it so ---- */

static enum err save_version(struct tx *tx, const struct remake *r)
{
    struct retouch version;
    TRY(retouch_get(tx, r->attempt_id, r->number, &version));
    if (!text_is(version.state, "processing"))
        return ERR_NONE; /* a second run of the same row; our file has no row and is swept */
    struct audit_entry entry = {
        .at_us = r->now_us,
        .actor_kind = "server",
        .actor_id = "retouch",
        .action = r->made ? "retouch_ready" : "retouch_refused",
        .object_kind = "submission",
        .object_id = r->submission_id,
        .detail = arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"number\":%" PRId64 "}", r->attempt_id, r->number)};
    TRY(audit_add(tx, &entry));
    if (!r->made)
        return retouch_refused(tx, r->attempt_id, r->number, r->report);
    const struct retouch_result made = {r->verdict, r->report, r->outcome, r->photo.ref.id};
    TRY(blob_row_add(tx, &r->photo.ref, "standard", "image/jpeg", r->student_id, r->now_us));
    return retouch_ready(tx, r->attempt_id, r->number, &made);
}

static enum err save_derived(struct tx *tx, const struct remake *r)
{
    struct derived d;
    TRY(derived_get(tx, r->attempt_id, r->profile_name, r->number, &d));
    if (!text_is(d.state, "processing"))
        return ERR_NONE;
    d.verdict = r->verdict;
    d.report = r->report;
    if (!r->made)
        return derived_refused(tx, &d);
    d.blob_id = r->photo.ref.id;
    const char *kind = arena_printf(tx->arena, "derived:%s", r->profile_name);
    TRY(blob_row_add(tx, &r->photo.ref, kind, "image/jpeg", r->student_id, r->now_us));
    return derived_ready(tx, &d);
}

static enum err save_step(struct tx *tx, void *job)
{
    const struct remake *r = job;
    return r->derives ? save_derived(tx, r) : save_version(tx, r);
}

static void saved(struct store_unit *unit)
{
    struct remake *r = container_of(unit, struct remake, unit);
    if (unit->result != ERR_NONE)
        effect_failed(r->effect, unit->result, "save");
    else if (r->poison)
        effect_end(r->effect, OUTBOX_PARKED, 0, "poison: %s", r->job.why);
    else
        effect_end(r->effect, OUTBOX_DONE, 0, "%s", r->made ? r->verdict : "refused");
}

static void save(struct remake *r)
{
    finish(r);
    r->now_us = clock_utc_us();
    effect_unit(r->effect, &r->unit, STORE_WRITE, save_step, r, saved);
}

static void save_refusal(struct remake *r, const char *error, const char *why)
{
    struct buf b;
    buf_init(&b, REPORT_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "error", error);
    json_put_text(&b, "why", why);
    json_object_close(&b);
    r->report = arena_text(r->effect->arena, buf_cstr(&b));
    buf_release(&b);
    r->verdict = "";
    r->made = false;
    save(r);
}

/* ---- the worker's answer ---- */

static void sealed(struct file_job *file)
{
    struct remake *r = file->owner;
    if (file->result == ERR_NONE) {
        save(r);
        return;
    }
    finish(r);
    effect_failed(r->effect, file->result, "seal");
}

static void seal(struct remake *r, const struct part *photo)
{
    char id[CRYPT_ID_TEXT_BYTES];
    union {
        const void *from;
        void *to;
    } bytes = {.from = photo->bytes}; /* written from, not to */
    crypt_id(clock_utc_us(), id);
    r->made = true;
    r->photo = (struct file_job){.id = arena_text(r->effect->arena, id),
                                 .bytes = bytes.to,
                                 .len = photo->len,
                                 .arena = r->effect->arena,
                                 .done = sealed,
                                 .owner = r};
    if (files_write(dispatch_files(r->effect->dispatch), &r->photo) != ERR_NONE) {
        finish(r);
        effect_failed(r->effect, ERR_BUSY, "seal");
    }
}

static bool find_photo(const struct remake *r, const struct json *answer, struct part *photo)
{
    const struct json *names = json_at(answer, "parts");
    size_t n = 1;
    for (const struct json *name = names != NULL ? names->first : NULL; name != NULL; name = name->next, n++)
        if (text_is(name->text, "standardised"))
            return compute_part(&r->job, n, photo);
    return false;
}

/* What the repair changed: the ledger's own entry; NULL when there is none. */
static const struct json *repair_of(const struct json *ledger)
{
    for (const struct json *step = ledger != NULL ? ledger->first : NULL; step != NULL; step = step->next)
        if (text_is(json_text_at(step, "operation", ""), "retouch"))
            return step;
    return NULL;
}

static void answered(struct compute_job *job)
{
    struct remake *r = job->owner;
    const struct json *answer = NULL;
    struct part photo;
    r->poison = job->end == COMPUTE_POISON;
    if (r->poison) {
        save_refusal(r, "poison", "The photo cannot be processed.");
        return;
    }
    if (job->end == COMPUTE_REFUSED && !err_may_retry(job->error)) {
        save_refusal(r, err_name(job->error), job->why);
        return;
    }
    if (job->end != COMPUTE_ANSWERED) {
        finish(r);
        effect_job_failed(r->effect, job);
        return;
    }
    const struct part *words = &job->answer.parts[0];
    if (json_read(words->bytes, words->len, r->effect->arena, &answer) != ERR_NONE) {
        finish(r);
        effect_end(r->effect, OUTBOX_RETRY, 0, "worker: an answer without its parts");
        return;
    }
    if (!find_photo(r, answer, &photo)) {
        save_refusal(r, err_name(ERR_NOT_FOUND), "There is no face in the photo.");
        return;
    }
    r->verdict = arena_text(r->effect->arena, json_text_at(answer, "report.verdict", "fail"));
    r->report = effect_json(r->effect, json_at(answer, "report"), REPORT_BYTES_MAX);
    r->outcome = effect_json(r->effect, repair_of(json_at(answer, "report.ledger")), RETOUCH_OUTCOME_BYTES);
    seal(r, &photo);
}

static const char *request_of(struct remake *r)
{
    const struct profile *profile = profile_named(r->profile_name);
    struct buf b;
    buf_init(&b, REQUEST_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "kind", r->derives ? "standardise" : "retouch");
    json_name(&b, "profile");
    profile_write(&b, profile != NULL ? profile : profile_named(PROFILE_DEFAULT));
    if (!r->derives)
        json_put_text(&b, "repair", r->repair);
    capture_said_put(&b, &r->said);
    json_object_close(&b);
    const char *request = arena_text(r->effect->arena, buf_cstr(&b));
    buf_release(&b);
    return request;
}

static void ask(struct remake *r)
{
    const char *request = request_of(r);
    r->job = (struct compute_job){.parts = {{request, strlen(request)}}, .part_count = 1, .done = answered, .owner = r};
    for (size_t i = 0; i < r->file_count; i++)
        r->job.parts[r->job.part_count++] = (struct part){r->files[i].bytes, r->files[i].len};
    struct compute *compute = dispatch_compute(r->effect->dispatch);
    enum err e = compute != NULL ? compute_submit(compute, &r->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        finish(r);
        effect_failed(r->effect, e, "worker");
    }
}

/* ---- first: what is needed ---- */

static void open_next(struct remake *r);

static void opened(struct file_job *file)
{
    struct remake *r = file->owner;
    if (file->result == ERR_NOT_FOUND) {
        save_refusal(r, err_name(ERR_NOT_FOUND), "The photo is not there any more.");
        return;
    }
    if (file->result != ERR_NONE) {
        finish(r);
        effect_failed(r->effect, file->result, "open");
        return;
    }
    open_next(r);
}

static void open_next(struct remake *r)
{
    if (r->opened_count == r->file_count) {
        ask(r);
        return;
    }
    if (files_read(dispatch_files(r->effect->dispatch), &r->files[r->opened_count++]) != ERR_NONE) {
        finish(r);
        effect_failed(r->effect, ERR_BUSY, "open");
    }
}

static enum err want_file(struct tx *tx, struct remake *r, const char *blob_id)
{
    struct arena *arena = r->effect->arena;
    struct blob_row row;
    TRY(blob_row_get(tx, blob_id, &row));
    r->files[r->file_count++] = (struct file_job){.id = arena_text(arena, row.id),
                                                  .sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len),
                                                  .sealed_key_len = row.sealed_key_len,
                                                  .done = opened,
                                                  .owner = r};
    return ERR_NONE;
}

static enum err want_version(struct tx *tx, struct remake *r, const struct attempt *a)
{
    struct retouch version;
    TRY(retouch_get(tx, a->id, r->number, &version));
    r->wanted = text_is(version.state, "processing");
    if (!r->wanted)
        return ERR_NONE;
    r->repair = arena_text(r->effect->arena, version.repair);
    TRY(want_file(tx, r, a->original_blob_id));
    return want_file(tx, r, version.repair_blob_id);
}

static bool same_range(struct range a, struct range b)
{
    return a.min == b.min && a.max == b.max;
}

/* Both put the same head in the same place of a picture of the same size. */
static bool same_frame(const struct profile *a, const struct profile *b)
{
    return a != NULL && b != NULL && a->width_px == b->width_px && a->height_px == b->height_px &&
           a->centre_px == b->centre_px && same_range(a->crown_px, b->crown_px) && same_range(a->eyes_px, b->eyes_px) &&
           same_range(a->face_width_px, b->face_width_px) && same_range(a->head_height_px, b->head_height_px) &&
           same_range(a->chin_below_px, b->chin_below_px);
}

static enum err want_derived(struct tx *tx, struct remake *r, const struct attempt *a, const char *made_by)
{
    struct retouch version;
    struct derived d;
    TRY(derived_get(tx, a->id, r->profile_name, r->number, &d));
    r->wanted = text_is(d.state, "processing");
    if (!r->wanted)
        return ERR_NONE;
    if (r->number == 0)
        return want_file(tx, r, a->original_blob_id);
    TRY(retouch_get(tx, a->id, r->number, &version));
    bool mask_fits =
        text_is(version.repair, "mask") && same_frame(profile_named(made_by), profile_named(r->profile_name));
    if (!mask_fits)
        return want_file(tx, r, version.standard_blob_id);
    TRY(want_file(tx, r, a->original_blob_id));
    return want_file(tx, r, version.repair_blob_id);
}

/* The one its photo was made by; the session's may have changed since. */
static const char *profile_of(struct remake *r, const struct attempt *a, const struct policy *policy)
{
    const struct json *report = NULL;
    if (json_read(a->report, strlen(a->report), r->effect->arena, &report) != ERR_NONE)
        report = NULL;
    const char *made_by = json_text_at(report, "profile", "");
    return arena_text(r->effect->arena, profile_named(made_by) != NULL ? made_by : policy->profile);
}

static enum err load_step(struct tx *tx, void *job)
{
    struct remake *r = job;
    struct arena *arena = r->effect->arena;
    struct attempt a;
    struct submission s;
    struct capture_session session;
    r->file_count = 0;
    TRY(attempt_get(tx, r->attempt_id, &a));
    TRY(submission_get(tx, a.submission_id, &s));
    TRY(session_get(tx, s.session_id, &session));
    r->submission_id = arena_text(arena, s.id);
    r->student_id = arena_text(arena, s.student_id);
    r->said = capture_said(arena, &a, &session.policy);
    const char *made_by = profile_of(r, &a, &session.policy);
    if (r->derives)
        return want_derived(tx, r, &a, made_by);
    r->profile_name = made_by;
    return want_version(tx, r, &a);
}

static void loaded(struct store_unit *unit)
{
    struct remake *r = container_of(unit, struct remake, unit);
    if (unit->result != ERR_NONE)
        effect_failed(r->effect, unit->result, "load");
    else if (!r->wanted)
        effect_end(r->effect, OUTBOX_DONE, 0, "not wanted any more");
    else
        open_next(r);
}

static void start(struct effect *effect, bool derives)
{
    const struct json *payload = effect_payload(effect);
    struct remake *r = ARENA_NEW(effect->arena, struct remake);
    effect->work = r;
    r->effect = effect;
    r->derives = derives;
    r->attempt_id = json_text_at(payload, "attempt_id", NULL);
    r->profile_name = json_text_at(payload, "profile", NULL);
    r->number = json_int_at(payload, "number", -1);
    if (r->attempt_id == NULL || r->number < 0 || (derives && r->profile_name == NULL))
        effect_end(effect, OUTBOX_DEAD, 0, "payload without what is to be made");
    else
        effect_unit(effect, &r->unit, STORE_READ, load_step, r, loaded);
}

void retouch_start(struct effect *effect)
{
    start(effect, false);
}

void derive_start(struct effect *effect)
{
    start(effect, true);
}
