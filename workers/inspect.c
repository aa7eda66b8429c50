#include "workers/inspect.h"

#include "workers/image.h"

static void write_result(struct buf *b, const struct image_source *source, const struct image *image)
{
    json_object_open(b);
    json_put_text(b, "kind", "inspect");
    json_put_text(b, "format", source->format);
    json_put_int(b, "width_px", source->width_px);
    json_put_int(b, "height_px", source->height_px);
    json_put_int(b, "orientation", source->orientation);
    json_put_text(b, "taken_at", source->taken_at);
    json_put_bool(b, "damaged", source->damaged);
    json_put_bool(b, "profile_converted", source->has_profile);
    json_name(b, "decoded");
    json_object_open(b);
    json_put_int(b, "width_px", image->width_px);
    json_put_int(b, "height_px", image->height_px);
    json_object_close(b);
    json_put_raw(b, "parts", "[]");
    json_object_close(b);
}

enum err job_inspect(struct job_tools *tools, const struct json *request, const struct frame *frame,
                     struct job_reply *reply)
{
    (void)tools, (void)request;
    const unsigned char *bytes = NULL;
    size_t len = 0;
    struct image_source source;
    struct image image;
    if (!job_part(frame, 1, &bytes, &len)) {
        snprintf(reply->why, sizeof reply->why, "A picture is needed.");
        return ERR_BAD_FIELD;
    }
    TRY(image_decode(bytes, len, IMAGE_ID_SIDE_PX_MIN, INSPECT_LONG_EDGE_PX, &source, &image, reply->why));
    write_result(&reply->json, &source, &image);
    image_release(&image);
    return ERR_NONE;
}
