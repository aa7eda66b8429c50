/* reason — why a photo is sent back: the catalogue of reasons.def as rows. Static, any thread. */
#ifndef XY_REASON_H
#define XY_REASON_H

#include "base/base.h"
#include "base/err.h"

enum reason_by { REASON_AUTO, REASON_HUMAN, REASON_CHSI };

struct reason {
    const char *code;
    enum reason_by by;
    const char *sentence[2], *short_text[2], *fix[2]; /* by enum language */
};

const struct reason *reason_named(const char *code); /* NULL: unknown */
const struct reason *reason_at(size_t i);            /* NULL behind the last */
const char *reason_by_name(enum reason_by by);       /* auto, human, chsi */

#endif
