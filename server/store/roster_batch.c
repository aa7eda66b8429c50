#include "store/roster_batch.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/queries.h"

#define BATCH_ARENA_BYTES MIB(8)

struct roster_batch *roster_batch_new(bool seals)
{
    struct roster_batch *batch = calloc(1, sizeof *batch);
    CHECK(batch != NULL);
    batch->arena = arena_new(BATCH_ARENA_BYTES);
    batch->seals = seals;
    return batch;
}

void roster_batch_free(struct roster_batch *batch)
{
    if (batch == NULL)
        return;
    arena_free(batch->arena);
    free(batch);
}

/* The reader's texts live until its next row. */
static void keep(struct arena *arena, struct roster_entry *e)
{
    const char **texts[] = {&e->student_no, &e->name,    &e->phone,      &e->document_type,
                            &e->level,      &e->college, &e->class_name, &e->major};
    for (size_t i = 0; i < countof(texts); i++)
        *texts[i] = arena_text(arena, *texts[i]);
}

/* Ids of a batch lie beside each other in their index: they begin with its time. */
static void take(struct roster_batch *batch, struct roster_load *load, const struct roster_rows *rows, int64_t now_us)
{
    size_t i = batch->count++;
    struct roster_entry *e = &batch->entries[i];
    keep(batch->arena, e);
    batch->places[i] = rows->place;
    batch->lines[i] = rows->row->line;
    if (!batch->seals) {
        batch->sealed[i].keys[0] = roster_student_no_key(load->ring, e->student_no);
        batch->sealed[i].digest = roster_digest(load->ring, e, batch->arena);
        return;
    }
    char *id = arena_alloc(batch->arena, CRYPT_ID_TEXT_BYTES);
    crypt_id(now_us, id);
    e->id = id;
    e->number = load->import.number << ROSTER_PLACE_BITS | rows->place;
    roster_seal(load->ring, e, batch->arena, &batch->sealed[i]);
}

enum err roster_batch_fill(struct roster_batch *batch, struct roster_load *load, struct roster_rows *rows,
                           int64_t after, bool *more)
{
    int64_t now_us = clock_utc_us();
    arena_reset(batch->arena);
    batch->count = 0;
    batch->last_place = 0;
    while (batch->count < ROSTER_UNIT_ROWS) {
        enum roster_problem problem = ROSTER_FINE;
        TRY(roster_rows_next(rows, batch->arena, &batch->entries[batch->count], &problem, more));
        if (!*more)
            return ERR_NONE;
        batch->last_place = rows->place;
        if (rows->place > after && problem == ROSTER_FINE && !roster_left_out(load->marks, rows->place))
            take(batch, load, rows, now_us);
        else if (rows->place % ROSTER_UNIT_ROWS == 0)
            return ERR_NONE; /* many bad rows: let the caller look around */
    }
    return ERR_NONE;
}

enum err roster_outcome(struct tx *tx, const char *session_id, struct roster_batch *b, size_t i)
{
    struct rows r;
    b->outcomes[i] = 'a';
    b->old_numbers[i] = 0;
    TRY(TX_OPEN(tx, &r, Q_STAGED_OLD, v_text(session_id), v_int(b->sealed[i].keys[0])));
    while (rows_next(&r)) {
        if (!text_is(col_text(&r, 1), b->entries[i].student_no))
            continue;
        b->old_numbers[i] = col_int(&r, 0);
        b->outcomes[i] = col_int(&r, 2) == b->sealed[i].digest ? 's' : col_is_null(&r, 3) ? 'c' : 'l';
        break;
    }
    return rows_close(&r);
}

void roster_batch_count(const struct roster_batch *batch, struct roster_import *counts)
{
    for (size_t i = 0; i < batch->count; i++) {
        counts->added += batch->outcomes[i] == 'a';
        counts->changed += batch->outcomes[i] == 'c';
        counts->same += batch->outcomes[i] == 's';
        counts->linked_kept += batch->outcomes[i] == 'l';
    }
}
