#include "dispatch/wechat.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/wechat_token.h"

/* ---- errcodes ---- */

static const struct {
    int64_t errcode;
    enum wechat_class class;
} classes[] = {
    {0, WECHAT_OK},           {-1, WECHAT_LATER},    /* busy */
    {40001, WECHAT_TOKEN},                           /* token invalid */
    {40014, WECHAT_TOKEN},    {42001, WECHAT_TOKEN}, /* token expired */
    {45009, WECHAT_TOMORROW},                        /* daily quota */
    {43101, WECHAT_NO_QUOTA},                        /* no accepted prompt */
    {43004, WECHAT_NO_QUOTA},                        /* does not follow */
    {45015, WECHAT_NO_QUOTA},                        /* customer message behind the window */
    {45047, WECHAT_NO_QUOTA},                        /* or one too many */
    {40003, WECHAT_NEVER},                           /* openid */
    {40007, WECHAT_NEVER},                           /* media id */
    {40009, WECHAT_NEVER},                           /* a picture that is too large */
    {40037, WECHAT_NEVER},                           /* template id */
    {41030, WECHAT_NEVER},                           /* page is not in the released app */
    {47003, WECHAT_NEVER},                           /* a field breaks its rule */
    {48001, WECHAT_NEVER},                           /* the app may not call this */
};

enum wechat_class wechat_class_of(int64_t errcode)
{
    for (size_t i = 0; i < countof(classes); i++)
        if (classes[i].errcode == errcode)
            return classes[i].class;
    return WECHAT_LATER;
}

/* ---- blocking calls of endpoints ---- */

static enum err explain(char *why, enum err e, const char *words)
{
    snprintf(why, WECHAT_WHY_BYTES, "%s", words);
    return e;
}

/* What an errcode of log-in and phone number means to the student. */
static enum err code_refused(int64_t errcode, const char *call, char *why)
{
    switch (errcode) {
    case 40029: /* wrong or expired */
    case 40163: /* used before */
    case 41008: /* missing */
        return explain(why, ERR_BAD_FIELD, "code: WeChat does not know it, or it was used, or is older than 5 minutes");
    case 40226:
        return explain(why, ERR_FORBIDDEN, "WeChat does not let this user log in");
    case 45011:
        return explain(why, ERR_RATE_LIMITED, "WeChat allows 100 tries a minute");
    case -1:
        return explain(why, ERR_BUSY, "WeChat is busy");
    default:
        LOG(ERROR, "wechat.refused", "call=%s errcode=%" PRId64, call, errcode);
        return explain(why, ERR_UPSTREAM, "WeChat refused the call; the operator can see the code in the log");
    }
}

static enum err call_json(const struct client_request *request, const struct wechat_config *config, const char *call,
                          struct arena *arena, const struct json **tree, char *why)
{
    struct client_answer answer;
    client_call(request, config->ca_file, arena, &answer);
    if (answer.outcome != CLIENT_ANSWERED || answer.status != 200 ||
        json_read(answer.body, answer.len, arena, tree) != ERR_NONE || (*tree)->kind != JSON_OBJECT) {
        LOG(WARN, "wechat.no_answer", "call=%s status=%d words=\"%s\"", call, answer.status, answer.words);
        return explain(why, ERR_UPSTREAM, "WeChat did not answer");
    }
    return ERR_NONE;
}

enum err wechat_login_blocking(const struct wechat_config *config, const char *code, struct arena *arena,
                               struct wechat_identity *identity, char why[WECHAT_WHY_BYTES])
{
    const struct json *tree = NULL;
    const struct client_request request = {
        .method = "GET",
        .url = arena_printf(arena, "%s/sns/jscode2session?appid=%s&secret=%s&js_code=%s&grant_type=authorization_code",
                            config->url, client_escape(arena, config->appid), client_escape(arena, config->secret),
                            client_escape(arena, code)),
    };
    TRY(call_json(&request, config, "code2session", arena, &tree, why));
    int64_t errcode = json_int_at(tree, "errcode", 0);
    if (errcode != 0)
        return code_refused(errcode, "code2session", why);
    identity->openid = json_text_at(tree, "openid", NULL);
    identity->unionid = json_text_at(tree, "unionid", NULL);
    if (identity->openid == NULL || identity->openid[0] == '\0' || strlen(identity->openid) > 128)
        return explain(why, ERR_UPSTREAM, "WeChat's answer names no user");
    return ERR_NONE;
}

