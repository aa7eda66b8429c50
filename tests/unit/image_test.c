/* links: xy_workers */
#include "workers/image.c"
#include "workers/resample.c"

#include "workers/jpeg.h"
#undef TRUE /* glib's */
#include "tests/check.h"

#include <math.h>

/* Left half red, right half green, a blue top-left corner: every turn shows. */
static struct image picture(int32_t width_px, int32_t height_px)
{
    struct image made = {width_px, height_px, malloc((size_t)width_px * (size_t)height_px * 3)};
    for (int32_t y = 0; y < height_px; y++)
        for (int32_t x = 0; x < width_px; x++) {
            unsigned char *at = made.rgb + ((size_t)y * (size_t)width_px + (size_t)x) * 3;
            bool corner = x < width_px / 4 && y < height_px / 4;
            at[0] = corner || x >= width_px / 2 ? 20 : 230;
            at[1] = !corner && x >= width_px / 2 ? 230 : 20;
            at[2] = corner ? 230 : 20;
        }
    return made;
}

static struct buf jpeg_of(int32_t width_px, int32_t height_px)
{
    struct image made = picture(width_px, height_px);
    struct buf b;
    buf_init(&b, MIB(4));
    EQ_INT(ERR_NONE, jpeg_encode(&made, 95, 300, &b));
    image_release(&made);
    return b;
}

static enum err decode(const void *bytes, size_t len, struct image_source *source, struct image *out)
{
    char why[IMAGE_WHY_BYTES] = "";
    enum err e = image_decode(bytes, len, 90, 4000, source, out, why);
    if (e != ERR_NONE)
        TRUE(why[0] != '\0' && out->rgb == NULL);
    return e;
}

static bool is_colour(const struct image *image, double x_share, double y_share, int r, int g, int b)
{
    const unsigned char *at =
        image->rgb +
        ((size_t)(y_share * image->height_px) * (size_t)image->width_px + (size_t)(x_share * image->width_px)) * 3;
    return abs(at[0] - r) < 40 && abs(at[1] - g) < 40 && abs(at[2] - b) < 40;
}

TEST(jpeg_decodes_to_its_pixels)
{
    struct buf file = jpeg_of(400, 300);
    struct image_source source;
    struct image image;
    EQ_INT(ERR_NONE, decode(file.bytes, file.len, &source, &image));
    EQ_TEXT("jpeg", source.format);
    EQ_INT(400, image.width_px);
    EQ_INT(300, image.height_px);
    TRUE(is_colour(&image, 0.1, 0.1, 20, 20, 230) && is_colour(&image, 0.1, 0.9, 230, 20, 20));
    TRUE(is_colour(&image, 0.9, 0.5, 20, 230, 20));
    image_release(&image);
    buf_release(&file);
}

/* APP1 with one IFD entry: orientation. Behind our JFIF header. */
static struct buf with_orientation(const struct buf *file, unsigned char orientation)
{
    const unsigned char app1[] = {0xff, 0xe1, 0, 34, 'E', 'x',         'i', 'f', 0,    0,    'M', 'M',
                                  0,    42,   0, 0,  0,   8,           0,   1,   0x01, 0x12, 0,   3,
                                  0,    0,    0, 1,  0,   orientation, 0,   0,   0,    0,    0,   0};
    struct buf out;
    buf_init(&out, MIB(4));
    buf_add(&out, file->bytes, 20); /* SOI and JFIF */
    buf_add(&out, app1, sizeof app1);
    buf_add(&out, file->bytes + 20, file->len - 20);
    return out;
}

TEST(exif_orientation_is_applied)
{
    /* Where the blue corner and the red edge centre land in the upright picture. */
    static const struct {
        double corner_x, corner_y;
        bool turned;
    } want[9] = {{0, 0, false},  {.1, .1, false}, {.9, .1, false}, {.9, .9, false}, {.1, .9, false},
                 {.1, .1, true}, {.9, .1, true},  {.9, .9, true},  {.1, .9, true}};
    struct buf file = jpeg_of(400, 300);
    for (unsigned char o = 1; o <= 8; o++) {
        struct buf turned = with_orientation(&file, o);
        struct image_source source;
        struct image image;
        EQ_INT(ERR_NONE, decode(turned.bytes, turned.len, &source, &image));
        EQ_INT(o, source.orientation);
        EQ_INT(want[o].turned ? 300 : 400, image.width_px);
        EQ_INT(want[o].turned ? 300 : 400, source.width_px);
        TRUE(is_colour(&image, want[o].corner_x, want[o].corner_y, 20, 20, 230));
        image_release(&image);
        buf_release(&turned);
    }
    buf_release(&file);
}

