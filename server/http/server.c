#include "inside.h"

#include "base/check.h"
#include "base/log.h"

#include <sys/resource.h>
#include <unistd.h>

#define TICK_MS          250
#define STOPPING_TICK_MS 10
#define ENTITY_SLACK_BYTES                                                                                             \
    KIB(256) /* so that a body a little too large gets a problem object, not h2o's plain text                          \
              */
#define LISTEN_BACKLOG    4096
#define OTHER_DESCRIPTORS 256 /* database, files, workers, outbound connections */

struct server_limits server_limits_default(void)
{
    return (struct server_limits){.connections_max = 20000,
                                  .connections_per_address_max = 12000,
                                  .request_timeout_ms = 60000,
                                  .stop_grace_ms = 30000,
                                  .upload_part_bytes_max = (int64_t)MIB(1),
                                  .upload_in_flight_bytes_max = (int64_t)MIB(256),
                                  .lane_threads = 2,
                                  .lane_queue_max = 256,
                                  .poll_wait_s_max = 25,
                                  .poll_parked_max = 20000,
                                  .poll_cache_bytes_max = (int64_t)MIB(64),
                                  .sse_clients_max = 256,
                                  .auth_entries_max = 65536};
}

/* ---- a loop thread ---- */

static void begin_stop(struct loop *loop)
{
    loop->stopping = true;
    loop->stop_at_ms = (int64_t)uv_now(&loop->uv) + loop->server->limits.stop_grace_ms;
    loop->context.shutdown_requested = 1; /* h2o: no keep-alive for requests that are read from now on */
    uv_close((uv_handle_t *)&loop->listener, NULL);
    sse_close_all(loop);
    park_expire(loop);
    connection_close_idle(loop);
}

/* The grace time is over: whoever is still working is answered 503, whoever still talks or reads is cut off. */
static void cut_off(struct loop *loop)
{
    struct exchange *next, *x = loop->exchanges;
    loop->cut = true;
    if (loop->connection_count > 0)
        LOG(WARN, "http.stop_cut_off", "loop=%zu connections=%zu", loop->index, loop->connection_count);
    for (; x != NULL; x = next) {
        next = x->after;
        exchange_cut_off(x);
    }
    connection_close_all(loop);
}

static void try_to_end(struct loop *loop)
{
    if (!loop->stopping || uv_is_closing((const uv_handle_t *)&loop->wake))
        return;
    if ((int64_t)uv_now(&loop->uv) >= loop->stop_at_ms)
        cut_off(loop); /* again with each tick: answers may have come home since */
    else
        connection_close_idle(loop);
    if (loop->connection_count > 0 || loop->flights > 0)
        return;
    CHECK(loop->exchanges == NULL);
    pthread_mutex_lock(&loop->gate);
    loop->closed = true;
    pthread_mutex_unlock(&loop->gate);
    mailbox_drain(&loop->mailbox);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->tick, NULL);
    uv_stop(&loop->uv);
}

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    if (atomic_load(&loop->stop_asked) && !loop->stopping) {
        begin_stop(loop);
        uv_timer_set_repeat(&loop->tick, STOPPING_TICK_MS);
        uv_timer_again(&loop->tick);
    }
    mailbox_drain(&loop->mailbox);
    park_look(loop);
    if (loop->stopping)
        try_to_end(loop);
}

static void on_tick(uv_timer_t *tick)
{
    struct loop *loop = tick->data;
    park_expire(loop);
    question_expire(loop);
    sse_tick(loop);
    connection_sweep(loop);
    try_to_end(loop);
}

static void wake_loop(void *arg)
{
    struct loop *loop = arg;
    uv_async_send(&loop->wake);
}

static void *loop_main(void *arg)
{
    struct loop *loop = arg;
    char name[16];
    snprintf(name, sizeof name, "http-%zu", loop->index);
    pthread_setname_np(pthread_self(), name); /* as top and perf show it */
    thread_role_set(ROLE_LOOP);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* until try_to_end */
    h2o_context_dispose(&loop->context);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* lets what was closed go */
    return NULL;
}

static enum err loop_open(struct server *server, size_t index, char why[256])
{
    struct loop *loop = &server->loops[index];
    loop->server = server;
    loop->index = index;
    CHECK(uv_loop_init(&loop->uv) == 0);
    CHECK(pthread_mutex_init(&loop->gate, NULL) == 0);
    CHECK(uv_async_init(&loop->uv, &loop->wake, on_wake) == 0);
    CHECK(uv_timer_init(&loop->uv, &loop->tick) == 0);
    CHECK(uv_tcp_init(&loop->uv, &loop->listener) == 0);
    loop->wake.data = loop->tick.data = loop->listener.data = loop;
    mailbox_init(&loop->mailbox, wake_loop, loop);
    loop->counters.codes = calloc((server->route_count + 1) * METRIC_CODES, sizeof loop->counters.codes[0]);
    CHECK(loop->counters.codes != NULL);
    h2o_context_init(&loop->context, &loop->uv, &server->config);
    loop->accept = (h2o_accept_ctx_t){.ctx = &loop->context, .hosts = server->config.hosts, .ssl_ctx = server->tls};
    uv_timer_start(&loop->tick, on_tick, TICK_MS, TICK_MS);
    int result = uv_tcp_open(&loop->listener, server->listeners[index]);
    if (result == 0)
        result = uv_listen((uv_stream_t *)&loop->listener, LISTEN_BACKLOG, connection_on_accept);
    if (result != 0) {
        snprintf(why, 256, "cannot listen: %s", uv_strerror(result));
        return ERR_CONFLICT;
    }
    server->listeners[index] = -1; /* the loop's from now on */
    return ERR_NONE;
}

