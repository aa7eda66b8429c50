/* Auditors and administrators: what was done, and what is stuck. */
#include "api/console_scope.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/outbox_list.h"

/* ---- audit ---- */

struct audit_list_job {
    struct job job;
    struct page page;
    const char *object, *actor;
    int64_t before;
};

static enum err take_filter(struct exchange *x, const char *name, const char **value)
{
    *value = exchange_query(x, name);
    if (*value != NULL && ((*value)[0] == '\0' || strlen(*value) > 40))
        return exchange_explain(x, ERR_BAD_FIELD, "%s has 1 to 40 characters", name);
    return ERR_NONE;
}

static enum err audit_list_decode(struct exchange *x, struct audit_list_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    TRY(take_filter(x, "object", &job->object));
    TRY(take_filter(x, "actor", &job->actor));
    if (job->page.cursor != NULL && (!text_int(job->page.cursor, &job->before) || job->before <= 0))
        return exchange_explain(x, ERR_BAD_FIELD, "cursor is not one this server gave");
    return ERR_NONE;
}

/* The display name of staff; nothing for students and the server. */
static enum err put_actor(struct tx *tx, const struct audit_entry *entry, struct buf *out)
{
    struct account account;
    if (!text_is(entry->actor_kind, "staff"))
        return ERR_NONE;
    enum err e = account_get(tx, entry->actor_id, &account);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE;
    TRY(e);
    json_put_text(out, "actor", account.display_name);
    return ERR_NONE;
}

static enum err put_row(struct tx *tx, const struct audit_row *row, struct buf *out)
{
    json_object_open(out);
    json_put_int(out, "number", row->number);
    json_put_time(out, "at", row->entry.at_us);
    json_put_text(out, "actor_kind", row->entry.actor_kind);
    json_put_text(out, "actor_id", row->entry.actor_id);
    TRY(put_actor(tx, &row->entry, out));
    json_put_text(out, "action", row->entry.action);
    json_put_text(out, "object_kind", row->entry.object_kind);
    json_put_text(out, "object_id", row->entry.object_id);
    json_put_raw(out, "detail", row->entry.detail);
    json_object_close(out);
    return ERR_NONE;
}

static enum err audit_list_body(struct tx *tx, struct audit_list_job *job, struct buf *out)
{
    struct audit_row rows[LIST_LIMIT_MAX + 1];
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(audit_list(tx, job->object, job->actor, job->before, rows, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        TRY(put_row(tx, &rows[i], out));
    json_page_close(out, count > limit ? arena_printf(tx->arena, "%" PRId64, rows[limit - 1].number) : NULL);
    return ERR_NONE;
}

/* The audit covers all schools: an account of one school has no business in it. */
static enum err audit_list_read(struct tx *tx, struct audit_list_job *job)
{
    return scope_school(&job->job) != NULL ? ERR_FORBIDDEN : COMPOSE(tx, job, audit_list_body);
}
ANSWERED(audit_list, struct audit_list_job, READ(audit_list_read))

/* ---- outbox ---- */

struct outbox_list_job {
    struct job job;
    struct page page;
};

static enum err outbox_list_decode(struct exchange *x, struct outbox_list_job *job)
{
    job_begin(x, &job->job);
    return job_page(x, &job->page);
}

static void put_counts(const struct outbox_status *status, struct buf *out)
{
    json_name(out, "counts");
    json_object_open(out);
    json_put_int(out, "waiting", status->waiting);
    json_put_int(out, "running", status->running);
    json_put_int(out, "unknown", status->unknown);
    json_put_int(out, "dead", status->dead);
    json_put_int(out, "parked", status->parked);
    json_put_time(out, "oldest_due", status->oldest_due_us);
    json_object_close(out);
}

static enum err outbox_list_body(struct tx *tx, struct outbox_list_job *job, struct buf *out)
{
    struct outbox_status status;
    const char *next = NULL;
    TRY(outbox_count(tx, &status));
    json_object_open(out);
    put_counts(&status, out);
    json_name(out, "items");
    enum err e = outbox_list_stuck(tx, job->page.cursor, job->page.limit, out, &next);
    if (e == ERR_BAD_FIELD)
        return job_refuse(&job->job, e, "cursor is not one this server gave");
    TRY(e);
    json_put_text(out, "next", next);
    json_object_close(out);
    return ERR_NONE;
}

static enum err outbox_list_read(struct tx *tx, struct outbox_list_job *job)
{
    return scope_school(&job->job) != NULL ? ERR_FORBIDDEN : COMPOSE(tx, job, outbox_list_body);
}
ANSWERED(outbox_list, struct outbox_list_job, READ(outbox_list_read))

struct outbox_replay_one {
    struct job job;
    const char *id;
};

static enum err outbox_replay_one_decode(struct exchange *x, struct outbox_replay_one *job)
{
    job_begin(x, &job->job);
    job->id = exchange_path(x, "id"); /* "<submission>-<version>-<kind>": not an id of the usual form */
    return strlen(job->id) <= 120 ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err outbox_replay_one_write(struct tx *tx, struct outbox_replay_one *job)
{
    if (scope_school(&job->job) != NULL)
        return ERR_FORBIDDEN;
    TRY(outbox_replay(tx, job->id, job->job.now_us));
    return scope_audit(tx, &job->job, "outbox_replayed", "outbox", job->id, NULL);
}
DONE_204(outbox_replay_one, struct outbox_replay_one, WRITE(outbox_replay_one_write))
