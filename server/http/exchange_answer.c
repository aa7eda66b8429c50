#include "inside.h"

#include "base/check.h"
#include "base/log.h"

static h2o_generator_t generator; /* everything is sent at once: nothing to proceed with, nothing to stop */

void answer_reset(struct exchange *x)
{
    x->answered = false;
    x->status = 200;
    x->content_type = NULL;
    x->body = NULL;
    x->body_len = 0;
    x->headers = NULL;
    x->headers_end = &x->headers;
    x->retry_after_s = 0;
    buf_clear(&x->out);
}

/* `name` and `value` live in the arena or longer. */
void answer_add_header(struct exchange *x, const char *name, const char *value)
{
    struct header_line *line = ARENA_NEW(x->arena, struct header_line);
    *line = (struct header_line){name, value, NULL};
    *x->headers_end = line;
    x->headers_end = &line->next;
}

/* ---- exchange.h: for reply; on the loop, or inside the unit of a keyed endpoint ---- */

void exchange_status(struct exchange *x, int status)
{
    x->status = status;
}

void exchange_set_header(struct exchange *x, const char *name_lower_case, const char *value)
{
    /* A value with a line break would be a header of its own. Values are ours, but they may quote what a client sent.
     */
    char *clean = arena_text(x->arena, value);
    for (char *c = clean; *c != 0; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    answer_add_header(x, arena_text(x->arena, name_lower_case), clean);
}

void exchange_close_after(struct exchange *x)
{
    x->closes = true;
}

struct buf *exchange_out(struct exchange *x)
{
    return &x->out;
}

static void answer(struct exchange *x, const char *content_type, const void *body, size_t len)
{
    CHECK(!x->answered); /* one request, one answer */
    x->answered = true;
    x->content_type = content_type;
    x->body = body;
    x->body_len = len;
}

void exchange_send(struct exchange *x)
{
    if (x->out.over) {
        LOG(ERROR, "exchange.answer_too_large", "endpoint=%s req=%s", x->endpoint->name, x->id);
        exchange_send_error(x, ERR_BUG);
        return;
    }
    answer(x, "application/json", buf_cstr(&x->out), x->out.len);
}

void exchange_send_bytes(struct exchange *x, const char *content_type, const void *bytes, size_t len)
{
    answer(x, arena_text(x->arena, content_type), arena_copy(x->arena, bytes, len), len);
}

void exchange_free_later(struct exchange *x, void **bytes)
{
    CHECK(x->free_later == NULL || x->free_later == bytes);
    x->free_later = bytes;
}

void exchange_send_uncopied(struct exchange *x, const char *content_type, const void *bytes, size_t len)
{
    answer(x, arena_text(x->arena, content_type), bytes, len);
}

void exchange_send_nothing(struct exchange *x)
{
    x->status = 204;
    answer(x, NULL, NULL, 0);
}

/* RFC 9457 */
static void write_problem(struct buf *b, const struct failure *f)
{
    char type[64];
    snprintf(type, sizeof type, "urn:xueying:problem:%s", err_name(f->e));
    json_object_open(b);
    json_put_text(b, "type", type);
    json_put_text(b, "title", err_title(f->e, f->language));
    json_put_int(b, "status", err_http_status(f->e));
    json_put_text(b, "code", err_name(f->e));
    if (f->detail != NULL)
        json_put_text(b, "detail", f->detail);
    json_put_text(b, "fix", err_fix(f->e, f->language));
    json_put_text(b, "request_id", f->request_id);
    json_object_close(b);
}

static const struct failure_form problem = {"application/problem+json", write_problem};

static const struct failure_form *form_of(const struct endpoint *endpoint)
{
    return endpoint->failure_form != NULL ? endpoint->failure_form : &problem;
}

const struct failure_form *answer_failure_form(const struct server *server, const h2o_req_t *req)
{
    struct route_match match;
    enum http_method method;
    size_t len = req->input.query_at != SIZE_MAX ? req->input.query_at : req->input.path.len;
    if (router_method(req->input.method.base, req->input.method.len, &method) &&
        router_match(server->router, method, req->input.path.base, len, &match) == ERR_NONE)
        return form_of(match.route->endpoint);
    return &problem;
}

void exchange_send_error(struct exchange *x, enum err e)
{
    const struct failure_form *form =
        x->endpoint != NULL ? form_of(x->endpoint) : answer_failure_form(x->loop->server, x->req);
    const char *detail = x->detail != NULL ? x->detail : x->why != NULL && x->why[0] != 0 ? x->why : NULL;
    struct header_line *kept = NULL; /* Allow, set before the error */
    if (x->headers != NULL && strcmp(x->headers->name, "Allow") == 0)
        kept = x->headers;
    int64_t retry_after_s = x->retry_after_s;
    answer_reset(x);
    if (kept != NULL)
        answer_add_header(x, kept->name, kept->value);
    x->rendered_error = e;
    x->status = err_http_status(e);
    form->write(&x->out, &(struct failure){e, x->language, detail, x->id});
    if (e == ERR_UNAUTHENTICATED)
        answer_add_header(x, "WWW-Authenticate", "Bearer");
    if (err_may_retry(e) || retry_after_s > 0)
        answer_add_header(x, "Retry-After",
                          arena_printf(x->arena, "%" PRId64, retry_after_s > 0 ? retry_after_s : (int64_t)1));
    answer(x, form->content_type, buf_cstr(&x->out), x->out.len);
}

enum err exchange_explain(struct exchange *x, enum err e, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    x->detail = arena_text(x->arena, text);
    return e;
}

void exchange_explain_from(struct exchange *x, const char *why)
{
    x->why = why;
}

void exchange_retry_after(struct exchange *x, int64_t seconds)
{
    x->retry_after_s = seconds;
}

void exchange_set_cookie(struct exchange *x, const char *name, const char *value, int64_t max_age_s)
{
    CHECK(!x->rendering);
    answer_add_header(x, "Set-Cookie",
                      arena_printf(x->arena, "%s%s=%s; Path=/; Max-Age=%" PRId64 "; HttpOnly; SameSite=Strict%s",
                                   x->secure ? "__Host-" : "", name, value, max_age_s, x->secure ? "; Secure" : ""));
}

void exchange_send_cached(struct exchange *x, const char *submission_id, const char *owner_id, const char *etag)
{
    CHECK(x->endpoint->poll_cached && !x->rendering);
    const char *tag = arena_printf(x->arena, "%s-%s", etag, x->language == LANGUAGE_EN ? "en" : "zh");
    bool matches = exchange_if_none_match(x, etag);
    if (strcmp(submission_id, x->match.params[0].raw) == 0 && x->status == 200 && !x->out.over)
        poll_cache_put(x->loop->server->polls, submission_id, owner_id, x->language, tag, buf_cstr(&x->out), x->out.len,
                       x->generation, x->now_us);
    answer_add_header(x, "ETag", arena_printf(x->arena, "\"%s\"", tag));
    answer_add_header(x, "Vary", "Accept-Language");
    if (matches) {
        x->status = 304;
        answer(x, NULL, NULL, 0);
    } else {
        exchange_send(x);
    }
}

/* ---- to h2o ---- */

static bool header_given(const struct exchange *x, const char *name)
{
    for (const struct header_line *h = x->headers; h != NULL; h = h->next)
        if (strcasecmp(h->name, name) == 0)
            return true;
    return false;
}

void answer_transmit(struct exchange *x)
{
    h2o_req_t *req = x->req;
    if (req == NULL || x->sent)
        return;
    x->sent = true;
    keyed_leave(x); /* before the client can know the answer: it may use the key again at once */
    bool has_body = x->status != 204 && x->status != 304;
    bool is_head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    req->res.status = x->status;
    req->res.reason = headers_reason(x->status);
    req->res.content_length = has_body ? x->body_len : SIZE_MAX;
    if (x->content_type != NULL)
        HEADERS_ADD(req, "Content-Type", x->content_type, strlen(x->content_type));
    HEADERS_ADD(req, "X-Request-Id", x->id, strlen(x->id));
    if (!header_given(x, "cache-control"))
        HEADERS_ADD(req, "Cache-Control", "no-store", 8);
    for (const struct header_line *h = x->headers; h != NULL; h = h->next)
        headers_add(req, h->name, strlen(h->name), h->value, strlen(h->value));
    headers_secure(req, ANSWER_API, x->secure);
    if (x->loop->stopping || x->closes)
        req->http1_is_persistent = 0;
    metrics_count(x->loop, x->match.index, x->status, x->begun_mono_us);
    /* The body lies in the exchange, which the request's pool keeps alive until h2o has written it. */
    h2o_iovec_t body = h2o_iovec_init(x->body, x->body_len);
    h2o_start_response(req, &generator);
    h2o_send(req, &body, has_body && !is_head && x->body_len > 0 ? 1 : 0, H2O_SEND_STATE_FINAL);
}
