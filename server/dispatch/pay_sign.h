/* pay_sign — signatures of WeChat Pay API v3, both ways, and whose keys we believe.
 *
 *   request   Authorization: WECHATPAY2-SHA256-RSA2048 mchid,nonce_str,timestamp,serial_no,signature over
 *             METHOD \n path?query \n timestamp \n nonce \n body \n                          with our private key
 *   answer and callback   Wechatpay-Serial, -Timestamp, -Nonce, -Signature over
 *             timestamp \n nonce \n body \n                                                  with the bank's key
 *   client    paySign over appId \n timeStamp \n nonceStr \n package \n                      with our private key
 *
 * The bank's keys: its public key, known by its id PUB_KEY_ID_… (merchants since 2024), and its platform certificates,
 * fetched and known by serial number; while a merchant switches, both are believed. The set may be used by any thread.
 * Never logged: signatures, nonces, paySign. */
#ifndef XY_PAY_SIGN_H
#define XY_PAY_SIGN_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/pki.h"

#define PAY_SERIAL    "wechatpay-serial" /* header names, lower case */
#define PAY_TIMESTAMP "wechatpay-timestamp"
#define PAY_NONCE     "wechatpay-nonce"
#define PAY_SIGNATURE "wechatpay-signature"

#define PAY_CLOCK_SKEW_MAX_S 300 /* domain.md E.8: that far apart, or more, is refused */
#define PAY_BODY_BYTES_MAX   MIB(1)

/* Why something was not believed. Counted and audited by these names; no row of them holds personal data. */
#define PAY_REFUSALS(R)                                                                                                \
    R(none, "")                                                                                                        \
    R(header_missing, "a header of the signature is missing or malformed")                                             \
    R(timestamp_off, "the timestamp is five minutes or more away")                                                     \
    R(serial_unknown, "the key it names is not one of the bank's")                                                     \
    R(signature_wrong, "the signature does not fit")                                                                   \
    R(nonce_replayed, "the same message came before")                                                                  \
    R(not_understood, "signed, but not a message of this protocol")                                                    \
    R(not_decrypted, "the resource cannot be decrypted with our APIv3 key")                                            \
    R(merchant_other, "for another merchant")                                                                          \
    R(appid_other, "for another app")                                                                                  \
    R(currency_other, "not in CNY")                                                                                    \
    R(order_unknown, "no such order here")                                                                             \
    R(amount_differs, "not the amount of the order")                                                                   \
    R(transaction_differs, "the order was paid by another transaction")

enum pay_refusal {
#define R(name, words) PAY_REFUSAL_##name,
    PAY_REFUSALS(R)
#undef R
        PAY_REFUSAL_COUNT
};
const char *pay_refusal_name(enum pay_refusal refusal);
const char *pay_refusal_words(enum pay_refusal refusal);

/* ---- what we sign ---- */

struct pay_identity {
    const char *merchant_id;
    const char *certificate_serial;
    const struct pki_key *key; /* private */
};
/* The whole "Authorization: …" line; `path` with its query. In arena. */
const char *pay_authorization(const struct pay_identity *who, const char *method, const char *path, const void *body,
                              size_t len, int64_t now_us, struct arena *arena);
/* What WeChat's client wants to open its payment sheet: a JSON object, in arena. */
const char *pay_client_call(const struct pay_identity *who, const char *appid, const char *prepay_id, int64_t now_us,
                            struct arena *arena);

/* ---- what we believe ---- */

struct pay_signed { /* headers; NULL or "" when absent */
    const char *serial, *timestamp, *nonce, *signature;
};

struct pay_keys;
struct pay_keys *pay_keys_new(void);
void pay_keys_free(struct pay_keys *keys); /* NULL is fine */
/* The bank's public key from the merchant's settings. CORRUPT: not a key. Before any other thread looks. */
enum err pay_keys_add_public(struct pay_keys *keys, const char *id, const char *pem, size_t len);
const char *pay_keys_public_id(const struct pay_keys *keys); /* "" when there is none */

/* none, or one of header_missing, timestamp_off, serial_unknown, signature_wrong. */
enum pay_refusal pay_verify(struct pay_keys *keys, const struct pay_signed *head, const void *body, size_t len,
                            int64_t now_us);

/* The answer of GET /v3/certificates: decrypts all, verifies the answer with them (or with a key known before) and
 * takes them for the set; older ones that are still valid stay. UPSTREAM_REFUSED: not believed, nothing changed. */
enum err pay_keys_take(struct pay_keys *keys, const char *api_v3_key, const struct pay_signed *head, const void *body,
                       size_t len, int64_t now_us);
/* Whether certificates should be fetched now: never were, half a day ago, or somebody named an unknown serial. At most
 * every ten seconds; asking counts as fetching. */
bool pay_keys_due(struct pay_keys *keys, int64_t now_us);

#endif
