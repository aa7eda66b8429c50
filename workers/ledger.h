/* ledger — what was done to a photo, in order and with numbers, so that anybody can do it again.
 *
 * {"source": {"format","width_px","height_px","orientation","taken_at","size_bytes","sha256"},
 *  "ledger": [{"operation", …}], "versions": {…}} — members of the report, written into an open object.
 *
 *   decode      width_px, height_px (of the pixels worked on), profile_converted
 *   orient      exif (2..8): the only turn there is
 *   crop_scale  x_px, y_px, width_px, height_px of the rectangle in the upright original; scale; filter; crown_from
 *   background  replaced, colour [r,g,b], by "network" | "wall_colour" | "person"; missing_…_px: put where the source
 *               has nothing
 *   retouch     retouch.h
 *   encode      format, width_px, height_px, dpi, quality, size_bytes, sha256
 *
 * What is not listed was not done; nothing else exists (verify.h). */
#ifndef XY_WORKERS_LEDGER_H
#define XY_WORKERS_LEDGER_H

#include "workers/standard.h"

struct ledger_encoded {
    const unsigned char *bytes; /* the finished file */
    size_t len;
    int quality;
};

/* What a hand did, for the entry "retouch". */
struct ledger_retouch {
    const char *kind; /* "mask" or "photo" */
    double changed_share;
    struct face_box changed_box; /* width 0: nothing */
    double face_difference_max;
    char sha256_repair[65], sha256_before[65], sha256_after[65];
};

/* `encoded` NULL: no face was found, nothing was made. `retouch` NULL: no hand touched it. */
void ledger_write(struct buf *b, const struct standard *standard, const struct ledger_encoded *encoded,
                  const struct ledger_retouch *retouch, const struct job_versions *versions);

void ledger_sha256(const void *bytes, size_t len, char hex[65]);

#endif
