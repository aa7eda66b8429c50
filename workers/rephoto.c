#include "workers/rephoto.h"

#include <math.h>

#define SIDE       64 /* of a window; a power of two */
#define PLANE      (SIDE * SIDE)
#define HALF       (SIDE / 2)
#define ACROSS_MAX 6
#define DOWN_MAX   5
#define RADIUS_MIN 7 /* bins: longer waves are features of the face */
#define NEAR_MIN   3 /* ring around a bin that is its neighbourhood: a Hann window smears a peak over ±2 */
#define NEAR_MAX   4
#define NEAR_SHARE 0.85 /* of the neighbourhood lies below the compared value: lines (hair, edges) cross it */
#define BLOCK_BINS (SIDE / 8)
#define SILENCE    1e-7 /* share of the window's power: less than that is rounding */
#define PI         3.14159265358979323846

struct scratch {
    float re[PLANE], im[PLANE], power[PLANE], hann[SIDE], cosines[HALF], sines[HALF];
};

static void prepare(struct scratch *s)
{
    memset(s->power, 0, sizeof s->power);
    for (int i = 0; i < SIDE; i++)
        s->hann[i] = (float)(0.5 - 0.5 * cos(2 * PI * (i + 0.5) / SIDE));
    for (int i = 0; i < HALF; i++) {
        s->cosines[i] = (float)cos(2 * PI * i / SIDE);
        s->sines[i] = (float)-sin(2 * PI * i / SIDE);
    }
}

/* In place, radix 2; elements `stride` apart. */
static void transform(const struct scratch *s, float *re, float *im, size_t stride)
{
    for (size_t i = 1, j = 0; i < SIDE; i++) {
        size_t bit = HALF;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            float r = re[i * stride], m = im[i * stride];
            re[i * stride] = re[j * stride], im[i * stride] = im[j * stride];
            re[j * stride] = r, im[j * stride] = m;
        }
    }
    for (size_t len = 2; len <= SIDE; len *= 2) {
        for (size_t start = 0; start < SIDE; start += len) {
            for (size_t k = 0; k < len / 2; k++) {
                size_t a = (start + k) * stride, b = a + len / 2 * stride, turn = k * (SIDE / len);
                float r = re[b] * s->cosines[turn] - im[b] * s->sines[turn];
                float m = re[b] * s->sines[turn] + im[b] * s->cosines[turn];
                re[b] = re[a] - r, im[b] = im[a] - m;
                re[a] += r, im[a] += m;
            }
        }
    }
}

/* Green carries most of the luminance and is the sharpest channel of a camera. */
static void load(const struct scratch *s, const struct image *source, int32_t left, int32_t top, float *out)
{
    double sum = 0;
    for (int32_t y = 0; y < SIDE; y++)
        for (int32_t x = 0; x < SIDE; x++) {
            size_t at = (size_t)(top + y) * (size_t)source->width_px + (size_t)(left + x);
            float value = (float)source->rgb[3 * at + 1];
            out[y * SIDE + x] = value;
            sum += (double)value;
        }
    float mean = (float)(sum / PLANE);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            out[y * SIDE + x] = (out[y * SIDE + x] - mean) * s->hann[y] * s->hann[x];
}

static size_t bin(int u, int v)
{
    return (size_t)((v & (SIDE - 1)) * SIDE + (u & (SIDE - 1)));
}

/* Two windows at once, as real and imaginary part: |Z(k)|² + |Z(-k)|² is twice the sum of both powers. */
static void add_windows(struct scratch *s)
{
    double total = 0;
    for (size_t y = 0; y < SIDE; y++)
        transform(s, s->re + y * SIDE, s->im + y * SIDE, 1);
    for (size_t x = 0; x < SIDE; x++)
        transform(s, s->re + x, s->im + x, SIDE);
    for (size_t i = 0; i < PLANE; i++) {
        s->re[i] = s->re[i] * s->re[i] + s->im[i] * s->im[i];
        total += (double)s->re[i];
    }
    if (total <= 0)
        return;
    float scale = (float)(1 / total); /* a window with an eye in it counts no more than one with skin */
    for (int v = -HALF; v < HALF; v++)
        for (int u = -HALF; u < HALF; u++)
            s->power[bin(u, v)] += (s->re[bin(u, v)] + s->re[bin(-u, -v)]) * scale;
}

