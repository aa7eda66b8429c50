#include "inside.h"

/* One entry of h2o's list carries the whole fixed block: HTTP/1 writes name, ": " and value as they are, so the value
 * may hold further lines. (Good only while HTTP/2 is off, which server.c sees to.) */
#define BLOCK_NAME "X-Content-Type-Options"
#define COMMON                                                                                                         \
    "nosniff\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"                                             \
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"
#define API_BLOCK COMMON "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"
#define PAGE_BLOCK                                                                                                     \
    COMMON "Permissions-Policy: camera=(self), microphone=(), geolocation=(), payment=(), usb=()\r\n"                  \
           "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "                        \
           "img-src 'self' blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "                       \
           "manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "                             \
           "frame-ancestors 'none'; require-trusted-types-for 'script'"
#define HSTS "\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains"

static h2o_iovec_t block_name = {H2O_STRLIT(BLOCK_NAME)};
static const h2o_iovec_t blocks[2][2] = {
    {{H2O_STRLIT(API_BLOCK)}, {H2O_STRLIT(API_BLOCK HSTS)}},
    {{H2O_STRLIT(PAGE_BLOCK)}, {H2O_STRLIT(PAGE_BLOCK HSTS)}},
};

void headers_add(h2o_req_t *req, const char *name, size_t name_len, const char *value, size_t value_len)
{
    h2o_iovec_t *own_name = h2o_mem_alloc_pool(&req->pool, sizeof *own_name);
    *own_name = h2o_iovec_init(name, name_len);
    h2o_vector_reserve(&req->pool, &req->res.headers, req->res.headers.size + 1);
    req->res.headers.entries[req->res.headers.size++] =
        (h2o_header_t){own_name, NULL, h2o_iovec_init(value, value_len)};
}

void headers_secure(h2o_req_t *req, enum page_kind kind, bool secure)
{
    h2o_vector_reserve(&req->pool, &req->res.headers, req->res.headers.size + 1);
    req->res.headers.entries[req->res.headers.size++] = (h2o_header_t){&block_name, NULL, blocks[kind][secure]};
}

/* ---- what h2o answers by itself: body too large, broken chunks, unknown expectation; and exchange_cut_off ----
 * Those get the same headers, and an error as the route speaks it in place of h2o's line of text. */

struct replacement {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

static void send_replacement(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                             h2o_send_state_t state)
{
    (void)bufs; /* h2o_send_error_generic sends all at once, so this runs once; nothing for HEAD */
    h2o_ostream_send_next(self, req, &((struct replacement *)(void *)self)->body, count > 0 ? 1 : 0, state);
}

static h2o_ostream_t **replace_body(h2o_req_t *req, h2o_ostream_t **slot)
{
    struct loop *loop = container_of(req->conn->ctx, struct loop, context);
    const struct failure_form *form = answer_failure_form(loop->server, req);
    struct buf b;
    char id[REQUEST_ID_BYTES];
    int status = req->res.status;
    enum err e = status == 413 ? ERR_TOO_LARGE : status >= 500 ? ERR_BUSY : ERR_BAD_REQUEST;
    buf_init(&b, KIB(4));
    request_new_id(loop, id);
    form->write(&b, &(struct failure){e, request_language(req), NULL, id});
    struct replacement *r = (struct replacement *)(void *)h2o_add_ostream(req, sizeof *r, slot);
    r->super.do_send = send_replacement;
    r->body = h2o_strdup(&req->pool, buf_cstr(&b), b.len);
    buf_release(&b);
    req->res.status = err_http_status(e);
    req->res.reason = headers_reason(req->res.status);
    req->res.content_length = r->body.len;
    req->res.headers = (h2o_headers_t){NULL};
    HEADERS_ADD(req, "Content-Type", form->content_type, strlen(form->content_type));
    HEADERS_ADD(req, "X-Request-Id", h2o_strdup(&req->pool, id, SIZE_MAX).base, strlen(id));
    HEADERS_ADD(req, "Cache-Control", "no-store", 8);
    headers_secure(req, ANSWER_API, request_is_secure(req));
    metrics_count_quick(loop, loop->server->route_count, req->res.status);
    return &r->super.next;
}

static void on_setup(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)self;
    bool ours = false;
    for (size_t i = 0; i < req->res.headers.size; i++)
        ours |= req->res.headers.entries[i].name == &block_name;
    if (!ours)
        slot = replace_body(req, slot);
    h2o_setup_next_ostream(req, slot);
}

void headers_register_filter(h2o_pathconf_t *pathconf)
{
    h2o_filter_t *filter = h2o_create_filter(pathconf, sizeof *filter);
    filter->on_setup_ostream = on_setup;
}

const char *headers_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 206:
        return "Partial Content";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 507:
        return "Insufficient Storage";
    default:
        return "Answer";
    }
}
