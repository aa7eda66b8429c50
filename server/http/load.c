#include "http/load.h"

#include "base/check.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX KIB(64)
#define REQUEST_BYTES_MAX KIB(4)
#define TIMES 200000u /* answer times kept per thread for the percentiles */

struct client {
    int fd;
    size_t number;
    uint64_t turn;
    int64_t sent_us;
    size_t have;
    char answer[ANSWER_BYTES_MAX];
};

struct crew {
    const struct load_options *options;
    pthread_t thread;
    size_t first, count;
    uint64_t answers, wrong;
    size_t answer_bytes;
    uint32_t *times_us;
    size_t time_count;
};

static void send_next(const struct load_options *options, struct client *c)
{
    char made[REQUEST_BYTES_MAX];
    const char *request = options->request;
    size_t len = options->make == NULL ? strlen(request) : 0;
    if (options->make != NULL) {
        len = options->make(options->make_arg, c->number, c->turn, made, sizeof made);
        request = made;
    }
    c->turn++;
    c->have = 0;
    c->sent_us = clock_mono_us();
    if (send(c->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        c->turn = 0;
}

static bool open_client(const struct load_options *options, struct client *c, int epoll)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

/* Length of the whole answer, 0 while it is not all there. */
static size_t whole(const struct client *c)
{
    const char *end = memmem(c->answer, c->have, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - c->answer) + 4, body = 0;
    const char *length = memmem(c->answer, head, "Content-Length: ", 16);
    if (length != NULL)
        body = (size_t)strtoul(length + 16, NULL, 10);
    return c->have >= head + body ? head + body : 0;
}

static void on_readable(struct crew *crew, struct client *c, int epoll, bool measuring)
{
    const struct load_options *options = crew->options;
    ssize_t n = recv(c->fd, c->answer + c->have, sizeof c->answer - c->have, 0);
    if (n <= 0) {
        crew->wrong += measuring;
        close(c->fd);
        if (open_client(options, c, epoll))
            send_next(options, c);
        return;
    }
    c->have += (size_t)n;
    size_t len = whole(c);
    if (len == 0)
        return;
    if (measuring) {
        crew->answers++;
        crew->wrong += strtol(c->answer + 9, NULL, 10) != options->want_status;
        crew->answer_bytes = len;
        if (crew->time_count < TIMES)
            crew->times_us[crew->time_count++] = (uint32_t)(clock_mono_us() - c->sent_us);
    }
    send_next(options, c);
}

static void *crew_main(void *arg)
{
    struct crew *crew = arg;
    const struct load_options *options = crew->options;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct client *clients = calloc(crew->count, sizeof *clients);
    struct epoll_event events[256];
    CHECK(epoll >= 0 && clients != NULL);
    for (size_t i = 0; i < crew->count; i++) {
        clients[i].number = crew->first + i;
        if (open_client(options, &clients[i], epoll))
            send_next(options, &clients[i]);
    }
    int64_t begin_us = clock_mono_us() + options->warm_up_ms * 1000, end_us = begin_us + options->duration_ms * 1000;
    for (int64_t now_us = clock_mono_us(); now_us < end_us; now_us = clock_mono_us()) {
        int count = epoll_wait(epoll, events, countof(events), 50);
        for (int i = 0; i < count; i++)
            on_readable(crew, events[i].data.ptr, epoll, now_us >= begin_us);
    }
    for (size_t i = 0; i < crew->count; i++)
        close(clients[i].fd);
    close(epoll);
    free(clients);
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void summarise(struct crew *crews, size_t count, struct load_result *result)
{
    uint32_t *all = calloc(count * TIMES, sizeof *all);
    size_t total = 0;
    CHECK(all != NULL);
    for (size_t i = 0; i < count; i++) {
        memcpy(all + total, crews[i].times_us, crews[i].time_count * sizeof *all);
        total += crews[i].time_count;
        result->answers += crews[i].answers;
        result->wrong += crews[i].wrong;
        if (crews[i].answer_bytes > 0)
            result->answer_bytes = crews[i].answer_bytes;
        free(crews[i].times_us);
    }
    qsort(all, total, sizeof *all, by_time);
    if (total > 0) {
        result->p50_us = all[total / 2];
        result->p99_us = all[total * 99 / 100];
        result->max_us = all[total - 1];
    }
    free(all);
}

void load_run(const struct load_options *options, struct load_result *result)
{
    size_t threads = options->threads > 0 ? options->threads : 1;
    struct crew *crews = calloc(threads, sizeof *crews);
    CHECK(crews != NULL);
    *result = (struct load_result){0};
    for (size_t i = 0; i < threads; i++) {
        size_t first = options->connections * i / threads, next = options->connections * (i + 1) / threads;
        crews[i] = (struct crew){.options = options, .first = first, .count = next - first};
        crews[i].times_us = calloc(TIMES, sizeof(uint32_t));
        CHECK(crews[i].times_us != NULL && pthread_create(&crews[i].thread, NULL, crew_main, &crews[i]) == 0);
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(crews[i].thread, NULL);
    summarise(crews, threads, result);
    result->answers_per_s = (double)result->answers * 1000.0 / (double)options->duration_ms;
    free(crews);
}
