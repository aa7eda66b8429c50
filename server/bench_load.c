#include "bench_load.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX KIB(64)
#define SAMPLES_MAX      2000000
#define EVENTS           256

struct client {
    int fd;
    int64_t sent_count, sent_us;
    struct load_request request;
    size_t written;
    char *answer;
    size_t len;
    bool ended;
};

struct running {
    struct load *load;
    struct client *clients;
    int epoll_fd, open_count;
    int64_t stop_us;
    uint32_t *samples_us;
    size_t sample_count;
};

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void end(struct running *r, struct client *c)
{
    if (c->ended)
        return;
    c->ended = true;
    r->open_count--;
    epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
}

static void send_rest(struct running *r, struct client *c)
{
    while (c->written < c->request.len) {
        ssize_t n = send(c->fd, c->request.bytes + c->written, c->request.len - c->written, MSG_NOSIGNAL);
        if (n <= 0) { /* requests are far smaller than a socket buffer */
            r->load->errors++;
            end(r, c);
            return;
        }
        c->written += (size_t)n;
    }
}

static void send_next(struct running *r, struct client *c, int64_t now_us)
{
    c->request = r->load->next(r->load->arg, (int)(c - r->clients), c->sent_count);
    if (c->request.bytes == NULL || (r->stop_us > 0 && now_us >= r->stop_us)) {
        end(r, c);
        return;
    }
    c->written = c->len = 0;
    c->sent_us = now_us;
    c->sent_count++;
    send_rest(r, c);
}

/* Status and whole length of the answer collected so far; 0: not whole yet, -1: not HTTP. */
static int answer_of(const struct client *c)
{
    if (c->len < 16)
        return 0;
    const char *end_of_head = memmem(c->answer, c->len, "\r\n\r\n", 4);
    if (end_of_head == NULL)
        return c->len == ANSWER_BYTES_MAX ? -1 : 0;
    int status = (c->answer[9] - '0') * 100 + (c->answer[10] - '0') * 10 + (c->answer[11] - '0');
    size_t head = (size_t)(end_of_head - c->answer) + 4, body = 0;
    for (const char *line = memchr(c->answer, '\n', head); line != NULL && line < end_of_head;
         line = memchr(line, '\n', (size_t)(end_of_head - line))) {
        line++;
        if (strncasecmp(line, "content-length:", 15) == 0)
            body = (size_t)strtoul(line + 15, NULL, 10);
    }
    if (status == 304 || status == 204)
        body = 0;
    return c->len >= head + body ? status : 0;
}

static void receive(struct running *r, struct client *c)
{
    ssize_t n = recv(c->fd, c->answer + c->len, ANSWER_BYTES_MAX - c->len, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        r->load->errors++;
        end(r, c);
        return;
    }
    c->len += (size_t)n;
    int status = answer_of(c);
    if (status == 0)
        return;
    int64_t now_us = clock_mono_us();
    if (r->sample_count < SAMPLES_MAX)
        r->samples_us[r->sample_count++] = (uint32_t)(now_us - c->sent_us);
    if (status == r->load->status) {
        r->load->answers++;
    } else {
        r->load->errors++;
        if (r->load->first_error_status == 0)
            r->load->first_error_status = status;
    }
    send_next(r, c, now_us);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void summarise(struct running *r)
{
    struct load *load = r->load;
    if (r->sample_count == 0)
        return;
    qsort(r->samples_us, r->sample_count, sizeof *r->samples_us, by_size);
    load->p50_us = r->samples_us[r->sample_count / 2];
    load->p99_us = r->samples_us[r->sample_count * 99 / 100];
    load->worst_us = r->samples_us[r->sample_count - 1];
}

static bool open_all(struct running *r)
{
    for (int i = 0; i < r->load->connections; i++) {
        struct client *c = &r->clients[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = connect_to(r->load->port);
        if (c->fd < 0)
            return false;
        c->answer = malloc(ANSWER_BYTES_MAX);
        CHECK(c->answer != NULL);
        CHECK(epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0);
        r->open_count++;
    }
    return true;
}

static void close_all(struct running *r)
{
    struct load *load = r->load;
    if (load->keep_open)
        load->sockets = calloc((size_t)load->connections, sizeof(int));
    for (int i = 0; i < load->connections; i++) {
        free(r->clients[i].answer);
        if (load->keep_open && load->sockets != NULL)
            load->sockets[i] = r->clients[i].fd;
        else if (r->clients[i].fd > 0)
            close(r->clients[i].fd);
    }
    close(r->epoll_fd);
    free(r->clients);
    free(r->samples_us);
}

bool load_run(struct load *load)
{
    struct running r = {.load = load, .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    struct epoll_event events[EVENTS];
    r.clients = calloc((size_t)load->connections, sizeof *r.clients);
    r.samples_us = malloc(SAMPLES_MAX * sizeof *r.samples_us);
    CHECK(r.clients != NULL && r.samples_us != NULL && r.epoll_fd >= 0);
    load->answers = load->errors = load->first_error_status = 0;
    bool good = open_all(&r);
    int64_t start_us = clock_mono_us();
    r.stop_us = load->duration_us > 0 ? start_us + load->duration_us : 0;
    for (int i = 0; good && i < load->connections; i++)
        send_next(&r, &r.clients[i], start_us);
    while (good && r.open_count > 0) {
        int count = epoll_wait(r.epoll_fd, events, EVENTS, 30000);
        if (count <= 0) { /* half a minute without a single answer */
            load->errors += r.open_count;
            break;
        }
        for (int i = 0; i < count; i++)
            receive(&r, events[i].data.ptr);
    }
    load->elapsed_us = clock_mono_us() - start_us;
    summarise(&r);
    close_all(&r);
    return good;
}

void load_close(struct load *load)
{
    for (int i = 0; load->sockets != NULL && i < load->connections; i++)
        close(load->sockets[i]);
    free(load->sockets);
    load->sockets = NULL;
}

size_t bench_fetch(int port, const char *request, char *answer, size_t max)
{
    size_t len = 0;
    int fd = connect_to(port);
    if (fd < 0)
        return 0;
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
        while (len < max - 1) {
            ssize_t n = recv(fd, answer + len, max - 1 - len, 0);
            if (n <= 0)
                break;
            len += (size_t)n;
        }
    answer[len] = '\0';
    close(fd);
    return len;
}
