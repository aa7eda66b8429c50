/* links: xy_http xy_base */
/* What arrives at the door of a public server: requests that two parsers would cut differently, and clients that are
 * slow, large, many or gone. Raw bytes over a real socket. */
#include "http_fixture.h"

#include "http/head_gate.h"

#include <sys/resource.h>

struct job {
    int64_t len;
};

static enum err echo_decode(struct exchange *x, struct job *job)
{
    size_t len;
    exchange_body(x, &len);
    job->len = (int64_t)len;
    return ERR_NONE;
}

static enum err echo_write(struct tx *tx, struct job *job)
{
    (void)tx;
    (void)job;
    return ERR_NONE;
}

static void echo_reply(struct exchange *x, struct job *job)
{
    json_int(exchange_out(x), job->len);
    exchange_send(x);
}
ENDPOINT(echo, struct job, WRITE(echo_write))

static enum err large_lane(struct job *job, struct arena *arena)
{
    (void)arena;
    job->len = (int64_t)MIB(7);
    return ERR_NONE;
}

static void large_reply(struct exchange *x, struct job *job)
{
    void *bytes = calloc(1, (size_t)job->len);
    exchange_send_bytes(x, "application/octet-stream", bytes, (size_t)job->len);
    free(bytes);
}
#define large_decode NULL
ENDPOINT(large, struct job, LANE(large_lane))

static const struct route routes[] = {
    {METHOD_GET, "/echo", ROLE_ANYONE, 0, &endpoint_echo},
    {METHOD_POST, "/echo", ROLE_ANYONE, KIB(64), &endpoint_echo},
    {METHOD_PUT, "/echo", ROLE_ANYONE, MIB(1), &endpoint_echo},
    {METHOD_GET, "/large", ROLE_ANYONE, 0, &endpoint_large},
};

static struct store store;
static struct server *server;
static int port;

static enum err resolve(struct tx *tx, struct auth_lookup *lookup)
{
    (void)tx;
    (void)lookup;
    return ERR_UNAUTHENTICATED;
}

static void start_with(struct server_limits limits)
{
    char why[256];
    crypt_start();
    log_open(2, LOG_ERROR_LEVEL);
    fixture_store_start(&store);
    struct server_options options = {.address = "127.0.0.1",
                                     .loops = 2,
                                     .routes = routes,
                                     .route_count = countof(routes),
                                     .store = &store,
                                     .resolve = resolve,
                                     .limits = limits};
    EQ_INT(ERR_NONE, server_start(&options, &server, why));
    port = server_port(server);
}

static void start(void)
{
    start_with(server_limits_default());
}

static void stop(void)
{
    server_stop(server);
    fixture_store_stop(&store);
    server_free(server);
}

/* Status of the answer; the connection must be closed behind it when `closes`. */
static int ask_raw(const char *request, bool closes)
{
    static struct answer a;
    int fd = client_connect(port);
    client_text(fd, request);
    client_read(fd, &a, true);
    bool closed = !closes || client_is_closed(fd);
    close(fd);
    return closed ? a.status : -a.status;
}

/* ---- the gate list ---- */

