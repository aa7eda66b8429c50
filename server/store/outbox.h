/* outbox — effects waiting to happen.
 *
 * A row is written in the same transaction as the move that caused it and finished after it has happened. Delivery is
 * at least once: executors must accept the same row twice. The row id is the deduplication key sent outside; it is made
 * from the submission, its version and the kind, so a unit that runs again writes the same row.
 *
 * A claim is a lease: state running, this boot, tries+1. Results are accepted only from the holder of exactly that
 * lease (fencing by boot and tries). Leases of an older boot are void at start. Not for: work that must happen before
 * the commit. Thread: writer for everything that changes, else as said. */
#ifndef XY_OUTBOX_H
#define XY_OUTBOX_H

#include "db/db.h"

#define OUTBOX_CLAIM_MAX 256
#define OUTBOX_PAUSES    8 /* pauses between tries; one try more than pauses, then dead */

struct outbox_row {
    const char *id, *kind, *submission_id; /* submission_id may be NULL */
    const char *payload;                   /* JSON */
    int64_t tries;                         /* this one included: the fence */
    int64_t created_us;
};

/* What became of a row. */
enum outbox_outcome {
    OUTBOX_DONE,
    OUTBOX_RETRY,   /* again after the next pause of the schedule, dead when it is used up */
    OUTBOX_HELD,    /* not its time (quiet hours): again after exactly pause_us, and the try does not count */
    OUTBOX_UNKNOWN, /* asked, no answer: it may have happened; again after the pause, and visible as unknown */
    OUTBOX_DEAD,    /* refused for good; visible, can be replayed */
    OUTBOX_PARKED   /* poison: killed its worker twice, or its kind is not known here */
};

/* Add a row; the same id again is no error and changes nothing (units are re-runnable). due_us 0: now_us. Touches
 * TOPIC_OUTBOX. */
enum err outbox_put(struct tx *tx, const char *id, const char *kind, const char *submission_id, const char *payload,
                    int64_t due_us, int64_t now_us);

/* The same, in order: rows of one `order_key` (never "") happen one after the other as they were put, retries
 * included. The first one is due at once, the others when those before them have ended, for better or worse. */
enum err outbox_put_ordered(struct tx *tx, const char *id, const char *kind, const char *submission_id,
                            const char *payload, const char *order_key, int64_t now_us);

/* Take rows that are due, oldest first. Re-runnable. */
struct outbox_claim {
    int64_t now_us, lease_us;
    const char *kind;   /* NULL: any */
    size_t rows_max;    /* 1..OUTBOX_CLAIM_MAX */
    struct arena *into; /* outlives the unit: rows and their text go here */
    struct outbox_row rows[OUTBOX_CLAIM_MAX];
    size_t taken;
};
enum err outbox_claim(struct tx *tx, struct outbox_claim *claim);

/* End or reschedule a claimed row. STALE when the lease is no longer ours (someone else has it, or it ended).
 *   jitter_e3   700..1300: multiplies the pause, drawn by the caller (steps draw no randomness)
 *   pause_us    at least this long, if the schedule says less (Retry-After)
 *   scale_percent  config outbox_retry_scale_percent
 *   outcome     a few words without personal data; kept */
struct outbox_finish {
    const char *id;
    int64_t tries;
    enum outbox_outcome outcome;
    const char *words;
    int64_t now_us, jitter_e3, pause_us, scale_percent;
};
enum err outbox_finish(struct tx *tx, const struct outbox_finish *finish);

/* At start: rows left running by an older boot become due at once. Returns how many. */
enum err outbox_recover(struct tx *tx, int64_t now_us, int64_t *count);

/* Command line and console. */
struct outbox_status {
    int64_t waiting, running, unknown, dead, parked, oldest_due_us;
};
enum err outbox_count(struct tx *tx, struct outbox_status *status);    /* any store thread */
enum err outbox_replay(struct tx *tx, const char *id, int64_t now_us); /* dead, parked → waiting, tries 0; an
                                                                           ordered one at its old place */

#endif
