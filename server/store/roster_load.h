/* roster_load — takes a school's file into the roster: a million rows in bounded memory and in units that hold up
 * nobody.
 *
 * roster_load_check reads all of it and writes nothing: bad rows, the same student number twice, what would be added
 * and changed. roster_load_write puts the good rows where nobody sees them, then their keys in the order of the keys,
 * then one unit makes all of them seen at once. It may be stopped or killed anywhere and called again: it goes on
 * behind the last unit that was committed. roster_load_clean removes what is not needed: of a cancelled import all, of
 * a done one the rows it replaced and the file. Each runs on a thread of its own that may block, with store units for
 * the rest. */
#ifndef XY_ROSTER_LOAD_H
#define XY_ROSTER_LOAD_H

#include "store/roster_import.h"
#include "store/roster_rows.h"

#define ROSTER_UNIT_ROWS       500
#define ROSTER_UNIT_KEYS       6000
#define ROSTER_ERROR_BYTES_MAX MIB(8) /* of the file of bad rows; the rest is only counted */

struct roster_load {
    /* in */
    struct store *store;
    const struct keyring *ring;
    struct roster_source *source;
    struct roster_import import; /* its texts outlive this; id NULL: only looked at, nothing of it is stored */
    int64_t now_us;
    bool (*go_on)(struct roster_load *load); /* called after every batch; false stops with REFUSED */
    void *arg;
    /* out, and what go_on may show */
    struct roster_file_kind kind;
    int64_t done, total; /* of the work of this pass, in bytes of the file */
    struct buf bad_rows; /* CSV: the file's bad rows, line, what is wrong, what to do; buf_release it */
    struct buf report;   /* JSON for roster_import.report; buf_release it */
    char why[CSV_WHY_BYTES];
    struct roster_marks *marks; /* roster_load.c's: which rows are left out */
};

/* BAD_FIELD, TOO_LARGE: the file is no use (why). REFUSED: stopped. The counts are in load->import. */
enum err roster_load_check(struct roster_load *load);
/* After a check in the same call of the program; one is written at a time, others wait. STALE: cancelled meanwhile.
 * BUSY: another of this session was begun and not ended. */
enum err roster_load_write(struct roster_load *load);
void roster_load_free(struct roster_load *load); /* not the source */

/* `go_on` may be NULL. */
enum err roster_load_clean(struct store *store, const struct roster_import *import, int64_t now_us,
                           bool (*go_on)(void *arg), void *arg);

/* A unit that stands behind those of requests (store.h), waited for. For who calls the above. */
enum err roster_unit(struct store *store, enum store_mode mode, store_step *step, void *job);

#endif
