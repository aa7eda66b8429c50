/* lane_pool — threads for work that blocks: password hashing, sealing and opening files.
 *
 * A fixed number of threads take jobs from one bounded queue, in order. When a job has run, it is posted to its home
 * mailbox, so done() runs on the thread that owns it. Never libuv's pool: four Argon2 hashes there would stop every
 * look-up and file read of the process. */
#ifndef XY_LANE_POOL_H
#define XY_LANE_POOL_H

#include "base/base.h"
#include "base/err.h"
#include "base/mailbox.h"

struct lane_pool;

struct lane_job {
    struct message message; /* the pool's while it is away */
    struct mailbox *home;
    void (*run)(struct lane_job *job);  /* on a lane thread; sets result */
    void (*done)(struct lane_job *job); /* on the thread that drains `home`; the job is yours again */
    enum err result;
    struct lane_job *next;
};

struct lane_pool *lane_pool_start(size_t threads, size_t queue_max);
/* Finishes what is queued, then joins. Nothing may be submitted any more. NULL is fine. */
void lane_pool_stop(struct lane_pool *pool);

/* Any thread. BUSY: `queue_max` jobs wait; the job is still yours. */
enum err lane_pool_submit(struct lane_pool *pool, struct lane_job *job);
size_t lane_pool_waiting(struct lane_pool *pool);

#endif
