/* missing — who has not been collected (未采集名单), and how far those are.
 *
 * With a roster: its entries without a photo handed in. Without one (policy roster_mode code_only): the school's own
 * list of last four and name, or its mask, or student numbers, compared with who came; a mask's * stands for any
 * characters. The list is kept sealed so that the answer is of today. Names leave this masked. Any store thread for
 * reads. */
#ifndef XY_MISSING_H
#define XY_MISSING_H

#include "store/capture_session.h"

#define EXPECTED_MAX    20000 /* of a session; the rest of a longer list is refused */
#define COLLECTED_MAX   20000 /* submissions of such a session that are compared; TOO_LARGE beyond */
#define UNEXPECTED_SHOW 50

struct missing_row {
    const char *cursor; /* the next page begins behind it */
    const char *student_no, *name_masked, *last_four;
    const char *college, *major, *class_name, *level;
    const char *submission_id; /* NULL: none */
    const char *state;         /* none, draft, awaiting_payment, retake, closed; ambiguous: several fit */
};

struct missing_filter {
    const char *college, *class_name, *state; /* "": any */
    const char *cursor;                       /* NULL: from the beginning */
};

/* REFUSED: no roster, and no list of the school yet. */
enum err missing_list(struct tx *tx, const struct capture_session *session, const struct missing_filter *filter,
                      struct missing_row *rows, size_t max, size_t *count);

/* ---- the school's own list ---- */

struct expected {
    const char *id;                            /* session id and place */
    const char *student_no, *name, *last_four; /* "": not said; name may be masked */
    const char *college, *major, *class_name;
};
/* Replaces the session's list. Writer. */
enum err expected_set(struct tx *tx, const char *session_id, const struct expected *list, size_t count);

struct reconciliation {
    int64_t matched, ambiguous, missing, unexpected;
    const char *unexpected_codes[UNEXPECTED_SHOW]; /* of submissions that nobody expects */
    size_t unexpected_shown;
};
enum err expected_reconcile(struct tx *tx, const char *session_id, struct reconciliation *result);
/* "张*", "*三", "欧阳**" fit 张三 …; ＊ counts as *. Pure. */
bool name_fits(const char *given, const char *name);

#endif
