/* extend — what to show where the frame reaches beyond the source.
 *
 * On a plain wall the edge is continued, smoothed along itself; next to hair, clothes or curtains that would draw
 * stripes, so those sides get one flat colour instead. Either way the report's missing_* checks name the side. Pure. */
#ifndef XY_WORKERS_EXTEND_H
#define XY_WORKERS_EXTEND_H

#include "workers/geometry.h"
#include "workers/image.h"

struct extended {
    bool edges, flat; /* some side was continued, some side was filled */
};

struct extended extend_missing(struct image *photo, const struct placement *placement, const unsigned char colour[3]);

#endif
