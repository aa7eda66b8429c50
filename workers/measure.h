/* measure — numbers about light, sharpness and wall, from pixels. No opinions: limits.def has those.
 *
 * Pure functions over plain pixels; any thread; scratch memory is malloc'd and freed inside. NAN says that the thing
 * cannot be measured in this picture. */
#ifndef XY_WORKERS_MEASURE_H
#define XY_WORKERS_MEASURE_H

#include "base/err.h"
#include "workers/geometry.h"
#include "workers/image.h"
#include "workers/measure_features.h"

/* Every face is brought to this eye distance before its light and sharpness are measured, so that the numbers mean the
 * same for a distant and a close face. */
#define MEASURE_EYE_DISTANCE_PX 120

struct face_light {
    double overexposed;   /* share of the face with linear luminance >= 247 of 255 */
    double underexposed;  /* … <= 25 of 255 */
    double half_lit;      /* darker half's median grey / brighter half's; NAN when turned by more than 8° */
    double dynamic_range; /* entropy of the luminance, bits */
    double sharpness;     /* variance of the Laplacian of grey */
    struct face_features features;
};

/* `source` as decoded, with its landmarks and head. BUSY when there is no memory. */
enum err measure_face(const struct image *source, const struct face_landmarks *landmarks, const struct head *head,
                      struct face_light *out);

struct wall {
    double spread;    /* standard deviation of L* */
    double edges;     /* mean Sobel magnitude of grey */
    double share;     /* of the photo that was taken for wall */
    double colour[3]; /* median RGB */
};

/* The wall in the finished photo: what lies clearly beside the head and above it, without the parts the source did not
 * have. spread and edges are NAN when too little wall shows. */
enum err measure_wall(const struct image *photo, const struct head *head, const struct placement *placement,
                      struct wall *out);

#endif
