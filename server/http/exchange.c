#include "inside.h"

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

static void advance(struct exchange *x);

/* ---- life: two references, one of the request's pool, one of the flight ---- */

static void running_leave(struct exchange *x)
{
    struct server *server = x->loop->server;
    if (!x->is_running)
        return;
    pthread_mutex_lock(&server->running_lock);
    struct exchange **link = &server->running[x->running_id[0]];
    while (*link != x)
        link = &(*link)->running_next;
    *link = x->running_next;
    pthread_mutex_unlock(&server->running_lock);
    x->is_running = false;
}

void exchange_release(struct exchange *x)
{
    struct loop *loop = x->loop;
    if (--x->references > 0)
        return;
    running_leave(x);
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
    arena_free(x->arena);
}

/* The request's pool dies: it was answered, or the client left. */
static void on_request_gone(void *held)
{
    struct exchange *x = *(struct exchange **)held;
    x->req = NULL;
    if (x->parked)
        park_leave(x);
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
    snprintf(x->id, sizeof x->id, "%s-%zx-%" PRIx64, loop->server->boot, loop->index, ++loop->serial);
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

static void refuse(struct exchange *x, enum err e)
{
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

static void land(struct exchange *x, enum err result)
{
    x->flying = false;
    x->loop->flights--;
    check_request_set(x->id);
    if (x->req != NULL && !x->sent) {
        if (result != ERR_NONE)
            refuse(x, result);
        else
            advance(x);
    }
    check_request_set(NULL);
    exchange_release(x);
}

/* ---- store steps ---- */

static void on_unit(struct store_unit *unit)
{
    struct exchange *x = container_of(unit, struct exchange, unit);
    x->step++;
    land(x, unit->result);
}

static void submit(struct exchange *x, enum store_mode mode, store_step *step, void *job,
                   void (*done)(struct store_unit *))
{
    struct server *server = x->loop->server;
    x->unit = (struct store_unit){
        .home = &x->loop->mailbox, .mode = mode, .step = step, .job = job, .done = done, .store = server->options.store};
    depart(x);
    enum err e = store_submit(server->options.store, &x->unit);
    if (e != ERR_NONE)
        land(x, e);
}

/* ---- writing once ---- */

static enum err keyed_find(struct tx *tx, void *job)
{
    struct exchange *x = job;
    x->record.found = false;
    return x->loop->server->options.record_find(tx, &x->record);
}

static void record_answer(struct exchange *x)
{
    struct buf lines;
    buf_init(&lines, KIB(8));
    for (const struct header_line *h = x->headers; h != NULL; h = h->next)
        buf_printf(&lines, "%s: %s\n", h->name, h->value);
    CHECK(!lines.over);
    x->record.headers = arena_text(x->arena, buf_cstr(&lines));
    buf_release(&lines);
    x->record.status = x->status;
    x->record.body = x->body;
    x->record.body_len = x->body_len;
}

/* The WRITE step, its answer and the record of both: one unit, so one transaction. May run again from the start. */
static enum err keyed_write(struct tx *tx, void *job)
{
    struct exchange *x = job;
    const struct server_options *options = &x->loop->server->options;
    TRY(keyed_find(tx, x));
    if (x->record.found)
        return strcmp(x->record.found_hash, x->record.request_hash) == 0 ? ERR_NONE : ERR_IDEM_MISMATCH;
    TRY(x->endpoint->steps[x->step].store(tx, x->job));
    answer_reset(x);
    x->rendering = true;
    x->rendered_error = ERR_NONE;
    if (x->endpoint->reply != NULL)
        x->endpoint->reply(x, x->job);
    else
        exchange_send_nothing(x);
    x->rendering = false;
    CHECK(x->answered);
    x->answered = false; /* the loop has still to send it */
    if (x->rendered_error != ERR_NONE)
        return x->rendered_error;
    record_answer(x);
    return options->record_put(tx, &x->record);
}

static void replay(struct exchange *x)
{
    answer_reset(x);
    x->status = x->record.status;
    x->body = x->record.body;
    x->body_len = x->record.body_len;
    x->content_type = x->body_len > 0 ? "application/json" : NULL;
    for (const char *at = x->record.headers; at != NULL && *at != 0;) {
        const char *colon = strstr(at, ": "), *end = strchr(at, '\n');
        if (colon == NULL || end == NULL || colon > end)
            break;
        answer_add_header(x, arena_text_n(x->arena, at, (size_t)(colon - at)),
                          arena_text_n(x->arena, colon + 2, (size_t)(end - colon - 2)));
        at = end + 1;
    }
    answer_add_header(x, "Idempotency-Replayed", "true");
    answer_transmit(x);
}

static void on_keyed_find(struct store_unit *unit)
{
    struct exchange *x = container_of(unit, struct exchange, unit);
    if (unit->result == ERR_NONE && x->record.found && strcmp(x->record.found_hash, x->record.request_hash) != 0)
        unit->result = ERR_IDEM_MISMATCH;
    land(x, unit->result);
}

/* The key, what the request was, and that nobody works on the same key now. */
static enum err keyed_begin(struct exchange *x)
{
    struct server *server = x->loop->server;
    h2o_iovec_t key;
    if (!request_header(x->req, "idempotency-key", 15, &key) || key.len == 0 || key.len > 255)
        return exchange_explain(x, ERR_BAD_REQUEST, "this request needs the header Idempotency-Key, 1 to 255 characters");
    for (size_t i = 0; i < key.len; i++)
        if (key.base[i] < 0x21 || key.base[i] > 0x7e)
            return exchange_explain(x, ERR_BAD_REQUEST, "Idempotency-Key has a character that is not visible ASCII");
    unsigned char body_hash[CRYPT_HASH_BYTES];
    char body_hex[CRYPT_HASH_TEXT_BYTES], *request_hash = arena_alloc(x->arena, CRYPT_HASH_TEXT_BYTES);
    crypt_hash(x->req->entity.base != NULL ? x->req->entity.base : "", x->req->entity.len, body_hash);
    text_hex(body_hash, sizeof body_hash, body_hex);
    crypt_hash_text(arena_printf(x->arena, "%d %.*s %s", (int)x->method, (int)x->req->input.path.len,
                                 x->req->input.path.base, body_hex),
                    request_hash);
    x->record = (struct exchange_record){.owner_id = x->who.id,
                                         .key = arena_text_n(x->arena, key.base, key.len),
                                         .request_hash = request_hash,
                                         .now_us = x->now_us,
                                         .arena = x->arena};
    const char *name = arena_printf(x->arena, "%s\n%s", x->who.id, x->record.key);
    crypt_hash(name, strlen(name), x->running_id);
    bool running = false;
    pthread_mutex_lock(&server->running_lock);
    struct exchange **bucket = &server->running[x->running_id[0]];
    for (const struct exchange *other = *bucket; other != NULL; other = other->running_next)
        running |= memcmp(other->running_id, x->running_id, sizeof x->running_id) == 0;
    if (!running) {
        x->running_next = *bucket;
        *bucket = x;
        x->is_running = true;
    }
    pthread_mutex_unlock(&server->running_lock);
    return running ? ERR_IDEM_RUNNING : ERR_NONE;
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
    land(x, lane->result);
}

static void submit_lane(struct exchange *x)
{
    x->lane = (struct lane_job){.home = &x->loop->mailbox, .run = lane_run, .done = on_lane};
    depart(x);
    enum err e = lane_pool_submit(x->loop->server->lanes, &x->lane);
    if (e != ERR_NONE)
        land(x, e);
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
    running_leave(x);
    if (x->keyed && x->record.found) {
        replay(x);
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
static void advance(struct exchange *x)
{
    if (x->keyed && x->record.found) {
        finish(x);
        return;
    }
    if (x->job == NULL) {
        x->job = arena_alloc(x->arena, x->endpoint->job_bytes);
        enum err e = x->endpoint->decode != NULL ? x->endpoint->decode(x, x->job) : ERR_NONE;
        if (e != ERR_NONE) {
            refuse(x, e);
            return;
        }
    }
    const struct step *step = x->step < countof(x->endpoint->steps) ? &x->endpoint->steps[x->step] : NULL;
    switch (step != NULL ? step->place : STEP_END) {
    case STEP_READ:
        submit(x, STORE_READ, step->store, x->job, on_unit);
        break;
    case STEP_WRITE:
        if (x->keyed)
            submit(x, STORE_WRITE, keyed_write, x, on_unit);
        else
            submit(x, STORE_WRITE, step->store, x->job, on_unit);
        break;
    case STEP_LANE:
        submit_lane(x);
        break;
    case STEP_END:
        finish(x);
        break;
    }
}

/* ---- who is asking ---- */

bool exchange_may(const struct exchange *x, unsigned roles)
{
    return (roles & (unsigned)ROLE_ANYONE) != 0 || (x->who.roles & roles) != 0;
}

static bool method_is_safe(const struct exchange *x)
{
    return x->method == METHOD_GET || x->method == METHOD_HEAD;
}

static enum err check_csrf(struct exchange *x, h2o_iovec_t token)
{
    const char *public_url = x->loop->server->options.public_url;
    h2o_iovec_t proof;
    char want[AUTH_CSRF_TEXT_BYTES];
    if (method_is_safe(x) || !x->by_cookie)
        return ERR_NONE;
    auth_csrf_for(arena_text_n(x->arena, token.base, token.len), want);
    if (!request_same_origin(x->req, x->secure, public_url) || !request_header(x->req, "x-csrf", 6, &proof) ||
        proof.len != sizeof want - 1 || !crypt_equal(proof.base, want, proof.len))
        return ERR_CSRF;
    return ERR_NONE;
}

/* Principal known (or nobody): role, key, then the endpoint. */
static void admit(struct exchange *x)
{
    const struct route *route = x->match.route;
    enum err e = ERR_NONE;
    if (!exchange_may(x, route->roles))
        e = x->who.id[0] == 0 ? ERR_UNAUTHENTICATED : ERR_FORBIDDEN;
    else if (x->endpoint->idempotent_key)
        e = keyed_begin(x);
    if (e != ERR_NONE) {
        refuse(x, e);
        return;
    }
    x->keyed = x->endpoint->idempotent_key;
    if (x->keyed)
        submit(x, STORE_READ, keyed_find, x, on_keyed_find);
    else
        advance(x);
}

static enum err resolve_step(struct tx *tx, void *job)
{
    struct exchange *x = job;
    return x->loop->server->options.resolve(tx, &x->lookup);
}

static void on_resolved(struct store_unit *unit)
{
    struct exchange *x = container_of(unit, struct exchange, unit);
    bool nobody = unit->result == ERR_UNAUTHENTICATED || unit->result == ERR_NOT_FOUND;
    x->flying = false;
    x->loop->flights--;
    if (unit->result == ERR_NONE) {
        auth_keep(x->loop->server->auth, &x->key, &x->lookup, x->auth_epoch);
        x->who = x->lookup.who;
    }
    if (x->req != NULL && !x->sent) {
        if (unit->result == ERR_NONE || nobody)
            admit(x);
        else
            refuse(x, unit->result);
    }
    exchange_release(x);
}

struct sighting {
    struct store_unit unit;
    struct auth_sighting what;
    struct loop *loop;
};

static void on_sighting(struct store_unit *unit)
{
    struct sighting *sighting = container_of(unit, struct sighting, unit);
    sighting->loop->flights--;
    free(sighting);
}

/* Not part of the request: nobody waits for it, and when the store is busy the next request tries again later. */
static void write_down(struct exchange *x)
{
    const struct server_options *options = &x->loop->server->options;
    struct sighting *sighting = options->seen != NULL ? calloc(1, sizeof *sighting) : NULL;
    if (sighting == NULL)
        return;
    sighting->loop = x->loop;
    sighting->what.now_us = x->now_us;
    memcpy(sighting->what.login_id, x->who.login_id, sizeof sighting->what.login_id);
    sighting->unit = (struct store_unit){.home = &x->loop->mailbox,
                                         .mode = STORE_WRITE,
                                         .step = (store_step *)options->seen,
                                         .job = &sighting->what,
                                         .done = on_sighting,
                                         .store = options->store};
    x->loop->flights++;
    if (store_submit(options->store, &sighting->unit) != ERR_NONE)
        on_sighting(&sighting->unit);
}

static void authenticate(struct exchange *x)
{
    struct server *server = x->loop->server;
    bool open = (x->match.route->roles & (unsigned)ROLE_ANYONE) != 0, due;
    h2o_iovec_t token;
    /* A page of another site must not log the browser in to an account of its choice either. */
    if (open && !method_is_safe(x) && !request_same_origin(x->req, x->secure, server->options.public_url)) {
        refuse(x, ERR_CSRF);
        return;
    }
    bool found = request_token(x->req, x->secure, &token, &x->by_cookie);
    if (open && x->by_cookie && !method_is_safe(x))
        found = false; /* an old cookie neither helps nor hinders a login */
    if (!found || !auth_key_of(token.base, token.len, &x->key)) {
        admit(x);
        return;
    }
    enum err e = check_csrf(x, token);
    if (e != ERR_NONE) {
        refuse(x, e);
        return;
    }
    bool is_use = x->endpoint != &endpoint_console_events;
    if (auth_find(server->auth, &x->key, x->now_us, &x->who, is_use ? &due : NULL)) {
        if (is_use && due)
            write_down(x);
        admit(x);
        return;
    }
    text_hex(x->key.hash, sizeof x->key.hash, x->lookup.token_hash);
    x->lookup.now_us = x->now_us;
    x->lookup.is_use = is_use;
    x->auth_epoch = auth_epoch(server->auth);
    submit(x, STORE_READ, resolve_step, x, on_resolved);
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
    if (e == ERR_NONE && match->route->endpoint->poll_cached)
        x->generation = poll_cache_generation(loop->server->polls, x->match.params[0].raw);
    if (e != ERR_NONE)
        refuse(x, e);
    else
        authenticate(x);
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
    refuse(x, e);
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
    advance(x);
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
    refuse(x, ERR_BUSY);
}
