/* server — HTTP/1.1 for the API, the console and the student page.
 *
 * N loop threads, each with its own listener (SO_REUSEPORT), libuv loop, h2o context and mailbox; a connection stays
 * on the loop that accepted it. HTTP/2 is off: Debian's libh2o 2.2.5 lacks its later fixes; a front proxy adds it.
 *
 * Bounds: connections in all and per address (more are closed at accept and counted), head 100 fields and 32 KiB,
 * body by route, request time absolute over head and body, a response that makes no
 * progress for as long, bytes of half-received requests in all, parked long polls, SSE clients and their backlog.
 * Out of file descriptors: libuv keeps a spare one, takes what waits and closes it.
 *
 * Order of life: store_open (with server_announce through a pointer of main's) → server_start → … → server_stop →
 * store_close → server_free. */
#ifndef XY_HTTP_SERVER_H
#define XY_HTTP_SERVER_H

#include "http/auth.h"
#include "http/exchange.h"
#include "http/limit.h"

struct server;

struct server_limits { /* every one > 0; names as in config.def */
    int64_t connections_max, connections_per_address_max;
    int64_t request_timeout_ms, stop_grace_ms;
    int64_t upload_part_bytes_max;      /* largest body of any route */
    int64_t upload_in_flight_bytes_max; /* bodies received or being received, of all requests together */
    int64_t lane_threads, lane_queue_max;
    int64_t poll_wait_s_max, poll_parked_max, poll_cache_bytes_max;
    int64_t sse_clients_max;
    int64_t auth_entries_max;
};
/* Good for 10,000 clients; main overwrites what config.def knows. */
struct server_limits server_limits_default(void);

/* The state of things as a staff console sees it (counts by lane …): writes one JSON object into `out`, on one line.
 * Asked when the console connects and after TOPIC_QUEUE, at most once a second. READ step. */
struct sse_snapshot {
    struct principal who; /* in */
    struct buf *out;      /* in; at most SSE_EVENT_BYTES_MAX; cleared before each run */
    int64_t now_us;       /* in; wall clock: steps read none */
};
typedef enum err sse_snapshot_step(struct tx *tx, struct sse_snapshot *snapshot);

struct server_options {
    const char *address;                   /* numeric, IPv4 or IPv6 */
    int port;                              /* 0: any free one, see server_port */
    int loops;                             /* 0: one per core */
    const char *tls_certificate, *tls_key; /* PEM files; both or neither (NULL or "") */
    const char *trusted_proxies;           /* comma-separated numeric addresses; NULL or "" for none */
    const char *public_url;                /* its origin counts as ours; NULL or "": only scheme://Host does */
    const char *web_directory;             /* read into memory at start; NULL or "": no pages */
    const struct route *routes;            /* all of this outlives the server */
    size_t route_count;
    const struct limit_rule *limit_rules; /* NULL: none. CHECKed: two of a kind at most for one endpoint */
    size_t limit_rule_count;
    int64_t limits_scale_percent; /* limit.h */
    struct store *store;
    auth_resolve *resolve;
    auth_seen *seen;                                /* may be NULL */
    exchange_record_step *record_find, *record_put; /* may be NULL when no endpoint is keyed */
    sse_snapshot_step *snapshot;                    /* may be NULL: no event "counts" */
    void (*metrics)(void *arg, struct buf *out);    /* may be NULL; appends lines to GET /metrics. Loop thread, quick */
    void *metrics_arg;
    struct server_limits limits;
};

/* Returns when the server accepts connections. UNREADABLE (certificate, web directory), CONFLICT (address in use),
 * BAD_FIELD (an option makes no sense); `why` in words. */
enum err server_start(const struct server_options *options, struct server **server, char why[256]);
int server_port(const struct server *server);

/* Stop accepting, close idle connections, let requests in flight finish (Connection: close), after the grace time cut
 * them off; join the loops and lanes. The store must still be open: steps on their way come home first. */
void server_stop(struct server *server);
void server_free(struct server *server); /* after store_close; NULL is fine */

/* Give this to the store (through a pointer of main's that is set after server_start): invalidates cached polls and
 * logins, wakes long polls, tells consoles. Any thread; harmless while stopping and after server_stop. */
void server_announce(struct server *server, const struct store_change *changes, size_t count);

/* ---- live events for staff consoles: a row "GET …/console/events" of routes.def names this endpoint ----
 * Event "counts": data is the snapshot, when it connects and when queues changed. Others: sse_broadcast. A console
 * that was away gets no old events, only a fresh "counts": it reads the rest again when Last-Event-ID is not the last
 * one it saw. A comment every 15 s keeps proxies awake. A console that reads too slowly, or whose login ended, is cut
 * off. */

extern const struct endpoint endpoint_console_events;

#define SSE_EVENT_BYTES_MAX KIB(16)

/* Queue an event for every console whose account has one of `roles`, and, when school_id is not NULL, that is bound
 * to no school or to this one. `json` is one line, at most SSE_EVENT_BYTES_MAX; copied. Any thread. */
void sse_broadcast(struct server *server, const char *event, const char *json, unsigned roles, const char *school_id);

/* ---- figures ---- */

struct server_stats {
    uint64_t requests, responses_by_class[6]; /* [2] = 2xx … */
    uint64_t accepted, refused_total, refused_address, slow_cut, memory_cut;
    uint64_t poll_hits_200, poll_hits_304, gate_refused, abandoned; /* abandoned: client left before the answer */
    size_t connections, exchanges, parked, sse_clients, upload_bytes;
};
void server_stats(struct server *server, struct server_stats *stats); /* any thread */

#endif
