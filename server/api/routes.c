/* The tables of routes and of their limits, and the endpoints they name. */
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

static const struct limit_rule limit_rules[] = {
#define LIMIT(name, per_, count_, window_s_)          {&endpoint_##name, 0, LIMIT_PER_##per_, count_, window_s_},
#define LIMIT_OTHERS(roles_, per_, count_, window_s_) {NULL, (unsigned)(roles_), LIMIT_PER_##per_, count_, window_s_},
#include "api/limits.def"
#undef LIMIT
#undef LIMIT_OTHERS
};

const struct limit_rule *api_limits(size_t *count)
{
    *count = countof(limit_rules);
    return limit_rules;
}

const struct route *api_routes(size_t *count)
{
    *count = countof(routes);
    return routes;
}
