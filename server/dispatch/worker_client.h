/* worker_client — starting an image worker and talking to it from a thread that may wait.
 *
 * worker_spawn is the one way to start a worker: the event-loop supervisor (compute) uses it too. The child gets stdin
 * and stdout on /dev/null, our stderr, one end of a socket pair as fd 3, no other descriptor, and a small environment
 * in which the BLAS kernel is chosen by cpuid (OpenBLAS in Debian 12 takes SSE3 kernels on CPUs it does not know: half
 * the speed) with one BLAS thread. Nothing of our own environment passes but LANG, TZ and sanitizer options.
 *
 * The blocking client is for the command line, benches and tests: one owner, one thread; several jobs may be in flight
 * and answers come in any order. Links base and workers/protocol only. */
#ifndef XY_DISPATCH_WORKER_CLIENT_H
#define XY_DISPATCH_WORKER_CLIENT_H

#include "base/base.h"
#include "base/err.h"
#include "workers/protocol.h"

#include <sys/types.h>

struct worker_spawn_options {
    const char *worker_path;    /* NULL: xueying-worker (-v3 where the CPU has AVX2) beside the running program */
    const char *models_folder;  /* NULL: $XUEYING_MODELS, else models/ beside the running program */
    const char *landmarks_path; /* NULL: in the models folder, else Debian's libdlib-data */
    int threads;                /* 1.. */
    int job_wall_ms;            /* 0: the worker's own default, 15 s; beyond it the worker ends itself */
    int job_memory_mib;         /* 0: the worker's own default, 512 per thread */
    bool allow_heic;            /* HEIC photos are decoded instead of refused */
    bool allow_fault_jobs;      /* tests only */
};

/* Starts the process; *fd is our end (close-on-exec, blocking). The caller reaps *pid and closes *fd; closing it ends
 * the worker. NOT_FOUND: no such program; STORAGE: the system has no more processes or descriptors. Models that are
 * missing show as an early end of the stream (exit code 4). Any thread. */
enum err worker_spawn(const struct worker_spawn_options *options, pid_t *pid, int *fd);

/* The value of OPENBLAS_CORETYPE for this CPU; NULL when the library may choose. Static. */
const char *worker_blas_core(void);

struct worker_client {
    pid_t pid;
    int fd; /* -1: not running */
    uint64_t last_job_id;
    struct frame ready; /* what it said first; part 0 JSON */
};

#define WORKER_READY_TIMEOUT_MS 30000

/* Spawns and waits until it is ready. On failure everything is cleaned up; WORKER: it ended before being ready. */
enum err worker_client_start(struct worker_client *client, const struct worker_spawn_options *options);

/* Sends a job; part 0 is the JSON, the others follow. *job_id identifies the answer. WORKER: the worker is gone. */
enum err worker_client_submit(struct worker_client *client, const struct part *parts, size_t part_count,
                              uint64_t *job_id);

/* The next answer of any job; release it with frame_release. WORKER: it ended (then worker_client_stop, start anew);
 * UPSTREAM_UNKNOWN: nothing within timeout_ms (the worker is then unusable too). */
enum err worker_client_receive(struct worker_client *client, int timeout_ms, struct frame *answer);

/* Submits one job and waits for its answer; nothing else may be in flight. */
enum err worker_client_run(struct worker_client *client, const struct part *parts, size_t part_count, int timeout_ms,
                           struct frame *answer);

/* Ends the worker (by closing the socket, after 2 s by SIGKILL) and reaps it; *status as from waitpid, may be NULL.
 * Harmless when it is not running. */
void worker_client_stop(struct worker_client *client, int *status);

#endif
