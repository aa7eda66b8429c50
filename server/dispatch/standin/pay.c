#include "dispatch/standin/services.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/pay.h"
#include "dispatch/url_guard.h"

#define ORDERS_MAX     65536
#define CALLBACK_TRIES 15

struct order {
    char id[64], merchant_id[64], prepay_id[64], transaction_id[64], refund_id[64], notify_url[512];
    int64_t amount_fen;
    const char *state; /* NOTPAY, SUCCESS, CLOSED, REFUND */
};

struct callback {
    struct client_request request;
    uv_timer_t timer;
    struct standin_pay *pay;
    struct arena *arena;
    int tries;
    bool forged, closing;
    struct order *order;
    struct callback *next;
};

struct standin_pay {
    struct standin_http *http;
    struct client *client;
    uv_loop_t *loop;
    char key[64];
    int64_t pause_ms, number;
    struct order *orders[ORDERS_MAX];
    size_t order_count;
    struct callback *callbacks;
    bool closing;
};

static struct order *order_named(struct standin_pay *p, const char *id)
{
    for (size_t i = p->order_count; i-- > 0;)
        if (text_is(p->orders[i]->id, id))
            return p->orders[i];
    return NULL;
}

static int refuse(struct buf *out, int status, const char *code)
{
    json_object_open(out);
    json_put_text(out, "code", code);
    json_object_close(out);
    return status;
}

static int write_order(const struct order *o, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "out_trade_no", o->id);
    json_put_text(out, "state", o->state);
    json_put_int(out, "amount_fen", o->amount_fen);
    json_put_text(out, "transaction_id", o->transaction_id[0] == '\0' ? NULL : o->transaction_id);
    json_put_text(out, "out_refund_no", o->refund_id[0] == '\0' ? NULL : o->refund_id);
    json_object_close(out);
    return 200;
}

static bool is_signed(const struct standin_pay *p, const struct standin_request *r)
{
    char want[PAY_SIGNATURE_BYTES];
    const char *timestamp = standin_header(r, PAY_TIMESTAMP), *nonce = standin_header(r, PAY_NONCE);
    if (timestamp == NULL || nonce == NULL)
        return false;
    pay_sign(p->key, r->method, r->path, timestamp, nonce, r->body, r->body_len, want);
    return text_is(standin_header(r, PAY_SIGNATURE), want);
}

static int order_add(struct standin_pay *p, const struct standin_request *r, struct buf *out, int port)
{
    const char *id = json_text_at(r->json, "out_trade_no", NULL), *notify = json_text_at(r->json, "notify_url", "");
    int64_t amount_fen = json_int_at(r->json, "amount_fen", 0);
    if (id == NULL || strlen(id) < 6 || strlen(id) > 32 || amount_fen < 1 || strlen(notify) >= 512)
        return refuse(out, 400, "PARAM_ERROR");
    struct order *o = order_named(p, id);
    if (o != NULL && o->amount_fen != amount_fen)
        return refuse(out, 409, "OUT_TRADE_NO_USED");
    if (o != NULL && strcmp(o->state, "NOTPAY") != 0)
        return refuse(out, 409, "ORDERPAID");
    if (o == NULL) {
        if (p->order_count == ORDERS_MAX)
            return refuse(out, 503, "SYSTEM_ERROR");
        o = calloc(1, sizeof *o);
        CHECK(o != NULL);
        snprintf(o->id, sizeof o->id, "%s", id);
        snprintf(o->merchant_id, sizeof o->merchant_id, "%s", json_text_at(r->json, "merchant_id", ""));
        snprintf(o->prepay_id, sizeof o->prepay_id, "standin-prepay-%" PRId64, ++p->number);
        o->amount_fen = amount_fen;
        o->state = "NOTPAY";
        p->orders[p->order_count++] = o;
    }
    snprintf(o->notify_url, sizeof o->notify_url, "%s", notify);
    json_object_open(out);
    json_put_text(out, "prepay_id", o->prepay_id);
    json_name(out, "client");
    json_object_open(out);
    json_put_text(out, "pay_url", arena_printf(r->arena, "http://127.0.0.1:%d/pay?prepay_id=%s", port, o->prepay_id));
    json_object_close(out);
    json_object_close(out);
    return 200;
}

