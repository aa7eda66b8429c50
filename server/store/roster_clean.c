/* What an import leaves behind when it is done or cancelled, removed in small units (roster_load.h). */
#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/queries.h"
#include "store/roster_batch.h"

#define UNIT_ROWS  1000
#define ROUND_ROWS 200000

/* Whether to go on, asked after every unit. */
struct goer {
    bool (*on)(void *arg);
    void *arg;
};

struct cleaning {
    const struct roster_import *import;
    int64_t now_us, changed;
};

/* ---- a done import: the rows it replaced ----
 *
 * Their keys are removed in the order of the keys, some hundred thousand rows at a time: one by one, each would rewrite
 * a page of its own. */

struct old_key {
    int64_t key, number;
};

struct replaced {
    const struct roster_import *import;
    int64_t after;        /* number */
    size_t read;          /* by the last page */
    size_t count;         /* of rows */
    int64_t *rows;        /* numbers, ascending */
    struct old_key *keys; /* ROSTER_KEYS of each */
    size_t from, to;      /* of a unit */
};

static enum err replaced_entry(struct tx *tx, const struct rows *r, struct replaced *p)
{
    size_t len = 0;
    int64_t keys[ROSTER_KEYS];
    struct roster_entry entry = {.number = col_int(r, 0), .id = col_text(r, 1), .student_no = col_text(r, 2)};
    const void *sealed = col_bytes(r, 3, &len);
    TRY(roster_open_person(tx, sealed, len, &entry));
    roster_keys(store_ring(tx), &entry, keys);
    for (size_t i = 0; i < ROSTER_KEYS; i++)
        p->keys[p->count * ROSTER_KEYS + i] = (struct old_key){keys[i], entry.number};
    p->rows[p->count++] = entry.number;
    p->after = entry.number;
    return ERR_NONE;
}

static enum err replaced_page(struct tx *tx, void *job)
{
    struct replaced *p = job;
    struct rows r;
    enum err e = ERR_NONE;
    p->read = 0;
    TRY(TX_OPEN(tx, &r, Q_STAGED_SUPERSEDED_PAGE, v_int(p->import->number), v_int(p->after), v_int(UNIT_ROWS)));
    while (e == ERR_NONE && p->count < ROUND_ROWS && rows_next(&r)) {
        e = replaced_entry(tx, &r, p);
        p->read++;
    }
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static int by_key(const void *a, const void *b)
{
    const struct old_key *left = a, *right = b;
    int64_t left_import = left->number >> ROSTER_PLACE_BITS, right_import = right->number >> ROSTER_PLACE_BITS;
    if (left_import != right_import)
        return left_import < right_import ? -1 : 1;
    return left->key < right->key ? -1 : left->key > right->key;
}

static enum err drop_keys(struct tx *tx, void *job)
{
    const struct replaced *p = job;
    for (size_t i = p->from; i < p->to; i++)
        TRY(TX_RUN(tx, Q_ROSTER_KEY_DROP, v_int(p->keys[i].number >> ROSTER_PLACE_BITS), v_int(p->keys[i].key),
                   v_int(p->keys[i].number)));
    return ERR_NONE;
}

static enum err drop_rows(struct tx *tx, void *job)
{
    const struct replaced *p = job;
    for (size_t i = p->from; i < p->to; i++)
        TRY(TX_RUN(tx, Q_STAGED_DROP, v_int(p->rows[i])));
    return ERR_NONE;
}

static enum err in_units(struct store *store, store_step *step, struct replaced *p, size_t count, const struct goer *go)
{
    for (p->from = 0; p->from < count; p->from = p->to) {
        p->to = p->from + UNIT_ROWS < count ? p->from + UNIT_ROWS : count;
        TRY(roster_unit(store, STORE_WRITE, step, p));
        if (go->on != NULL && !go->on(go->arg))
            return ERR_REFUSED;
    }
    return ERR_NONE;
}

static enum err one_round(struct store *store, struct replaced *p, const struct goer *go)
{
    p->count = 0;
    do
        TRY(roster_unit(store, STORE_READ, replaced_page, p));
    while (p->read > 0 && p->count < ROUND_ROWS);
    if (p->count == 0)
        return ERR_NONE;
    qsort(p->keys, p->count * ROSTER_KEYS, sizeof p->keys[0], by_key);
    TRY(in_units(store, drop_keys, p, p->count * ROSTER_KEYS, go));
    return in_units(store, drop_rows, p, p->count, go); /* last: a row is how its keys are found again after a crash */
}

static enum err drop_replaced(struct store *store, const struct roster_import *import, const struct goer *go)
{
    struct replaced p = {.import = import,
                         .rows = malloc(ROUND_ROWS * sizeof p.rows[0]),
                         .keys = malloc(ROUND_ROWS * ROSTER_KEYS * sizeof p.keys[0])};
    CHECK(p.rows != NULL && p.keys != NULL);
    enum err e = ERR_NONE;
    do
        e = one_round(store, &p, go);
    while (e == ERR_NONE && p.count > 0);
    free(p.rows);
    free(p.keys);
    return e;
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
        TRY(drop_replaced(store, import, &(const struct goer){go_on, arg}));
        return roster_unit(store, STORE_WRITE, file_step, &c);
    }
    if (!text_is(import->state, "cancelled"))
        return ERR_NONE;
    TRY(repeat(store, forget_step, &c, go_on, arg));
    TRY(repeat(store, keys_step, &c, go_on, arg));
    TRY(repeat(store, rows_step, &c, go_on, arg));
    return roster_unit(store, STORE_WRITE, import_step, &c);
}
