#include "inside.h"

#include "base/check.h"
#include "base/text.h"

/* ---- the raw request; loop thread ---- */

/* "<boot>-<loop><serial>" in hex; by hand, because a status poll takes little longer than a printf. */
size_t request_new_id(struct loop *loop, char id[REQUEST_ID_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t serial = ++loop->serial;
    size_t len = sizeof loop->server->boot - 1;
    memcpy(id, loop->server->boot, len);
    id[len++] = '-';
    id[len++] = digits[(loop->index >> 4) & 15];
    id[len++] = digits[loop->index & 15];
    for (int shift = 44; shift >= 0; shift -= 4)
        id[len++] = digits[(serial >> shift) & 15];
    id[len] = 0;
    return len;
}

bool request_header(const h2o_req_t *req, const char *name_lower_case, size_t len, h2o_iovec_t *value)
{
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *h = &req->headers.entries[i];
        if (h->name->len == len && memcmp(h->name->base, name_lower_case, len) == 0) {
            *value = h->value;
            return true;
        }
    }
    return false;
}

bool request_cookie(const h2o_req_t *req, const char *name, h2o_iovec_t *value)
{
    h2o_iovec_t all;
    size_t name_len = strlen(name);
    if (!request_header(req, "cookie", 6, &all))
        return false;
    const char *at = all.base, *end = all.base + all.len;
    while (at < end) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if ((size_t)(stop - at) > name_len && memcmp(at, name, name_len) == 0 && at[name_len] == '=') {
            *value = h2o_iovec_init(at + name_len + 1, (size_t)(stop - at) - name_len - 1);
            return true;
        }
        for (at = stop + (stop < end); at < end && *at == ' ';)
            at++;
    }
    return false;
}

