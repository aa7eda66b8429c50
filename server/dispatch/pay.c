#include "dispatch/pay.h"

#include "base/clock.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"

#include <pthread.h>

bool pay_is_configured(const struct pay_config *config)
{
    return config->url != NULL && config->url[0] != '\0' && config->who.key != NULL;
}

/* ---- one request, signed; its answer, verified ---- */

static const char *host_of(const struct pay_config *config, bool at_backup)
{
    return at_backup ? config->backup_url : config->url;
}

static bool has_backup(const struct pay_config *config)
{
    return config->backup_url != NULL && config->backup_url[0] != '\0';
}

static struct client_request signed_request(const struct pay_config *config, const char *method, const char *path,
                                            const char *body, struct arena *arena, bool at_backup)
{
    size_t len = body == NULL ? 0 : strlen(body);
    const char *public_id = pay_keys_public_id(config->keys);
    struct client_request request = {
        .method = method,
        .url = arena_printf(arena, "%s%s", host_of(config, at_backup), path),
        .headers = {pay_authorization(&config->who, method, path, body == NULL ? "" : body, len, clock_utc_us(), arena),
                    "Accept: application/json", "Content-Type: application/json"},
        .wanted = {PAY_SERIAL, PAY_TIMESTAMP, PAY_NONCE, PAY_SIGNATURE},
        .body = body,
        .body_len = len,
        .answer_bytes_max = KIB(64),
        .repeatable = true,
    };
    if (public_id[0] != '\0') /* which key the bank shall sign its answer with */
        request.headers[3] = arena_printf(arena, "Wechatpay-Serial: %s", public_id);
    return request;
}

static struct pay_signed head_of(const struct client_answer *answer)
{
    return (struct pay_signed){answer->headers[0], answer->headers[1], answer->headers[2], answer->headers[3]};
}

static bool is_signed(const struct pay_config *config, const struct client_answer *answer)
{
    const struct pay_signed head = head_of(answer);
    enum pay_refusal refusal = pay_verify(config->keys, &head, answer->body, answer->len, clock_utc_us());
    if (refusal != PAY_REFUSAL_none)
        LOG(WARN, "pay.answer_not_believed", "reason=%s status=%d", pay_refusal_name(refusal), answer->status);
    return refusal == PAY_REFUSAL_none;
}

/* What there is to act on. *tree is NULL for an empty body (204). 404 is an answer; other refusals are not facts. */
static enum err read_answer(const struct pay_config *config, const struct client_answer *answer, struct arena *arena,
                            const struct json **tree, const char **words)
{
    *tree = NULL;
    *words = answer->words;
    if (answer->outcome != CLIENT_ANSWERED)
        return answer->outcome == CLIENT_NOT_SENT ? ERR_UPSTREAM : ERR_UPSTREAM_UNKNOWN;
    bool is_json = answer->len > 0 && json_read(answer->body, answer->len, arena, tree) == ERR_NONE;
    const char *code = json_text_at(*tree, "code", NULL);
    *words = code != NULL ? arena_printf(arena, "%d %.40s", answer->status, code)
                          : arena_printf(arena, "status %d", answer->status);
    if (answer->status >= 500)
        return ERR_UPSTREAM_UNKNOWN;
    if (answer->status == 429)
        return ERR_UPSTREAM;
    if (!is_signed(config, answer)) {
        *words = "the answer is not signed by the bank";
        return ERR_UPSTREAM_UNKNOWN;
    }
    if (answer->status >= 400 || answer->status < 200)
        return answer->status == 404 ? ERR_NOT_FOUND : ERR_UPSTREAM_REFUSED;
    return is_json || answer->status == 204 ? ERR_NONE : ERR_UPSTREAM_UNKNOWN;
}

/* ---- certificates ---- */

#define CERTIFICATES_PATH "/v3/certificates"

static void take_certificates(const struct pay_config *config, const struct client_answer *answer)
{
    const struct pay_signed head = head_of(answer);
    if (answer->outcome == CLIENT_ANSWERED && answer->status == 200)
        (void)pay_keys_take(config->keys, config->api_v3_key, &head, answer->body, answer->len, clock_utc_us());
    else
        LOG(WARN, "pay.no_certificates", "status=%d words=\"%s\"", answer->status, answer->words);
}

/* One at a time. Our own requests that come meanwhile wait for the keys that are being fetched; a callback does not,
 * because anybody may call and hold up the threads with it: the bank comes again. */
static pthread_mutex_t fetching = PTHREAD_MUTEX_INITIALIZER;

