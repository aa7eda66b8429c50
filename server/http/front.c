/* What a request is: refused at the gate, a status poll known by heart, a page, figures, or an exchange. */
#include "inside.h"

#include "http/head_gate.h"

#define HEAD_BYTES_MAX KIB(32)
#define PATH_BYTES_MAX KIB(4)

static h2o_generator_t generator;

static bool is(h2o_iovec_t text, const char *literal)
{
    return text.len == strlen(literal) && memcmp(text.base, literal, text.len) == 0;
}

/* ---- status polls from memory: no job, no step, nothing allocated but in h2o's pool ---- */

static void *take(void *arg, size_t len)
{
    h2o_req_t *req = arg;
    return h2o_mem_alloc_pool(&req->pool, len > 0 ? len : 1);
}

/* The tag between the first pair of quotes; pollers send back the one we gave them. */
static h2o_iovec_t tag_of_client(const h2o_req_t *req)
{
    h2o_iovec_t value, none = {NULL, 0};
    if (!request_header(req, "if-none-match", 13, &value))
        return none;
    if (value.len < 2 || value.base[0] != '"' || value.base[value.len - 1] != '"')
        return none;
    return h2o_iovec_init(value.base + 1, value.len - 2);
}

static void send_poll(struct loop *loop, h2o_req_t *req, const struct poll_cache_hit *hit, bool secure)
{
    size_t tag_len = strlen(hit->etag);
    char *tag = h2o_mem_alloc_pool(&req->pool, tag_len + 2), *id = h2o_mem_alloc_pool(&req->pool, REQUEST_ID_BYTES);
    tag[0] = tag[tag_len + 1] = '"';
    memcpy(tag + 1, hit->etag, tag_len);
    size_t id_len = request_new_id(loop, id);
    bool is_same = hit->body == NULL;
    req->res.status = is_same ? 304 : 200;
    req->res.reason = headers_reason(req->res.status);
    req->res.content_length = is_same ? SIZE_MAX : hit->len;
    if (!is_same)
        HEADERS_ADD(req, "Content-Type", "application/json", 16);
    HEADERS_ADD(req, "X-Request-Id", id, id_len);
    HEADERS_ADD(req, "ETag", tag, tag_len + 2);
    HEADERS_ADD(req, "Cache-Control", "no-store\r\nVary: Accept-Language", 31);
    headers_secure(req, ANSWER_API, secure);
    if (loop->stopping)
        req->http1_is_persistent = 0;
    h2o_iovec_t body = h2o_iovec_init(hit->body, hit->len);
    h2o_start_response(req, &generator);
    h2o_send(req, &body, is_same || hit->len == 0 ? 0 : 1, H2O_SEND_STATE_FINAL);
}

static bool answer_from_memory(struct loop *loop, h2o_req_t *req, const struct route_match *match)
{
    struct server *server = loop->server;
    int64_t now_us = clock_utc_us();
    bool secure = request_is_secure(req), by_cookie;
    h2o_iovec_t token, prefer;
    struct auth_key key;
    struct principal who;
    if (memchr(match->params[0].raw, '%', match->params[0].raw_len) != NULL ||
        !request_token(req, secure, &token, &by_cookie) || !request_key(req, token, &key) ||
        !auth_find(server->auth, &key, now_us, &who, NULL) || (who.roles & match->route->roles) == 0)
        return false;
    struct poll_cache_hit hit;
    h2o_iovec_t have = tag_of_client(req);
    if (!poll_cache_get(server->polls, match->params[0].raw, match->params[0].raw_len, who.id, request_language(req),
                        have.base, have.len, now_us, take, req, &hit))
        return false;
    if (hit.body == NULL && request_header(req, "prefer", 6, &prefer))
        return false; /* nothing new, and it wants to wait */
    int64_t retry_after_s;
    if (rate_take(server, match->index, LIMIT_PER_PERSON, who.id, strlen(who.id), clock_mono_us(), &retry_after_s) !=
        ERR_NONE)
        return false; /* too often; said where everything is */
    if (hit.body == NULL)
        COUNT(loop->counters.poll_304);
    else
        COUNT(loop->counters.poll_200);
    metrics_count_quick(loop, match->index, hit.body == NULL ? 304 : 200);
    send_poll(loop, req, &hit, secure);
    return true;
}