static enum err phone_call(const struct wechat_config *config, const char *token, const char *code, struct arena *arena,
                           const struct json **tree, char *why)
{
    struct buf body;
    buf_init(&body, KIB(2));
    json_object_open(&body);
    json_put_text(&body, "code", code);
    json_object_close(&body);
    const struct client_request request = {
        .method = "POST",
        .url = arena_printf(arena, "%s/wxa/business/getuserphonenumber?access_token=%s", config->url,
                            client_escape(arena, token)),
        .headers = {"Content-Type: application/json"},
        .body = arena_text_n(arena, buf_cstr(&body), body.len),
        .body_len = body.len,
    };
    buf_release(&body);
    return call_json(&request, config, "getuserphonenumber", arena, tree, why);
}

enum err wechat_phone_blocking(const struct wechat_config *config, struct wechat_token *token, const char *code,
                               struct arena *arena, const char **phone, char why[WECHAT_WHY_BYTES])
{
    const struct json *tree = NULL;
    const char *value = NULL;
    int64_t errcode = 0;
    for (int i = 0; i < 2; i++) {
        const char *refused = value;
        if (wechat_token_blocking(token, refused, arena, &value) != ERR_NONE)
            return explain(why, ERR_UPSTREAM, "WeChat gave no access token");
        if (text_is(value, refused))
            break; /* too soon for another token */
        TRY(phone_call(config, value, code, arena, &tree, why));
        errcode = json_int_at(tree, "errcode", 0);
        if (wechat_class_of(errcode) != WECHAT_TOKEN)
            break;
    }
    if (errcode != 0)
        return code_refused(errcode, "getuserphonenumber", why);
    const char *appid = json_text_at(tree, "phone_info.watermark.appid", "");
    const char *number = json_text_at(tree, "phone_info.purePhoneNumber", NULL);
    const char *country = json_text_at(tree, "phone_info.countryCode", "86");
    if (!text_is(appid, config->appid) || number == NULL || !text_all(number, "0123456789") || strlen(number) > 15 ||
        !text_all(country, "0123456789"))
        return explain(why, ERR_UPSTREAM, "WeChat's answer holds no phone number for this app");
    *phone = text_is(country, "86") ? number : arena_printf(arena, "+%s%s", country, number);
    return ERR_NONE;
}

/* ---- calls with an access token ---- */

static void on_token(struct wechat_token_wait *wait, enum err e, const char *value, int64_t pause_us);

struct token_wait {
    struct wechat_token_wait wait;
    struct wechat_message *message;
};

static void ask_token(struct wechat_message *m)
{
    struct token_wait *w = ARENA_NEW(m->arena, struct token_wait);
    w->message = m;
    w->wait.done = on_token;
    w->wait.arg = w;
    wechat_token_get(m->wechat->token, &w->wait);
}

static void end(struct wechat_message *m, struct wechat_sent sent)
{
    free(m->form);
    m->form = NULL;
    m->done(m, &sent);
}

/* 45009: the count starts again at midnight in China; a little later, so that not everybody comes at once. */
static int64_t until_tomorrow_us(void)
{
    int64_t now_us = clock_utc_us();
    struct clock_civil civil = clock_civil_cn(now_us);
    int64_t passed_s = civil.hour * 3600 + civil.minute * 60 + civil.second;
    return SECONDS_US(86400 - passed_s + 300);
}

