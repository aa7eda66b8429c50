#include "dispatch/standin/services.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/webhook.h"

#define TEXTS_MAX 20000

struct standin_sms {
    struct standin_http *http;
    char key[64];
    struct taken {
        char *id, *body;
    } texts[TEXTS_MAX];
    size_t count;
};

static bool is_known(const struct standin_sms *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->texts[i].id, id) == 0)
            return true;
    return false;
}

static int take(struct standin_sms *s, const struct standin_request *r)
{
    const char *id = json_text_at(r->json, "id", NULL);
    const struct webhook_head head = {.id = standin_header(r, "webhook-id"),
                                      .timestamp = standin_header(r, "webhook-timestamp"),
                                      .signature = standin_header(r, "webhook-signature")};
    if (webhook_verify(s->key, strlen(s->key), &head, r->body, r->body_len, clock_utc_us()) != ERR_NONE)
        return 401;
    if (id == NULL || !text_is(id, head.id) || json_text_at(r->json, "to", NULL) == NULL ||
        json_text_at(r->json, "text", NULL) == NULL)
        return 400;
    if (is_known(s, id))
        return 409;
    if (s->count == TEXTS_MAX)
        return 503;
    struct taken *t = &s->texts[s->count++];
    t->id = strdup(id);
    t->body = strdup(r->body);
    CHECK(t->id != NULL && t->body != NULL);
    return 202;
}

/* GET /texts[?to=number]: what was sent, oldest first. */
static int texts(const struct standin_sms *s, const struct standin_request *r, struct buf *out)
{
    const char *to = standin_query(r, "to");
    const char *wanted = to == NULL ? NULL : arena_printf(r->arena, "\"to\":\"%s\"", to);
    int64_t count = 0;
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < s->count; i++)
        if (wanted == NULL || strstr(s->texts[i].body, wanted) != NULL) {
            json_raw(out, s->texts[i].body, strlen(s->texts[i].body));
            count++;
        }
    json_array_close(out);
    json_put_int(out, "count", count);
    json_object_close(out);
    return 200;
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_sms *s = service;
    if (text_is(r->path, "/texts"))
        return texts(s, r, out);
    return text_is(r->path, "/sms") && text_is(r->method, "POST") ? take(s, r) : 404;
}

struct standin_sms *standin_sms_open(uv_loop_t *loop, const char *key, int *port)
{
    struct standin_sms *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    snprintf(s->key, sizeof s->key, "%s", key);
    s->http = standin_http_open(loop, answer, s, port);
    return s;
}

void standin_sms_close(struct standin_sms *s)
{
    standin_http_close(s->http);
    for (size_t i = 0; i < s->count; i++) {
        free(s->texts[i].id);
        free(s->texts[i].body);
    }
    free(s);
}
