#include "api/log_in.h"

#include "store/account.h"
#include "store/audit.h"
#include "store/student.h"
#include "store/view.h"

void log_in_begin(struct exchange *x, struct log_in *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    job->expires_us = job->job.now_us + MILLIS_US(api()->student_login_ms);
    crypt_token(job->token);
    crypt_hash_text(job->token, job->token_hash);
}

static enum err body(struct tx *tx, struct log_in *job, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "token", job->token);
    json_put_time(out, "expires", job->expires_us);
    json_name(out, "student");
    TRY(view_student(tx, job->student_id, out));
    json_object_close(out);
    return ERR_NONE;
}

/* A number that was proved is the student's, unless they have given another. */
static enum err keep_phone(struct tx *tx, const char *student_id, const char *phone)
{
    struct student student;
    TRY(student_get(tx, student_id, &student));
    return student.phone != NULL ? ERR_NONE : student_set_phone(tx, student_id, phone);
}

enum err log_in_by(struct tx *tx, struct log_in *job, enum login_way way, const char *key, const char *unionid)
{
    int64_t now_us = job->job.now_us;
    const struct login_by by = {.way = way,
                                .key = key,
                                .unionid = unionid,
                                .new_id = job->new_id,
                                .language = job->job.language == LANGUAGE_EN ? "en" : "zh",
                                .now_us = now_us};
    TRY(login_student(tx, &by, &job->student_id));
    if (way == LOGIN_PHONE)
        TRY(keep_phone(tx, job->student_id, key));
    TRY(login_add(tx, job->token_hash, job->student_id, true, now_us, job->expires_us));
    const char *detail = arena_printf(tx->arena, "{\"way\":\"%s\"}", login_way_name(way));
    struct audit_entry entry = {now_us, "student", job->student_id, "login", "student", job->student_id, detail};
    TRY(audit_add(tx, &entry));
    return COMPOSE(tx, job, body);
}

bool log_in_is_mobile(const char *phone)
{
    return strlen(phone) == 11 && text_all(phone, "0123456789") && phone[0] == '1' && phone[1] >= '3';
}
