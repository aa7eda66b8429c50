/* bench_face — `xueying bench face`: face pairs per second through the worker process against the loop one writes with
 * Debian's libvips, dlib and OpenBLAS as they come (tests/bench/face_floor.cc).
 *
 * Rows: face_pairs (one lane / one thread of the loop), face_pairs_2 (two / two), face_scaling (two lanes / one lane);
 * ratio = ours / raw. The loop decodes to 640 px, looks for faces there, and runs dlib's own landmarks and forward
 * pass; both sides have the same photographs and one BLAS thread; runs are interleaved and the medians taken. Then,
 * over all pairs of sample photographs: face_distance_difference (our descriptor against dlib's own pass on the same
 * chips, the largest difference of a distance, in millionths), face_verdicts (pairs on which both pipelines agree
 * whether it is one person, at 0.6) and face_bands (… that lie in the same of the product's three bands; shown, no
 * goal: pairs near a border cross it with any other decoder).
 *
 * Needs the sample photographs, the models, Debian's libdlib-data and xueying-face-floor beside the program; says what
 * is missing and returns false otherwise. Main thread. */
#ifndef XY_BENCH_FACE_H
#define XY_BENCH_FACE_H

#include "bench_server.h"

bool bench_face(struct bench_report *report);

/* `xueying bench peers`: one lane against @vladmandic/face-api in Node (TensorFlow.js, WebAssembly; tools/dev
 * bench-peers installs it beside the program), runs interleaved as above. Rows: peer_ssd, with the package's default
 * detector, and peer_tiny, with its faster one, which needs larger faces. Our side decodes the photographs, the peer is
 * given pixels of 640 px. Needs what bench_face needs. */
bool bench_peers(struct bench_report *report);

#endif
