#include "workers/image.h"

#include "base/check.h"
#include "workers/resample.h"

#include <vips/vips.h>

#include <vips/vector.h> /* after vips.h, which it needs */

#define TAKEN_AT "exif-ifd2-DateTimeOriginal"
#define HEIC_SENTENCE                                                                                                  \
    "HEIC is not accepted here. iPhone: Settings, Camera, Formats, Most Compatible; other phones: switch HEIF off."

static bool heic_allowed; /* set before threads exist */

/* libvips logs through glib; its texts may quote file contents, so they end here. Errors arrive as return codes. */
static void swallow_log(const char *domain, GLogLevelFlags level, const char *text, void *data)
{
    (void)domain, (void)level, (void)text, (void)data;
}

void image_start(void)
{
    CHECK(vips_init("xueying") == 0);
    g_log_set_handler("VIPS", G_LOG_LEVEL_MASK, swallow_log, NULL);
    vips_concurrency_set(1); /* the lanes are the parallelism */
    vips_cache_set_max(0);
    vips_vector_set_enabled(FALSE); /* its JIT needs writable code pages, which the sandbox refuses */
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignLoadJpeg", FALSE);
    vips_operation_block_set("VipsForeignLoadPng", FALSE);
}

void image_allow_heic(void)
{
    vips_operation_block_set("VipsForeignLoadHeif", FALSE);
    heic_allowed = true;
}

void image_stop(void)
{
    vips_shutdown();
}

void image_thread_end(void)
{
    vips_thread_shutdown();
}

const char *image_engine(void)
{
    return "libvips " VIPS_VERSION;
}

void image_release(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0};
}

void plane_release(struct plane *plane)
{
    free(plane->values);
    *plane = (struct plane){0};
}

static enum err refuse(enum err e, const char *text, char why[IMAGE_WHY_BYTES])
{
    snprintf(why, IMAGE_WHY_BYTES, "%s", text);
    vips_error_clear();
    return e;
}

/* ---- header ---- */

/* The brands of HEVC-coded still pictures. "mif1" may hold any codec: then one of these must be among the others. */
static bool is_heic_brand(const unsigned char *brand)
{
    static const char brands[][5] = {"heic", "heix", "heim", "heis"};
    for (size_t i = 0; i < countof(brands); i++)
        if (memcmp(brand, brands[i], 4) == 0)
            return true;
    return false;
}

/* A file type box: size u32, "ftyp", major brand, version, compatible brands. */
static bool is_heic(const unsigned char *bytes, size_t len)
{
    if (len < 16 || memcmp(bytes + 4, "ftyp", 4) != 0)
        return false;
    if (is_heic_brand(bytes + 8))
        return true;
    size_t size = (size_t)bytes[2] << 8 | bytes[3], end = size < len ? size : len;
    if (bytes[0] != 0 || bytes[1] != 0 || (memcmp(bytes + 8, "mif1", 4) != 0 && memcmp(bytes + 8, "msf1", 4) != 0))
        return false;
    for (size_t at = 16; at + 4 <= end; at += 4)
        if (is_heic_brand(bytes + at))
            return true;
    return false;
}

static const char *sniff(const unsigned char *bytes, size_t len)
{
    static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (len > 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff)
        return "jpeg";
    if (len > sizeof png && memcmp(bytes, png, sizeof png) == 0)
        return "png";
    return is_heic(bytes, len) ? "heic" : NULL;
}

/* Start-of-scan markers anywhere in the file. In coded data 0xff is followed by 0, so none is counted by chance; those
 * of pictures inside EXIF or behind the end are, which costs nothing. */
static bool too_many_scans(const unsigned char *bytes, size_t len)
{
    int scans = 0;
    const unsigned char *end = bytes + len;
    for (const unsigned char *at = bytes; (at = memchr(at, 0xff, (size_t)(end - at))) != NULL; at++)
        if (at + 1 < end && at[1] == 0xda && ++scans > IMAGE_SCANS_MAX)
            return true;
    return false;
}

/* Opens lazily: only the header is read until pixels are asked for. vips wants a non-const pointer and never writes.
 * fail_on must go to the loader itself: vips_thumbnail_buffer 8.14.1 ignores it. */
static VipsImage *open_lazily(const void *bytes, size_t len, const char *format, int shrink, VipsFailOn fail_on)
{
    VipsImage *opened = NULL;
    void *data = (void *)(uintptr_t)bytes;
    int failed;
    if (format[0] == 'j')
        failed = vips_jpegload_buffer(data, len, &opened, "shrink", shrink, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                      fail_on, NULL);
    else if (format[0] == 'p')
        failed = vips_pngload_buffer(data, len, &opened, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL);
    else
        failed = vips_heifload_buffer(data, len, &opened, "fail_on", fail_on, NULL);
    return failed ? NULL : opened;
}

