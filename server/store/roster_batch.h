/* roster_batch — some hundred good rows of a file on their way through one unit. Only for roster_load.c and
 * roster_stage.c. */
#ifndef XY_ROSTER_BATCH_H
#define XY_ROSTER_BATCH_H

#include "store/roster_load.h"

/* Bit per place in the file. */
struct roster_marks {
    uint64_t bad[ROSTER_ROWS_MAX / 64 + 2], twice[ROSTER_ROWS_MAX / 64 + 2];
};
bool roster_left_out(const struct roster_marks *marks, int64_t place);

struct roster_batch {
    struct arena *arena;
    bool seals; /* with ids and sealed records, or only keys and digests */
    size_t count;
    int64_t last_place; /* looked at, bad ones included; 0: the file was at its end */
    struct roster_entry entries[ROSTER_UNIT_ROWS];
    struct roster_sealed sealed[ROSTER_UNIT_ROWS];
    int64_t places[ROSTER_UNIT_ROWS], old_numbers[ROSTER_UNIT_ROWS];
    size_t lines[ROSTER_UNIT_ROWS];
    char outcomes[ROSTER_UNIT_ROWS]; /* a, c, s, l: as roster_put */
};
struct roster_batch *roster_batch_new(bool seals);
void roster_batch_free(struct roster_batch *batch); /* NULL is fine */
/* Takes rows behind `after` that are not left out; *more false: the file has no more. */
enum err roster_batch_fill(struct roster_batch *batch, struct roster_load *load, struct roster_rows *rows,
                           int64_t after, bool *more);
/* In a unit: row i against what the roster has; sets outcomes and old_numbers. */
enum err roster_outcome(struct tx *tx, const char *session_id, struct roster_batch *batch, size_t i);
void roster_batch_count(const struct roster_batch *batch, struct roster_import *counts);

/* ---- of roster_load.c, for roster_stage.c ---- */

bool roster_go(struct roster_load *load, int64_t done);
enum err roster_failed(struct roster_load *load, const struct roster_rows *rows, enum err e);
enum err roster_load_compares(struct roster_load *load, bool *compares);

#endif
