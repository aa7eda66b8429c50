#include "dispatch/standin/services.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "base/wechat_field.h"
#include "dispatch/standin/media.h"
#include "dispatch/standin/standin.h"

#define QUOTAS_MAX    8192
#define MESSAGES_MAX  20000
#define STRANGERS_MAX 256
#define TOKEN_LASTS_S 7200
#define FIRST_MSGID   294402298110000

struct quota {
    char openid[64], template_id[64];
    int64_t remaining;
};

struct account { /* the mini program, the service account */
    int64_t token_number, token_until_us;
};

struct standin_wechat {
    struct standin_http *http;
    struct account mini, page;
    int64_t quota_default; /* -1: unlimited */
    struct quota quotas[QUOTAS_MAX];
    size_t quota_count;
    char *messages[MESSAGES_MAX]; /* JSON */
    size_t message_count;
    char strangers[STRANGERS_MAX][48]; /* page openids of who does not follow */
    size_t stranger_count;
    struct standin_media *media;
};

static int say(struct buf *out, int64_t errcode, const char *errmsg)
{
    json_object_open(out);
    json_put_int(out, "errcode", errcode);
    json_put_text(out, "errmsg", errmsg);
    json_object_close(out);
    return 200; /* WeChat's errors are answers too */
}

/* ---- token ---- */

static void token_text(bool page, int64_t number, char text[64])
{
    snprintf(text, 64, "standin-%stoken-%" PRId64, page ? "page-" : "", number);
}

static int stable_token(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    char token[64];
    bool page = text_is(json_text_at(r->json, "appid", NULL), STANDIN_PAGE_APPID);
    struct account *account = page ? &w->page : &w->mini;
    if (!page && !text_is(json_text_at(r->json, "appid", NULL), STANDIN_APPID))
        return say(out, 40013, "invalid appid");
    if (!text_is(json_text_at(r->json, "secret", NULL), page ? STANDIN_PAGE_SECRET : STANDIN_SECRET))
        return say(out, 40125, "invalid appsecret");
    if (json_bool_at(r->json, "force_refresh", false) || clock_mono_us() >= account->token_until_us) {
        account->token_number++;
        account->token_until_us = clock_mono_us() + SECONDS_US(TOKEN_LASTS_S);
    }
    token_text(page, account->token_number, token);
    json_object_open(out);
    json_put_text(out, "access_token", token);
    json_put_int(out, "expires_in", (account->token_until_us - clock_mono_us()) / 1000000);
    json_object_close(out);
    return 200;
}

/* 0: the token is good for one of the accounts of `page` (0 mini, 1 page, 2 either). */
static int64_t token_check_of(struct standin_wechat *w, const struct standin_request *r, int page)
{
    char token[64];
    const char *given = standin_query(r, "access_token");
    bool expired = standin_fault(w->http, "expired_token", r->path, NULL);
    for (int i = 0; i < 2; i++) {
        struct account *account = i == 0 ? &w->mini : &w->page;
        if (page != 2 && page != i)
            continue;
        token_text(i == 1, account->token_number, token);
        if (expired)
            account->token_until_us = 0;
        if (text_is(given, token))
            return clock_mono_us() >= account->token_until_us ? 42001 : 0;
        for (int64_t old = 1; old < account->token_number; old++) {
            token_text(i == 1, old, token);
            if (text_is(given, token))
                return 42001;
        }
    }
    return 40001;
}

static int64_t token_check(struct standin_wechat *w, const struct standin_request *r)
{
    return token_check_of(w, r, 0);
}

/* ---- log in, phone ---- */

/* The service account's page: no question, back at once. */
static int authorize(const struct standin_request *r)
{
    const char *back = standin_query(r, "redirect_uri"), *state = standin_query(r, "state");
    const char *as = standin_query(r, "as");
    if (back == NULL || state == NULL || !text_is(standin_query(r, "appid"), STANDIN_PAGE_APPID) ||
        strpbrk(back, "\r\n") != NULL)
        return 400;
    buf_printf(&r->reply->headers, "Location: %s%ccode=student-%s&state=%s\r\n", back,
               strchr(back, '?') == NULL ? '?' : '&', as != NULL ? as : "browser", state);
    return 302;
}

/* The same "student-…" is the same person at both accounts, with an openid at each. */
struct identity {
    char openid[48], page_openid[48], unionid[32];
};

