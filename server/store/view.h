/* view — rows as the JSON that endpoints answer with (web/openapi.yaml). Reads only: any store thread.
 *
 * Nothing here is decided: who may see a submission is the caller's question, asked before. */
#ifndef XY_VIEW_H
#define XY_VIEW_H

#include "store/account.h"
#include "store/capture_session.h"
#include "store/submission.h"

/* Where `wanted` lists end: more is not shown. */
#define VIEW_ROWS_MAX 200

/* ---- students ---- */

void view_attempt(struct buf *out, const struct attempt *a, bool chosen);       /* schema Attempt */
enum err view_student(struct tx *tx, const char *student_id, struct buf *out);  /* schema Student */
enum err view_consents(struct tx *tx, const char *student_id, struct buf *out); /* only the list */
enum err view_identity(struct tx *tx, const char *student_id, struct buf *out); /* schema Identity; state none too */
/* Moves behind number `after`, oldest first; with `for_staff` also who made them. *last: 0 when there are no more. */
enum err view_timeline(struct tx *tx, const char *submission_id, int64_t after, int64_t limit, bool for_staff,
                       struct buf *out, int64_t *last);

/* The last try to show the collection code (schema CollectionCode); null when the policy does not take it. */
enum err view_code(struct tx *tx, const struct submission *s, const struct policy *policy, enum language lang,
                   struct buf *out);

/* What the roster says and the student added, with the gaps that are theirs to fill (schema Details). */
enum err view_details(struct tx *tx, const struct submission *s, const struct policy *policy, struct buf *out);

/* ---- staff ---- */

/* With what only staff may know: the decoder's word, and how many other students showed the same. */
enum err view_code_staff(struct tx *tx, const struct submission *s, const struct policy *policy, struct buf *out);

/* Reads the same session only once in a row: lists are mostly of one session. */
struct view_staff {
    struct capture_session session;
    bool has_session;
};
enum err view_staff_session(struct tx *tx, struct view_staff *view, const char *session_id);
enum err view_staff_submission(struct tx *tx, struct view_staff *view, const struct submission *s, struct buf *out);
/* The members only, into an object that is open. */
enum err view_staff_members(struct tx *tx, struct view_staff *view, const struct submission *s, struct buf *out);

/* What the machine measured; null when nothing yet. `with_verdict` false leaves the word out: a reviewer who has still
 * to decide sees numbers, never an opinion. */
enum err view_face(struct tx *tx, const char *attempt_id, bool with_verdict, struct buf *out);
enum err view_earlier(struct tx *tx, const struct submission *s, struct buf *out); /* list of schema Earlier */
enum err view_decisions(struct tx *tx, const char *submission_id, struct buf *out);
enum err view_votes(struct tx *tx, const char *submission_id, struct buf *out);
enum err view_payments(struct tx *tx, const char *submission_id, struct buf *out);
enum err view_outbox(struct tx *tx, const char *submission_id, struct buf *out);

/* The versions of a finished photo, the chosen one's report with them: schema Retouch. */
enum err view_retouch(struct tx *tx, const struct attempt *a, enum language language, struct buf *out);
/* The photos by other profiles made of the finished photo as it is: {"items":[schema Derived]}. */
enum err view_derived(struct tx *tx, const struct attempt *a, enum language language, struct buf *out);

void view_session_members(struct buf *out, const struct capture_session *session, int64_t now_us);
enum err view_session(struct tx *tx, const struct capture_session *session, int64_t now_us, struct buf *out);

void view_roles(struct buf *out, const char *name, unsigned roles);                     /* "roles": ["reviewer", …] */
enum err view_account_members(struct tx *tx, const struct account *a, struct buf *out); /* of schema Account */
bool role_named(const char *name, unsigned *role);

/* {"lanes":[…],"mine":{…},"conversations":{"unread"}}: all five lanes in their order. `school_id` not NULL: of an
 * account that is bound to it and sees no counts of others. */
enum err view_queue(struct tx *tx, const char *account_id, const char *school_id, int64_t now_us, struct buf *out);

#endif
