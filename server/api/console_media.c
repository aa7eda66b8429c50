/* Staff: pictures and plain identities. Every view is written to the audit before the answer leaves. */
#include "api/console_scope.h"
#include "api/picture.h"
#include "store/retouch.h"
#include "store/student.h"

#define ROLES_OF_REVIEW (ROLE_REVIEWER | ROLE_IDENTITY_REVIEWER | ROLE_SENIOR | ROLE_SERVICE | ROLE_ADMINISTRATOR)

/* Who may see what: the finished photo is what schools and batches work with; the rest only who judges it. */
static const struct {
    const char *variant;
    unsigned roles;
} variants[] = {
    {"original", ROLES_OF_REVIEW | ROLE_RETOUCHER},
    {"proxy", ROLES_OF_REVIEW | ROLE_RETOUCHER},
    {"standard", ROLES_OF_REVIEW | ROLE_RETOUCHER | ROLE_BATCH | ROLE_SCHOOL},
    {"portrait", ROLES_OF_REVIEW},
    {"mask", ROLES_OF_REVIEW | ROLE_RETOUCHER},
    {"repair", ROLES_OF_REVIEW | ROLE_RETOUCHER},
};

struct media {
    struct picture picture;
    const char *id, *variant, *attempt;
    int64_t version; /* of standard and repair; -1: the finished photo as it is */
};

static enum err media_decode(struct exchange *x, struct media *job)
{
    picture_begin(x, &job->picture);
    TRY(exchange_path_id(x, "id", &job->id));
    job->variant = exchange_path(x, "variant");
    job->attempt = exchange_query(x, "attempt");
    if (job->attempt != NULL)
        TRY(job_id(x, "attempt", job->attempt));
    TRY(exchange_query_int(x, "version", 0, RETOUCH_TRIES_MAX, -1, &job->version));
    for (size_t i = 0; i < countof(variants); i++)
        if (text_is(variants[i].variant, job->variant))
            return job_has(&job->picture.job, variants[i].roles) ? ERR_NONE : ERR_FORBIDDEN;
    return ERR_NOT_FOUND;
}

static enum err find_portrait(struct tx *tx, struct media *job, const struct submission *s)
{
    struct student student;
    TRY(student_get(tx, s->student_id, &student));
    return picture_find(tx, &job->picture, student.portrait_blob_id);
}

static enum err find_version(struct tx *tx, struct media *job, const struct attempt *a)
{
    struct retouch version;
    TRY(retouch_get(tx, a->id, job->version, &version));
    return picture_find(tx, &job->picture,
                        text_is(job->variant, "standard") ? version.standard_blob_id
                        : text_is(job->variant, "repair") ? version.repair_blob_id
                                                          : NULL);
}

static enum err media_read(struct tx *tx, struct media *job)
{
    struct submission s;
    struct attempt a;
    TRY(scope_submission(tx, &job->picture.job, job->id, &s));
    if (text_is(job->variant, "portrait"))
        return find_portrait(tx, job, &s);
    const char *attempt_id = job->attempt != NULL ? job->attempt : s.attempt_id;
    if (attempt_id == NULL)
        return ERR_NOT_FOUND;
    TRY(attempt_get(tx, attempt_id, &a));
    if (!text_is(a.submission_id, s.id))
        return ERR_NOT_FOUND;
    if (job->version >= 0)
        return find_version(tx, job, &a);
    return picture_find(tx, &job->picture,
                        text_is(job->variant, "original")   ? a.original_blob_id
                        : text_is(job->variant, "proxy")    ? a.proxy_blob_id
                        : text_is(job->variant, "mask")     ? a.mask_blob_id
                        : text_is(job->variant, "standard") ? a.standard_blob_id
                                                            : NULL);
}

static enum err media_write(struct tx *tx, struct media *job)
{
    const char *version = job->version >= 0 ? arena_printf(tx->arena, ",\"version\":%" PRId64, job->version) : "";
    const char *detail = arena_printf(tx->arena, "{\"variant\":\"%s\",\"attempt_id\":\"%s\"%s}", job->variant,
                                      job->attempt != NULL ? job->attempt : "", version);
    return scope_audit(tx, &job->picture.job, "photo_viewed", "submission", job->id, detail);
}
#define media_reply picture_reply
ENDPOINT(media, struct media, READ(media_read), LANE(picture_open), WRITE(media_write))

/* ---- who is it ---- */

struct reveal {
    struct job job;
    const char *id, *reason;
};

static const struct json_field reveal_fields[] = {JSON_FIELD(struct reveal, reason, JSON_TO_TEXT, true, 3, 200)};

static enum err reveal_decode(struct exchange *x, struct reveal *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    if (!job_has(&job->job, ROLE_SENIOR | ROLE_SERVICE | ROLE_ADMINISTRATOR))
        return exchange_explain(x, ERR_FORBIDDEN,
                                "identities are shown to senior reviewers, service and administrators");
    return exchange_json(x, reveal_fields, countof(reveal_fields), job);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static enum err reveal_body(struct tx *tx, struct reveal *job, struct buf *out)
{
    struct submission s;
    struct student student;
    TRY(scope_submission(tx, &job->job, job->id, &s));
    TRY(student_get(tx, s.student_id, &student));
    json_object_open(out);
    json_put_text(out, "name", or_empty(student.name));
    json_put_text(out, "id_number", or_empty(student.id_number));
    json_put_text(out, "phone", or_empty(student.phone));
    json_object_close(out);
    return ERR_NONE;
}

static enum err reveal_write(struct tx *tx, struct reveal *job)
{
    struct buf b;
    TRY(COMPOSE(tx, job, reveal_body));
    buf_init(&b, KIB(2));
    json_object_open(&b);
    json_put_text(&b, "reason", job->reason);
    json_object_close(&b);
    const char *detail = arena_text(tx->arena, buf_cstr(&b));
    buf_release(&b);
    return scope_audit(tx, &job->job, "identity_revealed", "submission", job->id, detail);
}
ANSWERED(reveal, struct reveal, WRITE(reveal_write))
