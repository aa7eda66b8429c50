/* links: xy_workers */
#include "workers/image.c"
#include "workers/image_exif.c"
#include "workers/resample.c"

#include "tests/unit/image_fixture.h"
#include "workers/jpeg.h"

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
    struct buf b = fixture_buf();
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

TEST(exif_orientation_is_applied)
{
    /* Where the blue corner and the red edge centre land in the upright picture. */
    static const struct {
        double corner_x, corner_y;
        bool turned;
    } want[9] = {{0, 0, false},  {.1, .1, false}, {.9, .1, false}, {.9, .9, false}, {.1, .9, false},
                 {.1, .1, true}, {.9, .1, true},  {.9, .9, true},  {.1, .9, true}};
    for (unsigned char o = 1; o <= 8; o++) {
        struct buf turned = with_exif(jpeg_of(400, 300), o, "2026:05:01 12:00:00");
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

/* ---- what is refused, and in which words ---- */

static void expect_refused(struct buf file, enum err want, const char *sentence)
{
    struct image_source source;
    struct image image;
    char why[IMAGE_WHY_BYTES] = "";
    EQ_INT(want, image_decode(file.bytes, file.len, IMAGE_SIDE_PX_MIN, 4000, &source, &image, why));
    EQ_TEXT(sentence, why);
    TRUE(image.rgb == NULL);
    buf_release(&file);
}

#define SIDE_SENTENCE   "A side of the picture is longer than 12000 pixels."
#define PIXELS_SENTENCE "The picture has more than 40 million pixels."
#define SMALL_SENTENCE  "The picture is smaller than 200 pixels on a side."
#define DATA_SENTENCE   "The picture data are damaged or end too early."
#define HEADER_SENTENCE "The header of the picture is damaged."
#define TYPE_SENTENCE   "The file is neither JPEG nor PNG."

static struct buf jpeg_claiming(unsigned width_px, unsigned height_px)
{
    struct buf file = jpeg_of(400, 300);
    claim_size(&file, width_px, height_px);
    return file;
}

TEST(header_bombs_are_refused_before_pixels)
{
    expect_refused(jpeg_claiming(20000, 20000), ERR_TOO_LARGE, SIDE_SENTENCE);
    expect_refused(jpeg_claiming(65500, 65500), ERR_TOO_LARGE, SIDE_SENTENCE);
    expect_refused(jpeg_claiming(12001, 300), ERR_TOO_LARGE, SIDE_SENTENCE);
    expect_refused(jpeg_claiming(300, 12001), ERR_TOO_LARGE, SIDE_SENTENCE);
    expect_refused(jpeg_claiming(10000, 10000), ERR_TOO_LARGE, PIXELS_SENTENCE);
    expect_refused(png_claiming(30000, 30000), ERR_TOO_LARGE, SIDE_SENTENCE);
    expect_refused(png_claiming(12001, 200), ERR_TOO_LARGE, SIDE_SENTENCE);
    expect_refused(png_claiming(8000, 5001), ERR_TOO_LARGE, PIXELS_SENTENCE);
    expect_refused(png_claiming(0x7fffffff, 0x7fffffff), ERR_UNREADABLE, HEADER_SENTENCE);
    expect_refused(png_claiming(0, 300), ERR_UNREADABLE, HEADER_SENTENCE);
    expect_refused(jpeg_claiming(0, 300), ERR_UNREADABLE, HEADER_SENTENCE);
    expect_refused(png_claiming(800, 600), ERR_UNREADABLE, DATA_SENTENCE);
}

/* More rows claimed than coded, bits turned over: libjpeg mends it and says so, the reviewer's eye decides. */
TEST(mended_pictures_are_marked)
{
    struct image_source source;
    struct image image;
    struct buf whole = jpeg_of(800, 600), taller = jpeg_claiming(400, 600);
    EQ_INT(ERR_NONE, decode(whole.bytes, whole.len, &source, &image));
    TRUE(!source.damaged);
    image_release(&image);
    EQ_INT(ERR_NONE, decode(taller.bytes, taller.len, &source, &image));
    TRUE(source.damaged && image.height_px == 600);
    image_release(&image);
    for (size_t at = whole.len / 2; at < whole.len / 2 + 60; at++)
        whole.bytes[at] = (char)(at * 37 % 251);
    EQ_INT(ERR_NONE, decode(whole.bytes, whole.len, &source, &image));
    TRUE(source.damaged);
    image_release(&image);
    buf_release(&whole);
    buf_release(&taller);
}

TEST(sizes_up_to_the_limits_are_taken)
{
    struct image_source source;
    struct image image;
    char why[IMAGE_WHY_BYTES];
    static const int sides[][2] = {{12000, 200}, {200, 12000}, {8000, 5000}};
    for (size_t i = 0; i < countof(sides); i++)
        for (int png = 0; png <= 1; png++) {
            struct buf file = saved(red(sides[i][0], sides[i][1]), png ? ".png" : ".jpg");
            EQ_INT(ERR_NONE, image_decode(file.bytes, file.len, IMAGE_SIDE_PX_MIN, 2880, &source, &image, why));
            EQ_INT(sides[i][0], source.width_px);
            EQ_INT(sides[i][1], source.height_px);
            TRUE(image.width_px <= 2880 && image.height_px <= 2880);
            TRUE(is_colour(&image, 0.5, 0.5, 230, 20, 20));
            image_release(&image);
            buf_release(&file);
        }
    expect_refused(saved(red(8000, 5001), ".jpg"), ERR_TOO_LARGE, PIXELS_SENTENCE);
}

TEST(file_bytes_have_a_limit)
{
    static char padding[IMAGE_FILE_BYTES_MAX + 1];
    struct buf file = jpeg_of(400, 300);
    struct image_source source;
    struct image image;
    file = with_tail(file, padding, IMAGE_FILE_BYTES_MAX - file.len);
    EQ_INT(ERR_NONE, decode(file.bytes, file.len, &source, &image));
    image_release(&image);
    expect_refused(with_tail(file, padding, 1), ERR_TOO_LARGE, "The file is larger than 12 MiB.");
}

TEST(what_ends_too_early_is_refused)
{
    static const int percents[] = {10, 25, 50, 75, 90, 97};
    static const char *const kinds[] = {".jpg", ".jpg[interlace]", ".png", ".png[interlace]"};
    for (size_t kind = 0; kind < countof(kinds); kind++)
        for (size_t i = 0; i < countof(percents); i++) {
            struct image made = picture(800, 600);
            struct buf file = saved(
                vips_image_new_from_memory_copy(made.rgb, 800 * 600 * 3, 800, 600, 3, VIPS_FORMAT_UCHAR), kinds[kind]);
            struct image_source source;
            struct image image;
            EQ_INT(ERR_UNREADABLE, decode(file.bytes, file.len * (size_t)percents[i] / 100, &source, &image));
            image_release(&made);
            buf_release(&file);
        }
    struct buf endless = jpeg_of(400, 300);
    endless.len -= 2; /* only the end marker is missing */
    expect_refused(endless, ERR_UNREADABLE, DATA_SENTENCE);
}

TEST(other_kinds_are_refused_whatever_their_name)
{
    static const struct {
        const char *bytes;
        size_t len;
    } others[] = {
        {"x", 1},
        {"II*\0............", 16},
        {"MM\0*............", 16},
        {"BM............................", 30},
        {"%PDF-1.4 ............", 21},
        {"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 62},
        {"<?php echo 1; ?>", 16},
        {"PK\3\4............", 16},
        {"\0\0\0\x1c"
         "ftypavif\0\0\0\0mif1avif",
         24},
        {"\0\0\0\x18"
         "ftypmif1\0\0\0\0mif1avif",
         24},
        {"\0\0\0\x18"
         "ftypisom\0\0\0\0isomheic",
         24},
        {"\0\0\0\x18"
         "ftyphei",
         11},
    };
    for (size_t i = 0; i < countof(others); i++)
        expect_refused(with_tail(fixture_buf(), others[i].bytes, others[i].len), ERR_UNSUPPORTED_TYPE, TYPE_SENTENCE);
    static const char *const suffixes[] = {".gif", ".webp", ".tif"};
    for (size_t i = 0; i < countof(suffixes); i++)
        expect_refused(saved(red(256, 256), suffixes[i]), ERR_UNSUPPORTED_TYPE, TYPE_SENTENCE);
    expect_refused(fixture_buf(), ERR_UNREADABLE, "The file is empty.");
    static const char only_magic[64] = "\xff\xd8\xff";
    expect_refused(with_tail(fixture_buf(), only_magic, sizeof only_magic), ERR_UNREADABLE, HEADER_SENTENCE);
}

TEST(small_pictures_are_refused)
{
    struct image_source source;
    char why[IMAGE_WHY_BYTES];
    expect_refused(saved(red(1, 1), ".png"), ERR_UNREADABLE, SMALL_SENTENCE);
    expect_refused(saved(red(1, 1), ".jpg"), ERR_UNREADABLE, SMALL_SENTENCE);
    expect_refused(saved(red(199, 300), ".jpg"), ERR_UNREADABLE, SMALL_SENTENCE);
    expect_refused(saved(red(300, 199), ".png"), ERR_UNREADABLE, SMALL_SENTENCE);
    struct buf card = jpeg_of(150, 180); /* good enough to compare, too small for a photo */
    EQ_INT(ERR_NONE, image_inspect(card.bytes, card.len, IMAGE_ID_SIDE_PX_MIN, &source, why));
    EQ_INT(ERR_UNREADABLE, image_inspect(card.bytes, card.len, IMAGE_SIDE_PX_MIN, &source, why));
    buf_release(&card);
}

/* A progressive JPEG whose last scan is written over and over: each one costs a pass over all pixels. */
TEST(endless_scans_are_refused)
{
    struct buf file = saved(red(1000, 1000), ".jpg[interlace]");
    const unsigned char *bytes = (const unsigned char *)file.bytes;
    size_t last = file.len - 4;
    while (bytes[last] != 0xff || bytes[last + 1] != 0xda)
        last--;
    size_t scan_len = file.len - 2 - last;
    struct buf many = fixture_buf();
    buf_add(&many, file.bytes, file.len - 2);
    for (int i = 0; i < IMAGE_SCANS_MAX; i++)
        buf_add(&many, file.bytes + last, scan_len);
    buf_add(&many, "\xff\xd9", 2);
    buf_release(&file);
    expect_refused(many, ERR_TOO_LARGE, "The JPEG has more than 100 scans.");
}

/* ---- what is accepted ---- */

static void expect_flat(struct buf file, int r, int g, int b)
{
    struct image_source source;
    struct image image;
    EQ_INT(ERR_NONE, decode(file.bytes, file.len, &source, &image));
    EQ_INT(256, image.width_px);
    const unsigned char *at = image.rgb + (128 * 256 + 128) * 3;
    if (!is_colour(&image, 0.5, 0.5, r, g, b))
        TEST_FAIL("want %d %d %d, got %d %d %d", r, g, b, at[0], at[1], at[2]);
    image_release(&image);
    buf_release(&file);
}

TEST(unusual_pixels_become_rgb)
{
    static const double grey[] = {128}, grey_alpha[] = {128, 255}, deep[] = {65535, 257 * 100, 0},
                        clear[] = {255, 0, 0, 0}, solid[] = {255, 0, 0, 255}, cyan[] = {255, 0, 0, 0};
    const VipsInterpretation srgb = VIPS_INTERPRETATION_sRGB, mono = VIPS_INTERPRETATION_B_W;
    const VipsBandFormat bytes = VIPS_FORMAT_UCHAR;
    expect_flat(saved(flat(256, 256, grey, 1, mono, bytes), ".jpg"), 128, 128, 128);
    expect_flat(saved(flat(256, 256, grey, 1, mono, bytes), ".png"), 128, 128, 128);
    expect_flat(saved(flat(256, 256, grey_alpha, 2, mono, bytes), ".png"), 128, 128, 128);
    expect_flat(saved(flat(256, 256, deep, 3, VIPS_INTERPRETATION_RGB16, VIPS_FORMAT_USHORT), ".png"), 255, 100, 0);
    expect_flat(saved(flat(256, 256, clear, 4, srgb, bytes), ".png"), 255, 255, 255);
    expect_flat(saved(flat(256, 256, solid, 4, srgb, bytes), ".png"), 255, 0, 0);
    expect_flat(saved(red(256, 256), ".png[palette]"), 230, 20, 20);
    expect_flat(saved(red(256, 256), ".png[palette,bitdepth=4]"), 230, 20, 20);
    expect_flat(saved(red(256, 256), ".png[interlace]"), 230, 20, 20);
    expect_flat(saved(red(256, 256), ".jpg[interlace]"), 230, 20, 20);
    expect_flat(saved(red(256, 256), ".jpg[subsample_mode=off]"), 230, 20, 20);
    expect_flat(saved(flat(256, 256, cyan, 4, VIPS_INTERPRETATION_CMYK, bytes), ".jpg"), 0, 160, 230);
}

/* Adobe stores the values inverted and everybody copied it: files without its marker are read the same way. */
TEST(cmyk_is_read_as_adobe_writes_it)
{
    static const double cyan[] = {255, 0, 0, 0};
    struct buf adobe = saved(flat(256, 256, cyan, 4, VIPS_INTERPRETATION_CMYK, VIPS_FORMAT_UCHAR), ".jpg"),
               plain = fixture_buf();
    const char *marker = memmem(adobe.bytes, adobe.len,
                                "\xff\xee\0\x0e"
                                "Adobe",
                                9);
    TRUE(marker != NULL);
    size_t at = (size_t)(marker - adobe.bytes);
    buf_add(&plain, adobe.bytes, at);
    buf_add(&plain, adobe.bytes + at + 16, adobe.len - at - 16);
    expect_flat(adobe, 0, 160, 230);
    expect_flat(plain, 0, 160, 230);
}

/* Nothing but pixels goes on: what is written afterwards holds none of these bytes. */
static void expect_clean(struct buf file)
{
    struct image_source source;
    struct image image;
    struct buf out = fixture_buf();
    TRUE(memmem(file.bytes, file.len, FOREIGN, strlen(FOREIGN)) != NULL);
    EQ_INT(ERR_NONE, decode(file.bytes, file.len, &source, &image));
    EQ_INT(400, image.width_px);
    EQ_INT(ERR_NONE, jpeg_encode(&image, 90, 300, &out));
    static const char *const traces[] = {FOREIGN, "Exif", "ICC_PROFILE", "http:", "PK\3\4", "<?php", "<html", "Adobe"};
    for (size_t i = 0; i < countof(traces); i++)
        if (memmem(out.bytes, out.len, traces[i], strlen(traces[i])) != NULL)
            TEST_FAIL("the output holds \"%s\"", traces[i]);
    TRUE((unsigned char)out.bytes[out.len - 2] == 0xff && (unsigned char)out.bytes[out.len - 1] == 0xd9);
    image_release(&image);
    buf_release(&out);
    buf_release(&file);
}

static struct buf png_of(void)
{
    struct image made = picture(400, 300);
    struct buf file =
        saved(vips_image_new_from_memory_copy(made.rgb, 400 * 300 * 3, 400, 300, 3, VIPS_FORMAT_UCHAR), ".png");
    image_release(&made);
    return file;
}

TEST(nothing_foreign_survives)
{
    static const char *const tails[] = {"PK\3\4" FOREIGN, "<html><script>" FOREIGN, "<?php " FOREIGN "?>",
                                        "\xff\xd8\xff\xe0" FOREIGN};
    for (size_t i = 0; i < countof(tails); i++) {
        expect_clean(with_tail(jpeg_of(400, 300), tails[i], strlen(tails[i])));
        expect_clean(with_tail(png_of(), tails[i], strlen(tails[i])));
        for (int marker = 0xe1; marker <= 0xef; marker++)
            if (marker != 0xee) /* Adobe's decides about colours: below */
                expect_clean(with_segment(jpeg_of(400, 300), (unsigned char)marker, tails[i], strlen(tails[i])));
        expect_clean(with_segment(jpeg_of(400, 300), 0xfe, tails[i], strlen(tails[i])));
        expect_clean(with_segment(jpeg_of(400, 300), 0xee, tails[i], strlen(tails[i])));
    }
    expect_clean(with_segment(jpeg_of(400, 300), 0xe1, "http://ns.adobe.com/xap/1.0/\0" FOREIGN, 29 + 35));
    expect_clean(with_segment(jpeg_of(400, 300), 0xe2, "ICC_PROFILE\0\1\1" FOREIGN, 14 + 35));
    expect_clean(with_chunk(png_of(), "tEXt", "Comment\0" FOREIGN, 8 + 35));
    expect_clean(with_chunk(png_of(), "eXIf", FOREIGN, 35));
    expect_clean(with_chunk(png_of(), "prVt", FOREIGN, 35));
}

/* APNG: acTL before the picture, frames behind it. Its still picture is taken, the rest ignored. */
TEST(an_animated_png_is_its_first_picture)
{
    static const char control[] = "\0\0\0\2\0\0\0\0";
    struct buf file = with_chunk(png_of(), "acTL", control, 8), out = fixture_buf();
    buf_add(&out, file.bytes, file.len - 12);
    add_chunk(&out, "fdAT", "\0\0\0\1" FOREIGN, 4 + 35);
    add_chunk(&out, "IEND", "", 0);
    buf_release(&file);
    expect_clean(out);
}

TEST(broken_profiles_are_ignored)
{
    static char long_one[60000] = "ICC_PROFILE\0\1\1";
    expect_clean(with_tail(with_segment(jpeg_of(400, 300), 0xe2, long_one, sizeof long_one), FOREIGN, 35));
    expect_clean(with_tail(with_segment(jpeg_of(400, 300), 0xe2, "ICC_PROFILE\0\2\7", 14), FOREIGN, 35));
    expect_clean(with_tail(with_chunk(png_of(), "iCCP", "x\0\0\x78\x9c\1\0", 7), FOREIGN, 35));
}

/* Directories that point at themselves, counts beyond the end, four megabytes of it. */
TEST(exif_bombs_are_ignored)
{
    static const char loop[] = "Exif\0\0MM\0\x2a\0\0\0\10\0\1\x87\x69\0\4\0\0\0\1\0\0\0\10\0\0\0\10" FOREIGN;
    static const char many[] = "Exif\0\0II\x2a\0\10\0\0\0\xff\xff\x12\x01\3\0\xff\xff\xff\xff\xff\xff\xff\xff" FOREIGN;
    static char huge[65533] = "Exif\0\0MM\0\x2a\xff\xff\xff\xff";
    expect_clean(with_segment(jpeg_of(400, 300), 0xe1, loop, sizeof loop));
    expect_clean(with_segment(jpeg_of(400, 300), 0xe1, many, sizeof many));
    struct buf file = with_tail(jpeg_of(400, 300), FOREIGN, 35);
    for (int i = 0; i < 64; i++)
        file = with_segment(file, (unsigned char)(i % 2 ? 0xe1 : 0xed), huge, sizeof huge);
    expect_clean(file);
}

/* ---- when it was taken ---- */

TEST(the_date_is_read_from_exif)
{
    struct image_source source;
    char why[IMAGE_WHY_BYTES];
    static const char *const texts[][2] = {{"2026:05:01 12:00:00", "2026-05-01T12:00:00"},
                                           {"2024:02:29 23:59:59", "2024-02-29T23:59:59"},
                                           {"2023:02:29 12:00:00", ""},
                                           {"0000:00:00 00:00:00", ""},
                                           {"2026-05-01T12:00:00", ""},
                                           {"'; DROP TABLE photo", ""}};
    for (size_t i = 0; i < countof(texts); i++) {
        struct buf file = with_exif(jpeg_of(400, 300), 1, texts[i][0]);
        EQ_INT(ERR_NONE, image_inspect(file.bytes, file.len, 200, &source, why));
        EQ_TEXT(texts[i][1], source.taken_at);
        buf_release(&file);
    }
    struct buf none = jpeg_of(400, 300);
    EQ_INT(ERR_NONE, image_inspect(none.bytes, none.len, 200, &source, why));
    EQ_TEXT("", source.taken_at);
    buf_release(&none);
}

TEST(only_real_dates_are_dates)
{
    static const char *const bad[] = {NULL,
                                      "",
                                      "2026",
                                      "2026:05:01 12:00:0",
                                      "2026:05:01 12:00:001",
                                      "1989:12:31 00:00:00",
                                      "2100:01:01 00:00:00",
                                      "2026:13:01 00:00:00",
                                      "2026:00:01 00:00:00",
                                      "2026:04:31 00:00:00",
                                      "2026:04:00 00:00:00",
                                      "2026:04:01 24:00:00",
                                      "2026:04:01 00:60:00",
                                      "2026:04:01 00:00:60",
                                      "    :  :     :  :  ",
                                      "2026:04:01T00:00:00"};
    char taken_at[IMAGE_TAKEN_BYTES] = "x";
    for (size_t i = 0; i < countof(bad); i++) {
        TRUE(!image_exif_taken_at(bad[i], taken_at));
        EQ_TEXT("", taken_at);
    }
    TRUE(image_exif_taken_at("2026:04:01 00:00:00 (2026:04:01 00:00:00, ASCII, 20 components, 20 bytes)", taken_at));
    EQ_TEXT("2026-04-01T00:00:00", taken_at);
}

/* ---- HEIC, by policy ---- */

TEST(heic_needs_the_switch)
{
    struct image_source source;
    struct image image;
    struct buf file = heic_of(640, 480);
    EQ_INT(ERR_HEIC_OFF, decode(file.bytes, file.len, &source, &image));
    image_allow_heic();
    EQ_INT(ERR_NONE, decode(file.bytes, file.len, &source, &image));
    EQ_TEXT("heic", source.format);
    EQ_INT(640, image.width_px);
    TRUE(is_colour(&image, 0.5, 0.5, 230, 20, 20));
    image_release(&image);
    EQ_INT(ERR_UNREADABLE, decode(file.bytes, file.len / 2, &source, &image));
    expect_refused(with_tail(fixture_buf(),
                             "\0\0\0\x18"
                             "ftypheic\0\0\0\0mif1heic",
                             24),
                   ERR_UNREADABLE, HEADER_SENTENCE);
    buf_release(&file);
    heic_allowed = false;
    vips_operation_block_set("VipsForeignLoadHeif", true);
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
