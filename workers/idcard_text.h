/* idcard_text — one line of print on a flat card: where it is exactly, and its pixels as a reader likes them.
 *
 * Black print is told from coloured labels and coloured ground by the brightest channel; the ground is divided out, so
 * that shade and lamp matter little. Pure; any thread; planes are malloc'd: plane_release. */
#ifndef XY_WORKERS_IDCARD_TEXT_H
#define XY_WORKERS_IDCARD_TEXT_H

#include "base/base.h"
#include "base/err.h"
#include "workers/idcard_warp.h"

/* How a line is prepared for a reading. Different preparations fail differently: that is what they are for. */
struct card_print {
    int32_t height_px; /* of the characters */
    double margin;     /* around them, in their heights */
    double shift;      /* of the cut downwards, in their heights */
    bool two_tone;     /* black and white by the local ground, instead of grey */
};

/* Looks for a line of black print in `where` (card coordinates; higher than the line itself) and narrows it down to
 * the characters. `found` false: there is no such line. BUSY when there is no memory. */
enum err card_line_of_print(const struct image *picture, const struct card_plane *plane,
                            const struct resample_area *where, struct resample_area *line, bool *found);

/* The line, cut from the picture in one step. BUSY when there is no memory. */
enum err card_print_cut(const struct image *picture, const struct card_plane *plane, const struct resample_area *line,
                        const struct card_print *how, struct plane *out);

#endif
