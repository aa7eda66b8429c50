#include "workers/resample.h"

#include "base/check.h"

#include <math.h>

#define PI 3.14159265358979323846

/* For each output position: which source positions count, and how much. */
struct taps {
    int32_t *first; /* source index of the first tap; may be outside: clamp */
    float *weights; /* per output position `count` of them, sum 1 */
    int32_t count;  /* even: across_one takes two at once */
};

static double lanczos3(double distance)
{
    double x = fabs(distance) * PI;
    if (x < 1e-9)
        return 1.0;
    return x >= 3 * PI ? 0.0 : 3.0 * sin(x) * sin(x / 3) / (x * x);
}

/* The share of the source pixel [i, i+1) that lies in the output pixel; exact for the box, which point sampling of
 * the kernel would not be. */
static double overlap(double i, double low, double high)
{
    double a = i > low ? i : low, b = i + 1 < high ? i + 1 : high;
    return b > a ? b - a : 0.0;
}

static double weight_of(enum resample_filter filter, double i, double centre, double stretch)
{
    if (filter == RESAMPLE_LANCZOS)
        return lanczos3((i + 0.5 - centre) / stretch);
    if (stretch > 1.0)
        return overlap(i, centre - stretch / 2, centre + stretch / 2);
    double distance = fabs(i + 0.5 - centre); /* enlarging by boxes would show squares: linear */
    return distance < 1.0 ? 1.0 - distance : 0.0;
}

static bool taps_make(struct taps *taps, enum resample_filter filter, double start, double length, int32_t out_len)
{
    double scale = length / out_len, stretch = scale > 1.0 ? scale : 1.0;
    double reach = filter == RESAMPLE_LANCZOS ? 3.0 * stretch : scale > 1.0 ? stretch / 2 : 1.0;
    taps->count = ((int32_t)ceil(2 * reach) + 2) & ~1;
    taps->first = malloc((size_t)out_len * sizeof *taps->first);
    taps->weights = malloc((size_t)out_len * (size_t)taps->count * sizeof *taps->weights);
    if (taps->first == NULL || taps->weights == NULL)
        return false;
    for (int32_t o = 0; o < out_len; o++) {
        double centre = start + (o + 0.5) * scale, sum = 0;
        int32_t first = (int32_t)floor(centre - reach);
        float *weights = taps->weights + (size_t)o * (size_t)taps->count;
        taps->first[o] = first;
        for (int32_t t = 0; t < taps->count; t++) {
            double weight = weight_of(filter, first + t, centre, stretch);
            weights[t] = (float)weight;
            sum += weight;
        }
        for (int32_t t = 0; t < taps->count; t++)
            weights[t] = (float)(weights[t] / sum);
    }
    return true;
}

static void taps_release(struct taps *taps)
{
    free(taps->first);
    free(taps->weights);
}

static int32_t clamp(int32_t value, int32_t limit)
{
    return value < 0 ? 0 : value >= limit ? limit - 1 : value;
}

static unsigned char to_byte(float value)
{
    return (unsigned char)(value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5f);
}

#define TAPS_AT_ONCE 4 /* sums are read and written once for so many source rows */

struct row_tap {
    const unsigned char *row;
    float weight;
};

/* Rows that count for this output row; clamped rows are as good as any. Returns a multiple of TAPS_AT_ONCE: the rest
 * weighs nothing. */
static int32_t rows_for(const struct image *from, const struct taps *down, int32_t o, int32_t low, struct row_tap *rows)
{
    int32_t count = 0;
    for (int32_t t = 0; t < down->count; t++) {
        float weight = down->weights[(size_t)o * (size_t)down->count + (size_t)t];
        int32_t y = clamp(down->first[o] + t, from->height_px);
        if (weight != 0)
            rows[count++] =
                (struct row_tap){from->rgb + ((size_t)y * (size_t)from->width_px + (size_t)low) * 3, weight};
    }
    for (; count % TAPS_AT_ONCE != 0; count++)
        rows[count] = (struct row_tap){rows[0].row, 0};
    return count;
}

/* One output row before it is narrowed: source rows weighted and summed, columns low..high only. The loop over plain
 * bytes is what the compiler vectorises, hence down before across. */
static void down_one(const struct row_tap *rows, int32_t count, size_t len, float *restrict sums)
{
    memset(sums, 0, len * sizeof *sums);
    for (const struct row_tap *tap = rows; tap < rows + count; tap += TAPS_AT_ONCE) {
        const unsigned char *restrict a = tap[0].row, *restrict b = tap[1].row;
        const unsigned char *restrict c = tap[2].row, *restrict d = tap[3].row;
        for (size_t i = 0; i < len; i++)
            sums[i] += tap[0].weight * (float)a[i] + tap[1].weight * (float)b[i] + tap[2].weight * (float)c[i] +
                       tap[3].weight * (float)d[i];
    }
}

/* A pixel in one register: the fourth number is not used. */
typedef float rgbx __attribute__((vector_size(16)));

static void spread(const float *sums, int32_t columns, rgbx *row)
{
    for (int32_t i = 0; i < columns; i++, sums += 3)
        row[i] = (rgbx){sums[0], sums[1], sums[2], 0};
}