TEST(heads_that_two_parsers_cut_differently_are_refused)
{
    start();
    EQ_INT(200, ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", false));
    EQ_INT(200, ask_raw("\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", false));
    EQ_INT(200,
           ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", false));
    EQ_INT(400, ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "0\r\n\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n",
                        true));
    EQ_INT(400, ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n"
                        "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n",
                        true));
    EQ_INT(400, ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nab", true));
    EQ_INT(400, ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +0\r\n\r\n", true));
    EQ_INT(400, ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", true));
    EQ_INT(400,
           ask_raw("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "0\r\n\r\n",
                   true));
    EQ_INT(400, ask_raw("POST /echo HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\nHost: a/b\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\nHost:\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\nHost: h\n\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\nHost: h\r\nX: y\r\n folded\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.1\r\nHost : h\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET http://h/echo HTTP/1.1\r\nHost: h\r\n\r\n", true));
    EQ_INT(400, ask_raw("GET /echo HTTP/1.2\r\nHost: h\r\n\r\n", true));
    EQ_INT(400, ask_raw("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", true));
    stop();
}

TEST(a_nul_byte_is_refused)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_send(fd, "GET /echo HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 39);
    client_read(fd, &a, true);
    EQ_INT(400, a.status);
    TRUE(client_is_closed(fd));
    close(fd);
    stop();
}

TEST(http2_is_not_spoken)
{
    static struct answer a;
    start();
    EQ_INT(400, ask_raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true));
    client_ask(port, &a,
               "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
               "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n");
    EQ_INT(200, a.status); /* answered in HTTP/1.1: not upgraded */
    stop();
}

TEST(header_bounds)
{
    static char request[MIB(1)];
    size_t len;
    start();
    for (int fields = 99; fields <= 101; fields++) {
        len = (size_t)snprintf(request, sizeof request, "GET /echo HTTP/1.1\r\nHost: h\r\n");
        for (int i = 1; i < fields; i++)
            len += (size_t)snprintf(request + len, sizeof request - len, "X-%d: y\r\n", i);
        snprintf(request + len, sizeof request - len, "\r\n");
        EQ_INT(fields <= 100 ? 200 : 400, ask_raw(request, fields > 100));
    }
    len = (size_t)snprintf(request, sizeof request, "GET /echo HTTP/1.1\r\nHost: h\r\nX: ");
    memset(request + len, 'x', KIB(40));
    snprintf(request + len + KIB(40), 8, "\r\n\r\n");
    EQ_INT(431, ask_raw(request, true));
    memset(request + len, 'x', 420000);
    snprintf(request + len + 420000, 8, "\r\n\r\n");
    EQ_INT(400, ask_raw(request, true));
    len = (size_t)snprintf(request, sizeof request, "GET /");
    memset(request + len, 'p', 5000);
    snprintf(request + len + 5000, 64, " HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(400, ask_raw(request, true));
    stop();
}

static int put(size_t len, bool chunked, struct answer *a)
{
    static char body[MIB(4)];
    char head[256];
    int fd = client_connect(port);
    if (chunked)
        snprintf(head, sizeof head, "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", len);
    else
        snprintf(head, sizeof head, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", len);
    client_text(fd, head);
    client_send(fd, body, len);
    if (chunked)
        client_text(fd, "\r\n0\r\n\r\n");
    client_read(fd, a, true);
    close(fd);
    return a->status;
}

TEST(body_bounds)
{
    static struct answer a;
    start();
    EQ_INT(200, put(MIB(1), false, &a));
    EQ_TEXT("1048576", a.body);
    EQ_INT(413, put(MIB(1) + 1, false, &a));
    EQ_TEXT("application/problem+json", answer_header(&a, "Content-Type"));
    TRUE(strstr(a.body, "at most 1048576 bytes") != NULL);
    EQ_INT(413, put(1200 * 1024, false, &a));
    EQ_TEXT("nosniff", answer_header(&a, "X-Content-Type-Options"));
    EQ_INT(413, put(MIB(3), false, &a)); /* h2o's own answer: refused by its announced length */
    EQ_TEXT("nosniff", answer_header(&a, "X-Content-Type-Options"));
    EQ_TEXT("application/problem+json", answer_header(&a, "Content-Type"));
    TRUE(strstr(a.body, "\"code\":\"too_large\"") != NULL);
    EQ_TEXT("close", answer_header(&a, "Connection"));
    client_ask(port, &a, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\nab");
    EQ_INT(400, a.status);
    TRUE(strstr(a.body, "\"code\":\"bad_request\"") != NULL);
    EQ_INT(413, put(1200 * 1024, true, &a));
    client_ask(port, &a, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n");
    EQ_INT(400, a.status);
    stop();
}

TEST(expect_continue)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_text(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    TRUE(client_read_head(fd, &a));
    EQ_INT(100, a.status);
    client_text(fd, "ab");
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    close(fd);
    stop();
}

TEST(a_hundred_pipelined_requests_get_a_hundred_answers)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    for (int i = 0; i < 100; i++)
        client_text(fd, i % 2 == 0 ? "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"
                                   : "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    for (int i = 0; i < 100; i++) {
        client_read(fd, &a, true);
        EQ_INT(200, a.status);
        EQ_TEXT(i % 2 == 0 ? "0" : "3", a.body);
    }
    close(fd);
    stop();
}

TEST(a_bad_request_ends_the_pipeline)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_text(fd,
                "GET /echo HTTP/1.1\r\nHost: h\r\n\r\nGET /echo HTTP/1.1\r\n\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    client_read(fd, &a, true);
    EQ_INT(400, a.status);
    TRUE(client_is_closed(fd));
    close(fd);
    stop();
}

TEST(rubbish_behind_a_request_is_refused)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_text(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n\x16\x03\x01 rubbish\r\n\r\n");
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    client_read(fd, &a, true);
    EQ_INT(400, a.status);
    TRUE(client_is_closed(fd));
    close(fd);
    stop();
}

TEST(half_close_is_still_answered)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_text(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(fd, SHUT_WR);
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    TRUE(client_is_closed(fd));
    close(fd);
    stop();
}

/* ---- slow, many, gone ---- */

TEST(a_slow_body_is_cut_by_the_absolute_time_limit)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.request_timeout_ms = 200;
    start_with(limits);
    int fd = client_connect(port);
    client_text(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    int64_t begun_us = clock_mono_us();
    char byte = 'x';
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int sent = 0;
    while (poll(&wait, 1, 20) == 0 && sent < 1000) /* a byte every 20 ms is progress, and does not help */
        sent += send(fd, &byte, 1, MSG_NOSIGNAL) == 1;
    int64_t took_ms = (clock_mono_us() - begun_us) / 1000;
    TRUE(took_ms >= 150 && took_ms < 5000);
    TRUE(!client_read_head(fd, &a));
    close(fd);
    stop();
}

TEST(a_client_that_does_not_read_is_cut)
{
    struct server_stats stats;
    struct server_limits limits = server_limits_default();
    limits.request_timeout_ms = 100;
    start_with(limits);
    int fd = client_connect(port), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_text(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    do {
        poll(NULL, 0, 10);
        server_stats(server, &stats);
    } while (stats.accepted == 0 || stats.connections > 0);
    TRUE(stats.slow_cut >= 1);
    close(fd);
    stop();
}

TEST(connections_beyond_the_caps_are_closed_at_once)
{
    static struct answer a;
    struct server_stats stats;
    struct server_limits limits = server_limits_default();
    limits.connections_per_address_max = 4;
    start_with(limits);
    int kept[4];
    for (int i = 0; i < 4; i++) {
        kept[i] = client_connect(port);
        client_text(kept[i], "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
        client_read(kept[i], &a, true);
        EQ_INT(200, a.status);
    }
    int fd = client_connect(port);
    TRUE(client_is_closed(fd));
    close(fd);
    server_stats(server, &stats);
    EQ_INT(1, stats.refused_address);
    close(kept[0]);
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.connections > 3);
    fd = client_connect(port);
    client_text(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    close(fd);
    for (int i = 1; i < 4; i++)
        close(kept[i]);
    stop();
}

struct talker {
    pthread_t thread;
    int good;
};

static void *talk(void *arg)
{
    struct talker *talker = arg;
    struct answer *a = malloc(sizeof *a);
    int fd = client_connect(port);
    for (int i = 0; i < 20; i++) {
        client_text(fd, i % 3 == 0 ? "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                                   : "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
        client_read(fd, a, true);
        talker->good += a->status == 200;
    }
    close(fd);
    free(a);
    return NULL;
}

TEST(sixty_four_clients_at_once)
{
    static struct talker talkers[64];
    struct server_stats stats;
    start();
    for (size_t i = 0; i < countof(talkers); i++)
        pthread_create(&talkers[i].thread, NULL, talk, &talkers[i]);
    int good = 0;
    for (size_t i = 0; i < countof(talkers); i++) {
        pthread_join(talkers[i].thread, NULL);
        good += talkers[i].good;
    }
    EQ_INT(64 * 20, good);
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.connections > 0);
    EQ_INT(0, stats.exchanges);
    EQ_INT(64 * 20, stats.responses_by_class[2]);
    stop();
}

TEST(uploads_in_flight_are_bounded)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.upload_in_flight_bytes_max = (int64_t)KIB(200);
    start_with(limits);
    EQ_INT(200, put(KIB(150), false, &a));
    EQ_INT(503, put(KIB(300), false, &a)); /* more than all may have together */
    EQ_TEXT("1", answer_header(&a, "Retry-After"));
    stop();
}

TEST(half_received_bodies_are_bounded_too)
{
    static char part[KIB(100)];
    struct server_stats stats;
    struct server_limits limits = server_limits_default();
    limits.upload_in_flight_bytes_max = (int64_t)KIB(400); /* 200 for each of the two loops */
    start_with(limits);
    int fds[16];
    for (size_t i = 0; i < countof(fds); i++) {
        fds[i] = client_connect(port);
        client_text(fds[i], "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
        client_send(fds[i], part, sizeof part);
    }
    do {
        poll(NULL, 0, 20); /* the sweep comes once a second */
        server_stats(server, &stats);
    } while (stats.accepted < 16 || stats.connections > 4);
    TRUE(stats.memory_cut >= 12);
    for (size_t i = 0; i < countof(fds); i++)
        close(fds[i]);
    stop();
}

TEST(no_file_descriptors_left)
{
    static struct answer a;
    struct rlimit before, tight;
    start();
    int first = client_connect(port);
    client_text(first, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(first, &a, true);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    int probe = dup(0), second = client_connect(port);
    close(probe);
    client_text(second, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(second, &a, true);                /* accepted on either loop: everything it needs is open */
    int client = socket(AF_INET, SOCK_STREAM, 0); /* ours is open already; the server's end finds no number */
    tight.rlim_cur = (rlim_t)client + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EQ_INT(0, connect(client, (struct sockaddr *)&address, sizeof address));
    TRUE(client_is_closed(client)); /* taken by the spare descriptor and closed, not left in the queue */
    setrlimit(RLIMIT_NOFILE, &before);
    client_text(first, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(first, &a, true);
    EQ_INT(200, a.status); /* the others go on */
    close(first);
    close(second);
    close(client);
    stop();
}

TEST(figures_are_for_this_machine_only)
{
    static struct answer a;
    start();
    client_ask(port, &a, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client_ask(port, &a, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(200, a.status);
    TRUE(strstr(a.body, "xueying_http_requests_total{route=\"/echo\",method=\"GET\",code=\"200\"} 1\n") != NULL);
    TRUE(strstr(a.body, "xueying_open_connections ") != NULL);
    client_ask(port, &a, "GET /metrics HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n");
    EQ_INT(404, a.status);
    stop();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
