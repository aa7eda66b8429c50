/* links: xy_workers */
#include "workers/jpeg.c"

#include "tests/unit/image_fixture.h"

#include <pthread.h>

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

/* Every window, every kind of picture: what the search finds is what trying all qualities finds. */
TEST(the_search_finds_what_trying_all_would)
{
    static const int amplitudes[] = {4, 16, 40, 90, 255};
    static const struct range windows[] = {{5, 15}, {14, 20}, {20, 40}, {30, 80}, {30, 600}};
    for (size_t a = 0; a < countof(amplitudes); a++) {
        struct image image = noise(amplitudes[a]);
        size_t sizes[JPEG_QUALITY_LIMIT + 1];
        struct buf b = fixture_buf();
        for (int q = JPEG_QUALITY_MIN; q <= JPEG_QUALITY_LIMIT; q++) {
            EQ_INT(ERR_NONE, jpeg_encode(&image, q, 300, &b));
            sizes[q] = b.len;
        }
        for (size_t w = 0; w < countof(windows); w++) {
            int want = JPEG_QUALITY_MIN, quality;
            for (int q = JPEG_QUALITY_MIN; q <= JPEG_QUALITY_LIMIT; q++)
                if (sizes[q] <= (size_t)windows[w].max * 1000 &&
                    (q <= JPEG_QUALITY_MAX || sizes[JPEG_QUALITY_MAX] < (size_t)windows[w].min * 1024))
                    want = q;
            EQ_INT(ERR_NONE, jpeg_encode_to_size(&image, windows[w], 300, &b, &quality));
            EQ_INT(want, quality);
            EQ_INT(sizes[quality], b.len);
        }
        buf_release(&b);
        image_release(&image);
    }
}

TEST(quality_never_leaves_its_limits)
{
    struct image wild = noise(255), flat_one = noise(0);
    int quality;
    struct buf b = encoded(&wild, &quality);
    EQ_INT(JPEG_QUALITY_MIN, quality);
    TRUE(b.len > 40960);
    buf_release(&b);
    b = encoded(&flat_one, &quality);
    EQ_INT(JPEG_QUALITY_LIMIT, quality); /* all that can honestly be done, and still too small */
    TRUE(b.len < 20000);
    EQ_INT(ERR_NONE, jpeg_encode_to_size(&wild, (struct range){0, 0}, 300, &b, &quality));
    EQ_INT(JPEG_QUALITY_MAX, quality);
    buf_release(&b);
    image_release(&wild);
    image_release(&flat_one);
}

/* ---- flat colours ---- */

static const unsigned char colours[][3] = {{100, 197, 255}, {255, 255, 255}, {240, 240, 240}, {67, 142, 219}};

static struct image painted(const unsigned char colour[3])
{
    struct image made = {480, 640, malloc(480 * 640 * 3)};
    for (size_t i = 0; i < 480 * 640 * 3; i++)
        made.rgb[i] = colour[i % 3];
    return made;
}

static struct image decoded(const struct buf *b)
{
    struct image_source source;
    struct image image;
    char why[IMAGE_WHY_BYTES];
    EQ_INT(ERR_NONE, image_decode(b->bytes, b->len, 200, 4000, &source, &image, why));
    return image;
}

TEST(flat_colours_come_back_as_computed)
{
    unsigned char want[3];
    uint32_t random = 1;
    struct buf b = fixture_buf();
    for (size_t i = 0; i < countof(colours) + 30; i++) {
        random = random * 1664525 + 1013904223;
        const unsigned char any[3] = {(unsigned char)(random >> 24), (unsigned char)(random >> 16),
                                      (unsigned char)(random >> 8)};
        const unsigned char *colour = i < countof(colours) ? colours[i] : any;
        struct image image = painted(colour);
        image.height_px = 200;
        for (int q = JPEG_QUALITY_MIN; q <= JPEG_QUALITY_LIMIT; q++) {
            EQ_INT(ERR_NONE, jpeg_encode(&image, q, 300, &b));
            struct image back = decoded(&b);
            jpeg_flat_colour(colour, q, want);
            if (memcmp(want, back.rgb + 30000, 3) != 0)
                TEST_FAIL("quality %d: computed %d %d %d, decoded %d %d %d", q, want[0], want[1], want[2],
                          back.rgb[30000], back.rgb[30001], back.rgb[30002]);
            image_release(&back);
        }
        image_release(&image);
    }
    buf_release(&b);
}

