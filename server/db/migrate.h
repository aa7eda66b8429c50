/* migrate — brings a database to the schema this program was built with.
 *
 * The migrations are compiled in (migrations/NNNN_name.sql), numbered without gaps, forward only, one transaction each;
 * number, name and BLAKE2b of the text are recorded. A changed old migration and a schema newer than the program are
 * refused with a sentence that says what to do. Before anything is applied to a database that has data, a backup is
 * written beside it: "<path>.before-NNNN". Thread: command line or start, alone with the database. */
#ifndef XY_MIGRATE_H
#define XY_MIGRATE_H

#include "db/db.h"

struct migration {
    int number;
    const char *name, *sql;
};

struct migrate_report {
    int before, after; /* newest number applied; 0 none */
    char backup[512];  /* "" when none was needed */
};

/* REFUSED: newer than the program, or history changed. */
enum err migrate_apply(const char *path, const struct migration *migrations, size_t count,
                       struct migrate_report *report, char why[256]);
/* Only look: REFUSED when it is newer or changed, STALE when migrations are missing. */
enum err migrate_check(const char *path, const struct migration *migrations, size_t count,
                       struct migrate_report *report, char why[256]);

#endif
