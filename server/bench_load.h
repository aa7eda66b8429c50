/* bench_load — a load of keep-alive HTTP/1.1 clients on one thread: each sends a request, reads the whole answer, sends
 * the next. For `xueying bench` only; to 127.0.0.1 only, bounded in time and count. */
#ifndef XY_BENCH_LOAD_H
#define XY_BENCH_LOAD_H

#include "base/base.h"

struct load_request {
    const char *bytes; /* a whole request */
    size_t len;
};

struct load {
    int port;
    int connections;
    /* The n-th request of connection c; NULL bytes ends that connection. Called on the load's thread. */
    struct load_request (*next)(void *arg, int connection, int64_t n);
    void *arg;
    int status;          /* every answer must have it; others are counted as errors */
    int64_t duration_us; /* stop sending after this; 0: until every connection ended */
    bool keep_open;      /* leave the connections open at the end: load_close */

    /* results */
    int64_t answers, errors, elapsed_us;
    int64_t p50_us, p99_us, worst_us;
    int first_error_status;
    int *sockets; /* keep_open */
};

/* False: could not connect (errno says why). */
bool load_run(struct load *load);
void load_close(struct load *load);

/* One request on a connection of its own, which the request must ask to close; the whole answer, NUL terminated, cut at
 * max - 1. 0: could not. */
size_t bench_fetch(int port, const char *request, char *answer, size_t max);

#endif
