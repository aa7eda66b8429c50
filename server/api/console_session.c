/* Staff: capture sessions; administrators: make them and change their rules. */
#include "api/console_scope.h"
#include "api/session_body.h"
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
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_object_open(out);
        view_session_members(out, &list[i], job->job.now_us);
        json_object_close(out);
    }
    json_page_close(out, count > limit ? list[limit - 1].id : NULL);
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
    return body_policy(x, job->policy, NULL, &job->policy_json);
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

/* ---- everything but the rules ---- */

struct session_change {
    struct job job;
    const char *id, *name, *opens, *closes, *level, *batch_name;
    int64_t version, graduation_year; /* -1: not given */
    int64_t opens_us, closes_us;
};

static const struct json_field session_change_fields[] = {
    JSON_FIELD(struct session_change, version, JSON_TO_INT, false, 1, INT64_C(1) << 53),
    JSON_FIELD(struct session_change, name, JSON_TO_TEXT, false, 1, 100),
    JSON_FIELD(struct session_change, opens, JSON_TO_TEXT, false, 20, 35),
    JSON_FIELD(struct session_change, closes, JSON_TO_TEXT, false, 20, 35),
    JSON_FIELD(struct session_change, level, JSON_TO_TEXT, false, 0, 20),
    JSON_FIELD(struct session_change, graduation_year, JSON_TO_INT, false, 0, 2100),
    JSON_FIELD(struct session_change, batch_name, JSON_TO_TEXT, false, 0, 60)};

static enum err session_change_decode(struct exchange *x, struct session_change *job)
{
    job_begin(x, &job->job);
    job->graduation_year = -1;
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, session_change_fields, countof(session_change_fields), job));
    if ((job->opens != NULL && !job_time(job->opens, &job->opens_us)) ||
        (job->closes != NULL && !job_time(job->closes, &job->closes_us)))
        return exchange_explain(x, ERR_BAD_FIELD, "opens and closes are times like 2026-05-01T00:00:00Z");
    return body_level(x, job->level != NULL ? job->level : "", job->graduation_year < 0 ? 0 : job->graduation_year);
}

static enum err session_change_body(struct tx *tx, struct session_change *job, struct buf *out)
{
    struct capture_session session;
    TRY(session_get(tx, job->id, &session));
    return view_session(tx, &session, job->job.now_us, out);
}

static enum err session_change_write(struct tx *tx, struct session_change *job)
{
    struct capture_session s;
    TRY(scope_session(tx, &job->job, job->id, &s));
    if (job->version != 0 && job->version != s.version)
        return ERR_STALE;
    s.name = job->name != NULL ? job->name : s.name;
    s.opens_us = job->opens != NULL ? job->opens_us : s.opens_us;
    s.closes_us = job->closes != NULL ? job->closes_us : s.closes_us;
    s.level = job->level != NULL ? job->level : s.level;
    s.batch_name = job->batch_name != NULL ? job->batch_name : s.batch_name;
    s.graduation_year = job->graduation_year >= 0 ? job->graduation_year : s.graduation_year;
    if (s.closes_us <= s.opens_us)
        return job_refuse(&job->job, ERR_BAD_FIELD, "closes must be later than opens");
    TRY(session_change(tx, &s));
    TRY(scope_audit(tx, &job->job, "session_changed", "session", job->id, NULL));
    return COMPOSE(tx, job, session_change_body);
}
ANSWERED(session_change, struct session_change, WRITE(session_change_write))

/* ---- a new one ---- */

struct session_add {
    struct job job;
    const char *code, *school_code, *school_name, *name, *opens, *closes, *level, *batch_name, *preset;
    int64_t graduation_year;
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
    JSON_FIELD(struct session_add, level, JSON_TO_TEXT, false, 0, 20),
    JSON_FIELD(struct session_add, graduation_year, JSON_TO_INT, false, 0, 2100),
    JSON_FIELD(struct session_add, batch_name, JSON_TO_TEXT, false, 0, 60),
    JSON_FIELD(struct session_add, preset, JSON_TO_TEXT, false, 1, 8),
    JSON_FIELD(struct session_add, policy, JSON_TO_TREE, false, 0, 0)};

static enum err session_add_decode(struct exchange *x, struct session_add *job)
{
    struct session_new *made = &job->made;
    job_begin(x, &job->job);
    job->job.status = 201;
    job->level = job->batch_name = "";
    TRY(exchange_json(x, session_add_fields, countof(session_add_fields), job));
    *made = (struct session_new){.id = job_new_id(&job->job),
                                 .code = job->code,
                                 .name = job->name,
                                 .school_id = job_new_id(&job->job),
                                 .school_code = job->school_code,
                                 .school_name = job->school_name,
                                 .level = job->level,
                                 .graduation_year = job->graduation_year,
                                 .batch_name = job->batch_name,
                                 .now_us = job->job.now_us,
                                 .changed_by = job->job.who->id};
    if (!body_is_session_code(job->code))
        return exchange_explain(x, ERR_BAD_FIELD, "code: 8 digits, or 6 letters and digits");
    if (!job_time(job->opens, &made->opens_us) || !job_time(job->closes, &made->closes_us))
        return exchange_explain(x, ERR_BAD_FIELD, "opens and closes are times like 2026-05-01T00:00:00Z");
    if (made->closes_us <= made->opens_us)
        return exchange_explain(x, ERR_BAD_FIELD, "closes must be later than opens");
    TRY(body_level(x, job->level, job->graduation_year));
    return body_policy(x, job->policy, job->preset, &made->policy_json);
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
