/* bench_photo — `xueying bench photo`: a phone's 12-megapixel JPEG becomes the standard photo with its whole report,
 * against plain libvips (decode, resize, JPEG) and dlib's bare detector and landmarks on the same file.
 *
 * Rows: photo_12mpx (our time / floor's time, one lane), photo_scaling (photos per second of two lanes / one),
 * photo_lane_memory (resident MiB that the second lane costs after the same work). Runs of both sides are interleaved,
 * medians taken. Needs the sample photographs, the models and xueying-photo-floor beside the program. Main thread. */
#ifndef XY_BENCH_PHOTO_H
#define XY_BENCH_PHOTO_H

#include "bench_server.h"

bool bench_photo(struct bench_report *report);

#endif
