/* identity — what a student says to be, and what became of it. One per student; a new statement replaces the old one.
 *
 * checking → confirmed or refused. An answer belongs to the statement's number, so that a late one cannot confirm what
 * was changed meanwhile. Confirming makes the pictured portrait the reference of the face comparison and erases the
 * pictures of the card. Name and number are sealed. Strings in tx->arena. Writer for changes, any store thread for
 * reads. */
#ifndef XY_IDENTITY_H
#define XY_IDENTITY_H

#include "db/db.h"

/* problem, the words of SQL and JSON: */
#define IDENTITY_PROBLEMS                                                                                              \
    "|name_mismatch|number_unknown|number_illegal|name_illegal|number_differs|service_unavailable|by_staff|"

struct identity {
    const char *student_id;
    int64_t number;               /* of the statement: 1, 2, 3 … */
    const char *state;            /* checking, confirmed, refused */
    const char *document_type;    /* base/document.h */
    const char *name, *id_number; /* plain; NULL once erased */
    bool portrait_shown, emblem_shown, number_read;
    const char *valid_until;  /* "2031-05-01", "long" or "" */
    const char *confirmed_by; /* form, service, staff; "" unless confirmed */
    const char *problem;      /* "", or why it was refused or still is being checked */
    int64_t tries, locked_until_us, stated_us, decided_us;
};

enum err identity_get(struct tx *tx, const char *student_id, struct identity *identity); /* NOT_FOUND */

/* Replaces whatever there was; number is set by it, tries goes up by one. Pauses after tries_max statements: 1 min
 * doubling up to 1 h, so the caller asks locked_until_us before. */
enum err identity_state(struct tx *tx, struct identity *identity, int64_t tries_max, int64_t now_us);

/* The answer to statement `number`; an older number, or one that is decided already, changes nothing (*taken false).
 * state confirmed: portrait and pictures as above, and tries begin anew when `confirmed_by` is not form. */
struct identity_answer {
    const char *student_id;
    int64_t number;
    const char *state, *confirmed_by, *problem;
    int64_t now_us;
};
enum err identity_decide(struct tx *tx, const struct identity_answer *answer, bool *taken);
/* Still checking, and why it takes so long. */
enum err identity_waits(struct tx *tx, const char *student_id, int64_t number, const char *problem);

/* Whether a session's policy may rely on it: pictures and the service, where they are asked for. *why in words. */
struct policy;
bool identity_satisfies(const struct identity *identity, const struct policy *policy, const char **why);

enum err identity_erase(struct tx *tx, const char *student_id, int64_t now_us); /* pictures too */

#endif
