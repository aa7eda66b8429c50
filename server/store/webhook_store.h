/* webhook_store — who wants to hear of every move, and how the endpoint has been doing. Secrets are sealed.
 * Strings in tx->arena. Writer for changes. */
#ifndef XY_WEBHOOK_STORE_H
#define XY_WEBHOOK_STORE_H

#include "db/db.h"

#define WEBHOOKS_MAX           64
#define WEBHOOK_SECRET_BYTES   32                     /* Standard Webhooks asks for 24 to 64 */
#define WEBHOOK_FAILING_MAX_US SECONDS_US(120 * 3600) /* only failures for that long: disabled (reliability.md 1.1) */

struct webhook {
    const char *id, *url;
    const unsigned char *secret; /* WEBHOOK_SECRET_BYTES; NULL from webhook_list */
    bool disabled;
    int64_t failing_since_us; /* 0: the last call went well, or none was made */
    int64_t created_us;
};

enum err webhook_add(struct tx *tx, const struct webhook *webhook);           /* id and secret are made by the caller */
enum err webhook_get(struct tx *tx, const char *id, struct webhook *webhook); /* NOT_FOUND, CORRUPT */
enum err webhook_list(struct tx *tx, struct webhook *list, size_t max, size_t *count);
enum err webhook_remove(struct tx *tx, const char *id); /* NOT_FOUND; its waiting rows end by themselves */
enum err webhook_disable(struct tx *tx, const char *id, bool disabled);

/* A call went well or failed. *disabled: it has now been failing for too long and was switched off. */
enum err webhook_note(struct tx *tx, const char *id, bool failed, int64_t now_us, bool *disabled);

#endif
