/* serve_outside — see serve_outside.h. */
#include "serve_outside.h"

#include "base/log.h"
#include "base/media_type.h"
#include "base/text.h"
#include "cli.h"
#include "dispatch/courier.h"
#include "dispatch/standin/standin.h"
#include "dispatch/wechat_page.h"

#define SECRET_BYTES_MAX 512
#define PEM_BYTES_MAX    KIB(16)
#define QR_BYTES_MAX     KIB(512)

/* Of the one running server; read by callbacks that have no argument of their own. */
static struct {
    struct arena *arena;
    struct standin *standin;
    struct standin_ports ports;
    struct outside_config config;
    struct outside *outside;
    struct pki_key *merchant_key;        /* configured, not the stand-in's */
    char notify_url[256], page_url[256]; /* where WeChat Pay calls back; where browsers come back to */
    const char *page_host;               /* of WeChat's own pages */
    struct api_service_account account;  /* name NULL: nobody is asked to follow it */
} outer;

/* ---- addresses, secrets, stand-ins ---- */

/* First line of a secret file; "" when no path is given. */
static int secret_of(struct arena *arena, const char *path, const char **secret)
{
    *secret = "";
    if (path[0] == '\0')
        return CLI_DONE;
    char *text = arena_alloc(arena, SECRET_BYTES_MAX);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(text, SECRET_BYTES_MAX, file) == NULL) {
        if (file != NULL)
            fclose(file);
        return cli_say(CLI_UNREADABLE, "%s: no secret could be read", path);
    }
    fclose(file);
    text[strcspn(text, "\r\n")] = '\0';
    *secret = text;
    return CLI_DONE;
}

static const char *local_url(int port)
{
    return arena_printf(outer.arena, "http://127.0.0.1:%d", port);
}

/* The built-in services play only what is not configured; with real WeChat credentials none of them is started. */
static bool wants_standin(const struct config *c)
{
    return c->standin != 0 && c->wechat_appid[0] == '\0';
}

/* ---- the bank ---- */

static int pem_of(struct arena *arena, const char *path, const char **pem)
{
    char *text = arena_alloc(arena, PEM_BYTES_MAX + 1);
    FILE *file = fopen(path, "re");
    size_t len = file == NULL ? 0 : fread(text, 1, PEM_BYTES_MAX, file);
    if (file != NULL)
        fclose(file);
    if (len == 0)
        return cli_say(CLI_UNREADABLE, "%s: no key could be read", path);
    text[len] = '\0';
    *pem = text;
    return CLI_DONE;
}

static void play_bank(struct pay_config *pay)
{
    struct standin_bank bank;
    standin_bank_keys(&bank);
    pay->url = local_url(outer.ports.pay);
    pay->who = (struct pay_identity){STANDIN_MERCHANT, bank.merchant_serial, bank.merchant_key};
    pay->api_v3_key = bank.api_v3_key;
}

static int open_bank(const struct config *c, struct arena *arena, struct pay_config *pay)
{
    const char *pem = NULL;
    int code = pem_of(arena, c->pay_private_key_file, &pem);
    if (code != CLI_DONE)
        return code;
    if (pki_key_read(pem, strlen(pem), &outer.merchant_key) != ERR_NONE || !pki_key_is_private(outer.merchant_key))
        return cli_say(CLI_USAGE, "pay_private_key_file: not an RSA private key in PEM");
    code = secret_of(arena, c->pay_api_v3_key_file, &pay->api_v3_key);
    if (code != CLI_DONE)
        return code;
    if (strlen(pay->api_v3_key) != PKI_GCM_KEY_BYTES)
        return cli_say(CLI_USAGE, "pay_api_v3_key_file: the APIv3 key has 32 characters");
    if (c->pay_certificate_serial[0] == '\0')
        return cli_say(CLI_USAGE, "pay_certificate_serial: the serial number of the merchant certificate is needed");
    pay->who = (struct pay_identity){c->pay_merchant_id, c->pay_certificate_serial, outer.merchant_key};
    pay->url = c->pay_url[0] != '\0' ? c->pay_url : "https://api.mch.weixin.qq.com";
    pay->backup_url = c->pay_url[0] != '\0' ? c->pay_backup_url : "https://api2.mch.weixin.qq.com";
    if (c->pay_public_key_id[0] == '\0')
        return CLI_DONE;
    code = pem_of(arena, c->pay_public_key_file, &pem);
    if (code == CLI_DONE && pay_keys_add_public(pay->keys, c->pay_public_key_id, pem, strlen(pem)) != ERR_NONE)
        code = cli_say(CLI_USAGE, "pay_public_key_file: not an RSA public key in PEM");
    return code;
}

