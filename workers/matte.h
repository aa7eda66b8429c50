/* matte — from a coarse mask to hair: how much of every pixel is person, and what colour that person has there.
 *
 * Trimap from the mask (sure person, sure wall, unknown between) → what a plain wall's colour knows better: strands
 * beyond the band are freed, flat shade beside the head is wall, wall seen through loops of hair is opened → local
 * colours of person and wall by a masked push-pull pyramid → alpha by projection between the two; a guided filter and
 * the mask's own edge where they are alike or the wall is restless → the wall's colour taken out of the person's.
 * Without a mask the wall's colour makes one; the result says so.
 *
 * Measured over drawn walls of twelve colours and lights: mean alpha error 0.003 of the frame, 0.001 to 0.002 before
 * plain light walls; hard shadows and loose hair before clothes as white as the wall are the worst (0.005 to 0.016).
 * What it cannot do well it reports as doubts, for checks and for people.
 *
 * Works on the frame of the finished photo at MATTE_SCALE times its size. Pure: no network, no library, same bytes on
 * every run; any thread; ~10 MB of scratch per call; outputs are malloc'd and freed by matte_release. */
#ifndef XY_WORKERS_MATTE_H
#define XY_WORKERS_MATTE_H

#include "base/err.h"
#include "workers/geometry.h"
#include "workers/image.h"

#define MATTE_SCALE 1.5 /* a 480×640 photo is matted at 720×960 and reduced 3:2 afterwards */

/* What the matte itself is not sure of. Shares are 0..1; NAN: cannot be measured here. */
struct matte_doubts {
    double low_contrast; /* share of the outline along which person and wall differ by less than 55 (RGB distance) */
    double wall_shadow;  /* L* of the wall far from the head minus L* of its darkest quarter close by, the darker side;
                            ≥ 0; below 5 without a shadow, above 20 with one (5 of 6 drawn; once the mask took it for
                            hair); NAN beside a restless wall */
    double strangers;    /* person-like area not connected to the sitter / the sitter's area */
    double bottom_missing;    /* share of the photo's lowest row between the shoulders where nobody is */
    double shoulder_tilt_deg; /* of the outline left and right of the neck; NAN when hair or frame hides it */
    bool by_wall;             /* no mask was given: the wall's colour decided */
};

struct matte {
    struct plane alpha;      /* the frame's size */
    struct image foreground; /* the frame's size: the person's own colours, wall taken out */
    struct matte_doubts doubts;
};

/* `frame`, `marks` and `head` in the frame's pixels; `mask` of the frame's size or NULL. BUSY when there is no memory.
 */
enum err matte_make(const struct image *frame, const struct plane *mask, const struct face_landmarks *marks,
                    const struct head *head, struct matte *out);

/* The same with an alpha that a person has drawn (the frame's size, or smaller: then it is enlarged): it is taken as it
 * is, only the wall's colour is taken out of the person's. */
enum err matte_with(const struct image *frame, const struct plane *alpha, const struct face_landmarks *marks,
                    const struct head *head, struct matte *out);

/* The person on a plain colour, reduced to width_px × height_px: by means along the outline, by Lanczos inside. Where
 * no covered pixel has alpha, the result is exactly `colour`. BUSY when there is no memory. */
enum err matte_onto(const struct matte *matte, const unsigned char colour[3], int32_t width_px, int32_t height_px,
                    struct image *out);

void matte_release(struct matte *matte); /* harmless on a zeroed one */

#endif