static void fetch_certificates(const struct pay_config *config, struct arena *arena)
{
    struct client_answer answer;
    if (!pay_keys_due(config->keys, clock_utc_us()))
        return;
    for (int at_backup = 0; at_backup <= has_backup(config); at_backup++) {
        struct client_request request = signed_request(config, "GET", CERTIFICATES_PATH, NULL, arena, at_backup != 0);
        client_call(&request, config->ca_file, arena, &answer);
        if (answer.outcome == CLIENT_ANSWERED)
            break;
    }
    take_certificates(config, &answer);
}

static void fetch_certificates_blocking(const struct pay_config *config, struct arena *arena)
{
    pthread_mutex_lock(&fetching);
    fetch_certificates(config, arena);
    pthread_mutex_unlock(&fetching);
}

/* ---- prepay ---- */

static enum err explain(char *why, enum err e, const char *text)
{
    snprintf(why, JSON_WHY_BYTES, "%s", text);
    return e;
}

/* RFC 3339 to the second, China time, as the bank's examples have it. */
static const char *time_text(struct arena *arena, int64_t utc_us)
{
    struct clock_civil c = clock_civil_cn(utc_us);
    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day, c.hour, c.minute,
                        c.second);
}

static void put_channel(struct buf *b, const struct pay_order *order)
{
    if (text_is(order->channel, "jsapi")) {
        json_name(b, "payer");
        json_object_open(b);
        json_put_text(b, "openid", order->openid);
        json_object_close(b);
    } else if (text_is(order->channel, "h5")) {
        json_name(b, "scene_info");
        json_object_open(b);
        json_put_text(b, "payer_client_ip", order->payer_address);
        json_name(b, "h5_info");
        json_object_open(b);
        json_put_text(b, "type", "Wap");
        json_object_close(b);
        json_object_close(b);
    }
}

static const char *appid_of(const struct pay_config *config, const struct pay_order *order)
{
    return order->of_page ? config->page_appid : config->appid;
}

static const char *prepay_body(const struct pay_config *config, const struct pay_order *order, struct arena *arena)
{
    struct buf b;
    buf_init(&b, KIB(8));
    json_object_open(&b);
    json_put_text(&b, "appid", appid_of(config, order));
    json_put_text(&b, "mchid", config->who.merchant_id);
    json_put_text(&b, "description", order->description);
    json_put_text(&b, "out_trade_no", order->id);
    json_put_text(&b, "time_expire", time_text(arena, order->expires_us));
    json_put_text(&b, "notify_url", config->notify_url);
    json_name(&b, "amount");
    json_object_open(&b);
    json_put_int(&b, "total", order->amount_fen);
    json_put_text(&b, "currency", "CNY");
    json_object_close(&b);
    put_channel(&b, order);
    json_object_close(&b);
    const char *body = arena_text_n(arena, b.bytes, b.len);
    buf_release(&b);
    return body;
}

static enum err ask_blocking(const struct pay_config *config, const char *path, const char *body, struct arena *arena,
                             const struct json **tree, const char **words)
{
    struct client_answer answer;
    enum err e = ERR_UPSTREAM;
    fetch_certificates_blocking(config, arena);
    for (int at_backup = 0; at_backup <= has_backup(config); at_backup++) {
        struct client_request request = signed_request(config, "POST", path, body, arena, at_backup != 0);
        client_call(&request, config->ca_file, arena, &answer);
        e = read_answer(config, &answer, arena, tree, words);
        if (answer.outcome == CLIENT_ANSWERED)
            break;
    }
    if (e == ERR_UPSTREAM_UNKNOWN && answer.outcome == CLIENT_ANSWERED)
        fetch_certificates_blocking(config, arena); /* the bank may have begun to sign with a new one: for next time */
    return e;
}

enum err pay_prepay_blocking(const struct pay_config *config, const struct pay_order *order, struct arena *arena,
                             struct pay_prepay *prepay, char why[JSON_WHY_BYTES])
{
    const struct json *tree = NULL;
    const char *words = "";
    if (!pay_is_configured(config))
        return explain(why, ERR_UPSTREAM, "no payment service is configured");
    const char *path = arena_printf(arena, "/v3/pay/transactions/%s", order->channel);
    enum err e = ask_blocking(config, path, prepay_body(config, order, arena), arena, &tree, &words);
    bool is_jsapi = text_is(order->channel, "jsapi"), is_h5 = text_is(order->channel, "h5");
    const char *name = is_jsapi ? "prepay_id" : is_h5 ? "h5_url" : "code_url", *value = json_text_at(tree, name, NULL);
    if (e == ERR_NONE && (value == NULL || strlen(value) > 1000))
        e = ERR_UPSTREAM_UNKNOWN;
    if (e != ERR_NONE) {
        LOG(WARN, "pay.no_prepay", "error=%s words=\"%s\"", err_name(e), words);
        return e == ERR_UPSTREAM_UNKNOWN
                   ? explain(why, e, "the payment service did not answer; try again")
                   : explain(why, ERR_UPSTREAM, "the payment service refused the order; try again");
    }
    prepay->prepay_id = value;
    if (is_jsapi) {
        prepay->client = pay_client_call(&config->who, appid_of(config, order), value, clock_utc_us(), arena);
        return ERR_NONE;
    }
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, name, value);
    json_object_close(&b);
    prepay->client = arena_text_n(arena, b.bytes, b.len);
    buf_release(&b);
    return ERR_NONE;
}

