/* Administrators: the roster of a session from a file of any size. The file comes in parts, is read behind the commit
 * (dispatch/effect_roster.c), and a dry run waits until somebody takes or cancels it. */
#include "api/console_scope.h"
#include "api/picture.h"
#include "store/account.h"
#include "store/blob_row.h"
#include "store/roster_import.h"
#include "store/roster_rows.h"
#include "store/upload.h"

static enum err scope_import(struct tx *tx, const struct job *job, const char *id, struct roster_import *import)
{
    struct capture_session session;
    TRY(roster_import_get(tx, id, import));
    return scope_session(tx, job, import->session_id, &session);
}

/* ---- one import as JSON ---- */

static int64_t eta_s(const struct roster_import *i, int64_t now_us)
{
    int64_t passed_us = now_us - i->started_us;
    if (i->bytes_done <= 0 || i->bytes_total <= i->bytes_done || passed_us <= 0)
        return -1;
    return (int64_t)((double)passed_us / 1e6 * (double)(i->bytes_total - i->bytes_done) / (double)i->bytes_done) + 1;
}

static void put_eta(const struct roster_import *i, int64_t now_us, struct buf *out)
{
    bool works = text_is(i->state, "reading") || text_is(i->state, "importing");
    int64_t eta = works ? eta_s(i, now_us) : -1;
    json_name(out, "eta_s");
    if (eta < 0)
        json_null(out);
    else
        json_int(out, eta);
}

static enum err put_import(struct tx *tx, const struct roster_import *i, int64_t now_us, struct buf *out)
{
    struct account account = {.display_name = i->created_by};
    enum err e = account_get(tx, i->created_by, &account);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    json_put_text(out, "id", i->id);
    json_put_text(out, "session_id", i->session_id);
    json_put_text(out, "state", i->state);
    json_put_text(out, "mode", i->mode);
    json_put_bool(out, "dry_run", i->dry_run);
    json_put_text(out, "file_name", i->file_name);
    json_put_int(out, "size_bytes", i->size_bytes);
    json_put_int(out, "offset", i->received_bytes);
    json_put_int(out, "bytes_done", i->bytes_done);
    json_put_int(out, "bytes_total", i->bytes_total);
    json_put_int(out, "rows_total", i->rows_total);
    json_put_int(out, "rows_done", i->rows_done);
    json_put_int(out, "added", i->added);
    json_put_int(out, "changed", i->changed);
    json_put_int(out, "same", i->same);
    json_put_int(out, "linked_kept", i->linked_kept);
    json_put_int(out, "errors", i->errors);
    json_put_text(out, "problem", i->problem);
    put_eta(i, now_us, out);
    json_put_text(out, "created_by", account.display_name);
    json_put_time(out, "created", i->created_us);
    json_put_time(out, "ended", i->ended_us);
    return ERR_NONE;
}

static enum err put_report(const struct roster_import *i, struct arena *arena, struct buf *out)
{
    const struct json *report = NULL;
    if (i->report != NULL)
        TRY(json_read(i->report, strlen(i->report), arena, &report));
    static const char *const names[][2] = {{"errors", "sample_errors"}, {"diff", "diff"}};
    for (size_t n = 0; n < countof(names); n++) {
        const struct json *list = json_at(report, names[n][0]);
        json_name(out, names[n][1]);
        if (list != NULL)
            json_tree(out, list);
        else
            json_raw(out, "[]", 2);
    }
    return ERR_NONE;
}

/* ---- announce ---- */

struct roster_file_start {
    struct job job;
    const char *id, *new_id, *file_name, *sha256, *mode;
    int64_t size_bytes;
    bool dry_run;
};

static const struct json_field roster_file_start_fields[] = {
    JSON_FIELD(struct roster_file_start, file_name, JSON_TO_TEXT, true, 1, 200),
    JSON_FIELD(struct roster_file_start, size_bytes, JSON_TO_INT, true, 1, INT64_C(1) << 40),
    JSON_FIELD(struct roster_file_start, sha256, JSON_TO_TEXT, true, 64, 64),
    JSON_FIELD(struct roster_file_start, mode, JSON_TO_TEXT, false, 1, 10),
    JSON_FIELD(struct roster_file_start, dry_run, JSON_TO_BOOL, false, 0, 0)};

static enum err roster_file_start_decode(struct exchange *x, struct roster_file_start *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    job->mode = "all";
    job->dry_run = true;
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, roster_file_start_fields, countof(roster_file_start_fields), job));
    TRY(job_choice(x, "mode", job->mode, "|all|good|"));
    if (job->size_bytes > (int64_t)ROSTER_BYTES_MAX)
        return exchange_explain(x, ERR_TOO_LARGE, "a roster has at most %zu bytes", (size_t)ROSTER_BYTES_MAX);
    if (!text_all(job->sha256, "0123456789abcdef"))
        return exchange_explain(x, ERR_BAD_FIELD, "sha256 must be 64 lower-case hex digits");
    return ERR_NONE;
}

