/* bench_bare — the bare loops that `xueying bench` compares with: programs beside this one that are asked on stdin, a
 * line each, and answer with a number. For bench only; one owner. */
#ifndef XY_BENCH_BARE_H
#define XY_BENCH_BARE_H

#include "base/base.h"

#include <sys/types.h>

struct bench_bare {
    pid_t pid;
    FILE *ask, *answer;
};

/* "<folder of the running program>/<name>"; false when it does not fit. */
bool bench_beside(const char *name, char *path, size_t size);

/* A file of the sample photographs: $XUEYING_SAMPLES, ../shared/samples beside the checkout, or the same seen from the
 * build folder. False when it is not there. */
bool bench_sample(const char *name, char *path, size_t size);

/* Starts args[0] with one BLAS thread; blas_core NULL leaves the kernel to the library. */
bool bench_bare_start(struct bench_bare *floor, char **args, const char *blas_core);

/* One request, one number; 0 when the program failed. */
double bench_bare_ask(struct bench_bare *floor, const char *format, ...) __attribute__((format(printf, 2, 3)));

void bench_bare_stop(struct bench_bare *floor); /* its stdin ends, so does it; harmless on a zeroed one */

#endif
