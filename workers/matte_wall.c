#include "workers/matte_work.h"

#include <math.h>

/* ---- how restless the wall is ---- */

#define NOISE_LEAST 1.5f /* what compression leaves beside edges even on the smoothest wall */

/* Median distance of the wall's cells from the wall at large; 255 when there is no wall. */
static float noise_of(const struct matte_work *work)
{
    uint32_t histogram[256] = {0}, total = 0, seen = 0;
    for (int32_t y = 0; y < work->height; y += 2)
        for (int32_t x = 0; x < work->width; x += 2) {
            size_t i = (size_t)y * (size_t)work->width + (size_t)x;
            if (work->kind[i] != MATTE_WALL)
                continue;
            float away = sqrtf(matte_distance2(work->colour + 3 * i, matte_pyramid_at(&work->coarse, x, y)));
            histogram[away > 255 ? 255 : (int)away]++;
            total++;
        }
    for (int value = 0; value < 256 && total > 0; value++) {
        seen += histogram[value];
        if (2 * seen >= total)
            return fmaxf(NOISE_LEAST, (float)value + 0.5f);
    }
    return 255;
}

bool matte_wall_colours(struct matte_work *work, struct matte_pyramid *pyramid)
{
    for (size_t i = 0; i < work->count; i++)
        work->open[i] = work->kind[i] == MATTE_WALL ? 255 : 0;
    return matte_pyramid_fill(pyramid, work->colour, work->open, work->width, work->height);
}

#define COARSE_SAMPLES (MATTE_COARSE_CELLS * MATTE_COARSE_CELLS / 4)
#define UNREST_LEVEL   2 /* of the coarse pyramid: 64 px of the frame, a fifth of a face */

#define LIGHT_COUNTS 0.22f /* differences of brightness alone are mostly light and shadow on a plain wall */

/* RGB distance, differences along the wall's own tint counted less. */
static float unlike(const unsigned char *rgb, struct matte_colour wall)
{
    float of = wall.r * wall.r + wall.g * wall.g + wall.b * wall.b + 1;
    float share = ((float)rgb[0] * wall.r + (float)rgb[1] * wall.g + (float)rgb[2] * wall.b) / of;
    float along = (1 - share) * (1 - share) * of, all = matte_distance2(rgb, wall);
    return sqrtf(fmaxf(0, all - along) + LIGHT_COUNTS * LIGHT_COUNTS * along);
}

#define UNREST_SHARE                                                                                                   \
    0.6f /* of a block's cells must be quieter: strands of hair before the wall are none of its unrest */

/* One block of the unrest: what most of its wall cells stay below. */
static struct matte_colour unrest_of(const struct matte_work *work, int32_t left, int32_t top, int32_t cell)
{
    float found[COARSE_SAMPLES];
    int32_t count = 0;
    for (int32_t y = top; y < top + cell && y < work->height; y += 2)
        for (int32_t x = left; x < left + cell && x < work->width; x += 2) {
            size_t i = (size_t)y * (size_t)work->width + (size_t)x;
            if (work->kind[i] != MATTE_WALL)
                continue;
            float away = unlike(work->colour + 3 * i, matte_pyramid_wide(&work->coarse, UNREST_LEVEL, x, y));
            int32_t at = count++;
            for (; at > 0 && found[at - 1] > away; at--) /* kept in order */
                found[at] = found[at - 1];
            found[at] = away;
        }
    if (count == 0)
        return (struct matte_colour){0, 0, 0, 0};
    return (struct matte_colour){found[(int32_t)(UNREST_SHARE * (float)(count - 1))], 0, 0,
                                 (float)count / COARSE_SAMPLES};
}

static void measure_unrest(struct matte_work *work)
{
    struct matte_pyramid *unrest = &work->unrest;
    int32_t across = unrest->widths[0], down = unrest->heights[0], cell = unrest->cell;
    for (int32_t y = 0; y < down; y++)
        for (int32_t x = 0; x < across; x++)
            unrest->levels[0][y * across + x] = unrest_of(work, x * cell, y * cell, cell);
    matte_pyramid_spread(unrest);
}

float matte_wall_unrest(const struct matte_work *work, int32_t x, int32_t y)
{
    return matte_pyramid_wide(&work->unrest, 1, x, y).r;
}

/* A plain wall stays below this on this share of it at least; what is above then is light and shadow. Beside curtains
 * and shelves only the calmest places can be believed. */
#define PLAIN_UNREST 3.0f
#define PLAIN_SHARE  0.6
#define CALM_PLAIN   9.0f
#define CALM_ROOM    3.5f

static bool is_plain(const struct matte_work *work)
{
    size_t wall = 0, calm = 0;
    for (int32_t y = 0; y < work->height; y += 4)
        for (int32_t x = 0; x < work->width; x += 4) {
            bool is = work->kind[(size_t)y * (size_t)work->width + (size_t)x] == MATTE_WALL;
            wall += is;
            calm += is && matte_wall_unrest(work, x, y) <= PLAIN_UNREST;
        }
    return (double)calm > PLAIN_SHARE * (double)wall;
}

