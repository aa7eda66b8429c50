#include "workers/grey.h"

#include "base/check.h"

#include <math.h>

#define BLUR_TAPS_MAX 31
#define CONTRAST_MIN  24 /* less difference than this is noise on an even ground: left as it is */

static enum err plane_make(int32_t width_px, int32_t height_px, struct plane *out)
{
    *out = (struct plane){width_px, height_px, malloc((size_t)width_px * (size_t)height_px)};
    if (out->values == NULL)
        *out = (struct plane){0};
    return out->values == NULL ? ERR_BUSY : ERR_NONE;
}

static int32_t clamp(int32_t value, int32_t limit)
{
    return value < 0 ? 0 : value >= limit ? limit - 1 : value;
}

static const unsigned char *row_of(const struct plane *plane, int32_t y)
{
    return plane->values + (size_t)clamp(y, plane->height_px) * (size_t)plane->width_px;
}

enum err grey_of(const struct image *picture, struct plane *out)
{
    TRY(plane_make(picture->width_px, picture->height_px, out));
    size_t count = (size_t)out->width_px * (size_t)out->height_px;
    const unsigned char *rgb = picture->rgb;
    for (size_t i = 0; i < count; i++, rgb += 3)
        out->values[i] = (unsigned char)((306u * rgb[0] + 601u * rgb[1] + 117u * rgb[2] + 512u) >> 10);
    return ERR_NONE;
}

/* ---- size ---- */

/* Where output position o looks: positions first and first + 1 when enlarging; first..last when reducing. */
struct span {
    int32_t first, last;
    int32_t share; /* of the second one, in 256ths; enlarging only */
};

static struct span span_of(int32_t o, double step, int32_t limit)
{
    if (step > 1.0) {
        int32_t first = clamp((int32_t)(o * step), limit), last = clamp((int32_t)ceil((o + 1) * step) - 1, limit);
        return (struct span){first, last < first ? first : last, 0};
    }
    double at = (o + 0.5) * step - 0.5;
    int32_t first = (int32_t)floor(at);
    return (struct span){clamp(first, limit), clamp(first + 1, limit), (int32_t)((at - first) * 256)};
}

static unsigned char reduced(const struct plane *from, const struct span *x, const struct span *y)
{
    uint32_t sum = 0, count = (uint32_t)(x->last - x->first + 1) * (uint32_t)(y->last - y->first + 1);
    for (int32_t v = y->first; v <= y->last; v++) {
        const unsigned char *row = row_of(from, v);
        for (int32_t u = x->first; u <= x->last; u++)
            sum += row[u];
    }
    return (unsigned char)((sum + count / 2) / count);
}

static unsigned char enlarged(const struct plane *from, const struct span *x, const struct span *y)
{
    const unsigned char *top = row_of(from, y->first), *low = row_of(from, y->last);
    int32_t above = top[x->first] * (256 - x->share) + top[x->last] * x->share;
    int32_t below = low[x->first] * (256 - x->share) + low[x->last] * x->share;
    return (unsigned char)((above * (256 - y->share) + below * y->share + 32768) >> 16);
}

enum err grey_scale(const struct plane *from, double times, struct plane *out)
{
    CHECK(times > 0.05 && times < 8);
    int32_t width_px = (int32_t)lround(from->width_px * times), height_px = (int32_t)lround(from->height_px * times);
    TRY(plane_make(width_px < 1 ? 1 : width_px, height_px < 1 ? 1 : height_px, out));
    double step_x = (double)from->width_px / out->width_px, step_y = (double)from->height_px / out->height_px;
    unsigned char *to = out->values;
    for (int32_t v = 0; v < out->height_px; v++) {
        struct span y = span_of(v, step_y, from->height_px);
        for (int32_t u = 0; u < out->width_px; u++) {
            struct span x = span_of(u, step_x, from->width_px);
            *to++ = times < 1.0 ? reduced(from, &x, &y) : enlarged(from, &x, &y);
        }
    }
    return ERR_NONE;
}

/* ---- softer ---- */

static int32_t taps_make(double sigma_px, int32_t taps[BLUR_TAPS_MAX])
{
    int32_t reach = (int32_t)ceil(3 * sigma_px), sum = 0;
    CHECK(reach >= 1 && 2 * reach + 1 <= BLUR_TAPS_MAX);
    for (int32_t i = 0; i <= 2 * reach; i++) {
        double distance = (i - reach) / sigma_px;
        taps[i] = (int32_t)lround(4096 * exp(-distance * distance / 2) / (sigma_px * 2.5066282746));
        sum += taps[i];
    }
    taps[reach] += 4096 - sum;
    return reach;
}

enum err grey_blur(const struct plane *from, double sigma_px, struct plane *out)
{
    int32_t taps[BLUR_TAPS_MAX], reach = taps_make(sigma_px, taps);
    struct plane across = {0};
    TRY(plane_make(from->width_px, from->height_px, &across));
    enum err e = plane_make(from->width_px, from->height_px, out);
    for (int32_t y = 0; e == ERR_NONE && y < from->height_px; y++) {
        const unsigned char *row = row_of(from, y);
        unsigned char *to = across.values + (size_t)y * (size_t)from->width_px;
        for (int32_t x = 0; x < from->width_px; x++) {
            int32_t sum = 2048;
            for (int32_t i = -reach; i <= reach; i++)
                sum += taps[i + reach] * row[clamp(x + i, from->width_px)];
            to[x] = (unsigned char)(sum >> 12);
        }
    }
    for (int32_t y = 0; e == ERR_NONE && y < from->height_px; y++) {
        unsigned char *to = out->values + (size_t)y * (size_t)from->width_px;
        for (int32_t x = 0; x < from->width_px; x++) {
            int32_t sum = 2048;
            for (int32_t i = -reach; i <= reach; i++)
                sum += taps[i + reach] * row_of(&across, y + i)[x];
            to[x] = (unsigned char)(sum >> 12);
        }
    }
    plane_release(&across);
    return e;
}

