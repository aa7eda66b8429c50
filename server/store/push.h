/* push — what WeChat tells us by itself (dispatch/push_read.h reads it), taken into our books in one unit.
 *
 * Nothing counts twice: a message that WeChat repeats is taken without effect, whether in a call of its own or in the
 * very same one; a call seen before (its signature, timestamp and nonce) that brings another message is refused.
 * Writer. */
#ifndef XY_PUSH_H
#define XY_PUSH_H

#include "db/db.h"

#define PUSH_ITEMS_MAX 20

enum push_kind {
    PUSH_NOTHING,  /* nothing we act on */
    PUSH_PROMPTED, /* a prompt was answered: items template_id, answer accept or reject */
    PUSH_SWITCHED, /* messages were switched off in the settings: the same */
    PUSH_ARRIVED,  /* what became of messages: items number, good, words */
    PUSH_FOLLOWED, /* the service account */
    PUSH_UNFOLLOWED,
    PUSH_SAID,   /* a text or a picture in the customer conversation */
    PUSH_ENTERED /* the conversation was opened */
};
struct push_item {
    const char *template_id, *answer;
    const char *number, *words; /* of PUSH_ARRIVED: WeChat's number of the message, why it did not arrive */
    bool good;
};
struct push {
    enum push_kind kind;
    const char *account; /* mini, page; "": not said, either may be */
    const char *openid;
    const char *call;     /* what only this call has: replay */
    const char *message;  /* what only this message has: repetition */
    const char *text;     /* PUSH_SAID; NULL: a picture */
    const char *media_id; /* of the picture, at WeChat's for three days; NULL: not said */
    struct push_item items[PUSH_ITEMS_MAX];
    size_t count;
};

/* CONFLICT: the call was seen before, with another message; the caller ends the unit. Whom we do not know is no error.
 */
enum err push_take(struct tx *tx, const struct push *push, int64_t now_us);

#endif
