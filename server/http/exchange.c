#include "inside.h"

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

/* ---- life: two references, one of the request's pool, one of the flight ---- */

void exchange_release(struct exchange *x)
{
    struct loop *loop = x->loop;
    if (--x->references > 0)
        return;
    keyed_leave(x);
    if (x->sse != NULL)
        sse_release(x->sse);
    if (x->before != NULL)
        x->before->after = x->after;
    else
        loop->exchanges = x->after;
    if (x->after != NULL)
        x->after->before = x->before;
    atomic_fetch_sub_explicit(&loop->counters.exchanges, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&loop->server->upload_bytes, x->upload_bytes, memory_order_relaxed);
    buf_release(&x->out);
    if (x->free_later != NULL)
        free(*x->free_later);
    arena_free(x->arena);
}

/* The request's pool dies: it was answered, or the client left. */
static void on_request_gone(void *held)
{
    struct exchange *x = *(struct exchange **)held;
    x->req = NULL;
    if (x->parked)
        park_leave(x);
    if (x->question != NULL)
        question_leave(x);
    if (!x->sent)
        COUNT(x->loop->counters.abandoned);
    exchange_release(x);
}

static struct exchange *exchange_new(struct loop *loop, h2o_req_t *req)
{
    struct arena *arena = arena_new(EXCHANGE_ARENA_BYTES_MAX);
    struct exchange *x = ARENA_NEW(arena, struct exchange);
    x->arena = arena;
    x->loop = loop;
    x->req = req;
    x->references = 1;
    x->after = loop->exchanges;
    if (x->after != NULL)
        x->after->before = x;
    loop->exchanges = x;
    struct exchange **held = h2o_mem_alloc_shared(&req->pool, sizeof *held, on_request_gone);
    *held = x;
    request_new_id(loop, x->id);
    x->now_us = clock_utc_us();
    x->begun_mono_us = clock_mono_us();
    x->language = request_language(req);
    x->secure = request_is_secure(req);
    x->peer = request_peer(req, arena);
    x->upload_bytes = req->entity.len;
    x->match.index = loop->server->route_count;
    buf_init(&x->out, EXCHANGE_OUT_BYTES_MAX);
    answer_reset(x);
    atomic_fetch_add_explicit(&loop->counters.exchanges, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&loop->server->upload_bytes, x->upload_bytes, memory_order_relaxed);
    return x;
}

void exchange_fail(struct exchange *x, enum err e)
{
    if (err_http_status(e) == 500) /* our own fault: whoever reports the id must find it */
        LOG(ERROR, "http.failed", "req=%s endpoint=%s code=%s", x->id, x->endpoint != NULL ? x->endpoint->name : "",
            err_name(e));
    exchange_send_error(x, e);
    answer_transmit(x);
}

/* ---- flights ---- */

static void depart(struct exchange *x)
{
    x->flying = true;
    x->references++;
    x->loop->flights++;
}

void exchange_land(struct exchange *x, enum err result)
{
    x->flying = false;
    x->loop->flights--;
    check_request_set(x->id);
    if (x->req != NULL && !x->sent) {
        if (result != ERR_NONE)
            exchange_fail(x, result);
        else
            exchange_advance(x);
    }
    check_request_set(NULL);
    exchange_release(x);
}

/* ---- store steps ---- */

static void on_unit(struct store_unit *unit)
{
    struct exchange *x = container_of(unit, struct exchange, unit);
    x->step++;
    exchange_land(x, unit->result);
}

void exchange_submit(struct exchange *x, enum store_mode mode, store_step *step, void *job,
                     void (*done)(struct store_unit *))
{
    struct server *server = x->loop->server;
    x->unit = (struct store_unit){.home = &x->loop->mailbox,
                                  .mode = mode,
                                  .step = step,
                                  .job = job,
                                  .done = done,
                                  .store = server->options.store};
    depart(x);
    enum err e = store_submit(server->options.store, &x->unit);
    if (e != ERR_NONE)
        exchange_land(x, e);
}

/* ---- lane steps ---- */

static void lane_run(struct lane_job *lane)
{
    struct exchange *x = container_of(lane, struct exchange, lane);
    lane->result = x->endpoint->steps[x->step].lane(x->job, x->arena);
}

static void on_lane(struct lane_job *lane)
{
    struct exchange *x = container_of(lane, struct exchange, lane);
    x->step++;
    exchange_land(x, lane->result);
}

static void submit_lane(struct exchange *x)
{
    x->lane = (struct lane_job){.home = &x->loop->mailbox, .run = lane_run, .done = on_lane};
    depart(x);
    enum err e = lane_pool_submit(x->loop->server->lanes, &x->lane);
    if (e != ERR_NONE)
        exchange_land(x, e);
}

/* ---- one after the other ---- */

void exchange_after_reply(struct exchange *x)
{
    if (x->streaming || x->parked || x->req == NULL)
        return;
    CHECK(x->answered); /* a reply sends exactly one answer, or waits */
    answer_transmit(x);
}

