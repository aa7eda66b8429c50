/* resample — plain pixels at another size. No libvips: deterministic, no threads, same bytes on every run.
 *
 * Two filters: the box average for looking (detection, previews), Lanczos-3 for the picture people keep. Both average
 * over all source pixels when reducing. Pure; any thread. Outputs are malloc'd, the caller releases them. */
#ifndef XY_WORKERS_RESAMPLE_H
#define XY_WORKERS_RESAMPLE_H

#include "base/base.h"
#include "base/err.h"
#include "workers/image.h"

enum resample_filter { RESAMPLE_BOX, RESAMPLE_LANCZOS };

/* A rectangle of a picture in its own pixels; corners of pixels have whole coordinates. May reach outside: there the
 * edge pixels are repeated. */
struct resample_area {
    double x_px, y_px, width_px, height_px;
};

/* BUSY when there is no memory. width_px and height_px are 1..IMAGE_SIDE_PX_MAX. */
enum err resample(const struct image *from, const struct resample_area *area, int32_t width_px, int32_t height_px,
                  enum resample_filter filter, struct image *out);

/* A plane at another size: box average when reducing, linear when enlarging. BUSY when there is no memory. */
enum err resample_plane(const struct plane *from, int32_t width_px, int32_t height_px, struct plane *out);

/* Box-reduced so that the long edge is long_edge_px; out stays zeroed when it is that small already. */
enum err resample_to_long_edge(const struct image *from, int32_t long_edge_px, struct image *out);

/* Both sides times `times` (2 for faces too small to be found). */
enum err resample_enlarge(const struct image *from, int32_t times, struct image *out);

#endif
