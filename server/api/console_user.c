/* Administrators: accounts. A password made by the server is shown once, in the answer that made it. */
#include "api/console_scope.h"
#include "api/password.h"
#include "store/account_list.h"
#include "store/view.h"

#define ROLES_MAX 9

static enum err roles_of(struct exchange *x, const struct json_texts *names, int64_t *roles)
{
    *roles = 0;
    for (size_t i = 0; i < names->count; i++) {
        unsigned role = 0;
        if (!role_named(names->items[i], &role))
            return exchange_explain(x, ERR_BAD_FIELD, "roles has a name nobody knows");
        *roles |= (int64_t)role;
    }
    return ERR_NONE;
}

static enum err put_user(struct tx *tx, const struct account_entry *entry, const char *one_time_password,
                         struct buf *out)
{
    json_object_open(out);
    TRY(view_account_members(tx, &entry->account, out));
    json_put_bool(out, "disabled", entry->account.disabled);
    json_put_time(out, "locked_until", entry->account.locked_until_us);
    json_put_time(out, "created", entry->created_us);
    json_put_int(out, "version", entry->account.version);
    json_put_text(out, "one_time_password", one_time_password);
    json_object_close(out);
    return ERR_NONE;
}

/* Administrators of one school would be administrators of all others too: there are none. */
static enum err all_schools_only(const struct job *job)
{
    return scope_school(job) == NULL ? ERR_NONE : ERR_FORBIDDEN;
}

/* ---- list ---- */

struct user_list {
    struct job job;
    struct page page;
};

static enum err user_list_decode(struct exchange *x, struct user_list *job)
{
    job_begin(x, &job->job);
    TRY(all_schools_only(&job->job));
    return job_page(x, &job->page);
}

