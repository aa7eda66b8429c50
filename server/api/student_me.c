/* Students: who I am, my language, what I agreed to, my ID-card portrait. */
#include "api/job.h"
#include "api/student_rules.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/consent.h"
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

/* ---- consents ---- */

#define CONSENT_CHOICES "|privacy|face|passing_on|"

struct consent_give {
    struct job job;
    struct json_texts kinds;
    const char *text_version;
};

static const struct json_field consent_give_fields[] = {
    JSON_FIELD(struct consent_give, kinds, JSON_TO_TEXTS, true, 1, CONSENT_KINDS_MAX),
    JSON_FIELD(struct consent_give, text_version, JSON_TO_TEXT, true, 1, 40)};

static enum err consent_give_decode(struct exchange *x, struct consent_give *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, consent_give_fields, countof(consent_give_fields), job));
    for (size_t i = 0; i < job->kinds.count; i++) {
        TRY(job_choice(x, "kinds", job->kinds.items[i], CONSENT_CHOICES));
        for (size_t k = 0; k < i; k++)
            if (text_is(job->kinds.items[i], job->kinds.items[k]))
                return exchange_explain(x, ERR_BAD_FIELD, "kinds names one consent twice");
    }
    return ERR_NONE;
}

static enum err consent_give_body(struct tx *tx, struct consent_give *job, struct buf *out)
{
    json_object_open(out);
    json_name(out, "consents");
    TRY(view_consents(tx, job->job.who->id, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err record_consent(struct tx *tx, const struct job *job, const char *action, const char *kind,
                               const char *text_version)
{
    const char *detail = arena_printf(tx->arena, "{\"kind\":\"%s\"}", kind);
    if (text_version != NULL) {
        struct buf b;
        buf_init(&b, KIB(1));
        json_object_open(&b);
        json_put_text(&b, "kind", kind);
        json_put_text(&b, "text_version", text_version);
        json_object_close(&b);
        detail = arena_text(tx->arena, buf_cstr(&b));
        buf_release(&b);
    }
    struct audit_entry entry = {job->now_us, "student", job->who->id, action, "student", job->who->id, detail};
    return audit_add(tx, &entry);
}

static enum err consent_give_write(struct tx *tx, struct consent_give *job)
{
    for (size_t i = 0; i < job->kinds.count; i++) {
        TRY(consent_give(tx, job->job.who->id, job->kinds.items[i], job->text_version, job->job.now_us));
        TRY(record_consent(tx, &job->job, "consent_given", job->kinds.items[i], job->text_version));
    }
    TRY(student_submissions_touch(tx, job->job.who->id)); /* what is allowed depends on it */
    return COMPOSE(tx, job, consent_give_body);
}
ANSWERED(consent_give, struct consent_give, WRITE(consent_give_write))

struct consent_withdraw {
    struct job job;
    const char *kind;
};

static enum err consent_withdraw_decode(struct exchange *x, struct consent_withdraw *job)
{
    job_begin(x, &job->job);
    job->kind = exchange_path(x, "kind");
    return job_choice(x, "kind", job->kind, CONSENT_CHOICES);
}

static enum err consent_withdraw_write(struct tx *tx, struct consent_withdraw *job)
{
    bool given = false;
    TRY(consent_given(tx, job->job.who->id, job->kind, &given));
    if (!given)
        return ERR_NOT_FOUND;
    TRY(consent_withdraw(tx, job->job.who->id, job->kind, job->job.now_us));
    TRY(record_consent(tx, &job->job, "consent_withdrawn", job->kind, NULL));
    return student_submissions_touch(tx, job->job.who->id);
}
DONE_204(consent_withdraw, struct consent_withdraw, WRITE(consent_withdraw_write))

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
    TRY(blob_row_erase(tx, student.portrait_blob_id, job->job.now_us));
    struct audit_entry entry = {job->job.now_us, "student", id, "portrait_set", "student", id, NULL};
    return audit_add(tx, &entry);
}
DONE_204(portrait_set, struct portrait_set, WRITE(portrait_set_write))
