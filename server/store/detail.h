/* detail — what a student adds to the roster's data of their submission, or only looked at.
 *
 * The policy's `details` says what is wanted before the photo is handed in: none, confirm (looked at), complete (gaps
 * filled). What the roster says stays; only what it leaves open is the student's. Sealed; strings in tx->arena. Writer
 * for changes, any store thread for reads. */
#ifndef XY_DETAIL_H
#define XY_DETAIL_H

#include "store/submission.h"
#include "workflow/policy.h"

struct detail { /* "" when nobody said it */
    const char *college, *major, *class_name, *email;
    int64_t confirmed_us; /* 0: never */
};

/* As it is known: the roster's, gaps filled by the student's. Always answers; confirmed_us 0 when there is no row. */
enum err detail_of(struct tx *tx, const struct submission *s, struct detail *detail);
/* Which of them the roster says; they are not the student's to change. */
enum err detail_of_roster(struct tx *tx, const struct submission *s, struct detail *detail);
/* Confirms. `own`: what the student says; NULL or "" leaves what there was. */
enum err detail_confirm(struct tx *tx, const struct submission *s, const struct detail *own, int64_t now_us);
/* Whether the details are confirmed, or the policy does not ask for it. */
enum err detail_given(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given);
enum err detail_erase(struct tx *tx, const char *submission_id);

#endif
