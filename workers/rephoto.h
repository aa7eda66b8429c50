/* rephoto — does the skin carry a regular pattern, as the pixels of a screen and the dots of a print leave it?
 *
 * The mean power spectrum of small windows over the face; a photographed grid stands out as a sharp peak above its
 * neighbourhood, pores and stubble do not. The frequencies on the two axes and those of JPEG's blocks are left out.
 * Measured (xueying bench photo-checks): see limits.def. It finds coarse screens and prints only; a fine screen, a
 * slightly blurred shot, a photo-lab print leave nothing. Never more than a hint.
 *
 * Pure; any thread; 64 KB of scratch on the heap; 1–3 ms. */
#ifndef XY_WORKERS_REPHOTO_H
#define XY_WORKERS_REPHOTO_H

#include "base/err.h"
#include "workers/geometry.h"
#include "workers/image.h"

struct rephoto {
    double peak;      /* the sharpest peak / its neighbourhood; NAN: the face is too small to tell */
    double period_px; /* of that peak, in pixels of `source` */
};

/* `source` as decoded, unscaled as far as possible: scaling removes the pattern. BUSY when there is no memory. */
enum err rephoto_measure(const struct image *source, const struct face_landmarks *marks, struct rephoto *out);

#endif
