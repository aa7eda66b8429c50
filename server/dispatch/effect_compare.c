/* compare — payload {"attempt_id", …}, row of a submission: is it the person on the ID card?
 *
 * read what it needs → open portrait and photo → worker → one unit: face_result row and the transition. Wanted only
 * while the submission's face is pending and the attempt is still the chosen one; without consent, portrait or exactly
 * one face on either side the verdict is none, and two people look. The machine alone never fails a student. */
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/capture_session.h"
#include "store/consent.h"
#include "store/face.h"
#include "store/student.h"
#include "store/transition.h"

#define DETAIL_BYTES_MAX  KIB(16)
#define REQUEST_BYTES_MAX KIB(1)

enum { PORTRAIT, PHOTO };

struct compare {
    struct effect *effect;
    const char *attempt_id;
    struct store_unit unit;
    struct file_job files[2];
    struct compute_job job;

    bool wanted;         /* by the first unit */
    const char *missing; /* why there is nothing to compare; NULL: compare */
    int64_t match_e6, mismatch_e6;

    enum wf_face verdict; /* from the answer */
    int64_t distance_e6;
    const char *model, *detail;
    bool poison;
    int64_t now_us;
};

static void finish(struct compare *c)
{
    free(c->files[PORTRAIT].bytes);
    free(c->files[PHOTO].bytes);
    frame_release(&c->job.answer);
}

/* The submission when this comparison is (still) wanted. */
static enum err find_wanted(struct tx *tx, struct compare *c, struct submission *s, bool *wanted)
{
    TRY(submission_get(tx, c->effect->row.submission_id, s));
    *wanted = s->face == WF_FACE_PENDING && text_is(s->attempt_id, c->attempt_id);
    return ERR_NONE;
}

/* ---- last: the unit that makes it so ---- */

static const char *no_result(struct effect *effect, const char *why)
{
    return arena_printf(effect->arena, "{\"why\":\"%s\"}", why);
}

static enum err save_step(struct tx *tx, void *job)
{
    struct compare *c = job;
    struct submission s;
    bool wanted, consented;
    TRY(find_wanted(tx, c, &s, &wanted));
    if (!wanted)
        return ERR_NONE;
    TRY(consent_given(tx, s.student_id, "face", &consented));
    bool keep = consented || c->missing != NULL; /* withdrawn while we measured: nothing of it is kept */
    struct face_result result = {.attempt_id = c->attempt_id,
                                 .verdict = keep ? wf_face_name(c->verdict) : wf_face_name(WF_FACE_NONE),
                                 .distance_e6 = keep ? c->distance_e6 : -1,
                                 .match_e6 = c->match_e6,
                                 .mismatch_e6 = c->mismatch_e6,
                                 .model = keep ? c->model : "",
                                 .detail = keep ? c->detail : "{\"why\":\"no_consent\"}",
                                 .measured_us = c->now_us};
    TRY(face_result_put(tx, &result));
    struct move move = {.submission_id = s.id,
                        .event = EV_face_result,
                        .actor_kind = ACTOR_SERVER,
                        .actor_id = "compare",
                        .now_us = c->now_us,
                        .face = keep ? c->verdict : WF_FACE_NONE,
                        .face_distance_e6 = result.distance_e6};
    enum err e = transition_apply(tx, &move, NULL);
    return e == ERR_REFUSED ? ERR_NONE : e; /* recalled, withdrawn: the next hand-in asks again */
}

static void saved(struct store_unit *unit)
{
    struct compare *c = container_of(unit, struct compare, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "save");
    else if (c->poison)
        effect_end(c->effect, OUTBOX_PARKED, 0, "poison: %s", c->job.why);
    else
        effect_end(c->effect, OUTBOX_DONE, 0, "%s", c->missing != NULL ? c->missing : wf_face_name(c->verdict));
}

static void save(struct compare *c)
{
    finish(c);
    c->now_us = clock_utc_us();
    effect_unit(c->effect, &c->unit, STORE_WRITE, save_step, c, saved);
}

static void save_none(struct compare *c, const char *why)
{
    c->missing = why;
    c->verdict = WF_FACE_NONE;
    c->distance_e6 = -1;
    c->model = "";
    c->detail = no_result(c->effect, why);
    save(c);
}

/* ---- the worker's answer ---- */

static void take_answer(struct compare *c, const struct json *answer)
{
    const char *verdict = json_text_at(answer, "verdict", "");
    double distance = json_number_at(answer, "distance", -1);
    c->distance_e6 = distance >= 0 && distance < 10 ? (int64_t)(distance * 1e6 + 0.5) : -1;
    c->model = arena_printf(c->effect->arena, "%s %s", json_text_at(answer, "model.id", "?"),
                            json_text_at(answer, "model.version", "?"));
    c->detail = effect_json(c->effect, answer, DETAIL_BYTES_MAX);
    c->verdict = WF_FACE_NONE; /* no_face, many_faces, unreadable */
    if (text_is(verdict, "match") || text_is(verdict, "grey") || text_is(verdict, "mismatch"))
        wf_face_named(verdict, &c->verdict);
}