static void read_taken_at(VipsImage *opened, struct image_source *source)
{
    const char *text = NULL;
    if (vips_image_get_typeof(opened, TAKEN_AT) != 0 && vips_image_get_string(opened, TAKEN_AT, &text) == 0)
        (void)image_exif_taken_at(text, source->taken_at);
}

static bool orientation_turns(int orientation)
{
    return orientation >= 5;
}

static enum err check_limits(VipsImage *opened, int32_t side_px_min, struct image_source *source,
                             char why[IMAGE_WHY_BYTES])
{
    int width = vips_image_get_width(opened), height = vips_image_get_height(opened);
    int orientation = vips_image_get_orientation(opened);
    source->orientation = orientation;
    source->width_px = orientation_turns(orientation) ? height : width;
    source->height_px = orientation_turns(orientation) ? width : height;
    source->has_profile = vips_image_get_typeof(opened, VIPS_META_ICC_NAME) != 0;
    read_taken_at(opened, source);
    if (width > IMAGE_SIDE_PX_MAX || height > IMAGE_SIDE_PX_MAX)
        return refuse(ERR_TOO_LARGE, "A side of the picture is longer than 12000 pixels.", why);
    if ((int64_t)width * height > IMAGE_PIXELS_MAX)
        return refuse(ERR_TOO_LARGE, "The picture has more than 40 million pixels.", why);
    if (width < side_px_min || height < side_px_min) {
        snprintf(why, IMAGE_WHY_BYTES, "The picture is smaller than %d pixels on a side.", (int)side_px_min);
        return ERR_UNREADABLE;
    }
    return ERR_NONE;
}

enum err image_inspect(const void *bytes, size_t len, int32_t side_px_min, struct image_source *source,
                       char why[IMAGE_WHY_BYTES])
{
    *source = (struct image_source){0};
    if (len > IMAGE_FILE_BYTES_MAX)
        return refuse(ERR_TOO_LARGE, "The file is larger than 12 MiB.", why);
    if (len == 0)
        return refuse(ERR_UNREADABLE, "The file is empty.", why);
    source->format = sniff(bytes, len);
    if (source->format == NULL)
        return refuse(ERR_UNSUPPORTED_TYPE, "The file is neither JPEG nor PNG.", why);
    if (source->format[0] == 'h' && !heic_allowed)
        return refuse(ERR_HEIC_OFF, HEIC_SENTENCE, why);
    if (source->format[0] == 'j' && too_many_scans(bytes, len))
        return refuse(ERR_TOO_LARGE, "The JPEG has more than 100 scans.", why);
    VipsImage *opened = open_lazily(bytes, len, source->format, 1, VIPS_FAIL_ON_ERROR);
    if (opened == NULL)
        return refuse(ERR_UNREADABLE, "The header of the picture is damaged.", why);
    enum err e = check_limits(opened, side_px_min, source, why);
    g_object_unref(opened);
    return e;
}

/* ---- pixels ---- */

/* Replaces *image by the operation's output; unrefs what it replaces. `made` by address: the operation writes it while
 * our arguments are being evaluated. */
static bool step(VipsImage **image, int failed, VipsImage *const *made)
{
    if (failed)
        return false;
    g_object_unref(*image);
    *image = *made;
    return true;
}

/* Most profiles are sRGB's own, under a name that says so: converting sRGB into sRGB costs as much as decoding. */
static bool profile_is_srgb(const VipsImage *image)
{
    static const char *const names[] = {"sRGB", "s\0R\0G\0B"}; /* ASCII, and UTF-16 in either order */
    const void *profile = NULL;
    size_t len = 0;
    if (vips_image_get_bands(image) != 3 || vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &len) != 0)
        return false;
    return memmem(profile, len, names[0], 4) != NULL || memmem(profile, len, names[1], 7) != NULL;
}

/* A damaged profile is not the student's fault: without it the numbers are taken as sRGB. */
static bool to_srgb(VipsImage **image, struct image_source *source)
{
    VipsImage *made = NULL;
    if (source->has_profile && profile_is_srgb(*image)) {
        source->has_profile = false;
    } else if (source->has_profile) {
        if (vips_icc_transform(*image, &made, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_PERCEPTUAL, NULL) == 0)
            return step(image, 0, &made);
        vips_error_clear();
        source->has_profile = false;
    }
    return step(image, vips_colourspace(*image, &made, VIPS_INTERPRETATION_sRGB, NULL), &made);
}

static bool to_rgb8(VipsImage **image)
{
    VipsImage *made = NULL;
    if (vips_image_hasalpha(*image)) {
        VipsArrayDouble *white = vips_array_double_newv(3, 255.0, 255.0, 255.0);
        int failed = vips_flatten(*image, &made, "background", white, NULL);
        vips_area_unref(VIPS_AREA(white));
        if (!step(image, failed, &made))
            return false;
    }
    if (vips_image_get_format(*image) != VIPS_FORMAT_UCHAR && !step(image, vips_cast_uchar(*image, &made, NULL), &made))
        return false;
    return vips_image_get_bands(*image) == 3;
}

