/* Reviewers: decide, take back, judge identity. A decision waits out its undo window before it becomes a move; a vote
 * counts at once, because the machine's opinion is shown right after it. */
#include "api/console_scope.h"
#include "store/face.h"
#include "store/review.h"
#include "store/transition.h"
#include "store/view.h"
#include "workflow/reason.h"

#define REASONS_MAX 9

/* ---- decide ---- */

struct decide {
    struct job job;
    const char *id, *claim_id, *event, *note, *internal_note;
    struct json_texts reasons;
    int64_t version, shown_ms;
    struct decision decision;
};

static const struct json_field decide_fields[] = {
    JSON_FIELD(struct decide, claim_id, JSON_TO_TEXT, true, 26, 26),
    JSON_FIELD(struct decide, version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
    JSON_FIELD(struct decide, event, JSON_TO_TEXT, true, 1, 20),
    JSON_FIELD(struct decide, reasons, JSON_TO_TEXTS, false, 0, REASONS_MAX),
    JSON_FIELD(struct decide, note, JSON_TO_LINES, false, 0, 500),
    JSON_FIELD(struct decide, internal_note, JSON_TO_LINES, false, 0, 500),
    JSON_FIELD(struct decide, shown_ms, JSON_TO_INT, false, 0, 86400000)};

/* A JSON list of known codes, each once. */
static enum err write_reasons(struct exchange *x, const struct json_texts *reasons, const char **json)
{
    struct buf b;
    enum err e = ERR_NONE;
    buf_init(&b, KIB(4));
    json_array_open(&b);
    for (size_t i = 0; i < reasons->count && e == ERR_NONE; i++) {
        if (reason_named(reasons->items[i]) == NULL)
            e = exchange_explain(x, ERR_BAD_FIELD, "reasons has a code nobody knows");
        for (size_t k = 0; k < i && e == ERR_NONE; k++)
            if (text_is(reasons->items[i], reasons->items[k]))
                e = exchange_explain(x, ERR_BAD_FIELD, "reasons names one code twice");
        json_text(&b, reasons->items[i]);
    }
    json_array_close(&b);
    *json = arena_text(exchange_arena(x), buf_cstr(&b));
    buf_release(&b);
    return e;
}

static enum err decide_decode(struct exchange *x, struct decide *job)
{
    struct decision *d = &job->decision;
    job_begin(x, &job->job);
    job->note = job->internal_note = "";
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, decide_fields, countof(decide_fields), job));
    TRY(job_choice(x, "event", job->event, "|approve|reject_retry|reject_final|escalate|retouch|"));
    *d = (struct decision){.id = job_new_id(&job->job),
                           .submission_id = job->id,
                           .note = job->note,
                           .internal_note = job->internal_note,
                           .account_id = job->job.who->id,
                           .shown_ms = job->shown_ms,
                           .decided_us = job->job.now_us,
                           .commit_us = job->job.now_us + MILLIS_US(api()->undo_window_ms)};
    (void)wf_event_named(job->event, &d->event); /* the choices are events */
    if (d->event == EV_reject_final && !scope_is_senior(&job->job))
        return exchange_explain(x, ERR_FORBIDDEN, "only a senior reviewer rejects for good");
    bool rejects = d->event == EV_reject_retry || d->event == EV_reject_final;
    if (rejects && job->reasons.count == 0)
        return exchange_explain(x, ERR_BAD_FIELD, "reasons: a rejection needs at least one");
    return write_reasons(x, &job->reasons, &d->reasons);
}

static enum err decide_write(struct tx *tx, struct decide *job)
{
    struct submission s;
    struct buf b;
    TRY(scope_submission(tx, &job->job, job->id, &s));
    if (s.version != job->version)
        return ERR_STALE;
    TRY(decision_add(tx, &job->decision, job->claim_id, scope_is_senior(&job->job)));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "decision_id", job->decision.id);
    json_put_time(&b, "commit_at", job->decision.commit_us);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED_ONCE(decide, struct decide, WRITE(decide_write))

/* ---- undo ---- */

struct decision_undo_job {
    struct job job;
    const char *id;
    const char *submission_id;
};

static enum err decision_undo_decode(struct exchange *x, struct decision_undo_job *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "decision", &job->id);
}

