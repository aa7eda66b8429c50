/* crown — the top of the hair, seen against a plain wall.
 *
 * Landmarks end at the brows; hair styles differ by half a head. Where the wall beside the head is plain, the first row
 * above the face that differs from it is the crown. Otherwise the estimate of geometry_head stays, but not above the
 * picture. Pure; any thread. */
#ifndef XY_WORKERS_CROWN_H
#define XY_WORKERS_CROWN_H

#include "workers/geometry.h"
#include "workers/image.h"

/* Sets head->crown_y and head->crown_found when it can be seen. crown_y 0 means the picture cuts the hair. */
void crown_find(const struct image *source, struct head *head);

#endif
