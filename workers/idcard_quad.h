/* idcard_quad — which four lines may be a card's border: a short list, best first.
 *
 * Pairs of lines that run nearly alike are combined with pairs that cross them. A candidate lies in the picture, has
 * the card's sides' ratio (1.585) and right angles for a camera of ordinary focal length, and edges where its sides
 * are; one side may be missing. What it is a picture of is not looked at here: the face and the number decide that.
 * Pure; any thread. */
#ifndef XY_WORKERS_IDCARD_QUAD_H
#define XY_WORKERS_IDCARD_QUAD_H

#include "workers/idcard_lines.h"
#include "workers/idcard_warp.h"

#define CARD_QUADS_MAX 10

struct card_candidate {
    struct card_quad quad; /* in the picture that was searched, long side first; which end is up is not known */
    double score;          /* 0..about 2 */
    int unseen_sides;      /* sides that are the picture's own, or only guessed from the other three */
};

struct card_candidates {
    size_t count;
    struct card_candidate items[CARD_QUADS_MAX];
};

/* Best first; none when the picture shows nothing like a card, or there is no memory. */
void card_quads_find(const struct card_lines *lines, struct card_candidates *out);

#endif
