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

/* The wall at large and its noise from all wall cells. */
static void learn(struct matte_work *work)
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
    learn(work);
    drop_outliers(work);
    learn(work);
    flood(work);
    learn(work); /* now it also knows the wall beside the shoulders */
    flood(work);
    for (size_t i = 0; i < work->count; i++)
        work->fields[0][i] = work->kind[i] == MATTE_WALL ? 0 : 255;
    matte_field_box(work->fields[0], work->width, work->height, 1, work->box_scratch);
    for (size_t i = 0; i < work->count; i++)
        work->mask[i] = (unsigned char)(work->fields[0][i] + 0.5f);
}

/* ---- with a mask: three corrections a plain wall allows ---- */

#define PLAIN_NOISE_MAX 14.0f /* beyond it the wall's colour proves nothing */

#define STRAND_REACH  0.50f /* face widths from the mask's edge */
#define STRAND_NOISES 4.0f
#define STRAND_LEAST  10.0f
static const int32_t strand_widths[] = {3, 6}; /* cells to each side of a strand where wall must be */

/* Is the cell darker (or brighter) than both its sides, in any of four directions? Shadows' edges are not. */
static bool is_strand(const struct matte_work *work, int32_t x, int32_t y, int32_t least)
{
    static const int32_t across[4][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    int32_t width = work->width, height = work->height;
    const unsigned char *grey = work->grey;
    int32_t own = grey[(size_t)y * (size_t)width + (size_t)x];
    for (size_t k = 0; k < countof(strand_widths); k++)
        for (int d = 0; d < 4; d++) {
            int32_t dx = across[d][0] * strand_widths[k], dy = across[d][1] * strand_widths[k];
            if (x - dx < 0 || x + dx >= width || y - abs(dy) < 0 || y + abs(dy) >= height)
                continue;
            int32_t a = grey[(size_t)(y + dy) * (size_t)width + (size_t)(x + dx)];
            int32_t b = grey[(size_t)(y - dy) * (size_t)width + (size_t)(x - dx)];
            if ((own < a - least && own < b - least) || (own > a + least && own > b + least))
                return true;
        }
    return false;
}

/* Strands of hair that stick out further than the mask's edge may be wrong: wall → unknown, as far as they hang on to
 * strands of the unknown band, with a cell around them for their soft sides. */
static void free_strands(struct matte_work *work)
{
    uint16_t reach = (uint16_t)(STRAND_REACH * work->face_width * MATTE_FIELD_STEP);
    int32_t least = (int32_t)lroundf(fmaxf(STRAND_NOISES * work->noise, STRAND_LEAST));
    size_t i = 0, starts = 0;
    memset(work->flag, 0, work->count);
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            bool strand = work->outside[i] <= reach && (float)y < work->chin_y + work->face_width / 2 &&
                          (work->kind[i] == MATTE_WALL || work->kind[i] == MATTE_UNKNOWN) &&
                          is_strand(work, x, y, least);
            work->open[i] = strand && work->kind[i] == MATTE_WALL;
            if (strand && work->kind[i] == MATTE_UNKNOWN) {
                work->flag[i] = 1;
                work->queue[starts++] = (uint32_t)i;
            }
        }
    size_t found = matte_field_flood(work->open, work->flag, 1, work->queue, starts, work->width, work->height);
    for (size_t k = starts; k < found; k++) {
        int32_t x = (int32_t)(work->queue[k] % (uint32_t)work->width),
                y = (int32_t)(work->queue[k] / (uint32_t)work->width);
        for (int32_t ny = y > 0 ? y - 1 : 0; ny <= y + 1 && ny < work->height; ny++)
            for (int32_t nx = x > 0 ? x - 1 : 0; nx <= x + 1 && nx < work->width; nx++) {
                unsigned char *kind = &work->kind[(size_t)ny * (size_t)work->width + (size_t)nx];
                *kind = *kind == MATTE_WALL ? MATTE_UNKNOWN : *kind;
            }
    }
}

