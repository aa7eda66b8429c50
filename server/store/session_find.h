/* session_find — lists of capture sessions and their progress, for the console. Structs live in tx->arena. Any store
 * thread. */
#ifndef XY_SESSION_FIND_H
#define XY_SESSION_FIND_H

#include "store/capture_session.h"
#include "workflow/workflow.h"

/* Newest first, ids below `before` (NULL: all), only of that school unless NULL. */
enum err session_find(struct tx *tx, const char *school_id, const char *before, struct capture_session *list,
                      size_t max, size_t *count);

/* Of any query of SESSION_COLUMNS; closes the rows. For the store's own files. */
enum err session_read_list(struct rows *r, struct capture_session *list, size_t max, size_t *count);

struct session_version { /* of a session's policy */
    int64_t policy_version, changed_us;
    const char *changed_by; /* an account's shown name; "demo" or "command-line" when nobody's */
    struct policy policy;
};
/* Newest first, versions below `before`. */
enum err session_versions(struct tx *tx, const char *session_id, int64_t before, struct session_version *list,
                          size_t max, size_t *count);

struct session_progress {
    int64_t roster, linked, by_state[WF_STATE_COUNT];
};
enum err session_progress(struct tx *tx, const char *session_id, struct session_progress *progress);

#endif
