#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/pay_sign.h"
#include "dispatch/standin/bank.h"
#include "dispatch/standin/services.h"
#include "dispatch/standin/standin.h"

#include <pthread.h>

/* ---- keys ---- */

static struct bank_keys made;
static pthread_once_t made_once = PTHREAD_ONCE_INIT;

static const char *pem_of(struct buf *b)
{
    const char *text = strdup(buf_cstr(b)); /* for the life of the process */
    CHECK(text != NULL);
    buf_release(b);
    return text;
}

static void *make_key(void *place)
{
    *(struct pki_key **)place = pki_key_make();
    return NULL;
}

static void make_keys(void)
{
    static const char *const serials[] = {"5157F09EFDC096DE15EBE81A47057A7232000001",
                                          "5157F09EFDC096DE15EBE81A47057A7232000002"};
    struct pki_key **const keys[] = {&made.merchant, &made.certificates[0], &made.certificates[1], &made.public};
    pthread_t threads[countof(keys)];
    char token[CRYPT_TOKEN_TEXT_BYTES];
    struct buf b;
    for (size_t i = 0; i < countof(keys); i++)
        CHECK(pthread_create(&threads[i], NULL, make_key, keys[i]) == 0);
    for (size_t i = 0; i < countof(keys); i++)
        pthread_join(threads[i], NULL);
    int64_t now_us = clock_utc_us();
    for (size_t i = 0; i < 2; i++) {
        buf_init(&b, KIB(8));
        pki_certificate_make(made.certificates[i], serials[i], now_us - SECONDS_US(86400),
                             now_us + SECONDS_US(86400LL * 365 * 5), &b);
        made.certificate_pem[i] = pem_of(&b);
        made.serials[i] = serials[i];
    }
    buf_init(&b, KIB(8));
    pki_key_write(made.public, false, &b);
    made.public_pem = pem_of(&b);
    made.public_id = "PUB_KEY_ID_0116000000012026112000000001";
    made.merchant_serial = "7FCC0FD16A7A4D4E9B1C5E0F3A2B000000000001";
    crypt_token(token);
    snprintf(made.api_v3_key, sizeof made.api_v3_key, "%.*s", PKI_GCM_KEY_BYTES, token);
}

const struct bank_keys *bank_keys(void)
{
    pthread_once(&made_once, make_keys);
    return &made;
}

void standin_bank_keys(struct standin_bank *bank)
{
    const struct bank_keys *k = bank_keys();
    *bank = (struct standin_bank){.merchant_key = k->merchant,
                                  .merchant_serial = k->merchant_serial,
                                  .api_v3_key = k->api_v3_key,
                                  .public_key_id = k->public_id,
                                  .public_key = k->public_pem};
}

/* ---- small things ---- */

struct bank_order *bank_order_named(struct standin_pay *p, const char *id)
{
    for (size_t i = p->order_count; i-- > 0;)
        if (text_is(p->orders[i]->id, id))
            return p->orders[i];
    return NULL;
}

struct bank_refund *bank_refund_named(struct standin_pay *p, const char *id)
{
    for (size_t i = p->refund_count; i-- > 0;)
        if (text_is(p->refunds[i]->id, id))
            return p->refunds[i];
    return NULL;
}

int bank_refuse(struct buf *out, int status, const char *code)
{
    json_object_open(out);
    json_put_text(out, "code", code);
    json_put_text(out, "message", "made up by the stand-in");
    json_object_close(out);
    return status;
}

void bank_time(struct buf *out, const char *name, int64_t utc_us)
{
    char text[40];
    struct clock_civil c = clock_civil_cn(utc_us);
    if (utc_us == 0)
        return;
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day, c.hour, c.minute,
             c.second);
    json_put_text(out, name, text);
}

/* ---- signatures ---- */

const char *bank_serial(const struct standin_pay *p)
{
    return p->public_mode ? p->keys->public_id : p->keys->serials[p->certificate];
}