/* ---- callbacks ---- */

/* Half an hour of signature probes must not make a thousand requests: pay_keys_due says when. */
static enum pay_refusal verify_callback(const struct pay_config *config, const struct pay_signed *head,
                                        const void *body, size_t len, int64_t now_us, struct arena *arena)
{
    enum pay_refusal refusal = pay_verify(config->keys, head, body, len, now_us);
    if (refusal != PAY_REFUSAL_serial_unknown)
        return refusal;
    if (pthread_mutex_trylock(&fetching) != 0)
        return refusal;
    fetch_certificates(config, arena);
    pthread_mutex_unlock(&fetching);
    return pay_verify(config->keys, head, body, len, now_us);
}

enum pay_refusal pay_open_notice(const struct pay_config *config, const struct pay_signed *head, const void *body,
                                 size_t len, int64_t now_us, struct arena *arena, struct pay_notice *notice)
{
    const struct json *tree, *resource, *plain;
    size_t sealed_len = 0;
    enum pay_refusal refusal = verify_callback(config, head, body, len, now_us, arena);
    if (refusal != PAY_REFUSAL_none)
        return refusal;
    if (json_read(body, len, arena, &tree) != ERR_NONE)
        return PAY_REFUSAL_not_understood;
    resource = json_at(tree, "resource");
    const char *event = json_text_at(tree, "event_type", ""), *text = json_text_at(resource, "ciphertext", "");
    bool is_refund = text_starts(event, "REFUND.");
    if ((!is_refund && !text_is(event, "TRANSACTION.SUCCESS")) ||
        !text_is(json_text_at(resource, "algorithm", NULL), "AEAD_AES_256_GCM"))
        return PAY_REFUSAL_not_understood;
    size_t max = strlen(text);
    unsigned char *sealed = arena_alloc(arena, max + 1);
    char *bytes = arena_alloc(arena, max + 1);
    if (!crypt_unbase64(text, false, sealed, max, &sealed_len) ||
        pki_gcm_open((const unsigned char *)config->api_v3_key, json_text_at(resource, "nonce", ""),
                     json_text_at(resource, "associated_data", ""), sealed, sealed_len, bytes) != ERR_NONE)
        return PAY_REFUSAL_not_decrypted;
    if (json_read(bytes, sealed_len - PKI_GCM_TAG_BYTES, arena, &plain) != ERR_NONE)
        return PAY_REFUSAL_not_understood;
    return pay_read_notice(config, is_refund, plain, arena, notice);
}

static bool is_ours(const char *appid, const struct pay_config *config)
{
    return text_is(appid, config->appid) ||
           (config->page_appid != NULL && config->page_appid[0] != '\0' && text_is(appid, config->page_appid));
}

static int64_t time_at(const struct json *tree, const char *name)
{
    int64_t utc_us = 0;
    const char *text = json_text_at(tree, name, NULL);
    return text != NULL && clock_read(text, &utc_us) && utc_us > 0 ? utc_us : 0;
}

static const char *id_at(const struct json *tree, const char *name)
{
    const char *text = json_text_at(tree, name, NULL);
    return text != NULL && text[0] != '\0' && strlen(text) <= 64 && text_is_control_free(text) ? text : NULL;
}

static const char *refund_state_of(const char *status)
{
    return text_is(status, "SUCCESS")      ? "done"
           : text_is(status, "PROCESSING") ? "processing"
           : text_is(status, "ABNORMAL")   ? "abnormal"
           : text_is(status, "CLOSED")     ? "closed"
                                           : NULL;
}

