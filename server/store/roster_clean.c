/* What an import leaves behind when it is done or cancelled, removed in small units (roster_load.h). */
#include "base/text.h"
#include "store/blob_row.h"
#include "store/queries.h"
#include "store/roster_batch.h"

#define UNIT_ROWS 1000

struct cleaning {
    const struct roster_import *import;
    int64_t now_us, changed;
};

/* ---- a done import: the rows it replaced ---- */

static enum err drop_replaced(struct tx *tx, int64_t number, const char *id, const char *student_no, const void *sealed,
                              size_t len)
{
    struct roster_entry entry = {.number = number, .id = id, .student_no = student_no};
    int64_t keys[ROSTER_KEYS];
    TRY(roster_open_person(tx, sealed, len, &entry));
    roster_keys(store_ring(tx), &entry, keys);
    for (size_t i = 0; i < ROSTER_KEYS; i++)
        TRY(TX_RUN(tx, Q_ROSTER_KEY_DROP, v_int(number >> ROSTER_PLACE_BITS), v_int(keys[i]), v_int(number)));
    return TX_RUN(tx, Q_STAGED_DROP, v_int(number));
}

struct replaced {
    int64_t number;
    const char *id, *student_no;
    const void *sealed;
    size_t len;
};

static enum err replaced_step(struct tx *tx, void *job)
{
    struct cleaning *c = job;
    struct replaced *rows = ARENA_ARRAY(tx->arena, struct replaced, UNIT_ROWS);
    struct rows r;
    size_t count = 0;
    TRY(TX_OPEN(tx, &r, Q_STAGED_SUPERSEDED_PAGE, v_int(c->import->number), v_int(UNIT_ROWS)));
    while (count < UNIT_ROWS && rows_next(&r)) {
        struct replaced *row = &rows[count++];
        *row = (struct replaced){.number = col_int(&r, 0), .id = col_text(&r, 1), .student_no = col_text(&r, 2)};
        row->sealed = col_bytes(&r, 3, &row->len);
    }
    TRY(rows_close(&r));
    c->changed = (int64_t)count;
    for (size_t i = 0; i < count; i++)
        TRY(drop_replaced(tx, rows[i].number, rows[i].id, rows[i].student_no, rows[i].sealed, rows[i].len));
    return ERR_NONE;
}

static enum err file_step(struct tx *tx, void *job)
{
    const struct cleaning *c = job;
    return roster_import_forget_file(tx, c->import->id, c->now_us);
}

/* ---- a cancelled import: everything ---- */

static enum err forget_step(struct tx *tx, void *job)
{
    struct cleaning *c = job;
    return TX_RUN_N(tx, &c->changed, Q_STAGED_FORGET, v_int(c->import->number), v_int(UNIT_ROWS));
}

static enum err keys_step(struct tx *tx, void *job)
{
    struct cleaning *c = job;
    int64_t number = c->import->number;
    return TX_RUN_N(tx, &c->changed, Q_STAGED_KEYS_DROP_SOME, v_int(number), v_int(number), v_int(UNIT_ROWS));
}

static enum err rows_step(struct tx *tx, void *job)
{
    struct cleaning *c = job;
    int64_t number = c->import->number;
    return TX_RUN_N(tx, &c->changed, Q_STAGED_DROP_SOME, v_int(number << ROSTER_PLACE_BITS),
                    v_int((number + 1) << ROSTER_PLACE_BITS), v_int(UNIT_ROWS));
}

static enum err import_step(struct tx *tx, void *job)
{
    const struct cleaning *c = job;
    TRY(blob_row_erase(tx, c->import->errors_blob_id, c->now_us));
    TRY(roster_import_forget_file(tx, c->import->id, c->now_us));
    return TX_RUN(tx, Q_IMPORT_DROP, v_text(c->import->id));
}

/* ---- both ---- */

static enum err repeat(struct store *store, store_step *step, struct cleaning *c, bool (*go_on)(void *arg), void *arg)
{
    do {
        c->changed = 0;
        TRY(roster_unit(store, STORE_WRITE, step, c));
        if (go_on != NULL && !go_on(arg))
            return ERR_REFUSED;
    } while (c->changed > 0);
    return ERR_NONE;
}

enum err roster_load_clean(struct store *store, const struct roster_import *import, int64_t now_us,
                           bool (*go_on)(void *arg), void *arg)
{
    struct cleaning c = {.import = import, .now_us = now_us};
    if (text_is(import->state, "done")) {
        TRY(repeat(store, replaced_step, &c, go_on, arg));
        return roster_unit(store, STORE_WRITE, file_step, &c);
    }
    if (!text_is(import->state, "cancelled"))
        return ERR_NONE;
    TRY(repeat(store, forget_step, &c, go_on, arg));
    TRY(repeat(store, keys_step, &c, go_on, arg));
    TRY(repeat(store, rows_step, &c, go_on, arg));
    return roster_unit(store, STORE_WRITE, import_step, &c);
}
