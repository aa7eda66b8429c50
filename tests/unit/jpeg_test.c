/* links: xy_workers */
#include "workers/jpeg.c"

#undef TRUE /* glib's */
#include "tests/check.h"

static struct image noise(int amplitude)
{
    struct image made = {480, 640, malloc(480 * 640 * 3)};
    uint32_t random = 7;
    for (size_t i = 0; i < 480 * 640 * 3; i++) {
        random = random * 1664525 + 1013904223;
        made.rgb[i] = (unsigned char)(128 + (int)((random >> 16) % 256) * amplitude / 256 - amplitude / 2);
    }
    return made;
}

static struct buf encoded(const struct image *image, int *quality)
{
    struct buf b;
    buf_init(&b, MIB(4));
    EQ_INT(ERR_NONE, jpeg_encode_to_size(image, (struct range){20, 40}, 300, &b, quality));
    return b;
}

TEST(the_header_says_300_dpi_and_nothing_else)
{
    static const unsigned char want[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16,   0x4a, 0x46, 0x49, 0x46,
                                         0,    1,    1,    1,    1, 0x2c, 1,    0x2c, 0,    0};
    struct image image = noise(40);
    int quality;
    struct buf b = encoded(&image, &quality);
    TRUE(b.len > sizeof want && memcmp(b.bytes, want, sizeof want) == 0);
    TRUE((unsigned char)b.bytes[20] == 0xff && (unsigned char)b.bytes[21] != 0xe0 &&
         (unsigned char)b.bytes[21] != 0xe1);
    TRUE(memmem(b.bytes, b.len, "Exif", 4) == NULL && memmem(b.bytes, b.len, "ICC_PROFILE", 11) == NULL);
    buf_release(&b);
    image_release(&image);
}

TEST(the_best_quality_that_fits_is_taken)
{
    struct image image = noise(24);
    struct buf next;
    int quality;
    struct buf b = encoded(&image, &quality);
    TRUE(b.len <= 40000 && quality >= JPEG_QUALITY_MIN && quality < JPEG_QUALITY_MAX);
    buf_init(&next, MIB(4));
    EQ_INT(ERR_NONE, jpeg_encode(&image, quality + 1, 300, &next));
    TRUE(next.len > 40000);
    buf_release(&next);
    buf_release(&b);
    image_release(&image);
}

TEST(quality_never_leaves_its_limits)
{
    struct image wild = noise(255), flat = noise(0);
    int quality;
    struct buf b = encoded(&wild, &quality);
    EQ_INT(JPEG_QUALITY_MIN, quality);
    TRUE(b.len > 40960);
    buf_release(&b);
    b = encoded(&flat, &quality);
    EQ_INT(JPEG_QUALITY_MAX, quality);
    TRUE(b.len < 20000);
    buf_release(&b);
    image_release(&wild);
    image_release(&flat);
}

TEST(the_same_pixels_give_the_same_file)
{
    struct image image = noise(60);
    int first_quality, second_quality;
    struct buf first = encoded(&image, &first_quality), second = encoded(&image, &second_quality);
    EQ_INT(first_quality, second_quality);
    TRUE(first.len == second.len && memcmp(first.bytes, second.bytes, first.len) == 0);
    buf_release(&first);
    buf_release(&second);
    image_release(&image);
}

TEST(the_file_decodes_to_what_went_in)
{
    struct image image = noise(0), back;
    struct image_source source;
    char why[IMAGE_WHY_BYTES];
    int quality;
    struct buf b = encoded(&image, &quality);
    EQ_INT(ERR_NONE, image_decode(b.bytes, b.len, 200, 4000, &source, &back, why));
    EQ_INT(480, back.width_px);
    EQ_INT(640, back.height_px);
    for (size_t i = 0; i < 3; i++)
        NEAR(128, back.rgb[i], 2);
    image_release(&back);
    image_release(&image);
    buf_release(&b);
}

int main(void)
{
    image_start();
    return tests_run();
}
