#include "dispatch/pay.h"

#include "base/clock.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"

#define SIGNED_BYTES_MAX KIB(64)

void pay_sign(const char *key, const char *method, const char *path, const char *timestamp, const char *nonce,
              const void *body, size_t len, char signature[PAY_SIGNATURE_BYTES])
{
    struct buf b;
    unsigned char mac[32];
    buf_init(&b, SIGNED_BYTES_MAX);
    buf_printf(&b, "%s\n%s\n%s\n%s\n", method, path, timestamp, nonce);
    buf_add(&b, body, len);
    buf_char(&b, '\n');
    crypt_hmac_sha256(key, strlen(key), b.bytes, b.over ? 0 : b.len, mac);
    crypt_base64(mac, sizeof mac, false, signature);
    buf_release(&b);
}

/* A signed request; `path` begins behind config->url. */
static struct client_request signed_request(const struct pay_config *config, const char *method, const char *path,
                                            const struct buf *body, struct arena *arena)
{
    char nonce[CRYPT_TOKEN_TEXT_BYTES], signature[PAY_SIGNATURE_BYTES];
    crypt_token(nonce);
    const char *timestamp = arena_printf(arena, "%" PRId64, clock_utc_us() / 1000000);
    size_t len = body == NULL ? 0 : body->len;
    pay_sign(config->key, method, path, timestamp, nonce, body == NULL ? "" : body->bytes, len, signature);
    return (struct client_request){
        .method = method,
        .url = arena_printf(arena, "%s%s", config->url, path),
        .headers = {"Content-Type: application/json", arena_printf(arena, "Wechatpay-Timestamp: %s", timestamp),
                    arena_printf(arena, "Wechatpay-Nonce: %s", nonce),
                    arena_printf(arena, "Wechatpay-Signature: %s", signature)},
        .body = body == NULL ? NULL : arena_copy(arena, body->bytes, len),
        .body_len = len,
        .repeatable = true,
    };
}

/* ---- prepay ---- */

static enum err explain(char *why, enum err e, const char *words)
{
    snprintf(why, JSON_WHY_BYTES, "%s", words);
    return e;
}

enum err pay_prepay_blocking(const struct pay_config *config, const struct pay_order *order, struct arena *arena,
                             struct pay_prepay *prepay, char why[JSON_WHY_BYTES])
{
    struct buf body;
    struct client_answer answer;
    const struct json *tree = NULL;
    if (config->url == NULL || config->url[0] == '\0')
        return explain(why, ERR_UPSTREAM, "no payment service is configured");
    buf_init(&body, KIB(8));
    json_object_open(&body);
    json_put_text(&body, "merchant_id", config->merchant_id);
    json_put_text(&body, "out_trade_no", order->id);
    json_put_int(&body, "amount_fen", order->amount_fen);
    json_put_text(&body, "description", order->description);
    json_put_text(&body, "notify_url", config->notify_url);
    json_object_close(&body);
    struct client_request request = signed_request(config, "POST", "/v1/orders", &body, arena);
    buf_release(&body);
    client_call(&request, config->ca_file, arena, &answer);
    if (answer.outcome != CLIENT_ANSWERED) {
        LOG(WARN, "pay.no_answer", "call=prepay words=\"%s\"", answer.words);
        return explain(why, answer.outcome == CLIENT_UNKNOWN ? ERR_UPSTREAM_UNKNOWN : ERR_UPSTREAM,
                       "the payment service did not answer; try again");
    }
    if (answer.status != 200 || json_read(answer.body, answer.len, arena, &tree) != ERR_NONE ||
        json_text_at(tree, "prepay_id", NULL) == NULL || json_at(tree, "client") == NULL) {
        LOG(WARN, "pay.refused", "call=prepay status=%d", answer.status);
        return explain(why, ERR_UPSTREAM, "the payment service refused the order; try again");
    }
    struct buf client;
    buf_init(&client, KIB(8));
    json_tree(&client, json_at(tree, "client"));
    prepay->prepay_id = json_text_at(tree, "prepay_id", NULL);
    prepay->client = arena_text_n(arena, buf_cstr(&client), client.len);
    buf_release(&client);
    return ERR_NONE;
}

/* ---- callback ---- */

enum err pay_check_signature(const char *key, const char *path, const struct pay_signed *head, const void *body,
                             size_t len, int64_t now_us)
{
    char want[PAY_SIGNATURE_BYTES];
    int64_t at_s, now_s = now_us / 1000000;
    if (key == NULL || key[0] == '\0' || head->timestamp == NULL || head->nonce == NULL || head->signature == NULL ||
        !text_int(head->timestamp, &at_s) || len > SIGNED_BYTES_MAX / 2 || strlen(head->nonce) > 128)
        return ERR_UNAUTHENTICATED;
    if (at_s <= now_s - PAY_CLOCK_SKEW_MAX_S || at_s >= now_s + PAY_CLOCK_SKEW_MAX_S)
        return ERR_UNAUTHENTICATED;
    pay_sign(key, "POST", path, head->timestamp, head->nonce, body, len, want);
    if (strlen(head->signature) != strlen(want) || !crypt_equal(head->signature, want, strlen(want)))
        return ERR_UNAUTHENTICATED;
    return ERR_NONE;
}

