/* http_fixture — a server over a stand-in store, and a client that speaks raw bytes.
 *
 * The stand-in runs READ and WRITE steps on one thread each, in order, without a database: it is enough to show where
 * a request goes, and lets a test hold a step until it wants it to go on. */
#ifndef XY_TESTS_HTTP_FIXTURE_H
#define XY_TESTS_HTTP_FIXTURE_H

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "http/auth.h"
#include "http/exchange.h"
#include "http/server.h"
#include "tests/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the stand-in store ---- */

struct store {
    struct fixture_lane {
        pthread_t thread;
        struct mailbox mailbox;
        bool stopping;
        struct message stop;
    } lanes[2];
    _Atomic int refuse; /* so many store_submit answer BUSY */
    _Atomic int units;
};

static void fixture_done(struct message *message)
{
    struct store_unit *unit = container_of(message, struct store_unit, message);
    unit->done(unit);
}

static void fixture_run(struct message *message)
{
    struct store_unit *unit = container_of(message, struct store_unit, message);
    struct arena *arena = arena_new(MIB(4));
    struct tx tx = {.arena = arena};
    unit->result = unit->step(&tx, unit->job);
    arena_free(arena);
    unit->message.run = fixture_done;
    mailbox_post(unit->home, &unit->message);
}

static void fixture_stop(struct message *message)
{
    container_of(message, struct fixture_lane, stop)->stopping = true;
}

static void *fixture_lane_main(void *arg)
{
    struct fixture_lane *lane = arg;
    while (!lane->stopping)
        mailbox_wait(&lane->mailbox);
    return NULL;
}

enum err store_submit(struct store *store, struct store_unit *unit)
{
    if (atomic_load(&store->refuse) > 0) {
        atomic_fetch_sub(&store->refuse, 1);
        return ERR_BUSY;
    }
    atomic_fetch_add(&store->units, 1);
    unit->message.run = fixture_run;
    mailbox_post(&store->lanes[unit->mode].mailbox, &unit->message);
    return ERR_NONE;
}

static void fixture_store_start(struct store *store)
{
    memset(store, 0, sizeof *store);
    for (size_t i = 0; i < 2; i++) {
        mailbox_init(&store->lanes[i].mailbox, NULL, NULL);
        pthread_create(&store->lanes[i].thread, NULL, fixture_lane_main, &store->lanes[i]);
    }
}

static void fixture_store_stop(struct store *store)
{
    for (size_t i = 0; i < 2; i++) {
        store->lanes[i].stop.run = fixture_stop;
        mailbox_post(&store->lanes[i].mailbox, &store->lanes[i].stop);
        pthread_join(store->lanes[i].thread, NULL);
        mailbox_release(&store->lanes[i].mailbox);
    }
}

/* ---- a door a step can be held at ---- */

struct door {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int waiting, open; /* open: how many may pass */
};

static inline void door_pass(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    door->waiting++;
    pthread_cond_broadcast(&door->moved);
    while (door->open == 0)
        pthread_cond_wait(&door->moved, &door->lock);
    door->open--;
    door->waiting--;
    pthread_mutex_unlock(&door->lock);
}

static inline void door_wait_for_visitor(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    while (door->waiting == 0)
        pthread_cond_wait(&door->moved, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

static inline void door_let(struct door *door, int count)
{
    pthread_mutex_lock(&door->lock);
    door->open += count;
    pthread_cond_broadcast(&door->moved);
    pthread_mutex_unlock(&door->lock);
}

#define DOOR                                                                                                           \
    {                                                                                                                  \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0                                                      \
    }

/* ---- the client ---- */

static inline int client_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    struct timeval limit = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static inline void client_send(int fd, const void *bytes, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, (const char *)bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the server closed: what it answered is still to be read */
        sent += (size_t)n;
    }
}

static inline void client_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

struct answer {
    int status; /* 0: closed without one */
    char head[8192];
    char body[65536];
    size_t body_len;
    bool closed; /* the connection, behind this answer; only known when asked with client_is_closed */
};

static inline bool client_is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) <= 0;
}

/* Value of a header in the answer, "" when absent; valid until the next call. */
static inline const char *answer_header(const struct answer *answer, const char *name)
{
    static _Thread_local char value[2048];
    size_t len = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':') {
            const char *end = strstr(line + 2, "\r\n");
            snprintf(value, sizeof value, "%.*s", (int)(end - line - 4 - (ptrdiff_t)len), line + 4 + len);
            return value;
        }
    return "";
}

static inline bool client_read_head(int fd, struct answer *answer)
{
    size_t len = 0;
    memset(answer, 0, offsetof(struct answer, body) + 1);
    answer->body_len = 0;
    while (len < sizeof answer->head - 1 && recv(fd, answer->head + len, 1, 0) == 1) {
        answer->head[++len] = 0;
        if (len >= 4 && memcmp(answer->head + len - 4, "\r\n\r\n", 4) == 0) {
            answer->status = (int)strtol(answer->head + 9, NULL, 10);
            return true;
        }
    }
    return false;
}

/* Reads one answer with Content-Length. */
static inline void client_read(int fd, struct answer *answer, bool has_body)
{
    if (!client_read_head(fd, answer) || !has_body)
        return;
    size_t want = (size_t)strtoul(answer_header(answer, "Content-Length"), NULL, 10);
    while (answer->body_len < want && want < sizeof answer->body) {
        ssize_t n = recv(fd, answer->body + answer->body_len, want - answer->body_len, 0);
        if (n <= 0)
            break;
        answer->body_len += (size_t)n;
    }
    answer->body[answer->body_len] = 0;
}

/* One request on a connection of its own. */
static inline void client_ask(int port, struct answer *answer, const char *request)
{
    int fd = client_connect(port);
    client_text(fd, request);
    client_read(fd, answer, strncmp(request, "HEAD", 4) != 0);
    close(fd);
}

#endif