/* ---- callbacks ---- */

static void callback_send(struct callback *c);

static void on_callback_timer(uv_timer_t *timer)
{
    callback_send(timer->data);
}

static void on_callback_closed(uv_handle_t *handle)
{
    struct callback *c = handle->data;
    arena_free(c->arena);
    free(c);
}

static void callback_end(struct callback *c)
{
    if (c->closing)
        return;
    c->closing = true;
    for (struct callback **link = &c->pay->callbacks; *link != NULL; link = &(*link)->next)
        if (*link == c) {
            *link = c->next;
            break;
        }
    uv_close((uv_handle_t *)&c->timer, on_callback_closed);
}

static void on_callback_answer(struct client_request *request, const struct client_answer *answer)
{
    struct callback *c = request->arg;
    bool taken = answer->outcome == CLIENT_ANSWERED && answer->status >= 200 && answer->status < 300;
    if (c->forged) { /* WeChat probes with wrong signatures: whatever is said, the right one follows */
        c->forged = false;
        taken = false;
    }
    if (taken || ++c->tries >= CALLBACK_TRIES || c->pay->closing)
        callback_end(c);
    else
        uv_timer_start(&c->timer, on_callback_timer, (uint64_t)c->pay->pause_ms, 0);
}

static void callback_send(struct callback *c)
{
    struct buf body;
    struct url_parts url;
    char why[256], nonce[CRYPT_TOKEN_TEXT_BYTES], signature[PAY_SIGNATURE_BYTES];
    const struct order *o = c->order;
    if (url_parse(o->notify_url, &url, why) != ERR_NONE) {
        callback_end(c);
        return;
    }
    arena_reset(c->arena);
    buf_init(&body, KIB(4));
    json_object_open(&body);
    json_put_text(&body, "event", "TRANSACTION.SUCCESS");
    json_put_text(&body, "merchant_id", o->merchant_id);
    json_put_text(&body, "out_trade_no", o->id);
    json_put_text(&body, "transaction_id", o->transaction_id);
    json_put_int(&body, "amount_fen", o->amount_fen);
    json_object_close(&body);
    crypt_token(nonce);
    const char *timestamp = arena_printf(c->arena, "%" PRId64, clock_utc_us() / 1000000);
    pay_sign(c->forged ? "not the key" : c->pay->key, "POST", url.path, timestamp, nonce, body.bytes, body.len,
             signature);
    c->request = (struct client_request){
        .method = "POST",
        .url = o->notify_url,
        .headers = {"Content-Type: application/json", arena_printf(c->arena, "Wechatpay-Timestamp: %s", timestamp),
                    arena_printf(c->arena, "Wechatpay-Nonce: %s", nonce),
                    arena_printf(c->arena, "Wechatpay-Signature: %s", signature)},
        .body = arena_copy(c->arena, body.bytes, body.len),
        .body_len = body.len,
        .total_ms = 5000,
        .done = on_callback_answer,
        .arg = c,
    };
    buf_release(&body);
    client_send(c->pay->client, &c->request);
}

static void callback_start(struct standin_pay *p, struct order *o, bool forged)
{
    struct callback *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->pay = p;
    c->order = o;
    c->forged = forged;
    c->arena = arena_new(KIB(64));
    uv_timer_init(p->loop, &c->timer);
    c->timer.data = c;
    c->next = p->callbacks;
    p->callbacks = c;
    callback_send(c);
}

