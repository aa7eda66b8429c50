/* Server-sent events for staff consoles.
 *
 * A stream is an exchange whose reply never ends: the generator below writes what is pending whenever h2o has written
 * what it had. Everything runs on the loop; other threads post messages to it. */
#include "inside.h"

#include "base/check.h"

#define BACKLOG_BYTES_MAX KIB(64) /* a console that is further behind is cut off */
#define PING_MS           15000
#define COUNTS_MS         1000
#define STREAM_MS         600000 /* then it ends and the browser comes back: roles and login are looked at again */

struct sse_client {
    h2o_generator_t generator; /* first */
    struct exchange *exchange;
    struct sse_client *before, *after; /* of the loop's list, while `open` */
    struct buf pending, writing;
    uint32_t generation; /* of the login; see auth_generation */
    bool open, is_writing, counts_due, counting;
    int64_t opened_ms, written_ms, counted_ms;
    struct store_unit unit; /* the snapshot on its way */
    struct sse_snapshot snapshot;
    struct buf counts;
};

static void leave(struct sse_client *client)
{
    struct loop *loop = client->exchange->loop;
    if (!client->open)
        return;
    client->open = false;
    if (client->before != NULL)
        client->before->after = client->after;
    else
        loop->sse_clients = client->after;
    if (client->after != NULL)
        client->after->before = client->before;
    atomic_fetch_sub_explicit(&loop->counters.sse_clients, 1, memory_order_relaxed);
}

void sse_release(struct sse_client *client)
{
    leave(client);
    buf_release(&client->pending);
    buf_release(&client->writing);
    buf_release(&client->counts);
}

/* ---- writing ---- */

static void flush(struct sse_client *client)
{
    if (!client->open || client->is_writing || client->pending.len == 0)
        return;
    struct buf swap = client->writing;
    client->writing = client->pending;
    client->pending = swap;
    buf_clear(&client->pending);
    client->is_writing = true;
    client->written_ms = (int64_t)uv_now(&client->exchange->loop->uv);
    h2o_iovec_t bytes = h2o_iovec_init(client->writing.bytes, client->writing.len);
    h2o_send(client->exchange->req, &bytes, 1, H2O_SEND_STATE_IN_PROGRESS);
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct sse_client *client = (struct sse_client *)(void *)generator;
    client->is_writing = false;
    if (client->open)
        flush(client);
    else
        h2o_send(req, NULL, 0, H2O_SEND_STATE_FINAL); /* was ended while h2o wrote */
}

static void on_stop(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)req;
    leave((struct sse_client *)(void *)generator);
}

/* While h2o writes a stream cannot be ended: the socket is shut down under it, so that it soon does not write any more,
 * and on_proceed or on_stop see to the rest. */
static void end(struct sse_client *client)
{
    struct exchange *x = client->exchange;
    if (!client->open)
        return;
    leave(client);
    x->req->http1_is_persistent = 0;
    if (client->is_writing)
        shutdown(h2o_socket_get_fd(request_connection(x->req)->sock), SHUT_RDWR);
    else
        h2o_send(x->req, NULL, 0, H2O_SEND_STATE_FINAL);
}

static void put(struct sse_client *client, const char *event, const char *json, size_t len)
{
    struct server *server = client->exchange->loop->server;
    buf_printf(&client->pending, "id: %s-%" PRIu64 "\nevent: %s\ndata: ", server->boot,
               atomic_fetch_add(&server->sse_serial, 1) + 1, event);
    buf_add(&client->pending, json, len);
    buf_text(&client->pending, "\n\n");
    if (client->pending.over)
        end(client);
    else
        flush(client);
}

/* ---- counts ---- */

static enum err snapshot_step(struct tx *tx, void *job)
{
    struct sse_client *client = job;
    buf_clear(&client->counts);
    return client->exchange->loop->server->options.snapshot(tx, &client->snapshot);
}

static void on_counts(struct store_unit *unit)
{
    struct sse_client *client = container_of(unit, struct sse_client, unit);
    struct exchange *x = client->exchange;
    x->loop->flights--;
    client->counting = false;
    if (client->open && unit->result == ERR_NONE && !client->counts.over)
        put(client, "counts", buf_cstr(&client->counts), client->counts.len);
    exchange_release(x);
}

static void count(struct sse_client *client, int64_t now_ms)
{
    struct exchange *x = client->exchange;
    const struct server_options *options = &x->loop->server->options;
    if (options->snapshot == NULL || client->counting || now_ms - client->counted_ms < COUNTS_MS)
        return;
    client->counts_due = false;
    client->counting = true;
    client->counted_ms = now_ms;
    client->snapshot = (struct sse_snapshot){x->who, &client->counts, clock_utc_us()};
    client->unit = (struct store_unit){.home = &x->loop->mailbox,
                                       .mode = STORE_READ,
                                       .step = snapshot_step,
                                       .job = client,
                                       .done = on_counts,
                                       .store = options->store};
    x->references++;
    x->loop->flights++;
    if (store_submit(options->store, &client->unit) != ERR_NONE) {
        x->loop->flights--;
        client->counting = false;
        client->counts_due = true; /* with the next tick */
        exchange_release(x);
    }
}

void sse_counts_changed(struct server *server)
{
    for (size_t i = 0; i < server->loop_count; i++)
        atomic_store_explicit(&server->loops[i].sse_counts_due, true, memory_order_relaxed);
}

