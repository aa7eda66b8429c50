#include "dispatch/standin/services.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"

#define PHOTOS_MAX 65536

struct photo {
    char key[128], code[32], hash[CRYPT_HASH_TEXT_BYTES];
    int64_t size_bytes, received; /* how often it came */
    bool refused;
};

struct standin_chsi {
    struct standin_http *http;
    struct photo *photos[PHOTOS_MAX];
    size_t count;
    bool hold;
};

static struct photo *photo_named(struct standin_chsi *c, const char *key)
{
    for (size_t i = c->count; i-- > 0;)
        if (strcmp(c->photos[i]->key, key) == 0)
            return c->photos[i];
    return NULL;
}

static int write_photo(const struct standin_chsi *c, const struct photo *p, struct buf *out, int status)
{
    json_object_open(out);
    json_put_text(out, "key", p->key);
    json_put_text(out, "code", p->code);
    json_put_text(out, "state", c->hold ? "received" : p->refused ? "refused" : "accepted");
    json_put_text(out, "reason", p->refused && !c->hold ? "chsi_quality" : NULL);
    json_put_int(out, "size_bytes", p->size_bytes);
    json_put_int(out, "received", p->received);
    json_object_close(out);
    return status;
}

static int put_photo(struct standin_chsi *c, const struct standin_request *r, const char *key, struct buf *out)
{
    const char *code = standin_header(r, "submission-code");
    char hash[CRYPT_HASH_TEXT_BYTES];
    unsigned char bytes[CRYPT_HASH_BYTES];
    if (strlen(key) >= sizeof c->photos[0]->key || code == NULL || r->body_len < 4 ||
        memcmp(r->body, "\xff\xd8\xff", 3) != 0)
        return 400;
    crypt_hash(r->body, r->body_len, bytes);
    text_hex(bytes, sizeof bytes, hash);
    struct photo *p = photo_named(c, key);
    if (p != NULL && strcmp(p->hash, hash) != 0)
        return 409;
    if (p == NULL) {
        if (c->count == PHOTOS_MAX)
            return 503;
        p = calloc(1, sizeof *p);
        CHECK(p != NULL);
        snprintf(p->key, sizeof p->key, "%s", key);
        snprintf(p->code, sizeof p->code, "%s", code);
        snprintf(p->hash, sizeof p->hash, "%s", hash);
        p->size_bytes = (int64_t)r->body_len;
        p->refused = standin_fault(c->http, "refuse_photo", r->path, NULL);
        c->photos[c->count++] = p;
    }
    p->received++;
    return write_photo(c, p, out, 201);
}

static int list(const struct standin_chsi *c, struct buf *out)
{
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < c->count; i++)
        (void)write_photo(c, c->photos[i], out, 200);
    json_array_close(out);
    json_put_int(out, "count", (int64_t)c->count);
    json_object_close(out);
    return 200;
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_chsi *c = service;
    if (text_is(r->path, "/photos"))
        return list(c, out);
    if (text_is(r->path, "/hold")) {
        c->hold = json_bool_at(r->json, "hold", true);
        return 204;
    }
    if (!text_starts(r->path, "/v1/photos/"))
        return 404;
    const char *key = r->path + strlen("/v1/photos/");
    if (text_is(r->method, "PUT"))
        return put_photo(c, r, key, out);
    struct photo *p = photo_named(c, key);
    return p == NULL ? 404 : write_photo(c, p, out, 200);
}

struct standin_chsi *standin_chsi_open(uv_loop_t *loop, int *port)
{
    struct standin_chsi *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->http = standin_http_open(loop, answer, c, port);
    return c;
}

void standin_chsi_close(struct standin_chsi *c)
{
    standin_http_close(c->http);
    for (size_t i = 0; i < c->count; i++)
        free(c->photos[i]);
    free(c);
}