static void end_by_code(struct wechat_message *m, int64_t errcode, const struct json *tree)
{
    struct wechat_sent sent = {
        .errcode = errcode, .words = arena_printf(m->arena, "errcode %" PRId64, errcode), .answer = tree};
    switch (wechat_class_of(errcode)) {
    case WECHAT_OK:
        sent.result = WECHAT_DELIVERED;
        break;
    case WECHAT_NO_QUOTA:
        sent.result = WECHAT_REFUSED;
        break;
    case WECHAT_NEVER:
        sent.result = WECHAT_FAILED;
        LOG(ERROR, "wechat.message_refused", "errcode=%" PRId64, errcode);
        break;
    case WECHAT_TOMORROW:
        sent.result = WECHAT_AGAIN;
        sent.pause_us = until_tomorrow_us();
        break;
    case WECHAT_TOKEN:
        sent.result = WECHAT_AGAIN;
        sent.pause_us = WECHAT_TOKEN_PAUSE_US;
        break;
    case WECHAT_LATER:
        sent.result = WECHAT_AGAIN;
        if (errcode != -1)
            LOG(WARN, "wechat.unknown_errcode", "errcode=%" PRId64, errcode);
        break;
    }
    end(m, sent);
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct wechat_message *m = request->arg;
    const struct json *tree = NULL;
    struct wechat_sent sent = {.result = WECHAT_AGAIN, .pause_us = answer->retry_after_us, .words = answer->words};
    if (answer->outcome == CLIENT_NOT_SENT) {
        end(m, sent);
        return;
    }
    if (answer->outcome == CLIENT_ANSWERED && answer->status == 429) {
        sent.words = "status 429";
        end(m, sent);
        return;
    }
    /* From here on it was received; only WeChat's own words tell that it was not delivered. */
    sent.maybe = true;
    if (answer->outcome == CLIENT_ANSWERED)
        sent.words = arena_printf(m->arena, "status %d", answer->status);
    if (m->is_download && answer->outcome == CLIENT_ANSWERED && answer->status == 200 && answer->len > 0 &&
        answer->body[0] != '{') {
        end(m, (struct wechat_sent){
                   .result = WECHAT_DELIVERED, .words = "fetched", .bytes = answer->body, .len = answer->len});
        return;
    }
    if (answer->outcome != CLIENT_ANSWERED || answer->status != 200 ||
        json_read(answer->body, answer->len, m->arena, &tree) != ERR_NONE || tree->kind != JSON_OBJECT ||
        (json_at(tree, "errcode") == NULL && !m->good_without_errcode)) {
        end(m, sent);
        return;
    }
    int64_t errcode = json_int_at(tree, "errcode", 0);
    if (wechat_class_of(errcode) == WECHAT_TOKEN && !m->again) {
        m->again = true;
        wechat_token_refused(m->wechat->token, m->token, errcode);
        ask_token(m);
        return;
    }
    end_by_code(m, errcode, tree);
}

static void on_token(struct wechat_token_wait *wait, enum err e, const char *value, int64_t pause_us)
{
    struct token_wait *w = wait->arg;
    struct wechat_message *m = w->message;
    if (e != ERR_NONE) {
        end(m, (struct wechat_sent){.result = WECHAT_AGAIN, .pause_us = pause_us, .words = "no access token"});
        return;
    }
    if (m->again && text_is(m->token, value)) { /* refused, and too soon for another one */
        end(m, (struct wechat_sent){
                   .result = WECHAT_AGAIN, .pause_us = WECHAT_TOKEN_PAUSE_US, .words = "access token refused"});
        return;
    }
    m->token = arena_text(m->arena, value);
    m->request.url = arena_printf(m->arena, "%s%s?access_token=%s%s", m->wechat->config->url, m->path,
                                  client_escape(m->arena, m->token), m->query);
    client_send(m->wechat->client, &m->request);
}

static void prepare_call(struct wechat *wechat, struct wechat_message *m, const char *path, const char *query)
{
    m->wechat = wechat;
    m->path = path;
    m->query = query;
    m->token = NULL;
    m->again = m->is_download = m->good_without_errcode = false;
    m->form = NULL;
    m->request = (struct client_request){.method = "GET", .done = on_answer, .arg = m};
}

/* Body NULL: a question; good answers to one carry no errcode. */
static void begin(struct wechat *wechat, struct wechat_message *m, const char *path, const char *query,
                  struct buf *body)
{
    prepare_call(wechat, m, path, query);
    m->request.repeatable = m->good_without_errcode = body == NULL;
    if (body != NULL) {
        CHECK(!body->over);
        m->request.method = "POST";
        m->request.headers[0] = "Content-Type: application/json";
        m->request.body = arena_copy(m->arena, buf_cstr(body), body->len);
        m->request.body_len = body->len;
        buf_release(body);
    }
    ask_token(m);
}

static void message_open(struct buf *body, const char *openid)
{
    buf_init(body, KIB(16));
    json_object_open(body);
    json_put_text(body, "touser", openid);
}

void wechat_send_subscription(struct wechat *wechat, const char *openid, const char *template_id, const char *data,
                              enum language lang, struct wechat_message *m)
{
    const struct wechat_config *config = wechat->config;
    struct buf body;
    message_open(&body, openid);
    json_put_text(&body, "template_id", template_id);
    if (config->page != NULL && config->page[0] != '\0')
        json_put_text(&body, "page", config->page);
    if (config->state != NULL)
        json_put_text(&body, "miniprogram_state", config->state);
    json_put_text(&body, "lang", lang == LANGUAGE_EN ? "en_US" : "zh_CN");
    json_put_raw(&body, "data", data);
    json_object_close(&body);
    begin(wechat, m, "/cgi-bin/message/subscribe/send", "", &body);
}

