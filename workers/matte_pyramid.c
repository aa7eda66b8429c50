#include "workers/matte_pyramid.h"

size_t matte_pyramid_values(int32_t width, int32_t height, int32_t cell)
{
    size_t total = 0;
    int32_t w = (width + cell - 1) / cell, h = (height + cell - 1) / cell;
    for (int32_t level = 0; level < MATTE_PYRAMID_LEVELS; level++) {
        total += (size_t)w * (size_t)h;
        w = (w + 1) / 2, h = (h + 1) / 2;
    }
    return total;
}

void matte_pyramid_init(struct matte_pyramid *pyramid, int32_t width, int32_t height, int32_t cell,
                        struct matte_colour *memory)
{
    int32_t w = (width + cell - 1) / cell, h = (height + cell - 1) / cell, level = 0;
    pyramid->cell = cell;
    for (; level < MATTE_PYRAMID_LEVELS; level++) {
        pyramid->levels[level] = memory;
        pyramid->widths[level] = w;
        pyramid->heights[level] = h;
        memory += (size_t)w * (size_t)h;
        if (w == 1 && h == 1) {
            level++;
            break;
        }
        w = (w + 1) / 2, h = (h + 1) / 2;
    }
    pyramid->count = level;
    for (; level < MATTE_PYRAMID_LEVELS; level++) { /* whoever asks for a wider mean than there is gets the widest */
        pyramid->levels[level] = pyramid->levels[pyramid->count - 1];
        pyramid->widths[level] = pyramid->widths[pyramid->count - 1];
        pyramid->heights[level] = pyramid->heights[pyramid->count - 1];
    }
}

/* Level 0: the mean of the known cells of each block; weight: how much of the block is known. */
static bool gather(struct matte_pyramid *pyramid, const unsigned char *rgb, const unsigned char *weight, int32_t width,
                   int32_t height)
{
    bool any = false;
    int32_t cell = pyramid->cell, across = pyramid->widths[0];
    memset(pyramid->levels[0], 0, (size_t)across * (size_t)pyramid->heights[0] * sizeof(struct matte_colour));
    for (int32_t y = 0; y < height; y++) {
        const unsigned char *known = weight + (size_t)y * (size_t)width, *at = rgb + (size_t)y * (size_t)width * 3;
        struct matte_colour *to = pyramid->levels[0] + (size_t)(y / cell) * (size_t)across;
        for (int32_t x = 0; x < width; x++, at += 3) {
            if (known[x] == 0)
                continue;
            struct matte_colour *sum = &to[x / cell];
            float share = known[x];
            sum->r += share * at[0], sum->g += share * at[1], sum->b += share * at[2], sum->weight += share;
            any = true;
        }
    }
    float full = 255 * (float)(cell * cell);
    size_t count = (size_t)across * (size_t)pyramid->heights[0];
    for (size_t i = 0; i < count; i++) {
        struct matte_colour *sum = &pyramid->levels[0][i];
        if (sum->weight == 0)
            continue;
        float share = 1 / sum->weight;
        sum->r *= share, sum->g *= share, sum->b *= share, sum->weight /= full;
    }
    return any;
}

static void push(const struct matte_pyramid *pyramid, int32_t level)
{
    int32_t w = pyramid->widths[level - 1], h = pyramid->heights[level - 1];
    struct matte_colour *to = pyramid->levels[level];
    for (int32_t y = 0; y < pyramid->heights[level]; y++)
        for (int32_t x = 0; x < pyramid->widths[level]; x++, to++) {
            struct matte_colour sum = {0, 0, 0, 0};
            for (int32_t i = 0; i < 4; i++) {
                int32_t fx = 2 * x + (i & 1), fy = 2 * y + (i >> 1);
                if (fx >= w || fy >= h)
                    continue;
                const struct matte_colour *from = &pyramid->levels[level - 1][(size_t)fy * (size_t)w + (size_t)fx];
                sum.r += from->r * from->weight;
                sum.g += from->g * from->weight;
                sum.b += from->b * from->weight;
                sum.weight += from->weight;
            }
            float share = sum.weight > 0 ? 1 / sum.weight : 0;
            *to = (struct matte_colour){sum.r * share, sum.g * share, sum.b * share, sum.weight > 1 ? 1 : sum.weight};
        }
}

/* Between the four values around (x, y), which are in the level's own units, value centres at whole numbers. */
static struct matte_colour between(const struct matte_pyramid *pyramid, int32_t level, float x, float y)
{
    int32_t w = pyramid->widths[level], h = pyramid->heights[level];
    x = x < 0 ? 0 : x > (float)(w - 1) ? (float)(w - 1) : x;
    y = y < 0 ? 0 : y > (float)(h - 1) ? (float)(h - 1) : y;
    int32_t x0 = (int32_t)x, y0 = (int32_t)y, x1 = x0 + 1 < w ? x0 + 1 : x0, y1 = y0 + 1 < h ? y0 + 1 : y0;
    float fx = x - (float)x0, fy = y - (float)y0;
    const struct matte_colour *top = pyramid->levels[level] + (size_t)y0 * (size_t)w;
    const struct matte_colour *low = pyramid->levels[level] + (size_t)y1 * (size_t)w;
    float a = (1 - fx) * (1 - fy), b = fx * (1 - fy), c = (1 - fx) * fy, d = fx * fy;
    return (struct matte_colour){a * top[x0].r + b * top[x1].r + c * low[x0].r + d * low[x1].r,
                                 a * top[x0].g + b * top[x1].g + c * low[x0].g + d * low[x1].g,
                                 a * top[x0].b + b * top[x1].b + c * low[x0].b + d * low[x1].b, 1};
}

static void pull(const struct matte_pyramid *pyramid, int32_t level)
{
    struct matte_colour *to = pyramid->levels[level];
    for (int32_t y = 0; y < pyramid->heights[level]; y++)
        for (int32_t x = 0; x < pyramid->widths[level]; x++, to++) {
            if (to->weight >= 1)
                continue;
            struct matte_colour up =
                between(pyramid, level + 1, ((float)x + 0.5f) / 2 - 0.5f, ((float)y + 0.5f) / 2 - 0.5f);
            float own = to->weight, rest = 1 - own;
            *to = (struct matte_colour){own * to->r + rest * up.r, own * to->g + rest * up.g, own * to->b + rest * up.b,
                                        1};
        }
}

void matte_pyramid_spread(struct matte_pyramid *pyramid)
{
    for (int32_t level = 1; level < pyramid->count; level++)
        push(pyramid, level);
    for (int32_t level = pyramid->count - 2; level >= 0; level--)
        pull(pyramid, level);
}

bool matte_pyramid_fill(struct matte_pyramid *pyramid, const unsigned char *rgb, const unsigned char *weight,
                        int32_t width, int32_t height)
{
    if (!gather(pyramid, rgb, weight, width, height))
        return false;
    matte_pyramid_spread(pyramid);
    return true;
}

struct matte_colour matte_pyramid_at(const struct matte_pyramid *pyramid, int32_t x, int32_t y)
{
    return matte_pyramid_wide(pyramid, 0, x, y);
}

struct matte_colour matte_pyramid_wide(const struct matte_pyramid *pyramid, int32_t level, int32_t x, int32_t y)
{
    float cell = (float)(pyramid->cell << level);
    return between(pyramid, level, ((float)x + 0.5f) / cell - 0.5f, ((float)y + 0.5f) / cell - 0.5f);
}
