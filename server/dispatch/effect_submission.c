/* intake — a submission handed in goes to the reviewers: green when the machine's report passed, else amber. The
 * deadline comes with the transition.
 *
 * erase — a closed submission is forgotten: keys of its photos destroyed, comparison and address removed; name, number,
 * phone and portrait of the student too when no other submission still needs them. History and audit stay; they hold
 * ids only. Files go with the next sweep. */
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/collection_code.h"
#include "store/detail.h"
#include "store/face.h"
#include "store/own_data.h"
#include "store/queries.h"
#include "store/retouch.h"
#include "store/transition.h"

#define ATTEMPTS_MAX    256
#define SUBMISSIONS_MAX 64

struct simple {
    struct effect *effect;
    struct store_unit unit;
    int64_t now_us;
    bool moved;
};

static void done(struct store_unit *unit)
{
    struct simple *s = container_of(unit, struct simple, unit);
    if (unit->result != ERR_NONE)
        effect_failed(s->effect, unit->result, s->effect->row.kind);
    else
        effect_end(s->effect, OUTBOX_DONE, 0, "%s", s->moved ? "" : "not wanted any more");
}

static void start(struct effect *effect, store_step *step)
{
    struct simple *s = ARENA_NEW(effect->arena, struct simple);
    effect->work = s;
    s->effect = effect;
    s->now_us = clock_utc_us();
    if (effect->row.submission_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without submission");
    else
        effect_unit(effect, &s->unit, STORE_WRITE, step, s, done);
}

/* ---- intake ---- */

static enum err intake_step(struct tx *tx, void *job)
{
    struct simple *s = job;
    struct submission submission;
    struct attempt attempt;
    s->moved = false;
    TRY(submission_get(tx, s->effect->row.submission_id, &submission));
    if (submission.state != WF_submitted || submission.attempt_id == NULL)
        return ERR_NONE;
    TRY(attempt_get(tx, submission.attempt_id, &attempt));
    struct move move = {.submission_id = submission.id,
                        .event = EV_intake,
                        .expect_version = submission.version,
                        .actor_kind = ACTOR_SERVER,
                        .actor_id = "intake",
                        .now_us = s->now_us,
                        .lane = text_is(attempt.verdict, "pass") ? "green" : "amber"};
    enum err e = transition_apply(tx, &move, NULL);
    s->moved = e == ERR_NONE;
    return e == ERR_REFUSED ? ERR_NONE : e;
}

void intake_start(struct effect *effect)
{
    start(effect, intake_step);
}

/* ---- erase ---- */

/* An original may be shared: the student announced the same bytes for two sessions and we had them already. */
static enum err erase_original(struct tx *tx, const struct submission *s, const char *blob_id, int64_t now_us)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BLOB_SHARED, v_text(s->student_id), v_text(blob_id), v_text(s->id)));
    bool shared = rows_next(&r);
    TRY(rows_close(&r));
    if (shared)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_UPLOADS_OF_BLOB_DROP, v_text(s->student_id), v_text(blob_id)));
    return blob_row_erase(tx, blob_id, now_us);
}

/* Repairs and what was made by other profiles. */
static enum err erase_repairs(struct tx *tx, const char *attempt_id, int64_t now_us)
{
    struct retouch *versions = ARENA_ARRAY(tx->arena, struct retouch, RETOUCH_TRIES_MAX + 1);
    struct derived *derived = ARENA_ARRAY(tx->arena, struct derived, DERIVED_MAX);
    size_t count = 0;
    TRY(retouch_list(tx, attempt_id, versions, RETOUCH_TRIES_MAX + 1, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(blob_row_erase(tx, versions[i].repair_blob_id, now_us));
        TRY(blob_row_erase(tx, versions[i].standard_blob_id, now_us));
    }
    TRY(derived_list(tx, attempt_id, derived, DERIVED_MAX, &count));
    for (size_t i = 0; i < count; i++)
        TRY(blob_row_erase(tx, derived[i].blob_id, now_us));
    return ERR_NONE;
}

static enum err erase_attempts(struct tx *tx, const struct submission *s, int64_t now_us)
{
    struct attempt *attempts = ARENA_ARRAY(tx->arena, struct attempt, ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, attempts, ATTEMPTS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(erase_original(tx, s, attempts[i].original_blob_id, now_us));
        TRY(blob_row_erase(tx, attempts[i].standard_blob_id, now_us));
        TRY(blob_row_erase(tx, attempts[i].proxy_blob_id, now_us));
        TRY(blob_row_erase(tx, attempts[i].mask_blob_id, now_us));
        TRY(erase_repairs(tx, attempts[i].id, now_us));
        TRY(face_result_erase(tx, attempts[i].id));
    }
    return ERR_NONE;
}

/* The person too, when no other submission needs them. */
static enum err erase_person(struct tx *tx, const struct submission *s, int64_t now_us)
{
    struct rows r;
    bool needed = false;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_STATES, v_text(s->student_id), v_text(s->id), v_int(SUBMISSIONS_MAX)));
    while (rows_next(&r))
        needed = needed || !text_is(col_text(&r, 0), wf_state_name(WF_closed));
    TRY(rows_close(&r));
    return needed ? ERR_NONE : person_erase(tx, s->student_id, now_us);
}

static enum err erase_step(struct tx *tx, void *job)
{
    struct simple *s = job;
    struct submission submission;
    s->moved = false;
    TRY(submission_get(tx, s->effect->row.submission_id, &submission));
    if (submission.state != WF_closed)
        return ERR_NONE; /* reopened meanwhile */
    TRY(erase_attempts(tx, &submission, s->now_us));
    TRY(collection_code_erase(tx, submission.id));
    TRY(detail_erase(tx, submission.id));
    TRY(TX_RUN(tx, Q_SUBMISSION_ERASE, v_text(submission.id)));
    TRY(erase_person(tx, &submission, s->now_us));
    TRY(submission_touch(tx, submission.id));
    s->moved = true;
    return audit_add(tx, &(struct audit_entry){.at_us = s->now_us,
                                               .actor_kind = "server",
                                               .actor_id = "erase",
                                               .action = "erased",
                                               .object_kind = "submission",
                                               .object_id = submission.id});
}

void erase_start(struct effect *effect)
{
    start(effect, erase_step);
}