static bool identity_of(const char *code, struct identity *who)
{
    unsigned char hash[CRYPT_HASH_BYTES];
    char hex[25];
    if (code == NULL || !text_starts(code, "student-"))
        return false;
    crypt_hash(code, strlen(code), hash);
    text_hex(hash, 12, hex);
    snprintf(who->openid, sizeof who->openid, "openid-%s", hex);
    snprintf(who->page_openid, sizeof who->page_openid, "page-openid-%s", hex);
    snprintf(who->unionid, sizeof who->unionid, "unionid-%.16s", hex);
    return true;
}

static int page_token(const struct standin_request *r, struct buf *out)
{
    struct identity who;
    if (!text_is(standin_query(r, "appid"), STANDIN_PAGE_APPID) ||
        !text_is(standin_query(r, "secret"), STANDIN_PAGE_SECRET))
        return say(out, 40013, "invalid appid");
    if (!identity_of(standin_query(r, "code"), &who))
        return say(out, 40029, "invalid code");
    json_object_open(out);
    json_put_text(out, "access_token", "standin-page-user-token");
    json_put_int(out, "expires_in", TOKEN_LASTS_S);
    json_put_text(out, "openid", who.page_openid);
    json_put_text(out, "unionid", who.unionid);
    json_put_text(out, "scope", "snsapi_base");
    json_object_close(out);
    return 200;
}

static int code2session(const struct standin_request *r, struct buf *out)
{
    struct identity who;
    if (!text_is(standin_query(r, "appid"), STANDIN_APPID) || !text_is(standin_query(r, "secret"), STANDIN_SECRET))
        return say(out, 40013, "invalid appid");
    if (!identity_of(standin_query(r, "js_code"), &who))
        return say(out, 40029, "invalid code");
    json_object_open(out);
    json_put_text(out, "openid", who.openid);
    json_put_text(out, "session_key", "c3RhbmRpbg==");
    json_put_text(out, "unionid", who.unionid);
    json_object_close(out);
    return 200;
}

static int phone_number(const struct standin_request *r, struct buf *out)
{
    const char *code = json_text_at(r->json, "code", "");
    if (!text_starts(code, "phone-") || !text_all(code + 6, "0123456789"))
        return say(out, 40029, "invalid code");
    json_object_open(out);
    json_put_int(out, "errcode", 0);
    json_put_text(out, "errmsg", "ok");
    json_name(out, "phone_info");
    json_object_open(out);
    json_put_text(out, "phoneNumber", code + 6);
    json_put_text(out, "purePhoneNumber", code + 6);
    json_put_text(out, "countryCode", "86");
    json_name(out, "watermark");
    json_object_open(out);
    json_put_int(out, "timestamp", clock_utc_us() / 1000000);
    json_put_text(out, "appid", STANDIN_APPID);
    json_object_close(out);
    json_object_close(out);
    json_object_close(out);
    return 200;
}

/* ---- subscription messages ---- */

static struct quota *quota_of(struct standin_wechat *w, const char *openid, const char *template_id)
{
    for (size_t i = 0; i < w->quota_count; i++)
        if (strcmp(w->quotas[i].openid, openid) == 0 && strcmp(w->quotas[i].template_id, template_id) == 0)
            return &w->quotas[i];
    if (w->quota_count == QUOTAS_MAX)
        return NULL;
    struct quota *q = &w->quotas[w->quota_count++];
    snprintf(q->openid, sizeof q->openid, "%s", openid);
    snprintf(q->template_id, sizeof q->template_id, "%s", template_id);
    q->remaining = w->quota_default;
    return q;
}

static int quota_set(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    const char *openid = json_text_at(r->json, "openid", NULL);
    struct quota *q = NULL;
    if (openid == NULL)
        w->quota_default = json_int_at(r->json, "default", -1);
    else
        q = quota_of(w, openid, json_text_at(r->json, "template_id", ""));
    if (q != NULL)
        q->remaining = json_int_at(r->json, "remaining", 0);
    return say(out, 0, "ok");
}

/* NULL: every field keeps its rule. */
static const char *bad_field(const struct json *data)
{
    enum wechat_type type;
    if (data == NULL || data->kind != JSON_OBJECT || data->first == NULL)
        return "data";
    for (const struct json *f = data->first; f != NULL; f = f->next) {
        const char *value = json_text_at(f, "value", NULL);
        if (value == NULL || !wechat_type_of_key(f->name, &type) || !wechat_field_valid(type, value))
            return f->name;
    }
    return NULL;
}

