/* lane — the worker's threads: each takes one job at a time from a bounded queue and sends its answer itself.
 *
 * Until a job runs over its time nothing is shared between lanes but the queue, the models (read-only) and the
 * socket's write lock. A memory error in one lane is a memory error of the process: the server's supervisor restarts
 * it and retries the jobs that were inside, one at a time.
 *
 * Threads: lanes_start, lanes_submit and lanes_overrun belong to the main thread. Lanes live until the process ends;
 * there is no stop. A submitted frame belongs to the lanes. */
#ifndef XY_WORKERS_LANE_H
#define XY_WORKERS_LANE_H

#include "base/base.h"
#include "workers/jobs.h"
#include "workers/protocol.h"

#define LANES_MAX             64
#define LANE_QUEUE_PER_THREAD 4

struct lanes_options {
    int threads; /* 1..LANES_MAX */
    int fd;      /* answers go here */
    const struct face_models *models;
    const struct mask_model *mask; /* NULL: there is none */
    const struct job_versions *versions;
    bool allow_faults;
};

struct lanes;

/* Starts the threads and returns when each has warmed up (so that no library opens anything later) and put itself
 * under Landlock. NULL and one sentence in `why` when a lane cannot work; *landlock says whether it holds. */
struct lanes *lanes_start(const struct lanes_options *options, bool *landlock, char why[JOB_WHY_BYTES]);

/* Queues a job; false when the queue is full, and the frame stays the caller's. */
bool lanes_submit(struct lanes *lanes, struct frame *request);

/* The job that has been running for longer than wall_us or has used more than cpu_us of CPU; 0 when none. */
uint64_t lanes_overrun(struct lanes *lanes, int64_t wall_us, int64_t cpu_us);

/* Sends under the write lock; false when the server is gone. Any thread. */
bool lanes_send(struct lanes *lanes, const struct frame *frame);

#endif
