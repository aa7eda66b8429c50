/* link_request — a student whom the roster does not know asks people to look (policy manual_link).
 *
 * What they wrote is sealed. At most one waits per student and session. A decision is final; a refused student may ask
 * again. Strings in tx->arena. Writer for changes, any store thread for reads. */
#ifndef XY_LINK_REQUEST_H
#define XY_LINK_REQUEST_H

#include "db/db.h"

#define LINK_REQUESTS_PER_DAY 5  /* of a student */
#define LINK_REQUEST_LIST_MAX 50 /* a student's own list */

struct link_claim { /* as written; "" when not */
    const char *name, *id_number, *student_no, *college, *major, *class_name, *note;
};

struct link_request {
    const char *id, *student_id, *session_id;
    const char *state; /* waiting, linked, refused, withdrawn */
    struct link_claim claim;
    const char *roster_id, *submission_id; /* NULL until linked; roster_id stays NULL in code-only sessions */
    const char *reason, *decided_by;
    int64_t created_us, decided_us;
};

enum err link_request_get(struct tx *tx, const char *id, struct link_request *request); /* NOT_FOUND */
/* CONFLICT: one waits already. RATE_LIMITED beyond LINK_REQUESTS_PER_DAY. */
enum err link_request_add(struct tx *tx, const struct link_request *request);
/* Newest first. */
enum err link_request_of_student(struct tx *tx, const char *student_id, struct link_request *list, size_t max,
                                 size_t *count);
/* Oldest first, behind `after` (an id, NULL: from the beginning); school_id NULL: all schools. */
enum err link_request_page(struct tx *tx, const char *state, const char *school_id, const char *after,
                           struct link_request *list, size_t max, size_t *count);
/* STALE: decided by somebody else meanwhile. */
enum err link_request_decide(struct tx *tx, const struct link_request *decided);
enum err link_request_erase(struct tx *tx, const char *student_id); /* what the student wrote; waiting ones end */

#endif
