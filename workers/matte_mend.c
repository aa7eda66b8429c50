#include "workers/matte_work.h"

#define STEP_NEAR  2   /* cells to each side, … */
#define STEP_FAR   5   /* … to 10 px of the frame */
#define STEP_LEAST 35  /* grey levels between the sides: less is no step from one thing to another */
#define STEP_SLACK 4   /* grey levels a mixture may leave the range of its sides by */
#define SURE       250 /* of 255: both sides are person */
#define SEEN       240 /* cells above it need no mending */
#define INSIDE     128 /* of 255: the mask says person */

/* The least alpha of a cell's pixels. */
static int32_t alpha_of(const struct plane *alpha, int32_t x, int32_t y)
{
    int32_t least = 255;
    for (int32_t py = 2 * y; py < 2 * y + 2 && py < alpha->height_px; py++)
        for (int32_t px = 2 * x; px < 2 * x + 2 && px < alpha->width_px; px++) {
            int32_t value = alpha->values[(size_t)py * (size_t)alpha->width_px + (size_t)px];
            least = value < least ? value : least;
        }
    return least;
}

/* Is the cell on its way from one colour of the person to another, in any of four directions? A gap between two
 * strands is brighter than both, so it is not. */
static bool is_step(const struct matte_work *work, const struct plane *alpha, int32_t x, int32_t y)
{
    static const int32_t across[4][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    int32_t width = work->width, height = work->height, own = work->grey[(size_t)y * (size_t)width + (size_t)x];
    for (int32_t far = STEP_NEAR; far <= STEP_FAR; far++)
        for (int d = 0; d < 4; d++) {
            int32_t dx = across[d][0] * far, dy = across[d][1] * far;
            if (x - dx < 0 || x + dx >= width || y - abs(dy) < 0 || y + abs(dy) >= height)
                continue;
            int32_t a = work->grey[(size_t)(y + dy) * (size_t)width + (size_t)(x + dx)];
            int32_t b = work->grey[(size_t)(y - dy) * (size_t)width + (size_t)(x - dx)];
            int32_t low = a < b ? a : b, high = a < b ? b : a;
            if (high - low >= STEP_LEAST && own >= low - STEP_SLACK && own <= high + STEP_SLACK &&
                alpha_of(alpha, x + dx, y + dy) >= SURE && alpha_of(alpha, x - dx, y - dy) >= SURE)
                return true;
        }
    return false;
}

static void give_back(const struct matte_work *work, struct matte *out, int32_t x, int32_t y)
{
    for (int32_t py = 2 * y; py < 2 * y + 2 && py < out->alpha.height_px; py++)
        for (int32_t px = 2 * x; px < 2 * x + 2 && px < out->alpha.width_px; px++) {
            size_t at = (size_t)py * (size_t)out->alpha.width_px + (size_t)px;
            out->alpha.values[at] = 255;
            memcpy(out->foreground.rgb + 3 * at, work->frame->rgb + 3 * at, 3);
        }
}

void matte_mend(struct matte_work *work, struct matte *out)
{
    size_t i = 0;
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++)
            work->open[i] = work->kind[i] == MATTE_UNKNOWN && work->mask[i] >= INSIDE &&
                            alpha_of(&out->alpha, x, y) < SEEN && is_step(work, &out->alpha, x, y);
    i = 0;
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++)
            if (work->open[i])
                give_back(work, out, x, y);
}