/* Both the callback (refund_status) and the answer (status, create_time) have these. */
static bool read_refund(const struct json *tree, struct pay_notice *n)
{
    const char *status = json_text_at(tree, "refund_status", NULL);
    n->is_refund = true;
    n->id = id_at(tree, "out_trade_no");
    n->transaction_id = id_at(tree, "transaction_id");
    n->refund_id = id_at(tree, "out_refund_no");
    n->bank_refund_id = id_at(tree, "refund_id");
    n->refund_state = refund_state_of(status != NULL ? status : json_text_at(tree, "status", NULL));
    n->amount_fen = json_int_at(tree, "amount.total", -1);
    n->refund_fen = json_int_at(tree, "amount.refund", -1);
    n->accepted_us = time_at(tree, "create_time");
    n->ended_us = time_at(tree, "success_time");
    return n->id != NULL && n->transaction_id != NULL && n->refund_id != NULL && n->bank_refund_id != NULL &&
           n->refund_state != NULL && n->amount_fen >= 1 && n->refund_fen >= 1;
}

enum pay_refusal pay_read_notice(const struct pay_config *config, bool is_refund, const struct json *tree,
                                 struct arena *arena, struct pay_notice *notice)
{
    *notice = (struct pay_notice){0};
    (void)arena;
    if (!text_is(json_text_at(tree, "mchid", NULL), config->who.merchant_id))
        return PAY_REFUSAL_merchant_other;
    if (is_refund)
        return read_refund(tree, notice) ? PAY_REFUSAL_none : PAY_REFUSAL_not_understood;
    if (!is_ours(json_text_at(tree, "appid", ""), config))
        return PAY_REFUSAL_appid_other;
    if (!text_is(json_text_at(tree, "amount.currency", NULL), "CNY"))
        return PAY_REFUSAL_currency_other;
    notice->id = id_at(tree, "out_trade_no");
    notice->transaction_id = id_at(tree, "transaction_id");
    notice->amount_fen = json_int_at(tree, "amount.total", -1);
    notice->paid_us = time_at(tree, "success_time");
    bool good = text_is(json_text_at(tree, "trade_state", NULL), "SUCCESS") && notice->id != NULL &&
                notice->transaction_id != NULL && notice->amount_fen >= 1;
    return good ? PAY_REFUSAL_none : PAY_REFUSAL_not_understood;
}

/* ---- query, close, refund, bill: on the loop ---- */

static void send(struct pay_call *call);

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct pay_call *call = request->arg;
    struct pay_result result = {.pause_us = answer->retry_after_us};
    const struct json *tree;
    if (answer->outcome != CLIENT_ANSWERED && !call->at_backup && has_backup(call->config)) {
        call->at_backup = true;
        send(call);
        return;
    }
    if (call->read == NULL) { /* certificates verify themselves */
        take_certificates(call->config, answer);
        call->done(call, &result);
        return;
    }
    result.e = read_answer(call->config, answer, call->arena, &tree, &result.words);
    if (result.e == ERR_NOT_FOUND) {
        result.e = ERR_NONE;
        result.state = PAY_ABSENT;
    } else if (result.e == ERR_NONE) {
        call->read(call, tree, &result);
    }
    call->done(call, &result);
}

static void send(struct pay_call *call)
{
    call->request = signed_request(call->config, call->method, call->path, call->body, call->arena, call->at_backup);
    call->request.done = on_answer;
    call->request.arg = call;
    client_send(call->client, &call->request);
}

static void ask(struct pay_call *call, const char *method, const char *path, const struct buf *body,
                void (*read)(struct pay_call *call, const struct json *tree, struct pay_result *result))
{
    call->method = method;
    call->path = path;
    call->body = body == NULL ? NULL : arena_text_n(call->arena, body->bytes, body->len);
    call->read = read;
    call->at_backup = false;
    send(call);
}

static void read_order(struct pay_call *call, const struct json *tree, struct pay_result *result)
{
    static const struct {
        const char *name;
        enum pay_state state;
    } states[] = {{"NOTPAY", PAY_UNPAID},  {"USERPAYING", PAY_UNPAID}, {"PAYERROR", PAY_UNPAID}, {"CLOSED", PAY_CLOSED},
                  {"REVOKED", PAY_CLOSED}, {"SUCCESS", PAY_PAID},      {"REFUND", PAY_REFUNDED}};
    struct pay_notice *n = &result->notice;
    const char *state = json_text_at(tree, "trade_state", NULL);
    result->e = ERR_UPSTREAM_REFUSED;
    result->words = "the bank's answer is about something else";
    if (!text_is(json_text_at(tree, "mchid", NULL), call->config->who.merchant_id) ||
        !is_ours(json_text_at(tree, "appid", ""), call->config))
        return;
    for (size_t i = 0; i < countof(states); i++)
        if (text_is(states[i].name, state)) {
            result->e = ERR_NONE;
            result->state = states[i].state;
        }
    n->id = id_at(tree, "out_trade_no");
    n->transaction_id = id_at(tree, "transaction_id");
    n->amount_fen = json_int_at(tree, "amount.total", -1);
    n->paid_us = time_at(tree, "success_time");
    bool is_paid = result->state == PAY_PAID || result->state == PAY_REFUNDED;
    if (n->id == NULL ||
        (is_paid && (n->transaction_id == NULL || !text_is(json_text_at(tree, "amount.currency", "CNY"), "CNY"))))
        result->e = ERR_UPSTREAM_REFUSED;
}

