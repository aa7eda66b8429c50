/* files — sealed objects for a thread that may not wait.
 *
 * A few threads of their own open, seal and remove objects (blob/blob.h), and run longer work on them such as building
 * a package. Bounded: more than queue_max waiting jobs are refused. Done callbacks run on the thread that drains the
 * home mailbox; each accepted job calls back exactly once. While a job is away, all that it points to, its arena
 * included, belongs to the file thread. */
#ifndef XY_DISPATCH_FILES_H
#define XY_DISPATCH_FILES_H

#include "base/lane_pool.h"
#include "blob/blob.h"

struct files;

struct file_job {
    struct lane_job lane; /* the pool's while away */
    struct files *files;
    enum err (*run)(struct blob_store *blobs, struct file_job *job); /* on a file thread */
    void (*done)(struct file_job *job);                              /* at home */
    void *owner;                                                     /* the caller's */
    enum err result;

    const char *id;         /* of the object */
    const void *sealed_key; /* read */
    size_t sealed_key_len;
    void *bytes; /* write: in, stays the caller's; read: out, malloc'd: free() it; NULL on error */
    size_t len;
    struct arena *arena; /* write: ref lies here */
    struct blob_ref ref; /* write: out */
};

struct files *files_start(struct blob_store *blobs, struct mailbox *home, size_t threads, size_t queue_max);
void files_stop(struct files *files); /* runs what is queued; the callbacks still come through the mailbox */

/* BUSY: not taken, still yours. */
enum err files_read(struct files *files, struct file_job *job);  /* id, sealed_key → bytes: as blob_get */
enum err files_write(struct files *files, struct file_job *job); /* id, bytes, arena → ref: as blob_put */
enum err files_run(struct files *files, struct file_job *job);   /* run is set: anything that may wait */

#endif
