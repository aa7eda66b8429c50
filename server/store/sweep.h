/* sweep — what becomes due by the clock alone: delayed decisions, deadlines, claims without heartbeat, expired uploads,
 * logins and idempotency keys, files of erased objects.
 *
 * One step does at most SWEEP_MAX of each kind; `more` says that another should follow at once. A decision or deadline
 * that the table refuses is set aside, so that nothing due can stand in the way of the rest. Thread: writer.
 * Re-runnable. */
#ifndef XY_SWEEP_H
#define XY_SWEEP_H

#include "base/crypt.h"
#include "db/db.h"

#define SWEEP_MAX 64

struct sweep {
    int64_t now_us;                              /* in */
    bool more;                                   /* out, and below */
    int64_t committed, expired, claims, uploads; /* how many */
    char erased[SWEEP_MAX][CRYPT_ID_TEXT_BYTES]; /* objects whose files are to be removed, then sweep_gone */
    size_t erased_count;
};
enum err sweep_run(struct tx *tx, void *sweep);

/* The files of sweep->erased are removed: their rows go. */
enum err sweep_gone(struct tx *tx, void *sweep);

#endif
