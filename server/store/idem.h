/* idem — answers given once: under an Idempotency-Key the same request gets the same bytes for a day.
 *
 * Only the key's hash is stored, and the answer sealed: it may repeat what somebody wrote. The row is written in the
 * transaction of what the request did, so a crash leaves both or neither. Strings live in tx->arena. */
#ifndef XY_IDEM_H
#define XY_IDEM_H

#include "db/db.h"

struct idem_record {
    const char *request_hash;
    int64_t status;
    const char *headers; /* "name: value\n" lines; "" for none */
    const char *body;    /* text; "" for none */
};

/* NOT_FOUND: never used, or forgotten by now. Any store thread. */
enum err idem_find(struct tx *tx, const char *owner_id, const char *key, int64_t now_us, struct idem_record *record);
/* Writer. Replaces a row whose time is over. */
enum err idem_put(struct tx *tx, const char *owner_id, const char *key, const struct idem_record *record,
                  int64_t now_us, int64_t expires_us);

#endif