void bank_sign(const struct standin_pay *p, const char *timestamp, const char *nonce, const void *body, size_t len,
               char signature[PKI_SIGNATURE_TEXT_BYTES])
{
    struct buf b;
    buf_init(&b, MIB(4));
    buf_printf(&b, "%s\n%s\n", timestamp, nonce);
    buf_add(&b, body, len);
    buf_char(&b, '\n');
    CHECK(!b.over);
    pki_sign(p->public_mode ? p->keys->public : p->keys->certificates[p->certificate], b.bytes, b.len, signature);
    buf_release(&b);
}

static void sign_answer(struct standin_pay *p, const struct standin_request *r, const struct buf *out)
{
    char nonce[CRYPT_TOKEN_TEXT_BYTES], signature[PKI_SIGNATURE_TEXT_BYTES];
    if (standin_fault(p->http, "unsigned", r->path, NULL))
        return;
    crypt_token(nonce);
    nonce[32] = '\0';
    const char *timestamp = arena_printf(r->arena, "%" PRId64, clock_utc_us() / 1000000);
    bank_sign(p, timestamp, nonce, out->bytes, out->len, signature);
    if (standin_fault(p->http, "wrong_signature", r->path, NULL))
        signature[10] = signature[10] == 'A' ? 'B' : 'A';
    buf_printf(&r->reply->headers,
               "Wechatpay-Serial: %s\r\nWechatpay-Timestamp: %s\r\nWechatpay-Nonce: %s\r\nWechatpay-Signature: %s\r\n",
               bank_serial(p), timestamp, nonce, signature);
}

/* name="value" within an Authorization header; NULL when absent. */
static const char *parameter(const struct standin_request *r, const char *header, const char *name)
{
    const char *at = strstr(header, arena_printf(r->arena, "%s=\"", name));
    if (at == NULL)
        return NULL;
    at = strchr(at, '"') + 1;
    return arena_text_n(r->arena, at, strcspn(at, "\""));
}

static bool is_signed(const struct standin_pay *p, const struct standin_request *r)
{
    struct buf b;
    const char *header = standin_header(r, "authorization");
    int64_t at_s;
    if (header == NULL || !text_starts(header, "WECHATPAY2-SHA256-RSA2048 "))
        return false;
    const char *timestamp = parameter(r, header, "timestamp"), *nonce = parameter(r, header, "nonce_str"),
               *signature = parameter(r, header, "signature");
    if (!text_is(parameter(r, header, "mchid"), STANDIN_MERCHANT) || timestamp == NULL || nonce == NULL ||
        signature == NULL || !text_is(parameter(r, header, "serial_no"), p->keys->merchant_serial) ||
        !text_int(timestamp, &at_s) || llabs(at_s - clock_utc_us() / 1000000) > PAY_CLOCK_SKEW_MAX_S)
        return false;
    buf_init(&b, MIB(4));
    buf_printf(&b, "%s\n%s%s%s\n%s\n%s\n", r->method, r->path, r->query[0] != '\0' ? "?" : "", r->query, timestamp,
               nonce);
    buf_add(&b, r->body, r->body_len);
    buf_char(&b, '\n');
    bool good = pki_verify(p->keys->merchant, b.bytes, b.len, signature);
    buf_release(&b);
    return good;
}

/* ---- orders ---- */

void bank_order_write(const struct bank_order *o, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "appid", o->appid);
    json_put_text(out, "mchid", STANDIN_MERCHANT);
    json_put_text(out, "out_trade_no", o->id);
    if (o->transaction_id[0] != '\0')
        json_put_text(out, "transaction_id", o->transaction_id);
    json_put_text(out, "trade_type",
                  text_is(o->channel, "h5")       ? "MWEB"
                  : text_is(o->channel, "native") ? "NATIVE"
                                                  : "JSAPI");
    json_put_text(out, "trade_state", o->state);
    json_put_text(out, "trade_state_desc", o->state);
    json_put_text(out, "bank_type", "OTHERS");
    bank_time(out, "success_time", o->paid_us);
    json_name(out, "payer");
    json_object_open(out);
    json_put_text(out, "openid", o->openid);
    json_object_close(out);
    json_name(out, "amount");
    json_object_open(out);
    json_put_int(out, "total", o->amount_fen);
    json_put_int(out, "payer_total", o->amount_fen);
    json_put_text(out, "currency", "CNY");
    json_put_text(out, "payer_currency", "CNY");
    json_object_close(out);
    json_object_close(out);
}

