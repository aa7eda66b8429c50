/* http_floor — bare libh2o on libuv: every request gets the same answer. What `xueying bench poll` measures against.
 *
 *   xueying-http-floor STATUS BODY_BYTES       prints "ready PORT"; as many loops as cores; ends on SIGTERM */
#include <h2o.h>
#include <h2o/http1.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static int status;
static size_t body_len;
static char *body;
static h2o_globalconf_t config;
static int port;

struct loop {
    uv_loop_t loop;
    uv_tcp_t listener;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
};

static int answer(h2o_handler_t *handler, h2o_req_t *req)
{
    static h2o_generator_t generator = {NULL, NULL};
    (void)handler;
    req->res.status = status;
    req->res.reason = status == 304 ? "Not Modified" : "OK";
    if (status != 304)
        req->res.content_length = body_len;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("application/json"));
    h2o_iovec_t bytes = h2o_iovec_init(body, status == 304 ? 0 : body_len);
    h2o_start_response(req, &generator);
    h2o_send(req, &bytes, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_accept(uv_stream_t *listener, int failed)
{
    struct loop *l = listener->data;
    if (failed != 0)
        return;
    uv_tcp_t *connection = h2o_mem_alloc(sizeof *connection);
    uv_tcp_init(listener->loop, connection);
    if (uv_accept(listener, (uv_stream_t *)connection) != 0) {
        uv_close((uv_handle_t *)connection, (uv_close_cb)(void *)free);
        return;
    }
    h2o_accept(&l->accept, h2o_uv_socket_create((uv_stream_t *)connection, (uv_close_cb)(void *)free));
}

static int listening_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof address;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        exit(1);
    port = ntohs(address.sin_port);
    return fd;
}

static void loop_open(struct loop *l)
{
    uv_loop_init(&l->loop);
    h2o_context_init(&l->context, &l->loop, &config);
    l->accept = (h2o_accept_ctx_t){.ctx = &l->context, .hosts = config.hosts};
    uv_tcp_init(&l->loop, &l->listener);
    l->listener.data = l;
    if (uv_tcp_open(&l->listener, listening_socket()) != 0 ||
        uv_listen((uv_stream_t *)&l->listener, 1024, on_accept) != 0)
        exit(1);
}

static void *loop_main(void *arg)
{
    struct loop *l = arg;
    uv_run(&l->loop, UV_RUN_DEFAULT);
    return NULL;
}

int main(int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (argc != 3)
        return 2;
    status = (int)strtol(argv[1], NULL, 10);
    body_len = strtoul(argv[2], NULL, 10);
    body = malloc(body_len + 1);
    memset(body, 'x', body_len);
    signal(SIGPIPE, SIG_IGN);
    h2o_config_init(&config);
    config.http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = answer;
    struct loop *loops = calloc((size_t)cores, sizeof *loops);
    for (long i = 0; i < cores; i++)
        loop_open(&loops[i]);
    for (long i = 1; i < cores; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, loop_main, &loops[i]);
    }
    printf("ready %d\n", port);
    fflush(stdout);
    loop_main(&loops[0]);
    return 0;
}