static int find_bank(const struct config *c, struct arena *arena, bool played)
{
    struct pay_config *pay = &outer.config.pay;
    *pay = (struct pay_config){.notify_url = outer.notify_url, .keys = pay_keys_new()};
    pay->appid = outer.config.wechat.appid;
    pay->page_appid = outer.config.wechat_page.appid;
    if (c->pay_merchant_id[0] != '\0')
        return open_bank(c, arena, pay);
    if (played)
        play_bank(pay);
    return CLI_DONE;
}

/* The templates of one account; a stand-in knows the usual ones. */
static int read_templates(const char *name, const char *text, bool played, struct arena *arena,
                          struct wechat_templates *templates)
{
    char why[JSON_WHY_BYTES];
    if (wechat_templates_read(text, arena, templates, why) != ERR_NONE)
        return cli_say(CLI_USAGE, "%s: %s", name, why);
    if (played && text[0] == '\0')
        wechat_templates_default(templates);
    return CLI_DONE;
}

static int open_push(const struct config *c, struct arena *arena)
{
    struct outside_config *o = &outer.config;
    char why[JSON_WHY_BYTES];
    o->push = (struct push_config){.appid = o->wechat.appid, .page_appid = o->wechat_page.appid};
    int code = secret_of(arena, c->wechat_push_token_file, &o->push.token);
    if (code == CLI_DONE)
        code = secret_of(arena, c->wechat_push_aes_key_file, &o->push.aes_key);
    if (code == CLI_DONE && push_config_check(&o->push, why) != ERR_NONE)
        code = cli_say(CLI_USAGE, "wechat_push_aes_key_file: %s", why);
    return code;
}

/* What students are shown who are asked to follow the service account. */
static int open_account(const struct config *c, struct arena *arena)
{
    const char *path = c->wechat_page_qr_file;
    outer.account = (struct api_service_account){.name = config_knows_followers(c) ? c->wechat_page_name : NULL};
    if (path[0] == '\0')
        return CLI_DONE;
    char *bytes = arena_alloc(arena, QR_BYTES_MAX);
    FILE *file = fopen(path, "rbe");
    size_t len = file == NULL ? 0 : fread(bytes, 1, QR_BYTES_MAX, file);
    if (file != NULL)
        fclose(file);
    const char *media_type = media_type_of(bytes, len);
    if (len == QR_BYTES_MAX || media_type == NULL || text_is(media_type, MEDIA_HEIC))
        return cli_say(CLI_UNREADABLE, "wechat_page_qr_file: %s: no JPEG or PNG below 512 KiB", path);
    outer.account.media_type = media_type;
    outer.account.picture = bytes;
    outer.account.len = len;
    return CLI_DONE;
}

/* What reaches students beside the mini program: the service account and text messages. */
static int open_messages(const struct config *c, struct arena *arena, bool played, const char *sms_key)
{
    struct outside_config *o = &outer.config;
    bool sms_played = played && c->sms_url[0] == '\0', page_played = played && c->wechat_page_appid[0] == '\0';
    o->sms =
        (struct sms_config){.url = sms_played ? arena_printf(arena, "%s/sms", local_url(outer.ports.sms)) : c->sms_url,
                            .key = sms_played ? outer.ports.key : sms_key,
                            .allow_private = sms_played || c->outbound_allow_private != 0};
    o->wechat_page = (struct wechat_config){.url = o->wechat.url,
                                            .appid = page_played ? STANDIN_PAGE_APPID : c->wechat_page_appid,
                                            .secret = STANDIN_PAGE_SECRET};
    int code = page_played ? CLI_DONE : secret_of(arena, c->wechat_page_secret_file, &o->wechat_page.secret);
    if (code == CLI_DONE)
        code = read_templates("wechat_templates", c->wechat_templates, played, arena, &o->templates.subscription);
    if (code == CLI_DONE)
        code =
            read_templates("wechat_page_templates", c->wechat_page_templates, page_played, arena, &o->templates.page);
    if (code == CLI_DONE)
        code = open_account(c, arena);
    return code == CLI_DONE ? open_push(c, arena) : code;
}

/* Who says whether a name belongs to a number. */
static int open_real_name(const struct config *c, struct arena *arena, bool played)
{
    const char *key = "";
    bool is_played = played && c->real_name_url[0] == '\0';
    int code = secret_of(arena, c->real_name_key_file, &key);
    outer.config.real_name = (struct real_name_config){
        .url = is_played ? arena_printf(arena, "%s/check", local_url(outer.ports.real_name)) : c->real_name_url,
        .key = is_played ? outer.ports.key : key,
        .allow_private = is_played || c->outbound_allow_private != 0};
    return code;
}

