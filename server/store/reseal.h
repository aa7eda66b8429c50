/* reseal — walking every encrypted column: to seal it with the newest key, or to see that it opens.
 *
 * One step does one page of one column, so that a rotation is a row of small units that may be cut anywhere and run
 * again. The list of columns is here and nowhere else; a test compares it with the schema's sealed_* columns. */
#ifndef XY_RESEAL_H
#define XY_RESEAL_H

#include "db/db.h"

#define RESEAL_PAGE_ROWS 100
#define RESEAL_KEY_BYTES 100

struct reseal {
    size_t column;                /* where we are: begin with all zero */
    char after[RESEAL_KEY_BYTES]; /* last key seen in that column */
    bool done;
    int64_t looked_at, resealed, unreadable; /* so far */
    char bad[RESEAL_KEY_BYTES + 40];         /* the first unreadable one: "table.column key" */
};

size_t reseal_columns(void);
const char *reseal_column_name(size_t column); /* "student.sealed_name" */

/* A step may be run again, so where it begins and where it got are two things. */
struct reseal_page {
    struct reseal from, to;
};
enum err reseal_step(struct tx *tx, void *page);   /* WRITE: CORRUPT at the first value that does not open */
enum err reseal_verify(struct tx *tx, void *page); /* READ: counts the unreadable ones */

#endif
