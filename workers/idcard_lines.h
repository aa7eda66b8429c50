/* idcard_lines — the long straight borders in a picture, found without knowing what they belong to.
 *
 * Edges are where the strongest of the three colour channels changes most along its gradient; they vote in the
 * direction of that gradient only (Hough); the winners are fitted again to the edges near them, and remember where
 * along them edges really are. The picture's own four sides come last: a card that is cut off or scanned ends there.
 * Pure; any thread. */
#ifndef XY_WORKERS_IDCARD_LINES_H
#define XY_WORKERS_IDCARD_LINES_H

#include "base/base.h"
#include "base/err.h"
#include "workers/image.h"

#define CARD_LINES_MAX    48
#define CARD_LINE_BINS    400 /* marks along a line */
#define CARD_LINE_BIN_PX  3.0
#define CARD_LINES_PX_MAX 800 /* long edge of the picture that is searched */

/* The points with x·normal_x + y·normal_y = offset_px; (normal_x, normal_y) has length 1. */
struct card_line {
    double normal_x, normal_y, offset_px;
    double votes;                        /* of the first search; 0 for the picture's own sides */
    bool is_frame;                       /* one of the picture's own sides */
    uint16_t marked[CARD_LINE_BINS + 1]; /* how many marks lie before each bin */
};

struct card_lines {
    int32_t width_px, height_px; /* of the picture */
    size_t count;
    struct card_line items[CARD_LINES_MAX];
};

/* Best first, then the frame's sides. BUSY when there is no memory; the picture's long edge is at most
 * CARD_LINES_PX_MAX. */
enum err card_lines_find(const struct image *picture, struct card_lines *out);

/* Share of the stretch between two points of a line that has an edge; 0..1. */
double card_line_marked(const struct card_line *line, double from_x, double from_y, double to_x, double to_y);

#endif
