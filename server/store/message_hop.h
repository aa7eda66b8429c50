/* message_hop — how a message travelled: one row per channel it was tried on, for staff to see why it came how far.
 *
 *   held      not its time: quiet hours
 *   skipped   nothing to try there: no accepted prompt, not a follower, no number, not set up
 *   sending   handed over, no answer known; after a crash it may have arrived
 *   again     not now; tried again by the schedule
 *   sent      taken by that channel
 *   refused   the student does not want it there, or WeChat reported later that it did not arrive
 *   failed    will never work like this: configuration, or tries used up
 *
 * Structs live in tx->arena. Writer for changes, any store thread for reads. */
#ifndef XY_MESSAGE_HOP_H
#define XY_MESSAGE_HOP_H

#include "db/db.h"

#define HOP_CUSTOMER     "customer"     /* WeChat customer message, inside its window */
#define HOP_SUBSCRIPTION "subscription" /* the mini program's subscription message */
#define HOP_TEMPLATE     "template"     /* the service account's template message */
#define HOP_SMS          "sms"
#define HOPS_MAX         4

struct message_hop {
    const char *message_id, *channel, *state, *why;
    int64_t position, tries, changed_us;
    const char *outside_id; /* NULL: none; an older one is kept */
};
enum err message_hop_put(struct tx *tx, const struct message_hop *hop);
enum err message_hop_list(struct tx *tx, const char *message_id, struct message_hop hops[HOPS_MAX], size_t *count);
enum err message_hop_by_outside(struct tx *tx, const char *outside_id, struct message_hop *hop); /* NOT_FOUND */

#endif
