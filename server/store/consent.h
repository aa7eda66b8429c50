/* consent — what a student agreed to, and the texts they agreed to.
 *
 * The texts come in editions; the first is built in (consents.def), administrators write others. A student agrees to
 * kinds of one edition. An edition that renews makes earlier consents count no more: the student is asked again.
 * Kinds are privacy, passing_on, face. Writer for changes, any store thread for reads; strings in tx->arena. */
#ifndef XY_CONSENT_H
#define XY_CONSENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "db/db.h"
#include "workflow/policy.h"

#define CONSENT_KINDS_MAX     3
#define CONSENT_FIRST_EDITION "2026-06" /* text_version of the built-in texts */

struct consent {
    const char *kind, *text_version;
    int64_t given_us;
};
enum err consent_give(struct tx *tx, const char *student_id, const char *kind, const char *text_version,
                      int64_t now_us);
enum err consent_withdraw(struct tx *tx, const char *student_id, const char *kind, int64_t now_us);
/* Those that count: not withdrawn, and not older than an edition that renews. */
enum err consent_list(struct tx *tx, const char *student_id, struct consent *list, size_t max, size_t *count);
/* privacy and passing_on always; face only when the policy needs it (else two people compare). */
enum err consent_complete(struct tx *tx, const char *student_id, bool face_needed, bool *complete);
enum err consent_given(struct tx *tx, const char *student_id, const char *kind, bool *given);
/* Given once and withdrawn since: not the same as never asked. */
enum err consent_taken_back(struct tx *tx, const char *student_id, const char *kind, bool *taken_back);

/* ---- the texts ---- */

struct consent_text {
    const char *kind;
    bool required; /* by every session; face: when the policy says so */
    const char *title_zh, *title_en, *text_zh, *text_en;
};
struct consent_edition {
    const char *text_version;
    int64_t number; /* 1: built in */
    bool renews;
    struct consent_text texts[CONSENT_KINDS_MAX];
    const char *changed_by; /* account; "" for the first */
    int64_t created_us;     /* 0 for the first */
};

enum err consent_edition_newest(struct tx *tx, struct consent_edition *edition);
/* Newest first, the built-in one last; at most `max`. */
enum err consent_edition_list(struct tx *tx, struct consent_edition *list, size_t max, size_t *count);
/* `edition`: texts, renews, changed_by, created_us; its number and text_version (the day and the number) are set. */
enum err consent_edition_add(struct tx *tx, struct consent_edition *edition);
/* A text with its {purpose} and {retention_days}; policy NULL: the usual purpose, no number. Pure. */
const char *consent_text_filled(struct arena *arena, const char *text, const struct policy *policy, bool english);

/* ---- evidence: how it was said ---- */

struct consent_said {
    const char *id, *student_id;
    const char *what; /* given, withdrawn */
    const char *const *kinds;
    size_t kind_count;
    const char *text_version; /* NULL when withdrawn */
    const char *language, *address, *agent;
    int64_t now_us;
};
enum err consent_evidence_add(struct tx *tx, const struct consent_said *said);
/* The student's evidence as a JSON list, oldest first. */
enum err consent_evidence_write(struct tx *tx, const char *student_id, struct buf *out);

#endif
