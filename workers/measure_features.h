/* measure_features — numbers about skin, brows and eyes, from the face brought to MEASURE_EYE_DISTANCE_PX.
 *
 * No opinions: limits.def has those. Pure; any thread; no memory of its own. NAN: cannot be measured here. */
#ifndef XY_WORKERS_MEASURE_FEATURES_H
#define XY_WORKERS_MEASURE_FEATURES_H

#include "workers/geometry.h"
#include "workers/image.h"

struct face_features {
    double colour_off;  /* how far the cheeks' mean a, b of CIELAB lies outside of skin's (5..25, 5..35); 0: inside */
    double brows_shown; /* share of skin in the band just above the brows; the rest is hair, or shadow */
    double red_eye;     /* share of the redder pupil that is flash red */
    double eye_glare;   /* share of an eye's box that is white (all channels above 235) beyond the cheek's share */
};

/* `face` shows the head with these landmarks at an eye distance of MEASURE_EYE_DISTANCE_PX. */
void measure_features(const struct image *face, const struct face_landmarks *marks, const struct head *head,
                      struct face_features *out);

#endif
