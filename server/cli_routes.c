/* cli_routes — `xueying routes [--json]`: every address of the API, who may use it and how often. What tests and
 * reverse proxies need to know of routes.def and limits.def, from the program that serves them. */
#include "api/api.h"
#include "base/json.h"
#include "base/text.h"
#include "cli.h"
#include "store/view.h"

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
static const char *const pers[] = {"address", "person", "subject"};

static bool counts_for(const struct limit_rule *rule, const struct route *route)
{
    return rule->endpoint != NULL ? rule->endpoint == route->endpoint : (rule->roles & route->roles) != 0;
}

/* The endpoint's own rules; of a kind it has none of, the shared one. */
static void put_limits(struct buf *out, const struct route *route)
{
    size_t count;
    const struct limit_rule *rules = api_limits(&count);
    bool own[LIMIT_KINDS] = {false};
    for (size_t i = 0; i < count; i++)
        if (rules[i].endpoint == route->endpoint)
            own[rules[i].per] = true;
    json_name(out, "limits");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        if (!counts_for(&rules[i], route) || (rules[i].endpoint == NULL && own[rules[i].per]))
            continue;
        json_object_open(out);
        json_put_text(out, "per", pers[rules[i].per]);
        json_put_int(out, "count", rules[i].count);
        json_put_int(out, "window_s", rules[i].window_s);
        json_put_bool(out, "shared", rules[i].endpoint == NULL);
        json_object_close(out);
    }
    json_array_close(out);
}

static void put_route(struct buf *out, const struct route *route)
{
    json_object_open(out);
    json_put_text(out, "method", methods[route->method]);
    json_put_text(out, "path", route->path);
    json_put_text(out, "operation", route->endpoint->name);
    json_put_bool(out, "anyone", (route->roles & (unsigned)ROLE_ANYONE) != 0);
    json_put_bool(out, "student", (route->roles & (unsigned)ROLE_STUDENT) != 0);
    view_roles(out, "roles", route->roles & (unsigned)ROLE_STAFF);
    json_put_int(out, "body_bytes_max", (int64_t)route->body_bytes_max);
    json_put_bool(out, "idempotency_key", route->endpoint->idempotent_key);
    put_limits(out, route);
    json_object_close(out);
}

static void print_line(const struct route *route)
{
    const char *who = (route->roles & (unsigned)ROLE_ANYONE) != 0    ? "anyone"
                      : (route->roles & (unsigned)ROLE_STAFF) == 0   ? "student"
                      : (route->roles & (unsigned)ROLE_STUDENT) == 0 ? "staff"
                                                                     : "student staff";
    printf("%-7s%-66s%-15s%s\n", methods[route->method], route->path, who, route->endpoint->name);
}

int cli_routes(int argc, char **argv)
{
    size_t count;
    const struct route *routes = api_routes(&count);
    bool as_json = argc == 2 && text_is(argv[1], "--json");
    if (argc > 2 || (argc == 2 && !as_json))
        return cli_say(CLI_USAGE, "usage: xueying routes [--json]");
    if (!as_json) {
        for (size_t i = 0; i < count; i++)
            print_line(&routes[i]);
        return CLI_DONE;
    }
    struct buf out;
    buf_init(&out, MIB(1));
    json_list_open(&out);
    for (size_t i = 0; i < count; i++)
        put_route(&out, &routes[i]);
    json_list_close(&out);
    puts(buf_cstr(&out));
    buf_release(&out);
    return CLI_DONE;
}
