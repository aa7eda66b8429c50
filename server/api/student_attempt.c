/* Students: photos that are tried, and the one that is chosen. */
#include "api/job.h"
#include "api/picture.h"
#include "api/student_rules.h"
#include "store/attempt.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/face_count.h"
#include "store/outbox.h"
#include "store/student.h"
#include "store/upload.h"
#include "store/view.h"
#include "workflow/lens.h"

/* ---- try one ---- */

struct attempt_add {
    struct job job;
    const char *id, *upload_id, *new_id;
};

static const struct json_field attempt_add_fields[] = {
    JSON_FIELD(struct attempt_add, upload_id, JSON_TO_TEXT, true, 26, 26)};

static enum err attempt_add_decode(struct exchange *x, struct attempt_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    job->new_id = job_new_id(&job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, attempt_add_fields, countof(attempt_add_fields), job));
    return job_id(x, "upload_id", job->upload_id);
}

/* A camera of ours (live), the phone's own (native), or a file (album): the session says what it takes. */
static bool takes_source(const struct policy *policy, const char *source)
{
    return !text_is(policy->capture_source, "live") || !text_is(source, "album");
}

static enum err usable_upload(struct tx *tx, struct attempt_add *job, const struct policy *policy,
                              struct upload *upload)
{
    TRY(upload_get(tx, job->upload_id, job->job.who->id, upload));
    if (upload->blob_id == NULL || !text_is(upload->purpose, "photo"))
        return job_refuse(&job->job, ERR_REFUSED, "this is not a complete upload of purpose photo");
    if (!takes_source(policy, upload->source))
        return job_refuse(&job->job, ERR_REFUSED, "this session takes live photos only");
    if (text_is(policy->selfie, "forbidden") && !text_is(upload->source, "album") &&
        text_is(lens_side(upload->lens), "front"))
        return job_refuse(&job->job, ERR_FRONT_CAMERA, "lens: %s", upload->lens);
    return ERR_NONE;
}

static enum err answer_attempt(struct attempt_add *job, const char *id, int64_t number, const char *state)
{
    struct buf b;
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "id", id);
    json_put_int(&b, "number", number);
    json_put_text(&b, "state", state);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}

static enum err add_new(struct tx *tx, struct attempt_add *job, const struct submission *s, const struct upload *upload)
{
    int64_t number = 0;
    const struct attempt a = {.id = job->new_id,
                              .submission_id = s->id,
                              .source = upload->source,
                              .original_blob_id = upload->blob_id,
                              .captured_us = upload->captured_us,
                              .lens = upload->lens,
                              .created_us = job->job.now_us};
    TRY(attempt_add(tx, &a, &number));
    TRY(face_count_add(tx, s->student_id, a.created_us));
    const char *payload = arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"submission_id\":\"%s\"}", a.id, s->id);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-standardise", a.id), "standardise", s->id, payload, 0,
                   a.created_us));
    return answer_attempt(job, a.id, number, "processing");
}

static enum err attempt_add_write(struct tx *tx, struct attempt_add *job)
{
    struct submission s;
    struct capture_session session;
    struct upload upload;
    struct blob_row blob;
    struct attempt same;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    TRY(session_get(tx, s.session_id, &session));
    TRY(rules_may_try(tx, &job->job, &s, &session));
    TRY(usable_upload(tx, job, &session.policy, &upload));
    TRY(blob_row_get(tx, upload.blob_id, &blob));
    enum err e = attempt_same_photo(tx, s.id, blob.content_hash, &same);
    if (e == ERR_NOT_FOUND)
        return add_new(tx, job, &s, &upload);
    TRY(e);
    if (same.rejected)
        return job_refuse(&job->job, ERR_CONFLICT, "duplicate: this photo was sent back before");
    return answer_attempt(job, same.id, same.number, same.state); /* the same bytes: the same attempt */
}
ANSWERED_ONCE(attempt_add, struct attempt_add, WRITE(attempt_add_write))

/* ---- look at one ---- */

struct attempt_show {
    struct job job;
    const char *id, *attempt;
    struct attempt found;
    bool chosen;
};

static enum err attempt_show_decode(struct exchange *x, struct attempt_show *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    return exchange_path_id(x, "attempt", &job->attempt);
}