static void finish(struct exchange *x)
{
    if (x->keyed && x->record.found) {
        keyed_replay(x);
    } else if (x->keyed) {
        answer_transmit(x); /* rendered inside the unit */
    } else if (x->endpoint->reply != NULL) {
        x->endpoint->reply(x, x->job);
        exchange_after_reply(x);
    } else {
        exchange_send_nothing(x);
        answer_transmit(x);
    }
}

/* Run what is next. Comes here once per landing, so never recurses deeper than one refused step. */
void exchange_advance(struct exchange *x)
{
    if (x->keyed && x->record.found) {
        finish(x);
        return;
    }
    if (x->job == NULL) {
        x->job = arena_alloc(x->arena, x->endpoint->job_bytes);
        enum err e = x->endpoint->decode != NULL ? x->endpoint->decode(x, x->job) : ERR_NONE;
        if (e != ERR_NONE) {
            exchange_fail(x, e);
            return;
        }
    }
    const struct step *step = x->step < countof(x->endpoint->steps) ? &x->endpoint->steps[x->step] : NULL;
    switch (step != NULL ? step->place : STEP_END) {
    case STEP_READ:
        exchange_submit(x, STORE_READ, step->store, x->job, on_unit);
        break;
    case STEP_WRITE:
        if (x->keyed)
            exchange_submit(x, STORE_WRITE, keyed_write, x, on_unit);
        else
            exchange_submit(x, STORE_WRITE, step->store, x->job, on_unit);
        break;
    case STEP_LANE:
        submit_lane(x);
        break;
    case STEP_ASK:
        question_begin(x);
        break;
    case STEP_END:
        finish(x);
        break;
    }
}

/* ---- beginning ---- */

static enum err decode_path(struct exchange *x)
{
    for (size_t i = 0; i < x->match.param_count; i++) {
        const char *text = router_decode(x->arena, x->match.params[i].raw, x->match.params[i].raw_len);
        if (text == NULL)
            return ERR_NOT_FOUND;
        x->match.params[i].raw = text;
        x->match.params[i].raw_len = strlen(text);
    }
    return ERR_NONE;
}

static enum err check_limits(struct exchange *x)
{
    const struct server_limits *limits = &x->loop->server->limits;
    if (x->upload_bytes > x->match.route->body_bytes_max) {
        exchange_explain(x, ERR_TOO_LARGE, "at most %zu bytes here", x->match.route->body_bytes_max);
        return ERR_TOO_LARGE;
    }
    if (x->upload_bytes > 0 &&
        (int64_t)atomic_load(&x->loop->server->upload_bytes) > limits->upload_in_flight_bytes_max)
        return ERR_BUSY;
    return ERR_NONE;
}

void exchange_begin(struct loop *loop, h2o_req_t *req, const struct route_match *match, enum http_method method)
{
    struct exchange *x = exchange_new(loop, req);
    x->references++; /* while we are here */
    check_request_set(x->id);
    x->match = *match;
    x->endpoint = match->route->endpoint;
    x->method = method;
    enum err e = decode_path(x);
    if (e == ERR_NONE)
        e = check_limits(x);
    if (e == ERR_NONE)
        e = rate_address(x);
    if (e == ERR_NONE && match->route->endpoint->poll_cached)
        x->generation = poll_cache_generation(loop->server->polls, x->match.params[0].raw);
    if (e != ERR_NONE)
        exchange_fail(x, e);
    else
        admit_begin(x);
    check_request_set(NULL);
    exchange_release(x);
}

void exchange_refuse(struct loop *loop, h2o_req_t *req, enum err e, const char *detail, unsigned allowed, bool close)
{
    struct exchange *x = exchange_new(loop, req);
    char allow[ROUTER_ALLOW_BYTES];
    if (detail != NULL)
        exchange_explain(x, e, "%s", detail);
    if (allowed != 0) {
        router_allow(allowed, allow);
        answer_add_header(x, "Allow", arena_text(x->arena, allow));
    }
    if (close)
        req->http1_is_persistent = 0;
    exchange_fail(x, e);
}

/* Woken from a long poll, or it is over: the same request from decode on. */
void exchange_rerun(struct exchange *x)
{
    x->references++;
    x->reruns++;
    x->job = NULL;
    x->step = 0;
    answer_reset(x);
    if (x->endpoint->poll_cached)
        x->generation = poll_cache_generation(x->loop->server->polls, x->match.params[0].raw);
    exchange_advance(x);
    exchange_release(x);
}

void exchange_cut_off(struct exchange *x)
{
    if (x->req == NULL || x->sent)
        return;
    if (x->flying) { /* its arena is not ours now: a bare answer */
        h2o_req_t *req = x->req;
        x->sent = true;
        h2o_send_error_generic(req, 503, "Service Unavailable", "the server is stopping",
                               H2O_SEND_ERROR_HTTP1_CLOSE_CONNECTION);
        return;
    }
    exchange_fail(x, ERR_BUSY);
}
