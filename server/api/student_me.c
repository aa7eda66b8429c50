/* Students: who I am, my language, my ID-card portrait. */
#include "api/job.h"
#include "api/student_rules.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/face_count.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/upload.h"
#include "store/view.h"

struct me {
    struct job job;
};

static enum err me_decode(struct exchange *x, struct me *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err me_body(struct tx *tx, struct me *job, struct buf *out)
{
    return view_student(tx, job->job.who->id, out);
}

static enum err me_read(struct tx *tx, struct me *job)
{
    return COMPOSE(tx, job, me_body);
}
ANSWERED(me, struct me, READ(me_read))

/* ---- language ---- */

struct language_set {
    struct job job;
    const char *language;
};

static const struct json_field language_set_fields[] = {
    JSON_FIELD(struct language_set, language, JSON_TO_TEXT, true, 2, 2)};

static enum err language_set_decode(struct exchange *x, struct language_set *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, language_set_fields, countof(language_set_fields), job));
    return job_choice(x, "language", job->language, "|zh|en|");
}

static enum err language_set_write(struct tx *tx, struct language_set *job)
{
    return student_set_language(tx, job->job.who->id, job->language);
}
DONE_204(language_set, struct language_set, WRITE(language_set_write))

/* ---- ID-card portrait: the reference of the face comparison ---- */

struct portrait_set {
    struct job job;
    const char *upload_id;
};

static const struct json_field portrait_set_fields[] = {
    JSON_FIELD(struct portrait_set, upload_id, JSON_TO_TEXT, true, 26, 26)};

static enum err portrait_set_decode(struct exchange *x, struct portrait_set *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, portrait_set_fields, countof(portrait_set_fields), job));
    return job_id(x, "upload_id", job->upload_id);
}

/* While a photo is being compared or was accepted with it, the reference stays what it was. */
static enum err portrait_is_free(struct tx *tx, struct portrait_set *job)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_submissions(tx, job->job.who->id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        if (!rules_collects(&list[i]) && !wf_state_is_end(list[i].state))
            return job_refuse(&job->job, ERR_REFUSED,
                              "a submission is handed in; the portrait is locked until it ends");
    return ERR_NONE;
}

static enum err portrait_set_write(struct tx *tx, struct portrait_set *job)
{
    struct upload upload;
    struct student student;
    const char *id = job->job.who->id;
    TRY(upload_get(tx, job->upload_id, id, &upload));
    if (upload.blob_id == NULL || !text_is(upload.purpose, "id_portrait"))
        return job_refuse(&job->job, ERR_REFUSED, "this is not a complete upload of purpose id_portrait");
    TRY(student_get(tx, id, &student));
    if (text_is(student.portrait_blob_id, upload.blob_id))
        return ERR_NONE;
    TRY(portrait_is_free(tx, job));
    TRY(student_set_portrait(tx, id, upload.blob_id));
    TRY(face_count_add(tx, id, job->job.now_us));
    TRY(blob_row_erase(tx, student.portrait_blob_id, job->job.now_us));
    struct audit_entry entry = {job->job.now_us, "student", id, "portrait_set", "student", id, NULL};
    return audit_add(tx, &entry);
}
DONE_204(portrait_set, struct portrait_set, WRITE(portrait_set_write))
