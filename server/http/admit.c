/* Who is asking, and may they: token → principal → CSRF → role. Ends in the endpoint or in an error. */
#include "inside.h"

#include "base/check.h"
#include "base/text.h"

bool exchange_may(const struct exchange *x, unsigned roles)
{
    return (roles & (unsigned)ROLE_ANYONE) != 0 || (x->who.roles & roles) != 0;
}

static bool method_is_safe(const struct exchange *x)
{
    return x->method == METHOD_GET || x->method == METHOD_HEAD;
}

static enum err check_csrf(struct exchange *x, h2o_iovec_t token)
{
    const char *public_url = x->loop->server->options.public_url;
    h2o_iovec_t proof;
    char want[AUTH_CSRF_TEXT_BYTES];
    if (method_is_safe(x) || !x->by_cookie)
        return ERR_NONE;
    auth_csrf_for(arena_text_n(x->arena, token.base, token.len), want);
    if (!request_same_origin(x->req, x->secure, public_url) || !request_header(x->req, "x-csrf", 6, &proof) ||
        proof.len != sizeof want - 1 || !crypt_equal(proof.base, want, proof.len))
        return ERR_CSRF;
    return ERR_NONE;
}

/* Principal known (or nobody): role, key, then the endpoint. */
static void admit(struct exchange *x)
{
    const struct route *route = x->match.route;
    enum err e = ERR_NONE;
    if (!exchange_may(x, route->roles))
        e = x->who.id[0] == 0 ? ERR_UNAUTHENTICATED : ERR_FORBIDDEN;
    else
        e = rate_person(x);
    if (e == ERR_NONE && x->endpoint->idempotent_key)
        e = keyed_begin(x); /* sets keyed, when the request has a key */
    if (e != ERR_NONE) {
        exchange_fail(x, e);
        return;
    }
    /* Looked for before the steps only when there is work to save; the WRITE step looks again in its own transaction.
     */
    if (x->keyed && x->endpoint->steps[0].place != STEP_WRITE)
        keyed_find(x);
    else
        exchange_advance(x);
}

static enum err resolve_step(struct tx *tx, void *job)
{
    struct exchange *x = job;
    return x->loop->server->options.resolve(tx, &x->lookup);
}

static void on_resolved(struct store_unit *unit)
{
    struct exchange *x = container_of(unit, struct exchange, unit);
    bool nobody = unit->result == ERR_UNAUTHENTICATED || unit->result == ERR_NOT_FOUND;
    x->flying = false;
    x->loop->flights--;
    if (unit->result == ERR_NONE) {
        auth_keep(x->loop->server->auth, &x->key, &x->lookup, x->auth_epoch);
        x->who = x->lookup.who;
    }
    if (x->req != NULL && !x->sent) {
        if (unit->result == ERR_NONE || nobody)
            admit(x);
        else
            exchange_fail(x, unit->result);
    }
    exchange_release(x);
}

struct sighting {
    struct store_unit unit;
    struct auth_sighting what;
    struct loop *loop;
};

static void on_sighting(struct store_unit *unit)
{
    struct sighting *sighting = container_of(unit, struct sighting, unit);
    sighting->loop->flights--;
    free(sighting);
}

/* Not part of the request: nobody waits for it, and when the store is busy the next request tries again later. */
static void write_down(struct exchange *x)
{
    const struct server_options *options = &x->loop->server->options;
    struct sighting *sighting = options->seen != NULL ? calloc(1, sizeof *sighting) : NULL;
    if (sighting == NULL)
        return;
    sighting->loop = x->loop;
    sighting->what.now_us = x->now_us;
    memcpy(sighting->what.login_id, x->who.login_id, sizeof sighting->what.login_id);
    sighting->unit = (struct store_unit){.home = &x->loop->mailbox,
                                         .mode = STORE_WRITE,
                                         .step = (store_step *)options->seen,
                                         .job = &sighting->what,
                                         .done = on_sighting,
                                         .store = options->store};
    x->loop->flights++;
    if (store_submit(options->store, &sighting->unit) != ERR_NONE)
        on_sighting(&sighting->unit);
}

void admit_begin(struct exchange *x)
{
    struct server *server = x->loop->server;
    bool open = (x->match.route->roles & (unsigned)ROLE_ANYONE) != 0, due;
    h2o_iovec_t token;
    /* A page of another site must not log the browser in to an account of its choice either. */
    if (open && !method_is_safe(x) && !request_same_origin(x->req, x->secure, server->options.public_url)) {
        exchange_fail(x, ERR_CSRF);
        return;
    }
    bool found = request_token(x->req, x->secure, &token, &x->by_cookie);
    if (open && x->by_cookie && !method_is_safe(x))
        found = false; /* an old cookie neither helps nor hinders a login */
    if (!found || !request_key(x->req, token, &x->key)) {
        admit(x);
        return;
    }
    enum err e = check_csrf(x, token);
    if (e != ERR_NONE) {
        exchange_fail(x, e);
        return;
    }
    bool is_use = x->endpoint != &endpoint_console_events;
    if (auth_find(server->auth, &x->key, x->now_us, &x->who, is_use ? &due : NULL)) {
        if (is_use && due)
            write_down(x);
        admit(x);
        return;
    }
    text_hex(x->key.hash, sizeof x->key.hash, x->lookup.token_hash);
    x->lookup.now_us = x->now_us;
    x->lookup.is_use = is_use;
    x->auth_epoch = auth_epoch(server->auth);
    exchange_submit(x, STORE_READ, resolve_step, x, on_resolved);
}
