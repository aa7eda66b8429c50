/* Operators: what came back for a batch: CHSI's receipt, the courier's numbers. One row per photo or parcel; a row that
 * was taken before changes nothing, so the same file may be sent again. */
#include "api/console_import.h"
#include "api/console_scope.h"
#include "store/batch.h"

struct batch_import {
    struct job job;
    const char *id, *import_id;
    struct import import;
    struct batch_line *lines;
    struct batch_said said;
};

static enum err scope_batch(struct tx *tx, const struct batch_import *job)
{
    struct batch batch;
    struct capture_session session;
    TRY(batch_get(tx, job->id, &batch));
    return scope_session(tx, &job->job, batch.session_id, &session);
}

static enum err batch_import_decode(struct exchange *x, struct batch_import *job)
{
    job_begin(x, &job->job);
    job->import_id = job_new_id(&job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    return import_take(x, &job->import);
}

static enum err open_import(struct batch_import *job, struct arena *arena)
{
    TRY(import_open(&job->import, &job->job, arena));
    job->lines = ARENA_ARRAY(arena, struct batch_line, BATCH_ITEMS_MAX);
    job->said = (struct batch_said){.batch_id = job->id,
                                    .account_id = job->job.who->id,
                                    .import_id = job->import_id,
                                    .now_us = job->job.now_us,
                                    .lines = job->lines};
    return ERR_NONE;
}

/* Room for one more line; the cells stay valid: they lie in the text. */
static enum err next_line(struct batch_import *job, struct batch_line **line)
{
    if (job->said.count == BATCH_ITEMS_MAX)
        return job_refuse(&job->job, ERR_TOO_LARGE, "line %zu: more rows than a batch has items (%d)",
                          job->import.csv.line, BATCH_ITEMS_MAX);
    *line = &job->lines[job->said.count++];
    **line = (struct batch_line){.reason = ""};
    return ERR_NONE;
}

static void put_unknown(const struct batch_said *said, struct buf *out)
{
    json_name(out, "unknown");
    json_array_open(out);
    for (size_t i = 0; i < said->count; i++)
        if (!said->lines[i].known)
            json_text(out, said->lines[i].key);
    json_array_close(out);
}

/* ---- receipt ---- */

static bool says_yes(const char *result)
{
    return text_is(result, "accepted") || text_is(result, "ok") || text_is(result, "1") || text_is(result, "通过") ||
           text_is(result, "采集成功");
}

static bool says_no(const char *result)
{
    return text_is(result, "refused") || text_is(result, "rejected") || text_is(result, "0") ||
           text_is(result, "不通过") || text_is(result, "退回");
}

#define batch_receipt_decode batch_import_decode
static enum err batch_receipt_parse(struct batch_import *job, struct arena *arena)
{
    struct csv *csv = &job->import.csv;
    struct csv_column columns[] = {
        {"file_name", "文件名", true, -1}, {"result", "结果", true, -1}, {"reason", "原因", false, -1}};
    bool more = true;
    TRY(open_import(job, arena));
    TRY(import_header(&job->import, &job->job, columns, countof(columns)));
    for (;;) {
        struct batch_line *line = NULL;
        TRY(import_next(&job->import, &job->job, &more));
        if (!more)
            return ERR_NONE;
        TRY(next_line(job, &line));
        const char *result = csv_cell(csv, columns[1].at);
        if (!says_yes(result) && !says_no(result))
            return job_refuse(&job->job, ERR_BAD_FIELD, "line %zu: result must be accepted or refused", csv->line);
        line->key = csv_cell(csv, columns[0].at);
        line->accepted = says_yes(result);
        line->reason = csv_cell(csv, columns[2].at);
        if (text_chars(line->reason) > 200)
            return job_refuse(&job->job, ERR_BAD_FIELD, "line %zu: reason has at most 200 characters", csv->line);
    }
}

static enum err batch_receipt_body(struct tx *tx, struct batch_import *job, struct buf *out)
{
    (void)tx;
    json_object_open(out);
    json_put_int(out, "matched", job->said.matched);
    json_put_int(out, "accepted", job->said.accepted);
    json_put_int(out, "refused", job->said.refused);
    put_unknown(&job->said, out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err audit_import(struct tx *tx, const struct batch_import *job, const char *action)
{
    const char *detail =
        arena_printf(tx->arena, "{\"matched\":%" PRId64 ",\"lines\":%zu}", job->said.matched, job->said.count);
    return scope_audit(tx, &job->job, action, "batch", job->id, detail);
}

static enum err batch_receipt_write(struct tx *tx, struct batch_import *job)
{
    TRY(scope_batch(tx, job));
    TRY(batch_receipt(tx, &job->said));
    TRY(audit_import(tx, job, "receipt_imported"));
    return COMPOSE(tx, job, batch_receipt_body);
}
ANSWERED(batch_receipt, struct batch_import, LANE(batch_receipt_parse), WRITE(batch_receipt_write))

/* ---- tracking numbers ---- */

#define batch_tracking_decode batch_import_decode
static enum err batch_tracking_parse(struct batch_import *job, struct arena *arena)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    struct csv *csv = &job->import.csv;
    struct csv_column columns[] = {
        {"code", "编号", true, -1}, {"carrier", "快递公司", true, -1}, {"tracking_no", "运单号", true, -1}};
    bool more = true;
    TRY(open_import(job, arena));
    TRY(import_header(&job->import, &job->job, columns, countof(columns)));
    for (;;) {
        struct batch_line *line = NULL;
        TRY(import_next(&job->import, &job->job, &more));
        if (!more)
            return ERR_NONE;
        TRY(next_line(job, &line));
        line->key = csv_cell(csv, columns[0].at);
        line->carrier = csv_cell(csv, columns[1].at);
        line->tracking_no = csv_cell(csv, columns[2].at);
        size_t carrier_chars = text_chars(line->carrier);
        if (carrier_chars < 1 || carrier_chars > 40 || strlen(line->tracking_no) > 40 ||
            !text_all(line->tracking_no, letters))
            return job_refuse(&job->job, ERR_BAD_FIELD,
                              "line %zu: carrier has 1 to 40 characters, tracking_no letters, digits and - only",
                              csv->line);
    }
}

static enum err batch_tracking_body(struct tx *tx, struct batch_import *job, struct buf *out)
{
    (void)tx;
    json_object_open(out);
    json_put_int(out, "matched", job->said.matched);
    put_unknown(&job->said, out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err batch_tracking_write(struct tx *tx, struct batch_import *job)
{
    TRY(scope_batch(tx, job));
    TRY(batch_tracking(tx, &job->said));
    TRY(audit_import(tx, job, "tracking_imported"));
    return COMPOSE(tx, job, batch_tracking_body);
}
ANSWERED(batch_tracking, struct batch_import, LANE(batch_tracking_parse), WRITE(batch_tracking_write))