static void loop_free(struct loop *loop)
{
    CHECK(uv_loop_close(&loop->uv) == 0);
    mailbox_release(&loop->mailbox);
    pthread_mutex_destroy(&loop->gate);
    free((void *)loop->counters.codes);
}

/* ---- start ---- */

static void configure_h2o(struct server *server)
{
    h2o_globalconf_t *config = &server->config;
    h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX; /* else large bodies go, in clear, to files in /tmp */
    h2o_config_init(config);
    config->server_name = h2o_iovec_init(H2O_STRLIT("xueying"));
    config->http1.upgrade_to_http2 = 0;
    config->http1.req_timeout = (uint64_t)server->limits.request_timeout_ms;
    config->max_request_entity_size = (size_t)server->limits.upload_part_bytes_max + ENTITY_SLACK_BYTES;
    h2o_hostconf_t *host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("xueying")), 65535);
    /* Everything goes through the catch-all path, because h2o's own errors do too: the filter sees them there. */
    headers_register_filter(&host->fallback_path);
    h2o_handler_t *handler = h2o_create_handler(&host->fallback_path, sizeof *handler);
    handler->on_req = front_on_request;
}

static void check_keyed(const struct endpoint *endpoint, const struct server_options *options)
{
    size_t writes = 0, last = 0;
    for (size_t i = 0; i < countof(endpoint->steps) && endpoint->steps[i].place != STEP_END; i++) {
        writes += endpoint->steps[i].place == STEP_WRITE;
        last = i;
    }
    /* One transaction holds the effect and its answer (exchange.h, "writing once"). */
    CHECK(writes == 1 && endpoint->steps[last].place == STEP_WRITE);
    CHECK(options->record_find != NULL && options->record_put != NULL);
}

static void build_routes(struct server *server)
{
    const struct server_options *options = &server->options;
    server->routes = options->routes;
    server->route_count = options->route_count;
    for (size_t i = 0; i < server->route_count; i++) {
        const struct route *route = &server->routes[i];
        CHECK(!route->endpoint->poll_cached || (route->method == METHOD_GET && strchr(route->path, '{') != NULL));
        CHECK((int64_t)route->body_bytes_max <= server->limits.upload_part_bytes_max);
        if (route->endpoint->idempotent_key) {
            CHECK((route->roles & (unsigned)ROLE_ANYONE) == 0); /* a key belongs to somebody */
            check_keyed(route->endpoint, options);
        }
    }
    server->router = router_new(server->routes, server->route_count);
}

static struct server *server_new(const struct server_options *options)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t loops = options->loops > 0 ? (size_t)options->loops : cores > 0 ? (size_t)cores : 1;
    struct server *server = calloc(1, sizeof *server + loops * sizeof server->loops[0]);
    CHECK(server != NULL);
    server->options = *options;
    server->limits = options->limits;
    server->loop_count = loops;
    server->listeners = calloc(loops, sizeof server->listeners[0]);
    CHECK(server->listeners != NULL && pthread_mutex_init(&server->running_lock, NULL) == 0);
    for (size_t i = 0; i < loops; i++)
        server->listeners[i] = -1;
    uint32_t boot;
    crypt_random(&boot, sizeof boot);
    snprintf(server->boot, sizeof server->boot, "%08" PRIx32, boot);
    return server;
}

static void free_parts(struct server *server)
{
    for (size_t i = 0; i < server->loop_count; i++)
        if (server->listeners[i] >= 0)
            close(server->listeners[i]);
    if (server->config.hosts != NULL)
        h2o_config_dispose(&server->config);
    SSL_CTX_free(server->tls);
    static_files_free(server->files);
    addresses_free(server->addresses);
    poll_cache_free(server->polls);
    auth_free(server->auth);
    router_free(server->router);
    limits_free(server->rates);
    free(server->route_limits);
    free(server->listeners);
    pthread_mutex_destroy(&server->running_lock);
    free(server);
}

/* The soft limit is often 1024; what we may raise it to is the operator's choice. */
static void raise_descriptor_limit(const struct server_limits *limits)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max < (rlim_t)limits->connections_max + OTHER_DESCRIPTORS)
        LOG(WARN, "http.few_descriptors", "descriptors=%" PRIu64 " connections_max=%" PRId64, (uint64_t)files.rlim_max,
            limits->connections_max);
}