TEST(large_pictures_are_reduced_and_never_enlarged)
{
    struct buf file = jpeg_of(2000, 1000);
    struct image_source source;
    struct image image;
    char why[IMAGE_WHY_BYTES];
    EQ_INT(ERR_NONE, image_decode(file.bytes, file.len, 200, 300, &source, &image, why));
    EQ_INT(2000, source.width_px);
    EQ_INT(300, image.width_px);
    EQ_INT(150, image.height_px);
    TRUE(is_colour(&image, 0.1, 0.1, 20, 20, 230) && is_colour(&image, 0.9, 0.9, 20, 230, 20));
    image_release(&image);
    EQ_INT(ERR_NONE, image_decode(file.bytes, file.len, 200, 9000, &source, &image, why));
    EQ_INT(2000, image.width_px);
    image_release(&image);
    buf_release(&file);
}

TEST(truncated_jpeg_is_refused)
{
    struct buf file = jpeg_of(800, 600);
    struct image_source source;
    struct image image;
    for (int percent = 10; percent <= 90; percent += 20)
        EQ_INT(ERR_UNREADABLE, decode(file.bytes, file.len * (size_t)percent / 100, &source, &image));
    buf_release(&file);
}

TEST(header_bombs_are_refused_before_pixels)
{
    struct buf file = jpeg_of(400, 300);
    unsigned char *bytes = (unsigned char *)file.bytes;
    struct image_source source;
    struct image image;
    size_t at = 2;
    while (bytes[at + 1] != 0xc0 && at + 4 < file.len) /* the frame header, marker by marker */
        at += 2 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
    TRUE(bytes[at + 1] == 0xc0);
    bytes[at + 5] = 0xea, bytes[at + 6] = 0x60; /* 60000 × 60000 */
    bytes[at + 7] = 0xea, bytes[at + 8] = 0x60;
    EQ_INT(ERR_TOO_LARGE, decode(file.bytes, file.len, &source, &image));
    bytes[at + 5] = 0x27, bytes[at + 6] = 0x10; /* 10000 × 10000: both sides allowed, together 100 Mpx */
    bytes[at + 7] = 0x27, bytes[at + 8] = 0x10;
    EQ_INT(ERR_TOO_LARGE, decode(file.bytes, file.len, &source, &image));
    buf_release(&file);
}

TEST(other_kinds_and_garbage_are_refused)
{
    static const char *const others[] = {"",
                                         "x",
                                         "GIF89a....................",
                                         "RIFF....WEBPVP8 ......",
                                         "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
                                         "%PDF-1.4 ............",
                                         "II*\0............"};
    struct image_source source;
    struct image image;
    for (size_t i = 0; i < countof(others); i++)
        EQ_INT(ERR_UNSUPPORTED_TYPE, decode(others[i], strlen(others[i]), &source, &image));
    static const unsigned char only_magic[64] = {0xff, 0xd8, 0xff};
    EQ_INT(ERR_UNREADABLE, decode(only_magic, sizeof only_magic, &source, &image));
    static unsigned char huge[IMAGE_FILE_BYTES_MAX + 1] = {0xff, 0xd8, 0xff};
    EQ_INT(ERR_TOO_LARGE, decode(huge, sizeof huge, &source, &image));
}

static struct buf saved(VipsImage *image, bool png)
{
    void *bytes = NULL;
    size_t len = 0;
    struct buf b;
    buf_init(&b, MIB(8));
    TRUE((png ? vips_pngsave_buffer(image, &bytes, &len, NULL) : vips_jpegsave_buffer(image, &bytes, &len, NULL)) == 0);
    buf_add(&b, bytes, len);
    g_free(bytes);
    g_object_unref(image);
    return b;
}

static VipsImage *flat(int width_px, int height_px, const double *colour, int bands, VipsInterpretation kind,
                       VipsBandFormat format)
{
    VipsImage *black = NULL, *filled = NULL, *cast = NULL, *tagged = NULL;
    double *ones = calloc((size_t)bands, sizeof *ones);
    for (int i = 0; i < bands; i++)
        ones[i] = 1;
    TRUE(vips_black(&black, width_px, height_px, "bands", bands, NULL) == 0);
    TRUE(vips_linear(black, &filled, ones, (double *)(uintptr_t)colour, bands, NULL) == 0);
    TRUE(vips_cast(filled, &cast, format, NULL) == 0);
    TRUE(vips_copy(cast, &tagged, "interpretation", kind, NULL) == 0);
    g_object_unref(black);
    g_object_unref(filled);
    g_object_unref(cast);
    free(ones);
    return tagged;
}

static void expect_flat(struct buf file, int r, int g, int b)
{
    struct image_source source;
    struct image image;
    EQ_INT(ERR_NONE, decode(file.bytes, file.len, &source, &image));
    EQ_INT(256, image.width_px);
    TRUE(is_colour(&image, 0.5, 0.5, r, g, b));
    image_release(&image);
    buf_release(&file);
}