static int pay_now(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    const char *prepay_id = standin_query(r, "prepay_id");
    for (size_t i = 0; i < p->order_count; i++) {
        struct order *o = p->orders[i];
        if (!text_is(o->prepay_id, prepay_id))
            continue;
        if (strcmp(o->state, "NOTPAY") == 0) {
            o->state = "SUCCESS";
            snprintf(o->transaction_id, sizeof o->transaction_id, "standin-transaction-%" PRId64, ++p->number);
            bool forged = standin_fault(p->http, "forged_callback", r->path, NULL);
            bool twice = standin_fault(p->http, "double_callback", r->path, NULL);
            if (!standin_fault(p->http, "no_callback", r->path, NULL))
                callback_start(p, o, forged);
            if (twice)
                callback_start(p, o, false);
        }
        return write_order(o, out);
    }
    return refuse(out, 404, "ORDER_NOT_EXIST");
}

/* ---- close, refund ---- */

static int order_close(struct order *o, struct buf *out)
{
    if (strcmp(o->state, "NOTPAY") == 0)
        o->state = "CLOSED";
    return write_order(o, out);
}

static int refund(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    struct order *o = order_named(p, json_text_at(r->json, "out_trade_no", NULL));
    const char *refund_id = json_text_at(r->json, "out_refund_no", "");
    if (o == NULL)
        return refuse(out, 404, "ORDER_NOT_EXIST");
    if (strcmp(o->state, "REFUND") == 0 && text_is(o->refund_id, refund_id))
        return write_order(o, out); /* the same refund again happens once */
    if (strcmp(o->state, "SUCCESS") != 0 || json_int_at(r->json, "amount_fen", 0) != o->amount_fen ||
        strlen(refund_id) >= sizeof o->refund_id)
        return refuse(out, 409, "INVALID_REQUEST");
    snprintf(o->refund_id, sizeof o->refund_id, "%s", refund_id);
    o->state = "REFUND";
    return write_order(o, out);
}

static int bank(const struct standin_pay *p, struct buf *out)
{
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < p->order_count; i++)
        (void)write_order(p->orders[i], out);
    json_array_close(out);
    json_put_int(out, "count", (int64_t)p->order_count);
    json_object_close(out);
    return 200;
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_pay *p = service;
    if (text_is(r->path, "/pay"))
        return pay_now(p, r, out);
    if (text_is(r->path, "/bank"))
        return bank(p, out);
    if (!is_signed(p, r))
        return refuse(out, 401, "SIGN_ERROR");
    if (text_is(r->path, "/v1/orders")) {
        int port = 0;
        const char *host = standin_header(r, "host");
        const char *colon = host == NULL ? NULL : strrchr(host, ':');
        int64_t number;
        if (colon != NULL && text_int(colon + 1, &number))
            port = (int)number;
        return order_add(p, r, out, port);
    }
    if (text_is(r->path, "/v1/refunds"))
        return refund(p, r, out);
    if (!text_starts(r->path, "/v1/orders/"))
        return refuse(out, 404, "NOT_FOUND");
    char *id = arena_text(r->arena, r->path + strlen("/v1/orders/"));
    size_t len = strlen(id);
    bool closing = len > 6 && strcmp(id + len - 6, "/close") == 0;
    if (closing)
        id[len - 6] = '\0';
    struct order *o = order_named(p, id);
    if (o == NULL)
        return refuse(out, 404, "ORDER_NOT_EXIST");
    return closing ? order_close(o, out) : write_order(o, out);
}

struct standin_pay *standin_pay_open(uv_loop_t *loop, struct client *client, const char *key, int64_t pause_ms,
                                     int *port)
{
    struct standin_pay *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->loop = loop;
    p->client = client;
    p->pause_ms = pause_ms;
    snprintf(p->key, sizeof p->key, "%s", key);
    p->http = standin_http_open(loop, answer, p, port);
    return p;
}

/* The client was closed before, so no callback is under way. */
void standin_pay_close(struct standin_pay *p)
{
    p->closing = true;
    while (p->callbacks != NULL)
        callback_end(p->callbacks);
    standin_http_close(p->http);
    for (size_t i = 0; i < p->order_count; i++)
        free(p->orders[i]);
    free(p);
}
