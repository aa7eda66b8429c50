/* retouch — versions of a finished photo, and the photos by other profiles that are made of an approved one.
 *
 * Version 0 is what the machine made; each repair by staff is one more, kept for good with who sent what and when.
 * While the submission is in the state retouch, one version is chosen (the newest that became ready, or an earlier one
 * again: that is the undo); by retouch_done it becomes the attempt's finished photo, with its report. Structs live in
 * tx->arena. Writer for changes, any store thread for reads. */
#ifndef XY_RETOUCH_H
#define XY_RETOUCH_H

#include "store/submission.h"

#define RETOUCH_TRIES_MAX     40 /* repairs of one photo; more is no repair any more */
#define RETOUCH_OUTCOME_BYTES KIB(2)

struct retouch {
    const char *attempt_id;
    int64_t number;
    const char *repair;           /* none, mask, photo */
    const char *repair_blob_id;   /* the file that was sent; NULL for 0 */
    const char *standard_blob_id; /* NULL until ready */
    const char *state;            /* processing, ready, refused */
    const char *verdict;
    const char *outcome;    /* JSON in short: the ledger's entry of the repair; refused: {"error","why"} */
    const char *account_id; /* NULL: the machine */
    const char *account;    /* display name; "" */
    int64_t created_us;
};

/* The next number; state processing. ATTEMPTS_USED when there are RETOUCH_TRIES_MAX; REFUSED without a finished photo.
 */
enum err retouch_add(struct tx *tx, const struct retouch *r, int64_t *number);
enum err retouch_get(struct tx *tx, const char *attempt_id, int64_t number, struct retouch *r);      /* NOT_FOUND */
enum err retouch_report(struct tx *tx, const char *attempt_id, int64_t number, const char **report); /* NOT_FOUND */
/* All of an attempt, oldest first; none before the first repair. */
enum err retouch_list(struct tx *tx, const char *attempt_id, struct retouch *list, size_t max, size_t *count);

/* The worker's answer; a version that ended before stays as it is. A ready one is chosen when its photo is still being
 * retouched. */
struct retouch_result {
    const char *verdict, *report, *outcome, *standard_blob_id;
};
enum err retouch_ready(struct tx *tx, const char *attempt_id, int64_t number, const struct retouch_result *made);
enum err retouch_refused(struct tx *tx, const char *attempt_id, int64_t number, const char *outcome);

/* Which version retouch_done will take; NOT_FOUND, or REFUSED unless it is ready. */
enum err retouch_choose(struct tx *tx, const char *attempt_id, int64_t number);

/* For transition.c: retouching begins with the photo as it is; it ends with the version chosen. */
enum err retouch_begin(struct tx *tx, const char *attempt_id);
enum err retouch_apply(struct tx *tx, const char *attempt_id);

/* ---- photos by other profiles ---- */

#define DERIVED_MAX 64

struct derived {
    const char *attempt_id, *profile;
    int64_t retouch_number; /* the version it is made of */
    const char *blob_id;    /* NULL until ready */
    const char *state, *verdict, *report;
    int64_t created_us;
};

/* The one made of the attempt's finished photo as it is now; added (processing) when there is none: *is_new. */
enum err derived_want(struct tx *tx, const struct attempt *a, const char *profile, int64_t now_us, struct derived *d,
                      bool *is_new);
enum err derived_get(struct tx *tx, const char *attempt_id, const char *profile, int64_t retouch_number,
                     struct derived *d); /* NOT_FOUND */
enum err derived_list(struct tx *tx, const char *attempt_id, struct derived *list, size_t max, size_t *count);
enum err derived_ready(struct tx *tx, const struct derived *d); /* all but created_us set */
enum err derived_refused(struct tx *tx, const struct derived *d);

#endif
