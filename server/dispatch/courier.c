#include "dispatch/courier.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/outside.h"
#include "store/handover.h"

#define INTERVAL_MS 60000
#define ROUND_MAX   256 /* parcels asked for in one round; the next one goes on behind them */

enum err courier_verify(const char *key, const struct webhook_head *head, const void *body, size_t len, int64_t now_us,
                        struct arena *arena, struct courier_notice *notice)
{
    const struct json *tree;
    TRY(webhook_verify(key, key == NULL ? 0 : strlen(key), head, body, len, now_us));
    if (json_read(body, len, arena, &tree) != ERR_NONE)
        return ERR_BAD_REQUEST;
    notice->carrier = json_text_at(tree, "carrier", NULL);
    notice->number = json_text_at(tree, "number", NULL);
    notice->delivered = text_is(json_text_at(tree, "state", NULL), "delivered");
    return notice->carrier == NULL || notice->number == NULL ? ERR_BAD_REQUEST : ERR_NONE;
}

struct round {
    struct watch_task *task;
    struct parcel parcels[ROUND_MAX];
    size_t count, at, moved;
    int64_t now_us;
    struct client_request request;
};

static char last_asked[64]; /* tracking number; outbound thread */

static void next(struct round *r);

static enum err delivered_step(struct tx *tx, void *job)
{
    struct round *r = job;
    const struct parcel *p = &r->parcels[r->at];
    return handover_delivered(tx, p->carrier, p->tracking_no, r->now_us, &r->moved);
}

static void delivered(struct watch_task *task, enum err e)
{
    struct round *r = task->work;
    if (e != ERR_NONE)
        LOG(WARN, "courier.delivered", "error=%s", err_name(e));
    r->at++;
    next(r);
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct round *r = request->arg;
    const struct json *tree = NULL;
    if (answer->outcome == CLIENT_ANSWERED && answer->status == 200 &&
        json_read(answer->body, answer->len, r->task->arena, &tree) == ERR_NONE &&
        text_is(json_text_at(tree, "state", NULL), "delivered")) {
        r->now_us = clock_utc_us();
        watch_unit(r->task, STORE_WRITE, delivered_step, r, delivered);
        return;
    }
    if (answer->outcome != CLIENT_ANSWERED) {
        watch_end(r->task); /* not now; the parcel is asked for again in a later round */
        return;
    }
    r->at++;
    next(r);
}

static void next(struct round *r)
{
    struct outside *o = r->task->outside;
    struct arena *arena = r->task->arena;
    if (r->at >= r->count || o->closing) {
        watch_end(r->task);
        return;
    }
    const struct parcel *p = &r->parcels[r->at];
    snprintf(last_asked, sizeof last_asked, "%s", p->tracking_no);
    r->request = (struct client_request){
        .method = "GET",
        .url = arena_printf(arena, "%s/v1/parcels/%s/%s", o->config->courier_url, client_escape(arena, p->carrier),
                            client_escape(arena, p->tracking_no)),
        .repeatable = true,
        .done = on_answer,
        .arg = r,
    };
    client_send(o->client, &r->request);
}

static enum err parcels_step(struct tx *tx, void *job)
{
    struct round *r = job;
    struct arena *arena = r->task->arena;
    TRY(handover_parcels(tx, last_asked, r->parcels, countof(r->parcels), &r->count));
    for (size_t i = 0; i < r->count; i++) {
        struct parcel *p = &r->parcels[i];
        *p = (struct parcel){arena_text(arena, p->carrier), arena_text(arena, p->tracking_no)};
    }
    return ERR_NONE;
}

static void found(struct watch_task *task, enum err e)
{
    struct round *r = task->work;
    if (e != ERR_NONE)
        r->count = 0;
    if (r->count == 0)
        last_asked[0] = '\0'; /* the end: from the first again */
    next(r);
}

static void courier_begin(struct watch_task *task)
{
    const char *url = task->outside->config->courier_url;
    if (url == NULL || url[0] == '\0') {
        watch_end(task);
        return;
    }
    struct round *r = ARENA_NEW(task->arena, struct round);
    task->work = r;
    r->task = task;
    watch_unit(task, STORE_READ, parcels_step, r, found);
}

struct watch_task courier_watch = {.name = "courier", .interval_ms = INTERVAL_MS, .begin = courier_begin};
