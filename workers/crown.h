/* crown — the top of the hair: in a mask, or seen against a plain wall.
 *
 * Landmarks end at the brows; hair styles differ by half a head. crown_in_mask looks where the person ends above the
 * face; crown_find, for photos without a mask, takes the first row that differs from a plain wall. When neither can be
 * seen the estimate of geometry_head stays, but not above the picture. Pure; any thread. */
#ifndef XY_WORKERS_CROWN_H
#define XY_WORKERS_CROWN_H

#include "workers/geometry.h"
#include "workers/image.h"

/* The top of what is person from the eyes upwards, to a fraction of a mask pixel. `mask` covers `area`, in the pixels
 * that `head` is in. Sets crown_y and crown_found; crown_y 0 or below means that the area's upper edge cuts the hair:
 * then crown_y is that edge. Leaves head alone when the eyes are not in the mask. */
void crown_in_mask(const struct plane *mask, const struct resample_area *area, struct head *head);

/* Sets head->crown_y and head->crown_found when it can be seen. crown_y 0 means the picture cuts the hair. */
void crown_find(const struct image *source, struct head *head);

#endif
