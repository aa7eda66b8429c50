/* router — which route a method and a path mean.
 *
 * Compiled once from the table of routes into a tree of path segments; a literal segment wins over a parameter.
 * Matching allocates nothing and never decodes: parameters are slices of the raw path, decoded by router_decode when
 * somebody asks. Paths are matched as they came: no "..", no empty segment, no percent sign in a literal, so there is
 * exactly one spelling of every address. Immutable after router_new; then any thread. */
#ifndef XY_HTTP_ROUTER_H
#define XY_HTTP_ROUTER_H

#include "base/arena.h"
#include "http/exchange.h"

struct router;

/* `routes` outlives the router. CHECKs what the table may not contain: two routes for the same method and path, more
 * than ROUTE_PARAMS_MAX parameters, a path that does not begin with '/'. */
struct router *router_new(const struct route *routes, size_t count);
void router_free(struct router *router);

struct route_match {
    const struct route *route;
    size_t index; /* of the route in the table */
    struct {
        const char *name; /* NUL terminated; the router's */
        const char *raw;  /* into the path that was matched */
        size_t raw_len;
    } params[ROUTE_PARAMS_MAX];
    size_t param_count;
    unsigned allowed; /* bits 1 << enum http_method of the methods this path knows, when it was found */
};

/* NOT_FOUND: no such path. METHOD_NOT_ALLOWED: `allowed` says which. HEAD finds the route of GET. */
enum err router_match(const struct router *router, enum http_method method, const char *path, size_t len,
                      struct route_match *match);

/* "GET, HEAD, POST" for Allow. */
#define ROUTER_ALLOW_BYTES 64
void router_allow(unsigned allowed, char text[ROUTER_ALLOW_BYTES]);

/* False: no method we know. */
bool router_method(const char *name, size_t len, enum http_method *method);

/* Percent-decoded, NUL terminated, in arena. NULL when it is not valid UTF-8, has a bad escape, a control character,
 * a slash or backslash, or is "." or "..". */
const char *router_decode(struct arena *arena, const char *raw, size_t len);
/* The same for query values: '+' is a space, slashes are allowed. */
const char *router_decode_query(struct arena *arena, const char *raw, size_t len);

#endif
