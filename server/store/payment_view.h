/* payment_view — money as the console shows it (web/openapi.yaml). Reads only: any store thread. */
#ifndef XY_PAYMENT_VIEW_H
#define XY_PAYMENT_VIEW_H

#include "base/buf.h"
#include "db/db.h"
#include "store/group_order.h"

struct payment_filter {
    const char *state, *session_code, *school_id; /* "" any */
    const char *words;                            /* payment id, submission's code or transaction id; "" any */
};
/* A list of schema Payment with their refunds, newest first behind id `before` ("" from the newest). *next: NULL at the
 * end. */
enum err payment_view_page(struct tx *tx, const struct payment_filter *filter, const char *before, int64_t limit,
                           struct buf *out, const char **next);
/* The session a payment belongs to. NOT_FOUND. */
enum err payment_session(struct tx *tx, const char *payment_id, const char **session_id);

/* {"day","accounts":[…],"items":[…],"next"}: balances at the end of that day, its lines behind number `after`. */
enum err ledger_view(struct tx *tx, const char *day, int64_t after, int64_t limit, struct buf *out);

enum err group_order_view(struct tx *tx, const struct group_order *order, struct buf *out);

#endif
