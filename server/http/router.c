#include "http/router.h"

#include "base/check.h"
#include "base/text.h"

#define METHODS   6
#define DEPTH_MAX 16 /* segments of a path; longer ones are not found */

struct node {
    const char *segment; /* literal, or the parameter's name; not NUL terminated */
    size_t segment_len;
    struct node *literals; /* children, in a list by `next` */
    struct node *param;    /* child that takes any segment */
    struct node *next;
    const struct route *routes[METHODS];
    const char *names[ROUTE_PARAMS_MAX];
    size_t param_count;
};

struct router {
    struct arena *arena;
    struct node *root;
    const struct route *table;
};

static const char *method_names[METHODS] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

bool router_method(const char *name, size_t len, enum http_method *method)
{
    for (size_t i = 0; i < METHODS; i++)
        if (strlen(method_names[i]) == len && memcmp(method_names[i], name, len) == 0) {
            *method = (enum http_method)i;
            return true;
        }
    return false;
}

void router_allow(unsigned allowed, char text[ROUTER_ALLOW_BYTES])
{
    size_t len = 0;
    text[0] = 0;
    for (size_t i = 0; i < METHODS; i++)
        if (allowed & (1u << i))
            len += (size_t)snprintf(text + len, ROUTER_ALLOW_BYTES - len, "%s%s", len > 0 ? ", " : "", method_names[i]);
}

/* ---- building ---- */

static struct node *child(struct router *router, struct node *parent, const char *segment, size_t len)
{
    bool is_param = len > 2 && segment[0] == '{' && segment[len - 1] == '}';
    if (is_param && parent->param != NULL)
        return parent->param;
    for (struct node *n = parent->literals; !is_param && n != NULL; n = n->next)
        if (n->segment_len == len && memcmp(n->segment, segment, len) == 0)
            return n;
    struct node *node = ARENA_NEW(router->arena, struct node);
    node->segment = segment;
    node->segment_len = len;
    if (is_param) {
        parent->param = node;
    } else {
        node->next = parent->literals;
        parent->literals = node;
    }
    return node;
}

static void add(struct router *router, const struct route *route)
{
    CHECK(route->path[0] == '/' && route->endpoint != NULL);
    struct node *node = router->root;
    const char *names[ROUTE_PARAMS_MAX];
    size_t count = 0, depth = 0;
    for (const char *at = route->path + 1; *at != 0;) {
        size_t len = strcspn(at, "/");
        CHECK(len > 0 && ++depth <= DEPTH_MAX);
        node = child(router, node, at, len);
        if (at[0] == '{') {
            CHECK(count < ROUTE_PARAMS_MAX);
            names[count++] = arena_text_n(router->arena, at + 1, len - 2);
        }
        at += len;
        if (*at == '/')
            at++;
    }
    CHECK(node->routes[route->method] == NULL);
    node->routes[route->method] = route;
    for (size_t i = 0; i < count && node->param_count == 0; i++)
        node->names[i] = names[i];
    for (size_t i = 0; i < count; i++)
        CHECK(text_is(node->names[i], names[i])); /* the same parameter has one name for all methods of a path */
    node->param_count = count;
}

struct router *router_new(const struct route *routes, size_t count)
{
    struct arena *arena = arena_new(MIB(1));
    struct router *router = ARENA_NEW(arena, struct router);
    router->arena = arena;
    router->root = ARENA_NEW(arena, struct node);
    router->table = routes;
    for (size_t i = 0; i < count; i++)
        add(router, &routes[i]);
    return router;
}

void router_free(struct router *router)
{
    if (router != NULL)
        arena_free(router->arena);
}

/* ---- matching ---- */

struct walk {
    const char *at, *end;
    const char *raw[DEPTH_MAX];
    size_t raw_len[DEPTH_MAX];
    size_t params;
};

static bool has_route(const struct node *node)
{
    for (size_t i = 0; i < METHODS; i++)
        if (node->routes[i] != NULL)
            return true;
    return false;
}

/* Depth is bounded by the tree, which is DEPTH_MAX deep. */
static const struct node *find(const struct node *node, struct walk *walk)
{
    if (walk->at >= walk->end)
        return has_route(node) ? node : NULL;
    const char *at = walk->at;
    const char *slash = memchr(at, '/', (size_t)(walk->end - at));
    const char *stop = slash != NULL ? slash : walk->end;
    size_t len = (size_t)(stop - at);
    if (len == 0 || slash == walk->end - 1) /* "//" or a slash at the end */
        return NULL;
    walk->at = slash != NULL ? slash + 1 : walk->end;
    const char *rest = walk->at;
    for (const struct node *n = node->literals; n != NULL; n = n->next) {
        if (n->segment_len != len || memcmp(n->segment, at, len) != 0)
            continue;
        const struct node *found = find(n, walk);
        if (found != NULL)
            return found;
        walk->at = rest;
        break;
    }
    if (node->param == NULL)
        return NULL;
    size_t params = walk->params;
    walk->raw[params] = at;
    walk->raw_len[params] = len;
    walk->params = params + 1;
    const struct node *found = find(node->param, walk);
    if (found == NULL)
        walk->params = params;
    return found;
}

enum err router_match(const struct router *router, enum http_method method, const char *path, size_t len,
                      struct route_match *match)
{
    match->route = NULL;
    match->param_count = 0;
    match->allowed = 0;
    if (len == 0 || path[0] != '/')
        return ERR_NOT_FOUND;
    struct walk walk = {.at = path + 1, .end = path + len};
    const struct node *node = find(router->root, &walk);
    if (node == NULL)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < METHODS; i++)
        if (node->routes[i] != NULL)
            match->allowed |= 1u << i;
    if (match->allowed & (1u << METHOD_GET))
        match->allowed |= 1u << METHOD_HEAD;
    const struct route *route = node->routes[method];
    if (route == NULL && method == METHOD_HEAD)
        route = node->routes[METHOD_GET];
    if (route == NULL)
        return ERR_METHOD_NOT_ALLOWED;
    match->route = route;
    match->index = (size_t)(route - router->table);
    CHECK(walk.params == node->param_count);
    match->param_count = node->param_count;
    for (size_t i = 0; i < node->param_count; i++) {
        match->params[i].name = node->names[i];
        match->params[i].raw = walk.raw[i];
        match->params[i].raw_len = walk.raw_len[i];
    }
    return ERR_NONE;
}

/* ---- decoding ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static char *percent_decode(struct arena *arena, const char *raw, size_t len, bool plus_is_space)
{
    char *text = arena_alloc(arena, len + 1);
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        char c = raw[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_digit(raw[i + 1]) : -1;
            int low = len - i > 2 ? hex_digit(raw[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        text[out++] = c;
    }
    text[out] = 0;
    return text_utf8_valid(text, out) && text_is_control_free(text) ? text : NULL;
}

const char *router_decode(struct arena *arena, const char *raw, size_t len)
{
    char *text = percent_decode(arena, raw, len, false);
    if (text == NULL || strpbrk(text, "/\\") != NULL || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return NULL;
    return text;
}

const char *router_decode_query(struct arena *arena, const char *raw, size_t len)
{
    return percent_decode(arena, raw, len, true);
}
