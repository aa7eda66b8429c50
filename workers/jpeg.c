#include "workers/jpeg.h"

#include <vips/vips.h>

/* APP0: JFIF 1.01, density in dots per inch, no thumbnail. libvips drops it together with the metadata ("strip"). */
#define JFIF_BYTES 18
#define SOI_BYTES  2

static void add_jfif(struct buf *out, int64_t dpi)
{
    unsigned char high = (unsigned char)(dpi >> 8), low = (unsigned char)dpi;
    const unsigned char header[JFIF_BYTES] = {0xff, 0xe0, 0, 16,   'J', 'F',  'I', 'F', 0,
                                              1,    1,    1, high, low, high, low, 0,   0};
    buf_add(out, header, sizeof header);
}

/* A JFIF header that the encoder did write is left out in favour of ours. */
static size_t jfif_len(const unsigned char *bytes, size_t len)
{
    if (len < SOI_BYTES + 4 || bytes[2] != 0xff || bytes[3] != 0xe0)
        return 0;
    return 2 + (size_t)(bytes[4] << 8 | bytes[5]);
}

enum err jpeg_encode(const struct image *image, int quality, int64_t dpi, struct buf *out)
{
    size_t size = (size_t)image->width_px * (size_t)image->height_px * 3, len = 0;
    void *bytes = NULL;
    VipsImage *pixels =
        vips_image_new_from_memory(image->rgb, size, image->width_px, image->height_px, 3, VIPS_FORMAT_UCHAR);
    if (pixels == NULL)
        return ERR_BUSY;
    pixels->Type = VIPS_INTERPRETATION_sRGB;
    int failed = vips_jpegsave_buffer(pixels, &bytes, &len, "Q", quality, "optimize_coding", TRUE, "strip", TRUE, NULL);
    g_object_unref(pixels);
    if (failed) {
        vips_error_clear();
        return ERR_BUSY;
    }
    const unsigned char *made = bytes;
    size_t skip = SOI_BYTES + jfif_len(made, len);
    buf_clear(out);
    buf_add(out, made, SOI_BYTES);
    add_jfif(out, dpi);
    if (skip < len)
        buf_add(out, made + skip, len - skip);
    g_free(bytes);
    return out->over ? ERR_TOO_LARGE : ERR_NONE;
}

enum err jpeg_encode_to_size(const struct image *image, struct range size_kb, int64_t dpi, struct buf *out,
                             int *quality)
{
    size_t max_bytes = (size_t)size_kb.max * 1000;
    int low = JPEG_QUALITY_MIN, high = JPEG_QUALITY_MAX; /* low fits or is the floor */
    while (low < high) {
        int middle = (low + high + 1) / 2;
        TRY(jpeg_encode(image, middle, dpi, out));
        if (out->len <= max_bytes)
            low = middle;
        else
            high = middle - 1;
    }
    *quality = low;
    return jpeg_encode(image, low, dpi, out);
}
