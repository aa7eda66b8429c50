#include "workers/jpeg.h"

#include <math.h>
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
    VipsForeignSubsample chroma =
        quality >= JPEG_QUALITY_FULL_CHROMA ? VIPS_FOREIGN_SUBSAMPLE_OFF : VIPS_FOREIGN_SUBSAMPLE_ON;
    int failed = vips_jpegsave_buffer(pixels, &bytes, &len, "Q", quality, "optimize_coding", TRUE, "interlace", FALSE,
                                      "subsample_mode", chroma, "strip", TRUE, NULL);
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

/* ---- flat colours ---- */

static int clamped(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* A flat block is its mean alone: eight times the value, in steps of the first entry of the quantisation table (16 for
 * brightness, 17 for colour, scaled by the quality as libjpeg does). */
static int quantised(int value, int table_entry, int quality)
{
    int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    int step = (table_entry * percent + 50) / 100;
    if (step < 1)
        step = 1;
    int mean = (value - 128) * 8, half = step / 2;
    int steps = mean < 0 ? -((half - mean) / step) : (mean + half) / step;
    int back = steps * step; /* eighths */
    return clamped((back + 4 + 8 * 1024) / 8 - 1024 + 128);
}

/* libjpeg's fixed-point arithmetic, 16 bits behind the point. */
void jpeg_flat_colour(const unsigned char colour[3], int quality, unsigned char out[3])
{
    int r = colour[0], g = colour[1], b = colour[2], half = 1 << 15;
    int y = quantised((19595 * r + 38470 * g + 7471 * b + half) >> 16, 16, quality);
    int offset = (128 << 16) + half - 1;
    int cb = quantised((-11059 * r - 21709 * g + 32768 * b + offset) >> 16, 17, quality) - 128;
    int cr = quantised((32768 * r - 27439 * g - 5329 * b + offset) >> 16, 17, quality) - 128;
    out[0] = (unsigned char)clamped(y + ((91881 * cr + half) >> 16));
    out[1] = (unsigned char)clamped(y + ((-22554 * cb - 46802 * cr + half) >> 16));
    out[2] = (unsigned char)clamped(y + ((116130 * cb + half) >> 16));
}

static bool keeps(const unsigned char colour[3], int quality)
{
    unsigned char back[3];
    jpeg_flat_colour(colour, quality, back);
    for (int c = 0; c < 3; c++)
        if (back[c] > colour[c] + JPEG_FLAT_ERROR_MAX || back[c] + JPEG_FLAT_ERROR_MAX < colour[c])
            return false;
    return true;
}

#define BLOCK_PX        16 /* what is coded together at half the colour resolution */
#define FLAT_BLOCKS_MIN 16

static bool block_is_flat(const struct image *image, int32_t x, int32_t y)
{
    const unsigned char *first = image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3;
    for (int32_t row = 0; row < BLOCK_PX; row++) {
        const unsigned char *at = first + (size_t)row * (size_t)image->width_px * 3;
        for (size_t i = 0; i < BLOCK_PX * 3; i++)
            if (at[i] != first[i % 3])
                return false;
    }
    return true;
}

/* The colour of most flat blocks, by majority vote; false when hardly any block is flat. */
static bool find_flat_colour(const struct image *image, unsigned char colour[3])
{
    int votes = 0, blocks = 0;
    for (int32_t y = 0; y + BLOCK_PX <= image->height_px; y += BLOCK_PX)
        for (int32_t x = 0; x + BLOCK_PX <= image->width_px; x += BLOCK_PX) {
            if (!block_is_flat(image, x, y))
                continue;
            const unsigned char *at = image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3;
            blocks++;
            if (votes == 0)
                memcpy(colour, at, 3);
            votes += memcmp(colour, at, 3) == 0 ? 1 : -1;
        }
    return blocks >= FLAT_BLOCKS_MIN && votes > 0;
}

/* ---- the search ---- */

struct search {
    const struct image *image;
    int64_t dpi;
    int qualities[JPEG_QUALITY_LIMIT]; /* the allowed ones, ascending */
    int count;
    int best;        /* index of the best that fits; -1: none yet */
    struct buf *out; /* its file */
};

static void list_qualities(struct search *search, int from, int to)
{
    unsigned char colour[3];
    bool flat = find_flat_colour(search->image, colour);
    search->count = 0;
    for (int q = from; q <= to; q++)
        if (!flat || keeps(colour, q))
            search->qualities[search->count++] = q;
    if (search->count == 0) /* no quality keeps it: a colour nobody has */
        search->qualities[search->count++] = to;
}

/* Sizes follow the quantisation, roughly; full colour costs a quarter more. */
static double size_at(int quality)
{
    return pow(102.0 - quality, -0.6) * (quality >= JPEG_QUALITY_FULL_CHROMA ? 1.25 : 1.0);
}

/* The best allowed quality that should fit, seeing that qualities[i] gave len. Between low and high, both excluded. */
static int guess(const struct search *search, int i, size_t len, size_t max_bytes, int low, int high)
{
    double per_size = (double)len / size_at(search->qualities[i]);
    int best = low + 1;
    while (best + 1 < high && per_size * size_at(search->qualities[best + 1]) <= (double)max_bytes)
        best++;
    return best;
}

#define FIRST_QUALITY 86 /* where a 480×640 portrait meets 40 KB */

/* Leaves the best file that fits in search->out; when none fits, the smallest. */
static enum err search_below(struct search *search, size_t max_bytes)
{
    struct buf made;
    int low = -1, high = search->count, i = 0; /* low fits, high does not */
    buf_init(&made, search->out->max_bytes);
    enum err e = ERR_NONE;
    while (i + 1 < search->count && search->qualities[i + 1] <= FIRST_QUALITY)
        i++;
    while (high - low > 1) {
        e = jpeg_encode(search->image, search->qualities[i], search->dpi, &made);
        if (e != ERR_NONE)
            break;
        bool fits = made.len <= max_bytes;
        if (fits || i == 0) {
            struct buf last = *search->out;
            *search->out = made;
            made = last;
            search->best = i;
        }
        *(fits ? &low : &high) = i;
        i = guess(search, i, fits || i == 0 ? search->out->len : made.len, max_bytes, low, high);
    }
    buf_release(&made);
    return e;
}

enum err jpeg_encode_to_size(const struct image *image, struct range size_kb, int64_t dpi, struct buf *out,
                             int *quality)
{
    struct search search = {.image = image, .dpi = dpi, .best = -1, .out = out};
    size_t min_bytes = (size_t)size_kb.min * 1024, max_bytes = SIZE_MAX;
    if (range_is_set(size_kb))
        max_bytes = (size_t)size_kb.max * 1000;
    list_qualities(&search, JPEG_QUALITY_MIN, JPEG_QUALITY_MAX);
    TRY(search_below(&search, max_bytes));
    *quality = search.qualities[search.best];
    if (out->len >= min_bytes || *quality < JPEG_QUALITY_FULL_CHROMA)
        return ERR_NONE;
    list_qualities(&search, *quality, JPEG_QUALITY_LIMIT);
    TRY(search_below(&search, max_bytes));
    *quality = search.qualities[search.best];
    return ERR_NONE;
}
