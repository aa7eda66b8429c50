/* consent — what a student agreed to. Writer for changes, any store thread for reads; strings in tx->arena. */
#ifndef XY_CONSENT_H
#define XY_CONSENT_H

#include "db/db.h"

/* Kinds are privacy, face, passing_on. */
#define CONSENT_KINDS_MAX 3
struct consent {
    const char *kind, *text_version;
    int64_t given_us;
};
enum err consent_give(struct tx *tx, const char *student_id, const char *kind, const char *text_version,
                      int64_t now_us);
enum err consent_withdraw(struct tx *tx, const char *student_id, const char *kind, int64_t now_us);
enum err consent_list(struct tx *tx, const char *student_id, struct consent *list, size_t max, size_t *count);
/* privacy and passing_on always; face only when the policy needs it (else two people compare). */
enum err consent_complete(struct tx *tx, const char *student_id, bool face_needed, bool *complete);
enum err consent_given(struct tx *tx, const char *student_id, const char *kind, bool *given);

#endif
