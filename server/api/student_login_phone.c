/* Students without WeChat: in with a code by text message, or with what the school gave them where the session takes
 * that. Unknown and known ones meet the same answers, and wrong tries cost time. */
#include "api/log_in.h"
#include "base/person_name.h"
#include "store/capture_session.h"
#include "store/roster.h"
#include "store/wrong_try.h"

/* ---- a code by text message ---- */

#define CODE_BELOW 1000000

struct login_phone_code {
    struct job job;
    const char *phone, *sms_id;
    char code[8];
    enum err outcome;
};

static const struct json_field login_phone_code_fields[] = {
    JSON_FIELD(struct login_phone_code, phone, JSON_TO_TEXT, true, 11, 11)};

static enum err login_phone_code_decode(struct exchange *x, struct login_phone_code *job)
{
    job_begin(x, &job->job);
    job->sms_id = job_new_id(&job->job);
    snprintf(job->code, sizeof job->code, "%06u", (unsigned)crypt_random_below(CODE_BELOW));
    TRY(exchange_json(x, login_phone_code_fields, countof(login_phone_code_fields), job));
    if (!log_in_is_mobile(job->phone))
        return exchange_explain(x, ERR_BAD_FIELD, "phone must be a mainland mobile number of 11 digits");
    if (api()->sms_send == NULL)
        return exchange_explain(x, ERR_REFUSED, "no text messages can be sent here; log in another way");
    return exchange_limit(x, job->phone);
}

static enum err login_phone_code_write(struct tx *tx, struct login_phone_code *job)
{
    int64_t wait_us = 0;
    job->outcome = phone_code_put(tx, job->phone, job->code, job->job.now_us, &wait_us);
    job->job.retry_after_s = wait_us / 1000000 + 1;
    return job->outcome == ERR_RATE_LIMITED ? ERR_NONE : job->outcome;
}

static enum err login_phone_code_send(struct login_phone_code *job, struct arena *arena)
{
    if (job->outcome != ERR_NONE)
        return ERR_NONE;
    bool english = job->job.language == LANGUAGE_EN;
    const char *text = arena_printf(arena,
                                    english ? "Your log-in code is %s. It lasts 5 minutes; tell it to nobody."
                                            : "登录验证码 %s，5 分钟内有效，不要告诉别人。",
                                    job->code);
    return api()->sms_send(job->sms_id, job->phone, text, "login_code", arena, job->job.why);
}

static void login_phone_code_reply(struct exchange *x, struct login_phone_code *job)
{
    if (job->outcome == ERR_NONE) {
        exchange_send_nothing(x);
        return;
    }
    exchange_retry_after(x, job->job.retry_after_s);
    exchange_send_error(x, job->outcome);
}
ENDPOINT(login_phone_code, struct login_phone_code, WRITE(login_phone_code_write), LANE(login_phone_code_send))

/* ---- and back with it ---- */

struct login_phone {
    struct log_in in;
    const char *phone, *code;
    bool good;
};

static const struct json_field login_phone_fields[] = {
    JSON_FIELD(struct login_phone, phone, JSON_TO_TEXT, true, 11, 11),
    JSON_FIELD(struct login_phone, code, JSON_TO_TEXT, true, 6, 6)};

static enum err login_phone_decode(struct exchange *x, struct login_phone *job)
{
    log_in_begin(x, &job->in);
    TRY(exchange_json(x, login_phone_fields, countof(login_phone_fields), job));
    if (!log_in_is_mobile(job->phone))
        return exchange_explain(x, ERR_BAD_FIELD, "phone must be a mainland mobile number of 11 digits");
    return exchange_limit(x, job->phone);
}

static enum err login_phone_write(struct tx *tx, struct login_phone *job)
{
    TRY(phone_code_check(tx, job->phone, job->code, job->in.job.now_us, &job->good));
    if (!job->good)
        return ERR_NONE; /* the try is counted */
    return log_in_by(tx, &job->in, LOGIN_PHONE, job->phone, NULL);
}