/* How much the loader may reduce so that the long edge stays at least the wanted one. */
static int shrink_for(const struct image_source *source, int32_t long_edge_px_enough)
{
    int32_t long_edge = source->width_px > source->height_px ? source->width_px : source->height_px;
    int shrink = 1;
    while (shrink < 8 && long_edge / (shrink * 2) >= long_edge_px_enough)
        shrink *= 2;
    return shrink;
}

static bool load_pixels(const void *bytes, size_t len, struct image_source *source, int shrink, VipsFailOn fail_on,
                        struct image *out)
{
    bool is_jpeg = source->format[0] == 'j';
    VipsImage *image = open_lazily(bytes, len, source->format, is_jpeg ? shrink : 1, fail_on);
    if (image == NULL)
        return false;
    VipsImage *made = NULL;
    bool good =
        is_jpeg || shrink == 1 || step(&image, vips_shrink(image, &made, (double)shrink, (double)shrink, NULL), &made);
    good = good && to_srgb(&image, source) && to_rgb8(&image);
    size_t size = 0;
    unsigned char *pixels = good ? vips_image_write_to_memory(image, &size) : NULL;
    good = pixels != NULL && size == (size_t)image->Xsize * (size_t)image->Ysize * 3;
    if (good)
        *out = (struct image){image->Xsize, image->Ysize, pixels}; /* since GLib 2.46 its memory is malloc's */
    else
        g_free(pixels);
    g_object_unref(image);
    return good;
}

/* Where the pixel at (x, y) of the upright picture lies in the stored one. */
static void stored_at(int orientation, int32_t width_px, int32_t height_px, int32_t *x, int32_t *y)
{
    int32_t u = *x, v = *y; /* width_px and height_px are those of the stored picture */
    if (orientation_turns(orientation)) {
        u = *y;
        v = *x;
    }
    bool flip_u = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flip_v = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    *x = flip_u ? width_px - 1 - u : u;
    *y = flip_v ? height_px - 1 - v : v;
}

static enum err set_upright(int orientation, struct image *image)
{
    if (orientation <= 1)
        return ERR_NONE;
    bool turns = orientation_turns(orientation);
    struct image up = {turns ? image->height_px : image->width_px, turns ? image->width_px : image->height_px,
                       malloc((size_t)image->width_px * (size_t)image->height_px * 3)};
    if (up.rgb == NULL)
        return ERR_BUSY;
    unsigned char *to = up.rgb;
    for (int32_t y = 0; y < up.height_px; y++) {
        for (int32_t x = 0; x < up.width_px; x++, to += 3) {
            int32_t u = x, v = y;
            stored_at(orientation, image->width_px, image->height_px, &u, &v);
            memcpy(to, image->rgb + ((size_t)v * (size_t)image->width_px + (size_t)u) * 3, 3);
        }
    }
    image_release(image);
    *image = up;
    return ERR_NONE;
}

static enum err reduce_to(struct image *image, int32_t long_edge_px_max)
{
    struct image reduced = {0};
    TRY(resample_to_long_edge(image, long_edge_px_max, &reduced));
    if (reduced.rgb != NULL) {
        image_release(image);
        *image = reduced;
    }
    return ERR_NONE;
}

enum err image_decode(const void *bytes, size_t len, int32_t side_px_min, int32_t long_edge_px_max,
                      struct image_source *source, struct image *out, char why[IMAGE_WHY_BYTES])
{
    return image_decode_light(bytes, len, side_px_min, long_edge_px_max, long_edge_px_max, source, out, why);
}

enum err image_decode_light(const void *bytes, size_t len, int32_t side_px_min, int32_t long_edge_px_enough,
                            int32_t long_edge_px_max, struct image_source *source, struct image *out,
                            char why[IMAGE_WHY_BYTES])
{
    *out = (struct image){0};
    TRY(image_inspect(bytes, len, side_px_min, source, why));
    int shrink = shrink_for(source, long_edge_px_enough);
    /* libjpeg repairs what it can and warns, of harmless oddities too: the second try takes what there is. */
    bool complete = load_pixels(bytes, len, source, shrink, VIPS_FAIL_ON_WARNING, out);
    vips_error_clear();
    source->damaged = !complete;
    if (!complete && !load_pixels(bytes, len, source, shrink, VIPS_FAIL_ON_ERROR, out))
        return refuse(ERR_UNREADABLE, "The picture data are damaged or end too early.", why);
    if (out->rgb == NULL)
        return refuse(ERR_BUSY, "There is no memory for the picture.", why);
    enum err e = reduce_to(out, long_edge_px_max);
    if (e == ERR_NONE)
        e = set_upright(source->orientation, out);
    if (e != ERR_NONE) {
        image_release(out);
        return refuse(e, "There is no memory for the picture.", why);
    }
    return ERR_NONE;
}
