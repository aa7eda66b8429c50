/* Students: in with WeChat, out, and a phone number. */
#include "api/log_in.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/view.h"

/* ---- log in ---- */

struct login_wechat {
    struct log_in in;
    const char *code, *kind;
    const char *openid, *unionid;
};

static const struct json_field login_wechat_fields[] = {
    JSON_FIELD(struct login_wechat, code, JSON_TO_TEXT, true, 1, 200),
    JSON_FIELD(struct login_wechat, kind, JSON_TO_TEXT, false, 1, 10)};

static enum err login_wechat_decode(struct exchange *x, struct login_wechat *job)
{
    log_in_begin(x, &job->in);
    job->kind = "mini";
    TRY(exchange_json(x, login_wechat_fields, countof(login_wechat_fields), job));
    TRY(job_choice(x, "kind", job->kind, "|mini|page|"));
    if (text_is(job->kind, "page") && api()->wechat_page_login == NULL)
        return exchange_explain(x, ERR_REFUSED, "there is no service account to log in with");
    return exchange_limit(x, job->code);
}

static enum err login_wechat_ask(struct login_wechat *job, struct arena *arena)
{
    bool page = text_is(job->kind, "page");
    return (page ? api()->wechat_page_login : api()->wechat_login)(job->code, arena, &job->openid, &job->unionid,
                                                                   job->in.job.why);
}

static enum err login_wechat_write(struct tx *tx, struct login_wechat *job)
{
    return log_in_by(tx, &job->in, text_is(job->kind, "page") ? LOGIN_PAGE : LOGIN_MINI, job->openid, job->unionid);
}
ANSWERED(login_wechat, struct login_wechat, LANE(login_wechat_ask), WRITE(login_wechat_write))

/* ---- to WeChat's own page and back, for a browser inside WeChat ---- */

struct login_wechat_start {
    struct job job;
    const char *to;
};

#define STATE_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static enum err login_wechat_start_decode(struct exchange *x, struct login_wechat_start *job)
{
    const char *state = exchange_query(x, "state"), *session = exchange_query(x, "session");
    job_begin(x, &job->job);
    if (api()->wechat_page_url == NULL)
        return exchange_explain(x, ERR_REFUSED, "there is no service account to log in with");
    if (state == NULL || strlen(state) < 8 || strlen(state) > 64 || !text_all(state, STATE_CHARS))
        return exchange_explain(x, ERR_BAD_FIELD, "state must be 8 to 64 letters, digits, '-' or '_'");
    if (session != NULL && (strlen(session) > 8 || !text_all(session, STATE_CHARS)))
        return exchange_explain(x, ERR_BAD_FIELD, "session must be the code of a capture session");
    job->to = api()->wechat_page_url(session, state, job->job.arena);
    return ERR_NONE;
}

static void login_wechat_start_reply(struct exchange *x, struct login_wechat_start *job)
{
    exchange_status(x, 302);
    exchange_set_header(x, "location", job->to);
    exchange_send_bytes(x, "text/plain", "", 0);
}
ENDPOINT(login_wechat_start, struct login_wechat_start, NO_STEPS)

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

static enum err phone_bind_decode(struct exchange *x, struct phone_bind *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, phone_bind_fields, countof(phone_bind_fields), job));
    if ((job->code == NULL) == (job->phone == NULL))
        return exchange_explain(x, ERR_BAD_FIELD, "give either code or phone");
    if (job->phone != NULL && !log_in_is_mobile(job->phone))
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
    if (job->code != NULL) /* WeChat has proved it; what is typed opens nothing */
        TRY(login_key_keep(tx, LOGIN_PHONE, job->phone, id, job->job.now_us));
    TRY(student_submissions_touch(tx, id)); /* what is allowed depends on it */
    struct audit_entry entry = {job->job.now_us, "student", id, "phone_bound", "student", id, NULL};
    TRY(audit_add(tx, &entry));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "phone_masked", mask_number(tx->arena, job->phone));
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(phone_bind, struct phone_bind, LANE(phone_bind_ask), WRITE(phone_bind_write))
