/* The table of routes, and the endpoints it names. */
#include "api/api.h"

#define ROUTE(method, path, roles, body_bytes_max, name) extern const struct endpoint endpoint_##name;
#include "api/routes.def"
#undef ROUTE

static const struct route routes[] = {
#define ROUTE(method, path_, roles_, body_bytes_max_, name)                                                            \
    {METHOD_##method, path_, (unsigned)(roles_), body_bytes_max_, &endpoint_##name},
#include "api/routes.def"
#undef ROUTE
};

const struct route *api_routes(size_t *count)
{
    *count = countof(routes);
    return routes;
}