void wechat_send_template(struct wechat *wechat, const char *openid, const char *template_id, const char *data,
                          const char *id, const struct wechat_config *opens, struct wechat_message *m)
{
    struct buf body;
    message_open(&body, openid);
    json_put_text(&body, "template_id", template_id);
    json_put_text(&body, "client_msg_id", id);
    if (opens != NULL && opens->appid != NULL && opens->appid[0] != '\0' && opens->page != NULL) {
        json_name(&body, "miniprogram");
        json_object_open(&body);
        json_put_text(&body, "appid", opens->appid);
        json_put_text(&body, "pagepath", opens->page);
        json_object_close(&body);
    }
    json_put_raw(&body, "data", data);
    json_object_close(&body);
    begin(wechat, m, "/cgi-bin/message/template/send", "", &body);
}

void wechat_send_customer(struct wechat *wechat, const char *openid, const char *text, struct wechat_message *m)
{
    struct buf body;
    message_open(&body, openid);
    json_put_text(&body, "msgtype", "text");
    json_name(&body, "text");
    json_object_open(&body);
    json_put_text(&body, "content", text);
    json_object_close(&body);
    json_object_close(&body);
    begin(wechat, m, "/cgi-bin/message/custom/send", "", &body);
}

void wechat_user_info(struct wechat *wechat, const char *openid, struct wechat_message *m)
{
    begin(wechat, m, "/cgi-bin/user/info",
          arena_printf(m->arena, "&openid=%s&lang=zh_CN", client_escape(m->arena, openid)), NULL);
}

#define CHECK_SCENE_SOCIAL 4 /* msg_sec_check v2: 1 profile, 2 comment, 3 forum, 4 social log */

void wechat_check_text(struct wechat *wechat, const char *openid, const char *text, struct wechat_message *m)
{
    struct buf body;
    buf_init(&body, KIB(16));
    json_object_open(&body);
    json_put_int(&body, "version", 2);
    json_put_text(&body, "openid", openid);
    json_put_int(&body, "scene", CHECK_SCENE_SOCIAL);
    json_put_text(&body, "content", text);
    json_object_close(&body);
    begin(wechat, m, "/wxa/msg_sec_check", "", &body);
}

/* ---- pictures ---- */

#define PICTURE_MS 60000 /* 10 MiB take their time */

void wechat_fetch_picture(struct wechat *wechat, const char *media_id, struct wechat_message *m)
{
    prepare_call(wechat, m, "/cgi-bin/media/get",
                 arena_printf(m->arena, "&media_id=%s", client_escape(m->arena, media_id)));
    m->request.repeatable = m->good_without_errcode = m->is_download = true;
    m->request.answer_bytes_max = WECHAT_PICTURE_BYTES_MAX;
    m->request.total_ms = PICTURE_MS;
    ask_token(m);
}

void wechat_send_customer_picture(struct wechat *wechat, const char *openid, const char *media_id,
                                  struct wechat_message *m)
{
    struct buf body;
    message_open(&body, openid);
    json_put_text(&body, "msgtype", "image");
    json_name(&body, "image");
    json_object_open(&body);
    json_put_text(&body, "media_id", media_id);
    json_object_close(&body);
    json_object_close(&body);
    begin(wechat, m, "/cgi-bin/message/custom/send", "", &body);
}

void wechat_upload_picture(struct wechat *wechat, const void *bytes, size_t len, const char *media_type,
                           struct wechat_message *m)
{
    char boundary[CRYPT_ID_TEXT_BYTES];
    CHECK(len <= WECHAT_PICTURE_BYTES_MAX);
    crypt_id(clock_utc_us(), boundary);
    const char *head =
        arena_printf(m->arena,
                     "--%s\r\nContent-Disposition: form-data; name=\"media\"; filename=\"picture.%s\"\r\n"
                     "Content-Type: %s\r\n\r\n",
                     boundary, text_is(media_type, "image/png") ? "png" : "jpg", media_type);
    const char *tail = arena_printf(m->arena, "\r\n--%s--\r\n", boundary);
    size_t head_len = strlen(head), tail_len = strlen(tail);
    prepare_call(wechat, m, "/cgi-bin/media/upload", "&type=image");
    char *form = malloc(head_len + len + tail_len);
    CHECK(form != NULL);
    memcpy(form, head, head_len);
    memcpy(form + head_len, bytes, len);
    memcpy(form + head_len + len, tail, tail_len);
    m->form = form;
    m->good_without_errcode = true;
    m->request.method = "POST";
    m->request.headers[0] = arena_printf(m->arena, "Content-Type: multipart/form-data; boundary=%s", boundary);
    m->request.body = form;
    m->request.body_len = head_len + len + tail_len;
    m->request.total_ms = PICTURE_MS;
    ask_token(m);
}
