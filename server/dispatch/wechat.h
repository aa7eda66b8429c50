/* wechat — calls to the WeChat API: log in, phone number, subscription messages. Production code; in tests and in the
 * demo its address is the stand-in's. Facts and codes: domain.md §E.
 *
 * Never logged: codes, openids, tokens, session keys. The session key is dropped at once: nothing needs it. */
#ifndef XY_WECHAT_H
#define XY_WECHAT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/json.h"
#include "dispatch/client.h"
#include "store/message.h"

struct wechat_token;

#define WECHAT_TEMPLATE_FIELDS_MAX 6
#define WECHAT_WHY_BYTES           JSON_WHY_BYTES

struct wechat_template {
    const char *id; /* "": not configured, nothing is sent */
    size_t field_count;
    struct wechat_template_field {
        const char *role, *key; /* role: phrase, remark, time, code, tracking, amount (messages.def) */
    } fields[WECHAT_TEMPLATE_FIELDS_MAX];
};

struct wechat_config {
    const char *url; /* "https://api.weixin.qq.com", no slash at the end */
    const char *appid, *secret;
    const char *ca_file; /* NULL: the system's */
    const char *page;    /* opened by a tap on a message; must exist in the released app; "" none */
    const char *state;   /* formal, trial, developer */
    struct wechat_template templates[MESSAGE_TEMPLATE_COUNT];
};

/* Templates from configuration: {"result":"id", "progress":{"id":"…","remark":"thing5"}, …}. What is not named keeps
 * the keys of messages.def; "" gives no ids at all. BAD_FIELD and `why`: not JSON, unknown template or role, or a key
 * that names another type than the role needs. Strings live in arena. */
enum err wechat_templates_read(const char *text, struct arena *arena, struct wechat_config *config,
                               char why[WECHAT_WHY_BYTES]);
void wechat_templates_default(struct wechat_config *config); /* keys of messages.def, ids of the stand-in */
/* Which template has this id; none when nobody knows it. */
enum message_template wechat_template_with_id(const struct wechat_config *config, const char *id);

/* ---- for endpoints: they wait, so only on a lane thread ---- */

struct wechat_identity {
    const char *openid, *unionid; /* unionid NULL when the app is not bound to an open platform account */
};
/* code2Session. BAD_FIELD: the code is wrong, used or too old. FORBIDDEN: WeChat blocks this user. RATE_LIMITED, BUSY,
 * UPSTREAM. Repeating needs a new code. */
enum err wechat_login_blocking(const struct wechat_config *config, const char *code, struct arena *arena,
                               struct wechat_identity *identity, char why[WECHAT_WHY_BYTES]);

/* The phone number behind a getPhoneNumber code, digits without country code when it is +86. Errors as above. `token`
 * is the outbound thread's; the call waits for it. */
enum err wechat_phone_blocking(const struct wechat_config *config, struct wechat_token *token, const char *code,
                               struct arena *arena, const char **phone, char why[WECHAT_WHY_BYTES]);

/* ---- errcodes ---- */

enum wechat_class {
    WECHAT_OK,
    WECHAT_TOKEN,    /* get a new token, try once more */
    WECHAT_LATER,    /* busy or unknown code: again by the schedule */
    WECHAT_TOMORROW, /* the day's quota is used */
    WECHAT_NO_QUOTA, /* 43101: refused, or no accepted prompt left */
    WECHAT_NEVER     /* repeating cannot help: configuration or recipient is wrong */
};
enum wechat_class wechat_class_of(int64_t errcode);

/* ---- subscription messages: outbound thread ---- */

struct wechat {
    const struct wechat_config *config;
    struct client *client;
    struct wechat_token *token;
};

enum wechat_result {
    WECHAT_DELIVERED,
    WECHAT_REFUSED, /* 43101 */
    WECHAT_AGAIN,
    WECHAT_FAILED
};
struct wechat_sent {
    enum wechat_result result;
    bool maybe;       /* AGAIN, and this time it may have arrived nevertheless */
    int64_t pause_us; /* AGAIN: 0 for the schedule's */
    int64_t errcode;
    const char *words; /* for the outbox: code and class, no data; static or in arena */
};

struct wechat_message {
    const char *openid, *template_id;
    const char *data; /* {"thing1":{"value":"…"}, …} from wechat_data */
    enum language lang;
    struct arena *arena; /* until done */
    void (*done)(struct wechat_message *message, const struct wechat_sent *sent);
    void *arg;
    /* wechat.c's */
    struct wechat *wechat;
    struct client_request request;
    const char *token;
    bool again;
};
void wechat_send(struct wechat *wechat, struct wechat_message *message);

/* The data object of a message, every field made to fit; values by role (NULL: left as "-"). BAD_FIELD: a value cannot
 * be made to fit (a time that is none). */
struct wechat_values {
    const char *phrase, *remark, *time, *code, *tracking, *amount;
};
enum err wechat_data(const struct wechat_template *tmpl, const struct wechat_values *values, struct arena *arena,
                     const char **data);

#endif