/* A person-like blob of noise in the middle: the corners stay the profile's colour, exactly as asked. */
TEST(backgrounds_keep_their_colour)
{
    for (size_t i = 0; i < countof(colours); i++)
        for (int amplitude = 16; amplitude <= 256; amplitude *= 2) {
            struct image image = painted(colours[i]), speckle = noise(amplitude);
            for (size_t y = 120; y < 640; y++)
                memcpy(image.rgb + (y * 480 + 120) * 3, speckle.rgb + (y * 480 + 120) * 3, 240 * 3);
            int quality;
            struct buf b = encoded(&image, &quality);
            struct image back = decoded(&b);
            TRUE(quality >= JPEG_QUALITY_MIN);
            for (size_t y = 0; y < 640; y++)
                for (size_t x = 0; x < 480 * 3; x++)
                    if (x < 96 * 3 || x >= 384 * 3 || y < 96)
                        NEAR(colours[i][x % 3], back.rgb[y * 480 * 3 + x], JPEG_FLAT_ERROR_MAX);
            image_release(&back);
            image_release(&speckle);
            image_release(&image);
            buf_release(&b);
        }
}

/* Enough qualities are left for every colour of ours that no window of 20 % is missed. */
TEST(most_qualities_keep_our_colours)
{
    for (size_t i = 0; i < countof(colours); i++) {
        int kept = 0, gap = 0, widest = 0;
        for (int q = JPEG_QUALITY_MIN; q <= JPEG_QUALITY_MAX; q++) {
            gap = keeps(colours[i], q) ? 0 : gap + 1;
            kept += keeps(colours[i], q);
            widest = gap > widest ? gap : widest;
        }
        printf("    %3d %3d %3d: %d of 36 qualities, widest gap %d\n", colours[i][0], colours[i][1], colours[i][2],
               kept, widest);
        TRUE(kept >= 12 && widest <= 6);
    }
}

/* ---- the same bytes ---- */

static void *encode_elsewhere(void *arg)
{
    struct buf *b = arg;
    struct image image = noise(60);
    int quality;
    buf_init(b, MIB(4));
    if (jpeg_encode_to_size(&image, (struct range){20, 40}, 300, b, &quality) != ERR_NONE)
        buf_clear(b);
    image_release(&image);
    image_thread_end();
    return NULL;
}

TEST(every_thread_writes_the_same_bytes)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct buf files[THREADS];
    struct image image = noise(60);
    int quality;
    struct buf want = encoded(&image, &quality);
    for (size_t i = 0; i < THREADS; i++)
        EQ_INT(0, pthread_create(&threads[i], NULL, encode_elsewhere, &files[i]));
    for (size_t i = 0; i < THREADS; i++)
        EQ_INT(0, pthread_join(threads[i], NULL));
    for (size_t i = 0; i < THREADS; i++) {
        TRUE(files[i].len == want.len && memcmp(files[i].bytes, want.bytes, want.len) == 0);
        buf_release(&files[i]);
    }
    buf_release(&want);
    image_release(&image);
}

/* Baseline (SOF0), three components of 8 bits, one frame, no restart of anything. */
TEST(the_file_is_plain_baseline)
{
    for (int quality = 80; quality <= 95; quality += 15) {
        struct image image = noise(40);
        struct buf b = fixture_buf();
        EQ_INT(ERR_NONE, jpeg_encode(&image, quality, 300, &b));
        const unsigned char *at = (const unsigned char *)b.bytes + 2;
        int frames = 0;
        while (at[1] != 0xda) {
            TRUE(at[0] == 0xff && at[1] != 0xc2 && (at[1] < 0xe1 || at[1] > 0xfe));
            if (at[1] == 0xc0) {
                EQ_INT(8, at[4]);
                EQ_INT(3, at[9]);
                EQ_INT(quality >= JPEG_QUALITY_FULL_CHROMA ? 0x11 : 0x22, at[11]);
                frames++;
            }
            at += 2 + (at[2] << 8 | at[3]);
        }
        EQ_INT(1, frames);
        buf_release(&b);
        image_release(&image);
    }
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
