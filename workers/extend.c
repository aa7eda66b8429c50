#include "workers/extend.h"

#include <math.h>

#define PLAIN_SPREAD_MAX 12.0 /* standard deviation along the edge, of 255, in any channel */

struct strip {
    int32_t x, y, width, height;
};

static unsigned char *pixel(const struct image *photo, int32_t x, int32_t y)
{
    return photo->rgb + ((size_t)y * (size_t)photo->width_px + (size_t)x) * 3;
}

static bool is_plain(const struct image *photo, struct strip edge)
{
    double sum[3] = {0}, squares[3] = {0}, n = (double)edge.width * edge.height;
    for (int32_t y = edge.y; y < edge.y + edge.height; y++)
        for (int32_t x = edge.x; x < edge.x + edge.width; x++)
            for (int i = 0; i < 3; i++) {
                double value = pixel(photo, x, y)[i];
                sum[i] += value;
                squares[i] += value * value;
            }
    for (int i = 0; i < 3; i++)
        if (sqrt(fmax(0, squares[i] / n - (sum[i] / n) * (sum[i] / n))) > PLAIN_SPREAD_MAX)
            return false;
    return true;
}

static void fill(struct image *photo, struct strip strip, const unsigned char colour[3])
{
    for (int32_t y = strip.y; y < strip.y + strip.height; y++)
        for (int32_t x = strip.x; x < strip.x + strip.width; x++)
            memcpy(pixel(photo, x, y), colour, 3);
}

#define SMOOTH_PX 12 /* to each side: noise of single edge pixels must not become stripes */

/* The edge line, smoothed along itself, painted over the missing strip. */
static void continue_edge(struct image *photo, struct strip missing, struct strip edge)
{
    bool along_x = edge.height == 1;
    int32_t length = along_x ? edge.width : edge.height;
    for (int32_t at = 0; at < length; at++) {
        int32_t from = at > SMOOTH_PX ? at - SMOOTH_PX : 0, to = at + SMOOTH_PX < length ? at + SMOOTH_PX : length - 1;
        int32_t sums[3] = {0}, count = to - from + 1;
        unsigned char mean[3];
        for (int32_t i = from; i <= to; i++)
            for (int c = 0; c < 3; c++)
                sums[c] += pixel(photo, edge.x + (along_x ? i : 0), edge.y + (along_x ? 0 : i))[c];
        for (int c = 0; c < 3; c++)
            mean[c] = (unsigned char)((sums[c] + count / 2) / count);
        fill(photo,
             along_x ? (struct strip){missing.x + at, missing.y, 1, missing.height}
                     : (struct strip){missing.x, missing.y + at, missing.width, 1},
             mean);
    }
}

static int32_t whole_px(double missing_px, int32_t limit_px)
{
    int32_t px = (int32_t)ceil(missing_px);
    return px > limit_px - 1 ? limit_px - 1 : px;
}

/* `missing` is what to fill, `edge` the last real line beside it. */
static void one_side(struct image *photo, double missing_px, struct strip missing, struct strip edge,
                     const unsigned char colour[3], struct extended *done)
{
    if (missing_px < 0.5)
        return; /* less than a pixel cannot be seen */
    if (is_plain(photo, edge)) {
        continue_edge(photo, missing, edge);
        done->edges = true;
        return;
    }
    fill(photo, missing, colour);
    done->flat = true;
}

struct extended extend_missing(struct image *photo, const struct placement *placement, const unsigned char colour[3])
{
    struct extended done = {false, false};
    int32_t width = photo->width_px, height = photo->height_px;
    int32_t left = whole_px(placement->missing_left_px, width), right = whole_px(placement->missing_right_px, width);
    int32_t top = whole_px(placement->missing_top_px, height);
    int32_t bottom = whole_px(placement->missing_bottom_px, height);
    one_side(photo, placement->missing_top_px, (struct strip){0, 0, width, top}, (struct strip){0, top, width, 1},
             colour, &done);
    one_side(photo, placement->missing_bottom_px, (struct strip){0, height - bottom, width, bottom},
             (struct strip){0, height - bottom - 1, width, 1}, colour, &done);
    one_side(photo, placement->missing_left_px, (struct strip){0, 0, left, height}, (struct strip){left, 0, 1, height},
             colour, &done);
    one_side(photo, placement->missing_right_px, (struct strip){width - right, 0, right, height},
             (struct strip){width - right - 1, 0, 1, height}, colour, &done);
    return done;
}
