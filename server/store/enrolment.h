/* enrolment — which entries of a session's roster a student has proved to be theirs.
 *
 * The policy's identity_method says what the proof is:
 *   student_number           student_no and last_four
 *   roster                   name and id_number
 *   id_card, id_card_both    the confirmed identity (identity.h)
 *   collection_code          code_id (a code that was read) and last_four; the decoder's masked name and number pick
 * the entry, without a decoder the student's own name must fit "Last four" are those of the normal form: brackets of
 * Hong Kong numbers dropped, mainland, Macau and Taiwan alike. A session in code-only mode has no entries: there the
 * proof itself is the enrolment (at_word), and people look later.
 *
 * What does not fit gives no reason: an unknown student number and a wrong last four look alike, and cost the same
 * work. Strings in tx->arena. Any store thread. */
#ifndef XY_ENROLMENT_H
#define XY_ENROLMENT_H

#include "store/capture_session.h"
#include "store/roster.h"
#include "store/student.h"

#define ENROLMENTS_MAX 8

struct proof { /* NULL: not given */
    const char *student_no, *last_four, *name, *id_number, *code_id;
};

struct enrolments {
    size_t count;
    struct roster_entry items[ENROLMENTS_MAX]; /* at_word: one, its id is NULL, student_no "" */
    bool at_word;
    bool code_matched; /* the decoder's reading picked them */
    const char *why;   /* out with BAD_FIELD and REFUSED: in words */
};

/* ERR_NONE also when nothing fits (count 0: the caller counts a wrong try). BAD_FIELD: not the proof this session
 * takes. REFUSED: the identity or the code is not far enough. */
enum err enrolment_find(struct tx *tx, const struct capture_session *session, const struct student *student,
                        const struct proof *proof, struct enrolments *found);

#define ENROLMENT_TOKEN_S         900
#define ENROLMENT_TOKEN_CHARS_MAX 1200
struct enrolment {
    const char *roster_id; /* NULL: at word */
    const char *name, *id_number, *last_four, *code_id;
    bool code_matched;
};

/* The student gets it: the roster's entry is linked (without one they are taken at their word: a reviewer and the face
 * comparison look at them later), the submission made, the code shown before becomes its first. CONFLICT: another
 * login has the entry. REFUSED: the student has a submission there under another name or number. NOT_FOUND: the entry,
 * or the code, is gone. Writer. */
struct enrolment_taken {
    const char *submission_id, *code, *student_id; /* ids are drawn by the caller */
    int64_t now_us;
};
enum err enrolment_take(struct tx *tx, const struct capture_session *session, const struct enrolment *enrolment,
                        const struct enrolment_taken *taken);

/* One of the found ones as a token for that student and session, valid for ENROLMENT_TOKEN_S; and back. In tx->arena.
 * False: changed, too old, or another's. */
const char *enrolment_token(struct tx *tx, const char *student_id, const char *session_id,
                            const struct enrolment *enrolment, int64_t now_us);
bool enrolment_of_token(struct tx *tx, const char *student_id, const char *session_id, const char *token,
                        int64_t now_us, struct enrolment *enrolment);

#endif
