#include "store/roster_import.h"

#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/column.h"
#include "store/outbox.h"
#include "store/queries.h"

static enum err read_import(struct tx *tx, const struct rows *r, struct roster_import *i)
{
    *i = (struct roster_import){.number = col_int(r, 0),
                                .id = col_text(r, 1),
                                .session_id = col_text(r, 2),
                                .state = col_text(r, 3),
                                .applied = col_int(r, 4) != 0,
                                .mode = col_text(r, 5),
                                .dry_run = col_int(r, 6) != 0,
                                .file_name = col_text(r, 7),
                                .sha256_index = col_text(r, 10),
                                .errors_blob_id = col_text(r, 22),
                                .problem = col_text(r, 23),
                                .created_by = col_text(r, 24)};
    int64_t *numbers[] = {&i->size_bytes, &i->received_bytes, NULL,       &i->bytes_done, &i->bytes_total,
                          &i->rows_total, &i->rows_done,      &i->staged, &i->added,      &i->changed,
                          &i->same,       &i->linked_kept,    &i->errors};
    for (size_t n = 0; n < countof(numbers); n++)
        if (numbers[n] != NULL)
            *numbers[n] = col_int(r, (int)(8 + n));
    i->created_us = col_int(r, 25);
    i->started_us = col_int(r, 26);
    i->ended_us = col_int(r, 27);
    return column_open(tx, r, 21, "roster_import", i->id, "report", &i->report);
}

enum err roster_import_add(struct tx *tx, const struct roster_import *i)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_IMPORT_ADD, v_text(i->id), v_text(i->session_id), v_text(i->state), v_text(i->mode),
                  v_bool(i->dry_run), v_text(i->file_name), v_int(i->size_bytes), v_text(i->sha256_index),
                  v_text(i->created_by), v_int(i->created_us));
}

enum err roster_import_get(struct tx *tx, const char *id, struct roster_import *import)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_IMPORT_GET, v_text(id)));
    enum err e = rows_next(&r) ? read_import(tx, &r, import) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err roster_import_list(struct tx *tx, const char *session_id, int64_t before, struct roster_import *list,
                            size_t max, size_t *count)
{
    struct rows r;
    enum err e = ERR_NONE;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_IMPORT_LIST, v_text(session_id), v_int(before > 0 ? before : INT64_MAX),
                v_int((int64_t)max)));
    while (e == ERR_NONE && *count < max && rows_next(&r))
        e = read_import(tx, &r, &list[(*count)++]);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err count_of(struct tx *tx, size_t query, const char *session_id, int64_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(session_id)));
    *count = rows_next(&r) ? col_int(&r, 0) : 0;
    return rows_close_one(&r);
}

enum err roster_import_open_count(struct tx *tx, const char *session_id, int64_t *count)
{
    return count_of(tx, Q_IMPORT_OPEN_COUNT, session_id, count);
}

enum err roster_import_begin(struct tx *tx, struct roster_import *import, const char *why, int64_t delay_us)
{
    struct roster_import now;
    int64_t running = 0;
    TRY(count_of(tx, Q_IMPORT_RUNNING_COUNT, import->session_id, &running));
    if (running > 0)
        return ERR_CONFLICT;
    TRY(roster_import_add(tx, import));
    TRY(roster_import_get(tx, import->id, &now));
    import->number = now.number;
    return roster_import_queue(tx, import->id, why, import->created_us, delay_us);
}

/* ---- parts ---- */

enum err roster_import_part(struct tx *tx, const char *id, int64_t offset, int64_t size_bytes, const char *blob_id)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_IMPORT_RECEIVED, v_int(size_bytes), v_text(id), v_int(offset)));
    if (changed == 0)
        return ERR_OFFSET_MISMATCH;
    return TX_RUN(tx, Q_IMPORT_PART_ADD, v_text(id), v_int(offset), v_int(size_bytes), v_text(blob_id));
}

enum err roster_import_parts(struct tx *tx, const char *id, struct arena *into, struct roster_source_part *parts,
                             size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_IMPORT_PARTS, v_text(id)));
    while (*count < ROSTER_PARTS_MAX && rows_next(&r)) {
        struct roster_source_part *part = &parts[(*count)++];
        const void *key = col_bytes(&r, 3, &part->sealed_key_len);
        part->offset_bytes = col_int(&r, 0);
        part->size_bytes = col_int(&r, 1);
        part->blob_id = arena_text(into, col_text(&r, 2));
        part->sealed_key = arena_copy(into, key, part->sealed_key_len);
    }
    return rows_close(&r);
}

enum err roster_import_forget_file(struct tx *tx, const char *id, int64_t now_us)
{
    TRY(TX_RUN(tx, Q_IMPORT_PARTS_ERASE, v_bytes("", 0), v_int(now_us), v_text(id)));
    return TX_RUN(tx, Q_IMPORT_PARTS_DROP, v_text(id));
}

/* ---- states ---- */

enum err roster_import_queue(struct tx *tx, const char *id, const char *why, int64_t now_us, int64_t delay_us)
{
    const char *row = arena_printf(tx->arena, "%s-%s", id, why);
    const char *payload = arena_printf(tx->arena, "{\"import_id\":\"%s\"}", id);
    return outbox_put(tx, row, "roster_import", NULL, payload, now_us + delay_us, now_us);
}

static bool works(const char *state)
{
    return text_is(state, "reading") || text_is(state, "importing") || text_is(state, "cancelled");
}

enum err roster_import_move(struct tx *tx, const struct roster_import *import, const char *to, const char *problem,
                            int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    int64_t ended_us = works(to) || text_is(to, "ready") ? 0 : now_us;
    TRY(TX_RUN_N(tx, &changed, Q_IMPORT_STATE, v_text(to), v_text(problem), v_int(ended_us), v_text(import->mode),
                 v_text(import->id), v_text(import->state)));
    if (changed == 0)
        return ERR_STALE;
    return works(to) ? roster_import_queue(tx, import->id, to, now_us, 0) : ERR_NONE;
}

enum err roster_import_found(struct tx *tx, const struct roster_import *i)
{
    return TX_RUN(tx, Q_IMPORT_FOUND, v_int(i->rows_total), v_int(i->added), v_int(i->changed), v_int(i->same),
                  v_int(i->linked_kept), v_int(i->errors), column_seal(tx, "roster_import", i->id, "report", i->report),
                  v_text(i->errors_blob_id), v_text(i->id));
}
