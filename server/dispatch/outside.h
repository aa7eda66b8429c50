/* outside — everything the server reaches outside, opened and closed together on the outbound thread.
 *
 * main fills an outside_config, makes the outside before dispatch_start and gives it as `arg` of dispatch_options, with
 * outside_on_start and outside_on_stop; outside_executors goes into the list of executors. Beside the executors it runs
 * what only time can start: asking about unpaid orders, asking the courier, telling staff of stuck rows and a full
 * disk.
 *
 * Endpoints use wechat_*_blocking and pay_*_blocking with the config and outside_token. */
#ifndef XY_OUTSIDE_H
#define XY_OUTSIDE_H

#include "dispatch/dispatch.h"
#include "dispatch/pay.h"
#include "dispatch/push_read.h"
#include "dispatch/real_name.h"
#include "dispatch/sms.h"
#include "dispatch/wechat.h"
#include "dispatch/wechat_token.h"
#include "store/session_template.h"

#include <stdatomic.h>

struct wecom;
struct watch_task;
struct code_run;

struct outside_config {
    struct wechat_config wechat;      /* the mini program */
    struct wechat_config wechat_page; /* the service account; appid "": none */
    struct template_set templates;    /* the server's own */
    struct push_config push;
    struct pay_config pay;
    struct sms_config sms;
    const char *code_decoder_command, *code_decoder_url; /* code_decoder.h; both "" or NULL: codes stay opaque */
    const char *chsi_url;                                /* "" or NULL: hand-over by package and receipt */
    const char *courier_url;                             /* "" or NULL: tracking by hand */
    const char *courier_key;                             /* verifies its callbacks (webhook.h's signature) */
    const char *wecom_url;                               /* "" or NULL: no alerts */
    const char *ca_file;                                 /* NULL: the system's */
    bool allow_private;                                  /* webhooks may reach private addresses (tests) */
    const char *data_directory;                          /* watched for space */
    int64_t retry_scale_percent;                         /* shortens the pauses of the timers too */
    struct real_name_config real_name;                   /* url "": people look */
    int64_t (*breaker_now_us)(void);                     /* NULL: the monotonic clock; tests move it */
    int64_t client_total_ms;                             /* how long a call may take; 0: client.h's limit */
};

struct outside {
    const struct outside_config *config;
    struct dispatch *dispatch;
    struct store *store;
    struct client *client;
    struct wechat wechat, page;
    _Atomic(struct wechat_token *) token; /* of the mini program; NULL before start and after stop */
    struct wecom *wecom;
    struct watch_task *watches;
    struct code_run *code_runs; /* code_decoder's */
    int units_away;             /* store units of our own, not of effects */
    bool closing;
};

extern const struct executor outside_executors[];

struct outside *outside_new(const struct outside_config *config); /* config outlives it; main thread */
void outside_free(struct outside *outside);                       /* after dispatch_stop */
void outside_on_start(struct dispatch *dispatch, void *outside);
void outside_on_stop(struct dispatch *dispatch, void *outside);

/* The access token's keeper for wechat_phone_blocking; NULL when the outbound thread does not run. Any thread; stop the
 * callers before dispatch_stop. */
struct wechat_token *outside_token(struct outside *outside);

/* ---- for the executors ---- */

struct outside *outside_of(struct effect *effect);
/* False, and the effect has ended with RETRY, when the clients are closed already. */
bool outside_open(struct effect *effect);

effect_start notify_start;                                            /* notify.c */
effect_start follow_start, text_check_start;                          /* wechat_ask.c */
effect_start wechat_picture_start;                                    /* wechat_picture.c */
effect_start publish_start, webhook_start;                            /* webhook.c */
effect_start refund_start_effect, close_order_start, ask_order_start; /* settle.c */
effect_start group_cover_start;                                       /* effect_group.c */
effect_start reconcile_start;                                         /* effect_reconcile.c */
effect_start chsi_start, chsi_result_start;                           /* chsi.c */
effect_start real_name_start;                                         /* real_name.c */
effect_start code_start;                                              /* effect_code.c */

/* Something to be done every `interval_ms` (shortened by retry_scale_percent, at least 20 ms): `begin` is called on the
 * outbound thread unless the last round is still going; watch_end ends a round. */
struct watch_task {
    const char *name;
    int64_t interval_ms;
    void (*begin)(struct watch_task *task);
    struct outside *outside; /* set on start */
    bool going;
    struct arena *arena; /* reset before every round */
    struct store_unit unit;
    void (*then)(struct watch_task *task, enum err e);
    uv_timer_t timer;
    void *work; /* the task's */
    struct watch_task *next;
};
/* Run a store unit of the round; `then` is called with its result, at once with BUSY when the queue is full. */
void watch_unit(struct watch_task *task, enum store_mode mode, store_step *step, void *job,
                void (*then)(struct watch_task *task, enum err e));
void watch_end(struct watch_task *task);

extern struct watch_task settle_watch, certificates_watch; /* settle.c */
extern struct watch_task reconcile_watch;                  /* effect_reconcile.c */
extern struct watch_task courier_watch, alert_watch;       /* courier.c, wecom.c */

/* Prometheus text: orders whose outcome nobody knows, as the last sweep found them. Any thread. */
void settle_metrics(struct buf *out);

#endif
