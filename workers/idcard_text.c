#include "workers/idcard_text.h"

#include "base/check.h"

#include <math.h>

#define GROUND_HEIGHTS 0.9  /* half the side of the box whose brightness is the ground, in character heights */
#define INK_MIN        0.10 /* darker than the ground by this share: ink */
#define ROW_SHARE      0.30 /* of the fullest row: still the line */
#define GAP_HEIGHTS    2.2  /* a wider hole ends the line */
#define LINE_MIN_SHARE 0.25 /* of the searched height: a lower line is a scratch */
#define SEARCH_SCALE   0.45 /* of the flat card: the line is found as well, four times faster */
#define GRAIN_TIMES    5.0  /* ink must be darker than the ground's own grain by this factor */
#define CUT_PX_MAX     1600
#define BLACK_AT       0.72 /* of the ground; below it two-tone print is black */

/* ---- ground ---- */

/* Sums of all values above and left of each point, one row and column more than the plane. */
static double *sums_of(const float *values, int32_t width, int32_t height)
{
    size_t step = (size_t)width + 1;
    double *sums = calloc(step * ((size_t)height + 1), sizeof *sums);
    for (int32_t y = 0; sums != NULL && y < height; y++) {
        double row = 0;
        for (int32_t x = 0; x < width; x++) {
            row += (double)values[(size_t)y * (size_t)width + (size_t)x];
            sums[((size_t)y + 1) * step + (size_t)x + 1] = sums[(size_t)y * step + (size_t)x + 1] + row;
        }
    }
    return sums;
}

static double box_mean(const double *sums, int32_t width, int32_t height, int32_t x, int32_t y, int32_t reach)
{
    size_t step = (size_t)width + 1;
    size_t left = (size_t)(x > reach ? x - reach : 0), right = (size_t)(x + reach + 1 < width ? x + reach + 1 : width);
    size_t top = (size_t)(y > reach ? y - reach : 0), low = (size_t)(y + reach + 1 < height ? y + reach + 1 : height);
    double sum =
        sums[low * step + right] - sums[top * step + right] - sums[low * step + left] + sums[top * step + left];
    return sum / (double)((right - left) * (low - top));
}

/* values: brightness; becomes brightness as a share of the ground around it. The ground is the mean of what is not
 * darker than the first mean: ink does not count. */
static enum err divide_ground(float *values, int32_t width, int32_t height, int32_t reach)
{
    size_t count = (size_t)width * (size_t)height;
    float *light = calloc(count, sizeof *light);
    double *sums = sums_of(values, width, height), *again = NULL;
    enum err e = ERR_BUSY;
    if (light == NULL || sums == NULL)
        goto out;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            size_t at = (size_t)y * (size_t)width + (size_t)x;
            double mean = box_mean(sums, width, height, x, y, reach);
            light[at] = values[at] > (float)mean ? values[at] : (float)mean;
        }
    again = sums_of(light, width, height);
    if (again == NULL)
        goto out;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            size_t at = (size_t)y * (size_t)width + (size_t)x;
            values[at] /= (float)fmax(box_mean(again, width, height, x, y, reach), 1);
        }
    e = ERR_NONE;
out:
    free(light);
    free(sums);
    free(again);
    return e;
}

/* The brightest channel: blue and red print nearly vanishes, black stays. */
static enum err brightness(const struct image *picture, const struct card_plane *plane,
                           const struct resample_area *area, int32_t width, int32_t height, float **out)
{
    struct image flat;
    size_t count = (size_t)width * (size_t)height;
    TRY(card_flatten(picture, plane, area, width, height, &flat));
    *out = malloc(count * sizeof **out);
    for (size_t i = 0; *out != NULL && i < count; i++) {
        const unsigned char *p = flat.rgb + i * 3;
        unsigned char most = p[0] > p[1] ? p[0] : p[1];
        (*out)[i] = (float)(most > p[2] ? most : p[2]);
    }
    image_release(&flat);
    return *out != NULL ? ERR_NONE : ERR_BUSY;
}

/* ---- where the line is ---- */

struct stretch {
    int32_t first, end;
    double weight;
};

