/* bank — the stand-in of WeChat Pay, API v3: keys, orders, refunds. Its parts: pay.c the API, pay_callback.c what it
 * tells, pay_bill.c the daily bill, pay_page.c what the payer sees. One thread: the stand-ins' loop. */
#ifndef XY_STANDIN_BANK_H
#define XY_STANDIN_BANK_H

#include "base/pki.h"
#include "dispatch/client.h"
#include "dispatch/standin/http.h"

#define BANK_ORDERS_MAX  65536
#define BANK_REFUNDS_MAX 65536

/* RSA keys are made once in a process, by the first who asks: 0.1 s each. */
struct bank_keys {
    struct pki_key *merchant, *certificates[2], *public; /* all private: the stand-in plays both sides */
    const char *merchant_serial, *serials[2], *public_id;
    const char *certificate_pem[2], *public_pem;
    char api_v3_key[PKI_GCM_KEY_BYTES + 1];
};
const struct bank_keys *bank_keys(void);

struct bank_order {
    char id[40], prepay_id[64], transaction_id[40], appid[40], channel[8], openid[64], notify_url[512];
    int64_t amount_fen, refunded_fen;
    const char *state; /* NOTPAY, SUCCESS, CLOSED, REFUND */
    int64_t paid_us, expires_us;
};
struct bank_refund {
    char id[72], bank_refund_id[40], notify_url[512];
    struct bank_order *order;
    int64_t amount_fen;
    const char *status; /* PROCESSING, SUCCESS, ABNORMAL, CLOSED */
    int64_t accepted_us, ended_us;
};

struct callback;
struct standin_pay {
    struct standin_http *http;
    struct client *client;
    uv_loop_t *loop;
    const struct bank_keys *keys;
    int64_t pause_ms, number;
    size_t certificate; /* the one it signs with */
    bool public_mode;   /* signs with the public key's pair */
    int port;
    struct bank_order *orders[BANK_ORDERS_MAX];
    struct bank_refund *refunds[BANK_REFUNDS_MAX];
    size_t order_count, refund_count;
    struct callback *callbacks;
    bool closing;
};

struct bank_order *bank_order_named(struct standin_pay *p, const char *id);
struct bank_refund *bank_refund_named(struct standin_pay *p, const char *id);
int bank_refuse(struct buf *out, int status, const char *code);
void bank_time(struct buf *out, const char *name, int64_t utc_us); /* a member; nothing when 0 */

/* ---- pay.c ---- */

/* Puts the bank's signature over `body` into four headers. */
void bank_sign(const struct standin_pay *p, const char *timestamp, const char *nonce, const void *body, size_t len,
               char signature[PKI_SIGNATURE_TEXT_BYTES]);
const char *bank_serial(const struct standin_pay *p);
void bank_order_write(const struct bank_order *o, struct buf *out); /* as the query answers */
/* As the refund answers, or as a callback tells it. */
void bank_refund_write(const struct bank_refund *r, const char *merchant_id, struct buf *out);
/* Pays an open order, and tells. */
int bank_pay(struct standin_pay *p, const struct standin_request *r, struct bank_order *o, struct buf *out);

/* ---- pay_callback.c ---- */

/* Tell the merchant until it answers 2xx, with whatever faults are set. One of them is NULL. */
void bank_tell(struct standin_pay *p, struct bank_order *order, struct bank_refund *refund, const char *path);
void bank_callbacks_end(struct standin_pay *p);
size_t bank_callbacks_going(const struct standin_pay *p);

/* ---- pay_bill.c ---- */

int bank_bill(struct standin_pay *p, const struct standin_request *r, struct buf *out);      /* hash and address */
int bank_bill_file(struct standin_pay *p, const struct standin_request *r, struct buf *out); /* the file */

/* ---- pay_page.c ---- */

/* GET /h5: the page; POST /h5?do=pay|cancel; POST /jsapi: what the WeChat client does with paySign. */
int bank_page(struct standin_pay *p, const struct standin_request *r, struct buf *out);
int bank_jsapi(struct standin_pay *p, const struct standin_request *r, struct buf *out);

#endif
