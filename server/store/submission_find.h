/* submission_find — lists and look-ups of submissions for the console and for calls from outside. Structs live in
 * tx->arena. Any store thread. */
#ifndef XY_SUBMISSION_FIND_H
#define XY_SUBMISSION_FIND_H

#include "store/submission.h"

/* Exact values; at most `max`, in order of id. Nothing found: count 0. */
enum err submission_by_code(struct tx *tx, const char *code, struct submission *list, size_t max, size_t *count);
enum err submission_by_tracking(struct tx *tx, const char *tracking_no, struct submission *list, size_t max,
                                size_t *count);
/* Within one session, or, when session_id is NULL, in the newest SESSIONS_SEARCHED sessions (of the school, unless
 * NULL). */
#define SESSIONS_SEARCHED 50
enum err submission_by_student_no(struct tx *tx, const char *student_no, const char *session_id, const char *school_id,
                                  struct submission *list, size_t max, size_t *count);

/* A page of a list. What is NULL does not restrict. Newest first without state, session and school; else in an order
 * that an index has. */
struct submission_page {
    const char *state, *session_id, *school_id;
    const char *cursor;      /* NULL: from the beginning */
    size_t limit;            /* 1..100 */
    struct submission *list; /* out: room for `limit` */
    size_t count;
    const char *next; /* NULL: no more */
};
/* BAD_FIELD: the cursor is not of this list. */
enum err submission_page(struct tx *tx, struct submission_page *page);

#endif
