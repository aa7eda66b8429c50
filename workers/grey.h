/* grey — pictures as planes, and what a code reader tries on one it cannot read: other sizes, softer, more contrast,
 * inverted, cut.
 *
 * On struct plane (image.h), 0 black … 255 white. Every function makes a new plane, which the caller releases with
 * plane_release; BUSY when there is no memory, then *out is zeroed. Deterministic, no threads, any thread. */
#ifndef XY_WORKERS_GREY_H
#define XY_WORKERS_GREY_H

#include "workers/image.h"

/* Luma as ITU-R BT.601 weighs it: that is what screens and cameras of phones mean by grey. */
enum err grey_of(const struct image *picture, struct plane *out);

/* Both sides times `times`, at least one pixel: the average of what a pixel covers when reducing, bilinear when
 * enlarging. */
enum err grey_scale(const struct plane *from, double times, struct plane *out);

/* Gaussian, sigma_px 0.3..5; edges repeated. */
enum err grey_blur(const struct plane *from, double sigma_px, struct plane *out);

/* What a blur of sigma_px took away is put back `amount` times (unsharp mask): pictures out of focus. */
enum err grey_sharpen(const struct plane *from, double sigma_px, double amount, struct plane *out);

/* Black and white are stretched to what lies within `reach_px` of each pixel: shadows, glare and grey prints. */
enum err grey_stretch(const struct plane *from, int32_t reach_px, struct plane *out);

enum err grey_invert(const struct plane *from, struct plane *out);

/* The rectangle, cut to what lies inside the picture; UNREADABLE when nothing does. */
enum err grey_cut(const struct plane *from, int32_t x_px, int32_t y_px, int32_t width_px, int32_t height_px,
                  struct plane *out);

#endif
