#include "workers/matte.h"
#include "workers/resample.h"

#include <math.h>

/* Two filters: where wall may show, plain means of what a finished pixel covers, so that outlines do not ring and the
 * colour stays exact; deep inside the person Lanczos, which keeps a quarter more of the detail (measured on faces). */

static void composite_row(const struct matte *matte, const unsigned char colour[3], int32_t y, unsigned char *out)
{
    size_t row = (size_t)matte->alpha.width_px;
    const unsigned char *alpha = matte->alpha.values + (size_t)y * row;
    const unsigned char *rgb = matte->foreground.rgb + (size_t)y * row * 3;
    for (size_t x = 0; x < row; x++, rgb += 3, out += 3) {
        int32_t a = alpha[x];
        for (int c = 0; c < 3; c++)
            out[c] = (unsigned char)((rgb[c] * a + colour[c] * (255 - a) + 127) / 255);
    }
}

/* ---- where nothing but person is near ---- */

struct blocks {
    int32_t width, height;
    unsigned char *inner; /* 1: this block and those near it are person throughout */
};

static bool is_full(const struct plane *alpha, int32_t x, int32_t y, int32_t side)
{
    for (int32_t py = y; py < y + side && py < alpha->height_px; py++)
        for (int32_t px = x; px < x + side && px < alpha->width_px; px++)
            if (alpha->values[(size_t)py * (size_t)alpha->width_px + (size_t)px] != 255)
                return false;
    return true;
}

/* full: bit 0, inner: bit 1 while counting. Beyond the frame's edges there is nothing that could disturb. */
static bool blocks_find(const struct plane *alpha, int32_t side, struct blocks *out)
{
    out->width = (alpha->width_px + side - 1) / side;
    out->height = (alpha->height_px + side - 1) / side;
    out->inner = malloc((size_t)out->width * (size_t)out->height);
    if (out->inner == NULL)
        return false;
    for (int32_t y = 0; y < out->height; y++)
        for (int32_t x = 0; x < out->width; x++)
            out->inner[y * out->width + x] = is_full(alpha, x * side, y * side, side);
    for (int32_t y = 0; y < out->height; y++)
        for (int32_t x = 0; x < out->width; x++) {
            unsigned all = 1;
            for (int32_t ny = y > 0 ? y - 1 : 0; ny <= y + 1 && ny < out->height; ny++)
                for (int32_t nx = x > 0 ? x - 1 : 0; nx <= x + 1 && nx < out->width; nx++)
                    all &= out->inner[ny * out->width + nx];
            out->inner[y * out->width + x] |= (unsigned char)(all << 1);
        }
    for (int32_t i = 0; i < out->width * out->height; i++)
        out->inner[i] >>= 1;
    return true;
}

/* ---- 3:2 ---- */

/* Lanczos with three lobes, stretched by 1.5, at the two places a finished pixel has among three: the first begins four
 * pixels before the group, the second, mirrored, two. Of 4096. */
#define TAPS 9
static const int32_t taps[2][TAPS] = {{9, 68, -370, 459, 2601, 1665, -287, -116, 67},
                                      {67, -116, -287, 1665, 2601, 459, -370, 68, 9}};
static const int32_t first_tap[2] = {-4, -2};

static int32_t clamp(int32_t value, int32_t limit)
{
    return value < 0 ? 0 : value >= limit ? limit - 1 : value;
}

/* The rows around row group `group`, weighted and summed for one phase, times 64. */
static void sharp_down(const struct image *whole, int32_t group, int32_t phase, int16_t *sums)
{
    const unsigned char *rows[TAPS];
    size_t len = (size_t)whole->width_px * 3;
    for (int32_t t = 0; t < TAPS; t++)
        rows[t] = whole->rgb + (size_t)clamp(3 * group + first_tap[phase] + t, whole->height_px) * len;
    const int32_t *w = taps[phase];
    for (size_t i = 0; i < len; i++)
        sums[i] = (int16_t)((w[0] * rows[0][i] + w[1] * rows[1][i] + w[2] * rows[2][i] + w[3] * rows[3][i] +
                             w[4] * rows[4][i] + w[5] * rows[5][i] + w[6] * rows[6][i] + w[7] * rows[7][i] +
                             w[8] * rows[8][i] + 32) >>
                            6);
}

