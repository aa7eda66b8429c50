#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/standin/bank.h"
#include "dispatch/standin/standin.h"

#define CALLBACK_TRIES 15

/* How a callback is not as it should be. WeChat probes merchants with wrong signatures; the others are an enemy's. */
enum forgery {
    HONEST,
    WRONG_SIGNATURE,
    OLD_TIMESTAMP,
    UNKNOWN_SERIAL,
    OTHER_MERCHANT,
    OTHER_APPID,
    OTHER_AMOUNT,
    OTHER_CURRENCY,
    NOT_DECRYPTABLE,
    FORGERY_COUNT
};
static const char *const faults[FORGERY_COUNT] = {
    "",
    "forged_callback",
    "old_callback",
    "unknown_serial",
    "other_merchant",
    "other_appid",
    "other_amount",
    "other_currency",
    "not_decryptable",
};

struct callback {
    struct client_request request;
    uv_timer_t timer;
    struct standin_pay *pay;
    struct arena *arena;
    int tries;
    enum forgery forgery;
    bool replay; /* the very same bytes and headers once more after they were taken */
    bool closing;
    struct bank_order *order;
    struct bank_refund *refund;
    struct callback *next;
};

static void callback_send(struct callback *c);

static void on_timer(uv_timer_t *timer)
{
    callback_send(timer->data);
}

static void on_closed(uv_handle_t *handle)
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
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct callback *c = request->arg;
    bool taken = answer->outcome == CLIENT_ANSWERED && answer->status >= 200 && answer->status < 300;
    if (c->forgery != HONEST) { /* whatever is said, the right one follows */
        c->forgery = HONEST;
        taken = false;
    }
    if (c->pay->closing) {
        callback_end(c);
    } else if (taken && c->replay) {
        c->replay = false;
        client_send(c->pay->client, &c->request);
    } else if (taken || ++c->tries >= CALLBACK_TRIES) {
        callback_end(c);
    } else {
        uv_timer_start(&c->timer, on_timer, (uint64_t)c->pay->pause_ms, 0);
    }
}

/* ---- the message ---- */

/* The fact in clear, with what a forger changes. */
static void write_fact(const struct callback *c, struct buf *out)
{
    struct bank_order wrong;
    if (c->refund != NULL) {
        bank_refund_write(c->refund, c->forgery == OTHER_MERCHANT ? "1600000002" : STANDIN_MERCHANT, out);
        return;
    }
    wrong = *c->order;
    if (c->forgery == OTHER_APPID)
        snprintf(wrong.appid, sizeof wrong.appid, "wx-somebody-else");
    if (c->forgery == OTHER_AMOUNT)
        wrong.amount_fen = 1;
    bank_order_write(&wrong, out);
}

static const char *plain_of(struct callback *c)
{
    struct buf b;
    buf_init(&b, KIB(8));
    write_fact(c, &b);
    char *text = arena_text_n(c->arena, buf_cstr(&b), b.len);
    buf_release(&b);
    char *at = c->forgery == OTHER_CURRENCY ? strstr(text, "CNY") : NULL;
    if (at != NULL)
        memcpy(at, "USD", 3);
    at = c->forgery == OTHER_MERCHANT && c->refund == NULL ? strstr(text, STANDIN_MERCHANT) : NULL;
    if (at != NULL)
        at[strlen(STANDIN_MERCHANT) - 1] ^= 1;
    return text;
}

static const char *event_of(struct callback *c)
{
    if (c->refund == NULL)
        return "TRANSACTION.SUCCESS";
    return arena_printf(c->arena, "REFUND.%s", c->refund->status);
}

static void write_message(struct callback *c, struct buf *out)
{
    char id[CRYPT_ID_TEXT_BYTES];
    const char *plain = plain_of(c), *nonce = "standin-note";
    size_t len = strlen(plain), sealed_len = len + PKI_GCM_TAG_BYTES;
    unsigned char key[PKI_GCM_KEY_BYTES], *sealed = arena_alloc(c->arena, sealed_len);
    char *text = arena_alloc(c->arena, 4 * sealed_len / 3 + 8);
    memcpy(key, c->pay->keys->api_v3_key, sizeof key);
    key[0] ^= c->forgery == NOT_DECRYPTABLE;
    const char *about = c->refund == NULL ? "transaction" : "refund";
    pki_gcm_seal(key, nonce, about, plain, len, sealed);
    crypt_base64(sealed, sealed_len, false, text);
    crypt_id(clock_utc_us(), id);
    json_object_open(out);
    json_put_text(out, "id", id);
    bank_time(out, "create_time", clock_utc_us());
    json_put_text(out, "event_type", event_of(c));
    json_put_text(out, "resource_type", "encrypt-resource");
    json_put_text(out, "summary", "made up by the stand-in");
    json_name(out, "resource");
    json_object_open(out);
    json_put_text(out, "original_type", about);
    json_put_text(out, "algorithm", "AEAD_AES_256_GCM");
    json_put_text(out, "ciphertext", text);
    json_put_text(out, "associated_data", about);
    json_put_text(out, "nonce", nonce);
    json_object_close(out);
    json_object_close(out);
}