/* The heaviest run of entries above `least`, holes of up to `gap` entries included. */
static struct stretch heaviest(const float *entries, int32_t count, float least, int32_t gap)
{
    struct stretch best = {0, 0, 0}, now = {0, 0, 0};
    int32_t last = -gap - 2;
    for (int32_t i = 0; i < count; i++) {
        if (entries[i] < least)
            continue;
        if (i - last > gap + 1)
            now = (struct stretch){i, i, 0};
        last = i;
        now.end = i + 1;
        now.weight += (double)entries[i];
        if (now.weight > best.weight)
            best = now;
    }
    return best;
}

static float most_of(const float *entries, int32_t count)
{
    float most = 0;
    for (int32_t i = 0; i < count; i++)
        most = entries[i] > most ? entries[i] : most;
    return most;
}

/* How much ink each row (or column) has between two bounds of the other direction. */
static void ink_profile(const float *shares, int32_t width, struct stretch rows, struct stretch columns, bool by_row,
                        float *profile)
{
    for (int32_t y = rows.first; y < rows.end; y++)
        for (int32_t x = columns.first; x < columns.end; x++) {
            float ink = 1 - shares[(size_t)y * (size_t)width + (size_t)x];
            if (ink > (float)INK_MIN)
                profile[by_row ? y : x] += ink < 0.5f ? ink : 0.5f;
        }
}

static bool locate(const float *shares, int32_t width, int32_t height, float *profile, struct stretch *rows,
                   struct stretch *columns)
{
    *columns = (struct stretch){0, width, 0};
    *rows = (struct stretch){0, height, 0};
    for (int time = 0; time < 2; time++) { /* the second time without what stands beside the line */
        struct stretch all = {0, height, 0};
        memset(profile, 0, (size_t)(width > height ? width : height) * sizeof *profile);
        ink_profile(shares, width, all, *columns, true, profile);
        float fullest = most_of(profile, height);
        if (fullest <= 0)
            return false;
        *rows = heaviest(profile, height, fullest * (float)ROW_SHARE, height / 24);
        int32_t tall = rows->end - rows->first;
        if (tall < height * LINE_MIN_SHARE)
            return false;
        memset(profile, 0, (size_t)(width > height ? width : height) * sizeof *profile);
        ink_profile(shares, width, *rows, (struct stretch){0, width, 0}, false, profile);
        *columns = heaviest(profile, width, (float)tall * 0.06f, (int32_t)(tall * GAP_HEIGHTS));
        if (columns->end - columns->first < tall)
            return false;
    }
    return true;
}

enum err card_line_of_print(const struct image *picture, const struct card_plane *plane,
                            const struct resample_area *where, struct resample_area *line, bool *found)
{
    int32_t width = (int32_t)lround(where->width_px * CARD_WIDTH_PX * SEARCH_SCALE);
    int32_t height = (int32_t)lround(where->height_px * CARD_HEIGHT_PX * SEARCH_SCALE);
    CHECK(width > 4 && height > 4);
    float *shares = NULL, *profile = NULL;
    struct stretch rows, columns;
    *found = false;
    enum err e = brightness(picture, plane, where, width, height, &shares);
    if (e == ERR_NONE)
        e = divide_ground(shares, width, height, height / 3);
    if (e == ERR_NONE && (profile = malloc((size_t)(width > height ? width : height) * sizeof *profile)) == NULL)
        e = ERR_BUSY;
    if (e == ERR_NONE && locate(shares, width, height, profile, &rows, &columns)) {
        double x = where->width_px / width, y = where->height_px / height;
        *line = (struct resample_area){where->x_px + columns.first * x, where->y_px + rows.first * y,
                                       (columns.end - columns.first) * x, (rows.end - rows.first) * y};
        *found = true;
    }
    free(shares);
    free(profile);
    return e;
}

/* ---- the cut ---- */

static unsigned char tone(float share, bool two_tone)
{
    if (two_tone)
        return share < (float)BLACK_AT ? 0 : 255;
    float value = 255 * (share - 0.25f) / 0.75f;
    return (unsigned char)(value <= 0 ? 0 : value >= 255 ? 255 : value);
}