static void answered(struct compute_job *job)
{
    struct compare *c = job->owner;
    const struct json *answer = NULL;
    if (job->end == COMPUTE_POISON) {
        c->poison = true;
        save_none(c, "poison");
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
        effect_end(c->effect, OUTBOX_RETRY, 0, "worker: an answer that is not JSON");
        return;
    }
    take_answer(c, answer);
    save(c);
}

static void compare_now(struct compare *c)
{
    struct buf b;
    buf_init(&b, REQUEST_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "kind", "compare");
    json_name(&b, "thresholds");
    json_object_open(&b);
    json_put_number(&b, "match", (double)c->match_e6 / 1e6, 6);
    json_put_number(&b, "mismatch", (double)c->mismatch_e6 / 1e6, 6);
    json_object_close(&b);
    json_object_close(&b);
    const char *request = arena_text(c->effect->arena, buf_cstr(&b));
    buf_release(&b);
    c->job = (struct compute_job){.parts = {{request, strlen(request)},
                                            {c->files[PORTRAIT].bytes, c->files[PORTRAIT].len},
                                            {c->files[PHOTO].bytes, c->files[PHOTO].len}},
                                  .part_count = 3,
                                  .done = answered,
                                  .owner = c};
    struct compute *compute = dispatch_compute(c->effect->dispatch);
    enum err e = compute != NULL ? compute_submit(compute, &c->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        finish(c);
        effect_failed(c->effect, e, "worker");
    }
}

static void opened(struct file_job *file)
{
    struct compare *c = file->owner;
    bool more = file == &c->files[PORTRAIT];
    enum err e = file->result;
    if (e == ERR_NONE && more)
        e = files_read(dispatch_files(c->effect->dispatch), &c->files[PHOTO]);
    if (e != ERR_NONE) {
        finish(c);
        effect_failed(c->effect, e, more ? "portrait" : "photo");
    } else if (!more) {
        compare_now(c);
    }
}

/* ---- first: what is needed ---- */

static enum err want_file(struct tx *tx, struct compare *c, struct file_job *file, const char *blob_id)
{
    struct blob_row row;
    struct arena *arena = c->effect->arena;
    TRY(blob_row_get(tx, blob_id, &row));
    *file = (struct file_job){.id = arena_text(arena, row.id),
                              .sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len),
                              .sealed_key_len = row.sealed_key_len,
                              .done = opened,
                              .owner = c};
    return ERR_NONE;
}

static enum err load_step(struct tx *tx, void *job)
{
    struct compare *c = job;
    struct submission s;
    struct capture_session session;
    struct student student;
    struct attempt attempt;
    bool consented;
    c->missing = NULL;
    TRY(find_wanted(tx, c, &s, &c->wanted));
    if (!c->wanted)
        return ERR_NONE;
    TRY(session_get(tx, s.session_id, &session));
    c->match_e6 = session.policy.face_match_e6;
    c->mismatch_e6 = session.policy.face_mismatch_e6;
    TRY(student_get(tx, s.student_id, &student));
    TRY(consent_given(tx, s.student_id, "face", &consented));
    if (!consented || student.portrait_blob_id == NULL) {
        c->missing = consented ? "no_portrait" : "no_consent";
        return ERR_NONE;
    }
    TRY(attempt_get(tx, c->attempt_id, &attempt));
    TRY(want_file(tx, c, &c->files[PORTRAIT], student.portrait_blob_id));
    return want_file(tx, c, &c->files[PHOTO], attempt.original_blob_id);
}

static void loaded(struct store_unit *unit)
{
    struct compare *c = container_of(unit, struct compare, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "load");
    else if (!c->wanted)
        effect_end(c->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (c->missing != NULL)
        save_none(c, c->missing);
    else if (files_read(dispatch_files(c->effect->dispatch), &c->files[PORTRAIT]) != ERR_NONE)
        effect_failed(c->effect, ERR_BUSY, "portrait");
}

void compare_start(struct effect *effect)
{
    struct compare *c = ARENA_NEW(effect->arena, struct compare);
    effect->work = c;
    c->effect = effect;
    c->attempt_id = json_text_at(effect_payload(effect), "attempt_id", NULL);
    if (c->attempt_id == NULL || effect->row.submission_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without attempt_id");
    else
        effect_unit(effect, &c->unit, STORE_READ, load_step, c, loaded);
}
