/* outbox_list — effects that need a human, as JSON for the console. Any store thread. */
#ifndef XY_OUTBOX_LIST_H
#define XY_OUTBOX_LIST_H

#include "base/buf.h"
#include "db/db.h"

/* A list of dead and parked rows, newest first, behind `cursor` (NULL: from the newest; BAD_FIELD: not one of ours).
 * *next: the cursor of the next page in tx->arena, NULL when there are no more. */
enum err outbox_list_stuck(struct tx *tx, const char *cursor, int64_t limit, struct buf *out, const char **next);

#endif