int serve_outside_open(const struct config *c, struct arena *arena)
{
    struct outside_config *o = &outer.config;
    bool played = wants_standin(c);
    outer.arena = arena;
    if (c->standin != 0 && !played)
        LOG(INFO, "standin.off", "reason=\"real credentials are configured\"");
    if (played) {
        outer.standin = standin_start(15000 * c->outbox_retry_scale_percent / 100, &outer.ports);
        LOG(WARN, "standin.on",
            "wechat=%d pay=%d chsi=%d courier=%d sms=%d real_name=%d meaning=\"made-up services, not for real "
            "students\"",
            outer.ports.wechat, outer.ports.pay, outer.ports.chsi, outer.ports.courier, outer.ports.sms,
            outer.ports.real_name);
    }
    *o = (struct outside_config){.wecom_url = c->wecom_url,
                                 .allow_private = c->outbound_allow_private != 0,
                                 .data_directory = c->data_directory,
                                 .retry_scale_percent = c->outbox_retry_scale_percent,
                                 .code_decoder_command = c->code_decoder_command,
                                 .code_decoder_url = c->code_decoder_url,
                                 .chsi_url = c->chsi_url,
                                 .courier_url = c->courier_url,
                                 .courier_key = outer.ports.key};
    o->wechat = (struct wechat_config){.page = "pages/progress/progress", .state = "formal"};
    int code = secret_of(arena, c->wechat_secret_file, &o->wechat.secret);
    const char *courier_key = "", *sms_key = "";
    if (code == CLI_DONE)
        code = secret_of(arena, c->courier_key_file, &courier_key);
    if (code == CLI_DONE)
        code = secret_of(arena, c->sms_key_file, &sms_key);
    if (code != CLI_DONE)
        return code;
    o->courier_key = c->courier_url[0] == '\0' ? outer.ports.key : courier_key;
    o->wechat.url = c->wechat_url[0] != '\0' ? c->wechat_url
                    : played                 ? local_url(outer.ports.wechat)
                                             : "https://api.weixin.qq.com";
    o->wechat.appid = played ? STANDIN_APPID : c->wechat_appid;
    o->wechat.secret = played ? STANDIN_SECRET : o->wechat.secret;
    if (played && c->chsi_url[0] == '\0' && c->standin_chsi != 0)
        o->chsi_url = local_url(outer.ports.chsi);
    if (played && c->courier_url[0] == '\0')
        o->courier_url = local_url(outer.ports.courier);
    outer.page_host = played ? o->wechat.url : "https://open.weixin.qq.com";
    code = open_real_name(c, arena, played);
    if (code == CLI_DONE)
        code = open_messages(c, arena, played, sms_key);
    return code == CLI_DONE ? find_bank(c, arena, played) : code;
}

/* ---- what endpoints ask of the outside ---- */

static enum err login_by_wechat(const char *code, struct arena *arena, const char **openid, const char **unionid,
                                char *why)
{
    struct wechat_identity identity;
    TRY(wechat_login_blocking(&outer.config.wechat, code, arena, &identity, why));
    *openid = identity.openid;
    *unionid = identity.unionid;
    return ERR_NONE;
}

static enum err login_by_page(const char *code, struct arena *arena, const char **openid, const char **unionid,
                              char *why)
{
    struct wechat_identity identity;
    TRY(wechat_page_login_blocking(&outer.config.wechat_page, code, arena, &identity, why));
    *openid = identity.openid;
    *unionid = identity.unionid;
    return ERR_NONE;
}

static const char *page_url(const char *session, const char *state, struct arena *arena)
{
    const char *back = session == NULL ? outer.page_url : arena_printf(arena, "%s?session=%s", outer.page_url, session);
    return wechat_page_url(&outer.config.wechat_page, outer.page_host, back, state, arena);
}

static enum err phone_by_wechat(const char *code, struct arena *arena, const char **phone, char *why)
{
    struct wechat_token *token = outside_token(outer.outside);
    if (token == NULL)
        return ERR_BUSY;
    return wechat_phone_blocking(&outer.config.wechat, token, code, arena, phone, why);
}

static enum err prepay(const struct api_order *order, struct arena *arena, struct api_prepaid *prepaid, char *why)
{
    struct pay_order asked = {.id = order->payment_id,
                              .channel = order->channel,
                              .amount_fen = order->amount_fen,
                              .description = order->description,
                              .openid = order->openid,
                              .of_page = order->of_page,
                              .payer_address = order->payer_address,
                              .expires_us = order->expires_us};
    struct pay_prepay made;
    TRY(pay_prepay_blocking(&outer.config.pay, &asked, arena, &made, why));
    *prepaid = (struct api_prepaid){made.prepay_id, made.client};
    return ERR_NONE;
}

