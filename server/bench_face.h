/* bench_face — `xueying bench face`: face pairs per second through the worker process against the bare dlib loop.
 *
 * Rows: face_pairs (one lane / one bare thread), face_pairs_2 (two / two), face_scaling (two lanes / one lane); ratio =
 * ours / raw. Both sides do the same work on the same photographs with the same libraries, BLAS kernel and one BLAS
 * thread; runs of both are interleaved and the medians taken. Needs the sample photographs, the models and
 * xueying-face-floor beside the program; says what is missing and returns false otherwise. Main thread. */
#ifndef XY_BENCH_FACE_H
#define XY_BENCH_FACE_H

#include "bench_server.h"

bool bench_face(struct bench_report *report);

#endif
