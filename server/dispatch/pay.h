/* pay — WeChat Pay API v3: orders (JSAPI, H5, Native), query, close, refund, the daily bill, callbacks.
 *
 * What is signed and believed is pay_sign.h; what money means for a submission is store/payment.h. Every answer that is
 * acted on was signed by the bank: an unsigned one counts as none (UPSTREAM_UNKNOWN). When the main host does not
 * answer, the same request goes to the backup host at once: orders are idempotent by out_trade_no (our payment id),
 * refunds by out_refund_no, so all of them may be repeated. Facts: domain.md E.8. Never logged: signatures, prepay
 * ids. */
#ifndef XY_PAY_H
#define XY_PAY_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/json.h"
#include "dispatch/client.h"
#include "dispatch/pay_sign.h"

struct pay_config {
    const char *url;        /* no slash at the end; "" or NULL: no payment service */
    const char *backup_url; /* "" or NULL: none */
    const char *appid;      /* the mini program's, whose openids students have */
    const char *page_appid; /* the service account's; "" or NULL: none. Callbacks may name either */
    struct pay_identity who;
    const char *api_v3_key; /* 32 bytes: decrypts callbacks and certificates */
    const char *notify_url; /* our /api/v1/hooks/pay as the bank reaches it */
    const char *ca_file;    /* NULL: the system's */
    struct pay_keys *keys;  /* the bank's; shared by all threads */
};
bool pay_is_configured(const struct pay_config *config);

/* ---- for endpoints: lane threads ---- */

struct pay_order {
    const char *id;      /* out_trade_no */
    const char *channel; /* jsapi, h5, native */
    int64_t amount_fen;
    const char *description;   /* at most 127 characters */
    const char *openid;        /* jsapi */
    bool of_page;              /* openid is the service account's: page_appid */
    const char *payer_address; /* h5: the student's IP address */
    int64_t expires_us;        /* the bank takes no money after it */
};
struct pay_prepay {
    const char *prepay_id; /* h5: the page's address; native: what the QR code says */
    const char *client;    /* JSON object: the WeChat client's parameters, {h5_url} or {code_url} */
};
/* UPSTREAM: not asked or refused; UPSTREAM_UNKNOWN: no answer; both may be repeated with the same order. */
enum err pay_prepay_blocking(const struct pay_config *config, const struct pay_order *order, struct arena *arena,
                             struct pay_prepay *prepay, char why[JSON_WHY_BYTES]);

/* What a callback, a query or a refund's answer says. Strings in arena; times are the bank's, 0: not said. */
enum pay_state {
    PAY_UNPAID,
    PAY_PAID,
    PAY_CLOSED,
    PAY_REFUNDED /* in whole or part */,
    PAY_ABSENT /* never heard of */
};
struct pay_notice {
    bool is_refund;
    const char *id; /* out_trade_no */
    const char *transaction_id;
    int64_t amount_fen; /* of the order */
    int64_t paid_us;

    const char *refund_id, *bank_refund_id; /* is_refund */
    const char *refund_state;               /* processing, done, abnormal, closed */
    int64_t refund_fen, accepted_us, ended_us;
};
/* A callback, whole: signature, clock, decryption, merchant, app, currency. Only a notice that passed here may reach
 * the store, which checks nonce, order and amount. Any thread; when the serial is unknown and certificates are due it
 * fetches them, so only a thread that may block. */
enum pay_refusal pay_open_notice(const struct pay_config *config, const struct pay_signed *head, const void *body,
                                 size_t len, int64_t now_us, struct arena *arena, struct pay_notice *notice);
/* The parts, for tests and fuzzing: reads what is decrypted. */
enum pay_refusal pay_read_notice(const struct pay_config *config, bool is_refund, const struct json *tree,
                                 struct arena *arena, struct pay_notice *notice);

/* ---- outbound thread ---- */

struct pay_result {
    enum err e; /* UPSTREAM: not done, may be repeated; UPSTREAM_UNKNOWN: perhaps; UPSTREAM_REFUSED: for good */
    enum pay_state state;
    struct pay_notice notice;
    const char *bill_url, *bill_sha1; /* pay_bill: where to fetch it, and what it must hash to */
    int64_t pause_us;
    const char *words; /* the bank's code, or why there was no answer */
};
struct pay_call {
    struct client *client;
    const struct pay_config *config;
    struct arena *arena; /* until done */
    void (*done)(struct pay_call *call, const struct pay_result *result);
    void *arg;

    /* pay.c's */
    struct client_request request;
    const char *method, *path, *body;
    void (*read)(struct pay_call *call, const struct json *tree, struct pay_result *result);
    bool at_backup;
};
void pay_query(struct pay_call *call, const char *id);
void pay_close(struct pay_call *call, const char *id); /* state PAID: too late, it was paid */
struct pay_refund_order {
    const char *id, *refund_id, *reason;
    int64_t refund_fen, amount_fen;
};
void pay_refund(struct pay_call *call, const struct pay_refund_order *order);
void pay_refund_query(struct pay_call *call, const char *refund_id); /* state ABSENT: was never asked for */
void pay_bill(struct pay_call *call, const char *day);               /* "2026-11-19"; state ABSENT: none that day */
void pay_certificates(struct pay_call *call);                        /* takes them into config->keys by itself */

/* A signed GET whose answer is not signed: the bill's file. In `arena`; the caller sets limits, done and arg. */
struct client_request pay_download(const struct pay_config *config, const char *url, struct arena *arena,
                                   bool at_backup);

#endif
