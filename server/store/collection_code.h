/* collection_code — tries of students to show CHSI's collection code; the last one of a submission counts.
 *
 * The payload is opaque to us and sealed; a keyed hash of it finds the same code with another student, in any session:
 * CHSI gives one code per enrolment. The same student may show the same code again. Decoding is dispatch's business.
 * Strings in tx->arena. Writer for changes, any store thread for reads. */
#ifndef XY_COLLECTION_CODE_H
#define XY_COLLECTION_CODE_H

#include "db/db.h"
#include "workflow/policy.h"

#define COLLECTION_CODE_TRIES_MAX 50 /* of a submission, or of a day without one; more is no honest search */
#define COLLECTION_CODE_OPEN_US   SECONDS_US(86400) /* a code without submission is kept so long */

struct collection_code {
    const char *id, *student_id;
    const char *submission_id; /* NULL: shown to find the enrolment (collection_code_adopt) */
    int64_t number;
    const char *source;     /* picture, scan */
    const char *blob_id;    /* the picture; NULL for a scan */
    const char *state;      /* processing, read, seen_before, unreadable, many, foreign */
    const char *looks_like; /* "", or what it is when it is not CHSI's */
    const void *payload;    /* plain bytes; NULL when there are none */
    size_t payload_len;
    const char *payload_index; /* NULL: none */
    const char *reading;       /* what the operator's decoder says: JSON {name_masked, id_masked}; NULL: none */
    const char *code_match;    /* yes, no, unknown: the operator's decoder against the roster */
    int64_t created_us, read_us;
};

/* NOT_FOUND; CORRUPT when the payload does not open. */
enum err collection_code_get(struct tx *tx, const char *id, struct collection_code *code);
enum err collection_code_latest(struct tx *tx, const char *submission_id, struct collection_code *code);

/* A new try, state processing; c->number is set (0 without submission). `payload` may be NULL (picture) or what a
 * scanner read. ATTEMPTS_USED beyond COLLECTION_CODE_TRIES_MAX. */
enum err collection_code_add(struct tx *tx, struct collection_code *c);

/* What was found; a try that is not processing any more stays as it is. With a payload, state "read" becomes
 * "seen_before" when another student showed it first; without one nothing sealed is kept. Announces the submission. */
struct collection_code_found {
    const char *state, *looks_like, *code_match;
    const void *payload;
    size_t payload_len;
    const char *reading; /* JSON, or NULL; kept until there is a submission */
};
enum err collection_code_found(struct tx *tx, const char *id, const struct collection_code_found *found,
                               int64_t now_us);

/* A code shown before becomes the first try of the new submission; `matched`: the decoder's reading picked the entry of
 * the roster. NOT_FOUND: not this student's, or it has a submission already. */
enum err collection_code_adopt(struct tx *tx, const char *id, const char *student_id, const char *submission_id,
                               bool matched);
enum err collection_code_drop_stale(struct tx *tx, int64_t now_us, int64_t max); /* without submission, too old */
enum err collection_code_drop_open(struct tx *tx, const char *student_id);       /* all without submission */

/* How many other students have shown the same code. */
enum err collection_code_others(struct tx *tx, const struct collection_code *code, const char *student_id,
                                int64_t *count);
/* Whether the policy's wish is met: not "required", or the last try was read (seen_before too: a person decides). */
enum err collection_code_given(struct tx *tx, const char *submission_id, const struct policy *policy, bool *given);
enum err collection_code_erase(struct tx *tx, const char *submission_id);

#endif