enum err server_start(const struct server_options *options, struct server **started, char why[256])
{
    struct server *server = server_new(options);
    why[0] = 0;
    enum err e = listen_open_tls(server, why);
    if (e == ERR_NONE && options->web_directory != NULL && options->web_directory[0] != 0)
        e = static_files_load(options->web_directory, &server->files, why);
    if (e == ERR_NONE)
        e = listen_open(server, why);
    if (e != ERR_NONE) {
        free_parts(server);
        return e;
    }
    build_routes(server);
    rate_start(server);
    server->auth = auth_new((size_t)server->limits.auth_entries_max);
    server->polls = poll_cache_new((size_t)server->limits.poll_cache_bytes_max);
    server->addresses = addresses_new();
    configure_h2o(server);
    raise_descriptor_limit(&server->limits);
    server->lanes = lane_pool_start((size_t)server->limits.lane_threads, (size_t)server->limits.lane_queue_max);
    for (size_t i = 0; i < server->loop_count; i++) {
        e = loop_open(server, i, why);
        CHECK(e == ERR_NONE); /* the sockets are bound already */
    }
    for (size_t i = 0; i < server->loop_count; i++)
        CHECK(pthread_create(&server->loops[i].thread, NULL, loop_main, &server->loops[i]) == 0);
    LOG(INFO, "http.started", "address=%s port=%d loops=%zu tls=%d routes=%zu", options->address, server->port,
        server->loop_count, server->tls != NULL, server->route_count);
    *started = server;
    return ERR_NONE;
}

int server_port(const struct server *server)
{
    return server->port;
}

/* ---- stop ---- */

void server_stop(struct server *server)
{
    if (server->stopped)
        return;
    server->stopped = true;
    for (size_t i = 0; i < server->loop_count; i++) {
        atomic_store(&server->loops[i].stop_asked, true);
        uv_async_send(&server->loops[i].wake);
    }
    for (size_t i = 0; i < server->loop_count; i++)
        pthread_join(server->loops[i].thread, NULL);
    lane_pool_stop(server->lanes);
    server->lanes = NULL;
    LOG(INFO, "http.stopped", "port=%d", server->port);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    CHECK(server->stopped);
    for (size_t i = 0; i < server->loop_count; i++)
        loop_free(&server->loops[i]);
    free_parts(server);
}

#ifdef __SANITIZE_ADDRESS__
/* h2o keeps up to 16 freed chunks per kind and thread for reuse and cannot give them back when the thread ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:h2o_mem_alloc_recycle\n";
}
#endif

/* ---- any thread ---- */

bool server_is_trusted(const struct server *server, const char *peer)
{
    const char *list = server->options.trusted_proxies;
    size_t len = strlen(peer);
    for (const char *at = list != NULL ? list : ""; *at != 0;) {
        while (*at == ' ' || *at == ',')
            at++;
        size_t word = strcspn(at, ", ");
        if (word == len && word > 0 && memcmp(at, peer, len) == 0)
            return true;
        at += word;
    }
    return false;
}

void server_announce(struct server *server, const struct store_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        switch (changes[i].topic) {
        case TOPIC_SUBMISSION:
            park_touch(server, changes[i].id);
            break;
        case TOPIC_LOGIN:
            auth_forget(server->auth, changes[i].id);
            break;
        case TOPIC_QUEUE:
        case TOPIC_CONVERSATION:
            sse_counts_changed(server);
            break;
        case TOPIC_SESSION:
            poll_cache_touch_all(server->polls);
            break;
        case TOPIC_OUTBOX:
        case TOPIC_BATCH:
        case TOPIC_CLAIM:
            break;
        }
    }
}

void server_stats(struct server *server, struct server_stats *stats)
{
    *stats = (struct server_stats){.accepted = atomic_load(&server->accepted),
                                   .refused_total = atomic_load(&server->refused_total),
                                   .refused_address = atomic_load(&server->refused_address),
                                   .connections = atomic_load(&server->connections),
                                   .upload_bytes = atomic_load(&server->upload_bytes)};
    for (size_t i = 0; i < server->loop_count; i++) {
        struct counters *c = &server->loops[i].counters;
        stats->requests += atomic_load(&c->requests);
        for (size_t k = 0; k < countof(c->by_class); k++)
            stats->responses_by_class[k] += atomic_load(&c->by_class[k]);
        stats->slow_cut += atomic_load(&c->slow_cut);
        stats->memory_cut += atomic_load(&c->memory_cut);
        stats->poll_hits_200 += atomic_load(&c->poll_200);
        stats->poll_hits_304 += atomic_load(&c->poll_304);
        stats->gate_refused += atomic_load(&c->gate_refused);
        stats->abandoned += atomic_load(&c->abandoned);
        stats->exchanges += atomic_load(&c->exchanges);
        stats->parked += atomic_load(&c->parked);
        stats->sse_clients += atomic_load(&c->sse_clients);
    }
}
