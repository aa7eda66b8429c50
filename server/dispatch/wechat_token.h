/* wechat_token — the access token everybody shares: fetched once, however many ask.
 *
 * stable_token in normal mode; used until 5 minutes before its end, when WeChat has a new one ready. A token that
 * WeChat calls invalid is replaced at most every 30 s; force_refresh, which WeChat allows 20 times a day, is asked for
 * only when an unexpired token was refused (40001, 40014). Kept sealed by the owner through `save`, so a restart asks
 * nothing. Thread: outbound, except wechat_token_blocking. */
#ifndef XY_WECHAT_TOKEN_H
#define XY_WECHAT_TOKEN_H

#include "base/arena.h"
#include "base/mailbox.h"
#include "dispatch/wechat.h"

#define WECHAT_TOKEN_EARLY_US   SECONDS_US(300)
#define WECHAT_TOKEN_PAUSE_US   SECONDS_US(30)
#define WECHAT_TOKEN_FORCED_MAX 20 /* per 24 h */
#define WECHAT_TOKEN_BYTES_MAX  1024

struct wechat_token_options {
    const struct wechat_config *config;
    struct client *client;
    struct mailbox *home; /* drained by the outbound thread; NULL: no blocking users */
    void (*save)(void *arg, const char *value, int64_t expires_us); /* may be NULL */
    void *save_arg;
};

/* It waits for wechat_token_known before it asks WeChat. */
struct wechat_token *wechat_token_open(const struct wechat_token_options *options);
void wechat_token_close(struct wechat_token *token); /* waiters are answered BUSY. NULL is fine */

/* What was kept from before; value NULL: nothing. */
void wechat_token_known(struct wechat_token *token, const char *value, int64_t expires_us);

struct wechat_token_wait {
    /* Exactly once, perhaps from inside wechat_token_get. value NULL on error; else valid during the call. */
    void (*done)(struct wechat_token_wait *wait, enum err e, const char *value, int64_t pause_us);
    void *arg;
    struct wechat_token_wait *next;
};
void wechat_token_get(struct wechat_token *token, struct wechat_token_wait *wait);

/* WeChat refused this value with that errcode. Does nothing when it has been replaced already. */
void wechat_token_refused(struct wechat_token *token, const char *value, int64_t errcode);

/* From a thread that may wait; `refused` (may be NULL) is a value WeChat just refused. The value lives in arena.
 * UPSTREAM, BUSY. The outbound thread must be running until it returns. */
enum err wechat_token_blocking(struct wechat_token *token, const char *refused, struct arena *arena,
                               const char **value);

#endif
