/* links: xy_http xy_base */
/* What lasts: polls from memory, long polls, events, clients that leave, servers that stop. */
#include "exchange_fixture.h"

/* ---- polls ---- */

static void poll_once(int fd, struct answer *a, const char *more)
{
    static char request[2048];
    snprintf(request, sizeof request, "GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n%s\r\n",
             student_token, more);
    client_text(fd, request);
    if (client_read_head(fd, a) && a->status == 200) {
        size_t want = (size_t)strtoul(answer_header(a, "Content-Length"), NULL, 10);
        a->body_len = (size_t)recv(fd, a->body, want, MSG_WAITALL);
        a->body[a->body_len] = 0;
    }
}

static void touch(const char *id)
{
    struct store_change change = {TOPIC_SUBMISSION, ""};
    snprintf(change.id, sizeof change.id, "%s", id);
    server_announce(server, &change, 1);
}

TEST(a_poll_is_answered_from_memory_until_it_is_touched)
{
    static struct answer a;
    struct server_stats stats;
    start();
    int fd = client_connect(port);
    atomic_store(&poll_version, 1);
    poll_once(fd, &a, "");
    EQ_INT(200, a.status);
    EQ_TEXT("\"v1-zh\"", answer_header(&a, "ETag"));
    EQ_TEXT("{\"version\":1}", a.body);
    int units = atomic_load(&store.units);
    poll_once(fd, &a, "");
    EQ_INT(200, a.status);
    EQ_TEXT("{\"version\":1}", a.body);
    EQ_TEXT("nosniff", answer_header(&a, "X-Content-Type-Options"));
    poll_once(fd, &a, "If-None-Match: \"v1-zh\"\r\n");
    EQ_INT(304, a.status);
    EQ_TEXT("\"v1-zh\"", answer_header(&a, "ETag"));
    EQ_INT(units, atomic_load(&store.units));
    server_stats(server, &stats);
    EQ_INT(1, stats.poll_hits_200);
    EQ_INT(1, stats.poll_hits_304);
    poll_once(fd, &a, "If-None-Match: \"v1-zh\"\r\nAccept-Language: en\r\n");
    EQ_INT(200, a.status); /* another language is another answer */
    EQ_TEXT("\"v1-en\"", answer_header(&a, "ETag"));
    atomic_store(&poll_version, 2);
    touch("s1");
    poll_once(fd, &a, "If-None-Match: \"v1-zh\"\r\n");
    EQ_INT(200, a.status);
    EQ_TEXT("{\"version\":2}", a.body);
    poll_once(fd, &a, "If-None-Match: \"v2-zh\"\r\n");
    EQ_INT(304, a.status);
    close(fd);
    stop();
}

static void wait_until_parked(size_t count)
{
    struct server_stats stats;
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.parked != count);
}

TEST(a_long_poll_waits_for_the_touch)
{
    static struct answer a;
    start();
    atomic_store(&poll_version, 5);
    int fd = client_connect(port);
    poll_once(fd, &a, "");
    client_text(fd, with_token("GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n"
                               "If-None-Match: \"v5-zh\"\r\nPrefer: wait=20\r\n\r\n",
                               student_token));
    wait_until_parked(1);
    touch("another"); /* wakes nobody */
    wait_until_parked(1);
    atomic_store(&poll_version, 6);
    touch("s1");
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    EQ_TEXT("{\"version\":6}", a.body);
    wait_until_parked(0);
    client_text(fd, with_token("GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n"
                               "If-None-Match: \"v6-zh\"\r\nPrefer: wait=1\r\n\r\n",
                               student_token));
    TRUE(client_read_head(fd, &a));
    EQ_INT(304, a.status); /* nothing happened for a second */
    close(fd);
    stop();
}

TEST(too_many_long_polls_are_answered_at_once)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.poll_parked_max = 1;
    start_with(limits);
    atomic_store(&poll_version, 1);
    int first = client_connect(port), second = client_connect(port);
    const char *request = with_token("GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n"
                                     "If-None-Match: \"v1-zh\"\r\nPrefer: wait=20\r\n\r\n",
                                     student_token);
    client_text(first, request);
    wait_until_parked(1);
    client_text(second, request);
    TRUE(client_read_head(second, &a));
    EQ_INT(304, a.status);
    wait_until_parked(1);
    close(second);
    server_stop(server); /* a stop answers those who wait */
    TRUE(client_read_head(first, &a));
    EQ_INT(304, a.status);
    EQ_TEXT("close", answer_header(&a, "Connection"));
    close(first);
    stop();
}

/* ---- events ---- */

/* The next event's data; "" when the stream ended. */
static const char *next_event(int fd, const char *name)
{
    static char line[1024];
    bool ours = false;
    for (size_t len = 0; recv(fd, line + len, 1, 0) == 1;) {
        if (line[len] != '\n') {
            len += len < sizeof line - 2;
            continue;
        }
        line[len] = 0;
        len = 0;
        if (text_starts(line, "event: "))
            ours = strcmp(line + 7, name) == 0;
        else if (ours && text_starts(line, "data: "))
            return line + 6;
    }
    return "";
}