void sse_tick(struct loop *loop)
{
    int64_t now_ms = (int64_t)uv_now(&loop->uv);
    bool due = loop->sse_clients != NULL && atomic_exchange(&loop->sse_counts_due, false);
    struct sse_client *next, *client = loop->sse_clients;
    for (; client != NULL; client = next) {
        next = client->after;
        client->counts_due |= due;
        if (auth_generation(loop->server->auth, client->exchange->who.id) != client->generation ||
            now_ms - client->opened_ms > STREAM_MS) {
            end(client);
            continue;
        }
        if (client->counts_due)
            count(client, now_ms);
        if (now_ms - client->written_ms >= PING_MS && client->pending.len == 0) {
            buf_text(&client->pending, ": ping\n\n");
            flush(client);
        }
    }
}

void sse_close_all(struct loop *loop)
{
    struct sse_client *next, *client = loop->sse_clients;
    for (; client != NULL; client = next) {
        next = client->after;
        end(client);
    }
}

/* ---- events ---- */

struct event {
    struct message message;
    struct loop *loop;
    unsigned roles;
    bool for_school;
    char school_id[sizeof((struct principal *)0)->school_id];
    char name[48];
    size_t len;
    char json[];
};

static void run_event(struct message *message)
{
    struct event *event = container_of(message, struct event, message);
    struct sse_client *next, *client = event->loop->sse_clients;
    for (; client != NULL; client = next) {
        const struct principal *who = &client->exchange->who;
        next = client->after;
        if ((who->roles & event->roles) != 0 &&
            (!event->for_school || who->school_id[0] == 0 || strcmp(who->school_id, event->school_id) == 0))
            put(client, event->name, event->json, event->len);
    }
    free(event);
}

void sse_broadcast(struct server *server, const char *event, const char *json, unsigned roles, const char *school_id)
{
    size_t len = strlen(json);
    CHECK(len <= SSE_EVENT_BYTES_MAX && strchr(json, '\n') == NULL && strlen(event) < sizeof((struct event *)0)->name);
    for (size_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        if (atomic_load_explicit(&loop->counters.sse_clients, memory_order_relaxed) == 0)
            continue;
        struct event *copy = calloc(1, sizeof *copy + len + 1);
        CHECK(copy != NULL);
        copy->message.run = run_event;
        copy->loop = loop;
        copy->roles = roles;
        copy->for_school = school_id != NULL;
        if (school_id != NULL)
            snprintf(copy->school_id, sizeof copy->school_id, "%s", school_id);
        snprintf(copy->name, sizeof copy->name, "%s", event);
        copy->len = len;
        memcpy(copy->json, json, len);
        pthread_mutex_lock(&loop->gate);
        if (!loop->closed) {
            mailbox_post(&loop->mailbox, &copy->message);
            copy = NULL;
        }
        pthread_mutex_unlock(&loop->gate);
        free(copy);
    }
}

/* ---- the endpoint ---- */

static size_t clients_everywhere(const struct server *server)
{
    size_t clients = 0;
    for (size_t i = 0; i < server->loop_count; i++)
        clients += atomic_load_explicit(&server->loops[i].counters.sse_clients, memory_order_relaxed);
    return clients;
}

static void open_stream(struct exchange *x, struct sse_client *client)
{
    struct loop *loop = x->loop;
    h2o_req_t *req = x->req;
    client->generator = (h2o_generator_t){on_proceed, on_stop};
    client->exchange = x;
    client->generation = auth_generation(loop->server->auth, x->who.id);
    client->opened_ms = (int64_t)uv_now(&loop->uv);
    client->counted_ms = client->opened_ms - COUNTS_MS;
    client->open = true;
    client->after = loop->sse_clients;
    if (client->after != NULL)
        client->after->before = client;
    loop->sse_clients = client;
    x->sse = client;
    x->sent = x->streaming = true;
    atomic_fetch_add_explicit(&loop->counters.sse_clients, 1, memory_order_relaxed);
    buf_init(&client->pending, BACKLOG_BYTES_MAX);
    buf_init(&client->writing, BACKLOG_BYTES_MAX);
    buf_init(&client->counts, SSE_EVENT_BYTES_MAX);
    req->res.status = 200;
    req->res.reason = headers_reason(200);
    req->compress_hint = H2O_COMPRESS_HINT_DISABLE;
    HEADERS_ADD(req, "Content-Type", "text/event-stream", 17);
    HEADERS_ADD(req, "X-Request-Id", x->id, strlen(x->id));
    HEADERS_ADD(req, "Cache-Control", "no-store, no-transform", 22);
    HEADERS_ADD(req, "X-Accel-Buffering", "no", 2); /* nginx in front would hold events back */
    headers_secure(req, ANSWER_API, x->secure);
    metrics_count(loop, x->match.index, 200, x->begun_mono_us);
    h2o_start_response(req, &client->generator);
    buf_text(&client->pending, "retry: 2000\n\n");
    flush(client);
    count(client, client->opened_ms);
}

static void sse_reply(struct exchange *x, void *job)
{
    struct server *server = x->loop->server;
    if (x->method != METHOD_GET) {
        exchange_send_nothing(x);
    } else if (x->loop->stopping || clients_everywhere(server) >= (size_t)server->limits.sse_clients_max) {
        exchange_retry_after(x, 5);
        exchange_send_error(x, ERR_BUSY);
    } else {
        open_stream(x, job);
    }
}

const struct endpoint endpoint_console_events = {
    .name = "console_events", .job_bytes = sizeof(struct sse_client), .reply = sse_reply};