/* Weight of a language in Accept-Language, in thousandths; -1 when it is not named. */
static int language_weight(h2o_iovec_t header, const char *tag)
{
    const char *at = header.base, *end = header.base + header.len;
    while (at < end) {
        while (at < end && (*at == ' ' || *at == ','))
            at++;
        const char *stop = memchr(at, ',', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if (stop - at >= 2 && (at[0] | 0x20) == tag[0] && (at[1] | 0x20) == tag[1]) {
            const char *q = memchr(at, '=', (size_t)(stop - at));
            if (q == NULL || stop - q < 2 || q[1] != '0')
                return 1000;
            int weight = 0, unit = 100;
            for (q += 3; q < stop && *q >= '0' && *q <= '9' && unit > 0; q++, unit /= 10)
                weight += (*q - '0') * unit;
            return weight;
        }
        at = stop;
    }
    return -1;
}

enum language request_language(const h2o_req_t *req)
{
    h2o_iovec_t header;
    if (!request_header(req, "accept-language", 15, &header))
        return LANGUAGE_ZH;
    return language_weight(header, "en") > language_weight(header, "zh") ? LANGUAGE_EN : LANGUAGE_ZH;
}

struct connection *request_connection(const h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

bool request_is_secure(const h2o_req_t *req)
{
    h2o_iovec_t proto;
    struct connection *c = request_connection(req);
    if (c->sock->ssl != NULL)
        return true;
    return c->peer_is_trusted && request_header(req, "x-forwarded-proto", 17, &proto) && proto.len == 5 &&
           memcmp(proto.base, "https", 5) == 0;
}

bool request_token(const h2o_req_t *req, bool secure, h2o_iovec_t *token, bool *by_cookie)
{
    h2o_iovec_t header;
    *by_cookie = false;
    if (request_header(req, "authorization", 13, &header)) {
        if (header.len < 7 || strncasecmp(header.base, "bearer ", 7) != 0)
            return false;
        *token = h2o_iovec_init(header.base + 7, header.len - 7);
        return true;
    }
    *by_cookie = true;
    return request_cookie(req, secure ? "__Host-" AUTH_COOKIE : AUTH_COOKIE, token);
}

bool request_key(const h2o_req_t *req, h2o_iovec_t token, struct auth_key *key)
{
    struct connection *c = request_connection(req);
    if (c->token_len > 0 && c->token_len == token.len && crypt_equal(c->token, token.base, token.len)) {
        *key = c->token_key;
        return true;
    }
    if (!auth_key_of(token.base, token.len, key))
        return false;
    memcpy(c->token, token.base, token.len);
    c->token_len = token.len;
    c->token_key = *key;
    return true;
}

static bool origin_is(h2o_iovec_t origin, const char *scheme, const char *host, size_t host_len)
{
    size_t scheme_len = strlen(scheme);
    return origin.len == scheme_len + host_len && memcmp(origin.base, scheme, scheme_len) == 0 &&
           memcmp(origin.base + scheme_len, host, host_len) == 0;
}

/* A browser names the page that sends a request in Origin, and its relation to us in Sec-Fetch-Site. Neither: not a
 * browser of this decade; X-CSRF alone must do then. */
bool request_same_origin(const h2o_req_t *req, bool secure, const char *public_url)
{
    h2o_iovec_t value;
    if (request_header(req, "sec-fetch-site", 14, &value) &&
        !(value.len == 11 && memcmp(value.base, "same-origin", 11) == 0))
        return false;
    if (!request_header(req, "origin", 6, &value))
        return true;
    if (public_url != NULL && public_url[0] != 0) {
        const char *scheme_end = strstr(public_url, "://");
        size_t len = strlen(public_url);
        if (scheme_end != NULL)
            len = (size_t)(scheme_end - public_url) + 3 + strcspn(scheme_end + 3, "/");
        if (origin_is(value, "", public_url, len))
            return true;
    }
    return origin_is(value, secure ? "https://" : "http://", req->input.authority.base, req->input.authority.len);
}

/* Behind trusted proxies the client is the last address in X-Forwarded-For that no trusted proxy has. */
const char *request_peer(const h2o_req_t *req, struct arena *arena)
{
    struct connection *c = request_connection(req);
    h2o_iovec_t list;
    if (!c->peer_is_trusted || !request_header(req, "x-forwarded-for", 15, &list))
        return arena_text(arena, c->peer);
    const char *end = list.base + list.len;
    const char *found = c->peer;
    while (end > list.base) {
        const char *at = end;
        while (at > list.base && at[-1] != ',')
            at--;
        const char *first = at;
        while (first < end && *first == ' ')
            first++;
        size_t len = (size_t)(end - first);
        struct in6_addr address;
        char text[PEER_BYTES];
        if (len == 0 || len >= sizeof text)
            break;
        memcpy(text, first, len);
        text[len] = 0;
        if (inet_pton(AF_INET, text, &address) != 1 && inet_pton(AF_INET6, text, &address) != 1)
            break;
        found = arena_text(arena, text);
        if (!server_is_trusted(c->loop->server, text))
            break;
        end = at > list.base ? at - 1 : at;
    }
    return arena_text(arena, found);
}

/* ---- exchange.h: for decode ---- */

struct arena *exchange_arena(struct exchange *x)
{
    return x->arena;
}

const struct principal *exchange_principal(const struct exchange *x)
{
    return &x->who;
}

bool exchange_csrf(struct exchange *x, char out[AUTH_CSRF_TEXT_BYTES])
{
    h2o_iovec_t token;
    CHECK(x->req != NULL && !x->rendering);
    if (!request_cookie(x->req, x->secure ? "__Host-" AUTH_COOKIE : AUTH_COOKIE, &token))
        return false;
    auth_csrf_for(arena_text_n(x->arena, token.base, token.len), out);
    return true;
}

const char *exchange_id(const struct exchange *x)
{
    return x->id;
}

int64_t exchange_now_us(const struct exchange *x)
{
    return x->now_us;
}

enum language exchange_language(const struct exchange *x)
{
    return x->language;
}

const char *exchange_peer(const struct exchange *x)
{
    return x->peer;
}

const char *exchange_path(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->match.param_count; i++)
        if (strcmp(x->match.params[i].name, name) == 0)
            return x->match.params[i].raw; /* decoded by exchange_begin */
    CHECK(!"the route declares this path parameter");
    return "";
}

enum err exchange_path_id(struct exchange *x, const char *name, const char **id)
{
    *id = exchange_path(x, name);
    return crypt_id_valid(*id) ? ERR_NONE : ERR_NOT_FOUND;
}

const char *exchange_query(const struct exchange *x, const char *name)
{
    CHECK(x->req != NULL && !x->rendering);
    const h2o_req_t *req = x->req;
    size_t name_len = strlen(name);
    if (req->input.query_at == SIZE_MAX)
        return NULL;
    const char *at = req->input.path.base + req->input.query_at + 1;
    const char *end = req->input.path.base + req->input.path.len;
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if ((size_t)(stop - at) >= name_len && memcmp(at, name, name_len) == 0 &&
            (at + name_len == stop || at[name_len] == '=')) {
            const char *value = at + name_len + (at + name_len < stop);
            return router_decode_query(x->arena, value, (size_t)(stop - value));
        }
        at = stop + 1;
    }
    return NULL;
}

