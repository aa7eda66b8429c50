#include "workers/matte_work.h"
#include "workers/measure_lab.h"

#include <math.h>

/* ---- the wall's shadow ---- */

#define SHADOW_NEAR    0.13  /* face widths from the mask's edge: close to the head */
#define SHADOW_FAR     0.45  /* from here on: far */
#define SHADOW_ACROSS  0.2   /* of the way from far on one side to far on the other, near lies */
#define SHADOW_BANDS   8     /* heights between crown and chin that are judged on their own */
#define SHADOW_CELLS   24    /* fewer cells than this say nothing */
#define SHADOW_DARKEST 0.25  /* of the near cells count: a hard shadow is narrow */
#define SHADOW_MASK    100   /* of 255: where the band leans to wall it counts too, … */
#define SHADOW_STRAND  8     /* grey levels: hair before the wall is no shadow */
#define SHADOW_LEAST   0.40f /* … if it has the wall's tint at this brightness */

/* Cells by L*. */
struct tones {
    uint32_t of[101], count;
};

struct side {
    struct tones near[SHADOW_BANDS], far[SHADOW_BANDS], far_all;
};

static void add(struct tones *tones, double lightness)
{
    tones->of[lightness < 0 ? 0 : lightness > 100 ? 100 : (int)(lightness + 0.5)]++;
    tones->count++;
}

/* The L* below which `share` of the cells lie. */
static double tone_at(const struct tones *tones, double share)
{
    double wanted = share * tones->count, seen = 0;
    int lightness = 0;
    while (lightness < 100 && (seen += tones->of[lightness]) < wanted)
        lightness++;
    return lightness;
}

static double far_tone(const struct side *side, int band)
{
    const struct tones *far = side->far[band].count < SHADOW_CELLS ? &side->far_all : &side->far[band];
    return far->count < SHADOW_CELLS ? NAN : tone_at(far, 0.5);
}

/* The second darkest band of one side counts: a single one may be a switch or a picture's corner. A lamp from one side
 * makes the wall darker across the picture: what it takes on the way from far to near is no shadow. */
static double shadow_of(const struct side *side, const struct side *other)
{
    double most = 0, second = 0;
    bool any = false;
    for (int i = 0; i < SHADOW_BANDS; i++) {
        double far = far_tone(side, i), across = far_tone(other, i) - far;
        if (isnan(far) || side->near[i].count < SHADOW_CELLS)
            continue;
        double expected = far + (isnan(across) ? 0 : SHADOW_ACROSS * across);
        double darker = expected - tone_at(&side->near[i], SHADOW_DARKEST);
        any = true;
        if (darker > most)
            second = most, most = darker;
        else if (darker > second)
            second = darker;
    }
    return any ? second : NAN;
}

static bool may_be_wall(const struct matte_work *work, size_t i, int32_t x, int32_t y)
{
    if (work->kind[i] == MATTE_UNKNOWN)
        return work->mask[i] <= SHADOW_MASK && !matte_refine_is_strand(work, x, y, SHADOW_STRAND) &&
               matte_wall_tint(work->colour + 3 * i, matte_pyramid_at(&work->coarse, x, y), SHADOW_LEAST);
    return work->kind[i] == MATTE_WALL;
}

static double wall_shadow(const struct matte_work *work)
{
    struct side sides[2] = {0};
    double step = (double)work->face_width * MATTE_FIELD_STEP, height = (double)(work->chin_y - work->crown_y);
    for (int32_t y = 0; y < work->height; y++) {
        double down = ((double)y - (double)work->crown_y) / height;
        for (int32_t x = 0; x < work->width && down >= 0 && down < 1; x++) {
            size_t i = (size_t)y * (size_t)work->width + (size_t)x;
            bool near = work->outside[i] <= SHADOW_NEAR * step, far = work->outside[i] >= SHADOW_FAR * step;
            if ((!near && !far) || !may_be_wall(work, i, x, y) || matte_wall_unrest(work, x, y) > work->calm)
                continue;
            struct side *side = &sides[(float)x > work->centre_x];
            double lightness = measure_lightness(work->colour + 3 * i);
            int band = (int)(down * SHADOW_BANDS);
            add(near ? &side->near[band] : &side->far[band], lightness);
            if (far)
                add(&side->far_all, lightness);
        }
    }
    return fmax(shadow_of(&sides[0], &sides[1]), shadow_of(&sides[1], &sides[0])); /* fmax: a number beats NAN */
}

/* ---- the body's outline ---- */

#define PERSON_FROM   128
#define SHOULDER_LOW  0.80 /* face widths from the centre line … */
#define SHOULDER_HIGH 1.00 /* … between which the outline is a shoulder's */
#define SHOULDER_HAIR 0.10 /* face widths above the chin: what reaches higher there is hair */

static bool is_person(const struct matte *matte, int32_t x, int32_t y)
{
    return matte->alpha.values[(size_t)y * (size_t)matte->alpha.width_px + (size_t)x] >= PERSON_FROM;
}

/* Of the lowest rows, the share between the shoulders where nobody is. */
static double bottom_missing(const struct matte_work *work, const struct matte *matte)
{
    int32_t width = matte->alpha.width_px, height = matte->alpha.height_px, left = width, right = -1, empty = 0;
    int32_t chin = (int32_t)fmaxf(0, 2 * work->chin_y);
    for (int32_t y = chin; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            if (is_person(matte, x, y)) {
                left = x < left ? x : left;
                right = x > right ? x : right;
            }
    if (right < left)
        return 1;
    for (int32_t x = left; x <= right; x++)
        empty += !is_person(matte, x, height - 1);
    return (double)empty / (right - left + 1);
}

/* The top of the body in column x, from below; -1 when the column is empty there or hair reaches down to it. */
static int32_t shoulder_at(const struct matte_work *work, const struct matte *matte, double x)
{
    int32_t column = (int32_t)lround(x), y = matte->alpha.height_px - 1;
    if (column < 0 || column >= matte->alpha.width_px || !is_person(matte, column, y))
        return -1;
    while (y > 0 && is_person(matte, column, y - 1))
        y--;
    double hair = 2 * ((double)work->chin_y - SHOULDER_HAIR * (double)work->face_width);
    return y > hair ? y : -1;
}

static double shoulder_tilt_deg(const struct matte_work *work, const struct matte *matte)
{
    enum { COLUMNS = 9 };
    double face_width = 2 * (double)work->face_width, centre = 2 * (double)work->centre_x, sum = 0;
    for (int i = 0; i < COLUMNS; i++) {
        double away = (SHOULDER_LOW + (SHOULDER_HIGH - SHOULDER_LOW) * i / (COLUMNS - 1)) * face_width;
        int32_t left = shoulder_at(work, matte, centre - away), right = shoulder_at(work, matte, centre + away);
        if (left < 0 || right < 0)
            return NAN;
        sum += atan2(right - left, 2 * away);
    }
    return sum / COLUMNS * 180 / 3.14159265358979323846;
}

void matte_doubts(const struct matte_work *work, const struct matte *matte, struct matte_doubts *out)
{
    out->wall_shadow = work->has_wall && work->plain ? wall_shadow(work) : NAN;
    out->bottom_missing = bottom_missing(work, matte);
    out->shoulder_tilt_deg = shoulder_tilt_deg(work, matte);
}
