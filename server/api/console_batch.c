/* Operators: batches for CHSI, print and post. Files are built behind the commit; what operators say about a batch is
 * taken at once and its moves follow in bounded units (store/batch.h). */
#include "api/console_scope.h"
#include "api/picture.h"
#include "store/account.h"
#include "store/batch.h"
#include "store/batch_name.h"
#include "store/blob_row.h"

/* ---- one batch as JSON ---- */

static enum err scope_batch(struct tx *tx, const struct job *job, const char *id, struct batch *batch,
                            struct capture_session *session)
{
    TRY(batch_get(tx, id, batch));
    return scope_session(tx, job, batch->session_id, session);
}

static enum err put_batch(struct tx *tx, const struct batch *batch, const struct capture_session *session,
                          struct buf *out)
{
    struct account account = {.display_name = ""};
    enum err e = account_get(tx, batch->created_by, &account);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    json_put_text(out, "id", batch->id);
    json_put_text(out, "kind", batch->kind);
    json_put_text(out, "session_id", batch->session_id);
    json_put_text(out, "session_code", session->code);
    json_put_text(out, "session_name", session->name);
    json_put_text(out, "name", batch->name);
    json_put_text(out, "state", batch->state);
    json_put_int(out, "item_count", batch->items);
    json_put_bool(out, "file_ready", batch->blob_id != NULL);
    json_put_text(out, "problem", batch->problem);
    json_put_text(out, "created_by", account.display_name);
    json_put_time(out, "created", batch->created_us);
    json_put_time(out, "handed_over", batch->handed_over_us);
    return ERR_NONE;
}

/* ---- list ---- */

struct batch_list_job {
    struct job job;
    struct page page;
    const char *kind;
};

static enum err batch_list_decode(struct exchange *x, struct batch_list_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    job->kind = exchange_query(x, "kind");
    return job->kind == NULL ? ERR_NONE : job_choice(x, "kind", job->kind, "|chsi|print|mail|");
}