enum err pay_verify(const struct pay_config *config, const char *path, const struct pay_signed *head, const void *body,
                    size_t len, int64_t now_us, struct arena *arena, struct pay_notice *notice)
{
    const struct json *tree;
    TRY(pay_check_signature(config->key, path, head, body, len, now_us));
    if (json_read(body, len, arena, &tree) != ERR_NONE)
        return ERR_BAD_REQUEST;
    notice->id = json_text_at(tree, "out_trade_no", NULL);
    notice->transaction_id = json_text_at(tree, "transaction_id", NULL);
    notice->amount_fen = json_int_at(tree, "amount_fen", -1);
    if (!text_is(json_text_at(tree, "event", NULL), "TRANSACTION.SUCCESS") ||
        !text_is(json_text_at(tree, "merchant_id", NULL), config->merchant_id) || notice->id == NULL ||
        notice->transaction_id == NULL || strlen(notice->transaction_id) > 64 || notice->amount_fen < 1)
        return ERR_BAD_REQUEST;
    return ERR_NONE;
}

/* ---- query, close, refund ---- */

static const struct {
    const char *name;
    enum pay_state state;
} states[] = {
    {"NOTPAY", PAY_UNPAID},
    {"SUCCESS", PAY_PAID},
    {"CLOSED", PAY_CLOSED},
    {"REFUND", PAY_REFUNDED},
};

static void read_answer(struct pay_call *call, const struct client_answer *answer, struct pay_result *result)
{
    const struct json *tree = NULL;
    *result =
        (struct pay_result){.e = ERR_UPSTREAM_UNKNOWN, .pause_us = answer->retry_after_us, .words = answer->words};
    if (answer->outcome == CLIENT_NOT_SENT)
        result->e = ERR_UPSTREAM;
    if (answer->outcome != CLIENT_ANSWERED)
        return;
    result->words = arena_printf(call->arena, "status %d", answer->status);
    if (answer->status == 404) {
        result->e = ERR_NONE;
        result->state = PAY_ABSENT;
        return;
    }
    if (answer->status == 429) {
        result->e = ERR_UPSTREAM;
        return;
    }
    if (answer->status >= 500 || json_read(answer->body, answer->len, call->arena, &tree) != ERR_NONE)
        return;
    const char *state = json_text_at(tree, "state", NULL);
    result->e = ERR_UPSTREAM_REFUSED;
    for (size_t i = 0; i < countof(states); i++)
        if (text_is(states[i].name, state)) {
            result->e = ERR_NONE;
            result->state = states[i].state;
        }
    result->amount_fen = json_int_at(tree, "amount_fen", -1);
    result->transaction_id = json_text_at(tree, "transaction_id", NULL);
    if ((result->state == PAY_PAID || result->state == PAY_REFUNDED) && result->transaction_id == NULL)
        result->e = ERR_UPSTREAM_REFUSED;
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct pay_call *call = request->arg;
    struct pay_result result;
    read_answer(call, answer, &result);
    call->done(call, &result);
}

static void send(struct pay_call *call, const char *method, const char *path, const struct buf *body)
{
    call->request = signed_request(call->config, method, path, body, call->arena);
    call->request.done = on_answer;
    call->request.arg = call;
    client_send(call->client, &call->request);
}

void pay_query(struct pay_call *call, const char *id)
{
    send(call, "GET", arena_printf(call->arena, "/v1/orders/%s", client_escape(call->arena, id)), NULL);
}

void pay_close(struct pay_call *call, const char *id)
{
    struct buf body;
    buf_init(&body, 16);
    buf_text(&body, "{}");
    send(call, "POST", arena_printf(call->arena, "/v1/orders/%s/close", client_escape(call->arena, id)), &body);
    buf_release(&body);
}

void pay_refund(struct pay_call *call, const char *id, const char *refund_id, int64_t amount_fen)
{
    struct buf body;
    buf_init(&body, KIB(2));
    json_object_open(&body);
    json_put_text(&body, "merchant_id", call->config->merchant_id);
    json_put_text(&body, "out_trade_no", id);
    json_put_text(&body, "out_refund_no", refund_id);
    json_put_int(&body, "amount_fen", amount_fen);
    json_object_close(&body);
    send(call, "POST", "/v1/refunds", &body);
    buf_release(&body);
}
