/* capture_session — schools, capture sessions (场次) and their versioned policies. Writer for changes, any store thread
 * for reads. Structs live in tx->arena. */
#ifndef XY_CAPTURE_SESSION_H
#define XY_CAPTURE_SESSION_H

#include "db/db.h"
#include "workflow/policy.h"

struct capture_session {
    const char *id, *school_id, *code, *name;
    int64_t opens_us, closes_us;
    const char *policy_json;
    int64_t policy_version;
    const char *school_code, *school_name;
    struct policy policy;
    const char *level;       /* 学历类别, session_level_known; "" not said */
    int64_t graduation_year; /* 届; 0 not said */
    const char *batch_name;  /* 批次; "" none */
    int64_t version;         /* of everything but the policy */
};

/* "" associate undergraduate postgraduate adult open self_study other */
bool session_level_known(const char *level);

enum err session_get(struct tx *tx, const char *id, struct capture_session *session);       /* NOT_FOUND */
enum err session_by_code(struct tx *tx, const char *code, struct capture_session *session); /* NOT_FOUND */
/* Newest first, ids below `before` (NULL: all). */
enum err session_list(struct tx *tx, const char *before, struct capture_session *list, size_t max, size_t *count);
bool session_open_at(const struct capture_session *session, int64_t now_us);

struct session_new {
    const char *id, *code, *name, *school_id, *school_code, *school_name; /* school is made when its code is new */
    int64_t opens_us, closes_us, now_us;
    const char *policy_json; /* checked by policy_read before */
    const char *changed_by;
    const char *level, *batch_name; /* NULL: "" */
    int64_t graduation_year;
};
enum err session_add(struct tx *tx, const struct session_new *session); /* CONFLICT: code is taken */

/* Name, window, level, year and batch become what `session` says. STALE when session->version is not the newest. */
enum err session_change(struct tx *tx, const struct capture_session *session);
/* STALE when policy_version is not the newest. */
enum err session_set_policy(struct tx *tx, const char *id, int64_t policy_version, const char *policy_json,
                            const char *changed_by, int64_t now_us);

#endif
