/* links: xy_standin xy_dispatch PkgConfig::OPENSSL */
#include "base/crypt.h"
#include "dispatch/client.c"
#include "tests/check.h"
#include "tests/temp.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/tls_fixture.h"

struct got {
    struct client_request request;
    enum client_outcome outcome;
    int status, times;
    int64_t retry_after_us;
    char body[256], words[64];
};

static void on_done(struct client_request *request, const struct client_answer *answer)
{
    struct got *got = request->arg;
    got->outcome = answer->outcome;
    got->status = answer->status;
    got->retry_after_us = answer->retry_after_us;
    got->times++;
    snprintf(got->body, sizeof got->body, "%s", answer->body);
    snprintf(got->words, sizeof got->words, "%s", answer->words);
}

static void send_one(struct got *got, const char *method, const char *url)
{
    got->request.method = method;
    got->request.url = url;
    got->request.done = on_done;
    got->request.arg = got;
    got->times = 0;
    client_send(outside_client, &got->request);
}

/* Until every request has been answered; the loop has nothing else to do. */
static struct got ask(const char *method, const char *url, int64_t total_ms)
{
    struct got got = {.request = {.total_ms = total_ms}};
    send_one(&got, method, url);
    EQ_INT(0, got.times); /* never from inside client_send */
    while (got.times == 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    return got;
}

TEST(an_answer_is_an_answer_whatever_its_status)
{
    outside_up(NULL);
    struct got got = ask("GET", outside_url(outside_ports.chsi, "/photos"), 0);
    EQ_INT(CLIENT_ANSWERED, got.outcome);
    EQ_INT(200, got.status);
    EQ_TEXT("{\"items\":[],\"count\":0}", got.body);
    outside_fault(outside_ports.chsi, "status", 1, 503, "/photos");
    got = ask("GET", outside_url(outside_ports.chsi, "/photos"), 0);
    EQ_INT(CLIENT_ANSWERED, got.outcome);
    EQ_INT(503, got.status);
    EQ_INT(SECONDS_US(2), got.retry_after_us);
    outside_down();
}

TEST(what_broke_after_the_request_went_out_is_unknown)
{
    static const char *const faults[] = {"reset", "garbage", "truncate", "drop_answer"};
    outside_up(NULL);
    for (size_t i = 0; i < countof(faults); i++) {
        outside_fault(outside_ports.wechat, faults[i], 1, 0, "/messages");
        struct got got = ask("POST", outside_url(outside_ports.wechat, "/messages"), 0);
        if (got.outcome != CLIENT_UNKNOWN || got.words[0] == '\0')
            TEST_FAIL("%s: outcome %d", faults[i], got.outcome);
    }
    EQ_INT(4, outside_count(outside_ports.wechat, "/messages")); /* never repeated by itself */
    outside_down();
}

TEST(a_time_out_after_sending_is_unknown)
{
    outside_up(NULL);
    outside_fault(outside_ports.wechat, "slow", 1, 400, "/messages");
    struct got got = ask("POST", outside_url(outside_ports.wechat, "/messages"), 60);
    EQ_INT(CLIENT_UNKNOWN, got.outcome);
    outside_down();
}

/* A port nobody listens on: taken and given back. */
static int closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, len) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

TEST(what_never_left_is_not_sent)
{
    outside_up(NULL);
    EQ_INT(CLIENT_NOT_SENT, ask("POST", outside_url(closed_port(), "/"), 0).outcome);
    EQ_INT(CLIENT_NOT_SENT, ask("GET", "https://nobody.invalid/", 3000).outcome);
    EQ_INT(CLIENT_NOT_SENT, ask("GET", "ftp://127.0.0.1/", 0).outcome);
    /* a server without TLS: refused before anything was said */
    EQ_INT(CLIENT_NOT_SENT,
           ask("GET", arena_printf(outside_arena, "https://127.0.0.1:%d/", outside_ports.chsi), 1000).outcome);
    outside_down();
}

