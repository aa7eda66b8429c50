/* faces — from a picture to the face that matters: the search ladder around the detector.
 *
 * Looking is cheap on a small copy and exact on the larger picture, so: detect on a copy of side_px, again on one of
 * retry_side_px when nobody was found, and on the doubled picture when it is small. Landmarks and chip come from the
 * largest pixels at hand. Ladder and sizes were measured: 61 of 61 photos at 480, none lost against 1280.
 *
 * One lane at a time per context; pictures belong to the caller. */
#ifndef XY_WORKERS_FACES_H
#define XY_WORKERS_FACES_H

#include "base/base.h"
#include "base/err.h"
#include "workers/face.h"
#include "workers/image.h"

struct faces_options {
    int32_t side_px;         /* long edge of the copy that is searched first */
    int32_t retry_side_px;   /* … and when it shows nobody; 0: no second look */
    int32_t double_below_px; /* a shorter side below this: the doubled picture is the last try */
    bool grey_first;         /* the first look on luminance: faster, fainter (face_detect_grey); colour when in vain */
};

#define FACES_OPTIONS_DEFAULT ((struct faces_options){480, 960, 300, false})
#define FACES_OPTIONS_QUICK   ((struct faces_options){480, 960, 300, true})

/* A smaller face beside the largest one counts as a second person from this share of its width on: card portraits
 * carry a ghost image, and walls carry posters. */
#define FACES_SECOND_SHARE 0.5

/* Weaker detections are usually patterns; measured on the sample portraits, true faces score above 0.4. */
#define FACES_SECOND_SCORE_MIN 0.2

/* All faces, largest first, in the pixels of *picture. When only the doubled picture showed a face, *picture is
 * replaced by it (the old pixels are released) and *scale is 2, else 1. WORKER when the detector failed. */
enum err faces_find(struct face_context *context, struct image *picture, const struct faces_options *options,
                    struct face_boxes *out, int32_t *scale);

/* People in the list by the two thresholds above; 0 when it is empty. */
int32_t faces_people(const struct face_boxes *boxes);

struct face_image faces_view(const struct image *picture); /* borrows */
enum err faces_err(enum face_result result);               /* BUSY for no_memory, else WORKER */

#endif
