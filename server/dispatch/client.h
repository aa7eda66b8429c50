/* client — HTTP calls to the outside. The only user of libcurl.
 *
 * One libcurl multi handle on the outbound thread's event loop. Every call has limits: 3 s to connect, 15 s in all,
 * an answer of at most 20 kB unless the request says otherwise; no redirects, no proxy from the environment, http and
 * https only, certificates verified. Per host (scheme, name, port) four calls run at a time and a bounded number wait;
 * a circuit breaker opens when 70 % of at least ten calls within five minutes failed (no answer, or 5xx), refuses
 * everything for 30 s, then lets one through and has the others wait for its end. Figures: reliability.md §1.4.
 *
 * What a caller must know after a failure is whether the other side may have acted:
 *   ANSWERED   a whole answer came; look at the status
 *   NOT_SENT   nothing was written to a connection: repeating is safe
 *   UNKNOWN    the request went out and no (whole) answer came: it may have happened
 *
 * A connection is used again only by requests marked repeatable: libcurl silently repeats a request on a reused
 * connection that turns out to be dead, and that must never happen to one that sends a message or money. */
#ifndef XY_DISPATCH_CLIENT_H
#define XY_DISPATCH_CLIENT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"

struct client;
struct uv_loop_s;

#define CLIENT_CONNECT_MS       3000
#define CLIENT_TOTAL_MS         15000
#define CLIENT_ANSWER_BYTES_MAX 20000
#define CLIENT_PER_HOST         4
#define CLIENT_WAITING_MAX      4096 /* per host */
#define CLIENT_HEADERS_MAX      8
#define CLIENT_WANTED_MAX       4

enum client_outcome { CLIENT_ANSWERED, CLIENT_NOT_SENT, CLIENT_UNKNOWN };

struct client_answer {
    enum client_outcome outcome;
    int status;       /* ANSWERED; else 0 */
    const char *body; /* NUL terminated behind len; "" when none; valid during done() (blocking: in the arena) */
    size_t len;
    int64_t retry_after_us; /* what the other side, or the breaker, asks to wait; 0: nothing said */
    const char *words;      /* why it was not answered, a few words without data of the request; static */
    const char *headers[CLIENT_WANTED_MAX]; /* the request's `wanted`, valid as body; NULL: absent, or there twice */
};

struct client_request {
    const char *method; /* GET, POST … */
    const char *url;
    const char *headers[CLIENT_HEADERS_MAX]; /* "Name: value"; the rest NULL */
    const char *wanted[CLIENT_WANTED_MAX];   /* names of headers of the answer to hand over; the rest NULL */
    const void *body;                        /* NULL: none */
    size_t body_len;
    int64_t connect_ms, total_ms; /* 0: the limits above */
    size_t answer_bytes_max;      /* 0: the limit above; a longer answer is UNKNOWN */
    bool guarded;                 /* an operator's URL: url_guard, and every address is checked when connecting */
    bool repeatable;              /* doing it twice is harmless (GET, idempotent by key) */

    /* Outbound thread, exactly once per client_send, never from inside client_send (unless the client is closing). The
     * request is the caller's again and may be freed or sent again. */
    void (*done)(struct client_request *request, const struct client_answer *answer);
    void *arg;

    struct client_request *next; /* the client's */
};

struct client_options {
    struct uv_loop_s *loop;
    const char *ca_file;     /* NULL: the system's; tests and private authorities */
    bool allow_private;      /* guarded requests may reach private addresses (tests) */
    int64_t total_ms;        /* of a call that says nothing; 0: the limit above */
    int64_t (*now_us)(void); /* NULL: clock_mono_us; tests move the breaker's time */
};

/* Outbound thread. Never NULL. */
struct client *client_open(const struct client_options *options);
/* Ends every call: done() with UNKNOWN or NOT_SENT. The memory is given back by the loop, which must run once more. */
void client_close(struct client *client);

/* The request and all it points to must stay until done(). */
void client_send(struct client *client, struct client_request *request);

size_t client_in_flight(const struct client *client); /* running and waiting */

/* The same call, waiting for it: for a thread that may block (lane, command line), never a loop. Uses no breaker and no
 * queue. `ca_file` as above. The answer lives in `arena`. */
void client_call(const struct client_request *request, const char *ca_file, struct arena *arena,
                 struct client_answer *answer);

/* Percent-encode everything but letters, digits, '-', '.', '_' and '~'. */
const char *client_escape(struct arena *arena, const char *text);

#endif
