/* submission — rows of `submission` and `attempt` as structs, and how they are found.
 *
 * Structs live in the unit's arena (tx->arena) unless copied by submission_copy. Only transition.c changes a state;
 * the setters here change what a state allows to change and raise the version. Thread: any store thread for reads,
 * writer for the rest. */
#ifndef XY_SUBMISSION_H
#define XY_SUBMISSION_H

#include "db/db.h"
#include "workflow/workflow.h"

struct submission {
    const char *id, *code, *session_id, *student_id, *roster_id; /* roster_id may be NULL */
    enum wf_state state;
    int64_t version;
    const char *lane;       /* "" when nobody waits for it */
    const char *attempt_id; /* the chosen attempt; NULL: none */
    int64_t attempts_used, attempts_made;
    int64_t price_fen;
    bool paid, reviewed;
    enum wf_face face;
    int64_t face_distance_e6; /* -1: none */
    bool rejected_by_face;
    const char *reasons; /* JSON list of codes */
    const char *note;
    const char *chsi_status, *proofread;
    int64_t identity_round;
    const char *claimed_by, *claim_id; /* NULL: none; see also claim_until_us */
    int64_t claim_until_us;
    const char *carrier, *tracking_no;
    int64_t due_us, submitted_us, moved_us, created_us;
    int64_t deadline_us; /* then the server acts: retake, confirmation, payment; behind the end: the purge. 0: none */
};

enum attempt_state { ATTEMPT_PROCESSING, ATTEMPT_READY, ATTEMPT_FAILED };
struct attempt {
    const char *id, *submission_id, *source;
    int64_t number;
    const char *original_blob_id, *standard_blob_id, *proxy_blob_id; /* the latter two NULL until ready */
    const char *state;                                               /* processing, ready, failed */
    const char *verdict;                                             /* "", pass, warn, fail */
    const char *report;                                              /* JSON */
    bool insisted, rejected;
    int64_t created_us;
    const char *mask_blob_id;               /* NULL: the worker gave none */
    int64_t retouch_number, retouch_chosen; /* retouch.h: the version it is, and will be */
    int64_t captured_us;                    /* as the student's page says; 0: it does not */
    const char *lens;                       /* …; NULL in attempt_add is "" */
};

enum err submission_get(struct tx *tx, const char *id, struct submission *s); /* NOT_FOUND */
enum err submission_of_student(struct tx *tx, const char *id, const char *student_id,
                               struct submission *s); /* NOT_FOUND also when it belongs to someone else */
enum err submission_add(struct tx *tx,
                        const struct submission *s); /* draft; CONFLICT: student has one of this enrolment */
void submission_copy(struct arena *arena, const struct submission *from, struct submission *to);

enum err attempt_get(struct tx *tx, const char *id, struct attempt *a);
/* Next number of the submission; state processing. `*number` is set. */
enum err attempt_add(struct tx *tx, const struct attempt *a, int64_t *number);
/* mask_blob_id may be NULL. */
enum err attempt_ready(struct tx *tx, const char *id, const char *verdict, const char *report,
                       const char *standard_blob_id, const char *proxy_blob_id, const char *mask_blob_id);
enum err attempt_failed(struct tx *tx, const char *id, const char *report);
enum err attempt_insist(struct tx *tx, const char *id);
bool attempt_is_good(const struct attempt *a); /* finished, and it passed or was insisted on */
/* All of a submission, oldest first; at most `max`. */
enum err attempt_list(struct tx *tx, const char *submission_id, struct attempt *list, size_t max, size_t *count);

/* The student's view changed without a move (attempt chosen, attempt ready, address): version + 1, announced. */
enum err submission_choose(struct tx *tx, const char *id, const char *attempt_id, int64_t price_fen);
enum err submission_touch(struct tx *tx, const char *id);
enum err submission_set_address(struct tx *tx, const char *id, const char *address_json);
enum err submission_address(struct tx *tx, const char *id, const char **address_json); /* NULL when none */
/* The print's size a student wants, one_inch or two_inch. REFUSED: it is on a sheet already. */
enum err submission_set_layout(struct tx *tx, const char *id, const char *layout);
/* What will be printed: the policy's size, or the student's where the policy leaves it to them ("" not chosen yet). */
enum err submission_layout(struct tx *tx, const char *id, const char *policy_layout, const char **layout);

/* The poll's answer, one JSON object in the language asked for. What depends on the clock (allowed, estimate) is as of
 * now_us. `tag` (may be NULL) changes with everything but the estimate: nobody is woken because a queue moved. */
#define SUBMISSION_TAG_BYTES 48
enum err submission_view(struct tx *tx, const struct submission *s, enum language lang, int64_t now_us, struct buf *out,
                         char tag[SUBMISSION_TAG_BYTES]);

#endif
