/* Reviewers: the queue, and items taken in hand. A claim is a lease kept by a heartbeat. */
#include "api/console_scope.h"
#include "store/review.h"
#include "store/view.h"

/* ---- how much waits ---- */

struct queue {
    struct job job;
};

static enum err queue_decode(struct exchange *x, struct queue *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err queue_body(struct tx *tx, struct queue *job, struct buf *out)
{
    return view_queue(tx, job->job.who->id, scope_school(&job->job), job->job.now_us, out);
}

static enum err queue_read(struct tx *tx, struct queue *job)
{
    return COMPOSE(tx, job, queue_body);
}
ANSWERED(queue, struct queue, READ(queue_read))

/* ---- take ---- */

#define WANT_DEFAULT 6

struct claim_job {
    struct job job;
    const char *lane;
    int64_t want;
    struct claim claim;
};

static const struct json_field claim_fields[] = {
    JSON_FIELD(struct claim_job, lane, JSON_TO_TEXT, true, 1, 10),
    JSON_FIELD(struct claim_job, want, JSON_TO_INT, false, 1, CLAIM_WANT_MAX)};

static unsigned roles_of_lane(const char *lane)
{
    if (text_is(lane, "identity"))
        return ROLE_IDENTITY_REVIEWER | ROLE_SENIOR;
    if (text_is(lane, "senior"))
        return ROLE_SENIOR;
    if (text_is(lane, "retouch"))
        return ROLE_RETOUCHER | ROLE_SENIOR;
    return ROLE_REVIEWER | ROLE_SENIOR;
}

static enum err claim_decode(struct exchange *x, struct claim_job *job)
{
    job_begin(x, &job->job);
    job->want = WANT_DEFAULT;
    TRY(exchange_json(x, claim_fields, countof(claim_fields), job));
    TRY(job_choice(x, "lane", job->lane, "|green|amber|identity|senior|retouch|"));
    if (!job_has(&job->job, roles_of_lane(job->lane)))
        return exchange_explain(x, ERR_FORBIDDEN, "this account does not work in the lane %s", job->lane);
    if (scope_school(&job->job) != NULL)
        return exchange_explain(x, ERR_FORBIDDEN, "an account of one school does not review");
    job->claim = (struct claim){.account_id = job->job.who->id,
                                .lane = job->lane,
                                .now_us = job->job.now_us,
                                .lease_us = MILLIS_US(api()->claim_lease_ms),
                                .want = (size_t)job->want,
                                .held_max = (size_t)api()->claims_per_reviewer_max};
    for (size_t i = 0; i < job->claim.want; i++)
        job->claim.claim_ids[i] = job_new_id(&job->job);
    return ERR_NONE;
}

/* What a reviewer needs to decide, and nothing that would decide for them: in front of an identity judgement the
 * machine's numbers are not in the answer at all. */
static enum err put_claim(struct tx *tx, struct claim_job *job, struct view_staff *view, const struct submission *s,
                          struct buf *out)
{
    struct attempt attempt;
    bool blind = s->state == WF_face_comparison;
    TRY(attempt_get(tx, s->attempt_id, &attempt));
    json_object_open(out);
    json_put_text(out, "claim_id", s->claim_id);
    json_put_time(out, "expires", s->claim_until_us);
    json_name(out, "submission");
    TRY(view_staff_submission(tx, view, s, out));
    json_name(out, "attempt");
    view_attempt(out, &attempt, true);
    json_name(out, "earlier");
    TRY(view_earlier(tx, s, out));
    if (!blind) {
        json_name(out, "face");
        TRY(view_face(tx, s->attempt_id, false, out));
        json_name(out, "collection_code");
        TRY(view_code_staff(tx, s, &view->session.policy, out));
    }
    json_put_text(out, "capture_source", view->session.policy.capture_source);
    json_name(out, "retouch");
    if (s->state == WF_retouch || attempt.retouch_number > 0)
        TRY(view_retouch(tx, &attempt, job->job.language, out));
    else
        json_null(out);
    json_name(out, "allowed");
    TRY(transition_allowed(tx, s, ACTOR_STAFF, scope_is_senior(&job->job), job->job.now_us, out));
    json_name(out, "profile");
    api()->profile_write(view->session.policy.profile, out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err claim_body(struct tx *tx, struct claim_job *job, struct buf *out)
{
    struct view_staff view = {.has_session = false};
    json_list_open(out);
    for (size_t i = 0; i < job->claim.taken; i++)
        TRY(put_claim(tx, job, &view, &job->claim.items[i], out));
    json_list_close(out);
    return ERR_NONE;
}

static enum err claim_write(struct tx *tx, struct claim_job *job)
{
    TRY(claim_take(tx, &job->claim));
    return COMPOSE(tx, job, claim_body);
}
ANSWERED(claim, struct claim_job, WRITE(claim_write))

/* ---- keep ---- */

#define RENEW_MAX 24

struct claim_renew {
    struct job job;
    struct json_texts claim_ids;
};

static const struct json_field claim_renew_fields[] = {
    JSON_FIELD(struct claim_renew, claim_ids, JSON_TO_TEXTS, true, 1, RENEW_MAX)};

static enum err claim_renew_decode(struct exchange *x, struct claim_renew *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, claim_renew_fields, countof(claim_renew_fields), job));
    for (size_t i = 0; i < job->claim_ids.count; i++)
        TRY(job_id(x, "claim_ids", job->claim_ids.items[i]));
    return ERR_NONE;
}

static enum err claim_renew_body(struct tx *tx, struct claim_renew *job, struct buf *out)
{
    int64_t lease_us = MILLIS_US(api()->claim_lease_ms);
    size_t kept = 0;
    json_object_open(out);
    json_name(out, "lost");
    json_array_open(out);
    for (size_t i = 0; i < job->claim_ids.count; i++) {
        enum err e = claim_renew(tx, job->job.who->id, job->claim_ids.items[i], job->job.now_us, lease_us);
        if (e == ERR_LEASE_LOST)
            json_text(out, job->claim_ids.items[i]);
        else if (e != ERR_NONE)
            return e;
        kept += e == ERR_NONE;
    }
    json_array_close(out);
    json_put_time(out, "expires", kept > 0 ? job->job.now_us + lease_us : 0);
    json_object_close(out);
    return ERR_NONE;
}

static enum err claim_renew_write(struct tx *tx, struct claim_renew *job)
{
    return COMPOSE(tx, job, claim_renew_body);
}
ANSWERED(claim_renew, struct claim_renew, WRITE(claim_renew_write))

/* ---- give back ---- */

struct claim_release {
    struct job job;
    const char *claim;
};

static enum err claim_release_decode(struct exchange *x, struct claim_release *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "claim", &job->claim);
}

static enum err claim_release_write(struct tx *tx, struct claim_release *job)
{
    return claim_release(tx, job->job.who->id, job->claim);
}
DONE_204(claim_release, struct claim_release, WRITE(claim_release_write))