/* `row` holds the columns low..high. */
static void across_one(const rgbx *row, int32_t low, int32_t high, const struct taps *across, int32_t out_width_px,
                       unsigned char *to)
{
    for (int32_t o = 0; o < out_width_px; o++, to += 3) {
        const float *weights = across->weights + (size_t)o * (size_t)across->count;
        int32_t first = across->first[o] - low;
        bool inside = first >= 0 && first + across->count <= high - low;
        rgbx even = {0, 0, 0, 0}, odd = {0, 0, 0, 0}; /* two sums: each addition waits for the one before it */
        for (int32_t t = 0; t < across->count; t += 2) {
            even += weights[t] * row[inside ? first + t : clamp(first + t, high - low)];
            odd += weights[t + 1] * row[inside ? first + t + 1 : clamp(first + t + 1, high - low)];
        }
        rgbx sum = even + odd;
        to[0] = to_byte(sum[0]), to[1] = to_byte(sum[1]), to[2] = to_byte(sum[2]);
    }
}

static bool run(const struct image *from, const struct taps *across, const struct taps *down, struct image *out)
{
    int32_t low = clamp(across->first[0], from->width_px);
    int32_t high = clamp(across->first[out->width_px - 1] + across->count, from->width_px) + 1;
    size_t columns = (size_t)(high - low);
    float *sums = malloc(columns * 3 * sizeof *sums);
    rgbx *row = aligned_alloc(sizeof *row, columns * sizeof *row);
    struct row_tap *rows = malloc((size_t)(down->count + TAPS_AT_ONCE) * sizeof *rows);
    bool good = sums != NULL && row != NULL && rows != NULL;
    for (int32_t o = 0; good && o < out->height_px; o++) {
        down_one(rows, rows_for(from, down, o, low, rows), columns * 3, sums);
        spread(sums, high - low, row);
        across_one(row, low, high, across, out->width_px, out->rgb + (size_t)o * (size_t)out->width_px * 3);
    }
    free(sums);
    free(row);
    free(rows);
    return good;
}

enum err resample(const struct image *from, const struct resample_area *area, int32_t width_px, int32_t height_px,
                  enum resample_filter filter, struct image *out)
{
    CHECK(width_px > 0 && height_px > 0 && width_px <= IMAGE_SIDE_PX_MAX && height_px <= IMAGE_SIDE_PX_MAX);
    CHECK(area->width_px > 0 && area->height_px > 0 && area->width_px < 1e6 && area->height_px < 1e6);
    struct taps across = {0}, down = {0};
    *out = (struct image){width_px, height_px, malloc((size_t)width_px * (size_t)height_px * 3)};
    bool good = out->rgb != NULL && taps_make(&across, filter, area->x_px, area->width_px, width_px) &&
                taps_make(&down, filter, area->y_px, area->height_px, height_px) && run(from, &across, &down, out);
    taps_release(&across);
    taps_release(&down);
    if (!good)
        image_release(out);
    return good ? ERR_NONE : ERR_BUSY;
}

/* Both directions at once: planes are small and rare. */
static unsigned char plane_at(const struct plane *from, const struct taps *across, const struct taps *down, int32_t x,
                              int32_t y)
{
    float sum = 0;
    for (int32_t v = 0; v < down->count; v++) {
        float weight = down->weights[(size_t)y * (size_t)down->count + (size_t)v];
        const unsigned char *row =
            from->values + (size_t)clamp(down->first[y] + v, from->height_px) * (size_t)from->width_px;
        for (int32_t u = 0; weight != 0 && u < across->count; u++)
            sum += weight * across->weights[(size_t)x * (size_t)across->count + (size_t)u] *
                   (float)row[clamp(across->first[x] + u, from->width_px)];
    }
    return to_byte(sum);
}

enum err resample_plane(const struct plane *from, int32_t width_px, int32_t height_px, struct plane *out)
{
    CHECK(width_px > 0 && height_px > 0 && width_px <= IMAGE_SIDE_PX_MAX && height_px <= IMAGE_SIDE_PX_MAX);
    struct taps across = {0}, down = {0};
    *out = (struct plane){width_px, height_px, malloc((size_t)width_px * (size_t)height_px)};
    bool good = out->values != NULL && taps_make(&across, RESAMPLE_BOX, 0, from->width_px, width_px) &&
                taps_make(&down, RESAMPLE_BOX, 0, from->height_px, height_px);
    for (int32_t y = 0; good && y < height_px; y++)
        for (int32_t x = 0; x < width_px; x++)
            out->values[(size_t)y * (size_t)width_px + (size_t)x] = plane_at(from, &across, &down, x, y);
    taps_release(&across);
    taps_release(&down);
    if (!good)
        plane_release(out);
    return good ? ERR_NONE : ERR_BUSY;
}

static int32_t scaled(int32_t side_px, double scale)
{
    int32_t value = (int32_t)lround(side_px * scale);
    return value < 1 ? 1 : value;
}

enum err resample_to_long_edge(const struct image *from, int32_t long_edge_px, struct image *out)
{
    int32_t long_edge = from->width_px > from->height_px ? from->width_px : from->height_px;
    *out = (struct image){0};
    if (long_edge <= long_edge_px)
        return ERR_NONE;
    double scale = (double)long_edge_px / long_edge;
    struct resample_area all = {0, 0, from->width_px, from->height_px};
    return resample(from, &all, scaled(from->width_px, scale), scaled(from->height_px, scale), RESAMPLE_BOX, out);
}

enum err resample_enlarge(const struct image *from, int32_t times, struct image *out)
{
    struct resample_area all = {0, 0, from->width_px, from->height_px};
    return resample(from, &all, from->width_px * times, from->height_px * times, RESAMPLE_BOX, out);
}
