#include "dispatch/standin/services.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/webhook.h"

struct standin_real_name {
    struct standin_http *http;
    char key[64];
};

/* A fault names the answer; without one, a name with "不符" in it is another one's. */
static const char *result_of(struct standin_real_name *s, const struct standin_request *r)
{
    static const char *const results[] = {"mismatch",     "unknown_number", "illegal_number",
                                          "illegal_name", "unavailable",    "limit"};
    for (size_t i = 0; i < countof(results); i++)
        if (standin_fault(s->http, results[i], r->path, NULL))
            return results[i];
    return strstr(json_text_at(r->json, "name", ""), "不符") != NULL ? "mismatch" : "match";
}

static int answer(void *service, const struct standin_request *r, struct buf *out)
{
    struct standin_real_name *s = service;
    const struct webhook_head head = {.id = standin_header(r, "webhook-id"),
                                      .timestamp = standin_header(r, "webhook-timestamp"),
                                      .signature = standin_header(r, "webhook-signature")};
    if (!text_is(r->path, "/check"))
        return 404;
    if (webhook_verify(s->key, strlen(s->key), &head, r->body, r->body_len, clock_utc_us()) != ERR_NONE)
        return 401;
    if (json_text_at(r->json, "name", NULL) == NULL || json_text_at(r->json, "id_number", NULL) == NULL)
        return 400;
    json_object_open(out);
    json_put_text(out, "result", result_of(s, r));
    json_object_close(out);
    return 200;
}

struct standin_real_name *standin_real_name_open(uv_loop_t *loop, const char *key, int *port)
{
    struct standin_real_name *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    snprintf(s->key, sizeof s->key, "%s", key);
    s->http = standin_http_open(loop, answer, s, port);
    return s;
}

void standin_real_name_close(struct standin_real_name *s)
{
    standin_http_close(s->http);
    free(s);
}
