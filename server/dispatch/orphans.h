/* orphans — object files that no row names: a crash came between the file and its row.
 *
 * One pass walks the whole store on a file thread, asks the database about the files older than the grace time, a page
 * at a time, and removes those without a row. A file is written seconds before its row, so an hour's grace is ample. */
#ifndef XY_ORPHANS_H
#define XY_ORPHANS_H

#include "blob/blob.h"
#include "dispatch/files.h"
#include "store/store.h"

#include <stdatomic.h>

#define ORPHANS_PAGE 200

struct orphans {
    struct store *store; /* set before the first pass, and grace_us */
    struct files *files;
    int64_t grace_us;
    bool away;             /* outbound thread: a pass is under way */
    _Atomic bool stopping; /* ends it early; any thread */
    int64_t removed;       /* by the last pass; when not away */

    struct file_job job; /* the file thread's while away, and below */
    struct blob_store *blobs;
    int64_t now_us;
    char ids[ORPHANS_PAGE][CRYPT_ID_TEXT_BYTES];
    bool known[ORPHANS_PAGE];
    size_t count;
};

/* Outbound thread; nothing when one is under way or the file queue is full. */
void orphans_sweep(struct orphans *orphans, int64_t now_us);

#endif
