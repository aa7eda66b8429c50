/* Administrators: the roster of a session from a small file, in one request.
 *
 * All rows or none, unless ?only_good=1 asks for the good ones. ?dry_run=1 says what would happen. Larger files, and
 * workbooks, come in parts: console_roster_import.c. Both are the same import (store/roster_load.h). */
#include "api/console_import.h"
#include "api/console_scope.h"
#include "store/roster_load.h"

struct roster_import_job {
    struct job job;
    const char *id, *new_id;
    struct import import;
    int64_t dry_run, only_good;
    const char *session_id;
    struct roster_import done;
    struct roster_source source;
    struct roster_load load;
};

static enum err roster_import_decode(struct exchange *x, struct roster_import_job *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_query_int(x, "dry_run", 0, 1, 0, &job->dry_run));
    TRY(exchange_query_int(x, "only_good", 0, 1, 0, &job->only_good));
    return import_take(x, &job->import);
}

static enum err roster_import_find(struct tx *tx, struct roster_import_job *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    job->session_id = arena_text(job->job.arena, session.id);
    return ERR_NONE;
}

static enum err add_step(struct tx *tx, void *arg)
{
    struct roster_load *load = arg;
    return roster_import_begin(tx, &load->import, "request", SECONDS_US(600));
}

static enum err write_all(struct roster_load *load)
{
    TRY(roster_unit(load->store, STORE_WRITE, add_step, load));
    TRY(roster_load_write(load)); /* what is left of it when this fails is removed by the outbox row just added */
    load->import.state = "done";
    return roster_load_clean(load->store, &load->import, load->now_us, NULL, NULL);
}

static enum err roster_import_load(struct roster_import_job *job, struct arena *arena)
{
    struct roster_load *load = &job->load;
    job->source = (struct roster_source){.memory = job->import.body, .size_bytes = (int64_t)job->import.body_len};
    *load = (struct roster_load){.store = api()->store,
                                 .ring = api()->ring,
                                 .source = &job->source,
                                 .now_us = job->job.now_us,
                                 .import = {.id = job->new_id,
                                            .session_id = job->session_id,
                                            .state = "importing",
                                            .mode = job->only_good != 0 ? "good" : "all",
                                            .file_name = "request.csv",
                                            .sha256_index = "",
                                            .size_bytes = job->source.size_bytes,
                                            .created_by = job->job.who->id,
                                            .created_us = job->job.now_us}};
    enum err e = roster_load_check(load);
    if (e == ERR_BAD_FIELD || e == ERR_TOO_LARGE)
        e = job_refuse(&job->job, e, "%s", load->why);
    /* With a bad row nothing is written, unless the caller wants the good ones: then the answer says what would be. */
    bool dry = job->dry_run != 0 || (load->import.errors > 0 && job->only_good == 0);
    if (e == ERR_NONE && !dry)
        e = write_all(load);
    if (e == ERR_CONFLICT)
        e = job_refuse(&job->job, e, "another import of this session is being written");
    job->done = load->import;
    job->done.report = load->import.report != NULL ? arena_text(arena, load->import.report) : NULL;
    roster_load_free(load);
    return e;
}

static void roster_import_reply(struct exchange *x, struct roster_import_job *job)
{
    struct buf *out = exchange_out(x);
    const struct json *report = NULL;
    const char *text = job->done.report != NULL ? job->done.report : "{}";
    size_t shown = 0;
    if (json_read(text, strlen(text), job->job.arena, &report) == ERR_NONE)
        shown = json_count(json_at(report, "errors"));
    json_object_open(out);
    json_put_int(out, "added", job->done.added);
    json_put_int(out, "changed", job->done.changed);
    json_put_int(out, "same", job->done.same);
    json_put_int(out, "linked_kept", job->done.linked_kept);
    json_name(out, "errors");
    json_tree(out, json_at(report, "errors"));
    json_put_int(out, "errors_not_shown", job->done.errors - (int64_t)shown);
    json_object_close(out);
    exchange_send(x);
}
ENDPOINT(roster_import, struct roster_import_job, READ(roster_import_find), LANE(roster_import_load))