static void login_phone_reply(struct exchange *x, struct login_phone *job)
{
    if (job->good) {
        job_reply(x, job);
        return;
    }
    exchange_explain(x, ERR_WRONG_CREDENTIALS, "the code is wrong, too old or used; ask for another");
    exchange_send_error(x, ERR_WRONG_CREDENTIALS);
}
ENDPOINT(login_phone, struct login_phone, WRITE(login_phone_write))

/* ---- what the school gave them ---- */

struct login_number {
    struct log_in in;
    const char *session_code, *student_no, *last_four, *name;
    enum err outcome;
};

static const struct json_field login_number_fields[] = {
    JSON_FIELD(struct login_number, session_code, JSON_TO_TEXT, true, 6, 8),
    JSON_FIELD(struct login_number, student_no, JSON_TO_TEXT, true, 1, 40),
    JSON_FIELD(struct login_number, last_four, JSON_TO_TEXT, true, 4, 8),
    JSON_FIELD(struct login_number, name, JSON_TO_TEXT, true, 1, 60)};

static enum err login_number_decode(struct exchange *x, struct login_number *job)
{
    log_in_begin(x, &job->in);
    TRY(exchange_json(x, login_number_fields, countof(login_number_fields), job));
    return exchange_limit(x, arena_printf(job->in.job.arena, "%s\n%s", job->session_code, job->student_no));
}

/* The entry, or NOT_FOUND: nothing says which of the three was wrong. */
static enum err find(struct tx *tx, const struct login_number *job, const char *session_id, struct roster_entry *entry)
{
    TRY(roster_by_number(tx, session_id, job->student_no, job->last_four, entry));
    return person_name_same(entry->name, job->name) ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err log_in_entry(struct tx *tx, struct login_number *job, const char *about,
                             const struct roster_entry *entry)
{
    const char *known = NULL;
    enum err e = login_key_student(tx, LOGIN_NUMBER, about, &known);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    if (entry->student_id != NULL && !text_is(entry->student_id, known))
        return job_refuse(&job->in.job, ERR_CONFLICT,
                          "this student has come by WeChat or phone before; log in that way, or ask customer service");
    TRY(wrong_try_forget(tx, about));
    return log_in_by(tx, &job->in, LOGIN_NUMBER, about, NULL);
}

static enum err login_number_write(struct tx *tx, struct login_number *job)
{
    struct capture_session session;
    struct roster_entry entry;
    int64_t locked_until_us = 0, now_us = job->in.job.now_us;
    job->outcome = ERR_NONE;
    job->in.job.json = NULL;
    enum err e = session_by_code(tx, job->session_code, &session);
    if (e == ERR_NOT_FOUND)
        return ERR_NO_SESSION;
    TRY(e);
    if (!text_is(session.policy.identity_method, "student_number") || text_is(session.policy.roster_mode, "code_only"))
        return job_refuse(&job->in.job, ERR_REFUSED, "this session wants another way to log in");
    const char *about = arena_printf(tx->arena, "%s|%s", session.id, job->student_no);
    TRY(wrong_try_locked(tx, about, &locked_until_us));
    if (locked_until_us > now_us) {
        job->outcome = ERR_LOCKED_OUT;
        job->in.job.retry_after_s = (locked_until_us - now_us) / 1000000 + 1;
        return ERR_NONE;
    }
    e = find(tx, job, session.id, &entry);
    if (e != ERR_NOT_FOUND)
        return e != ERR_NONE ? e : log_in_entry(tx, job, about, &entry);
    job->outcome = ERR_NOT_ON_ROSTER;
    return wrong_try_about(tx, about, session.id, api()->session_wrong_tries_max, now_us);
}

static void login_number_reply(struct exchange *x, struct login_number *job)
{
    if (job->outcome == ERR_NONE) {
        job_reply(x, job);
        return;
    }
    if (job->in.job.retry_after_s > 0)
        exchange_retry_after(x, job->in.job.retry_after_s);
    exchange_send_error(x, job->outcome);
}
ENDPOINT(login_number, struct login_number, WRITE(login_number_write))
