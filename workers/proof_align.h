/* proof_align — by which small turn, scaling and shift does one picture lie on another?
 *
 * Least squares over the grey values of the zones PERSON and FACE (Gauss–Newton, coarse to fine): finds turns up to
 * some 5° and shifts up to some 10 px, to about 0.05° and 0.05 px. What is not a small motion ends anywhere; the caller
 * compares before and after. Pure; any thread. */
#ifndef XY_WORKERS_PROOF_ALIGN_H
#define XY_WORKERS_PROOF_ALIGN_H

#include "workers/image.h"

struct proof_motion {
    double degrees, scale;    /* scale 1: same size; degrees > 0: clockwise on the screen */
    double right_px, down_px; /* of the picture's middle */
};

/* How `from` must be moved to lie on `onto`; both of the zones' size. BUSY when there is no memory. */
enum err proof_align(const struct image *from, const struct image *onto, const struct plane *zones,
                     struct proof_motion *motion);

/* `from` moved so; bilinear, edges repeated. BUSY when there is no memory. */
enum err proof_moved(const struct image *from, const struct proof_motion *motion, struct image *out);

/* `from` mirrored at the column x. BUSY when there is no memory. */
enum err proof_mirrored(const struct image *from, double x, struct image *out);

#endif