#define SHADE_MASK_MAX 80    /* of 255: the mask must lean to wall */
#define SHADE_LEAST    0.45f /* of the wall's brightness: deeper is hair */
#define SHADE_MOST     1.10f
#define SHADE_TINT     12.0f /* RGB distance from the wall's own tint at that brightness */
#define SHADE_GRADIENT 14    /* grey levels over SHADE_REACH cells to each side: edges are not flat */
#define SHADE_REACH    2

static bool is_flat(const struct matte_work *work, int32_t x, int32_t y, int32_t most)
{
    int32_t low = 255, high = 0;
    for (int32_t dy = -SHADE_REACH; dy <= SHADE_REACH; dy += SHADE_REACH)
        for (int32_t dx = -SHADE_REACH; dx <= SHADE_REACH; dx += SHADE_REACH) {
            int32_t nx = x + dx, ny = y + dy;
            if (nx < 0 || ny < 0 || nx >= work->width || ny >= work->height)
                continue;
            int32_t grey = work->grey[(size_t)ny * (size_t)work->width + (size_t)nx];
            low = grey < low ? grey : low, high = grey > high ? grey : high;
        }
    return high - low <= most;
}

/* The wall in its own shadow next to the head: unknown → wall, where the cell is flat, has the wall's tint, and the
 * mask says wall. Otherwise half-dark wall would become half a person: a grey rim. */
static void settle_shade(struct matte_work *work)
{
    int32_t most = (int32_t)lroundf(fminf(SHADE_GRADIENT, 4 + 2 * work->noise));
    size_t i = 0;
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            work->open[i] = 0;
            if (work->kind[i] != MATTE_UNKNOWN || work->mask[i] > SHADE_MASK_MAX || !is_flat(work, x, y, most))
                continue;
            struct matte_colour wall = matte_pyramid_at(&work->wall, x, y);
            const unsigned char *own = work->colour + 3 * i;
            float of = wall.r * wall.r + wall.g * wall.g + wall.b * wall.b + 1;
            float share = ((float)own[0] * wall.r + (float)own[1] * wall.g + (float)own[2] * wall.b) / of;
            wall.r *= share, wall.g *= share, wall.b *= share;
            work->open[i] =
                share >= SHADE_LEAST && share <= SHADE_MOST && matte_distance2(own, wall) <= SHADE_TINT * SHADE_TINT;
        }
    for (i = 0; i < work->count; i++)
        if (work->open[i])
            work->kind[i] = MATTE_WALL;
}

#define HOLE_DISTANCE 34.0f /* RGB distance from the wall: measured, spares grey hair */
#define HOLE_BESIDE   0.40f /* face widths from the centre line: never in the face */

/* Wall seen through loops of hair or beside a braid: person → unknown. Only above the chin: below, white clothes are
 * bitten. */
static void open_holes(struct matte_work *work)
{
    float beside = HOLE_BESIDE * work->face_width;
    size_t i = 0;
    for (int32_t y = 0; y < work->height && (float)y < work->chin_y; y++)
        for (int32_t x = 0; x < work->width; x++, i++)
            if (work->kind[i] == MATTE_PERSON && !work->hull[i] && fabsf((float)x - work->centre_x) > beside &&
                matte_distance2(work->colour + 3 * i, matte_pyramid_at(&work->wall, x, y)) <
                    HOLE_DISTANCE * HOLE_DISTANCE)
                work->kind[i] = MATTE_UNKNOWN;
}

static bool learn_finely(struct matte_work *work)
{
    return matte_pyramid_fill(&work->wall, work->colour, work->kind, MATTE_WALL, work->width, work->height);
}

void matte_wall_refine(struct matte_work *work)
{
    learn(work);
    if (!work->has_wall)
        return;
    if (work->noise <= PLAIN_NOISE_MAX) {
        free_strands(work);
        learn_finely(work);
        settle_shade(work);
        open_holes(work);
    }
    work->has_wall = learn_finely(work);
}