static int deliver(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    if (w->message_count < MESSAGES_MAX)
        w->messages[w->message_count++] = strdup(r->body);
    json_object_open(out);
    json_put_int(out, "errcode", 0);
    json_put_text(out, "errmsg", "ok");
    json_put_int(out, "msgid", FIRST_MSGID + (int64_t)w->message_count);
    json_object_close(out);
    return 200;
}

static int subscribe_send(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    const char *openid = json_text_at(r->json, "touser", ""), *template_id = json_text_at(r->json, "template_id", "");
    int64_t errcode = token_check(w, r);
    if (errcode != 0)
        return say(out, errcode, "access_token is invalid or expired");
    if (!text_starts(openid, "openid-") || strlen(openid) >= sizeof w->quotas[0].openid)
        return say(out, 40003, "invalid openid");
    if (!text_starts(template_id, "standin-") || strlen(template_id) >= sizeof w->quotas[0].template_id)
        return say(out, 40037, "invalid template_id");
    const char *field = bad_field(json_at(r->json, "data"));
    if (field != NULL)
        return say(out, 47003, arena_printf(r->arena, "argument invalid! data.%s.value invalid", field));
    struct quota *q = quota_of(w, openid, template_id);
    if (q == NULL || q->remaining == 0)
        return say(out, 43101, "user refuse to accept the msg");
    if (q->remaining > 0)
        q->remaining--;
    return deliver(w, r, out);
}

/* ---- the service account, customer messages, the text check ---- */

static int template_send(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    const char *openid = json_text_at(r->json, "touser", ""), *id = json_text_at(r->json, "client_msg_id", "");
    int64_t errcode = token_check_of(w, r, 1);
    if (errcode != 0)
        return say(out, errcode, "access_token is invalid or expired");
    if (!text_starts(openid, "page-openid-"))
        return say(out, 40003, "invalid openid");
    if (text_starts(openid, "page-openid-gone"))
        return say(out, 43004, "require subscribe");
    if (!text_starts(json_text_at(r->json, "template_id", ""), "standin-"))
        return say(out, 40037, "invalid template_id");
    const char *field = bad_field(json_at(r->json, "data"));
    if (field != NULL)
        return say(out, 47003, arena_printf(r->arena, "argument invalid! data.%s.value invalid", field));
    const char *wanted = arena_printf(r->arena, "\"client_msg_id\":\"%s\"", id);
    for (size_t i = 0; i < w->message_count; i++)
        if (id[0] != '\0' && strstr(w->messages[i], wanted) != NULL)
            return say(out, 0, "ok");
    return deliver(w, r, out);
}

static int custom_send(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    int64_t errcode = token_check_of(w, r, 2);
    bool image = text_is(json_text_at(r->json, "msgtype", NULL), "image");
    if (errcode != 0)
        return say(out, errcode, "access_token is invalid or expired");
    if (image && standin_media_find(w->media, json_text_at(r->json, "image.media_id", "")) == NULL)
        return say(out, 40007, "invalid media_id");
    if (!image && json_text_at(r->json, "text.content", "")[0] == '\0')
        return say(out, 44004, "empty content");
    return deliver(w, r, out);
}

/* {"as": a code of log-in, "subscribe"} follows the service account, or not (any more); what WeChat pushes then is for
 * the test to push. */
static int follow(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    struct identity who;
    const char *as = json_text_at(r->json, "as", "");
    if (!identity_of(as, &who))
        return 400;
    bool stranger = !json_bool_at(r->json, "subscribe", true);
    size_t at = 0;
    while (at < w->stranger_count && strcmp(w->strangers[at], who.page_openid) != 0)
        at++;
    if (stranger && at == w->stranger_count && at < STRANGERS_MAX)
        snprintf(w->strangers[w->stranger_count++], sizeof w->strangers[0], "%s", who.page_openid);
    if (!stranger && at < w->stranger_count)
        memcpy(w->strangers[at], w->strangers[--w->stranger_count], sizeof w->strangers[0]);
    json_object_open(out);
    json_put_text(out, "openid", who.page_openid);
    json_put_text(out, "mini_openid", who.openid);
    json_object_close(out);
    return 200;
}

