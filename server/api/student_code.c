/* Students: CHSI's collection code, as a picture that was uploaded or as the bytes a scanner read. What it is, is found
 * out behind the answer (effect "code"); the poll tells it. Where the code finds the enrolment, it comes before there
 * is a submission, and becomes that one's first try (student_link.c). */
#include "api/job.h"
#include "api/student_rules.h"
#include "base/code_kind.h"
#include "store/collection_code.h"
#include "store/consent.h"
#include "store/outbox.h"
#include "store/upload.h"

#define PAYLOAD_BYTES_MAX 4096
#define PAYLOAD_TEXT_MAX  ((PAYLOAD_BYTES_MAX + 2) / 3 * 4)

struct code_add {
    struct job job;
    const char *id, *upload_id, *payload, *new_id;
    unsigned char *bytes;
    size_t len;
};

static const struct json_field code_add_fields[] = {
    JSON_FIELD(struct code_add, upload_id, JSON_TO_TEXT, false, 26, 26),
    JSON_FIELD(struct code_add, payload, JSON_TO_TEXT, false, 4, PAYLOAD_TEXT_MAX)};

static enum err decode(struct exchange *x, struct code_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    job->new_id = job_new_id(&job->job);
    TRY(exchange_json(x, code_add_fields, countof(code_add_fields), job));
    if ((job->upload_id == NULL) == (job->payload == NULL))
        return exchange_explain(x, ERR_BAD_FIELD, "give upload_id or payload");
    if (job->upload_id != NULL)
        return job_id(x, "upload_id", job->upload_id);
    job->bytes = arena_alloc(job->job.arena, PAYLOAD_BYTES_MAX);
    if (!crypt_unbase64(job->payload, false, job->bytes, PAYLOAD_BYTES_MAX, &job->len) || job->len == 0)
        return exchange_explain(x, ERR_BAD_FIELD, "payload must be base64 of 1 to %d bytes", PAYLOAD_BYTES_MAX);
    return ERR_NONE;
}

static enum err code_add_decode(struct exchange *x, struct code_add *job)
{
    TRY(decode(x, job));
    return exchange_path_id(x, "id", &job->id);
}

static enum err code_picture(struct tx *tx, struct code_add *job, const char **blob_id)
{
    struct upload upload;
    *blob_id = NULL;
    if (job->upload_id == NULL)
        return ERR_NONE;
    TRY(upload_get(tx, job->upload_id, job->job.who->id, &upload));
    if (upload.blob_id == NULL || !text_is(upload.purpose, "code"))
        return job_refuse(&job->job, ERR_REFUSED, "this is not a complete upload of purpose code");
    *blob_id = upload.blob_id;
    return ERR_NONE;
}

static enum err code_add_answer(struct code_add *job, const struct collection_code *code)
{
    struct buf b;
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "id", code->id);
    if (code->submission_id != NULL)
        json_put_int(&b, "number", code->number);
    json_put_text(&b, "source", code->source);
    json_put_text(&b, "state", "processing");
    json_object_close(&b);
    return job_answer(&job->job, &b);
}

static struct collection_code code_of(const struct code_add *job)
{
    return (struct collection_code){.id = job->new_id,
                                    .student_id = job->job.who->id,
                                    .source = job->upload_id != NULL ? "picture" : "scan",
                                    .payload = job->bytes,
                                    .payload_len = job->len,
                                    .created_us = job->job.now_us};
}

static enum err add(struct tx *tx, struct code_add *job, struct collection_code *code)
{
    TRY(code_picture(tx, job, &code->blob_id));
    TRY(collection_code_add(tx, code));
    const char *payload = arena_printf(tx->arena, "{\"code_id\":\"%s\"}", code->id);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-code", code->id), "code", code->submission_id, payload, 0,
                   code->created_us));
    return code_add_answer(job, code);
}

static enum err code_add_write(struct tx *tx, struct code_add *job)
{
    struct submission s;
    struct capture_session session;
    struct collection_code code = code_of(job);
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    TRY(session_get(tx, s.session_id, &session));
    if (text_is(session.policy.collection_code, "none"))
        return job_refuse(&job->job, ERR_REFUSED, "this session does not take the collection code");
    TRY(rules_may_change(&job->job, &s, &session));
    code.submission_id = s.id;
    return add(tx, job, &code);
}
ANSWERED_ONCE(code_add, struct code_add, WRITE(code_add_write))

/* ---- before there is a submission: it finds the enrolment ---- */

static enum err my_code_add_decode(struct exchange *x, struct code_add *job)
{
    return decode(x, job);
}

static enum err my_code_add_write(struct tx *tx, struct code_add *job)
{
    bool consented = false;
    struct collection_code code = code_of(job);
    TRY(consent_given(tx, code.student_id, "privacy", &consented));
    if (!consented && job->payload != NULL) /* an upload has been asked for it */
        return job_refuse(&job->job, ERR_CONSENT_MISSING, "privacy");
    return add(tx, job, &code);
}
ANSWERED_ONCE(my_code_add, struct code_add, WRITE(my_code_add_write))

struct my_code_show {
    struct job job;
    const char *id;
    struct collection_code code;
};

static enum err my_code_show_decode(struct exchange *x, struct my_code_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err my_code_show_body(struct tx *tx, struct my_code_show *job, struct buf *out)
{
    const struct collection_code *code = &job->code;
    const struct json *reading = NULL;
    struct code_words words = code_words(code->state, code->looks_like);
    if (code->reading != NULL)
        TRY(json_read(code->reading, strlen(code->reading), tx->arena, &reading));
    json_object_open(out);
    json_put_text(out, "id", code->id);
    json_put_text(out, "source", code->source);
    json_put_text(out, "state", code->state);
    json_put_text(out, "looks_like", code->looks_like);
    json_put_text(out, "text", job->job.language == LANGUAGE_EN ? words.en : words.zh);
    json_put_text(out, "name_masked", json_text_at(reading, "name_masked", ""));
    json_put_text(out, "id_number_masked", json_text_at(reading, "id_masked", ""));
    json_put_bool(out, "name_needed", reading == NULL);
    json_put_time(out, "created", code->created_us);
    json_object_close(out);
    return ERR_NONE;
}

static enum err my_code_show_read(struct tx *tx, struct my_code_show *job)
{
    TRY(collection_code_get(tx, job->id, &job->code));
    if (!text_is(job->code.student_id, job->job.who->id) || job->code.submission_id != NULL)
        return ERR_NOT_FOUND;
    return COMPOSE(tx, job, my_code_show_body);
}
ANSWERED(my_code_show, struct my_code_show, READ(my_code_show_read))
