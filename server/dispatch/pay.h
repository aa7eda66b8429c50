/* pay — the payment service: orders, refunds, signed callbacks.
 *
 * This is the seam for WeChat Pay: today's protocol is the stand-in's (JSON over HTTP, both sides sign with HMAC-SHA256
 * over a shared key), the functions are those that API v3 needs. What money means for a submission is store/payment.h.
 *
 *   signature = base64(HMAC-SHA256(key, METHOD "\n" path "\n" timestamp "\n" nonce "\n" body "\n"))
 *   headers     Wechatpay-Timestamp (unix seconds), Wechatpay-Nonce, Wechatpay-Signature
 *
 * Orders are idempotent by out_trade_no (our payment id) and refunds by out_refund_no, so both may be repeated. Never
 * logged: signatures, prepay ids. */
#ifndef XY_PAY_H
#define XY_PAY_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/json.h"
#include "dispatch/client.h"

struct pay_config {
    const char *url;         /* no slash at the end; "" or NULL: no payment service */
    const char *merchant_id; /* in every order and callback */
    const char *key;         /* signs both ways */
    const char *notify_url;  /* our /api/v1/hooks/pay as the service reaches it */
    const char *ca_file;     /* NULL: the system's */
};

#define PAY_TIMESTAMP        "wechatpay-timestamp" /* header names, lower case, as API v3 has them */
#define PAY_NONCE            "wechatpay-nonce"
#define PAY_SIGNATURE        "wechatpay-signature"
#define PAY_CLOCK_SKEW_MAX_S 300
#define PAY_SIGNATURE_BYTES  48

void pay_sign(const char *key, const char *method, const char *path, const char *timestamp, const char *nonce,
              const void *body, size_t len, char signature[PAY_SIGNATURE_BYTES]);

/* ---- for endpoints ---- */

struct pay_order {
    const char *id; /* out_trade_no */
    int64_t amount_fen;
    const char *description;
};
struct pay_prepay {
    const char *prepay_id;
    const char *client; /* JSON object for the student's page: what it needs to pay */
};
/* Lane thread. UPSTREAM: not asked or refused; UPSTREAM_UNKNOWN: no answer; both may be repeated with the same order.
 */
enum err pay_prepay_blocking(const struct pay_config *config, const struct pay_order *order, struct arena *arena,
                             struct pay_prepay *prepay, char why[JSON_WHY_BYTES]);

struct pay_notice {
    const char *id; /* out_trade_no */
    const char *transaction_id;
    int64_t amount_fen;
};
/* The headers of a callback; NULL when absent. */
struct pay_signed {
    const char *timestamp, *nonce, *signature;
};
/* Any thread. UNAUTHENTICATED: not signed with that key, or the sender's clock and ours are PAY_CLOCK_SKEW_MAX_S or
 * more apart. `path` is the path of notify_url. */
enum err pay_check_signature(const char *key, const char *path, const struct pay_signed *head, const void *body,
                             size_t len, int64_t now_us);
/* The same, and what it says. Only a notice that passed here may reach payment_succeeded. BAD_REQUEST: signed, but not
 * a success we understand, or another merchant's. Strings in arena. */
enum err pay_verify(const struct pay_config *config, const char *path, const struct pay_signed *head, const void *body,
                    size_t len, int64_t now_us, struct arena *arena, struct pay_notice *notice);

/* ---- outbound thread ---- */

enum pay_state { PAY_UNPAID, PAY_PAID, PAY_CLOSED, PAY_REFUNDED, PAY_ABSENT /* the service never heard of it */ };
struct pay_result {
    enum err e; /* UPSTREAM: not done, may be repeated; UPSTREAM_UNKNOWN: perhaps; UPSTREAM_REFUSED: for good */
    enum pay_state state;
    int64_t amount_fen;
    const char *transaction_id; /* PAY_PAID, PAY_REFUNDED; in arena */
    int64_t pause_us;
    const char *words;
};
struct pay_call {
    struct client *client;
    const struct pay_config *config;
    struct arena *arena; /* until done */
    void (*done)(struct pay_call *call, const struct pay_result *result);
    void *arg;
    struct client_request request; /* pay.c's */
};
void pay_query(struct pay_call *call, const char *id);
void pay_close(struct pay_call *call, const char *id); /* state PAID: too late, it was paid */
/* state REFUNDED when the money is on its way back. */
void pay_refund(struct pay_call *call, const char *id, const char *refund_id, int64_t amount_fen);

#endif