static unsigned char sharp_at(const int16_t *const from[TAPS], const int32_t *w, size_t c)
{
    int32_t sum = 1 << 17;
    for (size_t t = 0; t < TAPS; t++)
        sum += w[t] * from[t][c];
    sum >>= 18;
    return (unsigned char)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Replaces the pixels of one finished row that lie in inner blocks. */
static void sharp_across(const int16_t *sums, int32_t width_px, const unsigned char *inner, int32_t blocks,
                         unsigned char *out)
{
    for (int32_t block = 0; block < blocks; block++)
        for (int32_t phase = 0; phase < 2 && inner[block]; phase++) {
            const int16_t *from[TAPS];
            for (int32_t t = 0; t < TAPS; t++)
                from[t] = sums + 3 * clamp(3 * block + first_tap[phase] + t, width_px);
            for (size_t c = 0; c < 3; c++)
                out[3 * (size_t)(2 * block + phase) + c] = sharp_at(from, taps[phase], c);
        }
}

/* Three pixels by three become two by two: every result covers 1.5 × 1.5 of them. */
static void mean_rows(const unsigned char *full, const unsigned char *shared, int32_t width_px, unsigned char *out)
{
    for (int32_t x = 0; x < width_px; x++, out += 3) {
        size_t at = (size_t)(x / 2 * 3 + (x % 2 == 0 ? 0 : 2)) * 3, half = (size_t)(x / 2 * 3 + 1) * 3;
        for (size_t c = 0; c < 3; c++) {
            int32_t sum = 2 * (2 * full[at + c] + full[half + c]) + 2 * shared[at + c] + shared[half + c];
            out[c] = (unsigned char)((sum + 4) / 9);
        }
    }
}

static void reduce_by_half_more(const struct image *whole, const struct blocks *blocks, int16_t *sums,
                                struct image *out)
{
    size_t row = (size_t)whole->width_px * 3, finished = (size_t)out->width_px * 3;
    for (int32_t group = 0; group < blocks->height; group++) {
        const unsigned char *rows = whole->rgb + (size_t)group * 3 * row;
        const unsigned char *inner = blocks->inner + (size_t)group * (size_t)blocks->width;
        bool any = memchr(inner, 1, (size_t)blocks->width) != NULL;
        for (int32_t phase = 0; phase < 2; phase++) {
            unsigned char *to = out->rgb + (size_t)(2 * group + phase) * finished;
            mean_rows(rows + (size_t)(2 * phase) * row, rows + row, out->width_px, to);
            if (!any)
                continue;
            sharp_down(whole, group, phase, sums);
            sharp_across(sums, whole->width_px, inner, blocks->width, to);
        }
    }
}

/* ---- any size ---- */

#define FREE_BLOCK_PX 6 /* Lanczos reaches 4.5 pixels of the frame when it reduces by 1.5 */

static enum err reduce_freely(const struct image *whole, const struct blocks *blocks, struct image *out)
{
    struct resample_area all = {0, 0, whole->width_px, whole->height_px};
    int32_t width = out->width_px, height = out->height_px;
    struct image means = {0}, sharp = {0};
    enum err e = resample(whole, &all, width, height, RESAMPLE_BOX, &means);
    if (e == ERR_NONE)
        e = resample(whole, &all, width, height, RESAMPLE_LANCZOS, &sharp);
    for (int32_t y = 0; y < height && e == ERR_NONE; y++)
        for (int32_t x = 0; x < width; x++) {
            int32_t bx = (int32_t)((x + 0.5) * whole->width_px / width) / FREE_BLOCK_PX;
            int32_t by = (int32_t)((y + 0.5) * whole->height_px / height) / FREE_BLOCK_PX;
            size_t at = 3 * ((size_t)y * (size_t)width + (size_t)x);
            const struct image *from = blocks->inner[by * blocks->width + bx] ? &sharp : &means;
            memcpy(out->rgb + at, from->rgb + at, 3);
        }
    image_release(&means);
    image_release(&sharp);
    return e;
}

enum err matte_onto(const struct matte *matte, const unsigned char colour[3], int32_t width_px, int32_t height_px,
                    struct image *out)
{
    int32_t width = matte->alpha.width_px, height = matte->alpha.height_px;
    bool halves = width_px % 2 == 0 && height_px % 2 == 0 && width_px / 2 * 3 == width && height_px / 2 * 3 == height;
    size_t row = (size_t)width * 3;
    struct image whole = {width, height, malloc(row * (size_t)height)};
    int16_t *sums = malloc(row * sizeof *sums);
    struct blocks blocks = {0};
    *out = (struct image){width_px, height_px, malloc((size_t)width_px * (size_t)height_px * 3)};
    enum err e = whole.rgb != NULL && sums != NULL && out->rgb != NULL &&
                         blocks_find(&matte->alpha, halves ? 3 : FREE_BLOCK_PX, &blocks)
                     ? ERR_NONE
                     : ERR_BUSY;
    for (int32_t y = 0; y < height && e == ERR_NONE; y++)
        composite_row(matte, colour, y, whole.rgb + (size_t)y * row);
    if (e == ERR_NONE && halves)
        reduce_by_half_more(&whole, &blocks, sums, out);
    else if (e == ERR_NONE)
        e = reduce_freely(&whole, &blocks, out);
    if (e != ERR_NONE)
        image_release(out);
    image_release(&whole);
    free(blocks.inner);
    free(sums);
    return e;
}
