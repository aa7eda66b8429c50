/* warmup — every code path that lets a library open a file, load a module or start a helper, once, before the sandbox.
 *
 * Each lane runs it: some libraries keep their first-time state per thread. */
#ifndef XY_WORKERS_WARMUP_H
#define XY_WORKERS_WARMUP_H

#include "workers/jobs.h"

/* Encodes, decodes, searches, compares and prints a drawn picture. False and one phrase in `why` when a step cannot
 * work at all. */
bool warmup(struct job_tools *tools, char why[JOB_WHY_BYTES]);

#endif
