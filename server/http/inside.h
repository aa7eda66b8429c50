/* inside — what the files of http/ know of each other. No other folder includes this.
 *
 * Everything here belongs to one loop thread and is touched by no other, except what is marked atomic or guarded, the
 * members of struct server that are set before the loops start, and an exchange's arena, job, answer and record while
 * its flight is away: then they belong to the thread that runs the step. A question (question.c) outlives its exchange.
 */
#ifndef XY_HTTP_INSIDE_H
#define XY_HTTP_INSIDE_H

#include "base/clock.h"
#include "base/lane_pool.h"
#include "http/auth.h"
#include "http/exchange.h"
#include "http/poll_cache.h"
#include "http/router.h"
#include "http/server.h"

#include <h2o.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#define PARK_BUCKETS             1024u
#define RUNNING_BUCKETS          256u
#define REQUEST_ID_BYTES         40
#define PEER_BYTES               INET6_ADDRSTRLEN
#define EXCHANGE_ARENA_BYTES_MAX MIB(40) /* a downloaded original, twice, and change */
#define EXCHANGE_OUT_BYTES_MAX   MIB(8)
#define METRIC_CODES             28
#define ROUTE_LIMITS_MAX         2 /* rules of one kind for one endpoint */

struct static_files;
struct addresses;
struct sse_client;

/* ---- a connection: accepted by us, spoken by h2o ---- */
struct connection {
    uv_tcp_t tcp; /* first: h2o's socket closes it, free_connection gets it back */
    struct loop *loop;
    struct connection *before, *after;
    h2o_socket_t *sock;
    char peer[PEER_BYTES];
    bool peer_is_loopback, peer_is_trusted;
    size_t token_len; /* of the token last seen here: the next request brings the same one, and its hash is known */
    char token[CRYPT_TOKEN_TEXT_BYTES];
    struct auth_key token_key;
    size_t written;         /* bytes waiting when last looked at */
    int64_t stuck_since_ms; /* 0: not writing, or progress was made */
};

/* Which rules count for a route: indices into the table, -1 none. */
struct route_limits {
    int16_t rules[LIMIT_KINDS][ROUTE_LIMITS_MAX];
};

struct counters {
    _Atomic uint64_t requests, by_class[6], slow_cut, memory_cut, poll_200, poll_304, gate_refused, abandoned;
    _Atomic size_t exchanges, parked, sse_clients;
    _Atomic uint64_t *codes; /* [route][METRIC_CODES]; the last row is "no route" */
    _Atomic uint64_t duration_buckets[12], duration_us;
};

struct loop {
    struct server *server;
    size_t index;
    pthread_t thread;
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_async_t wake;
    uv_timer_t tick;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    struct mailbox mailbox;
    pthread_mutex_t gate; /* guards closed; held while posting from threads that hold no flight */
    bool closed;          /* no wake-ups any more */
    bool stopping, cut;   /* loop thread only */
    int64_t stop_at_ms;   /* uv_now when the grace time ends */
    int64_t swept_ms;
    struct connection *connections; /* ring; NULL when none */
    size_t connection_count;
    size_t flights;             /* steps away: the loop does not end before they are home */
    struct exchange *exchanges; /* list of live ones */
    struct question *questions; /* those whose exchange waits */
    struct exchange *parked[PARK_BUCKETS];
    _Atomic uint32_t parked_in[PARK_BUCKETS];
    _Atomic uint64_t touched[PARK_BUCKETS / 64]; /* buckets to look at */
    struct sse_client *sse_clients;
    _Atomic bool sse_counts_due;
    _Atomic bool stop_asked;
    uint64_t serial; /* of requests */
    struct counters counters;
};