TEST(unusual_pixels_become_rgb)
{
    static const double grey[] = {128}, deep[] = {65535, 257 * 100, 0}, clear[] = {255, 0, 0, 0},
                        solid[] = {255, 0, 0, 255};
    static const double cyan[] = {255, 0, 0, 0};
    expect_flat(saved(flat(256, 256, grey, 1, VIPS_INTERPRETATION_B_W, VIPS_FORMAT_UCHAR), false), 128, 128, 128);
    expect_flat(saved(flat(256, 256, grey, 1, VIPS_INTERPRETATION_B_W, VIPS_FORMAT_UCHAR), true), 128, 128, 128);
    expect_flat(saved(flat(256, 256, deep, 3, VIPS_INTERPRETATION_RGB16, VIPS_FORMAT_USHORT), true), 255, 100, 0);
    expect_flat(saved(flat(256, 256, clear, 4, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR), true), 255, 255, 255);
    expect_flat(saved(flat(256, 256, solid, 4, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR), true), 255, 0, 0);
    expect_flat(saved(flat(256, 256, cyan, 4, VIPS_INTERPRETATION_CMYK, VIPS_FORMAT_UCHAR), false), 0, 160, 230);
}

TEST(tiny_pictures_are_refused)
{
    static const double red[] = {255, 0, 0};
    struct buf one = saved(flat(1, 1, red, 3, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR), true);
    struct image_source source;
    struct image image;
    char why[IMAGE_WHY_BYTES];
    EQ_INT(ERR_UNREADABLE, decode(one.bytes, one.len, &source, &image));
    buf_release(&one);
    struct buf card = jpeg_of(150, 180); /* good enough to compare, too small for a photo */
    EQ_INT(ERR_NONE, image_inspect(card.bytes, card.len, IMAGE_ID_SIDE_PX_MIN, &source, why));
    EQ_INT(ERR_UNREADABLE, image_inspect(card.bytes, card.len, IMAGE_SIDE_PX_MIN, &source, why));
    buf_release(&card);
}

TEST(damaged_bytes_never_do_harm)
{
    struct buf file = jpeg_of(400, 300);
    uint32_t random = 12345;
    for (int round = 0; round < 300; round++) {
        struct buf copy;
        struct image_source source;
        struct image image;
        buf_init(&copy, MIB(4));
        buf_add(&copy, file.bytes, file.len);
        for (int i = 0; i < 8; i++) {
            random = random * 1664525 + 1013904223;
            copy.bytes[3 + (random >> 8) % (file.len - 3)] = (char)(random >> 24);
        }
        if (decode(copy.bytes, copy.len, &source, &image) == ERR_NONE)
            image_release(&image);
        buf_release(&copy);
    }
    buf_release(&file);
}

TEST(resampling_keeps_flat_colours_and_positions)
{
    struct image from = picture(640, 480), out;
    struct resample_area all = {0, 0, 640, 480}, right = {320, 0, 320, 480}, outside = {-100, -100, 200, 200};
    for (int filter = RESAMPLE_BOX; filter <= RESAMPLE_LANCZOS; filter++) {
        EQ_INT(ERR_NONE, resample(&from, &all, 137, 91, (enum resample_filter)filter, &out));
        TRUE(is_colour(&out, 0.1, 0.1, 20, 20, 230) && is_colour(&out, 0.9, 0.9, 20, 230, 20));
        image_release(&out);
        EQ_INT(ERR_NONE, resample(&from, &right, 900, 900, (enum resample_filter)filter, &out));
        TRUE(is_colour(&out, 0.01, 0.01, 20, 230, 20) && is_colour(&out, 0.99, 0.99, 20, 230, 20));
        image_release(&out);
        EQ_INT(ERR_NONE, resample(&from, &outside, 50, 50, (enum resample_filter)filter, &out));
        TRUE(is_colour(&out, 0.0, 0.0, 20, 20, 230) && is_colour(&out, 0.9, 0.9, 20, 20, 230));
        image_release(&out);
    }
    image_release(&from);
}

TEST(box_reduction_is_the_exact_average)
{
    unsigned char rgb[4 * 2 * 3];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (unsigned char)(i * 10);
    struct image from = {4, 2, rgb}, out;
    struct resample_area all = {0, 0, 4, 2};
    EQ_INT(ERR_NONE, resample(&from, &all, 2, 1, RESAMPLE_BOX, &out));
    for (int x = 0; x < 2; x++)
        for (int c = 0; c < 3; c++) {
            double mean = (rgb[6 * x + c] + rgb[6 * x + 3 + c] + rgb[12 + 6 * x + c] + rgb[15 + 6 * x + c]) / 4.0;
            NEAR(mean, out.rgb[3 * x + c], 0.51);
        }
    image_release(&out);
}

int main(void)
{
    image_start();
    return tests_run();
}
