/* standin — WeChat, the payment service, CHSI, the courier and the SMS gateway, played by ourselves on 127.0.0.1.
 *
 * Real HTTP servers on free ports, so that tests and the demo go through the production clients. They are started only
 * for what is not configured, say "standin" in everything they hand out, and keep nothing. Beside the paths of the
 * services they offer those of http.h (faults, log) and:
 *
 *   wechat   GET /sns/jscode2session · POST /cgi-bin/stable_token · POST /wxa/business/getuserphonenumber ·
 *            POST /cgi-bin/message/subscribe/send, with WeChat's codes and field rules. Any code "student-…" is a user
 *            for ever; "phone-<digits>" is that number. POST /quota {"openid","template_id","remaining"} or
 *            {"default"} limits messages (unlimited at first). GET /messages: what was delivered.
 *            Also the service account's POST /cgi-bin/message/template/send ("page-openid-gone…" does not follow) and
 *            GET /cgi-bin/user/info ("page-openid-x" has "unionid-x"), POST /cgi-bin/message/custom/send of both, and
 *            POST /wxa/msg_sec_check ("违规" is risky, "可疑" for review). Pictures: POST /cgi-bin/media/upload,
 *            GET /cgi-bin/media/get; POST /media puts one there as a user does, GET /media?media_id= looks at it. POST
 *            /follow {"as":"student-…","subscribe"}:
 *            who follows the service account (everybody at first) → {"openid","mini_openid"}.
 *            Faults: errcode (value = code), expired_token (the current token is void from now on).
 *   pay      WeChat Pay, API v3, with keys and certificates of its own: POST /v3/pay/transactions/{jsapi,h5,native} ·
 *            GET …/out-trade-no/{no} · POST …/close · POST and GET /v3/refund/domestic/refunds · GET /v3/certificates ·
 *            GET /v3/bill/tradebill and its file; every request's signature is checked, every answer signed.
 *            The payer: GET /h5?prepay_id=… is a page with two buttons (POST …&do=pay|cancel); POST /jsapi takes what
 *            the WeChat client is given and checks paySign; GET or POST /pay?prepay_id=… just pays. Then notify_url is
 *            told until it answers 2xx. GET /bank: every order and refund. POST /keys {"certificate":0|1,"public"}:
 *            what it signs with from now on.
 *            Faults of callbacks: no_callback, late_callback (value: ms, others may overtake it), double_callback
 *            (value: how many more, all at once), replay_callback; first one that is wrong: forged_callback (WeChat's
 *            signature probe), old_callback, unknown_serial, other_merchant, other_appid, other_amount, other_currency,
 *            not_decryptable. Of answers: unsigned, wrong_signature. Of refunds: refund_processing, refund_abnormal,
 *            refund_closed, not_enough, account_abnormal. Of the bill: bill_missing_line, bill_other_amount,
 *            bill_unknown_order, bill_wrong_hash.
 *   chsi     PUT /v1/photos/{key} · GET /v1/photos/{key}. Accepts what it gets; fault refuse_photo refuses it instead.
 *            GET /photos: all. POST /hold {"hold":true}: no results until let go.
 *   courier  GET /v1/parcels/{carrier}/{number} → {"state": "moving"}; POST /deliver {"carrier","number","notify"}
 *            makes it delivered and tells notify_url.
 *   sms      POST /sms, signed (sms.h); the same id again is 409. GET /texts[?to=number]: what was sent.
 *   real_name POST /check, signed (real_name.h): "match", or "mismatch" for a name with 不符 in it. Faults mismatch,
 *            unknown_number, illegal_number, illegal_name, unavailable, limit: answered so.
 *   wechat plays the service account too: GET /connect/oauth2/authorize comes back at once with a code of the user `as`
 *            (else "browser"); GET /sns/oauth2/access_token. The same "student-…" is the same person at both. */
#ifndef XY_STANDIN_H
#define XY_STANDIN_H

#include "base/base.h"

struct standin;

#define STANDIN_APPID       "standin-appid"
#define STANDIN_SECRET      "standin-secret"
#define STANDIN_PAGE_APPID  "standin-page-appid" /* the service account */
#define STANDIN_PAGE_SECRET "standin-page-secret"
#define STANDIN_KEY_BYTES   44

struct standin_ports {
    int wechat, pay, chsi, courier, sms, real_name;
    char key[STANDIN_KEY_BYTES]; /* signs callbacks of the courier, and requests to sms; new at every start */
};

/* What a merchant has of its bank: its own key, the APIv3 key, the bank's public key. For the life of the process. */
#define STANDIN_MERCHANT "1600000001"
struct pki_key;
struct standin_bank {
    const struct pki_key *merchant_key;
    const char *merchant_serial, *api_v3_key, *public_key_id, *public_key /* PEM */;
};
void standin_bank_keys(struct standin_bank *bank); /* makes them at the first call: 0.1 s */

/* Own thread, own loop. `pause_ms`: between tries of a callback (15 s at WeChat). */
struct standin *standin_start(int64_t pause_ms, struct standin_ports *ports);
void standin_stop(struct standin *standin); /* NULL is fine */

#endif
