/* courier — where a parcel is. The service is asked now and then (courier_watch) and may call back; both end in the
 * event delivered. Protocol of the stand-in: GET /v1/parcels/{carrier}/{number} → {"state": "moving" | "delivered"};
 * callbacks
 * {"carrier","number","state"} signed as webhook.h says. */
#ifndef XY_COURIER_H
#define XY_COURIER_H

#include "base/arena.h"
#include "dispatch/webhook.h"

struct courier_notice {
    const char *carrier, *number;
    bool delivered;
};
/* UNAUTHENTICATED: not signed with `key`; BAD_REQUEST: signed, but not understood. Any thread. Then, in a unit:
 * handover_delivered (store/handover.h). */
enum err courier_verify(const char *key, const struct webhook_head *head, const void *body, size_t len, int64_t now_us,
                        struct arena *arena, struct courier_notice *notice);

#endif
