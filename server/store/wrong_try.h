/* wrong_try — wrong proofs cost time: of a student, of a student number, of a whole session.
 *
 * A student has WRONG_TRIES_FREE wrong tries, then pauses: 1 min, doubling up to 1 h. When a session has seen more
 * wrong tries within an hour than its limit, free tries are over for everybody in it: each wrong try costs the pause at
 * once. Nobody is locked out for what others did: a right answer is taken at any time outside one's own pause, so a
 * campus behind one address, or under attack, goes on. Writer for changes. */
#ifndef XY_WRONG_TRY_H
#define XY_WRONG_TRY_H

#include "db/db.h"
#include "store/student.h"

#define WRONG_TRIES_FREE 5

/* How long the `tries`-th try (1, 2, 3 …) makes wait when `free` of them cost nothing. Pure. */
int64_t wrong_try_pause_us(int64_t tries, int64_t free);

/* Whether the session has seen more than `max` wrong tries in this hour and the one before. Any store thread. */
enum err wrong_try_strained(struct tx *tx, const char *session_id, int64_t max, int64_t now_us, bool *strained);

/* A wrong try of this student in this session: both are counted. */
enum err wrong_try_student(struct tx *tx, const struct student *student, const char *session_id, int64_t session_max,
                           int64_t now_us);

/* The same for people without login, by what they tried: `about` is e.g. session and student number. Until then:
 * *locked_until_us; 0 free. Counters are kept for a day after the last try. */
enum err wrong_try_locked(struct tx *tx, const char *about, int64_t *locked_until_us);
enum err wrong_try_about(struct tx *tx, const char *about, const char *session_id, int64_t session_max, int64_t now_us);
enum err wrong_try_forget(struct tx *tx, const char *about); /* the right answer came */

#endif
