/* hand_in — what a student must have given before a photo is handed in, by the rules of the session. One place for the
 * workflow's facts, the sentence of a refusal, and the page's list of what is left to do. Any store thread. */
#ifndef XY_HAND_IN_H
#define XY_HAND_IN_H

#include "store/capture_session.h"
#include "store/submission.h"
#include "workflow/workflow.h"

/* name (as pages see it, in "missing"), English sentence of a refusal; the order is that of the tasks */
#define HAND_IN_THINGS(T)                                                                                              \
    T(consents, "consents are missing")                                                                                \
    T(phone, "this session needs a phone number; bind it first")                                                       \
    T(collection_code, "this session needs the collection code of CHSI; send it first")                                \
    T(details, "confirm the data of the roster first")                                                                 \
    T(follow, "this session asks to follow its service account; do that first")                                        \
    T(notice, "this session needs your permission for messages; give it first")                                        \
    T(photo, "choose a photo first")                                                                                   \
    T(address, "an address is needed: prints are sent to the student")

enum hand_in_thing {
#define T(name, sentence) HAND_IN_##name,
    HAND_IN_THINGS(T)
#undef T
        HAND_IN_COUNT
};

struct hand_in {
    bool given[HAND_IN_COUNT]; /* true also where the session does not ask for it */
};
enum err hand_in_read(struct tx *tx, const struct submission *s, const struct capture_session *session,
                      struct hand_in *h);
/* Of these, the service account alone: it is followed before photos are taken, not only before one is handed in. */
enum err hand_in_followed(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given);
/* All but the photo: a senior reopens with one that a student may not hand in. */
void hand_in_facts(const struct hand_in *h, struct wf_facts *facts);
/* The first thing that is missing, HAND_IN_COUNT: nothing. */
enum hand_in_thing hand_in_first_missing(const struct hand_in *h);
const char *hand_in_sentence(enum hand_in_thing thing);
void hand_in_write_missing(const struct hand_in *h, struct buf *out); /* a JSON array of names */

#endif
