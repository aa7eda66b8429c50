#include "workers/matte_field.h"

/* ---- halving ---- */

void matte_field_halve_image(const struct image *frame, unsigned char *out)
{
    int32_t width = (frame->width_px + 1) / 2, height = (frame->height_px + 1) / 2;
    for (int32_t y = 0; y < height; y++) {
        const unsigned char *top = frame->rgb + (size_t)(2 * y) * (size_t)frame->width_px * 3;
        const unsigned char *low = 2 * y + 1 < frame->height_px ? top + (size_t)frame->width_px * 3 : top;
        for (int32_t x = 0; x < width; x++, out += 3) {
            int32_t left = 6 * x, right = 2 * x + 1 < frame->width_px ? left + 3 : left;
            for (int32_t c = 0; c < 3; c++)
                out[c] = (unsigned char)((top[left + c] + top[right + c] + low[left + c] + low[right + c] + 2) / 4);
        }
    }
}

void matte_field_halve_plane(const struct plane *plane, unsigned char *out)
{
    int32_t width = (plane->width_px + 1) / 2, height = (plane->height_px + 1) / 2;
    for (int32_t y = 0; y < height; y++) {
        const unsigned char *top = plane->values + (size_t)(2 * y) * (size_t)plane->width_px;
        const unsigned char *low = 2 * y + 1 < plane->height_px ? top + plane->width_px : top;
        for (int32_t x = 0; x < width; x++) {
            int32_t left = 2 * x, right = left + 1 < plane->width_px ? left + 1 : left;
            *out++ = (unsigned char)((top[left] + top[right] + low[left] + low[right] + 2) / 4);
        }
    }
}

/* ---- distances ---- */

struct sweep {
    uint16_t *distance;
    uint32_t *nearest;
};

static void take(const struct sweep *sweep, size_t at, size_t from, int32_t step)
{
    int32_t through = sweep->distance[from] + step;
    if (through >= sweep->distance[at])
        return;
    sweep->distance[at] = (uint16_t)through;
    if (sweep->nearest != NULL)
        sweep->nearest[at] = sweep->nearest[from];
}

static void run(const struct sweep *sweep, int32_t width, int32_t height)
{
    size_t row = (size_t)width;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            size_t at = (size_t)y * row + (size_t)x;
            if (x > 0)
                take(sweep, at, at - 1, 5);
            if (y > 0)
                take(sweep, at, at - row, 5);
            if (y > 0 && x > 0)
                take(sweep, at, at - row - 1, 7);
            if (y > 0 && x + 1 < width)
                take(sweep, at, at - row + 1, 7);
        }
    for (int32_t y = height - 1; y >= 0; y--)
        for (int32_t x = width - 1; x >= 0; x--) {
            size_t at = (size_t)y * row + (size_t)x;
            if (x + 1 < width)
                take(sweep, at, at + 1, 5);
            if (y + 1 < height)
                take(sweep, at, at + row, 5);
            if (y + 1 < height && x > 0)
                take(sweep, at, at + row - 1, 7);
            if (y + 1 < height && x + 1 < width)
                take(sweep, at, at + row + 1, 7);
        }
}

void matte_field_distance(const unsigned char *seed, int32_t width, int32_t height, uint16_t *distance)
{
    size_t count = (size_t)width * (size_t)height;
    for (size_t i = 0; i < count; i++)
        distance[i] = seed[i] ? 0 : MATTE_FIELD_FAR;
    run(&(struct sweep){distance, NULL}, width, height);
}

void matte_field_nearest(uint16_t *distance, uint32_t *nearest, int32_t width, int32_t height)
{
    size_t count = (size_t)width * (size_t)height;
    for (size_t i = 0; i < count; i++)
        nearest[i] = (uint32_t)i;
    run(&(struct sweep){distance, nearest}, width, height);
}

/* ---- box means ---- */

static void box_across(const float *from, float *to, int32_t width, int32_t radius)
{
    double sum = 0; /* a float would drift along the row */
    int32_t low = 0, high = 0;
    for (int32_t x = 0; x < width; x++) {
        for (; high < width && high <= x + radius; high++)
            sum += from[high];
        for (; low < x - radius; low++)
            sum -= from[low];
        to[x] = (float)(sum / (high - low));
    }
}

void matte_field_box(float *values, int32_t width, int32_t height, int32_t radius, float *scratch)
{
    size_t row = (size_t)width;
    for (int32_t y = 0; y < height; y++)
        box_across(values + (size_t)y * row, scratch + (size_t)y * row, width, radius);
    double *sums = (double *)(void *)(scratch + row * (size_t)height + (row * (size_t)height) % 2);
    memset(sums, 0, row * sizeof *sums);
    int32_t low = 0, high = 0;
    for (int32_t y = 0; y < height; y++) {
        for (; high < height && high <= y + radius; high++)
            for (size_t x = 0; x < row; x++)
                sums[x] += scratch[(size_t)high * row + x];
        for (; low < y - radius; low++)
            for (size_t x = 0; x < row; x++)
                sums[x] -= scratch[(size_t)low * row + x];
        double share = 1.0 / (high - low);
        for (size_t x = 0; x < row; x++)
            values[(size_t)y * row + x] = (float)(sums[x] * share);
    }
}

/* ---- floods ---- */

size_t matte_field_flood(const unsigned char *open, unsigned char *seen, unsigned char mark, uint32_t *queue,
                         size_t count, int32_t width, int32_t height)
{
    for (size_t next = 0; next < count; next++) {
        int32_t x = (int32_t)(queue[next] % (uint32_t)width), y = (int32_t)(queue[next] / (uint32_t)width);
        int32_t left = x > 0 ? x - 1 : 0, right = x + 1 < width ? x + 1 : x, low = y + 1 < height ? y + 1 : y;
        for (int32_t ny = y > 0 ? y - 1 : 0; ny <= low; ny++)
            for (int32_t nx = left; nx <= right; nx++) {
                size_t at = (size_t)ny * (size_t)width + (size_t)nx;
                if (!open[at] || seen[at])
                    continue;
                seen[at] = mark;
                queue[count++] = (uint32_t)at;
            }
    }
    return count;
}