static int answer_order(const struct bank_order *o, struct buf *out)
{
    bank_order_write(o, out);
    return 200;
}

static int answer_prepay(const struct standin_pay *p, const struct standin_request *r, const struct bank_order *o,
                         struct buf *out)
{
    json_object_open(out);
    if (text_is(o->channel, "jsapi"))
        json_put_text(out, "prepay_id", o->prepay_id);
    else if (text_is(o->channel, "h5"))
        json_put_text(out, "h5_url",
                      arena_printf(r->arena, "http://127.0.0.1:%d/h5?prepay_id=%s", p->port, o->prepay_id));
    else
        json_put_text(out, "code_url", arena_printf(r->arena, "weixin://wxpay/bizpayurl?pr=%s", o->prepay_id));
    json_object_close(out);
    return 200;
}

static bool wants_are_there(const struct standin_request *r, const char *channel)
{
    const char *id = json_text_at(r->json, "out_trade_no", ""), *appid = json_text_at(r->json, "appid", ""),
               *notify = json_text_at(r->json, "notify_url", ""), *openid = json_text_at(r->json, "payer.openid", "");
    bool who = text_is(channel, "jsapi") ? openid[0] != '\0' && strlen(openid) < 64
               : text_is(channel, "h5")  ? json_text_at(r->json, "scene_info.payer_client_ip", NULL) != NULL &&
                                              json_text_at(r->json, "scene_info.h5_info.type", NULL) != NULL
                                        : text_is(channel, "native");
    return who && strlen(id) >= 6 && strlen(id) <= 32 && strlen(appid) < 40 && strlen(notify) < 512 &&
           json_int_at(r->json, "amount.total", 0) >= 1 && json_text_at(r->json, "description", NULL) != NULL &&
           text_is(json_text_at(r->json, "amount.currency", "CNY"), "CNY");
}

static int order_add(struct standin_pay *p, const struct standin_request *r, const char *channel, struct buf *out)
{
    int64_t amount_fen = json_int_at(r->json, "amount.total", 0), expires_us = 0;
    if (!wants_are_there(r, channel) || !clock_read(json_text_at(r->json, "time_expire", ""), &expires_us))
        return bank_refuse(out, 400, "PARAM_ERROR");
    if (!text_is(json_text_at(r->json, "mchid", NULL), STANDIN_MERCHANT))
        return bank_refuse(out, 400, "MCHID_NOT_EXIST");
    struct bank_order *o = bank_order_named(p, json_text_at(r->json, "out_trade_no", NULL));
    if (o != NULL && (o->amount_fen != amount_fen || !text_is(o->channel, channel)))
        return bank_refuse(out, 403, "OUT_TRADE_NO_USED");
    if (o != NULL && strcmp(o->state, "NOTPAY") != 0)
        return bank_refuse(out, 400, strcmp(o->state, "CLOSED") == 0 ? "ORDER_CLOSED" : "ORDERPAID");
    if (o == NULL) {
        if (p->order_count == BANK_ORDERS_MAX)
            return bank_refuse(out, 500, "SYSTEM_ERROR");
        o = calloc(1, sizeof *o);
        CHECK(o != NULL);
        snprintf(o->id, sizeof o->id, "%s", json_text_at(r->json, "out_trade_no", ""));
        snprintf(o->prepay_id, sizeof o->prepay_id, "wx-standin-%" PRId64, ++p->number);
        snprintf(o->channel, sizeof o->channel, "%s", channel);
        o->amount_fen = amount_fen;
        o->state = "NOTPAY";
        p->orders[p->order_count++] = o;
    }
    o->expires_us = expires_us;
    snprintf(o->appid, sizeof o->appid, "%s", json_text_at(r->json, "appid", ""));
    snprintf(o->openid, sizeof o->openid, "%s", json_text_at(r->json, "payer.openid", "standin-openid-h5"));
    snprintf(o->notify_url, sizeof o->notify_url, "%s", json_text_at(r->json, "notify_url", ""));
    return answer_prepay(p, r, o, out);
}

