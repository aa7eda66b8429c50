#include "dispatch/standin/media.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"

#define PICTURES_MAX 256

struct standin_media {
    struct standin_picture pictures[PICTURES_MAX];
    size_t count;
};

struct standin_media *standin_media_new(void)
{
    struct standin_media *media = calloc(1, sizeof *media);
    CHECK(media != NULL);
    return media;
}

void standin_media_free(struct standin_media *media)
{
    for (size_t i = 0; i < media->count; i++)
        free(media->pictures[i].bytes);
    free(media);
}

const struct standin_picture *standin_media_find(const struct standin_media *media, const char *media_id)
{
    int64_t number = 0;
    bool known = media_id != NULL && text_starts(media_id, "media-") &&
                 text_int(media_id + strlen("media-"), &number) && number >= 1 && number <= (int64_t)media->count;
    return known ? &media->pictures[number - 1] : NULL;
}

static int say(struct buf *out, int64_t errcode, const char *errmsg)
{
    json_object_open(out);
    json_put_int(out, "errcode", errcode);
    json_put_text(out, "errmsg", errmsg);
    json_object_close(out);
    return 200;
}

static int keep(struct standin_media *media, const struct standin_request *r, const char *bytes, size_t len,
                struct buf *out)
{
    if (len == 0 || media->count == PICTURES_MAX)
        return say(out, 40009, "invalid image size");
    char *copy = malloc(len + 1);
    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    media->pictures[media->count++] = (struct standin_picture){copy, len};
    json_object_open(out);
    json_put_text(out, "type", "image");
    json_put_text(out, "media_id", arena_printf(r->arena, "media-%zu", media->count));
    json_put_int(out, "created_at", clock_utc_us() / 1000000);
    json_object_close(out);
    return 200;
}

static int give(const struct standin_media *media, const struct standin_request *r, struct buf *out)
{
    const struct standin_picture *picture = standin_media_find(media, standin_query(r, "media_id"));
    if (picture == NULL)
        return say(out, 40007, "invalid media_id");
    r->reply->content_type = text_starts(picture->bytes, "\xff\xd8") ? "image/jpeg" : "image/png";
    buf_add(out, picture->bytes, picture->len);
    return 200;
}

/* The bytes of the part named media, in a form of exactly this shape: --boundary, head lines, an empty line, bytes,
 * --boundary--. NULL: it is none. */
static const char *part_of(const struct standin_request *r, size_t *len)
{
    const char *type = standin_header(r, "content-type"), *end = r->body + r->body_len;
    const char *boundary = type != NULL ? strstr(type, "boundary=") : NULL;
    if (!text_starts(type != NULL ? type : "", "multipart/form-data;") || boundary == NULL)
        return NULL;
    const char *open = arena_printf(r->arena, "--%s\r\n", boundary + strlen("boundary="));
    const char *shut = arena_printf(r->arena, "\r\n--%s--\r\n", boundary + strlen("boundary="));
    size_t shut_len = strlen(shut);
    const char *head_end = strstr(r->body, "\r\n\r\n"); /* the head is text; the body is NUL terminated */
    if (!text_starts(r->body, open) || head_end == NULL || r->body_len < shut_len ||
        memcmp(end - shut_len, shut, shut_len) != 0 || head_end + 4 > end - shut_len)
        return NULL;
    const char *head = arena_text_n(r->arena, r->body, (size_t)(head_end - r->body));
    if (strstr(head, "Content-Disposition: form-data; name=\"media\"; filename=\"") == NULL ||
        strstr(head, "Content-Type: image/") == NULL)
        return NULL;
    *len = (size_t)(end - shut_len - (head_end + 4));
    return head_end + 4;
}

int standin_media_answer(struct standin_media *media, const struct standin_request *r, struct buf *out)
{
    size_t len = 0;
    if (text_is(r->method, "GET"))
        return give(media, r, out);
    const char *bytes = text_is(standin_query(r, "type"), "image") ? part_of(r, &len) : NULL;
    return bytes != NULL ? keep(media, r, bytes, len, out) : say(out, 40004, "invalid media type");
}

int standin_media_ask(struct standin_media *media, const struct standin_request *r, struct buf *out)
{
    return text_is(r->method, "GET") ? give(media, r, out) : keep(media, r, r->body, r->body_len, out);
}