static enum err roster_file_start_write(struct tx *tx, struct roster_file_start *job)
{
    struct capture_session session;
    int64_t open = 0;
    struct buf b;
    TRY(scope_session(tx, &job->job, job->id, &session));
    TRY(roster_import_open_count(tx, session.id, &open));
    if (open >= ROSTER_OPEN_MAX)
        return job_refuse(&job->job, ERR_REFUSED, "%" PRId64 " imports are not finished; take or cancel one", open);
    const struct roster_import import = {.id = job->new_id,
                                         .session_id = session.id,
                                         .state = "receiving",
                                         .mode = job->mode,
                                         .dry_run = job->dry_run,
                                         .file_name = job->file_name,
                                         .size_bytes = job->size_bytes,
                                         .sha256_index = upload_sha256_index(tx, job->sha256),
                                         .created_by = job->job.who->id,
                                         .created_us = job->job.now_us};
    TRY(roster_import_add(tx, &import));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "id", job->new_id);
    json_put_int(&b, "offset", 0);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED_ONCE(roster_file_start, struct roster_file_start, WRITE(roster_file_start_write))

/* ---- a part ---- */

struct roster_file_part {
    struct job job;
    const char *id, *new_blob_id;
    int64_t offset_bytes;
    const void *bytes;
    size_t len;
    struct blob_ref ref;
};

static enum err roster_file_part_decode(struct exchange *x, struct roster_file_part *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(job_part(x, &job->offset_bytes, &job->bytes, &job->len));
    job->new_blob_id = job_new_id(&job->job);
    return ERR_NONE;
}

static enum err check_part(struct job *base, const struct roster_file_part *job, const struct roster_import *import)
{
    if (!text_is(import->state, "receiving"))
        return job_refuse(base, ERR_REFUSED, "this file is complete");
    if (import->received_bytes != job->offset_bytes)
        return job_refuse(base, ERR_OFFSET_MISMATCH, "the next part starts at %" PRId64, import->received_bytes);
    int64_t left = import->size_bytes - import->received_bytes;
    if ((int64_t)job->len > left)
        return job_refuse(base, ERR_TOO_LARGE, "only %" PRId64 " bytes of what was announced are left", left);
    /* Parts are kept one by one: many tiny ones would be too many. */
    if (job->len < ROSTER_BYTES_MAX / ROSTER_PARTS_MAX && (int64_t)job->len < left)
        return job_refuse(base, ERR_BAD_REQUEST, "a part but the last has at least %zu bytes",
                          (size_t)(ROSTER_BYTES_MAX / ROSTER_PARTS_MAX));
    return ERR_NONE;
}

static enum err roster_file_part_read(struct tx *tx, struct roster_file_part *job)
{
    struct roster_import import;
    TRY(scope_import(tx, &job->job, job->id, &import));
    return check_part(&job->job, job, &import);
}

static enum err roster_file_part_seal(struct roster_file_part *job, struct arena *arena)
{
    return blob_put(api()->blobs, job->new_blob_id, job->bytes, job->len, arena, &job->ref);
}