int bank_pay(struct standin_pay *p, const struct standin_request *r, struct bank_order *o, struct buf *out)
{
    if (strcmp(o->state, "NOTPAY") == 0 && clock_utc_us() < o->expires_us) {
        o->state = "SUCCESS";
        o->paid_us = clock_utc_us() / 1000000 * 1000000;
        snprintf(o->transaction_id, sizeof o->transaction_id, "4200%020" PRId64, ++p->number);
        bank_tell(p, o, NULL, r->path);
    }
    return answer_order(o, out);
}

static struct bank_order *order_prepaid(struct standin_pay *p, const char *prepay_id)
{
    for (size_t i = 0; i < p->order_count; i++)
        if (text_is(p->orders[i]->prepay_id, prepay_id))
            return p->orders[i];
    return NULL;
}

static int pay_now(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    struct bank_order *o = order_prepaid(p, standin_query(r, "prepay_id"));
    return o == NULL ? bank_refuse(out, 404, "ORDER_NOT_EXIST") : bank_pay(p, r, o, out);
}

static int order_close(struct bank_order *o, struct buf *out)
{
    if (strcmp(o->state, "NOTPAY") != 0 && strcmp(o->state, "CLOSED") != 0)
        return bank_refuse(out, 400, "ORDERPAID");
    o->state = "CLOSED";
    return 204;
}

/* ---- refunds ---- */

void bank_refund_write(const struct bank_refund *f, const char *merchant_id, struct buf *out)
{
    json_object_open(out);
    if (merchant_id != NULL)
        json_put_text(out, "mchid", merchant_id);
    json_put_text(out, "refund_id", f->bank_refund_id);
    json_put_text(out, "out_refund_no", f->id);
    json_put_text(out, "transaction_id", f->order->transaction_id);
    json_put_text(out, "out_trade_no", f->order->id);
    json_put_text(out, "channel", "ORIGINAL");
    json_put_text(out, "user_received_account", "零钱");
    bank_time(out, "success_time", strcmp(f->status, "SUCCESS") == 0 ? f->ended_us : 0);
    if (merchant_id == NULL)
        bank_time(out, "create_time", f->accepted_us);
    json_put_text(out, merchant_id == NULL ? "status" : "refund_status", f->status);
    json_name(out, "amount");
    json_object_open(out);
    json_put_int(out, "total", f->order->amount_fen);
    json_put_int(out, "refund", f->amount_fen);
    json_put_text(out, "currency", "CNY");
    json_object_close(out);
    json_object_close(out);
}

static int answer_refund(const struct bank_refund *f, struct buf *out)
{
    bank_refund_write(f, NULL, out);
    return 200;
}

/* What becomes of a refund that the bank works on: at its next query, or when a fault says so at once. */
static void refund_end(struct standin_pay *p, struct bank_refund *f, const char *status, const char *path)
{
    if (strcmp(f->status, "SUCCESS") == 0 || strcmp(f->status, "CLOSED") == 0)
        return;
    f->status = status;
    if (strcmp(status, "PROCESSING") == 0)
        return;
    f->ended_us = clock_utc_us() / 1000000 * 1000000;
    if (strcmp(status, "CLOSED") == 0)
        f->order->refunded_fen -= f->amount_fen;
    bank_tell(p, NULL, f, path);
}

static int refund_refused(struct standin_pay *p, const struct standin_request *r, const struct bank_order *o,
                          struct buf *out)
{
    int64_t refund_fen = json_int_at(r->json, "amount.refund", 0);
    const char *id = json_text_at(r->json, "out_refund_no", "");
    if (o == NULL)
        return bank_refuse(out, 404, "RESOURCE_NOT_EXISTS");
    if (o->paid_us == 0 || json_int_at(r->json, "amount.total", 0) != o->amount_fen || refund_fen < 1 ||
        o->refunded_fen + refund_fen > o->amount_fen || strlen(id) >= 65 || id[0] == '\0')
        return bank_refuse(out, 400, "INVALID_REQUEST");
    if (standin_fault(p->http, "not_enough", r->path, NULL))
        return bank_refuse(out, 403, "NOT_ENOUGH");
    if (standin_fault(p->http, "account_abnormal", r->path, NULL))
        return bank_refuse(out, 400, "USER_ACCOUNT_ABNORMAL");
    return p->refund_count == BANK_REFUNDS_MAX ? bank_refuse(out, 500, "SYSTEM_ERROR") : 0;
}

