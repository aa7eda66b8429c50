/* Which limits a request meets, and when: the address before anything is done, the person once known, the subject when
 * decode has read what the request is about. */
#include "inside.h"

#include "base/check.h"

static const char *const per_names[LIMIT_KINDS] = {"address", "person", "subject"};

static void add(struct route_limits *limits, enum limit_per per, size_t rule)
{
    int16_t *slots = limits->rules[per];
    size_t i = 0;
    while (i < ROUTE_LIMITS_MAX && slots[i] >= 0)
        i++;
    CHECK(i < ROUTE_LIMITS_MAX);
    slots[i] = (int16_t)rule;
}

static void find_rules(const struct server *server, const struct route *route, struct route_limits *limits)
{
    const struct server_options *options = &server->options;
    memset(limits, 0xff, sizeof *limits); /* -1 everywhere */
    for (size_t i = 0; i < options->limit_rule_count; i++)
        if (options->limit_rules[i].endpoint == route->endpoint)
            add(limits, options->limit_rules[i].per, i);
    for (size_t i = 0; i < options->limit_rule_count; i++) {
        const struct limit_rule *rule = &options->limit_rules[i];
        if (rule->endpoint == NULL && (rule->roles & route->roles) != 0 && limits->rules[rule->per][0] < 0)
            add(limits, rule->per, i);
    }
}

void rate_start(struct server *server)
{
    const struct server_options *options = &server->options;
    CHECK(options->limit_rule_count < INT16_MAX);
    server->rates = limits_new(options->limit_rules, options->limit_rule_count, options->limits_scale_percent,
                               options->limit_rule_count > 0 ? LIMIT_ENTRIES_DEFAULT : 1);
    server->route_limits = calloc(server->route_count, sizeof server->route_limits[0]);
    CHECK(server->route_limits != NULL);
    for (size_t i = 0; i < server->route_count; i++)
        find_rules(server, &server->routes[i], &server->route_limits[i]);
}

enum err rate_take(struct server *server, size_t route, enum limit_per per, const void *who, size_t len, int64_t now_us,
                   int64_t *retry_after_s)
{
    const int16_t *rules = server->route_limits[route].rules[per];
    for (size_t i = 0; i < ROUTE_LIMITS_MAX && rules[i] >= 0; i++)
        TRY(limits_take(server->rates, (size_t)rules[i], who, len, now_us, retry_after_s));
    return ERR_NONE;
}

static enum err take(struct exchange *x, enum limit_per per, const void *who, size_t len)
{
    return rate_take(x->loop->server, x->match.index, per, who, len, x->begun_mono_us, &x->retry_after_s);
}

enum err rate_address(struct exchange *x)
{
    char key[LIMIT_ADDRESS_BYTES];
    return take(x, LIMIT_PER_ADDRESS, key, limits_address(x->peer, key));
}

enum err rate_person(struct exchange *x)
{
    return x->who.id[0] != 0 ? take(x, LIMIT_PER_PERSON, x->who.id, strlen(x->who.id)) : ERR_NONE;
}

enum err exchange_limit(struct exchange *x, const char *subject)
{
    return subject != NULL ? take(x, LIMIT_PER_SUBJECT, subject, strlen(subject)) : ERR_NONE;
}

void rate_metrics(struct server *server, struct buf *b)
{
    buf_text(b, "# TYPE xueying_http_limited_total counter\n");
    for (size_t i = 0; i < server->options.limit_rule_count; i++) {
        const struct limit_rule *rule = &server->options.limit_rules[i];
        uint64_t refused = limits_refused(server->rates, i);
        if (refused > 0)
            buf_printf(b, "xueying_http_limited_total{endpoint=\"%s\",per=\"%s\",rule=\"%zu\"} %" PRIu64 "\n",
                       rule->endpoint != NULL ? rule->endpoint->name : "", per_names[rule->per], i, refused);
    }
}