static enum err roster_file_part_write(struct tx *tx, struct roster_file_part *job)
{
    struct roster_import import;
    struct buf b;
    TRY(scope_import(tx, &job->job, job->id, &import));
    TRY(check_part(&job->job, job, &import));
    TRY(blob_row_add(tx, &job->ref, "part", "application/octet-stream", import.id, job->job.now_us));
    TRY(roster_import_part(tx, import.id, job->offset_bytes, (int64_t)job->len, job->ref.id));
    int64_t end = job->offset_bytes + (int64_t)job->len;
    if (end == import.size_bytes)
        TRY(roster_import_move(tx, &import, "reading", "", job->job.now_us));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_int(&b, "offset", end);
    json_put_bool(&b, "complete", end == import.size_bytes);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(roster_file_part, struct roster_file_part, READ(roster_file_part_read), LANE(roster_file_part_seal),
         WRITE(roster_file_part_write))

/* ---- look ---- */

struct roster_file_job {
    struct job job;
    const char *id, *mode;
    struct page page;
};

static enum err roster_file_show_decode(struct exchange *x, struct roster_file_job *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err roster_file_show_body(struct tx *tx, struct roster_file_job *job, struct buf *out)
{
    struct roster_import import;
    TRY(scope_import(tx, &job->job, job->id, &import));
    json_object_open(out);
    TRY(put_import(tx, &import, job->job.now_us, out));
    TRY(put_report(&import, tx->arena, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err roster_file_show_read(struct tx *tx, struct roster_file_job *job)
{
    return COMPOSE(tx, job, roster_file_show_body);
}
ANSWERED(roster_file_show, struct roster_file_job, READ(roster_file_show_read))

static enum err roster_file_list_decode(struct exchange *x, struct roster_file_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    return exchange_path_id(x, "id", &job->id);
}

static enum err roster_file_list_body(struct tx *tx, struct roster_file_job *job, struct buf *out)
{
    struct roster_import list[LIST_LIMIT_MAX + 1];
    struct capture_session session;
    size_t count = 0, limit = (size_t)job->page.limit;
    int64_t before = 0;
    TRY(scope_session(tx, &job->job, job->id, &session));
    if (job->page.cursor != NULL && !text_int(job->page.cursor, &before))
        return job_refuse(&job->job, ERR_BAD_FIELD, "cursor: not one of ours");
    TRY(roster_import_list(tx, session.id, before, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_object_open(out);
        TRY(put_import(tx, &list[i], job->job.now_us, out));
        json_object_close(out);
    }
    json_page_close(out, count > limit ? arena_printf(tx->arena, "%" PRId64, list[limit - 1].number) : NULL);
    return ERR_NONE;
}

static enum err roster_file_list_read(struct tx *tx, struct roster_file_job *job)
{
    return COMPOSE(tx, job, roster_file_list_body);
}
ANSWERED(roster_file_list, struct roster_file_job, READ(roster_file_list_read))

/* ---- take, cancel ---- */

static const struct json_field roster_file_take_fields[] = {
    JSON_FIELD(struct roster_file_job, mode, JSON_TO_TEXT, false, 1, 10)};

static enum err roster_file_take_decode(struct exchange *x, struct roster_file_job *job)
{
    job_begin(x, &job->job);
    job->job.status = 202;
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, roster_file_take_fields, countof(roster_file_take_fields), job));
    return job->mode == NULL ? ERR_NONE : job_choice(x, "mode", job->mode, "|all|good|");
}

static enum err roster_file_take_write(struct tx *tx, struct roster_file_job *job)
{
    struct roster_import import;
    TRY(scope_import(tx, &job->job, job->id, &import));
    if (!text_is(import.state, "ready"))
        return job_refuse(&job->job, ERR_REFUSED, "only an import that is ready can be taken");
    if (job->mode != NULL)
        import.mode = job->mode;
    if (import.errors > 0 && text_is(import.mode, "all"))
        return job_refuse(&job->job, ERR_REFUSED,
                          "%" PRId64 " rows are bad: correct the file, or say mode good to leave them out",
                          import.errors);
    TRY(roster_import_move(tx, &import, "importing", "", job->job.now_us));
    return COMPOSE(tx, job, roster_file_show_body);
}
ANSWERED_ONCE(roster_file_take, struct roster_file_job, WRITE(roster_file_take_write))

static enum err roster_file_cancel_write(struct tx *tx, struct roster_file_job *job)
{
    struct roster_import import;
    TRY(scope_import(tx, &job->job, job->id, &import));
    if (text_is(import.state, "done"))
        return job_refuse(&job->job, ERR_REFUSED, "it is imported; cancelling would come too late");
    if (text_is(import.state, "cancelled"))
        return ERR_NONE;
    TRY(roster_import_move(tx, &import, "cancelled", "", job->job.now_us));
    return scope_audit(tx, &job->job, "roster_import_cancelled", "session", import.session_id, NULL);
}
#define roster_file_cancel_decode roster_file_show_decode
DONE_204(roster_file_cancel, struct roster_file_job, WRITE(roster_file_cancel_write))

/* ---- bad rows ---- */

struct roster_file_errors {
    struct picture picture;
    const char *id;
};

static enum err roster_file_errors_decode(struct exchange *x, struct roster_file_errors *job)
{
    picture_begin(x, &job->picture);
    return exchange_path_id(x, "id", &job->id);
}

static enum err roster_file_errors_read(struct tx *tx, struct roster_file_errors *job)
{
    struct roster_import import;
    struct job *base = &job->picture.job;
    TRY(scope_import(tx, base, job->id, &import));
    if (import.errors_blob_id == NULL)
        return job_refuse(base, ERR_NOT_FOUND, "this import has no bad rows");
    TRY(picture_find(tx, &job->picture, import.errors_blob_id));
    job->picture.file_name = arena_printf(base->arena, "errors-%s.csv", import.id + 18);
    return ERR_NONE;
}

static enum err roster_file_errors_write(struct tx *tx, struct roster_file_errors *job)
{
    return scope_audit(tx, &job->picture.job, "roster_errors_downloaded", "roster_import", job->id, NULL);
}
#define roster_file_errors_reply picture_reply
ENDPOINT(roster_file_errors, struct roster_file_errors, READ(roster_file_errors_read), LANE(picture_open),
         WRITE(roster_file_errors_write))
