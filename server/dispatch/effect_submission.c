/* intake — a submission handed in goes to the reviewers: green when the machine's report passed, else amber. The
 * deadline comes with the transition.
 *
 * erase — a closed submission is forgotten (store/forget.h). Files go with the next sweep. */
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/forget.h"
#include "store/transition.h"

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

static enum err erase_step(struct tx *tx, void *job)
{
    struct simple *s = job;
    struct submission submission;
    s->moved = false;
    TRY(submission_get(tx, s->effect->row.submission_id, &submission));
    if (submission.state != WF_closed)
        return ERR_NONE; /* reopened meanwhile */
    TRY(forget_submission(tx, &submission, s->now_us));
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
