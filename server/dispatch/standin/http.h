/* standin/http — the smallest HTTP/1.1 server that the stand-ins need, with faults on demand.
 *
 * For loopback only: it answers the stand-ins of WeChat, the payment service, CHSI and the courier, never a stranger.
 * Everything is bounded all the same: head 16 KiB, body 2 MiB, 256 connections, 20,000 logged requests.
 *
 * Every stand-in understands, beside its own paths:
 *   POST /fault {"kind","times","value","path","body"}   the next `times` requests (whose path begins with `path`,
 * whose body holds `body`) meet it: slow          carried out, answered `value` ms later status        not carried out,
 * answered with that status (429 and 503 with Retry-After: 2) reset         not carried out, connection reset hang not
 * carried out, never answered garbage       carried out, answered with something that is not HTTP truncate      carried
 * out, half of the answer sent cut           carried out, `value` bytes of the answer sent, then the connection is
 * reset trickle       carried out, a byte of the answer every `value` ms huge          carried out, answered with a
 * body of `value` bytes drop_answer   carried out, connection closed without an answer any other     left to the
 * stand-in (standin_fault) kind "none" forgets all faults. GET /log[?path=/p]
 * {"count","items":[{"number","method","path","body","fault"}]}: what was received, oldest first, bodies up to 4 KiB
 * when they are text. DELETE /log forgets it. Thread: the one of the loop it was opened on. */
#ifndef XY_STANDIN_HTTP_H
#define XY_STANDIN_HTTP_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/json.h"

#include <uv.h>

struct standin_http;

/* What an answer has beside status and body. */
struct standin_reply {
    const char *content_type; /* application/json unless said otherwise; in the request's arena or static */
    struct buf headers;       /* more header lines, each ended by \r\n */
};

struct standin_request {
    const char *method, *path, *query; /* path without query; query "" when none */
    const char *head;                  /* the header lines, for standin_header */
    const char *body;                  /* NUL terminated behind body_len */
    size_t body_len;
    const struct json *json; /* the body as JSON; NULL when it is not */
    struct arena *arena;     /* until the answer is out */
    struct standin_reply *reply;
};

/* Append JSON (or what reply->content_type says) to `out`; the return value is the status. */
typedef int standin_answer(void *service, const struct standin_request *request, struct buf *out);

/* Listens on 127.0.0.1 on a free port. CHECKs: a machine without loopback sockets is not ours. */
struct standin_http *standin_http_open(uv_loop_t *loop, standin_answer *answer, void *service, int *port);
void standin_http_close(struct standin_http *http); /* the loop frees it */

/* Whether the request in hand meets a fault of this kind; counts it down. `value` may be NULL. */
bool standin_fault(struct standin_http *http, const char *kind, const char *path, int64_t *value);

const char *standin_header(const struct standin_request *request, const char *name_lower_case); /* NULL when absent */
const char *standin_query(const struct standin_request *request, const char *name); /* %-decoded; NULL when absent */

#endif