static bool is_block_bin(int u, int v)
{
    int du = (u + BLOCK_BINS * 8 + 1) % BLOCK_BINS, dv = (v + BLOCK_BINS * 8 + 1) % BLOCK_BINS;
    return du <= 2 && dv <= 2; /* within one bin of a multiple on both axes */
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double neighbourhood(const struct scratch *s, int u, int v)
{
    float found[(2 * NEAR_MAX + 1) * (2 * NEAR_MAX + 1)];
    size_t count = 0;
    for (int dv = -NEAR_MAX; dv <= NEAR_MAX; dv++)
        for (int du = -NEAR_MAX; du <= NEAR_MAX; du++)
            if (abs(du) >= NEAR_MIN || abs(dv) >= NEAR_MIN)
                found[count++] = s->power[bin(u + du, v + dv)];
    qsort(found, count, sizeof found[0], by_value);
    return (double)found[(size_t)(NEAR_SHARE * (double)count)];
}

static bool is_top(const struct scratch *s, int u, int v)
{
    float here = s->power[bin(u, v)];
    for (int dv = -1; dv <= 1; dv++)
        for (int du = -1; du <= 1; du++)
            if (s->power[bin(u + du, v + dv)] > here)
                return false;
    return true;
}

static void find_peak(const struct scratch *s, double windows, struct rephoto *out)
{
    *out = (struct rephoto){0, NAN};
    for (int v = -HALF + 1; v < HALF; v++) {
        for (int u = 2; u < HALF; u++) { /* the other half is its mirror image */
            double radius = hypot(u, v);
            if (abs(v) < 2 || radius < RADIUS_MIN || is_block_bin(u, v) || !is_top(s, u, v))
                continue;
            double here = (double)s->power[bin(u, v)], ratio = here / (neighbourhood(s, u, v) + SILENCE * windows);
            if (ratio > out->peak)
                *out = (struct rephoto){ratio, SIDE / radius};
        }
    }
}

/* The face from brows to chin, inside the picture. False: no window fits. */
static bool area_of(const struct image *source, const struct face_landmarks *marks, int32_t *left, int32_t *top,
                    int32_t *right, int32_t *bottom)
{
    *left = (int32_t)fmax(0, (double)marks->points[2].x_px);
    *right = (int32_t)fmin(source->width_px, (double)marks->points[14].x_px);
    *top = (int32_t)fmax(0, fmin((double)marks->points[19].y_px, (double)marks->points[24].y_px));
    *bottom = (int32_t)fmin(source->height_px, (double)marks->points[8].y_px);
    return *right - *left >= SIDE && *bottom - *top >= SIDE;
}

static int windows_along(int32_t length_px, int max)
{
    int count = (length_px - SIDE) / HALF + 1;
    return count > max ? max : count;
}

enum err rephoto_measure(const struct image *source, const struct face_landmarks *marks, struct rephoto *out)
{
    int32_t left, top, right, bottom;
    *out = (struct rephoto){NAN, NAN};
    if (!area_of(source, marks, &left, &top, &right, &bottom))
        return ERR_NONE;
    struct scratch *s = malloc(sizeof *s);
    if (s == NULL)
        return ERR_BUSY;
    prepare(s);
    int across = windows_along(right - left, ACROSS_MAX), down = windows_along(bottom - top, DOWN_MAX);
    for (int i = 0; i < across * down; i++) {
        int32_t x = left + (across > 1 ? (right - left - SIDE) * (i % across) / (across - 1) : 0);
        int32_t y = top + (down > 1 ? (bottom - top - SIDE) * (i / across) / (down - 1) : 0);
        load(s, source, x, y, i % 2 == 0 ? s->re : s->im);
        if (i % 2 == 0)
            memset(s->im, 0, sizeof s->im);
        if (i % 2 == 1 || i + 1 == across * down)
            add_windows(s);
    }
    find_peak(s, (across * down + 1) / 2, out);
    free(s);
    return ERR_NONE;
}
