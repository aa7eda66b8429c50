/* bench_mixed_client — many keep-alive HTTP/1.1 clients of several kinds on one thread, each sending when it is its
 * time. What they say is bench_mixed's; here are sockets, waiting and figures. To 127.0.0.1 only. */
#ifndef XY_BENCH_MIXED_CLIENT_H
#define XY_BENCH_MIXED_CLIENT_H

#include "base/base.h"

enum mixed_kind { MIXED_POLL, MIXED_UPLOAD, MIXED_REVIEW, MIXED_IMPORT, MIXED_KINDS };

#define MIXED_PART_BYTES       MIB(1)
#define MIXED_ANSWER_BYTES_MAX KIB(64)

struct mixed_run;

struct mixed_client {
    /* bench_mixed's */
    size_t index, step; /* who; where in a sequence of requests */
    int expected;       /* status of the next answer */
    bool is_busy;       /* an uploader in the middle of something */
    int64_t begun_us;
    char etag[80], id[64], claim_id[64], version[64];
    char text[1200];      /* the request, without the bytes of a photo */
    unsigned char *photo; /* uploaders: two parts */
    /* the answer that came: NUL terminated */
    int status;
    char *answer;
    /* ours */
    struct mixed_run *run;
    enum mixed_kind kind;
    int fd;
    const char *head;
    const unsigned char *body;
    size_t head_len, body_len, written, answer_len;
    int64_t sent_us, due_us;
    bool wants_to_write, has_failed;
    struct mixed_client *next; /* of those that wait */
};

struct mixed_kind_state {
    struct mixed_client *clients;
    size_t count;
    struct mixed_client *first, *last; /* who waits, the next one due first */
    uint32_t *samples_us;
    size_t sample_count;
    int64_t errors, done; /* done: whole sequences, counted by bench_mixed */
    char first_error[200];
};

struct mixed_run {
    /* An answer with the expected status came (others are counted as errors and the client rests a second). */
    void (*answered)(struct mixed_run *run, struct mixed_client *client, int64_t now_us);
    void (*due)(struct mixed_run *run, struct mixed_client *client, int64_t now_us); /* its waiting is over */
    void (*tick)(struct mixed_run *run, int64_t now_us);                             /* every millisecond or so */
    int port;
    int epoll_fd;
    bool is_ending; /* answers that come are not answered any more; set by tick to end before the time is over */
    struct mixed_kind_state kinds[MIXED_KINDS];
};

/* Connects `count` clients; false: could not. Once per kind. */
bool mixed_open(struct mixed_run *run, int port, enum mixed_kind kind, size_t count);
/* Everybody of a kind becomes due, spread over `over_us`. */
void mixed_start(struct mixed_run *run, enum mixed_kind kind, int64_t over_us);
/* Until the time is over; then waits up to ten seconds for answers that are on their way. */
void mixed_work(struct mixed_run *run, int64_t duration_us);
void mixed_close(struct mixed_run *run);
void mixed_free(struct mixed_run *run);

/* From answered, due or tick: what the client sends now (kept by the caller until the answer), or when it is due. All
 * of one kind wait equally long, more or less: they are kept in the order they came. */
void mixed_send(struct mixed_client *client, const char *head, size_t head_len, const unsigned char *body,
                size_t body_len);
void mixed_wait_until(struct mixed_client *client, int64_t due_us);
/* The same with the request of a logged-in person, in the client's own memory; and a part of a file. */
void mixed_say(struct mixed_client *client, const char *method, const char *path, const char *token, const char *json);
void mixed_say_part(struct mixed_client *client, const char *path, const char *token, size_t offset,
                    const unsigned char *bytes, size_t len);
/* The value of the first "name":… in the answer; "" when absent. */
const char *mixed_member(const struct mixed_client *client, const char *name, char value[64]);
/* One that does nothing, looked for from *from on; NULL: none. */
struct mixed_client *mixed_idle(struct mixed_run *run, enum mixed_kind kind, size_t *from);

struct mixed_figures {
    int64_t p50_us, p99_us, worst_us, errors;
    const char *first_error;
};
void mixed_figures(struct mixed_run *run, enum mixed_kind kind, struct mixed_figures *figures);

#endif