static enum err decision_undo_body(struct tx *tx, struct decision_undo_job *job, struct buf *out)
{
    struct submission s;
    struct view_staff view = {.has_session = false};
    TRY(scope_submission(tx, &job->job, job->submission_id, &s));
    json_object_open(out);
    json_name(out, "submission");
    TRY(view_staff_submission(tx, &view, &s, out));
    if (s.claim_id != NULL)
        json_put_text(out, "claim_id", s.claim_id);
    json_put_time(out, "expires", s.claim_until_us);
    json_object_close(out);
    return ERR_NONE;
}

static enum err decision_undo_write(struct tx *tx, struct decision_undo_job *job)
{
    TRY(decision_undo(tx, job->id, job->job.who->id, job->job.now_us, MILLIS_US(api()->claim_lease_ms),
                      &job->submission_id));
    return COMPOSE(tx, job, decision_undo_body);
}
ANSWERED(decision_undo, struct decision_undo_job, WRITE(decision_undo_write))

/* ---- the same person? ---- */

struct identity_vote {
    struct job job;
    const char *id, *claim_id, *vote, *note;
    int64_t version;
    enum wf_vote choice;
    struct submission before, after;
};

static const struct json_field identity_vote_fields[] = {
    JSON_FIELD(struct identity_vote, claim_id, JSON_TO_TEXT, true, 26, 26),
    JSON_FIELD(struct identity_vote, version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
    JSON_FIELD(struct identity_vote, vote, JSON_TO_TEXT, true, 1, 10),
    JSON_FIELD(struct identity_vote, note, JSON_TO_LINES, false, 0, 500)};

static enum err identity_vote_decode(struct exchange *x, struct identity_vote *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, identity_vote_fields, countof(identity_vote_fields), job));
    TRY(job_choice(x, "vote", job->vote, "|same|different|unsure|"));
    job->choice = text_is(job->vote, "same")        ? WF_VOTE_SAME
                  : text_is(job->vote, "different") ? WF_VOTE_DIFFERENT
                                                    : WF_VOTE_UNSURE;
    return ERR_NONE;
}

/* With the word, now that the person has judged; numbers are null when the machine could not measure. */
static enum err put_machine(struct tx *tx, const struct submission *s, const struct policy *policy, struct buf *out)
{
    struct face_result face;
    enum err e = s->attempt_id != NULL ? face_result_get(tx, s->attempt_id, &face) : ERR_NOT_FOUND;
    json_name(out, "machine");
    if (e != ERR_NOT_FOUND) {
        TRY(e);
        return view_face(tx, s->attempt_id, true, out);
    }
    json_object_open(out);
    json_put_text(out, "verdict", wf_face_name(s->face));
    json_name(out, "distance");
    json_null(out);
    json_put_number(out, "match", (double)policy->face_match_e6 / 1e6, 4);
    json_put_number(out, "mismatch", (double)policy->face_mismatch_e6 / 1e6, 4);
    json_put_text(out, "model", "");
    json_object_close(out);
    return ERR_NONE;
}

static enum err identity_vote_body(struct tx *tx, struct identity_vote *job, struct buf *out)
{
    struct view_staff view = {.has_session = false};
    json_object_open(out);
    json_name(out, "submission");
    TRY(view_staff_submission(tx, &view, &job->after, out));
    TRY(put_machine(tx, &job->before, &view.session.policy, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err identity_vote_write(struct tx *tx, struct identity_vote *job)
{
    const struct submission *s = &job->before;
    TRY(scope_submission(tx, &job->job, job->id, &job->before));
    if (!text_is(s->claim_id, job->claim_id) || !text_is(s->claimed_by, job->job.who->id) ||
        s->claim_until_us <= job->job.now_us)
        return ERR_LEASE_LOST;
    const struct move move = {.submission_id = s->id,
                              .event = EV_identity_vote,
                              .expect_version = job->version,
                              .actor_kind = ACTOR_STAFF,
                              .actor_id = job->job.who->id,
                              .actor_is_senior = scope_is_senior(&job->job),
                              .now_us = job->job.now_us,
                              .vote = job->choice,
                              .internal_note = job->note};
    TRY(transition_apply(tx, &move, &job->after));
    return COMPOSE(tx, job, identity_vote_body);
}
ANSWERED_ONCE(identity_vote, struct identity_vote, WRITE(identity_vote_write))