TEST(an_answer_that_is_too_large_is_cut_off)
{
    outside_up(NULL);
    struct got got = {.request = {.answer_bytes_max = 10}};
    send_one(&got, "GET", outside_url(outside_ports.chsi, "/photos"));
    while (got.times == 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    EQ_INT(CLIENT_UNKNOWN, got.outcome);
    EQ_TEXT("the answer is too large", got.words);
    outside_down();
}

TEST(a_guarded_request_reaches_no_private_address)
{
    outside_up(NULL);
    struct got got = {.request = {.guarded = true}};
    send_one(&got, "POST", outside_url(outside_ports.chsi, "/photos"));
    while (got.times == 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    EQ_INT(CLIENT_NOT_SENT, got.outcome);
    EQ_TEXT("the URL is not allowed", got.words);
    /* A name that resolves to loopback passes the look at the URL and is stopped when connecting. */
    struct client_request request = {.url = "https://x.example/", .guarded = true};
    struct call *call = call_new(&request, &(struct client_options){.allow_private = false});
    struct curl_sockaddr address = {.family = AF_INET, .socktype = SOCK_STREAM, .addrlen = sizeof(struct sockaddr_in)};
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&address.addr, &loopback, sizeof loopback);
    TRUE(on_open_socket(call, CURLSOCKTYPE_IPCXN, &address) == CURL_SOCKET_BAD);
    TRUE(call->denied);
    call_free(call);
    outside_down();
}

#define MANY 1000

TEST(a_thousand_requests_run_four_at_a_time_and_all_end_once)
{
    static struct got many[MANY];
    outside_up(NULL);
    memset(many, 0, sizeof many);
    const char *url = outside_url(outside_ports.chsi, "/photos");
    for (size_t i = 0; i < MANY; i++)
        send_one(&many[i], "GET", url);
    EQ_INT(MANY, client_in_flight(outside_client));
    EQ_INT(CLIENT_PER_HOST, outside_client->running);
    while (client_in_flight(outside_client) > 0)
        uv_run(&outside_loop, UV_RUN_ONCE);
    for (size_t i = 0; i < MANY; i++) {
        EQ_INT(1, many[i].times);
        EQ_INT(200, many[i].status);
    }
    EQ_INT(MANY, outside_count(outside_ports.chsi, "/photos"));
    outside_down();
}

TEST(closing_ends_what_runs_and_what_waits)
{
    static struct got many[10];
    outside_up(NULL);
    memset(many, 0, sizeof many);
    outside_fault(outside_ports.chsi, "slow", 10, 60000, "/photos");
    const char *url = outside_url(outside_ports.chsi, "/photos");
    for (size_t i = 0; i < countof(many); i++)
        send_one(&many[i], "GET", url);
    while (outside_count(outside_ports.chsi, "/photos") < CLIENT_PER_HOST)
        uv_run(&outside_loop, UV_RUN_NOWAIT);
    outside_down();
    for (size_t i = 0; i < countof(many); i++) {
        EQ_INT(1, many[i].times);
        EQ_INT(i < CLIENT_PER_HOST ? CLIENT_UNKNOWN : CLIENT_NOT_SENT, many[i].outcome);
    }
}

static int64_t fake_now_us;

static int64_t fake_now(void)
{
    return fake_now_us;
}

TEST(the_breaker_opens_waits_probes_and_closes)
{
    const struct client_options options = {.now_us = fake_now};
    fake_now_us = SECONDS_US(1000);
    outside_up(&options);
    const char *url = outside_url(outside_ports.chsi, "/photos");
    outside_fault(outside_ports.chsi, "status", 11, 500, "/photos");
    for (int i = 0; i < 10; i++)
        EQ_INT(500, ask("GET", url, 0).status);
    struct got got = ask("GET", url, 0);
    EQ_INT(CLIENT_NOT_SENT, got.outcome);
    EQ_TEXT("the circuit breaker is open", got.words);
    EQ_INT(BREAKER_OPEN_US, got.retry_after_us);
    EQ_INT(10, outside_count(outside_ports.chsi, "/photos"));
    fake_now_us += BREAKER_OPEN_US;
    EQ_INT(500, ask("GET", url, 0).status); /* the probe fails: open again */
    EQ_INT(CLIENT_NOT_SENT, ask("GET", url, 0).outcome);
    fake_now_us += BREAKER_OPEN_US;
    struct got together[3] = {0};
    for (size_t i = 0; i < countof(together); i++)
        send_one(&together[i], "GET", url);
    for (size_t i = 0; i < countof(together); i++)
        while (together[i].times == 0)
            uv_run(&outside_loop, UV_RUN_ONCE);
    for (size_t i = 0; i < countof(together); i++) /* two wait for what the probe finds */
        EQ_INT(200, together[i].status);
    /* Old failures are forgotten: nine now, one long ago. */
    fake_now_us += BREAKER_SLOTS * BREAKER_SLOT_US;
    outside_fault(outside_ports.chsi, "status", 9, 500, "/photos");
    for (int i = 0; i < 9; i++)
        EQ_INT(500, ask("GET", url, 0).status);
    EQ_INT(200, ask("GET", url, 0).status);
    outside_down();
}

/* ---- TLS ---- */

TEST(a_certificate_must_be_trusted_and_fit_the_name)
{
    outside_up(NULL);
    tls_up();
    struct got got = ask("POST", arena_printf(outside_arena, "https://127.0.0.1:%d/", tls.port), 0);
    EQ_INT(CLIENT_NOT_SENT, got.outcome); /* nobody we know signed it */
    outside_down();
    const struct client_options trusting = {.ca_file = tls.certificate};
    outside_up(&trusting);
    got = ask("POST", arena_printf(outside_arena, "https://127.0.0.1:%d/", tls.port), 0);
    EQ_INT(CLIENT_ANSWERED, got.outcome);
    EQ_TEXT("ok", got.body);
    got = ask("POST", arena_printf(outside_arena, "https://localhost:%d/", tls.port), 0);
    EQ_INT(CLIENT_NOT_SENT, got.outcome); /* not this name's */
    outside_down();
    tls_down();
}

TEST(text_is_escaped_for_a_url)
{
    struct arena *a = arena_new(KIB(4));
    EQ_TEXT("a%20b%26c%3D%E4%B8%AD-._~", client_escape(a, "a b&c=中-._~"));
    arena_free(a);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