struct server {
    struct server_options options;
    struct server_limits limits;
    const struct route *routes;
    size_t route_count;
    struct router *router;
    struct auth *auth;
    struct poll_cache *polls;
    struct lane_pool *lanes;
    struct static_files *files;
    struct addresses *addresses;
    struct limits *rates;
    struct route_limits *route_limits; /* by route */
    SSL_CTX *tls;
    h2o_globalconf_t config;
    int port;
    int *listeners; /* sockets, one per loop, until the loop owns it */
    char boot[9];
    _Atomic size_t upload_bytes;
    _Atomic uint64_t accepted, refused_total, refused_address;
    _Atomic size_t connections;
    _Atomic uint64_t sse_serial;
    pthread_mutex_t running_lock;              /* guards running */
    struct exchange *running[RUNNING_BUCKETS]; /* keyed requests being worked on */
    size_t loop_count;
    bool stopped;
    struct loop loops[];
};

/* ---- one request ---- */

struct header_line {
    const char *name, *value;
    struct header_line *next;
};

struct exchange {
    struct loop *loop;
    h2o_req_t *req;                  /* NULL once the request is gone */
    int references;                  /* the request's and the flight's */
    struct exchange *before, *after; /* of the loop's list */
    struct arena *arena;
    struct route_match match;
    const struct endpoint *endpoint; /* NULL: answered without one */
    char id[REQUEST_ID_BYTES];
    int64_t now_us, begun_mono_us;
    enum http_method method;
    enum language language;
    bool secure; /* the client came over https */
    const char *peer;
    size_t upload_bytes;
    /* who */
    struct principal who;
    struct auth_key key;
    struct auth_lookup lookup;
    uint64_t auth_epoch;
    bool by_cookie;
    /* steps */
    void *job;
    size_t step;
    bool flying;
    struct store_unit unit;
    struct lane_job lane;
    struct question *question; /* ASK: waiting for its answer */
    /* writing once */
    bool keyed, rendering;
    enum err rendered_error;
    struct exchange_record record;
    unsigned char running_id[CRYPT_HASH_BYTES];
    struct exchange *running_next;
    bool is_running;
    /* answer */
    bool answered;        /* a reply has chosen its answer */
    bool sent, streaming; /* loop only: h2o has it */
    bool closes;          /* HTTP/1: nothing more on this connection */
    int status;
    struct buf out;
    const char *content_type;
    const void *body;
    size_t body_len;
    struct header_line *headers, **headers_end;
    char *detail;
    const char *why; /* in the job, when a step explains */
    int64_t retry_after_s;
    void **free_later;      /* in the job; NULL: nothing */
    struct sse_client *sse; /* the reply of sse_endpoint made it a stream */
    /* long polling */
    uint32_t generation;
    char waiting_for[POLL_CACHE_ID_BYTES];
    bool parked, wait_over;
    unsigned reruns;
    int64_t wait_until_ms; /* 0: has not waited yet */
    struct exchange *park_before, *park_after;
};

/* exchange.c */
void exchange_begin(struct loop *loop, h2o_req_t *req, const struct route_match *match, enum http_method method);
/* For answers that need no endpoint: errors before a route is known. */
void exchange_refuse(struct loop *loop, h2o_req_t *req, enum err e, const char *detail, unsigned allowed, bool close);
void exchange_release(struct exchange *x); /* one reference */
void exchange_rerun(struct exchange *x);
void exchange_cut_off(struct exchange *x);          /* stop: the grace time is over */
void exchange_fail(struct exchange *x, enum err e); /* answer with an error */
void exchange_advance(struct exchange *x);          /* decode, the next step, or the reply */
/* Send it away; `done` calls exchange_land. */
void exchange_submit(struct exchange *x, enum store_mode mode, store_step *step, void *job,
                     void (*done)(struct store_unit *));
void exchange_land(struct exchange *x, enum err result);

/* admit.c */
void admit_begin(struct exchange *x);

/* rate.c: the rules of the endpoint, all of that kind */
void rate_start(struct server *server); /* after the routes are known */
enum err rate_take(struct server *server, size_t route, enum limit_per per, const void *who, size_t len, int64_t now_us,
                   int64_t *retry_after_s);
enum err rate_address(struct exchange *x);
enum err rate_person(struct exchange *x);
void rate_metrics(struct server *server, struct buf *b);

