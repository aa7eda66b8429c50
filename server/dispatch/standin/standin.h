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
 *            Faults: errcode (value = code), expired_token (the current token is void from now on).
 *   pay      POST /v1/orders · GET /v1/orders/{no} · POST /v1/orders/{no}/close · POST /v1/refunds, signed (pay.h).
 *            GET or POST /pay?prepay_id=… pays, then tells notify_url until it answers 2xx. GET /bank: every order.
 *            Faults: no_callback, forged_callback (one with a wrong signature first), double_callback.
 *   chsi     PUT /v1/photos/{key} · GET /v1/photos/{key}. Accepts what it gets; fault refuse_photo refuses it instead.
 *            GET /photos: all. POST /hold {"hold":true}: no results until let go.
 *   courier  GET /v1/parcels/{carrier}/{number} → {"state": "moving"}; POST /deliver {"carrier","number","notify"}
 *            makes it delivered and tells notify_url.
 *   sms      POST /sms, signed (sms.h); the same id again is 409. GET /texts[?to=number]: what was sent. */
#ifndef XY_STANDIN_H
#define XY_STANDIN_H

#include "base/base.h"

struct standin;

#define STANDIN_APPID     "standin-appid"
#define STANDIN_SECRET    "standin-secret"
#define STANDIN_KEY_BYTES 44

struct standin_ports {
    int wechat, pay, chsi, courier, sms;
    char key[STANDIN_KEY_BYTES]; /* signs requests and callbacks of pay and courier, and requests to sms; new at every
                                    start */
};

/* Own thread, own loop. `pause_ms`: between tries of a callback (15 s at WeChat). */
struct standin *standin_start(int64_t pause_ms, struct standin_ports *ports);
void standin_stop(struct standin *standin); /* NULL is fine */

#endif
