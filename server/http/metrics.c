/* GET /metrics, Prometheus text. Labels are route names and status codes: never an id. */
#include "inside.h"

static const int codes[METRIC_CODES] = {200, 201, 202, 204, 206, 304, 308, 400, 401, 403, 404, 405, 409,
                                        410, 412, 413, 415, 422, 429, 431, 500, 502, 503, 504, 507, 0};
static const int64_t bucket_us[] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 1000000, 10000000};
_Static_assert(countof(bucket_us) + 1 == countof(((struct counters *)0)->duration_buckets), "one more for +Inf");

static h2o_generator_t generator;

static size_t code_index(int status)
{
    size_t i = 0;
    while (codes[i] != 0 && codes[i] != status)
        i++;
    return i; /* the one that is 0 counts what is in no other */
}

static void count_status(struct counters *c, size_t route, int status)
{
    COUNT(c->codes[route * METRIC_CODES + code_index(status)]);
    if (status >= 100 && status < 600)
        COUNT(c->by_class[status / 100]);
}

/* Answered from memory in a microsecond or two: not worth asking the clock, the first bucket is right. */
void metrics_count_quick(struct loop *loop, size_t route, int status)
{
    COUNT(loop->counters.duration_buckets[0]);
    count_status(&loop->counters, route, status);
}

void metrics_count(struct loop *loop, size_t route, int status, int64_t begun_mono_us)
{
    struct counters *c = &loop->counters;
    int64_t took_us = clock_mono_us() - begun_mono_us;
    size_t bucket = 0;
    while (bucket < countof(bucket_us) && took_us > bucket_us[bucket])
        bucket++;
    COUNT(c->duration_buckets[bucket]);
    atomic_fetch_add_explicit(&c->duration_us, (uint64_t)took_us, memory_order_relaxed);
    count_status(c, route, status);
}

static void put_routes(struct server *server, struct buf *b)
{
    static const char *methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    buf_text(b, "# TYPE xueying_http_requests_total counter\n");
    for (size_t route = 0; route <= server->route_count; route++) {
        const struct route *r = route < server->route_count ? &server->routes[route] : NULL;
        for (size_t code = 0; code < METRIC_CODES; code++) {
            uint64_t sum = 0;
            for (size_t i = 0; i < server->loop_count; i++)
                sum += atomic_load_explicit(&server->loops[i].counters.codes[route * METRIC_CODES + code],
                                            memory_order_relaxed);
            if (sum > 0)
                buf_printf(b, "xueying_http_requests_total{route=\"%s\",method=\"%s\",code=\"%d\"} %" PRIu64 "\n",
                           r != NULL ? r->path : "", r != NULL ? methods[r->method] : "", codes[code], sum);
        }
    }
}

static void put_durations(struct server *server, struct buf *b)
{
    uint64_t so_far = 0, sum_us = 0;
    buf_text(b, "# TYPE xueying_http_request_duration_seconds histogram\n");
    for (size_t k = 0; k <= countof(bucket_us); k++) {
        for (size_t i = 0; i < server->loop_count; i++)
            so_far += atomic_load_explicit(&server->loops[i].counters.duration_buckets[k], memory_order_relaxed);
        if (k < countof(bucket_us))
            buf_printf(b, "xueying_http_request_duration_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                       (double)bucket_us[k] / 1e6, so_far);
    }
    for (size_t i = 0; i < server->loop_count; i++)
        sum_us += atomic_load_explicit(&server->loops[i].counters.duration_us, memory_order_relaxed);
    buf_printf(b, "xueying_http_request_duration_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", so_far);
    buf_printf(b, "xueying_http_request_duration_seconds_sum %.6f\n", (double)sum_us / 1e6);
    buf_printf(b, "xueying_http_request_duration_seconds_count %" PRIu64 "\n", so_far);
}

static void put(struct buf *b, const char *name, const char *type, uint64_t value)
{
    buf_printf(b, "# TYPE %s %s\n%s %" PRIu64 "\n", name, type, name, value);
}

static void put_all(struct server *server, struct buf *b)
{
    struct server_stats s;
    struct poll_cache_stats polls;
    server_stats(server, &s);
    poll_cache_stats(server->polls, &polls);
    put_routes(server, b);
    put_durations(server, b);
    rate_metrics(server, b);
    put(b, "xueying_open_connections", "gauge", s.connections);
    put(b, "xueying_http_connections_accepted_total", "counter", s.accepted);
    put(b, "xueying_http_connections_refused_total", "counter", s.refused_total + s.refused_address);
    put(b, "xueying_http_connections_cut_total", "counter", s.slow_cut + s.memory_cut);
    put(b, "xueying_http_gate_refused_total", "counter", s.gate_refused);
    put(b, "xueying_http_abandoned_total", "counter", s.abandoned);
    put(b, "xueying_http_in_flight", "gauge", s.exchanges);
    put(b, "xueying_http_parked", "gauge", s.parked);
    put(b, "xueying_sse_clients", "gauge", s.sse_clients);
    put(b, "xueying_upload_in_flight_bytes", "gauge", s.upload_bytes);
    put(b, "xueying_lane_waiting", "gauge", lane_pool_waiting(server->lanes));
    put(b, "xueying_poll_cache_hits_total", "counter", polls.hits);
    put(b, "xueying_poll_cache_misses_total", "counter", polls.misses);
    put(b, "xueying_poll_cache_evictions_total", "counter", polls.evictions);
    put(b, "xueying_poll_cache_bytes", "gauge", polls.bytes);
    if (server->options.metrics != NULL)
        server->options.metrics(server->options.metrics_arg, b);
}

void metrics_answer(struct loop *loop, h2o_req_t *req)
{
    struct buf b;
    buf_init(&b, MIB(1));
    put_all(loop->server, &b);
    h2o_iovec_t body = h2o_strdup(&req->pool, buf_cstr(&b), b.len);
    buf_release(&b);
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = body.len;
    HEADERS_ADD(req, "Content-Type", "text/plain; version=0.0.4", 25);
    HEADERS_ADD(req, "Cache-Control", "no-store", 8);
    headers_secure(req, ANSWER_API, false);
    bool is_head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    h2o_start_response(req, &generator);
    h2o_send(req, &body, is_head ? 0 : 1, H2O_SEND_STATE_FINAL);
}
