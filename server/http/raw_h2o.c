#include "http/raw_h2o.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <h2o.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <uv.h>

struct raw_loop {
    struct raw_h2o *raw;
    pthread_t thread;
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_async_t stop;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
};

struct raw_handler {
    h2o_handler_t super;
    struct raw_h2o *raw;
};

struct raw_h2o {
    h2o_globalconf_t config;
    int status;
    h2o_iovec_t header, body;
    size_t loop_count;
    struct raw_loop loops[];
};

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    static h2o_generator_t generator;
    struct raw_h2o *raw = ((struct raw_handler *)handler)->raw;
    req->res.status = raw->status;
    req->res.reason = raw->status == 200 ? "OK" : "Not Modified";
    req->res.content_length = raw->status == 200 ? raw->body.len : SIZE_MAX;
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("x-fixed"), 0, NULL, raw->header.base,
                          raw->header.len);
    h2o_start_response(req, &generator);
    h2o_send(req, &raw->body, raw->status == 200, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_accept(uv_stream_t *listener, int status)
{
    struct raw_loop *loop = listener->data;
    if (status != 0)
        return;
    uv_tcp_t *tcp = h2o_mem_alloc(sizeof *tcp);
    uv_tcp_init(&loop->uv, tcp);
    if (uv_accept(listener, (uv_stream_t *)tcp) != 0) {
        uv_close((uv_handle_t *)tcp, (uv_close_cb)(void *)free);
        return;
    }
    uv_tcp_nodelay(tcp, 1);
    h2o_accept(&loop->accept, h2o_uv_socket_create((uv_stream_t *)tcp, (uv_close_cb)(void *)free));
}

static void on_stop(uv_async_t *stop)
{
    uv_stop(stop->loop);
}

static void *loop_main(void *arg)
{
    struct raw_loop *loop = arg;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    return NULL;
}

static int listen_socket(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

struct raw_h2o *raw_h2o_start(size_t loops, int status, const char *header, const char *body, int *port)
{
    struct raw_h2o *raw = calloc(1, sizeof *raw + loops * sizeof raw->loops[0]);
    CHECK(raw != NULL);
    raw->status = status;
    raw->header = h2o_strdup(NULL, header, SIZE_MAX);
    raw->body = h2o_strdup(NULL, body, SIZE_MAX);
    raw->loop_count = loops;
    h2o_config_init(&raw->config);
    raw->config.http1.upgrade_to_http2 = 0;
    raw->config.http1.req_timeout = 60000;
    h2o_hostconf_t *host = h2o_config_register_host(&raw->config, h2o_iovec_init(H2O_STRLIT("raw")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    struct raw_handler *handler = (struct raw_handler *)(void *)h2o_create_handler(path, sizeof *handler);
    handler->super.on_req = on_request;
    handler->raw = raw;
    *port = 0;
    for (size_t i = 0; i < loops; i++) {
        struct raw_loop *loop = &raw->loops[i];
        loop->raw = raw;
        CHECK(uv_loop_init(&loop->uv) == 0 && uv_async_init(&loop->uv, &loop->stop, on_stop) == 0);
        CHECK(uv_tcp_init(&loop->uv, &loop->listener) == 0);
        loop->listener.data = loop;
        h2o_context_init(&loop->context, &loop->uv, &raw->config);
        loop->accept = (h2o_accept_ctx_t){.ctx = &loop->context, .hosts = raw->config.hosts};
        CHECK(uv_tcp_open(&loop->listener, listen_socket(port)) == 0);
        CHECK(uv_listen((uv_stream_t *)&loop->listener, 1024, on_accept) == 0);
    }
    for (size_t i = 0; i < loops; i++)
        CHECK(pthread_create(&raw->loops[i].thread, NULL, loop_main, &raw->loops[i]) == 0);
    return raw;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle) && handle->type != UV_TCP && handle->type != UV_TIMER)
        uv_close(handle, NULL);
}

/* The process that measures ends soon: connections of clients that are gone are h2o's affair and stay as they are. */
void raw_h2o_stop(struct raw_h2o *raw)
{
    for (size_t i = 0; i < raw->loop_count; i++) {
        uv_async_send(&raw->loops[i].stop);
        pthread_join(raw->loops[i].thread, NULL);
        uv_close((uv_handle_t *)&raw->loops[i].listener, NULL);
        uv_walk(&raw->loops[i].uv, close_handle, NULL);
        uv_run(&raw->loops[i].uv, UV_RUN_NOWAIT);
    }
}
