/* idcard_look — what a flat card looks like: light, reflections, colour, sharpness, and which side it shows.
 *
 * Numbers against idcard_warnings.def. Each is measured on the flat card, so that distance and angle do not matter.
 * Pure; any thread. */
#ifndef XY_WORKERS_IDCARD_LOOK_H
#define XY_WORKERS_IDCARD_LOOK_H

#include "base/buf.h"
#include "workers/idcard_warp.h"

enum card_warning {
#define CARD_WARNING(id, unit, decimals, below, above, fix_zh, fix_en, short_zh, short_en) CARD_WARNING_##id,
#include "workers/idcard_warnings.def"
#undef CARD_WARNING
    CARD_WARNING_COUNT
};

struct card_look {
    double measured[CARD_WARNING_COUNT]; /* NAN: not measured */
};

/* `picture` is reduced by original_per_px from what was sent; sides_seen says how many sides of the border were found.
 * BUSY when there is no memory. */
enum err card_look_at(const struct image *picture, const struct card_plane *plane, const struct card_quad *quad,
                      double original_per_px, int sides_seen, struct card_look *look);

bool card_look_warns(const struct card_look *look); /* any */
bool card_warning_holds(const struct card_look *look, enum card_warning id);

/* Writes the member "checks": a list of {"id","measured","unit","allowed":{"min","max"},"verdict","fix_zh","fix_en",
 * "short_zh","short_en"}, verdict pass | warn. */
void card_look_write(struct buf *b, const struct card_look *look);

/* Is this, upright, the side with the emblem? */
enum err card_shows_emblem(const struct image *picture, const struct card_plane *plane, bool *emblem);

#endif