/* An attempt of the student's own submission. */
static enum err own_attempt(struct tx *tx, const char *submission_id, const char *student_id, const char *attempt_id,
                            struct submission *s, struct attempt *a)
{
    TRY(submission_of_student(tx, submission_id, student_id, s));
    TRY(attempt_get(tx, attempt_id, a));
    return text_is(a->submission_id, s->id) ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err attempt_show_body(struct tx *tx, struct attempt_show *job, struct buf *out)
{
    (void)tx;
    view_attempt(out, &job->found, job->chosen);
    return ERR_NONE;
}

static enum err attempt_show_read(struct tx *tx, struct attempt_show *job)
{
    struct submission s;
    TRY(own_attempt(tx, job->id, job->job.who->id, job->attempt, &s, &job->found));
    job->chosen = text_is(s.attempt_id, job->found.id);
    return COMPOSE(tx, job, attempt_show_body);
}
ANSWERED(attempt_show, struct attempt_show, READ(attempt_show_read))

struct attempt_photo {
    struct picture picture;
    const char *id, *attempt, *variant;
};

static enum err attempt_photo_decode(struct exchange *x, struct attempt_photo *job)
{
    picture_begin(x, &job->picture);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_path_id(x, "attempt", &job->attempt));
    job->variant = exchange_query(x, "variant");
    if (job->variant == NULL)
        job->variant = "standard";
    return job_choice(x, "variant", job->variant, "|standard|proxy|");
}

static enum err attempt_photo_read(struct tx *tx, struct attempt_photo *job)
{
    struct submission s;
    struct attempt a;
    TRY(own_attempt(tx, job->id, job->picture.job.who->id, job->attempt, &s, &a));
    return picture_find(tx, &job->picture, text_is(job->variant, "proxy") ? a.proxy_blob_id : a.standard_blob_id);
}
#define attempt_photo_reply picture_reply
ENDPOINT(attempt_photo, struct attempt_photo, READ(attempt_photo_read), LANE(picture_open))

/* ---- choose one ---- */

struct attempt_choose {
    struct job job;
    const char *id, *attempt_id;
    bool insist;
    struct submission after;
};

static const struct json_field attempt_choose_fields[] = {
    JSON_FIELD(struct attempt_choose, attempt_id, JSON_TO_TEXT, true, 26, 26),
    JSON_FIELD(struct attempt_choose, insist, JSON_TO_BOOL, false, 0, 0)};

static enum err attempt_choose_decode(struct exchange *x, struct attempt_choose *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, attempt_choose_fields, countof(attempt_choose_fields), job));
    return job_id(x, "attempt_id", job->attempt_id);
}

/* What the machine failed reaches a human when the student insists: one photo, until a human has answered. */
static enum err insist(struct tx *tx, struct attempt_choose *job, const struct attempt *a)
{
    bool other = false;
    if (!job->insist)
        return job_refuse(&job->job, ERR_REFUSED, "the check failed this photo; insist to let a person look, once");
    TRY(attempt_insisted_on_other(tx, a->submission_id, a->id, &other));
    if (other)
        return job_refuse(&job->job, ERR_INSISTED_ONCE, "you insisted on another photo already");
    return attempt_insist(tx, a->id);
}

static enum err attempt_choose_body(struct tx *tx, struct attempt_choose *job, struct buf *out)
{
    return submission_view(tx, &job->after, job->job.language, job->job.now_us, out, NULL);
}

static enum err attempt_choose_write(struct tx *tx, struct attempt_choose *job)
{
    struct submission s;
    struct attempt a;
    TRY(own_attempt(tx, job->id, job->job.who->id, job->attempt_id, &s, &a));
    if (!rules_collects(&s))
        return job_refuse(&job->job, ERR_REFUSED, "the submission is handed in; take it back first");
    if (!text_is(a.state, "ready"))
        return job_refuse(&job->job, ERR_REFUSED, "this photo is not ready");
    if (a.rejected)
        return job_refuse(&job->job, ERR_REFUSED, "this photo was sent back; take a new one");
    if (text_is(a.verdict, "fail") && !a.insisted)
        TRY(insist(tx, job, &a));
    TRY(submission_choose(tx, s.id, a.id, s.price_fen));
    TRY(submission_get(tx, s.id, &job->after));
    return COMPOSE(tx, job, attempt_choose_body);
}
ANSWERED(attempt_choose, struct attempt_choose, WRITE(attempt_choose_write))
