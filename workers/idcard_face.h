/* idcard_face — where a card must lie if the face in the picture is the one printed on it.
 *
 * For cards whose border cannot be seen: white on white, held by fingers, cut off. The picture is searched in its four
 * quarter turns; distance and tilt of the eyes give size and turn of the card, without perspective. Rough: the number's
 * line must still be found there. One lane at a time per context. */
#ifndef XY_WORKERS_IDCARD_FACE_H
#define XY_WORKERS_IDCARD_FACE_H

#include "workers/faces.h"
#include "workers/idcard_warp.h"

#define CARD_FACE_QUADS_MAX 3 /* one face, three guesses of the card's size */

struct card_face_quads {
    size_t count;
    struct card_quad items[CARD_FACE_QUADS_MAX]; /* upright, in pixels of the picture; may reach over its edges */
};

/* count 0: no face in any turn. BUSY when there is no memory, WORKER when the detector failed. */
enum err card_quads_by_face(struct face_context *context, const struct image *picture, struct card_face_quads *out);

#endif
