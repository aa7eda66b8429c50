#include "dispatch/webhook.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"

void webhook_sign(const void *secret, size_t secret_len, const char *id, const char *timestamp, const void *body,
                  size_t len, char signature[WEBHOOK_SIGNATURE_BYTES])
{
    struct buf b;
    unsigned char mac[32];
    buf_init(&b, WEBHOOK_SIGNED_BYTES_MAX + KIB(1));
    buf_printf(&b, "%s.%s.", id, timestamp);
    buf_add(&b, body, len);
    CHECK(!b.over);
    crypt_hmac_sha256(secret, secret_len, b.bytes, b.len, mac);
    memcpy(signature, "v1,", 3);
    crypt_base64(mac, sizeof mac, false, signature + 3);
    buf_release(&b);
}

enum err webhook_verify(const void *secret, size_t secret_len, const struct webhook_head *head, const void *body,
                        size_t len, int64_t now_us)
{
    char want[WEBHOOK_SIGNATURE_BYTES];
    int64_t at_s, now_s = now_us / 1000000;
    if (secret_len == 0 || head->id == NULL || head->timestamp == NULL || head->signature == NULL ||
        head->id[0] == '\0' || strlen(head->id) > 256 || !text_int(head->timestamp, &at_s) ||
        len > WEBHOOK_SIGNED_BYTES_MAX)
        return ERR_UNAUTHENTICATED;
    if (at_s <= now_s - WEBHOOK_CLOCK_SKEW_MAX_S || at_s >= now_s + WEBHOOK_CLOCK_SKEW_MAX_S)
        return ERR_UNAUTHENTICATED;
    webhook_sign(secret, secret_len, head->id, head->timestamp, body, len, want);
    for (const char *one = head->signature; *one != '\0';) {
        size_t one_len = strcspn(one, " ");
        if (one_len == strlen(want) && crypt_equal(one, want, one_len))
            return ERR_NONE;
        one += one_len;
        one += strspn(one, " ");
    }
    return ERR_UNAUTHENTICATED;
}