void matte_wall_learn(struct matte_work *work)
{
    work->has_wall = matte_wall_colours(work, &work->coarse);
    work->noise = work->has_wall ? noise_of(work) : 255;
    if (work->has_wall)
        measure_unrest(work);
    work->plain = work->has_wall && is_plain(work);
    work->calm = work->plain ? CALM_PLAIN : CALM_ROOM;
}

#define TINT_MOST 1.10f /* of the wall's brightness: lighter is something else */
#define TINT_OFF  12.0f /* RGB distance from the wall's tint at the same brightness */

bool matte_wall_tint(const unsigned char *rgb, struct matte_colour wall, float least)
{
    float of = wall.r * wall.r + wall.g * wall.g + wall.b * wall.b + 1;
    float share = ((float)rgb[0] * wall.r + (float)rgb[1] * wall.g + (float)rgb[2] * wall.b) / of;
    wall.r *= share, wall.g *= share, wall.b *= share;
    return share >= least && share <= TINT_MOST && matte_distance2(rgb, wall) <= TINT_OFF * TINT_OFF;
}

/* ---- without a mask ---- */

/* Where a wall is expected, in face widths: above the crown, and beside the head down to the mouth. */
#define ABOVE_SEEN    0.10f
#define ABOVE_GUESSED 0.30f /* an estimated crown may be this wrong */
#define BESIDE        1.00f

#define FLOOD_NOISES 5.0f
#define FLOOD_LEAST  18.0f
#define FLOOD_MOST   44.0f
#define FLOOD_ROUNDS 2 /* more find their way into light clothes */

static void expect_wall(struct matte_work *work)
{
    float above = work->crown_y - (work->crown_found ? ABOVE_SEEN : ABOVE_GUESSED) * work->face_width;
    float beside = BESIDE * work->face_width, low = work->eye_y + 0.6f * (work->chin_y - work->eye_y);
    size_t i = 0;
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            bool wall = (float)y < above || ((float)y < low && fabsf((float)x - work->centre_x) > beside);
            work->kind[i] = wall ? MATTE_WALL : MATTE_UNKNOWN;
        }
}

/* Cells that clearly are not the wall at large (hair where wall was expected, a switch) no longer teach it. */
static void drop_outliers(struct matte_work *work)
{
    float limit = fminf(fmaxf(3 * work->noise, FLOOD_LEAST), FLOOD_MOST);
    size_t i = 0;
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++)
            if (work->kind[i] == MATTE_WALL &&
                matte_distance2(work->colour + 3 * i, matte_pyramid_at(&work->coarse, x, y)) > limit * limit)
                work->kind[i] = MATTE_OTHER;
}

/* Where a body must be, in face widths from the chin: without a mask white clothes before a white wall are stopped
 * here. */
#define NECK_HALF  0.22f
#define TORSO_HALF 0.60f
#define TORSO_FROM 0.50f

static bool must_be_body(const struct matte_work *work, int32_t x, int32_t y)
{
    float down = ((float)y - work->chin_y) / work->face_width,
          away = fabsf((float)x - work->centre_x) / work->face_width;
    return down >= 0 && away <= (down >= TORSO_FROM ? TORSO_HALF : NECK_HALF);
}

/* From the borders through everything that looks like the wall nearby; what was reached becomes MATTE_WALL. */
static void flood(struct matte_work *work)
{
    float limit = fminf(fmaxf(FLOOD_NOISES * work->noise, FLOOD_LEAST), FLOOD_MOST);
    unsigned char *open = work->mask;
    size_t row = (size_t)work->width, i = 0, starts = 0;
    memset(work->flag, 0, work->count);
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            open[i] = !work->hull[i] && !must_be_body(work, x, y) &&
                      matte_distance2(work->colour + 3 * i, matte_pyramid_at(&work->coarse, x, y)) < limit * limit;
            if (open[i] && (i < row || x == 0 || x + 1 == work->width)) {
                work->flag[i] = 1;
                work->queue[starts++] = (uint32_t)i;
            }
        }
    matte_field_flood(open, work->flag, 1, work->queue, starts, work->width, work->height);
    for (i = 0; i < work->count; i++)
        work->kind[i] = work->flag[i] ? MATTE_WALL : MATTE_UNKNOWN;
}

void matte_wall_mask(struct matte_work *work)
{
    expect_wall(work);
    matte_wall_learn(work);
    drop_outliers(work);
    matte_wall_learn(work);
    for (int round = 0; round < FLOOD_ROUNDS; round++) { /* every round knows the wall further down */
        flood(work);
        matte_wall_learn(work);
    }
    for (size_t i = 0; i < work->count; i++)
        work->fields[0][i] = work->kind[i] == MATTE_WALL ? 0 : 255;
    matte_field_box(work->fields[0], work->width, work->height, 1, work->box_scratch);
    for (size_t i = 0; i < work->count; i++)
        work->mask[i] = (unsigned char)(work->fields[0][i] + 0.5f);
}
