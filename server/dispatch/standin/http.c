#include "dispatch/standin/http.h"

#include "base/check.h"
#include "base/text.h"
#include "dispatch/standin/memory.h"

#include <strings.h>

#define HEAD_BYTES_MAX   KIB(16)
#define BODY_BYTES_MAX   MIB(2)
#define ARENA_BYTES_MAX  MIB(64)
#define ANSWER_BYTES_MAX MIB(48) /* a long log */
#define CONNECTIONS_MAX  256
#define HUGE_PIECE_BYTES KIB(64)

struct standin_http {
    uv_tcp_t listener;
    uv_loop_t *loop;
    standin_answer *answer;
    void *service;
    struct memory memory;
    struct conn *conns;
    size_t conn_count;
    bool closing;
};

struct conn {
    uv_tcp_t tcp;
    uv_timer_t delay;
    uv_write_t write;
    struct standin_http *http;
    struct buf in, out;
    struct standin_reply reply;
    struct arena *arena;
    char room[KIB(64)];
    bool busy, closing, close_after, reset_after;
    size_t trickled, huge_left; /* of an answer that a fault spoils */
    int handles;
    struct conn *before, *after;
};

bool standin_fault(struct standin_http *http, const char *kind, const char *path, int64_t *value)
{
    return memory_fault(&http->memory, kind, path, value);
}

/* ---- reading a request ---- */

const char *standin_header(const struct standin_request *request, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = request->head; *line != '\0';) {
        size_t line_len = strcspn(line, "\r\n");
        if (line_len > len && line[len] == ':' && strncasecmp(line, name, len) == 0) {
            const char *value = line + len + 1;
            value += strspn(value, " \t");
            return arena_text_n(request->arena, value, (size_t)(line + line_len - value));
        }
        line += line_len;
        line += strspn(line, "\r\n");
    }
    return NULL;
}

const char *standin_query(const struct standin_request *request, const char *name)
{
    size_t len = strlen(name);
    for (const char *pair = request->query; *pair != '\0';) {
        size_t pair_len = strcspn(pair, "&");
        if (pair_len > len && pair[len] == '=' && strncmp(pair, name, len) == 0) {
            char *out = arena_text_n(request->arena, pair + len + 1, pair_len - len - 1), *to = out;
            for (const char *from = out; *from != '\0'; to++) {
                unsigned char byte;
                char hex[3] = {from[0] == '%' ? from[1] : '\0', from[0] == '%' && from[1] != '\0' ? from[2] : '\0',
                               '\0'};
                if (text_unhex(hex, &byte, 1)) {
                    *to = (char)byte;
                    from += 3;
                } else {
                    *to = *from++;
                }
            }
            *to = '\0';
            return out;
        }
        pair += pair_len;
        pair += strspn(pair, "&");
    }
    return NULL;
}

/* How many bytes the first request in `in` takes; 0: not all there; SIZE_MAX: not HTTP as we want it. */
static size_t request_read(struct conn *c, struct standin_request *r)
{
    const char *bytes = buf_cstr(&c->in), *end = strstr(bytes, "\r\n\r\n");
    if (end == NULL)
        return c->in.len > HEAD_BYTES_MAX ? SIZE_MAX : 0;
    *r = (struct standin_request){.arena = c->arena, .query = "", .reply = &c->reply};
    c->reply.content_type = "application/json";
    buf_clear(&c->reply.headers);
    size_t head_len = (size_t)(end - bytes) + 4;
    char *head = arena_text_n(c->arena, bytes, head_len);
    char *line_end = strstr(head, "\r\n"), *target = strchr(head, ' ');
    if (target == NULL || target > line_end)
        return SIZE_MAX;
    *target++ = '\0';
    char *version = strchr(target, ' ');
    if (version == NULL || version > line_end)
        return SIZE_MAX;
    *version = '\0';
    char *query = strchr(target, '?');
    if (query != NULL) {
        *query++ = '\0';
        r->query = query;
    }
    r->method = head;
    r->path = target;
    r->head = line_end + 2;
    int64_t body_len = 0;
    const char *length = standin_header(r, "content-length");
    if (standin_header(r, "transfer-encoding") != NULL || (length != NULL && !text_int(length, &body_len)) ||
        body_len < 0 || (size_t)body_len > BODY_BYTES_MAX)
        return SIZE_MAX;
    if (c->in.len < head_len + (size_t)body_len)
        return 0;
    r->body_len = (size_t)body_len;
    r->body = arena_copy(c->arena, c->in.bytes + head_len, r->body_len);
    if (r->body_len > 0 && json_read(r->body, r->body_len, c->arena, &r->json) != ERR_NONE)
        r->json = NULL;
    return head_len + r->body_len;
}

/* ---- a connection ---- */

static void conn_next(struct conn *c);

