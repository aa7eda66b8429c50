/* photo_faults — makes good photos bad in one known way each, so that every check can be shown what it is for.
 *
 * Pictures stay in memory; what is changed needs the places of the head, in the picture's pixels. "painted" and
 * "simulated" faults look like what they stand for to a measure, not to a person; no claim beyond that is made. */
#ifndef XY_TESTS_PHOTO_FAULTS_H
#define XY_TESTS_PHOTO_FAULTS_H

#include "workers/image.h"

struct places {
    double left_eye_x, left_eye_y, right_eye_x, right_eye_y;
    double crown_y, chin_y;
    double mouth_left, mouth_top, mouth_right, mouth_bottom;
    double face_left, face_right;
};

/* Changes *picture by the fault of that name; false: unknown, or it cannot be made from this picture. */
bool photo_fault(const char *name, double amount, const struct places *places, struct image *picture);

#endif