static int refund(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    struct bank_order *o = bank_order_named(p, json_text_at(r->json, "out_trade_no", NULL));
    struct bank_refund *f = bank_refund_named(p, json_text_at(r->json, "out_refund_no", NULL));
    int64_t refund_fen = json_int_at(r->json, "amount.refund", 0);
    if (f != NULL && (f->order != o || f->amount_fen != refund_fen))
        return bank_refuse(out, 400, "INVALID_REQUEST");
    if (f == NULL) {
        int refused = refund_refused(p, r, o, out);
        if (refused != 0)
            return refused;
        f = calloc(1, sizeof *f);
        CHECK(f != NULL);
        snprintf(f->id, sizeof f->id, "%s", json_text_at(r->json, "out_refund_no", ""));
        snprintf(f->bank_refund_id, sizeof f->bank_refund_id, "5030%020" PRId64, ++p->number);
        snprintf(f->notify_url, sizeof f->notify_url, "%s", json_text_at(r->json, "notify_url", ""));
        f->order = o;
        f->amount_fen = refund_fen;
        f->status = "PROCESSING";
        f->accepted_us = clock_utc_us() / 1000000 * 1000000;
        p->refunds[p->refund_count++] = f;
        o->refunded_fen += refund_fen;
        o->state = "REFUND";
        const char *end = standin_fault(p->http, "refund_processing", r->path, NULL) ? "PROCESSING"
                          : standin_fault(p->http, "refund_abnormal", r->path, NULL) ? "ABNORMAL"
                          : standin_fault(p->http, "refund_closed", r->path, NULL)   ? "CLOSED"
                                                                                     : "SUCCESS";
        refund_end(p, f, end, r->path);
    } else if (strcmp(f->status, "ABNORMAL") == 0) { /* asked again for one a person had to look at */
        refund_end(p, f, "SUCCESS", r->path);
    }
    return answer_refund(f, out);
}

static int refund_query(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    struct bank_refund *f = bank_refund_named(p, r->path + strlen("/v3/refund/domestic/refunds/"));
    if (f == NULL)
        return bank_refuse(out, 404, "RESOURCE_NOT_EXISTS");
    if (strcmp(f->status, "PROCESSING") == 0 && !standin_fault(p->http, "refund_processing", r->path, NULL))
        refund_end(p, f, "SUCCESS", r->path);
    return answer_refund(f, out);
}

/* ---- certificates ---- */

static void put_certificate(const struct standin_pay *p, const struct standin_request *r, size_t i, struct buf *out)
{
    const char *pem = p->keys->certificate_pem[i], *nonce = "standin-cert";
    size_t len = strlen(pem);
    unsigned char *sealed = arena_alloc(r->arena, len + PKI_GCM_TAG_BYTES);
    char *text = arena_alloc(r->arena, 4 * (len + PKI_GCM_TAG_BYTES) / 3 + 8);
    pki_gcm_seal((const unsigned char *)p->keys->api_v3_key, nonce, "certificate", pem, len, sealed);
    crypt_base64(sealed, len + PKI_GCM_TAG_BYTES, false, text);
    json_object_open(out);
    json_put_text(out, "serial_no", p->keys->serials[i]);
    bank_time(out, "effective_time", clock_utc_us() - SECONDS_US(86400));
    bank_time(out, "expire_time", clock_utc_us() + SECONDS_US(86400LL * 365));
    json_name(out, "encrypt_certificate");
    json_object_open(out);
    json_put_text(out, "algorithm", "AEAD_AES_256_GCM");
    json_put_text(out, "nonce", nonce);
    json_put_text(out, "associated_data", "certificate");
    json_put_text(out, "ciphertext", text);
    json_object_close(out);
    json_object_close(out);
}

static int certificates(const struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    json_object_open(out);
    json_name(out, "data");
    json_array_open(out);
    for (size_t i = 0; i <= p->certificate; i++) /* after a change the old one is still there */
        put_certificate(p, r, i, out);
    json_array_close(out);
    json_object_close(out);
    return 200;
}

