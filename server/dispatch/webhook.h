/* webhook — signatures as Standard Webhooks say: what we send is signed so (webhook.c), what calls us may be.
 *   webhook-signature: v1,base64(HMAC-SHA256(secret, id "." timestamp "." body))
 * Several signatures are separated by spaces (rotation). Pure; any thread. */
#ifndef XY_WEBHOOK_H
#define XY_WEBHOOK_H

#include "base/base.h"
#include "base/err.h"

#define WEBHOOK_SIGNATURE_BYTES  52 /* "v1," and 44 of base64 and NUL, rounded up */
#define WEBHOOK_CLOCK_SKEW_MAX_S 300
#define WEBHOOK_SIGNED_BYTES_MAX KIB(40)

struct webhook_head {
    const char *id, *timestamp, *signature; /* header values; NULL or "" when absent */
};

/* Body beyond WEBHOOK_SIGNED_BYTES_MAX is a broken promise. */
void webhook_sign(const void *secret, size_t secret_len, const char *id, const char *timestamp, const void *body,
                  size_t len, char signature[WEBHOOK_SIGNATURE_BYTES]);

/* UNAUTHENTICATED: no signature fits, or the clocks are WEBHOOK_CLOCK_SKEW_MAX_S or more apart. */
enum err webhook_verify(const void *secret, size_t secret_len, const struct webhook_head *head, const void *body,
                        size_t len, int64_t now_us);

#endif
