/* proof — two finished photos compared where they must be equal: face, person, plain background, and nowhere else.
 *
 * Between person and background lies a band where mattes differ and hands may repair; it belongs to no zone.
 * Differences are averaged over 3×3 pixels of one zone first: JPEG noise mostly cancels there, what a hand does is
 * larger.
 *
 * Pure; any thread. Planes and images are of the finished size; outputs are malloc'd, the caller releases them. */
#ifndef XY_WORKERS_PROOF_H
#define XY_WORKERS_PROOF_H

#include "workers/geometry.h"
#include "workers/image.h"

/* In ascending order of how much they matter; values of a zones plane. */
enum proof_zone { PROOF_BAND, PROOF_WALL, PROOF_PERSON, PROOF_FACE };

#define PROOF_FACE_GROWTH 0.12 /* of the hull's size, to every side: brows to chin, ears */

/* From the alpha of the finished photo (another size is scaled) and its landmarks. PERSON is what is surely person and
 * further than band_px from anything else; WALL likewise; FACE is the landmarks' hull grown, without what the alpha
 * calls background and the 5 px beside that. BUSY when there is no memory. */
enum err proof_zones(const struct plane *alpha, const struct face_landmarks *marks, int32_t width_px, int32_t height_px,
                     double band_px, struct plane *zones);

struct proof_difference {
    double mean, max;     /* 0..255, of the channel that differs most; 0 where the zone is empty */
    int32_t max_x, max_y; /* where the largest is */
    struct face_box over; /* around all pixels beyond the limit; width 0: none */
    int64_t over_count;
    int64_t count; /* pixels of the zone */
};

/* a and b in the zones `from` and above. */
void proof_differ(const struct image *a, const struct image *b, const struct plane *zones, enum proof_zone from,
                  double limit, struct proof_difference *out);
/* the same in one zone only */
void proof_differ_in(const struct image *a, const struct image *b, const struct plane *zones, enum proof_zone zone,
                     double limit, struct proof_difference *out);

/* The mean alone over PERSON and FACE, from every third pixel each way: for comparing many candidates. */
double proof_mean(const struct image *a, const struct image *b, const struct plane *zones);

/* The largest difference of any channel from a colour, over the JPEG blocks that lie in the zone WALL altogether (an
 * edge rings through its block); *x and *y: where. */
int proof_wall_error(const struct image *photo, const struct plane *zones, const unsigned char colour[3], int32_t *x,
                     int32_t *y);

/* How the colours of b follow those of a over the zones PERSON and FACE: b ≈ gain · a + offset, per channel, and how
 * well (correlation of grey, −1..1; 0 when there is nothing to see). */
struct proof_tone {
    double gain[3], offset[3], correlation;
};
void proof_tone(const struct image *a, const struct image *b, const struct plane *zones, struct proof_tone *out);

/* Fine detail of b / of a in one zone: the standard deviation of what a 3×3 mean removes, edges left out. Smoothed skin
 * is clearly below 1 in FACE. NAN when there is nothing to see. */
double proof_detail(const struct image *a, const struct image *b, const struct plane *zones, enum proof_zone zone);

/* Another version's matte may have cut deeper: where b is a mixed with the background's colour, outside of the
 * landmarks' own hull, the place and some pixels around it leave their zone. Returns their share of PERSON and
 * FACE. */
double proof_forgive_holes(const struct image *a, const struct image *b, const unsigned char colour[3],
                           const struct face_landmarks *marks, struct plane *zones);

#endif
