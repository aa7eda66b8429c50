/* standard — one photo on its way from the student's picture to the standard's: the steps, in order.
 *
 *   decode     as small as the loader can make it for free, again in full when the face turns out to need it
 *   find       the largest face, its landmarks, its head; the first mask, on a wide frame, finds the top of the hair
 *   place      which rectangle becomes the photo (geometry.h); no turning, no mirroring
 *   matte      that rectangle at MATTE_SCALE times the size, second mask, alpha and the person's own colours; what the
 *              source did not have becomes background. When the alpha shows another top of the hair and a window was
 *              missed through it, the photo is placed once more
 *   compose    onto the profile's colour, reduced to the finished size
 *   look       landmarks are found again on the finished photo, and everything is measured (comply.h)
 *
 * standardise.h, retouch.h and verify.h are jobs around this; ledger.h writes down what was done. All members of
 * struct standard are valid after standard_make gave ERR_NONE; when no face was found, photo.rgb is NULL and only
 * source, decoded and report are. One lane at a time; the bytes, profile and alpha are borrowed until the release. */
#ifndef XY_WORKERS_STANDARD_H
#define XY_WORKERS_STANDARD_H

#include "workers/comply.h"
#include "workers/jobs.h"
#include "workers/matte.h"

/* Decoded at first to at least this long edge; most phone photos give the face more pixels than the photo needs. */
#define STANDARD_FIRST_EDGE_PX 1500
/* … and at most this: a face of a sixth of the width still gives 200 px without enlarging. */
#define STANDARD_WORK_EDGE_PX 2880
/* Working frames need this many of the decoded pixels per pixel, else the photo is decoded in full. */
#define STANDARD_DETAIL_MIN 1.0

struct standard_order {
    const struct profile *profile;
    const unsigned char *bytes; /* the student's file */
    size_t len;
    const struct json *circumstances; /* how and when it was taken: capture.h */
    const struct plane *alpha; /* by a person, of the finished photo's size or MATTE_SCALE times it; NULL: ours */
};

struct standard {
    struct standard_order order;
    struct image_source source;
    struct image decoded; /* upright; doubled when the picture was tiny */
    double original_per_px;
    struct face_boxes faces; /* these four in pixels of decoded */
    struct face_landmarks marks;
    struct head head;
    struct placement placement;
    struct image frame; /* the placed rectangle at MATTE_SCALE, with its own background */
    struct head frame_head;
    struct matte matte; /* of frame; alpha is 0 where the source has nothing */
    /* Finished pixels along each edge where the person reaches what the source does not have; 0: only wall is missing,
     * and that is replaced anyway. */
    double cut_left_px, cut_top_px, cut_right_px, cut_bottom_px;
    struct image photo; /* finished */
    struct face_landmarks photo_marks;
    struct head photo_head;
    struct comply report; /* without the size of the file, which only the encoder knows */
};

/* UNSUPPORTED_TYPE, HEIC_OFF, TOO_LARGE, UNREADABLE: the photo; `why` says what. BAD_FIELD: the alpha has another size.
 * BUSY: no memory. WORKER: the detector failed. Release `out` in any case. */
enum err standard_make(struct job_tools *tools, const struct standard_order *order, struct standard *out,
                       char why[JOB_WHY_BYTES]);

void standard_release(struct standard *standard); /* harmless on a zeroed one */

#endif
