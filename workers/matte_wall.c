#include "workers/matte_work.h"

#include <math.h>

/* ---- how restless the wall is ---- */

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
            return (float)value + 0.5f;
    }
    return 255;
}

void matte_wall_learn(struct matte_work *work)
{
    work->has_wall = matte_pyramid_fill(&work->coarse, work->colour, work->kind, MATTE_WALL, work->width, work->height);
    work->noise = work->has_wall ? noise_of(work) : 255;
}

/* ---- without a mask ---- */

/* Where a wall is expected, in face widths: above the crown, and beside the head down to the mouth. */
#define ABOVE_SEEN    0.10f
#define ABOVE_GUESSED 0.30f /* an estimated crown may be this wrong */
#define BESIDE        1.00f

#define FLOOD_NOISES 5.0f
#define FLOOD_LEAST  18.0f
#define FLOOD_MOST   44.0f

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

/* From the borders through everything that looks like the wall nearby; what was reached becomes MATTE_WALL. */
static void flood(struct matte_work *work)
{
    float limit = fminf(fmaxf(FLOOD_NOISES * work->noise, FLOOD_LEAST), FLOOD_MOST);
    unsigned char *open = work->mask;
    size_t row = (size_t)work->width, i = 0, starts = 0;
    memset(work->flag, 0, work->count);
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            open[i] = !work->hull[i] &&
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
    flood(work);
    matte_wall_learn(work); /* now it also knows the wall beside the shoulders */
    flood(work);
    for (size_t i = 0; i < work->count; i++)
        work->fields[0][i] = work->kind[i] == MATTE_WALL ? 0 : 255;
    matte_field_box(work->fields[0], work->width, work->height, 1, work->box_scratch);
    for (size_t i = 0; i < work->count; i++)
        work->mask[i] = (unsigned char)(work->fields[0][i] + 0.5f);
}
