/* Staff: in, who am I, and a new password.
 *
 * A wrong password is written down and costs time (account.h); an unknown name costs the same hash, the same writing
 * and the same pauses (stranger.h), so that no answer tells which names exist. At most
 * password_hashes_max hashes run at once, each takes 64 MiB: more wait in front of the lane (BUSY). */
#include "api/job.h"
#include "api/password.h"
#include "api/stranger.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/review.h"
#include "store/view.h"

/* ---- log in ---- */

struct console_login {
    struct job job;
    const char *name, *password;
    char token[CRYPT_TOKEN_TEXT_BYTES], token_hash[CRYPT_HASH_TEXT_BYTES], csrf[AUTH_CSRF_TEXT_BYTES];
    /* as read */
    const char *account_id, *password_hash; /* NULL: nobody of that name */
    bool disabled, right;
    enum err outcome;
};

static const struct json_field console_login_fields[] = {
    JSON_FIELD(struct console_login, name, JSON_TO_TEXT, true, 1, 60),
    JSON_FIELD(struct console_login, password, JSON_TO_TEXT, true, 1, 200)};

static enum err console_login_decode(struct exchange *x, struct console_login *job)
{
    job_begin(x, &job->job);
    crypt_token(job->token);
    crypt_hash_text(job->token, job->token_hash);
    auth_csrf_for(job->token, job->csrf);
    return exchange_json(x, console_login_fields, countof(console_login_fields), job);
}

/* False: not locked. */
static bool lock_out(struct console_login *job, int64_t locked_until_us)
{
    if (locked_until_us <= job->job.now_us)
        return false;
    job->outcome = ERR_LOCKED_OUT;
    job->job.retry_after_s = (locked_until_us - job->job.now_us) / 1000000 + 1;
    return true;
}

static enum err console_login_find(struct tx *tx, struct console_login *job)
{
    struct account account;
    enum err e = account_by_name(tx, job->name, &account);
    job->account_id = job->password_hash = NULL;
    job->outcome = ERR_NONE;
    if (e == ERR_NOT_FOUND) {
        lock_out(job, stranger_get(job->name).locked_until_us);
        return ERR_NONE;
    }
    TRY(e);
    job->account_id = arena_text(job->job.arena, account.id);
    job->password_hash = arena_text(job->job.arena, account.password_hash);
    job->disabled = account.disabled;
    lock_out(job, account.locked_until_us);
    return ERR_NONE;
}

static enum err console_login_verify(struct console_login *job, struct arena *arena)
{
    (void)arena;
    if (job->outcome != ERR_NONE)
        return ERR_NONE;
    TRY(password_check(job->password, job->password_hash, &job->right));
    crypt_wipe((void *)(uintptr_t)job->password, strlen(job->password));
    return ERR_NONE;
}

static enum err write_audit(struct tx *tx, const struct console_login *job, const char *action)
{
    const char *id = job->account_id != NULL ? job->account_id : "";
    struct audit_entry entry = {job->job.now_us, "staff", id, action, "account", id, NULL};
    return audit_add(tx, &entry);
}

/* The same work as for somebody who exists. */
static enum err refuse_stranger(struct tx *tx, struct console_login *job)
{
    struct stranger stranger = stranger_get(job->name);
    const struct account nobody = {.id = "", .wrong_tries = stranger.wrong_tries};
    if (lock_out(job, stranger.locked_until_us))
        return ERR_NONE;
    stranger.wrong_tries++;
    stranger.locked_until_us = job->job.now_us + SECONDS_US(account_pause_s(stranger.wrong_tries));
    stranger_put(job->name, stranger, job->job.now_us);
    TRY(account_wrong_password(tx, &nobody, job->job.now_us));
    return write_audit(tx, job, "login_refused");
}

static enum err console_login_body(struct tx *tx, struct console_login *job, struct buf *out)
{
    struct account account;
    TRY(account_get(tx, job->account_id, &account));
    json_object_open(out);
    json_name(out, "account");
    json_object_open(out);
    TRY(view_account_members(tx, &account, out));
    json_object_close(out);
    json_put_text(out, "csrf", job->csrf);
    json_object_close(out);
    return ERR_NONE;
}

static enum err console_login_write(struct tx *tx, struct console_login *job)
{
    struct account account;
    if (job->outcome == ERR_LOCKED_OUT)
        return ERR_NONE;
    job->outcome = ERR_WRONG_CREDENTIALS;
    if (job->account_id == NULL)
        return refuse_stranger(tx, job);
    TRY(account_get(tx, job->account_id, &account));
    if (lock_out(job, account.locked_until_us)) /* others tried meanwhile */
        return ERR_NONE;
    /* The hash is compared again: the password may have been changed while this one was being checked. */
    if (!job->right || account.disabled || !text_is(account.password_hash, job->password_hash)) {
        TRY(account_wrong_password(tx, &account, job->job.now_us));
        return write_audit(tx, job, "login_refused");
    }
    job->outcome = ERR_NONE;
    TRY(account_right_password(tx, &account));
    TRY(login_add(tx, job->token_hash, account.id, false, job->job.now_us,
                  job->job.now_us + MILLIS_US(api()->login_absolute_ms)));
    TRY(write_audit(tx, job, "login"));
    return COMPOSE(tx, job, console_login_body);
}

