/* Staff: the approved photo by other profiles. Asked for, made in the background, downloaded; one master, many photos.
 */
#include "api/console_scope.h"
#include "api/picture.h"
#include "api/student_rules.h"
#include "store/outbox.h"
#include "store/retouch.h"
#include "store/view.h"

static enum err approved(struct tx *tx, struct job *job, const char *id, struct submission *s, struct attempt *a)
{
    TRY(scope_submission(tx, job, id, s));
    if (!rules_is_approved(s) || s->attempt_id == NULL)
        return job_refuse(job, ERR_REFUSED, "the photo is not approved yet");
    return attempt_get(tx, s->attempt_id, a);
}

/* ---- which there are ---- */

struct derived_list_job {
    struct job job;
    const char *id;
};

static enum err derived_list_decode(struct exchange *x, struct derived_list_job *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err derived_list_body(struct tx *tx, struct derived_list_job *job, struct buf *out)
{
    struct submission s;
    struct attempt a;
    TRY(approved(tx, &job->job, job->id, &s, &a));
    return view_derived(tx, &a, job->job.language, out);
}

static enum err derived_list_read(struct tx *tx, struct derived_list_job *job)
{
    return COMPOSE(tx, job, derived_list_body);
}
ANSWERED(derived_list, struct derived_list_job, READ(derived_list_read))

/* ---- one more ---- */

struct derived_add_job {
    struct job job;
    const char *id, *profile;
};

static const struct json_field derived_add_fields[] = {
    JSON_FIELD(struct derived_add_job, profile, JSON_TO_TEXT, true, 1, 40)};

static enum err derived_add_decode(struct exchange *x, struct derived_add_job *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, derived_add_fields, countof(derived_add_fields), job));
    return api()->profile_known(job->profile)
               ? ERR_NONE
               : exchange_explain(x, ERR_BAD_FIELD, "profile: there is no such photo profile");
}

static enum err derived_add_body(struct tx *tx, struct derived_add_job *job, struct buf *out)
{
    struct submission s;
    struct attempt a;
    TRY(approved(tx, &job->job, job->id, &s, &a));
    return view_derived(tx, &a, job->job.language, out);
}

static enum err derived_add_write(struct tx *tx, struct derived_add_job *job)
{
    struct submission s;
    struct attempt a;
    struct derived d;
    bool is_new = false;
    TRY(approved(tx, &job->job, job->id, &s, &a));
    TRY(derived_want(tx, &a, job->profile, job->job.now_us, &d, &is_new));
    if (is_new) {
        const char *what = arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"profile\":\"%s\",\"number\":%" PRId64 "}",
                                        a.id, job->profile, a.retouch_number);
        const char *row = arena_printf(tx->arena, "%s-derive-%s-%" PRId64, a.id, job->profile, a.retouch_number);
        TRY(outbox_put(tx, row, "derive", s.id, what, 0, job->job.now_us));
        TRY(scope_audit(tx, &job->job, "derived_wanted", "submission", s.id, what));
    }
    job->job.status = text_is(d.state, "processing") ? 202 : 200;
    return COMPOSE(tx, job, derived_add_body);
}
ANSWERED_ONCE(derived_add, struct derived_add_job, WRITE(derived_add_write))

/* ---- the photo ---- */

struct derived_photo {
    struct picture picture;
    const char *id, *profile;
};

static enum err derived_photo_decode(struct exchange *x, struct derived_photo *job)
{
    picture_begin(x, &job->picture);
    TRY(exchange_path_id(x, "id", &job->id));
    job->profile = exchange_path(x, "profile");
    return api()->profile_known(job->profile) ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err derived_photo_read(struct tx *tx, struct derived_photo *job)
{
    struct submission s;
    struct attempt a;
    struct derived d;
    TRY(approved(tx, &job->picture.job, job->id, &s, &a));
    TRY(derived_get(tx, a.id, job->profile, a.retouch_number, &d));
    job->picture.file_name = arena_printf(job->picture.job.arena, "%s-%s.jpg", s.code, job->profile);
    return picture_find(tx, &job->picture, d.blob_id);
}

static enum err derived_photo_write(struct tx *tx, struct derived_photo *job)
{
    const char *detail = arena_printf(tx->arena, "{\"variant\":\"derived:%s\"}", job->profile);
    return scope_audit(tx, &job->picture.job, "photo_viewed", "submission", job->id, detail);
}
#define derived_photo_reply picture_reply
ENDPOINT(derived_photo, struct derived_photo, READ(derived_photo_read), LANE(picture_open), WRITE(derived_photo_write))