static void callback_send(struct callback *c)
{
    struct buf body;
    char nonce[CRYPT_TOKEN_TEXT_BYTES], signature[PKI_SIGNATURE_TEXT_BYTES];
    arena_reset(c->arena);
    buf_init(&body, KIB(16));
    write_message(c, &body);
    crypt_token(nonce);
    nonce[32] = '\0';
    int64_t at_s = clock_utc_us() / 1000000 - (c->forgery == OLD_TIMESTAMP ? 301 : 0);
    const char *timestamp = arena_printf(c->arena, "%" PRId64, at_s);
    bank_sign(c->pay, timestamp, nonce, body.bytes, body.len, signature);
    if (c->forgery == WRONG_SIGNATURE)
        snprintf(signature, sizeof signature, "WECHATPAY/SIGNTEST/%s", nonce);
    const char *serial =
        c->forgery == UNKNOWN_SERIAL ? "0123456789ABCDEF0123456789ABCDEF01234567" : bank_serial(c->pay);
    c->request = (struct client_request){
        .method = "POST",
        .url = c->order != NULL ? c->order->notify_url : c->refund->notify_url,
        .headers = {"Content-Type: application/json", arena_printf(c->arena, "Wechatpay-Timestamp: %s", timestamp),
                    arena_printf(c->arena, "Wechatpay-Nonce: %s", nonce),
                    arena_printf(c->arena, "Wechatpay-Serial: %s", serial),
                    arena_printf(c->arena, "Wechatpay-Signature: %s", signature)},
        .body = arena_copy(c->arena, body.bytes, body.len),
        .body_len = body.len,
        .total_ms = 5000,
        .done = on_answer,
        .arg = c,
    };
    buf_release(&body);
    client_send(c->pay->client, &c->request);
}

static void start(struct standin_pay *p, struct bank_order *order, struct bank_refund *refund, enum forgery forgery,
                  bool replay, int64_t late_ms)
{
    struct callback *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->pay = p;
    c->order = order;
    c->refund = refund;
    c->forgery = forgery;
    c->replay = replay;
    c->arena = arena_new(KIB(256));
    uv_timer_init(p->loop, &c->timer);
    c->timer.data = c;
    c->next = p->callbacks;
    p->callbacks = c;
    if (late_ms > 0)
        uv_timer_start(&c->timer, on_timer, (uint64_t)late_ms, 0);
    else
        callback_send(c);
}

void bank_tell(struct standin_pay *p, struct bank_order *order, struct bank_refund *refund, const char *path)
{
    const char *url = order != NULL ? order->notify_url : refund->notify_url;
    enum forgery forgery = HONEST;
    for (enum forgery i = WRONG_SIGNATURE; i < FORGERY_COUNT && forgery == HONEST; i++)
        if (standin_fault(p->http, faults[i], path, NULL))
            forgery = i;
    int64_t more = 0;
    bool again = standin_fault(p->http, "double_callback", path, &more);
    bool replay = standin_fault(p->http, "replay_callback", path, NULL);
    int64_t late_ms = 0;
    bool late = standin_fault(p->http, "late_callback", path, &late_ms);
    if (url[0] == '\0' || standin_fault(p->http, "no_callback", path, NULL))
        return;
    start(p, order, refund, forgery, replay, late ? late_ms : 0);
    for (int64_t i = 0; again && i < (more > 0 && more < 64 ? more : 1); i++)
        start(p, order, refund, HONEST, false, 0);
}

void bank_callbacks_end(struct standin_pay *p)
{
    while (p->callbacks != NULL)
        callback_end(p->callbacks);
}

size_t bank_callbacks_going(const struct standin_pay *p)
{
    size_t count = 0;
    for (const struct callback *c = p->callbacks; c != NULL; c = c->next)
        count++;
    return count;
}
