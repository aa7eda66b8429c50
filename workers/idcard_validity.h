/* idcard_validity — how long a card is valid, from its emblem side: "2016.05.01-2036.05.01", or 长期 at its end.
 *
 * A date has no check character, but the law gives it one: a card lasts 5, 10 or 20 years to the day, or for ever. What
 * is read counts when it keeps that rule and two readings that were prepared differently agree. Anything less is not
 * read. One lane at a time per reader (ocr.h); the rest is pure. */
#ifndef XY_WORKERS_IDCARD_VALIDITY_H
#define XY_WORKERS_IDCARD_VALIDITY_H

#include "workers/idcard_text.h"
#include "workers/ocr.h"

struct card_validity {
    bool found;
    char from[11];  /* "2016-05-01"; empty unless found */
    char until[11]; /* "2036-05-01" or "long" */
};

/* BUSY when there is no memory, NOT_FOUND when the reader has no model. */
enum err card_validity_read(const struct image *picture, const struct card_plane *plane, struct card_validity *out);

/* The dates in a reading: its digits, eight or sixteen of them; `is_long`: 长期 stands behind the first. False when
 * they keep no rule. Pure. */
bool card_validity_parse(const char *text, bool is_long, struct card_validity *out);

#endif
