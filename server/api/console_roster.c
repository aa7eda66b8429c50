/* Administrators: import the roster of a session.
 *
 * One unit: all rows or none, unless ?only_good=1 asks for the good ones. ?dry_run=1 says what would happen. */
#include "api/console_import.h"
#include "api/console_scope.h"
#include "store/roster_file.h"

struct roster_import {
    struct job job;
    const char *id;
    struct import import;
    int64_t dry_run, only_good;
    struct roster_file file;
};

static enum err roster_import_decode(struct exchange *x, struct roster_import *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_query_int(x, "dry_run", 0, 1, 0, &job->dry_run));
    TRY(exchange_query_int(x, "only_good", 0, 1, 0, &job->only_good));
    return import_take(x, &job->import);
}

static enum err roster_import_parse(struct roster_import *job, struct arena *arena)
{
    enum err e = roster_file_read(&job->file, job->import.body, job->import.body_len, job->job.now_us, arena);
    return e == ERR_NONE ? e : job_refuse(&job->job, e, "%s", job->file.why);
}

static enum err roster_import_body(struct tx *tx, struct roster_import *job, struct buf *out)
{
    (void)tx;
    json_object_open(out);
    json_put_int(out, "added", (int64_t)job->file.added);
    json_put_int(out, "changed", (int64_t)job->file.changed);
    json_put_int(out, "same", (int64_t)job->file.same);
    json_name(out, "errors");
    json_array_open(out);
    for (size_t i = 0; i < job->file.problem_count; i++) {
        json_object_open(out);
        json_put_int(out, "line", (int64_t)job->file.problems[i].line);
        json_put_text(out, "column", job->file.problems[i].column);
        json_put_text(out, "problem", job->file.problems[i].words);
        json_object_close(out);
    }
    json_array_close(out);
    json_put_int(out, "errors_not_shown", (int64_t)job->file.more);
    json_object_close(out);
    return ERR_NONE;
}

static enum err roster_import_write(struct tx *tx, struct roster_import *job)
{
    struct capture_session session;
    struct roster_file *file = &job->file;
    TRY(scope_session(tx, &job->job, job->id, &session));
    /* With a bad row nothing is written, unless the caller wants the good ones: then the answer says what would be. */
    bool dry = job->dry_run != 0 || (file->read_problem_count > 0 && job->only_good == 0);
    TRY(roster_file_put(tx, file, session.id, job->job.now_us, dry));
    if (!dry) {
        const char *detail = arena_printf(tx->arena, "{\"added\":%zu,\"changed\":%zu}", file->added, file->changed);
        TRY(scope_audit(tx, &job->job, "roster_imported", "session", job->id, detail));
    }
    return COMPOSE(tx, job, roster_import_body);
}
ANSWERED(roster_import, struct roster_import, LANE(roster_import_parse), WRITE(roster_import_write))