TEST(a_console_hears_counts_and_events)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_text(fd, with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token));
    TRUE(client_read_head(fd, &a));
    EQ_INT(200, a.status);
    EQ_TEXT("text/event-stream", answer_header(&a, "Content-Type"));
    EQ_TEXT("no-store, no-transform", answer_header(&a, "Cache-Control"));
    EQ_TEXT("{\"waiting\":0}", next_event(fd, "counts"));
    sse_broadcast(server, "batch.changed", "{\"for\":\"others\"}", ROLE_BATCH, NULL);
    sse_broadcast(server, "lease.lost", "{\"id\":1}", ROLE_REVIEWER, NULL);
    EQ_TEXT("{\"id\":1}", next_event(fd, "lease.lost"));
    atomic_store(&notes_written, 3);
    struct store_change change = {TOPIC_QUEUE, ""};
    server_announce(server, &change, 1);
    EQ_TEXT("{\"waiting\":3}", next_event(fd, "counts"));
    struct store_change logout = {TOPIC_LOGIN, "staff1"};
    server_announce(server, &logout, 1);
    EQ_TEXT("", next_event(fd, "counts")); /* the stream ends with the login */
    close(fd);
    fd = client_connect(port);
    client_text(fd, with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token));
    TRUE(client_read_head(fd, &a));
    EQ_INT(200, a.status);
    server_stop(server); /* a stop ends it too */
    EQ_TEXT("", next_event(fd, "never"));
    close(fd);
    stop();
}

TEST(a_console_that_does_not_read_is_cut_off)
{
    static struct answer a;
    static char json[SSE_EVENT_BYTES_MAX + 1];
    struct server_stats stats;
    start();
    int fd = client_connect(port), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_text(fd, with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token));
    TRUE(client_read_head(fd, &a));
    memset(json, 'x', sizeof json - 1);
    int sent = 0;
    do {
        sse_broadcast(server, "big", json, ROLE_STAFF, NULL);
        sched_yield();
        server_stats(server, &stats);
    } while (stats.sse_clients > 0 && ++sent < 20000);
    TRUE(stats.sse_clients == 0);
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.connections > 0);
    close(fd);
    stop();
}

TEST(consoles_are_bounded)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.sse_clients_max = 1;
    start_with(limits);
    const char *request = with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token);
    int first = client_connect(port), second = client_connect(port);
    client_text(first, request);
    TRUE(client_read_head(first, &a));
    EQ_INT(200, a.status);
    client_text(second, request);
    client_read(second, &a, true);
    EQ_INT(503, a.status);
    EQ_TEXT("5", answer_header(&a, "Retry-After"));
    close(first);
    close(second);
    stop();
}

/* ---- clients that leave, servers that stop ---- */

TEST(a_client_that_left_gets_no_reply_but_its_write_happened)
{
    struct server_stats stats;
    start();
    atomic_store(&hold_writes, true);
    int fd = client_connect(port);
    client_text(fd,
                with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                           "{\"text\":\"hi\"}",
                           student_token));
    door_wait_for_visitor(&write_door);
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* reset, not FIN */
    close(fd);
    door_let(&write_door, 1);
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.exchanges > 0 || stats.connections > 0);
    EQ_INT(1, atomic_load(&notes_written));
    stop();
}

TEST(a_stop_lets_the_request_in_flight_finish)
{
    static struct answer a;
    pthread_t stopper;
    start();
    atomic_store(&hold_writes, true);
    int idle = client_connect(port), busy = client_connect(port);
    client_text(idle, "GET /notes/x HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(idle, &a, true);
    EQ_TEXT("keep-alive", answer_header(&a, "Connection"));
    client_text(busy,
                with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                           "{\"text\":\"hi\"}",
                           student_token));
    door_wait_for_visitor(&write_door);
    pthread_create(&stopper, NULL, (void *(*)(void *))(void *)server_stop, server);
    TRUE(client_is_closed(idle));                                           /* the idle one goes at once */
    for (int fd = client_connect(port); fd >= 0; fd = client_connect(port)) /* each loop closes its own door */
        close(fd);
    door_let(&write_door, 1);
    client_read(busy, &a, true);
    EQ_INT(201, a.status);
    EQ_TEXT("close", answer_header(&a, "Connection"));
    TRUE(client_is_closed(busy));
    pthread_join(stopper, NULL);
    close(idle);
    close(busy);
    stop();
}

TEST(a_stop_cuts_off_who_takes_longer_than_the_grace_time)
{
    static struct answer a;
    pthread_t stopper;
    struct server_limits limits = server_limits_default();
    limits.stop_grace_ms = 100;
    start_with(limits);
    atomic_store(&hold_writes, true);
    int busy = client_connect(port), slow = client_connect(port);
    client_text(slow, "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nsome");
    client_text(busy, "POST /called HTTP/1.1\r\nHost: h\r\nContent-Length: 13\r\n\r\n{\"text\":\"hi\"}");
    door_wait_for_visitor(&write_door);
    pthread_create(&stopper, NULL, (void *(*)(void *))(void *)server_stop, server);
    client_read(busy, &a, true);
    EQ_INT(503, a.status);
    EQ_TEXT("no: busy", a.body); /* in this caller's words */
    TRUE(client_is_closed(slow));
    door_let(&write_door, 1); /* the step on its way still comes home before server_stop returns */
    pthread_join(stopper, NULL);
    EQ_INT(1, atomic_load(&notes_written));
    close(busy);
    close(slow);
    stop();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