static const char *order_path(struct pay_call *call, const char *id, const char *rest)
{
    return arena_printf(call->arena, "/v3/pay/transactions/out-trade-no/%s%s", client_escape(call->arena, id), rest);
}

void pay_query(struct pay_call *call, const char *id)
{
    const char *merchant = client_escape(call->arena, call->config->who.merchant_id);
    ask(call, "GET", order_path(call, id, arena_printf(call->arena, "?mchid=%s", merchant)), NULL, read_order);
}

static void read_close(struct pay_call *call, const struct json *tree, struct pay_result *result)
{
    (void)call, (void)tree;
    result->state = PAY_CLOSED; /* 204 */
}

void pay_close(struct pay_call *call, const char *id)
{
    struct buf body;
    buf_init(&body, 200);
    json_object_open(&body);
    json_put_text(&body, "mchid", call->config->who.merchant_id);
    json_object_close(&body);
    ask(call, "POST", order_path(call, id, "/close"), &body, read_close);
    buf_release(&body);
}

static void read_refund_answer(struct pay_call *call, const struct json *tree, struct pay_result *result)
{
    (void)call;
    if (!read_refund(tree, &result->notice)) {
        result->e = ERR_UPSTREAM_UNKNOWN;
        result->words = "the bank's answer is not a refund";
        return;
    }
    result->state = PAY_REFUNDED;
}

void pay_refund(struct pay_call *call, const struct pay_refund_order *order)
{
    struct buf body;
    buf_init(&body, KIB(4));
    json_object_open(&body);
    json_put_text(&body, "out_trade_no", order->id);
    json_put_text(&body, "out_refund_no", order->refund_id);
    if (order->reason[0] != '\0')
        json_put_text(&body, "reason", arena_text_n(call->arena, order->reason, text_cut(order->reason, 26)));
    json_put_text(&body, "notify_url", call->config->notify_url);
    json_name(&body, "amount");
    json_object_open(&body);
    json_put_int(&body, "refund", order->refund_fen);
    json_put_int(&body, "total", order->amount_fen);
    json_put_text(&body, "currency", "CNY");
    json_object_close(&body);
    json_object_close(&body);
    ask(call, "POST", "/v3/refund/domestic/refunds", &body, read_refund_answer);
    buf_release(&body);
}

void pay_refund_query(struct pay_call *call, const char *refund_id)
{
    const char *path =
        arena_printf(call->arena, "/v3/refund/domestic/refunds/%s", client_escape(call->arena, refund_id));
    ask(call, "GET", path, NULL, read_refund_answer);
}

static void read_bill(struct pay_call *call, const struct json *tree, struct pay_result *result)
{
    (void)call;
    result->bill_url = json_text_at(tree, "download_url", NULL);
    result->bill_sha1 = json_text_at(tree, "hash_value", NULL);
    bool good = text_is(json_text_at(tree, "hash_type", NULL), "SHA1") && result->bill_url != NULL &&
                result->bill_sha1 != NULL && strlen(result->bill_sha1) == PKI_SHA1_TEXT_BYTES - 1;
    if (!good) {
        result->e = ERR_UPSTREAM_UNKNOWN;
        result->words = "the bank's answer is not a bill";
    }
}

void pay_bill(struct pay_call *call, const char *day)
{
    ask(call, "GET", arena_printf(call->arena, "/v3/bill/tradebill?bill_date=%s&bill_type=ALL", day), NULL, read_bill);
}

void pay_certificates(struct pay_call *call)
{
    ask(call, "GET", CERTIFICATES_PATH, NULL, NULL);
}

/* Only path and query of the address are the bank's to choose; the host is ours. */
struct client_request pay_download(const struct pay_config *config, const char *url, struct arena *arena,
                                   bool at_backup)
{
    const char *host = strstr(url, "://"), *path = host == NULL ? NULL : strchr(host + 3, '/');
    return signed_request(config, "GET", path != NULL ? path : "/", NULL, arena, at_backup);
}