/* keyed.c */
enum err keyed_begin(struct exchange *x);       /* loop */
void keyed_find(struct exchange *x);            /* loop: has it been answered before? */
enum err keyed_write(struct tx *tx, void *job); /* WRITE step around the endpoint's own */
void keyed_replay(struct exchange *x);          /* loop */
void keyed_leave(struct exchange *x);           /* loop: not being worked on any more */

/* exchange_read.c */
size_t request_new_id(struct loop *loop, char id[REQUEST_ID_BYTES]); /* its length */
bool request_header(const h2o_req_t *req, const char *name_lower_case, size_t len, h2o_iovec_t *value);
bool request_cookie(const h2o_req_t *req, const char *name, h2o_iovec_t *value);
enum language request_language(const h2o_req_t *req);
struct connection *request_connection(const h2o_req_t *req);
bool request_is_secure(const h2o_req_t *req);
bool request_token(const h2o_req_t *req, bool secure, h2o_iovec_t *token, bool *by_cookie);
bool request_key(const h2o_req_t *req, h2o_iovec_t token, struct auth_key *key); /* false: not one of our tokens */
bool request_same_origin(const h2o_req_t *req, bool secure, const char *public_url);
const char *request_peer(const h2o_req_t *req, struct arena *arena);

/* exchange_answer.c */
void answer_transmit(struct exchange *x);
void answer_reset(struct exchange *x);
void answer_add_header(struct exchange *x, const char *name, const char *value);

/* How errors of the route that this request means are spoken; problem objects when it means none. Loop thread. */
const struct failure_form *answer_failure_form(const struct server *server, const h2o_req_t *req);

/* headers.c: the fixed headers of every answer */
enum page_kind { ANSWER_API, ANSWER_PAGE };
void headers_add(h2o_req_t *req, const char *name, size_t name_len, const char *value, size_t value_len);
void headers_secure(h2o_req_t *req, enum page_kind kind, bool secure);
void headers_register_filter(h2o_pathconf_t *pathconf);
const char *headers_reason(int status);
#define HEADERS_ADD(req, name, value, value_len) headers_add((req), (name), sizeof(name) - 1, (value), (value_len))

/* front.c: what a request is */
int front_on_request(h2o_handler_t *handler, h2o_req_t *req);

/* listen.c */
enum err listen_open(struct server *server, char why[256]); /* sets listeners and port */
enum err listen_open_tls(struct server *server, char why[256]);

/* connection.c */
void connection_on_accept(uv_stream_t *listener, int status);
void connection_sweep(struct loop *loop); /* slow readers, memory of half-received requests */
void connection_close_idle(struct loop *loop);
void connection_close_all(struct loop *loop);
struct addresses *addresses_new(void);
void addresses_free(struct addresses *addresses);

/* park.c */
void park_touch(struct server *server, const char *id); /* any thread */
void park_look(struct loop *loop);                      /* woken: re-run what was touched */
void park_expire(struct loop *loop);                    /* timer */
void park_leave(struct exchange *x);

/* question.c */
void question_begin(struct exchange *x); /* runs the ASK step x is at */
void question_leave(struct exchange *x); /* the request is gone */
void question_expire(struct loop *loop); /* timer */

/* sse.c */
void sse_release(struct sse_client *client);
void sse_counts_changed(struct server *server); /* any thread */
void sse_tick(struct loop *loop);
void sse_close_all(struct loop *loop);

/* static_files.c */
enum err static_files_load(const char *directory, struct static_files **files, char why[256]);
void static_files_free(struct static_files *files);
bool static_files_answer(const struct static_files *files, h2o_req_t *req, const char *path, size_t len, bool secure);

/* metrics.c */
void metrics_count(struct loop *loop, size_t route, int status, int64_t begun_mono_us);
void metrics_count_quick(struct loop *loop, size_t route, int status);
void metrics_answer(struct loop *loop, h2o_req_t *req);

/* server.c */
bool server_is_trusted(const struct server *server, const char *peer);

#define COUNT(counter) atomic_fetch_add_explicit(&(counter), 1, memory_order_relaxed)

#endif