static void console_login_reply(struct exchange *x, struct console_login *job)
{
    if (job->outcome != ERR_NONE) {
        if (job->job.retry_after_s > 0)
            exchange_retry_after(x, job->job.retry_after_s);
        exchange_send_error(x, job->outcome);
        return;
    }
    exchange_set_cookie(x, AUTH_COOKIE, job->token, api()->login_absolute_ms / 1000);
    job_reply(x, job);
}
ENDPOINT(console_login, struct console_login, READ(console_login_find), LANE(console_login_verify),
         WRITE(console_login_write))

/* ---- who am I ---- */

struct console_me {
    struct job job;
    char csrf[AUTH_CSRF_TEXT_BYTES];
};

static enum err console_me_decode(struct exchange *x, struct console_me *job)
{
    job_begin(x, &job->job);
    (void)exchange_csrf(x, job->csrf); /* false: a bearer token needs none */
    return ERR_NONE;
}

static enum err console_me_body(struct tx *tx, struct console_me *job, struct buf *out)
{
    struct account account;
    int64_t now_us = job->job.now_us, decided = 0, pending = 0, claimed = 0;
    struct clock_civil civil = clock_civil_cn(now_us);
    struct clock_civil midnight = {.year = civil.year, .month = civil.month, .day = civil.day};
    TRY(account_get(tx, job->job.who->id, &account));
    TRY(review_counts(tx, account.id, clock_from_civil_cn(&midnight), now_us, &decided, &pending, &claimed));
    json_object_open(out);
    TRY(view_account_members(tx, &account, out));
    json_put_text(out, "csrf", job->csrf);
    json_put_int(out, "undo_window_ms", api()->undo_window_ms);
    json_name(out, "today");
    json_object_open(out);
    json_put_int(out, "decisions", decided);
    json_object_close(out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err console_me_read(struct tx *tx, struct console_me *job)
{
    return COMPOSE(tx, job, console_me_body);
}
ANSWERED(console_me, struct console_me, READ(console_me_read))

/* ---- a new password ---- */

struct password_change {
    struct job job;
    const char *old_password, *new_password;
    const char *old_hash;
    char new_hash[CRYPT_PASSWORD_TEXT_BYTES];
    enum err outcome;
};

static const struct json_field password_change_fields[] = {
    JSON_FIELD(struct password_change, old_password, JSON_TO_TEXT, true, 1, 200),
    JSON_FIELD(struct password_change, new_password, JSON_TO_TEXT, true, 10, 200)};

static enum err password_change_decode(struct exchange *x, struct password_change *job)
{
    job_begin(x, &job->job);
    return exchange_json(x, password_change_fields, countof(password_change_fields), job);
}

static enum err password_change_find(struct tx *tx, struct password_change *job)
{
    struct account account;
    job->outcome = ERR_NONE;
    TRY(account_get(tx, job->job.who->id, &account));
    if (account.locked_until_us > job->job.now_us) {
        job->outcome = ERR_LOCKED_OUT;
        job->job.retry_after_s = (account.locked_until_us - job->job.now_us) / 1000000 + 1;
    }
    job->old_hash = arena_text(job->job.arena, account.password_hash);
    return ERR_NONE;
}

static enum err password_change_hash(struct password_change *job, struct arena *arena)
{
    bool right = false;
    (void)arena;
    if (job->outcome != ERR_NONE)
        return ERR_NONE;
    TRY(password_check(job->old_password, job->old_hash, &right));
    if (!right) {
        job->outcome = ERR_WRONG_CREDENTIALS;
        return ERR_NONE;
    }
    return password_make(job->new_password, job->new_hash);
}

static enum err password_change_write(struct tx *tx, struct password_change *job)
{
    struct account account;
    const char *id = job->job.who->id;
    if (job->outcome == ERR_LOCKED_OUT)
        return ERR_NONE;
    TRY(account_get(tx, id, &account));
    if (job->outcome != ERR_NONE)
        return account_wrong_password(tx, &account, job->job.now_us);
    if (!text_is(account.password_hash, job->old_hash))
        return ERR_STALE;
    TRY(account_set_password(tx, id, job->new_hash));
    struct audit_entry entry = {job->job.now_us, "staff", id, "password_changed", "account", id, NULL};
    return audit_add(tx, &entry);
}

static void password_change_reply(struct exchange *x, struct password_change *job)
{
    if (job->job.retry_after_s > 0)
        exchange_retry_after(x, job->job.retry_after_s);
    if (job->outcome != ERR_NONE)
        exchange_send_error(x, job->outcome);
    else
        exchange_send_nothing(x);
}
ENDPOINT(password_change, struct password_change, READ(password_change_find), LANE(password_change_hash),
         WRITE(password_change_write))
