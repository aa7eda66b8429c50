/* review — claims and decisions: who has an item in hand, and what was decided but may still be undone.
 *
 * A claim is a lease on the submission row. A decision is pending until its commit_us; then decision_commit makes the
 * move. Until then the student hears nothing and the reviewer may undo it, which gives the item back under the same
 * claim. Writer for all but the lists. */
#ifndef XY_REVIEW_H
#define XY_REVIEW_H

#include "store/transition.h"

#define CLAIM_WANT_MAX 12

struct claim {
    const char *account_id, *lane;
    int64_t now_us, lease_us;
    size_t want; /* 1..CLAIM_WANT_MAX; never more than max_held in all */
    size_t held_max;
    const char *claim_ids[CLAIM_WANT_MAX]; /* fresh ids from the caller, as many as want */
    /* out: in the unit's arena */
    struct submission items[CLAIM_WANT_MAX];
    size_t taken;
    int64_t expires_us;
};
/* Oldest due first; in the identity lane not those the reviewer voted on in this round. Nothing free: taken 0. */
enum err claim_take(struct tx *tx, struct claim *claim);
/* LEASE_LOST when it is not held any more. */
enum err claim_renew(struct tx *tx, const char *account_id, const char *claim_id, int64_t now_us, int64_t lease_us);
enum err claim_release(struct tx *tx, const char *account_id, const char *claim_id);

struct decision {
    const char *id, *submission_id, *attempt_id, *reasons, *note, *internal_note, *account_id;
    enum wf_event event; /* approve, reject_retry, reject_final, escalate, retouch, retouch_done */
    int64_t shown_ms, version_seen, decided_us, commit_us;
    const char *state; /* pending, committed, undone, void */
};

/* Record a decision on a claimed item. LEASE_LOST: not claimed under claim_id by this account. REFUSED: the table would
 * not allow the event, or one is pending already. */
enum err decision_add(struct tx *tx, const struct decision *d, const char *claim_id, bool senior);
/* Take it back before commit_us; the claim is renewed. UNDO_LATE; NOT_FOUND when not one's own. */
enum err decision_undo(struct tx *tx, const char *id, const char *account_id, int64_t now_us, int64_t lease_us,
                       const char **submission_id);
/* Make the move of a due decision. Not pending any more: ERR_NONE, nothing happens. Refused by the table in the
 * meantime (withdrawn, reopened): the decision becomes void and the claim ends. */
enum err decision_commit(struct tx *tx, const char *id, int64_t now_us);

/* Whether the account gave its vote in the submission's present round. Any store thread. */
enum err review_has_voted(struct tx *tx, const struct submission *s, const char *account_id, bool *voted);

/* Numbers for the console's head line. */
enum err review_counts(struct tx *tx, const char *account_id, int64_t day_start_us, int64_t now_us, int64_t *decided,
                       int64_t *pending, int64_t *claimed);

struct lane_count {
    const char *lane;
    int64_t waiting, oldest_due_us; /* 0: none */
};
#define LANES_MAX 8
enum err lane_counts(struct tx *tx, struct lane_count *lanes, size_t *count);

#endif
