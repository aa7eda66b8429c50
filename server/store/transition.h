/* transition — the only code that changes a submission's state.
 *
 * One move = decide by the table, then in one transaction: new state and version, lane counters, history row, audit
 * row, outbox rows. Thread: writer. Re-runnable. */
#ifndef XY_TRANSITION_H
#define XY_TRANSITION_H

#include "store/submission.h"

enum actor_kind { ACTOR_STUDENT, ACTOR_STAFF, ACTOR_SERVER };

#define ANY_VERSION 0

struct move {
    const char *submission_id;
    enum wf_event event;
    int64_t expect_version; /* ANY_VERSION, or STALE when it differs */
    enum actor_kind actor_kind;
    const char *actor_id; /* student, account, or for the server what caused it: "intake", an outbox id … */
    bool actor_is_senior;
    int64_t now_us;

    /* by event; what an event does not use is ignored */
    const char *lane;                  /* intake: green or amber */
    enum wf_face face;                 /* face_result */
    int64_t face_distance_e6;          /* face_result */
    enum wf_vote vote;                 /* identity_vote: recorded with account = actor_id */
    const char *reasons;               /* rejections, chsi_refused: JSON list of reason codes; NULL: [] */
    const char *note;                  /* to the student; NULL: "" */
    const char *internal_note;         /* what the actor wrote, for staff and themselves; kept sealed */
    const char *carrier, *tracking_no; /* shipped */
    const char *proofread;             /* proofread: right, wrong */
};

/* Errors: NOT_FOUND, STALE, REFUSED (no row of the table), STORAGE. `after` (may be NULL) is the submission as it is
 * now, in tx->arena. */
enum err transition_apply(struct tx *tx, const struct move *move, struct submission *after);

/* Events the table allows now, as a JSON list of names, for the given kind of actor. Reads only: any store thread. */
enum err transition_allowed(struct tx *tx, const struct submission *s, enum actor_kind kind, bool senior,
                            int64_t now_us, struct buf *out);

#endif
