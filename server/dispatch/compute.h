/* compute — the image worker, supervised: jobs go in, answers or a plain reason come out, the process may die.
 *
 * One xueying-worker runs at a time. It gets a bounded number of jobs at once; the others wait here. When it dies, what
 * was inside is suspect: each suspect job runs again alone, and one that ends the worker a second time is poison and
 * comes back for parking. A job that does not answer in time costs the worker its life too, but only that job is
 * suspect. The worker is started again after a pause that doubles while it keeps failing.
 *
 * A job that yields (a camera frame) never stands in the way of the others: it is handed over only while nothing else
 * waits and a lane is free, with two lanes or more one always stays free of such jobs, and one that found no lane in
 * time, or was inside when the worker ended, is given back instead of run later.
 *
 * Thread: outbound (the loop given), except compute_stats. Callbacks come on that thread, exactly once per accepted
 * job, never from inside compute_submit. A job and what it points to must stay as they are until then. */
#ifndef XY_COMPUTE_H
#define XY_COMPUTE_H

#include "base/arena.h"
#include "base/json.h"
#include "dispatch/worker_client.h"
#include "workers/protocol.h"

#include <uv.h>

struct compute;

#define COMPUTE_WHY_BYTES   160
#define COMPUTE_KILLS_MAX   2     /* a job that ended the worker this often is poison */
#define COMPUTE_PATIENCE_MS 15000 /* a job waits this long for a worker that does not come up, then WORKER */
#define COMPUTE_YIELD_MS    800   /* a job that yields waits this long for a lane, then GONE with BUSY */
#define COMPUTE_YIELD_MAX   64    /* of them at a time; more → BUSY */

struct compute_options {
    struct worker_spawn_options worker; /* strings outlive compute */
    size_t queue_max;                   /* jobs accepted and not answered; more → BUSY */
    int64_t job_timeout_ms;             /* from handing over to the answer */
    int64_t restart_pause_ms;           /* first pause; doubles up to 64 times that. 0: 100 */
};

enum compute_end {
    COMPUTE_ANSWERED, /* answer is set */
    COMPUTE_REFUSED,  /* the worker said no: error and why */
    COMPUTE_POISON,   /* it ended the worker twice */
    COMPUTE_GONE      /* no worker or no lane for too long, or we are stopping: try again later */
};

struct compute_job {
    struct part parts[PROTOCOL_PARTS_MAX]; /* part 0 is JSON with "kind"; see workers/jobs.h */
    size_t part_count;
    void (*done)(struct compute_job *job);
    void *owner; /* the caller's */
    bool yields;

    enum compute_end end;        /* out, and below */
    struct frame answer;         /* ANSWERED: release it with frame_release */
    enum err error;              /* REFUSED: the worker's code; others ERR_WORKER */
    char why[COMPUTE_WHY_BYTES]; /* one English sentence without personal data */

    struct compute_job *next; /* compute's from here on */
    uint64_t job_id;
    int64_t since_us; /* waiting, later running, on the monotonic clock */
    int kills;
};

/* The worker is started at once; compute waits for it without being asked. */
struct compute *compute_start(uv_loop_t *loop, const struct compute_options *options);
/* Ends the worker, gives every job back as GONE, closes the handles; then `closed` is called and compute is freed. */
void compute_stop(struct compute *compute, void (*closed)(void *arg), void *arg);

/* BUSY: not taken, still yours. TOO_LARGE: no frame can carry it. */
enum err compute_submit(struct compute *compute, struct compute_job *job);

/* The n-th byte part of an answer (1 = first behind the JSON); false when absent. */
bool compute_part(const struct compute_job *job, size_t n, struct part *part);

struct compute_stats {
    bool ready;
    int64_t pid; /* 0: none */
    int64_t starts, crashes, timeouts, answered, refused, poison;
    int64_t in_flight, waiting;
    char versions[1024]; /* the worker's own words at start: a JSON object, or "" */
};
void compute_stats(struct compute *compute, struct compute_stats *stats); /* any thread */

#endif