static void verify_pay(const struct api_signed *given, struct arena *arena, struct api_pay_notice *notice)
{
    struct pay_notice n = {0};
    const struct pay_signed head = {given->serial, given->timestamp, given->nonce, given->signature};
    enum pay_refusal refusal =
        pay_open_notice(&outer.config.pay, &head, given->body, given->body_len, given->now_us, arena, &n);
    *notice = (struct api_pay_notice){.refusal = refusal == PAY_REFUSAL_none ? NULL : pay_refusal_name(refusal),
                                      .words = pay_refusal_words(refusal),
                                      .not_authentic = refusal <= PAY_REFUSAL_signature_wrong,
                                      .is_refund = n.is_refund,
                                      .payment_id = n.id,
                                      .transaction_id = n.transaction_id,
                                      .refund_id = n.refund_id,
                                      .bank_refund_id = n.bank_refund_id,
                                      .refund_state = n.refund_state,
                                      .amount_fen = n.amount_fen,
                                      .refund_fen = n.refund_fen,
                                      .paid_us = n.paid_us,
                                      .accepted_us = n.accepted_us,
                                      .ended_us = n.ended_us};
}

static enum err verify_courier(const struct api_signed *given, struct arena *arena, struct api_notice *notice,
                               char *why)
{
    struct courier_notice parcel;
    struct webhook_head head = {.id = given->id, .timestamp = given->timestamp, .signature = given->signature};
    (void)why;
    enum err e =
        courier_verify(outer.config.courier_key, &head, given->body, given->body_len, given->now_us, arena, &parcel);
    if (e != ERR_NONE)
        return e == ERR_UNAUTHENTICATED ? ERR_WRONG_CREDENTIALS : e;
    *notice = (struct api_notice){.fact = parcel.delivered ? API_FACT_DELIVERED : API_FACT_NONE,
                                  .carrier = parcel.carrier,
                                  .tracking_no = parcel.number};
    return ERR_NONE;
}

static enum err send_sms(const char *id, const char *to, const char *text, const char *purpose, struct arena *arena,
                         char *why)
{
    const struct sms_text sms = {.id = id, .to = to, .text = text, .purpose = purpose};
    return sms_send_blocking(&outer.config.sms, &sms, arena, why);
}

static struct push_call push_call_of(const struct api_push *given)
{
    return (struct push_call){.signature = given->signature,
                              .timestamp = given->timestamp,
                              .nonce = given->nonce,
                              .encrypt_type = given->encrypt_type,
                              .msg_signature = given->msg_signature,
                              .body = given->body,
                              .len = given->body_len,
                              .now_us = given->now_us};
}

static bool signed_push(const struct api_push *given)
{
    struct push_call call = push_call_of(given);
    call.now_us = 0; /* the set-up check: nothing is done with it */
    return push_signed(&outer.config.push, &call);
}

static enum err open_push_call(const struct api_push *given, struct arena *arena, struct push *push)
{
    struct push_call call = push_call_of(given);
    return push_read(&outer.config.push, &call, arena, push);
}

/* ---- for main ---- */

void serve_outside_hooks(struct api_context *context)
{
    context->templates = &outer.config.templates;
    if (outer.config.push.token != NULL && outer.config.push.token[0] != '\0') {
        context->push_signed = signed_push;
        context->push_open = open_push_call;
    }
    context->wechat_login = login_by_wechat;
    if (outer.config.wechat_page.appid[0] != '\0') {
        context->wechat_page_login = login_by_page;
        context->wechat_page_url = page_url;
    }
    context->service_account = outer.account.name != NULL ? &outer.account : NULL;
    context->wechat_phone = phone_by_wechat;
    context->sms_send = sms_configured(&outer.config.sms) ? send_sms : NULL;
    context->pay_prepay = pay_is_configured(&outer.config.pay) ? prepay : NULL;
    context->pay_verify = pay_is_configured(&outer.config.pay) ? verify_pay : NULL;
    context->courier_verify = verify_courier;
}

struct outside *serve_outside_new(void)
{
    outer.outside = outside_new(&outer.config);
    return outer.outside;
}

/* The payment service calls back at our public address; without one, at the port we listen on. */
void serve_outside_set_port(const struct config *c, int port)
{
    char here[64];
    snprintf(here, sizeof here, "http://127.0.0.1:%d", port);
    const char *base = c->public_url[0] != '\0' ? c->public_url : here;
    snprintf(outer.notify_url, sizeof outer.notify_url, "%s/api/v1/hooks/pay", base);
    snprintf(outer.page_url, sizeof outer.page_url, "%s/student/", base);
}

void serve_outside_print(void)
{
    if (outer.standin != NULL)
        printf("  stand-ins (made-up services): wechat=%d pay=%d chsi=%d courier=%d sms=%d real_name=%d\n",
               outer.ports.wechat, outer.ports.pay, outer.ports.chsi, outer.ports.courier, outer.ports.sms,
               outer.ports.real_name);
}

void serve_outside_close(void)
{
    if (outer.outside != NULL)
        outside_free(outer.outside);
    standin_stop(outer.standin);
    pay_keys_free(outer.config.pay.keys);
    pki_key_free(outer.merchant_key);
}
