/* id_card — pictures of a student's identity card, and what was read from them.
 *
 * They exist to fill in a form: what was read is sealed, shown to the student alone, and goes with the picture when the
 * identity is confirmed or ID_CARD_KEPT_US have passed. Strings in tx->arena. Writer for changes, any store thread for
 * reads. */
#ifndef XY_ID_CARD_H
#define XY_ID_CARD_H

#include "db/db.h"

#define ID_CARD_KEPT_US  (SECONDS_US(86400))
#define ID_CARDS_PER_DAY 30 /* of a student */

struct id_card {
    const char *id, *student_id;
    const char *side;             /* portrait, emblem: as it was meant */
    const char *state;            /* processing, read, unreadable, wrong_side */
    const char *blob_id;          /* the picture */
    const char *portrait_blob_id; /* NULL: none */
    const char *reading;          /* JSON object {name, id_number, valid_from, valid_until}, each may be null; NULL */
    const char *report;           /* JSON object {problem, checks}: nothing of the card */
    int64_t created_us, expires_us;
};

enum err id_card_get(struct tx *tx, const char *id, struct id_card *card); /* NOT_FOUND */
/* A new one, processing. RATE_LIMITED beyond ID_CARDS_PER_DAY. */
enum err id_card_add(struct tx *tx, const struct id_card *card);
/* What was found; one that is not processing any more stays as it is. */
enum err id_card_found(struct tx *tx, const char *id, const char *state, const char *portrait_blob_id,
                       const char *reading, const char *report);
/* These are what the identity is checked with: their portrait will be the reference. NOT_FOUND: one is not the
 * student's, or is gone. */
enum err id_card_name(struct tx *tx, const char *student_id, const char *id);
/* The portrait of those named; NULL: none. */
enum err id_card_portrait(struct tx *tx, const char *student_id, const char **blob_id);
/* All of a student's: rows go, keys of the pictures are destroyed, but not of `kept_blob_id` (may be NULL). */
enum err id_card_purge(struct tx *tx, const char *student_id, const char *kept_blob_id, int64_t now_us);
/* Those whose time is over, at most `max`; *count is how many. */
enum err id_card_expire(struct tx *tx, int64_t now_us, int64_t max, int64_t *count);

#endif
