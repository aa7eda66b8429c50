/* courier — where a parcel is. The service is asked now and then (courier_watch) and may call back; both end in the event
 * delivered. Protocol of the stand-in: GET /v1/parcels/{carrier}/{number} → {"state": "moving" | "delivered"}; callbacks
 * {"carrier","number","state"} signed as in pay.h. */
#ifndef XY_COURIER_H
#define XY_COURIER_H

#include "dispatch/pay.h"

struct courier_notice {
    const char *carrier, *number;
    bool delivered;
};
/* Errors as pay_verify. Any thread. Then, in a unit: handover_delivered (store/handover.h). */
enum err courier_verify(const char *key, const char *path, const struct pay_signed *head, const void *body, size_t len,
                        int64_t now_us, struct arena *arena, struct courier_notice *notice);

#endif
