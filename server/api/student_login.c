/* Students: in with WeChat, out, and a phone number. */
#include "api/job.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/student.h"
#include "store/view.h"

/* ---- log in ---- */

struct login_wechat {
    struct job job;
    const char *code;
    const char *new_id, *openid;
    char token[CRYPT_TOKEN_TEXT_BYTES], token_hash[CRYPT_HASH_TEXT_BYTES];
    int64_t expires_us;
    const char *student_id;
};

static const struct json_field login_wechat_fields[] = {
    JSON_FIELD(struct login_wechat, code, JSON_TO_TEXT, true, 1, 200)};

static enum err login_wechat_decode(struct exchange *x, struct login_wechat *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    job->expires_us = job->job.now_us + MILLIS_US(api()->student_login_ms);
    crypt_token(job->token);
    crypt_hash_text(job->token, job->token_hash);
    TRY(exchange_json(x, login_wechat_fields, countof(login_wechat_fields), job));
    return exchange_limit(x, job->code);
}

static enum err login_wechat_ask(struct login_wechat *job, struct arena *arena)
{
    return api()->wechat_login(job->code, arena, &job->openid, job->job.why);
}

static enum err login_wechat_body(struct tx *tx, struct login_wechat *job, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "token", job->token);
    json_put_time(out, "expires", job->expires_us);
    json_name(out, "student");
    TRY(view_student(tx, job->student_id, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err login_wechat_write(struct tx *tx, struct login_wechat *job)
{
    int64_t now_us = job->job.now_us;
    const char *language = job->job.language == LANGUAGE_EN ? "en" : "zh";
    TRY(student_of_openid(tx, job->openid, job->new_id, language, now_us, &job->student_id));
    TRY(login_add(tx, job->token_hash, job->student_id, true, now_us, job->expires_us));
    struct audit_entry entry = {now_us, "student", job->student_id, "login", "student", job->student_id, NULL};
    TRY(audit_add(tx, &entry));
    return COMPOSE(tx, job, login_wechat_body);
}
ANSWERED(login_wechat, struct login_wechat, LANE(login_wechat_ask), WRITE(login_wechat_write))

/* ---- out: students and staff ---- */

struct logout {
    struct job job;
};

static enum err logout_decode(struct exchange *x, struct logout *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err logout_write(struct tx *tx, struct logout *job)
{
    const struct principal *who = job->job.who;
    const char *kind = job_has(&job->job, ROLE_STUDENT) ? "student" : "staff";
    TRY(login_end(tx, who->login_id, who->id));
    struct audit_entry entry = {
        job->job.now_us, kind, who->id, "logout", job_has(&job->job, ROLE_STUDENT) ? "student" : "account",
        who->id,         NULL};
    return audit_add(tx, &entry);
}

static void logout_reply(struct exchange *x, struct logout *job)
{
    if (!job_has(&job->job, ROLE_STUDENT))
        exchange_set_cookie(x, AUTH_COOKIE, "", 0);
    exchange_send_nothing(x);
}
ENDPOINT(logout, struct logout, WRITE(logout_write))

/* ---- phone ---- */

struct phone_bind {
    struct job job;
    const char *code, *phone;
};

static const struct json_field phone_bind_fields[] = {
    JSON_FIELD(struct phone_bind, code, JSON_TO_TEXT, false, 1, 200),
    JSON_FIELD(struct phone_bind, phone, JSON_TO_TEXT, false, 11, 11)};

/* A mobile number of the mainland: 11 digits, 13… to 19… */
static bool is_mobile(const char *phone)
{
    return strlen(phone) == 11 && text_all(phone, "0123456789") && phone[0] == '1' && phone[1] >= '3';
}

static enum err phone_bind_decode(struct exchange *x, struct phone_bind *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, phone_bind_fields, countof(phone_bind_fields), job));
    if ((job->code == NULL) == (job->phone == NULL))
        return exchange_explain(x, ERR_BAD_FIELD, "give either code or phone");
    if (job->phone != NULL && !is_mobile(job->phone))
        return exchange_explain(x, ERR_BAD_FIELD, "phone must be a mainland mobile number of 11 digits");
    return ERR_NONE;
}

static enum err phone_bind_ask(struct phone_bind *job, struct arena *arena)
{
    return job->code == NULL ? ERR_NONE : api()->wechat_phone(job->code, arena, &job->phone, job->job.why);
}

static enum err phone_bind_write(struct tx *tx, struct phone_bind *job)
{
    struct buf b;
    const char *id = job->job.who->id;
    TRY(student_set_phone(tx, id, job->phone));
    struct audit_entry entry = {job->job.now_us, "student", id, "phone_bound", "student", id, NULL};
    TRY(audit_add(tx, &entry));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "phone_masked", mask_number(tx->arena, job->phone));
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(phone_bind, struct phone_bind, LANE(phone_bind_ask), WRITE(phone_bind_write))
