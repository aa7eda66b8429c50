/* Staff: capture sessions; administrators: make them and change their rules. */
#include "api/console_scope.h"
#include "store/session_find.h"
#include "store/view.h"

/* ---- list and look ---- */

struct session_list_job {
    struct job job;
    struct page page;
};

static enum err session_list_decode(struct exchange *x, struct session_list_job *job)
{
    job_begin(x, &job->job);
    return job_page(x, &job->page);
}

static enum err session_list_body(struct tx *tx, struct session_list_job *job, struct buf *out)
{
    size_t count = 0, limit = (size_t)job->page.limit;
    struct capture_session *list = ARENA_ARRAY(tx->arena, struct capture_session, limit + 1);
    TRY(session_find(tx, scope_school(&job->job), job->page.cursor, list, limit + 1, &count));
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_object_open(out);
        view_session_members(out, &list[i], job->job.now_us);
        json_object_close(out);
    }
    json_array_close(out);
    json_put_text(out, "next", count > limit ? list[limit - 1].id : NULL);
    json_object_close(out);
    return ERR_NONE;
}

static enum err session_list_read(struct tx *tx, struct session_list_job *job)
{
    return COMPOSE(tx, job, session_list_body);
}
ANSWERED(session_list, struct session_list_job, READ(session_list_read))

struct session_show {
    struct job job;
    const char *id;
};

static enum err session_show_decode(struct exchange *x, struct session_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err session_show_body(struct tx *tx, struct session_show *job, struct buf *out)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    return view_session(tx, &session, job->job.now_us, out);
}

static enum err session_show_read(struct tx *tx, struct session_show *job)
{
    return COMPOSE(tx, job, session_show_body);
}
ANSWERED(session_show, struct session_show, READ(session_show_read))

/* ---- the rules ---- */

/* The policy as it is stored: every field, so that a later default changes nothing that was agreed. */
static enum err take_policy(struct exchange *x, const struct json *given, const char **json)
{
    struct policy policy;
    struct buf b;
    char why[JSON_WHY_BYTES] = "";
    policy_default(&policy);
    if (given != NULL) {
        buf_init(&b, KIB(64));
        json_tree(&b, given);
        enum err e = policy_read(buf_cstr(&b), b.len, &policy, exchange_arena(x), why);
        buf_release(&b);
        if (e != ERR_NONE)
            return exchange_explain(x, ERR_BAD_FIELD, "policy.%s", why);
    }
    if (!api()->profile_known(policy.profile))
        return exchange_explain(x, ERR_BAD_FIELD, "policy.profile: there is no such photo profile");
    buf_init(&b, KIB(64));
    policy_write(&policy, &b);
    *json = arena_text(exchange_arena(x), buf_cstr(&b));
    buf_release(&b);
    return ERR_NONE;
}

struct session_policy_set {
    struct job job;
    const char *id;
    int64_t policy_version;
    const struct json *policy;
    const char *policy_json;
};

static const struct json_field session_policy_set_fields[] = {
    JSON_FIELD(struct session_policy_set, policy_version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
    JSON_FIELD(struct session_policy_set, policy, JSON_TO_TREE, true, 0, 0)};

static enum err session_policy_set_decode(struct exchange *x, struct session_policy_set *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, session_policy_set_fields, countof(session_policy_set_fields), job));
    return take_policy(x, job->policy, &job->policy_json);
}

static enum err session_policy_set_body(struct tx *tx, struct session_policy_set *job, struct buf *out)
{
    struct capture_session session;
    TRY(session_get(tx, job->id, &session));
    return view_session(tx, &session, job->job.now_us, out);
}

static enum err session_policy_set_write(struct tx *tx, struct session_policy_set *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    TRY(session_set_policy(tx, job->id, job->policy_version, job->policy_json, job->job.who->id, job->job.now_us));
    const char *detail = arena_printf(tx->arena, "{\"policy_version\":%" PRId64 "}", job->policy_version + 1);
    TRY(scope_audit(tx, &job->job, "policy_changed", "session", job->id, detail));
    return COMPOSE(tx, job, session_policy_set_body);
}
ANSWERED(session_policy_set, struct session_policy_set, WRITE(session_policy_set_write))

/* ---- a new one ---- */

struct session_add {
    struct job job;
    const char *code, *school_code, *school_name, *name, *opens, *closes;
    const struct json *policy;
    struct session_new made;
};

static const struct json_field session_add_fields[] = {
    JSON_FIELD(struct session_add, code, JSON_TO_TEXT, true, 6, 8),
    JSON_FIELD(struct session_add, school_code, JSON_TO_TEXT, true, 1, 20),
    JSON_FIELD(struct session_add, school_name, JSON_TO_TEXT, true, 1, 100),
    JSON_FIELD(struct session_add, name, JSON_TO_TEXT, true, 1, 100),
    JSON_FIELD(struct session_add, opens, JSON_TO_TEXT, true, 20, 35),
    JSON_FIELD(struct session_add, closes, JSON_TO_TEXT, true, 20, 35),
    JSON_FIELD(struct session_add, policy, JSON_TO_TREE, false, 0, 0)};

static bool is_code(const char *code)
{
    size_t len = strlen(code);
    return len == 8 ? text_all(code, "0123456789")
                    : len == 6 && text_all(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

static enum err session_add_decode(struct exchange *x, struct session_add *job)
{
    struct session_new *made = &job->made;
    job_begin(x, &job->job);
    job->job.status = 201;
    TRY(exchange_json(x, session_add_fields, countof(session_add_fields), job));
    *made = (struct session_new){.id = job_new_id(&job->job),
                                 .code = job->code,
                                 .name = job->name,
                                 .school_id = job_new_id(&job->job),
                                 .school_code = job->school_code,
                                 .school_name = job->school_name,
                                 .now_us = job->job.now_us,
                                 .changed_by = job->job.who->id};
    if (!is_code(job->code))
        return exchange_explain(x, ERR_BAD_FIELD, "code: 8 digits, or 6 letters and digits");
    if (!job_time(job->opens, &made->opens_us) || !job_time(job->closes, &made->closes_us))
        return exchange_explain(x, ERR_BAD_FIELD, "opens and closes are times like 2026-05-01T00:00:00Z");
    if (made->closes_us <= made->opens_us)
        return exchange_explain(x, ERR_BAD_FIELD, "closes must be later than opens");
    return take_policy(x, job->policy, &made->policy_json);
}

static enum err session_add_body(struct tx *tx, struct session_add *job, struct buf *out)
{
    struct capture_session session;
    TRY(session_get(tx, job->made.id, &session));
    return view_session(tx, &session, job->job.now_us, out);
}

static enum err session_add_write(struct tx *tx, struct session_add *job)
{
    struct capture_session same;
    if (scope_school(&job->job) != NULL)
        return ERR_FORBIDDEN;
    enum err e = session_by_code(tx, job->code, &same);
    if (e == ERR_NONE)
        return job_refuse(&job->job, ERR_CONFLICT, "the code is taken");
    if (e != ERR_NOT_FOUND)
        return e;
    TRY(session_add(tx, &job->made));
    TRY(scope_audit(tx, &job->job, "session_added", "session", job->made.id, NULL));
    return COMPOSE(tx, job, session_add_body);
}
ANSWERED(session_add, struct session_add, WRITE(session_add_write))
