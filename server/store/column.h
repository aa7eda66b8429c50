/* column — sealed columns: a text of one row, bound to table, row and column. Any store thread; results in tx->arena.
 */
#ifndef XY_STORE_COLUMN_H
#define XY_STORE_COLUMN_H

#include "db/db.h"

/* NULL stays SQL NULL. */
struct val column_seal(struct tx *tx, const char *table, const char *id, const char *column, const char *plain);
/* What is at `at` of the current row; NULL for SQL NULL. CORRUPT when it does not open. */
enum err column_open(struct tx *tx, const struct rows *r, int at, const char *table, const char *id, const char *column,
                     const char **plain);
/* Keyed hash of a normalised value for equality look-ups. */
const char *column_index(struct tx *tx, const char *field, const char *value);

#endif
