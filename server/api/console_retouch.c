/* Retouchers: repairs of a finished photo's edge. A repair is sent whole, becomes a version, and is worked on in the
 * background; one of the versions is chosen, and retouch_done (console_event.c) makes it the finished photo. */
#include "api/console_scope.h"
#include "api/picture.h"
#include "store/blob_row.h"
#include "store/outbox.h"
#include "store/retouch.h"
#include "store/view.h"

/* ---- look ---- */

struct retouch_show {
    struct job job;
    const char *id;
};

static enum err retouch_show_decode(struct exchange *x, struct retouch_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err put_versions(struct tx *tx, struct job *job, const char *id, struct buf *out)
{
    struct submission s;
    struct attempt a;
    TRY(scope_submission(tx, job, id, &s));
    TRY(s.attempt_id != NULL ? attempt_get(tx, s.attempt_id, &a) : ERR_NOT_FOUND);
    return view_retouch(tx, &a, job->language, out);
}

static enum err retouch_show_body(struct tx *tx, struct retouch_show *job, struct buf *out)
{
    return put_versions(tx, &job->job, job->id, out);
}

static enum err retouch_show_read(struct tx *tx, struct retouch_show *job)
{
    return COMPOSE(tx, job, retouch_show_body);
}
ANSWERED(retouch_show, struct retouch_show, READ(retouch_show_read))

/* ---- send a repair ---- */

/* Two people would repair the same picture: only who has it in hand. */
static enum err in_hand(struct tx *tx, struct job *job, const char *id, struct submission *s)
{
    TRY(scope_submission(tx, job, id, s));
    if (s->state != WF_retouch || s->attempt_id == NULL)
        return job_refuse(job, ERR_REFUSED, "this photo is not being retouched");
    return text_is(s->claimed_by, job->who->id) && s->claim_until_us > job->now_us ? ERR_NONE : ERR_LEASE_LOST;
}

struct retouch_add_job {
    struct job job;
    const char *id, *repair, *media_type, *new_blob_id;
    const void *bytes;
    size_t len;
    struct blob_ref ref;
};

static enum err retouch_add_decode(struct exchange *x, struct retouch_add_job *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    job->new_blob_id = job_new_id(&job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    job->repair = exchange_query(x, "repair");
    TRY(job_choice(x, "repair", job->repair != NULL ? job->repair : "", "|mask|photo|"));
    return picture_given(x, &job->bytes, &job->len, &job->media_type);
}

static enum err retouch_add_read(struct tx *tx, struct retouch_add_job *job)
{
    struct submission s;
    return in_hand(tx, &job->job, job->id, &s);
}

static enum err retouch_add_seal(struct retouch_add_job *job, struct arena *arena)
{
    return blob_put(api()->blobs, job->new_blob_id, job->bytes, job->len, arena, &job->ref);
}

static enum err retouch_add_write(struct tx *tx, struct retouch_add_job *job)
{
    struct submission s;
    struct buf b;
    int64_t number = 0, now_us = job->job.now_us;
    TRY(in_hand(tx, &job->job, job->id, &s));
    TRY(blob_row_add(tx, &job->ref, "repair", job->media_type, s.student_id, now_us));
    const struct retouch r = {.attempt_id = s.attempt_id,
                              .repair = job->repair,
                              .repair_blob_id = job->ref.id,
                              .account_id = job->job.who->id,
                              .created_us = now_us};
    enum err e = retouch_add(tx, &r, &number);
    if (e == ERR_ATTEMPTS_USED)
        return job_refuse(&job->job, ERR_REFUSED, "%d repairs of one photo are enough", RETOUCH_TRIES_MAX);
    TRY(e);
    const char *what = arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"number\":%" PRId64 ",\"repair\":\"%s\"}",
                                    s.attempt_id, number, job->repair);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-retouch-%" PRId64, s.attempt_id, number), "retouch", s.id, what, 0,
                   now_us));
    TRY(scope_audit(tx, &job->job, "retouch_sent", "submission", s.id, what));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_int(&b, "number", number);
    json_put_text(&b, "state", "processing");
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED_ONCE(retouch_add, struct retouch_add_job, READ(retouch_add_read), LANE(retouch_add_seal),
              WRITE(retouch_add_write))

/* ---- choose one, also an earlier one ---- */

struct retouch_choose_job {
    struct job job;
    const char *id;
    int64_t number;
};

static const struct json_field retouch_choose_fields[] = {
    JSON_FIELD(struct retouch_choose_job, number, JSON_TO_INT, true, 0, RETOUCH_TRIES_MAX)};

static enum err retouch_choose_decode(struct exchange *x, struct retouch_choose_job *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    return exchange_json(x, retouch_choose_fields, countof(retouch_choose_fields), job);
}

static enum err retouch_choose_body(struct tx *tx, struct retouch_choose_job *job, struct buf *out)
{
    return put_versions(tx, &job->job, job->id, out);
}

static enum err retouch_choose_write(struct tx *tx, struct retouch_choose_job *job)
{
    struct submission s;
    TRY(in_hand(tx, &job->job, job->id, &s));
    enum err e = retouch_choose(tx, s.attempt_id, job->number);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "this version is not ready");
    TRY(e);
    const char *what =
        arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"number\":%" PRId64 "}", s.attempt_id, job->number);
    TRY(scope_audit(tx, &job->job, "retouch_chosen", "submission", s.id, what));
    return COMPOSE(tx, job, retouch_choose_body);
}
ANSWERED(retouch_choose, struct retouch_choose_job, WRITE(retouch_choose_write))
