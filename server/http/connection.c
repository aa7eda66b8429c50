/* Accepting, counting and cutting off connections: what h2o leaves to whoever embeds it. */
#include "inside.h"

#include "base/check.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* ---- connections per client address, all loops together ---- */

#define ADDRESS_BUCKETS 4096u

struct address {
    struct address *next;
    char text[PEER_BYTES];
    int64_t count;
};

struct addresses {
    pthread_mutex_t lock; /* guards buckets */
    struct address *buckets[ADDRESS_BUCKETS];
};

struct addresses *addresses_new(void)
{
    struct addresses *addresses = calloc(1, sizeof *addresses);
    CHECK(addresses != NULL && pthread_mutex_init(&addresses->lock, NULL) == 0);
    return addresses;
}

void addresses_free(struct addresses *addresses)
{
    if (addresses == NULL)
        return;
    for (size_t i = 0; i < ADDRESS_BUCKETS; i++)
        CHECK(addresses->buckets[i] == NULL);
    pthread_mutex_destroy(&addresses->lock);
    free(addresses);
}

static struct address **address_link(struct addresses *addresses, const char *text)
{
    struct address **link = &addresses->buckets[poll_cache_slot(text, strlen(text)) % ADDRESS_BUCKETS];
    while (*link != NULL && strcmp((*link)->text, text) != 0)
        link = &(*link)->next;
    return link;
}

/* False: this address has as many as it may. */
static bool address_enter(struct addresses *addresses, const char *text, int64_t max)
{
    pthread_mutex_lock(&addresses->lock);
    struct address **link = address_link(addresses, text);
    if (*link == NULL) {
        *link = calloc(1, sizeof **link);
        CHECK(*link != NULL);
        memcpy((*link)->text, text, strlen(text) + 1);
    }
    bool may = (*link)->count < max;
    (*link)->count += may;
    pthread_mutex_unlock(&addresses->lock);
    return may;
}

static void address_leave(struct addresses *addresses, const char *text)
{
    pthread_mutex_lock(&addresses->lock);
    struct address **link = address_link(addresses, text), *address = *link;
    if (--address->count == 0) {
        *link = address->next;
        free(address);
    }
    pthread_mutex_unlock(&addresses->lock);
}

/* ---- accept ---- */

static void free_connection(uv_handle_t *handle)
{
    struct connection *c = container_of(handle, struct connection, tcp);
    crypt_wipe(c->token, sizeof c->token);
    free(c);
}

static void on_socket_closed(void *data)
{
    struct connection *c = data;
    struct loop *loop = c->loop;
    if (c->before != NULL)
        c->before->after = c->after;
    else
        loop->connections = c->after;
    if (c->after != NULL)
        c->after->before = c->before;
    loop->connection_count--;
    c->sock = NULL;
    atomic_fetch_sub(&loop->server->connections, 1);
    if (!c->peer_is_trusted)
        address_leave(loop->server->addresses, c->peer);
}

static bool read_peer(struct connection *c)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&address, &len) != 0)
        return false;
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
        c->peer_is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
        inet_ntop(AF_INET, &in->sin_addr, c->peer, sizeof c->peer);
    } else if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address;
        c->peer_is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
        inet_ntop(AF_INET6, &in6->sin6_addr, c->peer, sizeof c->peer);
    } else {
        return false;
    }
    c->peer_is_trusted = server_is_trusted(c->loop->server, c->peer);
    return true;
}

static bool admit(struct connection *c)
{
    struct server *server = c->loop->server;
    COUNT(server->accepted);
    if (!read_peer(c))
        return false; /* gone already */
    if ((int64_t)atomic_fetch_add(&server->connections, 1) >= server->limits.connections_max) {
        atomic_fetch_sub(&server->connections, 1);
        COUNT(server->refused_total);
        return false;
    }
    /* A trusted proxy brings everybody: only the total counts for it. */
    if (!c->peer_is_trusted && !address_enter(server->addresses, c->peer, server->limits.connections_per_address_max)) {
        atomic_fetch_sub(&server->connections, 1);
        COUNT(server->refused_address);
        return false;
    }
    return true;
}

void connection_on_accept(uv_stream_t *listener, int status)
{
    struct loop *loop = listener->data;
    if (status < 0) {
        LOG(WARN, "http.accept_failed", "why=%s", uv_err_name(status));
        return;
    }
    struct connection *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->loop = loop;
    CHECK(uv_tcp_init(&loop->uv, &c->tcp) == 0);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 || !admit(c)) {
        uv_close((uv_handle_t *)&c->tcp, free_connection);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1); /* pipelined answers must not wait for each other's acknowledgement */
    c->after = loop->connections;
    if (c->after != NULL)
        c->after->before = c;
    loop->connections = c;
    loop->connection_count++;
    c->sock = h2o_uv_socket_create((uv_stream_t *)&c->tcp, free_connection);
    c->sock->on_close.cb = on_socket_closed;
    c->sock->on_close.data = c;
    h2o_accept(&loop->accept, c->sock);
}

/* ---- cutting off ----
 * Only the descriptor is shut down; h2o then finds the connection closed by its own ways and frees what it has. While
 * a request is being worked on h2o does not read, so it finds out when the answer is written. */

static void cut(struct connection *c)
{
    shutdown(h2o_socket_get_fd(c->sock), SHUT_RDWR);
}

/* h2o has no time-out for writing: a client that does not read would keep its answer in memory for ever. */
static void sweep_slow(struct loop *loop, struct connection *c, int64_t now_ms)
{
    size_t waiting = uv_stream_get_write_queue_size((const uv_stream_t *)&c->tcp);
    if (waiting == 0 || waiting != c->written) {
        c->written = waiting;
        c->stuck_since_ms = waiting == 0 ? 0 : now_ms;
    } else if (now_ms - c->stuck_since_ms > loop->server->limits.request_timeout_ms) {
        COUNT(loop->counters.slow_cut);
        c->stuck_since_ms = now_ms;
        cut(c);
    }
}

void connection_sweep(struct loop *loop)
{
    int64_t now_ms = (int64_t)uv_now(&loop->uv);
    int64_t receiving = 0;
    int64_t max = loop->server->limits.upload_in_flight_bytes_max / (int64_t)loop->server->loop_count;
    if (now_ms - loop->swept_ms < 1000)
        return;
    loop->swept_ms = now_ms;
    for (struct connection *c = loop->connections; c != NULL; c = c->after) {
        sweep_slow(loop, c, now_ms);
        if (!h2o_socket_is_reading(c->sock) || c->sock->input->size < KIB(16))
            continue;
        /* The list begins with the newest: those that came when it was full already have to go. */
        receiving += (int64_t)c->sock->input->size;
    }
    for (struct connection *c = loop->connections; c != NULL && receiving > max; c = c->after) {
        if (!h2o_socket_is_reading(c->sock) || c->sock->input->size < KIB(16))
            continue;
        receiving -= (int64_t)c->sock->input->size;
        COUNT(loop->counters.memory_cut);
        cut(c);
    }
}

void connection_close_idle(struct loop *loop)
{
    for (struct connection *c = loop->connections; c != NULL; c = c->after)
        if (h2o_socket_is_reading(c->sock) && c->sock->input->size == 0)
            cut(c);
}

void connection_close_all(struct loop *loop)
{
    for (struct connection *c = loop->connections; c != NULL; c = c->after)
        cut(c);
}
