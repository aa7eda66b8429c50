/* bench_bare — the two sides of a bench over photographs: the bare loops (programs that are asked on stdin, a line
 * each, and answer with a line), and our own worker kept busy. For bench only; one owner. */
#ifndef XY_BENCH_BARE_H
#define XY_BENCH_BARE_H

#include "base/base.h"
#include "dispatch/worker_client.h"

#include <sys/types.h>

struct bench_bare {
    pid_t pid;
    FILE *ask, *answer;
};

/* "<folder of the running program>/<name>"; false when it does not fit. */
bool bench_beside(const char *name, char *path, size_t size);

/* A file or pattern of the sample photographs, in $XUEYING_SAMPLES, ../shared/samples beside the checkout, or the same
 * seen from the build folder. False when there are none. */
bool bench_sample(const char *name, char *path, size_t size);

#define BENCH_LINE_BYTES 128

/* Starts args[0] (with PATH) with one BLAS thread; blas_core NULL leaves the kernel to the library. */
bool bench_bare_start(struct bench_bare *bare, char **args, const char *blas_core);

/* One request, one line; false when the program failed. */
bool bench_bare_line(struct bench_bare *bare, char line[BENCH_LINE_BYTES], const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for an answer that is one number; 0 when the program failed. */
double bench_bare_ask(struct bench_bare *bare, const char *format, ...) __attribute__((format(printf, 2, 3)));

void bench_bare_stop(struct bench_bare *bare); /* its stdin ends, so does it; harmless on a zeroed one */

/* Jobs per second of a worker with `jobs` jobs, `in_flight` of them at a time; 0 when one could not be sent or its
 * answer is not good. submit sends the n-th job. */
struct bench_jobs {
    size_t jobs, in_flight;
    bool (*submit)(void *arg, struct worker_client *client, size_t n);
    bool (*good)(const struct frame *answer);
    void *arg;
};
double bench_jobs_per_s(const struct bench_jobs *bench, struct worker_client *client);

#endif
