/* measure_clothes — do the clothes look like the background they are put on? From the matte, before it is put there.
 *
 * Pure; any thread; no memory of its own. */
#ifndef XY_WORKERS_MEASURE_CLOTHES_H
#define XY_WORKERS_MEASURE_CLOTHES_H

#include "workers/geometry.h"
#include "workers/matte.h"

#define CLOTHES_ALIKE 25.0 /* ΔE: measured 0 on ordinary clothes, 0.07–0.34 of the area on blue and white shirts */

struct clothes {
    double alike;       /* share of the clothes closer than CLOTHES_ALIKE to `background`; NAN: no clothes in sight */
    struct face_box at; /* where those pixels lie, in pixels of the matte's frame; width 0: nowhere */
};

/* `head` in the matte's frame. Clothes are what is surely person below the chin; every fourth pixel is looked at. */
void measure_clothes(const struct matte *matte, const struct head *head, const unsigned char background[3],
                     struct clothes *out);

/* ΔE between `background` and the middle colour of the finished photo's upper corners, where nobody is. */
double measure_backdrop(const struct image *photo, const struct head *head, const unsigned char background[3]);

#endif