static void on_conn_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct standin_http *http = c->http;
    if (--c->handles > 0)
        return;
    if (c->before != NULL)
        c->before->after = c->after;
    else
        http->conns = c->after;
    if (c->after != NULL)
        c->after->before = c->before;
    http->conn_count--;
    buf_release(&c->in);
    buf_release(&c->out);
    buf_release(&c->reply.headers);
    arena_free(c->arena);
    free(c);
    if (http->closing && http->conn_count == 0 && !uv_is_active((uv_handle_t *)&http->listener) &&
        http->listener.data == NULL) {
        memory_forget(&http->memory);
        free(http);
    }
}

static void conn_close(struct conn *c, bool reset)
{
    if (c->closing)
        return;
    c->closing = true;
    uv_close((uv_handle_t *)&c->delay, on_conn_closed);
    if (!reset || uv_tcp_close_reset(&c->tcp, on_conn_closed) != 0)
        uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
}

static void conn_write(struct conn *c);

static void on_written(uv_write_t *write, int status)
{
    struct conn *c = write->data;
    if (c->closing)
        return;
    if (status >= 0 && c->huge_left > 0) {
        buf_clear(&c->out);
        buf_printf(&c->out, "%*s", (int)(c->huge_left < HUGE_PIECE_BYTES ? c->huge_left : HUGE_PIECE_BYTES), "");
        c->huge_left -= c->out.len;
        conn_write(c);
        return;
    }
    c->busy = false;
    if (status < 0 || c->close_after)
        conn_close(c, c->reset_after);
    else
        conn_next(c);
}

static void conn_write(struct conn *c)
{
    uv_buf_t b = uv_buf_init(c->out.bytes, (unsigned)c->out.len);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &b, 1, on_written) != 0)
        conn_close(c, false);
}

static void on_delay(uv_timer_t *timer)
{
    conn_write(timer->data);
}

static void answer_write(struct conn *c, int status, const struct buf *body)
{
    buf_clear(&c->out);
    buf_printf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", status,
               status < 400 ? "OK" : "No", c->reply.content_type, body->len);
    buf_add(&c->out, c->reply.headers.bytes, c->reply.headers.len);
    if (status == 429 || status == 503)
        buf_text(&c->out, "Retry-After: 2\r\n");
    buf_text(&c->out, "Connection: keep-alive\r\n\r\n");
    buf_add(&c->out, body->bytes, body->len);
}

/* ---- faults ---- */

/* Not carried out. Has this request met such a fault? Then it is dealt with. */
static bool conn_refused(struct conn *c, const struct standin_request *r, const struct buf *nothing)
{
    struct memory *memory = &c->http->memory;
    int64_t value = 0;
    if (memory_fault(memory, "hang", r->path, NULL)) {
        memory_add(memory, r, "hang"); /* until the other side gives up */
    } else if (memory_fault(memory, "reset", r->path, NULL)) {
        memory_add(memory, r, "reset");
        conn_close(c, true);
    } else if (memory_fault(memory, "status", r->path, &value)) {
        memory_add(memory, r, "status");
        answer_write(c, (int)value, nothing);
        conn_write(c);
    } else {
        return false;
    }
    return true;
}

static void on_trickle(uv_timer_t *timer)
{
    struct conn *c = timer->data;
    uv_buf_t b = uv_buf_init(c->out.bytes + c->trickled, 1);
    if (c->trickled >= c->out.len || uv_try_write((uv_stream_t *)&c->tcp, &b, 1) < 0)
        conn_close(c, false);
    c->trickled++;
}