static enum err batch_list_body(struct tx *tx, struct batch_list_job *job, struct buf *out)
{
    struct batch list[LIST_LIMIT_MAX + 1];
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(batch_list(tx, job->kind, job->page.cursor, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++) {
        struct capture_session session;
        enum err e = scope_session(tx, &job->job, list[i].session_id, &session);
        if (e == ERR_NOT_FOUND)
            continue; /* of another school */
        TRY(e);
        json_object_open(out);
        TRY(put_batch(tx, &list[i], &session, out));
        json_object_close(out);
    }
    json_page_close(out, count > limit ? list[limit - 1].id : NULL);
    return ERR_NONE;
}

static enum err batch_list_read(struct tx *tx, struct batch_list_job *job)
{
    return COMPOSE(tx, job, batch_list_body);
}
ANSWERED(batch_list, struct batch_list_job, READ(batch_list_read))

/* ---- make ---- */

struct batch_create_job {
    struct job job;
    const char *kind, *session_code, *name, *template, *new_id;
};

static const struct json_field batch_create_fields[] = {
    JSON_FIELD(struct batch_create_job, kind, JSON_TO_TEXT, true, 1, 10),
    JSON_FIELD(struct batch_create_job, session_code, JSON_TO_TEXT, true, 6, 8),
    JSON_FIELD(struct batch_create_job, name, JSON_TO_TEXT, true, 1, 80),
    JSON_FIELD(struct batch_create_job, template, JSON_TO_TEXT, false, 1, BATCH_TEMPLATE_BYTES_MAX)};

static enum err batch_create_decode(struct exchange *x, struct batch_create_job *job)
{
    char why[BATCH_NAME_WHY_BYTES] = "";
    job_begin(x, &job->job);
    job->job.status = 202;
    job->new_id = job_new_id(&job->job);
    job->template = BATCH_TEMPLATE_DEFAULT;
    TRY(exchange_json(x, batch_create_fields, countof(batch_create_fields), job));
    TRY(job_choice(x, "kind", job->kind, "|chsi|print|mail|"));
    if (batch_name_check(job->template, why) != ERR_NONE)
        return exchange_explain(x, ERR_BAD_FIELD, "template: %s", why);
    return ERR_NONE;
}

static enum err batch_create_body(struct tx *tx, struct batch_create_job *job, struct buf *out)
{
    struct batch batch;
    struct capture_session session;
    TRY(scope_batch(tx, &job->job, job->new_id, &batch, &session));
    json_object_open(out);
    TRY(put_batch(tx, &batch, &session, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err batch_create_write(struct tx *tx, struct batch_create_job *job)
{
    struct capture_session session;
    int64_t items = 0;
    TRY(scope_session_by_code(tx, &job->job, job->session_code, &session));
    const struct batch_new batch = {.id = job->new_id,
                                    .kind = job->kind,
                                    .session_id = session.id,
                                    .name = job->name,
                                    .template = job->template,
                                    .created_by = job->job.who->id,
                                    .now_us = job->job.now_us};
    enum err e = batch_create(tx, &batch, &items);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "nothing in this session waits for it");
    TRY(e);
    TRY(scope_audit(tx, &job->job, "batch_created", "batch", job->new_id, NULL));
    return COMPOSE(tx, job, batch_create_body);
}
ANSWERED_ONCE(batch_create, struct batch_create_job, WRITE(batch_create_write))

/* ---- look ---- */

struct batch_show {
    struct job job;
    const char *id;
};

static enum err batch_show_decode(struct exchange *x, struct batch_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err put_items(struct tx *tx, const struct batch *batch, struct buf *out)
{
    struct batch_item *items = ARENA_ARRAY(tx->arena, struct batch_item, BATCH_ITEMS_MAX);
    size_t count = 0;
    TRY(batch_items(tx, batch->id, -1, items, BATCH_ITEMS_MAX, &count));
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "submission_id", items[i].submission_id);
        json_put_text(out, "code", items[i].code);
        json_put_int(out, "position", items[i].position);
        json_put_text(out, "file_name", items[i].file_name);
        json_put_text(out, "state", items[i].state);
        json_put_text(out, "problem", items[i].problem);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

static enum err batch_show_body(struct tx *tx, struct batch_show *job, struct buf *out)
{
    struct batch batch;
    struct capture_session session;
    TRY(scope_batch(tx, &job->job, job->id, &batch, &session));
    json_object_open(out);
    TRY(put_batch(tx, &batch, &session, out));
    TRY(put_items(tx, &batch, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err batch_show_read(struct tx *tx, struct batch_show *job)
{
    return COMPOSE(tx, job, batch_show_body);
}
ANSWERED(batch_show, struct batch_show, READ(batch_show_read))

/* ---- the file ---- */

struct batch_file {
    struct picture picture;
    const char *id;
};

static enum err batch_file_decode(struct exchange *x, struct batch_file *job)
{
    picture_begin(x, &job->picture);
    return exchange_path_id(x, "id", &job->id);
}

static const char *ending_of(const char *media_type)
{
    return text_is(media_type, "application/pdf") ? "pdf" : text_is(media_type, "text/csv") ? "csv" : "zip";
}

static enum err batch_file_read(struct tx *tx, struct batch_file *job)
{
    struct batch batch;
    struct capture_session session;
    struct job *base = &job->picture.job;
    TRY(scope_batch(tx, base, job->id, &batch, &session));
    if (batch.blob_id == NULL)
        return job_refuse(base, ERR_NOT_FOUND, "this batch has no file yet");
    TRY(picture_find(tx, &job->picture, batch.blob_id));
    job->picture.file_name = arena_printf(base->arena, "%s-%s-%s.%s", batch.kind, session.code, batch.id + 18,
                                          ending_of(job->picture.media_type));
    return ERR_NONE;
}

static enum err batch_file_write(struct tx *tx, struct batch_file *job)
{
    return scope_audit(tx, &job->picture.job, "batch_downloaded", "batch", job->id, NULL);
}
#define batch_file_reply picture_reply
ENDPOINT(batch_file, struct batch_file, READ(batch_file_read), LANE(picture_open), WRITE(batch_file_write))

/* ---- handed over, printed ---- */

static enum err said_body(struct tx *tx, struct batch_show *job, struct buf *out)
{
    struct batch batch;
    struct capture_session session;
    TRY(scope_batch(tx, &job->job, job->id, &batch, &session));
    json_object_open(out);
    TRY(put_batch(tx, &batch, &session, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err batch_handed_over_write(struct tx *tx, struct batch_show *job)
{
    struct batch batch;
    struct capture_session session;
    TRY(scope_batch(tx, &job->job, job->id, &batch, &session));
    TRY(batch_hand_over(tx, job->id, job->job.who->id, job->job.now_us));
    TRY(scope_audit(tx, &job->job, "batch_handed_over", "batch", job->id, NULL));
    return COMPOSE(tx, job, said_body);
}
#define batch_handed_over_decode batch_show_decode
ANSWERED(batch_handed_over, struct batch_show, WRITE(batch_handed_over_write))

static enum err batch_printed_write(struct tx *tx, struct batch_show *job)
{
    struct batch batch;
    struct capture_session session;
    TRY(scope_batch(tx, &job->job, job->id, &batch, &session));
    TRY(batch_printed(tx, job->id, job->job.who->id, job->job.now_us));
    TRY(scope_audit(tx, &job->job, "batch_printed", "batch", job->id, NULL));
    return COMPOSE(tx, job, said_body);
}
#define batch_printed_decode batch_show_decode
ANSWERED(batch_printed, struct batch_show, WRITE(batch_printed_write))