enum err exchange_query_int(struct exchange *x, const char *name, int64_t min, int64_t max, int64_t otherwise,
                            int64_t *value)
{
    const char *text = exchange_query(x, name);
    *value = otherwise;
    if (text == NULL)
        return ERR_NONE;
    if (!text_int(text, value) || *value < min || *value > max)
        return exchange_explain(x, ERR_BAD_FIELD, "%s must be a whole number from %" PRId64 " to %" PRId64, name, min,
                                max);
    return ERR_NONE;
}

const char *exchange_header(const struct exchange *x, const char *name_lower_case)
{
    CHECK(x->req != NULL && !x->rendering);
    h2o_iovec_t value;
    if (strcmp(name_lower_case, "host") == 0)
        return arena_text_n(x->arena, x->req->input.authority.base, x->req->input.authority.len);
    if (!request_header(x->req, name_lower_case, strlen(name_lower_case), &value))
        return NULL;
    return arena_text_n(x->arena, value.base, value.len);
}

const void *exchange_body(struct exchange *x, size_t *len)
{
    CHECK(x->req != NULL && !x->rendering);
    *len = x->req->entity.len;
    return arena_copy(x->arena, x->req->entity.base != NULL ? x->req->entity.base : "", x->req->entity.len);
}

enum err exchange_json(struct exchange *x, const struct json_field *fields, size_t count, void *out)
{
    size_t len;
    const char *bytes = exchange_body(x, &len);
    const struct json *tree;
    char why[JSON_WHY_BYTES] = "";
    enum err e = json_read(len > 0 ? bytes : "{}", len > 0 ? len : 2, x->arena, &tree);
    if (e != ERR_NONE)
        return exchange_explain(x, e, "the body is not strict JSON");
    e = json_decode(tree, fields, count, out, x->arena, why);
    return e == ERR_NONE ? ERR_NONE : exchange_explain(x, e, "%s", why);
}

int64_t exchange_prefer_wait_s(const struct exchange *x)
{
    h2o_iovec_t value;
    if (x->wait_over || x->req == NULL || x->method != METHOD_GET || !x->endpoint->poll_cached ||
        !request_header(x->req, "prefer", 6, &value))
        return 0;
    const char *at = memmem(value.base, value.len, "wait=", 5);
    if (at == NULL)
        return 0;
    int64_t wait_s = 0, max_s = x->loop->server->limits.poll_wait_s_max;
    for (at += 5; at < value.base + value.len && *at >= '0' && *at <= '9' && wait_s <= max_s; at++)
        wait_s = wait_s * 10 + (*at - '0');
    if (wait_s > max_s)
        wait_s = max_s;
    if (x->wait_until_ms > 0) { /* it has waited before and was woken */
        int64_t left_ms = x->wait_until_ms - (int64_t)uv_now(&x->loop->uv);
        wait_s = left_ms <= 0 ? 0 : (left_ms + 999) / 1000 < wait_s ? (left_ms + 999) / 1000 : wait_s;
    }
    return wait_s;
}

/* One tag of the list in If-None-Match, without W/ and quotes, equals `etag` or etag-<language>. */
bool exchange_if_none_match(struct exchange *x, const char *etag)
{
    h2o_iovec_t value;
    if (x->req == NULL || !request_header(x->req, "if-none-match", 13, &value))
        return false;
    size_t len = strlen(etag);
    const char *suffix = x->language == LANGUAGE_EN ? "-en" : "-zh";
    for (const char *at = value.base, *end = value.base + value.len; at < end;) {
        const char *open = memchr(at, '"', (size_t)(end - at));
        const char *close = open != NULL ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
        if (close == NULL)
            return false;
        size_t have = (size_t)(close - open - 1);
        if (have >= len && memcmp(open + 1, etag, len) == 0 &&
            (have == len || (have == len + 3 && memcmp(open + 1 + len, suffix, 3) == 0)))
            return true;
        at = close + 1;
    }
    return false;
}
