/* sandbox — what is left to the worker once its models are loaded: compute, talk on one socket, nothing else.
 *
 * Three belts: rlimits (memory, CPU, no files written, no core), Landlock (no file system), seccomp (an allow-list of
 * about thirty calls; everything else fails with EPERM, so that a library that probes for a file degrades instead of
 * dying). New processes, sockets, files and executable memory are out of reach. Libraries must have opened all they
 * need before. Where the kernel lacks a belt, *warning names it, once; the others still hold.
 *
 * Order: each lane calls sandbox_thread after its warm-up (Landlock is per thread); then the main thread calls
 * sandbox_process, which covers all threads. Nothing is undone. */
#ifndef XY_WORKERS_SANDBOX_H
#define XY_WORKERS_SANDBOX_H

#include "base/base.h"

#define SANDBOX_WARNING_BYTES 160
#define SANDBOX_CPU_S         60 /* a process that burns this much without coming back to its main loop is killed */

struct sandbox_state {
    bool landlock, seccomp, memory_limit; /* what holds */
};

/* False when the kernel has no Landlock. */
bool sandbox_thread(void);

/* memory_bytes: how much address space may be added to what is in use now. */
void sandbox_process(size_t memory_bytes, struct sandbox_state *state, char warning[SANDBOX_WARNING_BYTES]);

/* Main loop, often: allows the next SANDBOX_CPU_S seconds of CPU from now on. */
void sandbox_cpu_renew(void);

#endif