static enum err user_list_body(struct tx *tx, struct user_list *job, struct buf *out)
{
    struct account_entry list[LIST_LIMIT_MAX + 1];
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(account_page(tx, job->page.cursor, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        TRY(put_user(tx, &list[i], NULL, out));
    json_page_close(out, count > limit ? list[limit - 1].account.name : NULL);
    return ERR_NONE;
}

static enum err user_list_read(struct tx *tx, struct user_list *job)
{
    return COMPOSE(tx, job, user_list_body);
}
ANSWERED(user_list, struct user_list, READ(user_list_read))

/* ---- add ---- */

struct user_add {
    struct job job;
    const char *name, *display_name, *password, *school_code, *new_id;
    struct json_texts roles;
    int64_t role_bits;
    char one_time[PASSWORD_ONCE_BYTES], hash[CRYPT_PASSWORD_TEXT_BYTES];
    bool is_made;
};

static const struct json_field user_add_fields[] = {
    JSON_FIELD(struct user_add, name, JSON_TO_TEXT, true, 2, 60),
    JSON_FIELD(struct user_add, display_name, JSON_TO_TEXT, true, 1, 60),
    JSON_FIELD(struct user_add, roles, JSON_TO_TEXTS, true, 1, ROLES_MAX),
    JSON_FIELD(struct user_add, password, JSON_TO_TEXT, false, 10, 200),
    JSON_FIELD(struct user_add, school_code, JSON_TO_TEXT, false, 1, 20)};

static enum err user_add_decode(struct exchange *x, struct user_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    TRY(all_schools_only(&job->job));
    TRY(exchange_json(x, user_add_fields, countof(user_add_fields), job));
    if (!text_all(job->name, "abcdefghijklmnopqrstuvwxyz0123456789._-"))
        return exchange_explain(x, ERR_BAD_FIELD, "name has a-z, 0-9, '.', '_' and '-' only");
    TRY(roles_of(x, &job->roles, &job->role_bits));
    if ((job->role_bits & ROLE_SCHOOL) != 0 && job->school_code == NULL)
        return exchange_explain(x, ERR_BAD_FIELD, "school_code: the role school belongs to one school");
    if (job->school_code != NULL && (job->role_bits & ROLE_ADMINISTRATOR) != 0)
        return exchange_explain(x, ERR_BAD_FIELD, "school_code: an administrator is not bound to one school");
    job->is_made = job->password == NULL;
    if (job->is_made) {
        password_once(job->one_time);
        job->password = job->one_time;
    }
    return ERR_NONE;
}

static enum err user_add_hash(struct user_add *job, struct arena *arena)
{
    (void)arena;
    return password_make(job->password, job->hash);
}

static enum err user_add_body(struct tx *tx, struct user_add *job, struct buf *out)
{
    struct account_entry entry = {.created_us = job->job.now_us};
    TRY(account_get(tx, job->new_id, &entry.account));
    return put_user(tx, &entry, job->is_made ? job->one_time : NULL, out);
}

static enum err user_add_write(struct tx *tx, struct user_add *job)
{
    struct account account = {.id = job->new_id,
                              .name = job->name,
                              .display_name = job->display_name,
                              .password_hash = job->hash,
                              .roles = job->role_bits};
    struct account same;
    if (job->school_code != NULL) {
        enum err e = account_school(tx, job->school_code, &account.school_id);
        if (e == ERR_NOT_FOUND)
            return job_refuse(&job->job, ERR_BAD_FIELD, "school_code: there is no such school");
        TRY(e);
    }
    enum err e = account_by_name(tx, job->name, &same);
    if (e == ERR_NONE)
        return job_refuse(&job->job, ERR_CONFLICT, "the name is taken");
    if (e != ERR_NOT_FOUND)
        return e;
    TRY(account_add(tx, &account, job->job.now_us));
    const char *detail = arena_printf(tx->arena, "{\"roles\":%" PRId64 "}", job->role_bits);
    TRY(scope_audit(tx, &job->job, "account_added", "account", account.id, detail));
    return COMPOSE(tx, job, user_add_body);
}
ANSWERED(user_add, struct user_add, LANE(user_add_hash), WRITE(user_add_write))

/* ---- change ---- */

struct user_change {
    struct job job;
    const char *id, *display_name;
    int64_t version;
    struct json_texts roles;
    int64_t role_bits; /* 0: as they are */
    bool reset_password;
    char one_time[PASSWORD_ONCE_BYTES], hash[CRYPT_PASSWORD_TEXT_BYTES];
    enum { SWITCH_KEEP, SWITCH_ON, SWITCH_OFF } enabled;
};

/* `disabled` absent means "as it is": read as two fields, because a bool cannot say that it was not given. */
struct user_change_fields {
    int64_t version;
    struct json_texts roles;
    const char *display_name;
    bool disabled, reset_password;
};

static enum err read_change(struct exchange *x, struct user_change *job)
{
    static const struct json_field fields[] = {
        JSON_FIELD(struct user_change_fields, version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
        JSON_FIELD(struct user_change_fields, roles, JSON_TO_TEXTS, false, 1, ROLES_MAX),
        JSON_FIELD(struct user_change_fields, display_name, JSON_TO_TEXT, false, 1, 60),
        JSON_FIELD(struct user_change_fields, disabled, JSON_TO_BOOL, false, 0, 0),
        JSON_FIELD(struct user_change_fields, reset_password, JSON_TO_BOOL, false, 0, 0)};
    struct user_change_fields off = {.disabled = false}, on = {.disabled = true};
    TRY(exchange_json(x, fields, countof(fields), &off));
    TRY(exchange_json(x, fields, countof(fields), &on));
    job->version = off.version;
    job->roles = off.roles;
    job->display_name = off.display_name;
    job->reset_password = off.reset_password;
    job->enabled = off.disabled != on.disabled ? SWITCH_KEEP : off.disabled ? SWITCH_OFF : SWITCH_ON;
    return ERR_NONE;
}

static enum err user_change_decode(struct exchange *x, struct user_change *job)
{
    job_begin(x, &job->job);
    TRY(all_schools_only(&job->job));
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(read_change(x, job));
    TRY(roles_of(x, &job->roles, &job->role_bits));
    if (job->reset_password)
        password_once(job->one_time);
    bool hurts_oneself =
        job->enabled == SWITCH_OFF || (job->role_bits != 0 && (job->role_bits & ROLE_ADMINISTRATOR) == 0);
    if (hurts_oneself && text_is(job->id, job->job.who->id))
        return exchange_explain(x, ERR_REFUSED, "nobody takes the administrator's role from oneself");
    return ERR_NONE;
}

static enum err user_change_hash(struct user_change *job, struct arena *arena)
{
    (void)arena;
    return job->reset_password ? password_make(job->one_time, job->hash) : ERR_NONE;
}

static enum err user_change_body(struct tx *tx, struct user_change *job, struct buf *out)
{
    struct account_entry entry;
    TRY(account_entry_get(tx, job->id, &entry));
    return put_user(tx, &entry, job->reset_password ? job->one_time : NULL, out);
}

static enum err user_change_write(struct tx *tx, struct user_change *job)
{
    struct account old;
    TRY(account_get(tx, job->id, &old));
    int64_t roles = job->role_bits != 0 ? job->role_bits : old.roles;
    bool disabled = job->enabled == SWITCH_KEEP ? old.disabled : job->enabled == SWITCH_OFF;
    if ((roles & ROLE_SCHOOL) != 0 && old.school_id == NULL)
        return job_refuse(&job->job, ERR_BAD_FIELD, "roles: this account belongs to no school");
    TRY(account_change(tx, job->id, job->version, roles,
                       job->display_name != NULL ? job->display_name : old.display_name, disabled));
    if (job->reset_password)
        TRY(account_set_password(tx, job->id, job->hash));
    const char *detail = arena_printf(tx->arena, "{\"roles\":%" PRId64 ",\"disabled\":%s,\"password_reset\":%s}", roles,
                                      disabled ? "true" : "false", job->reset_password ? "true" : "false");
    TRY(scope_audit(tx, &job->job, "account_changed", "account", job->id, detail));
    return COMPOSE(tx, job, user_change_body);
}
ANSWERED(user_change, struct user_change, LANE(user_change_hash), WRITE(user_change_write))
