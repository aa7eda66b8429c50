/* Status polls against bare libh2o, by hand: the product's own figure is `xueying bench poll`.
 *   poll_bench [loops] [connections] [seconds] */
#include "http/load.h"
#include "http/raw_h2o.h"
#include "tests/unit/http_fixture.h"

static char token[CRYPT_TOKEN_TEXT_BYTES];
static char body[1200];

struct job {
    const char *id;
};

static enum err poll_decode(struct exchange *x, struct job *job)
{
    job->id = exchange_path(x, "id");
    return ERR_NONE;
}

static enum err poll_read(struct tx *tx, struct job *job)
{
    (void)tx;
    (void)job;
    return ERR_NONE;
}

static void poll_reply(struct exchange *x, struct job *job)
{
    buf_text(exchange_out(x), body);
    exchange_send_cached(x, job->id, exchange_principal(x)->id, "v17");
}
ENDPOINT_POLLED(poll, struct job, READ(poll_read))

static const struct route routes[] = {{METHOD_GET, "/api/v1/submissions/{id}", ROLE_STUDENT, 0, &endpoint_poll}};

static enum err resolve(struct tx *tx, struct auth_lookup *lookup)
{
    (void)tx;
    snprintf(lookup->who.id, sizeof lookup->who.id, "01h0000000000000000000000a");
    lookup->who.roles = ROLE_STUDENT;
    lookup->expires_us = lookup->now_us + SECONDS_US(3600);
    return ERR_NONE;
}

static double measure(const char *name, struct load_options options)
{
    struct load_result result;
    load_run(&options, &result);
    printf("%-10s %9.0f/s  p50 %5.0f us  p99 %6.0f us  %zu bytes  %" PRIu64 " wrong\n", name, result.answers_per_s,
           result.p50_us, result.p99_us, result.answer_bytes, result.wrong);
    return result.answers_per_s;
}

int main(int argc, char **argv)
{
    size_t loops = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1;
    size_t connections = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 64;
    int64_t duration_ms = (argc > 3 ? strtol(argv[3], NULL, 10) : 3) * 1000;
    static struct store store;
    struct server *server;
    char why[256], request[1024], header[1024];
    crypt_start();
    crypt_token(token);
    memset(body, 'b', sizeof body - 1);
    fixture_store_start(&store);
    struct server_options options = {.address = "127.0.0.1",
                                     .loops = (int)loops,
                                     .routes = routes,
                                     .route_count = 1,
                                     .store = &store,
                                     .resolve = resolve,
                                     .limits = server_limits_default()};
    CHECK(server_start(&options, &server, why) == ERR_NONE);
    for (int status = 200; status <= 304; status += 104) {
        snprintf(request, sizeof request,
                 "GET /api/v1/submissions/01h0000000000000000000000s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                 "User-Agent: WeChat/8.0 MiniProgram\r\nAccept: application/json\r\nAccept-Language: zh-CN\r\n"
                 "Authorization: Bearer %s\r\n%s\r\n",
                 token, status == 304 ? "If-None-Match: \"v17-zh\"\r\n" : "");
        struct load_options load = {.port = server_port(server),
                                    .threads = 1,
                                    .connections = connections,
                                    .duration_ms = 500,
                                    .warm_up_ms = 200,
                                    .request = request,
                                    .want_status = status};
        struct load_result first;
        load_run(&load, &first);
        memset(header, 'h', sizeof header - 1);
        header[first.answer_bytes - (status == 200 ? sizeof body - 1 : 0) - (status == 200 ? 150 : 120)] = 0;
        int raw_port;
        struct raw_h2o *raw = raw_h2o_start(loops, status, header, body, &raw_port);
        load.duration_ms = duration_ms;
        double best[2] = {0, 0};
        for (int round = 0; round < 3; round++) {
            load.port = raw_port;
            double theirs = measure("bare h2o", load);
            load.port = server_port(server);
            double ours = measure("ours", load);
            best[0] = theirs > best[0] ? theirs : best[0];
            best[1] = ours > best[1] ? ours : best[1];
        }
        printf("poll_%d %.3f\n", status, best[1] / best[0]);
        raw_h2o_stop(raw);
    }
    server_stop(server);
    fixture_store_stop(&store);
    server_free(server);
    return 0;
}
