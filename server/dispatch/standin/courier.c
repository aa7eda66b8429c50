#include "dispatch/standin/services.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/webhook.h"

#define PARCELS_MAX   65536
#define CALLBACKS_MAX 64

struct callback {
    struct client_request request;
    struct arena *arena;
    struct standin_courier *courier;
};

struct standin_courier {
    struct standin_http *http;
    struct client *client;
    char key[64];
    char *delivered[PARCELS_MAX]; /* "carrier/number" */
    size_t count, calling;
};

static bool is_delivered(const struct standin_courier *c, const char *parcel)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->delivered[i], parcel) == 0)
            return true;
    return false;
}

static void on_told(struct client_request *request, const struct client_answer *answer)
{
    struct callback *callback = request->arg;
    (void)answer; /* who missed it asks */
    callback->courier->calling--;
    arena_free(callback->arena);
    free(callback);
}

static void tell(struct standin_courier *c, const char *url, const char *carrier, const char *number)
{
    char id[CRYPT_ID_TEXT_BYTES], signature[WEBHOOK_SIGNATURE_BYTES];
    if (c->calling >= CALLBACKS_MAX)
        return;
    struct callback *callback = calloc(1, sizeof *callback);
    CHECK(callback != NULL);
    struct arena *a = callback->arena = arena_new(KIB(64));
    callback->courier = c;
    c->calling++;
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "carrier", carrier);
    json_put_text(&b, "number", number);
    json_put_text(&b, "state", "delivered");
    json_object_close(&b);
    crypt_id(clock_utc_us(), id);
    const char *timestamp = arena_printf(a, "%" PRId64, clock_utc_us() / 1000000);
    webhook_sign(c->key, strlen(c->key), id, timestamp, b.bytes, b.len, signature);
    callback->request = (struct client_request){
        .method = "POST",
        .url = arena_text(a, url),
        .headers = {"Content-Type: application/json", arena_printf(a, "webhook-id: %s", id),
                    arena_printf(a, "webhook-timestamp: %s", timestamp),
                    arena_printf(a, "webhook-signature: %s", signature)},
        .body = arena_copy(a, b.bytes, b.len),
        .body_len = b.len,
        .done = on_told,
        .arg = callback,
    };
    buf_release(&b);
    client_send(c->client, &callback->request);
}

static int deliver(struct standin_courier *c, const struct standin_request *r)
{
    const char *carrier = json_text_at(r->json, "carrier", NULL), *number = json_text_at(r->json, "number", NULL);
    if (carrier == NULL || number == NULL)
        return 400;
    const char *parcel = arena_printf(r->arena, "%s/%s", carrier, number);
    if (!is_delivered(c, parcel)) {
        if (c->count == PARCELS_MAX)
            return 503;
        c->delivered[c->count] = strdup(parcel);
        CHECK(c->delivered[c->count] != NULL);
        c->count++;
    }
    const char *notify = json_text_at(r->json, "notify", NULL);
    if (notify != NULL)
        tell(c, notify, carrier, number);
    return 204;
}

/* "%2F" and the like in a path segment. */
static const char *decoded(const struct standin_request *r, const char *text)
{
    struct standin_request as_query = *r;
    as_query.query = arena_printf(r->arena, "v=%s", text);
    return standin_query(&as_query, "v");
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_courier *c = service;
    if (text_is(r->path, "/deliver"))
        return deliver(c, r);
    if (!text_starts(r->path, "/v1/parcels/"))
        return 404;
    const char *parcel = decoded(r, r->path + strlen("/v1/parcels/"));
    json_object_open(out);
    json_put_text(out, "state", parcel != NULL && is_delivered(c, parcel) ? "delivered" : "moving");
    json_object_close(out);
    return 200;
}

struct standin_courier *standin_courier_open(uv_loop_t *loop, struct client *client, const char *key, int *port)
{
    struct standin_courier *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->client = client;
    snprintf(c->key, sizeof c->key, "%s", key);
    c->http = standin_http_open(loop, answer, c, port);
    return c;
}

void standin_courier_close(struct standin_courier *c)
{
    CHECK(c->calling == 0); /* the client was closed before */
    standin_http_close(c->http);
    for (size_t i = 0; i < c->count; i++)
        free(c->delivered[i]);
    free(c);
}