/* Carried out: `out` is the good answer, sent as the fault wants. */
static void conn_spoil(struct conn *c, const char *fault, int64_t value, size_t body_len)
{
    c->close_after = true;
    if (text_is(fault, "drop_answer")) {
        conn_close(c, false);
    } else if (text_is(fault, "slow")) {
        c->close_after = false;
        uv_timer_start(&c->delay, on_delay, (uint64_t)value, 0);
    } else if (text_is(fault, "trickle")) {
        c->trickled = 0;
        uv_timer_start(&c->delay, on_trickle, 0, (uint64_t)value);
    } else {
        if (text_is(fault, "truncate"))
            c->out.len -= body_len / 2 + 1;
        if (text_is(fault, "cut"))
            c->out.len = (size_t)value < c->out.len ? (size_t)value : c->out.len;
        c->reset_after = text_is(fault, "cut");
        if (text_is(fault, "garbage") || text_is(fault, "huge"))
            buf_clear(&c->out);
        if (text_is(fault, "garbage"))
            buf_text(&c->out, "\x16\x03\x01 this is not HTTP\n");
        if (text_is(fault, "huge")) {
            c->huge_left = (size_t)value;
            buf_printf(&c->out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", c->huge_left);
        }
        conn_write(c);
    }
}

static void conn_carry_out(struct conn *c, const struct standin_request *r, struct buf *body)
{
    static const char *const kinds[] = {"slow", "garbage", "truncate", "cut", "trickle", "huge", "drop_answer"};
    struct standin_http *http = c->http;
    const char *fault = "";
    int64_t value = 0;
    for (size_t i = 0; i < countof(kinds) && fault[0] == '\0'; i++)
        if (memory_fault(&http->memory, kinds[i], r->path, &value))
            fault = kinds[i];
    memory_add(&http->memory, r, fault);
    answer_write(c, http->answer(http->service, r, body), body);
    if (fault[0] == '\0')
        conn_write(c);
    else
        conn_spoil(c, fault, value, body->len);
}

/* Carry the request out, with whatever fault it meets. */
static void conn_answer(struct conn *c, const struct standin_request *r)
{
    struct memory *memory = &c->http->memory;
    struct buf body;
    bool forget = text_is(r->path, "/log") && text_is(r->method, "DELETE");
    buf_init(&body, ANSWER_BYTES_MAX);
    memory_begin(memory, r);
    if (text_is(r->path, "/fault") || text_is(r->path, "/log")) {
        int status = 200;
        if (forget)
            memory_forget(memory);
        else
            status = text_is(r->path, "/fault") ? memory_fault_set(memory, r, &body) : memory_write(memory, r, &body);
        answer_write(c, status, &body);
        conn_write(c);
    } else if (!conn_refused(c, r, &body)) {
        conn_carry_out(c, r, &body);
    }
    memory_done(memory);
    buf_release(&body);
}

static void conn_next(struct conn *c)
{
    struct standin_request r;
    if (c->busy || c->closing)
        return;
    arena_reset(c->arena);
    size_t taken = request_read(c, &r);
    if (taken == SIZE_MAX || c->in.over) {
        conn_close(c, false);
        return;
    }
    if (taken == 0)
        return;
    memmove(c->in.bytes, c->in.bytes + taken, c->in.len - taken + 1); /* with the NUL */
    c->in.len -= taken;
    c->busy = true;
    conn_answer(c, &r);
}

static void on_room(uv_handle_t *handle, size_t hint, uv_buf_t *b)
{
    struct conn *c = handle->data;
    (void)hint;
    *b = uv_buf_init(c->room, sizeof c->room);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *b)
{
    struct conn *c = stream->data;
    if (got < 0) {
        conn_close(c, false);
        return;
    }
    buf_add(&c->in, b->base, (size_t)got);
    conn_next(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct standin_http *http = listener->data;
    if (status < 0 || http == NULL)
        return;
    struct conn *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->http = http;
    c->arena = arena_new(ARENA_BYTES_MAX);
    buf_init(&c->in, HEAD_BYTES_MAX + BODY_BYTES_MAX);
    buf_init(&c->out, ANSWER_BYTES_MAX + KIB(8));
    buf_init(&c->reply.headers, KIB(4));
    uv_tcp_init(http->loop, &c->tcp);
    uv_timer_init(http->loop, &c->delay);
    c->tcp.data = c->delay.data = c;
    c->handles = 2;
    c->after = http->conns;
    if (c->after != NULL)
        c->after->before = c;
    http->conns = c;
    http->conn_count++;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 || http->conn_count > CONNECTIONS_MAX ||
        uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read) != 0)
        conn_close(c, false);
}

/* ---- the server ---- */

struct standin_http *standin_http_open(uv_loop_t *loop, standin_answer *answer, void *service, int *port)
{
    struct standin_http *http = calloc(1, sizeof *http);
    CHECK(http != NULL);
    http->loop = loop;
    http->answer = answer;
    http->service = service;
    struct sockaddr_in address;
    int len = sizeof address;
    CHECK(uv_tcp_init(loop, &http->listener) == 0);
    http->listener.data = http;
    CHECK(uv_ip4_addr("127.0.0.1", 0, &address) == 0);
    CHECK(uv_tcp_bind(&http->listener, (const struct sockaddr *)&address, 0) == 0);
    CHECK(uv_listen((uv_stream_t *)&http->listener, 128, on_connection) == 0);
    CHECK(uv_tcp_getsockname(&http->listener, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return http;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct standin_http *http = handle->data;
    handle->data = NULL;
    if (http->conn_count == 0) {
        memory_forget(&http->memory);
        free(http);
    }
}

void standin_http_close(struct standin_http *http)
{
    if (http == NULL)
        return;
    http->closing = true;
    for (struct conn *c = http->conns, *after; c != NULL; c = after) {
        after = c->after;
        conn_close(c, false);
    }
    uv_close((uv_handle_t *)&http->listener, on_listener_closed);
}
