/* load — keep-alive clients for measuring: each sends a request, waits for its whole answer, sends the next.
 *
 * Plain sockets and epoll, no HTTP library: answers are recognised by their status and Content-Length. For the bench
 * commands and tests; never part of serving. */
#ifndef XY_HTTP_LOAD_H
#define XY_HTTP_LOAD_H

#include "base/base.h"

struct load_options {
    int port; /* on 127.0.0.1 */
    size_t threads, connections; /* connections in all */
    int64_t duration_ms, warm_up_ms;
    const char *request; /* whole, with the empty line; the same for all */
    /* or, when not NULL: the request of this connection; written into `out`, its length returned. Any thread. */
    size_t (*make)(void *arg, size_t connection, uint64_t turn, char *out, size_t max);
    void *make_arg;
    int want_status;
};

struct load_result {
    uint64_t answers, wrong; /* in the measured time; wrong: another status, or the connection ended */
    double answers_per_s;
    double p50_us, p99_us, max_us;
    size_t answer_bytes; /* of the last answer, head and body */
};

void load_run(const struct load_options *options, struct load_result *result);

#endif
