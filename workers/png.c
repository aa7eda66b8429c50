#include "workers/png.h"

#include "workers/resample.h"

#include <vips/vips.h>

enum err plane_from(const struct image *picture, struct plane *out)
{
    size_t count = (size_t)picture->width_px * (size_t)picture->height_px;
    *out = (struct plane){picture->width_px, picture->height_px, malloc(count)};
    if (out->values == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *rgb = picture->rgb + 3 * i;
        out->values[i] = (unsigned char)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
    }
    return ERR_NONE;
}

static enum err encode(const struct plane *plane, struct buf *out)
{
    size_t size = (size_t)plane->width_px * (size_t)plane->height_px, len = 0;
    void *bytes = NULL;
    VipsImage *pixels =
        vips_image_new_from_memory(plane->values, size, plane->width_px, plane->height_px, 1, VIPS_FORMAT_UCHAR);
    if (pixels == NULL)
        return ERR_BUSY;
    pixels->Type = VIPS_INTERPRETATION_B_W;
    int failed = vips_pngsave_buffer(pixels, &bytes, &len, "strip", TRUE, NULL);
    g_object_unref(pixels);
    if (failed) {
        vips_error_clear();
        return ERR_BUSY;
    }
    buf_clear(out);
    buf_add(out, bytes, len);
    g_free(bytes);
    return out->over ? ERR_TOO_LARGE : ERR_NONE;
}

enum err png_encode_plane(const struct plane *plane, int32_t width_px, int32_t height_px, struct buf *out)
{
    struct plane sized = {0};
    TRY(resample_plane(plane, width_px, height_px, &sized));
    enum err e = encode(&sized, out);
    plane_release(&sized);
    return e;
}