/* ---- what tests ask ---- */

static int bank(const struct standin_pay *p, struct buf *out)
{
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < p->order_count; i++)
        bank_order_write(p->orders[i], out);
    json_array_close(out);
    json_name(out, "refunds");
    json_array_open(out);
    for (size_t i = 0; i < p->refund_count; i++)
        bank_refund_write(p->refunds[i], NULL, out);
    json_array_close(out);
    json_put_int(out, "count", (int64_t)p->order_count);
    json_put_int(out, "callbacks", (int64_t)bank_callbacks_going(p));
    json_object_close(out);
    return 200;
}

/* POST /keys {"certificate": 0|1, "public": bool}: what it signs with from now on. */
static int choose_keys(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    p->certificate = json_int_at(r->json, "certificate", 0) == 1;
    p->public_mode = json_bool_at(r->json, "public", false);
    json_object_open(out);
    json_put_text(out, "serial", bank_serial(p));
    json_object_close(out);
    return 200;
}

/* ---- paths ---- */

static int answer_orders(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    static const char transactions[] = "/v3/pay/transactions/", numbered[] = "/v3/pay/transactions/out-trade-no/";
    if (!text_starts(r->path, numbered)) {
        const char *channel = r->path + strlen(transactions);
        bool known = text_is(channel, "jsapi") || text_is(channel, "h5") || text_is(channel, "native");
        return known ? order_add(p, r, channel, out) : bank_refuse(out, 404, "NOT_FOUND");
    }
    char *id = arena_text(r->arena, r->path + strlen(numbered));
    size_t len = strlen(id);
    bool closing = len > 6 && strcmp(id + len - 6, "/close") == 0;
    if (closing)
        id[len - 6] = '\0';
    struct bank_order *o = bank_order_named(p, id);
    if (o == NULL)
        return bank_refuse(out, 404, "ORDER_NOT_EXIST");
    return closing ? order_close(o, out) : answer_order(o, out);
}

static int answer_signed(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    if (!is_signed(p, r))
        return bank_refuse(out, 401, "SIGN_ERROR");
    if (text_starts(r->path, "/v3/pay/transactions/"))
        return answer_orders(p, r, out);
    if (text_is(r->path, "/v3/refund/domestic/refunds"))
        return refund(p, r, out);
    if (text_starts(r->path, "/v3/refund/domestic/refunds/"))
        return refund_query(p, r, out);
    if (text_is(r->path, "/v3/certificates"))
        return certificates(p, r, out);
    if (text_is(r->path, "/v3/bill/tradebill"))
        return bank_bill(p, r, out);
    return bank_refuse(out, 404, "NOT_FOUND");
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_pay *p = service;
    if (text_is(r->path, "/pay"))
        return pay_now(p, r, out);
    if (text_is(r->path, "/bank"))
        return bank(p, out);
    if (text_is(r->path, "/keys"))
        return choose_keys(p, r, out);
    if (text_is(r->path, "/h5"))
        return bank_page(p, r, out);
    if (text_is(r->path, "/jsapi"))
        return bank_jsapi(p, r, out);
    if (text_is(r->path, "/v3/billdownload/file"))
        return is_signed(p, r) ? bank_bill_file(p, r, out) : bank_refuse(out, 401, "SIGN_ERROR");
    int status = answer_signed(p, r, out);
    sign_answer(p, r, out);
    return status;
}

struct standin_pay *standin_pay_open(uv_loop_t *loop, struct client *client, int64_t pause_ms, int *port)
{
    struct standin_pay *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->loop = loop;
    p->client = client;
    p->pause_ms = pause_ms;
    p->keys = bank_keys();
    p->http = standin_http_open(loop, answer, p, port);
    p->port = *port;
    return p;
}

/* The client was closed before, so no callback is under way. */
void standin_pay_close(struct standin_pay *p)
{
    p->closing = true;
    bank_callbacks_end(p);
    standin_http_close(p->http);
    for (size_t i = 0; i < p->order_count; i++)
        free(p->orders[i]);
    for (size_t i = 0; i < p->refund_count; i++)
        free(p->refunds[i]);
    free(p);
}
