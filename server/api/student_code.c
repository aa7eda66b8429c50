/* Students: CHSI's collection code, as a picture that was uploaded or as the bytes a scanner read. What it is, is found
 * out behind the answer (effect "code"); the poll tells it. */
#include "api/job.h"
#include "api/student_rules.h"
#include "store/collection_code.h"
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

static enum err code_add_decode(struct exchange *x, struct code_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    job->new_id = job_new_id(&job->job);
    TRY(exchange_path_id(x, "id", &job->id));
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
    json_put_int(&b, "number", code->number);
    json_put_text(&b, "source", code->source);
    json_put_text(&b, "state", "processing");
    json_object_close(&b);
    return job_answer(&job->job, &b);
}

static enum err code_add_write(struct tx *tx, struct code_add *job)
{
    struct submission s;
    struct capture_session session;
    struct collection_code code = {.id = job->new_id,
                                   .source = job->upload_id != NULL ? "picture" : "scan",
                                   .payload = job->bytes,
                                   .payload_len = job->len,
                                   .created_us = job->job.now_us};
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    TRY(session_get(tx, s.session_id, &session));
    if (text_is(session.policy.collection_code, "none"))
        return job_refuse(&job->job, ERR_REFUSED, "this session does not take the collection code");
    TRY(rules_may_change(&job->job, &s, &session));
    TRY(code_picture(tx, job, &code.blob_id));
    code.submission_id = s.id;
    TRY(collection_code_add(tx, &code));
    const char *payload = arena_printf(tx->arena, "{\"code_id\":\"%s\"}", code.id);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-code", code.id), "code", s.id, payload, 0, code.created_us));
    return code_add_answer(job, &code);
}
ANSWERED_ONCE(code_add, struct code_add, WRITE(code_add_write))