/* The mean of a column's three darkest pixels. */
static float darkest_of(const float *shares, int32_t width, int32_t height, int32_t x)
{
    float low[3] = {1, 1, 1};
    for (int32_t y = 0; y < height; y++) {
        float value = shares[(size_t)y * (size_t)width + (size_t)x];
        for (int i = 0; i < 3; i++)
            if (value < low[i]) {
                float next = low[i];
                low[i] = value;
                value = next;
            }
    }
    return (low[0] + low[1] + low[2]) / 3;
}

/* How much the uppermost rows, which are empty, differ among themselves. */
static float grain_of(const float *shares, int32_t width, int32_t rows)
{
    double n = 0, sum = 0, squares = 0;
    for (int32_t i = 0; i < width * rows; i++) {
        n++;
        sum += (double)shares[i];
        squares += (double)shares[i] * (double)shares[i];
    }
    double variance = n > 0 ? squares / n - sum / n * (sum / n) : 0;
    return (float)sqrt(variance > 0 ? variance : 0);
}

/* Ink is weak where a lamp is reflected, or everywhere: the darkest nearby becomes black, as far as the grain allows.
 * `reach` is about one character, so that there is always ink nearby. */
static bool stretch_ink(float *shares, int32_t width, int32_t height, int32_t reach, int32_t empty_rows)
{
    float *low = calloc((size_t)width * 2, sizeof *low), *near = low + width;
    if (low == NULL)
        return false;
    float lightest = 1 - fmaxf((float)INK_MIN, (float)GRAIN_TIMES * grain_of(shares, width, empty_rows));
    for (int32_t x = 0; x < width; x++)
        low[x] = darkest_of(shares, width, height, x);
    for (int32_t x = 0; x < width; x++) {
        near[x] = lightest;
        for (int32_t i = x - reach; i <= x + reach; i++)
            if (i >= 0 && i < width && low[i] < near[x])
                near[x] = low[i];
    }
    for (int32_t x = 0; x < width; x++) {
        float sum = 0, count = 0;
        for (int32_t i = x - reach; i <= x + reach; i++)
            if (i >= 0 && i < width)
                sum += near[i], count++;
        float gain = 0.75f / (1 - sum / count);
        for (int32_t y = 0; y < height; y++) {
            float *share = &shares[(size_t)y * (size_t)width + (size_t)x];
            *share = 1 - (1 - *share) * gain;
        }
    }
    free(low);
    return true;
}

enum err card_print_cut(const struct image *picture, const struct card_plane *plane, const struct resample_area *line,
                        const struct card_print *how, struct plane *out)
{
    double tall = line->height_px, margin = tall * how->margin, ratio = CARD_RATIO; /* heights → widths */
    struct resample_area area = {line->x_px - margin / ratio, line->y_px - margin + how->shift * tall,
                                 line->width_px + 2 * margin / ratio, tall + 2 * margin};
    int32_t height = (int32_t)lround(how->height_px * (1 + 2 * how->margin));
    double width = how->height_px * (area.width_px * ratio) / tall;
    *out = (struct plane){(int32_t)lround(width < CUT_PX_MAX ? width : CUT_PX_MAX), height, NULL};
    float *shares = NULL;
    enum err e = brightness(picture, plane, &area, out->width_px, height, &shares);
    if (e == ERR_NONE)
        e = divide_ground(shares, out->width_px, height, (int32_t)(how->height_px * GROUND_HEIGHTS));
    size_t count = (size_t)out->width_px * (size_t)height;
    if (e == ERR_NONE && (out->values = malloc(count)) == NULL)
        e = ERR_BUSY;
    int32_t empty_rows = (int32_t)(how->height_px * how->margin * 0.5);
    if (e == ERR_NONE && !stretch_ink(shares, out->width_px, height, (int32_t)(how->height_px * 0.6), empty_rows))
        e = ERR_BUSY;
    for (size_t i = 0; e == ERR_NONE && i < count; i++)
        out->values[i] = tone(shares[i], how->two_tone);
    if (e != ERR_NONE)
        plane_release(out);
    free(shares);
    return e;
}
