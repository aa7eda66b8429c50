/* verify_measure — the numbers behind a verification: the finished file against what it should be. verify.c judges
 * them.
 *
 * Pure; any thread. */
#ifndef XY_WORKERS_VERIFY_MEASURE_H
#define XY_WORKERS_VERIFY_MEASURE_H

#include "workers/proof.h"
#include "workers/proof_align.h"

struct verify_numbers {
    struct proof_difference face, person; /* person: hair, neck and clothes, without the face */
    double mirrored_mean;                 /* of face and person, if the original were mirrored */
    struct {
        double degrees, mean;
    } turned[6];                     /* … turned */
    struct proof_motion motion;      /* what fits best … */
    double mean, moved_mean;         /* face and person as they are; after that motion */
    struct proof_tone tone;          /* after that motion */
    double detail, detail_elsewhere; /* of the face; of hair, neck and clothes */
    int background_error, background_x, background_y;
};

/* `expected` and `photo` are of one size and went through JPEG once. `limit`: what counts as over in the differences.
 * BUSY when there is no memory. */
enum err verify_measure(const struct image *expected, const struct image *photo, const struct plane *zones,
                        const unsigned char colour[3], double limit, struct verify_numbers *out);

/* Members of an open object. */
void verify_measure_write(struct buf *b, const struct verify_numbers *numbers);

#endif