static bool is_stranger(const struct standin_wechat *w, const char *page_openid)
{
    for (size_t i = 0; i < w->stranger_count; i++)
        if (strcmp(w->strangers[i], page_openid) == 0)
            return true;
    return false;
}

/* "page-openid-x" is the person with the unionid "unionid-x", of which the first 16 characters count. Everybody follows
 * who was not said not to (follow). */
static int user_info(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    const char *openid = standin_query(r, "openid");
    int64_t errcode = token_check_of(w, r, 1);
    if (errcode != 0)
        return say(out, errcode, "access_token is invalid or expired");
    if (openid == NULL || !text_starts(openid, "page-openid-"))
        return say(out, 40003, "invalid openid");
    json_object_open(out);
    json_put_int(out, "subscribe", !is_stranger(w, openid));
    json_put_text(out, "openid", openid);
    json_put_text(out, "unionid", arena_printf(r->arena, "unionid-%.16s", openid + strlen("page-openid-")));
    json_object_close(out);
    return 200;
}

/* "违规" is risky, "可疑" for review. */
static int text_check(struct standin_wechat *w, const struct standin_request *r, struct buf *out)
{
    const char *text = json_text_at(r->json, "content", "");
    int64_t errcode = token_check_of(w, r, 0);
    if (errcode != 0)
        return say(out, errcode, "access_token is invalid or expired");
    json_object_open(out);
    json_put_int(out, "errcode", 0);
    json_name(out, "result");
    json_object_open(out);
    json_put_text(out, "suggest",
                  strstr(text, "违规") != NULL   ? "risky"
                  : strstr(text, "可疑") != NULL ? "review"
                                                 : "pass");
    json_object_close(out);
    json_object_close(out);
    return 200;
}

static int messages(const struct standin_wechat *w, struct buf *out)
{
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < w->message_count; i++)
        json_raw(out, w->messages[i], strlen(w->messages[i]));
    json_array_close(out);
    json_put_int(out, "count", (int64_t)w->message_count);
    json_object_close(out);
    return 200;
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_wechat *w = service;
    int64_t errcode;
    if (text_is(r->path, "/quota"))
        return quota_set(w, r, out);
    if (text_is(r->path, "/messages"))
        return messages(w, out);
    if (text_is(r->path, "/media"))
        return standin_media_ask(w->media, r, out);
    if (text_is(r->path, "/follow"))
        return follow(w, r, out);
    if (standin_fault(w->http, "errcode", r->path, &errcode))
        return say(out, errcode, "as asked for");
    if (text_is(r->path, "/connect/oauth2/authorize"))
        return authorize(r);
    if (text_is(r->path, "/sns/oauth2/access_token"))
        return page_token(r, out);
    if (text_is(r->path, "/sns/jscode2session"))
        return code2session(r, out);
    if (text_is(r->path, "/cgi-bin/stable_token"))
        return stable_token(w, r, out);
    if (text_is(r->path, "/cgi-bin/message/subscribe/send"))
        return subscribe_send(w, r, out);
    if (text_is(r->path, "/cgi-bin/message/template/send"))
        return template_send(w, r, out);
    if (text_is(r->path, "/cgi-bin/message/custom/send"))
        return custom_send(w, r, out);
    if (text_is(r->path, "/cgi-bin/user/info"))
        return user_info(w, r, out);
    if (text_is(r->path, "/cgi-bin/media/upload") || text_is(r->path, "/cgi-bin/media/get")) {
        errcode = token_check_of(w, r, 2);
        return errcode != 0 ? say(out, errcode, "access_token is invalid or expired")
                            : standin_media_answer(w->media, r, out);
    }
    if (text_is(r->path, "/wxa/msg_sec_check"))
        return text_check(w, r, out);
    if (text_is(r->path, "/wxa/business/getuserphonenumber")) {
        errcode = token_check(w, r);
        return errcode != 0 ? say(out, errcode, "access_token is invalid or expired") : phone_number(r, out);
    }
    return 404;
}

struct standin_wechat *standin_wechat_open(uv_loop_t *loop, int *port)
{
    struct standin_wechat *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    w->quota_default = -1;
    w->media = standin_media_new();
    w->http = standin_http_open(loop, answer, w, port);
    return w;
}

void standin_wechat_close(struct standin_wechat *w)
{
    standin_http_close(w->http);
    for (size_t i = 0; i < w->message_count; i++)
        free(w->messages[i]);
    standin_media_free(w->media);
    free(w);
}