/* ---- everything else ---- */

/* Figures are for the machine itself. A proxy on this machine forwards strangers, and says so. */
static bool may_see_metrics(const h2o_req_t *req)
{
    h2o_iovec_t value;
    return request_connection(req)->peer_is_loopback && !request_header(req, "x-forwarded-for", 15, &value) &&
           !request_header(req, "forwarded", 9, &value) && !request_header(req, "x-real-ip", 9, &value);
}

static void send_options(struct loop *loop, h2o_req_t *req, unsigned allowed)
{
    char *allow = h2o_mem_alloc_pool(&req->pool, ROUTER_ALLOW_BYTES);
    router_allow(allowed, allow);
    req->res.status = 204;
    req->res.reason = headers_reason(204);
    HEADERS_ADD(req, "Allow", allow, strlen(allow));
    HEADERS_ADD(req, "Cache-Control", "no-store", 8);
    headers_secure(req, ANSWER_API, request_is_secure(req));
    metrics_count(loop, loop->server->route_count, 204, clock_mono_us());
    h2o_start_response(req, &generator);
    h2o_send(req, NULL, 0, H2O_SEND_STATE_FINAL);
}

static void serve(struct loop *loop, h2o_req_t *req, h2o_iovec_t path)
{
    struct server *server = loop->server;
    struct route_match match;
    enum http_method method;
    bool known = router_method(req->input.method.base, req->input.method.len, &method);
    enum err e = router_match(server->router, known ? method : METHOD_GET, path.base, path.len, &match);
    if (known && e == ERR_NONE) {
        if (!(match.route->endpoint->poll_cached && method == METHOD_GET && answer_from_memory(loop, req, &match)))
            exchange_begin(loop, req, &match, method);
        return;
    }
    bool reads = known && (method == METHOD_GET || method == METHOD_HEAD);
    if (e == ERR_NOT_FOUND && reads && is(path, "/metrics") && may_see_metrics(req))
        metrics_answer(loop, req);
    else if (e == ERR_NOT_FOUND && reads && server->files != NULL &&
             static_files_answer(server->files, req, path.base, path.len, request_is_secure(req)))
        metrics_count(loop, server->route_count, req->res.status, clock_mono_us());
    else if (e == ERR_NOT_FOUND)
        exchange_refuse(loop, req, ERR_NOT_FOUND, NULL, 0, false);
    else if (is(req->input.method, "OPTIONS"))
        send_options(loop, req, match.allowed);
    else
        exchange_refuse(loop, req, ERR_METHOD_NOT_ALLOWED, NULL, match.allowed, false);
}

int front_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct loop *loop = container_of(req->conn->ctx, struct loop, context);
    const h2o_buffer_t *input = req->conn->callbacks->get_socket(req->conn)->input;
    size_t head_len = 0;
    COUNT(loop->counters.requests);
    if (loop->stopping)
        req->http1_is_persistent = 0;
    const char *why = head_gate(input->bytes, input->size, &head_len);
    h2o_iovec_t path = req->input.path;
    if (req->input.query_at != SIZE_MAX)
        path.len = req->input.query_at;
    if (why == NULL && (path.len == 0 || path.base[0] != '/' || path.len > PATH_BYTES_MAX))
        why = "the request target must be a path of at most 4096 characters";
    if (why != NULL) {
        COUNT(loop->counters.gate_refused);
        exchange_refuse(loop, req, ERR_BAD_REQUEST, why, 0, true);
    } else if (head_len > HEAD_BYTES_MAX) {
        COUNT(loop->counters.gate_refused);
        exchange_refuse(loop, req, ERR_HEADERS_TOO_LARGE, NULL, 0, true);
    } else {
        serve(loop, req, path);
    }
    return 0;
}
