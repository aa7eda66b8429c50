#include "bench_mixed_client.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SAMPLES_MAX 2000000
#define EVENTS      512
#define REST_US     SECONDS_US(1)
#define LAST_US     SECONDS_US(10)

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

bool mixed_open(struct mixed_run *run, int port, enum mixed_kind kind, size_t count)
{
    struct mixed_kind_state *state = &run->kinds[kind];
    run->port = port;
    if (run->epoll_fd == 0)
        run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    state->clients = calloc(count, sizeof *state->clients);
    state->samples_us = malloc(SAMPLES_MAX * sizeof *state->samples_us);
    CHECK(run->epoll_fd > 0 && state->clients != NULL && state->samples_us != NULL);
    for (size_t i = 0; i < count; i++) {
        struct mixed_client *c = &state->clients[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        *c = (struct mixed_client){.run = run, .kind = kind, .index = i, .fd = connect_to(port)};
        if (c->fd < 0)
            return false;
        state->count++;
        c->answer = malloc(kind == MIXED_POLL ? KIB(8) : MIXED_ANSWER_BYTES_MAX);
        CHECK(c->answer != NULL && epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0);
        if (kind == MIXED_UPLOAD) {
            c->photo = malloc(2 * MIXED_PART_BYTES);
            CHECK(c->photo != NULL);
            crypt_random(c->photo, 2 * MIXED_PART_BYTES);
            memcpy(c->photo, "\xff\xd8\xff\xe0", 4); /* begins like a JPEG */
        }
    }
    return true;
}

static void watch(struct mixed_client *c, bool to_write)
{
    struct epoll_event event = {.events = to_write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
    if (c->wants_to_write != to_write)
        CHECK(epoll_ctl(c->run->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) == 0);
    c->wants_to_write = to_write;
}

/* The connection is of no use any more. */
static void fail(struct mixed_client *c, const char *why)
{
    struct mixed_kind_state *state = &c->run->kinds[c->kind];
    if (state->errors++ == 0)
        snprintf(state->first_error, sizeof state->first_error, "%s", why);
    c->has_failed = true;
    epoll_ctl(c->run->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
}

/* The server ends connections of uploads with each answer. */
static void renew(struct mixed_client *c)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    close(c->fd);
    c->fd = connect_to(c->run->port);
    c->wants_to_write = false;
    if (c->fd < 0)
        fail(c, strerror(errno));
    else
        CHECK(epoll_ctl(c->run->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0);
}

static void write_rest(struct mixed_client *c)
{
    size_t all = c->head_len + c->body_len;
    while (c->written < all) {
        bool in_head = c->written < c->head_len;
        const void *from = in_head ? (const void *)(c->head + c->written) : c->body + (c->written - c->head_len);
        ssize_t n = send(c->fd, from, (in_head ? c->head_len : all) - c->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) {
            fail(c, strerror(errno));
            return;
        }
        if (n <= 0)
            break;
        c->written += (size_t)n;
    }
    watch(c, c->written < all);
}

void mixed_send(struct mixed_client *c, const char *head, size_t head_len, const unsigned char *body, size_t body_len)
{
    c->head = head;
    c->head_len = head_len;
    c->body = body;
    c->body_len = body_len;
    c->written = c->answer_len = 0;
    c->sent_us = clock_mono_us();
    write_rest(c);
}

#define HEAD "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"

void mixed_say(struct mixed_client *c, const char *method, const char *path, const char *token, const char *json)
{
    int len = snprintf(c->text, sizeof c->text,
                       "%s %s HTTP/1.1\r\n" HEAD "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       method, path, token, strlen(json), json);
    CHECK(len > 0 && (size_t)len < sizeof c->text);
    mixed_send(c, c->text, (size_t)len, NULL, 0);
}

void mixed_say_part(struct mixed_client *c, const char *path, const char *token, size_t offset,
                    const unsigned char *bytes, size_t size)
{
    int len = snprintf(c->text, sizeof c->text,
                       "PATCH %s HTTP/1.1\r\n" HEAD "Content-Type: application/offset+octet-stream\r\n"
                       "Upload-Offset: %zu\r\nContent-Length: %zu\r\n\r\n",
                       path, token, offset, size);
    CHECK(len > 0 && (size_t)len < sizeof c->text);
    mixed_send(c, c->text, (size_t)len, bytes, size);
}

const char *mixed_member(const struct mixed_client *c, const char *name, char value[64])
{
    char mark[32];
    snprintf(mark, sizeof mark, "\"%s\":", name);
    const char *at = strstr(c->answer, mark);
    at = at != NULL ? at + strlen(mark) : "";
    at += *at == '"';
    snprintf(value, 64, "%.*s", (int)strcspn(at, "\",}"), at);
    return value;
}

void mixed_wait_until(struct mixed_client *c, int64_t due_us)
{
    struct mixed_kind_state *state = &c->run->kinds[c->kind];
    c->due_us = due_us;
    c->sent_us = 0;
    c->next = NULL;
    if (state->last != NULL)
        state->last->next = c;
    else
        state->first = c;
    state->last = c;
}

struct mixed_client *mixed_idle(struct mixed_run *run, enum mixed_kind kind, size_t *from)
{
    struct mixed_kind_state *state = &run->kinds[kind];
    for (size_t i = 0; i < state->count; i++) {
        struct mixed_client *c = &state->clients[(*from + i) % state->count];
        if (c->is_busy || c->has_failed)
            continue;
        *from = (*from + i + 1) % state->count;
        return c;
    }
    return NULL;
}

void mixed_start(struct mixed_run *run, enum mixed_kind kind, int64_t over_us)
{
    struct mixed_kind_state *state = &run->kinds[kind];
    int64_t now_us = clock_mono_us();
    for (size_t i = 0; i < state->count; i++)
        mixed_wait_until(&state->clients[i], now_us + over_us * (int64_t)i / (int64_t)state->count);
}

/* Status of the answer collected so far, 0 when it is not whole. */
static int whole_answer(struct mixed_client *c)
{
    c->answer[c->answer_len] = '\0';
    const char *end_of_head = strstr(c->answer, "\r\n\r\n"), *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (end_of_head == NULL)
        return 0;
    int status = (int)strtol(c->answer + 9, NULL, 10);
    size_t body = status != 304 && status != 204 && length != NULL ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    return c->answer_len >= (size_t)(end_of_head + 4 - c->answer) + body ? status : 0;
}

static void wrong_status(struct mixed_client *c, int64_t now_us)
{
    struct mixed_kind_state *state = &c->run->kinds[c->kind];
    if (state->errors++ == 0)
        snprintf(state->first_error, sizeof state->first_error, "%d instead of %d: %.100s", c->status, c->expected,
                 strstr(c->answer, "\r\n\r\n") + 4);
    c->is_busy = false;
    if (c->kind != MIXED_UPLOAD)
        mixed_wait_until(c, now_us + REST_US);
}

static void receive(struct mixed_client *c)
{
    struct mixed_kind_state *state = &c->run->kinds[c->kind];
    size_t max = (c->kind == MIXED_POLL ? KIB(8) : MIXED_ANSWER_BYTES_MAX) - 1;
    ssize_t n = recv(c->fd, c->answer + c->answer_len, max - c->answer_len, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        fail(c, n == 0 ? "the server closed, or its answer was too large" : strerror(errno));
        return;
    }
    c->answer_len += (size_t)n;
    c->status = whole_answer(c);
    if (c->status == 0)
        return;
    int64_t now_us = clock_mono_us();
    if (strcasestr(c->answer, "\r\nconnection: close") != NULL)
        renew(c);
    if (state->sample_count < SAMPLES_MAX)
        state->samples_us[state->sample_count++] = (uint32_t)(now_us - c->sent_us);
    c->sent_us = 0;
    if (c->status != c->expected && !(c->expected == 304 && c->status == 200))
        wrong_status(c, now_us);
    else if (!c->run->is_ending)
        c->run->answered(c->run, c, now_us);
}

static void wake_due(struct mixed_run *run, int64_t now_us)
{
    for (int kind = 0; kind < MIXED_KINDS; kind++) {
        struct mixed_kind_state *state = &run->kinds[kind];
        while (state->first != NULL && state->first->due_us <= now_us) {
            struct mixed_client *c = state->first;
            state->first = c->next;
            if (state->first == NULL)
                state->last = NULL;
            if (!c->has_failed)
                run->due(run, c, now_us);
        }
    }
}

static size_t in_flight(const struct mixed_run *run)
{
    size_t count = 0;
    for (int kind = 0; kind < MIXED_KINDS; kind++)
        for (size_t i = 0; i < run->kinds[kind].count; i++)
            count += run->kinds[kind].clients[i].sent_us != 0 && !run->kinds[kind].clients[i].has_failed;
    return count;
}

static void one_round(struct mixed_run *run)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(run->epoll_fd, events, EVENTS, 1);
    for (int i = 0; i < count; i++) {
        struct mixed_client *c = events[i].data.ptr;
        if ((events[i].events & EPOLLOUT) != 0 && !c->has_failed)
            write_rest(c);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 && !c->has_failed)
            receive(c);
    }
}

void mixed_work(struct mixed_run *run, int64_t duration_us)
{
    int64_t stop_us = clock_mono_us() + duration_us, now_us;
    while ((now_us = clock_mono_us()) < stop_us && !run->is_ending) {
        wake_due(run, now_us);
        run->tick(run, now_us);
        one_round(run);
    }
    run->is_ending = true;
    stop_us = now_us;
    for (size_t left = in_flight(run); left > 0; left = in_flight(run)) {
        one_round(run);
        if (clock_mono_us() < stop_us + LAST_US)
            continue;
        run->kinds[MIXED_POLL].errors += (int64_t)left;
        snprintf(run->kinds[MIXED_POLL].first_error, sizeof run->kinds[0].first_error, "%zu were never answered", left);
        break;
    }
}

void mixed_close(struct mixed_run *run)
{
    for (int kind = 0; kind < MIXED_KINDS; kind++)
        for (size_t i = 0; i < run->kinds[kind].count; i++)
            close(run->kinds[kind].clients[i].fd);
    close(run->epoll_fd);
}

void mixed_free(struct mixed_run *run)
{
    for (int kind = 0; kind < MIXED_KINDS; kind++) {
        for (size_t i = 0; i < run->kinds[kind].count; i++) {
            free(run->kinds[kind].clients[i].answer);
            free(run->kinds[kind].clients[i].photo);
        }
        free(run->kinds[kind].clients);
        free(run->kinds[kind].samples_us);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

void mixed_figures(struct mixed_run *run, enum mixed_kind kind, struct mixed_figures *f)
{
    struct mixed_kind_state *state = &run->kinds[kind];
    *f = (struct mixed_figures){.errors = state->errors, .first_error = state->first_error};
    if (state->sample_count == 0)
        return;
    qsort(state->samples_us, state->sample_count, sizeof *state->samples_us, by_size);
    f->p50_us = state->samples_us[state->sample_count / 2];
    f->p99_us = state->samples_us[state->sample_count * 99 / 100];
    f->worst_us = state->samples_us[state->sample_count - 1];
}
