/* student_submissions — the submissions of one student: one per capture session and enrolment
 * there: somebody may be enrolled twice. Structs live in tx->arena. */
#ifndef XY_STUDENT_SUBMISSIONS_H
#define XY_STUDENT_SUBMISSIONS_H

#include "store/submission.h"

#define STUDENT_SUBMISSIONS_MAX 50

/* Oldest first, at most `max`. Any store thread. */
enum err student_submissions(struct tx *tx, const char *student_id, struct submission *list, size_t max, size_t *count);
/* The newest of them in that session; NOT_FOUND: none. Any store thread. */
enum err student_submission_in(struct tx *tx, const char *student_id, const char *session_id, struct submission *s);
/* That of an entry of the roster; NULL: that of a student without one. NOT_FOUND. Any store thread. */
enum err student_submission_of(struct tx *tx, const char *student_id, const char *session_id, const char *roster_id,
                               struct submission *s);
/* All of them look different to the student now (consents changed). Writer. */
enum err student_submissions_touch(struct tx *tx, const char *student_id);

#endif
