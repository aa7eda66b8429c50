/* wechat — calls to the WeChat API: log in, phone number, and what is sent to students: subscription messages of the
 * mini program, template messages of the service account, customer messages of either. Production code; in tests and in
 * the demo its address is the stand-in's. Facts and codes: domain.md §E.
 *
 * Never logged: codes, openids, tokens, session keys. The session key is dropped at once: nothing needs it. */
#ifndef XY_WECHAT_H
#define XY_WECHAT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/json.h"
#include "dispatch/client.h"
#include "store/wechat_template.h"

struct wechat_token;

#define WECHAT_WHY_BYTES JSON_WHY_BYTES

struct wechat_config { /* of one account: the mini program, or the service account */
    const char *url;   /* "https://api.weixin.qq.com", no slash at the end */
    const char *appid; /* "" or NULL: not set up, nothing is called */
    const char *secret;
    const char *ca_file; /* NULL: the system's */
    const char *page;  /* of the mini program, opened by a tap on a message; must exist in the released app; "" none */
    const char *state; /* formal, trial, developer */
};

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
    WECHAT_NO_QUOTA, /* refused by the student: no accepted prompt left, not a follower, no open customer window */
    WECHAT_NEVER     /* repeating cannot help: configuration or recipient is wrong */
};
enum wechat_class wechat_class_of(int64_t errcode);

/* ---- calls with an access token: outbound thread ---- */

struct wechat {
    const struct wechat_config *config;
    struct client *client;
    struct wechat_token *token;
};

enum wechat_result {
    WECHAT_DELIVERED,
    WECHAT_REFUSED, /* class NO_QUOTA */
    WECHAT_AGAIN,
    WECHAT_FAILED
};
struct wechat_sent {
    enum wechat_result result;
    bool maybe;       /* AGAIN, and this time it may have arrived nevertheless */
    int64_t pause_us; /* AGAIN: 0 for the schedule's */
    int64_t errcode;
    const char *words;         /* for the outbox: code and class, no data; static or in arena */
    const struct json *answer; /* DELIVERED: what WeChat said; in arena */
    const char *bytes;         /* DELIVERED, of wechat_fetch_picture: valid during done() */
    size_t len;
};

struct wechat_message {
    struct arena *arena; /* until done */
    void (*done)(struct wechat_message *message, const struct wechat_sent *sent);
    void *arg;
    /* wechat.c's */
    struct wechat *wechat;
    struct client_request request;
    const char *path, *query, *token; /* query: "" or "&openid=…" */
    bool again, good_without_errcode, is_download;
    void *form; /* malloc'd */
};

/* Each of these ends with exactly one done(). `data` is from wechat_template_data. */
void wechat_send_subscription(struct wechat *wechat, const char *openid, const char *template_id, const char *data,
                              enum language lang, struct wechat_message *message);
/* A tap opens the mini program with `appid` (NULL: nothing). `id` (at most 32 characters) makes it one however often it
 * is sent. */
void wechat_send_template(struct wechat *wechat, const char *openid, const char *template_id, const char *data,
                          const char *id, const struct wechat_config *opens, struct wechat_message *message);
void wechat_send_customer(struct wechat *wechat, const char *openid, const char *text, struct wechat_message *message);

/* Pictures of customer messages. Fetched by WeChat's number of them, never by an address somebody gives; the bytes are
 * a stranger's. Sent in two steps: upload (answer "media_id", good for three days), then the message. */
#define WECHAT_PICTURE_BYTES_MAX MIB(10)
void wechat_fetch_picture(struct wechat *wechat, const char *media_id, struct wechat_message *message);
void wechat_upload_picture(struct wechat *wechat, const void *bytes, size_t len, const char *media_type,
                           struct wechat_message *message);
void wechat_send_customer_picture(struct wechat *wechat, const char *openid, const char *media_id,
                                  struct wechat_message *message);
/* Who a follower is: answer "unionid", where the accounts are bound. */
void wechat_user_info(struct wechat *wechat, const char *openid, struct wechat_message *message);
/* Whether a text may be shown: answer "result.suggest": pass, review, risky. `openid` was active within two hours. */
void wechat_check_text(struct wechat *wechat, const char *openid, const char *text, struct wechat_message *message);

#endif