enum err grey_sharpen(const struct plane *from, double sigma_px, double amount, struct plane *out)
{
    TRY(grey_blur(from, sigma_px, out));
    size_t count = (size_t)from->width_px * (size_t)from->height_px;
    int32_t share = (int32_t)lround(amount * 256);
    for (size_t i = 0; i < count; i++) {
        int32_t value = from->values[i] + ((from->values[i] - out->values[i]) * share) / 256;
        out->values[i] = (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    return ERR_NONE;
}

/* ---- contrast ---- */

/* Lowest and highest of each square of side `side`; a pixel then looks at its square and the eight around. */
struct squares {
    int32_t side, columns, rows;
    unsigned char *low, *high;
};

static enum err squares_make(const struct plane *from, int32_t side, struct squares *s)
{
    *s = (struct squares){side, (from->width_px + side - 1) / side, (from->height_px + side - 1) / side, NULL, NULL};
    size_t count = (size_t)s->columns * (size_t)s->rows;
    s->low = malloc(count);
    s->high = malloc(count);
    if (s->low == NULL || s->high == NULL)
        return ERR_BUSY;
    memset(s->low, 255, count);
    memset(s->high, 0, count);
    for (int32_t y = 0; y < from->height_px; y++) {
        const unsigned char *row = row_of(from, y);
        for (int32_t x = 0; x < from->width_px; x++) {
            size_t at = (size_t)(y / side) * (size_t)s->columns + (size_t)(x / side);
            s->low[at] = row[x] < s->low[at] ? row[x] : s->low[at];
            s->high[at] = row[x] > s->high[at] ? row[x] : s->high[at];
        }
    }
    return ERR_NONE;
}

static void around(const struct squares *s, int32_t column, int32_t row, int32_t *low, int32_t *high)
{
    *low = 255, *high = 0;
    for (int32_t v = row - 1; v <= row + 1; v++)
        for (int32_t u = column - 1; u <= column + 1; u++) {
            size_t at = (size_t)clamp(v, s->rows) * (size_t)s->columns + (size_t)clamp(u, s->columns);
            *low = s->low[at] < *low ? s->low[at] : *low;
            *high = s->high[at] > *high ? s->high[at] : *high;
        }
}

static void stretch_square(const struct plane *from, const struct squares *s, int32_t column, int32_t row,
                           struct plane *out)
{
    int32_t low, high, x_end = (column + 1) * s->side, y_end = (row + 1) * s->side;
    around(s, column, row, &low, &high);
    bool flat = high - low < CONTRAST_MIN;
    for (int32_t y = row * s->side; y < y_end && y < from->height_px; y++) {
        const unsigned char *at = row_of(from, y);
        unsigned char *to = out->values + (size_t)y * (size_t)from->width_px;
        for (int32_t x = column * s->side; x < x_end && x < from->width_px; x++)
            to[x] = flat ? at[x] : (unsigned char)((at[x] - low) * 255 / (high - low));
    }
}

enum err grey_stretch(const struct plane *from, int32_t reach_px, struct plane *out)
{
    struct squares s;
    *out = (struct plane){0};
    enum err e = squares_make(from, reach_px < 4 ? 4 : reach_px, &s);
    if (e == ERR_NONE)
        e = plane_make(from->width_px, from->height_px, out);
    for (int32_t row = 0; e == ERR_NONE && row < s.rows; row++)
        for (int32_t column = 0; column < s.columns; column++)
            stretch_square(from, &s, column, row, out);
    free(s.low);
    free(s.high);
    return e;
}

enum err grey_invert(const struct plane *from, struct plane *out)
{
    TRY(plane_make(from->width_px, from->height_px, out));
    size_t count = (size_t)from->width_px * (size_t)from->height_px;
    for (size_t i = 0; i < count; i++)
        out->values[i] = (unsigned char)(255 - from->values[i]);
    return ERR_NONE;
}

enum err grey_cut(const struct plane *from, int32_t x_px, int32_t y_px, int32_t width_px, int32_t height_px,
                  struct plane *out)
{
    *out = (struct plane){0};
    int32_t left = x_px < 0 ? 0 : x_px, top = y_px < 0 ? 0 : y_px;
    int32_t right = x_px + width_px, bottom = y_px + height_px;
    right = right > from->width_px ? from->width_px : right;
    bottom = bottom > from->height_px ? from->height_px : bottom;
    if (left >= right || top >= bottom)
        return ERR_UNREADABLE;
    TRY(plane_make(right - left, bottom - top, out));
    for (int32_t y = top; y < bottom; y++)
        memcpy(out->values + (size_t)(y - top) * (size_t)out->width_px, row_of(from, y) + left, (size_t)out->width_px);
    return ERR_NONE;
}
