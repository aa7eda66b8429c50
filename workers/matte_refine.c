#include "workers/matte_work.h"

#include <math.h>

#define PLAIN_NOISE_MAX 14.0f /* beyond it the wall's colour proves nothing */

static bool learn_finely(struct matte_work *work)
{
    return matte_pyramid_fill(&work->wall, work->colour, work->kind, MATTE_WALL, work->width, work->height);
}

/* ---- strands beyond the band ---- */

#define STRAND_REACH  0.50f /* face widths from the mask's edge */
#define STRAND_NOISES 4.0f
#define STRAND_LEAST  10.0f
#define STRAND_BOLD   70.0f                    /* grey levels: no shadow differs so much from the wall around it */
#define STRAND_MARGIN 2                        /* cells around a strand for its soft sides */
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

static bool is_bold(const struct matte_work *work, size_t i, int32_t x, int32_t y)
{
    return matte_distance2(work->colour + 3 * i, matte_pyramid_at(&work->coarse, x, y)) > 3 * STRAND_BOLD * STRAND_BOLD;
}

static void loosen_around(struct matte_work *work, uint32_t i)
{
    int32_t x = (int32_t)(i % (uint32_t)work->width), y = (int32_t)(i / (uint32_t)work->width);
    for (int32_t ny = y - STRAND_MARGIN; ny <= y + STRAND_MARGIN; ny++)
        for (int32_t nx = x - STRAND_MARGIN; nx <= x + STRAND_MARGIN; nx++) {
            if (nx < 0 || ny < 0 || nx >= work->width || ny >= work->height)
                continue;
            unsigned char *kind = &work->kind[(size_t)ny * (size_t)work->width + (size_t)nx];
            *kind = *kind == MATTE_WALL ? MATTE_UNKNOWN : *kind;
        }
}

/* Strands of hair that stick out further than the mask's edge may be wrong: wall → unknown, as far as they hang on to
 * strands of the unknown band. */
static void free_strands(struct matte_work *work)
{
    uint16_t reach = (uint16_t)(STRAND_REACH * work->face_width * MATTE_FIELD_STEP);
    int32_t least = (int32_t)lroundf(fmaxf(STRAND_NOISES * work->noise, STRAND_LEAST));
    float lowest = work->chin_y + work->face_width / 2;
    size_t i = 0, starts = 0;
    memset(work->flag, 0, work->count);
    memset(work->open, 0, work->count);
    for (int32_t y = 0; y < work->height && (float)y < lowest; y++)
        for (int32_t x = 0; x < work->width; x++, i++) {
            if (work->outside[i] > reach || (work->kind[i] != MATTE_WALL && work->kind[i] != MATTE_UNKNOWN) ||
                !(is_strand(work, x, y, least) || is_bold(work, i, x, y)))
                continue;
            work->open[i] = work->kind[i] == MATTE_WALL;
            if (work->kind[i] == MATTE_UNKNOWN) {
                work->flag[i] = 1;
                work->queue[starts++] = (uint32_t)i;
            }
        }
    size_t found = matte_field_flood(work->open, work->flag, 1, work->queue, starts, work->width, work->height);
    for (size_t k = starts; k < found; k++)
        loosen_around(work, work->queue[k]);
}

/* ---- the wall in its own shadow ---- */

#define SHADE_MASK_MAX 100   /* of 255: the mask must lean to wall */
#define SHADE_LEAST    0.45f /* of the wall's brightness: deeper is hair */
#define SHADE_MOST     1.10f
#define SHADE_TINT     12.0f /* RGB distance from the wall's own tint at that brightness */
#define SHADE_STEEPEST 14    /* grey levels within SHADE_REACH cells: edges are not flat */
#define SHADE_REACH    2

static bool is_flat(const struct matte_work *work, int32_t x, int32_t y, int32_t most)
{
    int32_t low = 255, high = 0;
    for (int32_t ny = y - SHADE_REACH; ny <= y + SHADE_REACH; ny++)
        for (int32_t nx = x - SHADE_REACH; nx <= x + SHADE_REACH; nx++) {
            if (nx < 0 || ny < 0 || nx >= work->width || ny >= work->height)
                continue;
            int32_t grey = work->grey[(size_t)ny * (size_t)work->width + (size_t)nx];
            low = grey < low ? grey : low, high = grey > high ? grey : high;
        }
    return high - low <= most;
}

/* Has the cell the wall's tint, whatever its brightness between the two shares? */
static bool has_tint(const struct matte_work *work, size_t i, struct matte_colour wall, float least)
{
    const unsigned char *own = work->colour + 3 * i;
    float of = wall.r * wall.r + wall.g * wall.g + wall.b * wall.b + 1;
    float share = ((float)own[0] * wall.r + (float)own[1] * wall.g + (float)own[2] * wall.b) / of;
    wall.r *= share, wall.g *= share, wall.b *= share;
    return share >= least && share <= SHADE_MOST && matte_distance2(own, wall) <= SHADE_TINT * SHADE_TINT;
}

/* Open cells all around are open or wall: the region's rim stays out. */
static bool is_inner(const struct matte_work *work, size_t i)
{
    size_t row = (size_t)work->width;
    size_t around[4] = {i % row > 0 ? i - 1 : i, i % row + 1 < row ? i + 1 : i, i >= row ? i - row : i,
                        i + row < work->count ? i + row : i};
    for (int k = 0; k < 4; k++)
        if (!work->open[around[k]] && work->kind[around[k]] != MATTE_WALL)
            return false;
    return true;
}

/* Unknown → wall where the cell is flat, has the wall's tint, the mask leans to wall, and known wall is reached through
 * such cells. Otherwise half-dark wall would become half a person: a grey rim. */
static void settle_shade(struct matte_work *work)
{
    int32_t most = (int32_t)lroundf(fminf(SHADE_STEEPEST, 4 + 2 * work->noise));
    size_t i = 0, starts = 0;
    memset(work->flag, 0, work->count);
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++)
            work->open[i] = work->kind[i] == MATTE_UNKNOWN && work->mask[i] <= SHADE_MASK_MAX &&
                            is_flat(work, x, y, most) &&
                            has_tint(work, i, matte_pyramid_at(&work->wall, x, y), SHADE_LEAST);
    for (i = 0; i < work->count; i++)
        if (work->kind[i] == MATTE_WALL) {
            work->flag[i] = 1;
            work->queue[starts++] = (uint32_t)i;
        }
    size_t found = matte_field_flood(work->open, work->flag, 1, work->queue, starts, work->width, work->height);
    for (size_t k = starts; k < found; k++)
        work->flag[work->queue[k]] = is_inner(work, work->queue[k]) ? 2 : 1;
    for (size_t k = starts; k < found; k++)
        if (work->flag[work->queue[k]] == 2)
            work->kind[work->queue[k]] = MATTE_WALL;
}

/* ---- wall inside the person ---- */

#define HOLE_DISTANCE 34.0f /* RGB distance from the wall: measured, spares grey hair */
#define HOLE_SHADE    0.70f /* of the wall's brightness: the wall behind hair is darker */
#define HOLE_BESIDE   0.40f /* face widths from the centre line: never in the face */
#define HOLE_TOP      0.10f /* face widths below the chin: a hole begins higher up, … */
#define HOLE_BOTTOM   0.60f /* … and ends higher than this; what goes on is white clothes */
#define HOLE_EAR      0.16f /* face widths beside the face at the height of the ears, */
#define HOLE_SKIN     0.05f /* elsewhere: skin may be as bright as a wall */

/* The columns of row y that are face or ear; left > right when none. */
static void skin_at(const struct matte_work *work, int32_t y, float *left, float *right)
{
    const unsigned char *row = work->hull + (size_t)y * (size_t)work->width;
    int32_t first = 0, last = work->width - 1;
    while (first <= last && !row[first])
        first++;
    while (last >= first && !row[last])
        last--;
    float low = work->eye_y + 0.6f * (work->chin_y - work->eye_y),
          high = work->eye_y - 0.2f * (work->chin_y - work->eye_y);
    float beside = ((float)y > high && (float)y < low ? HOLE_EAR : HOLE_SKIN) * work->face_width;
    *left = (float)first - beside, *right = (float)last + beside;
    if (first > last)
        *left = 1, *right = 0;
}

static void find_holes(struct matte_work *work, int32_t bottom)
{
    float beside = HOLE_BESIDE * work->face_width, limit = HOLE_DISTANCE * HOLE_DISTANCE;
    int32_t flat = (int32_t)lroundf(fminf(SHADE_STEEPEST, 4 + 2 * work->noise));
    memset(work->open, 0, work->count);
    for (int32_t y = 0; y < bottom; y++) {
        float left, right;
        skin_at(work, y, &left, &right);
        for (int32_t x = 0; x < work->width; x++) {
            size_t i = (size_t)y * (size_t)work->width + (size_t)x;
            float at = (float)x;
            if (work->kind[i] != MATTE_PERSON || fabsf(at - work->centre_x) <= beside || (at >= left && at <= right))
                continue;
            struct matte_colour wall = matte_pyramid_at(&work->wall, x, y);
            work->open[i] = matte_distance2(work->colour + 3 * i, wall) < limit ||
                            (has_tint(work, i, wall, HOLE_SHADE) && is_flat(work, x, y, flat));
        }
    }
}

/* Wall seen through loops of hair, beside a braid or under an ear: person → unknown. */
static void open_holes(struct matte_work *work)
{
    int32_t bottom = (int32_t)fminf((float)work->height, work->chin_y + HOLE_BOTTOM * work->face_width);
    int32_t top = (int32_t)(work->chin_y + HOLE_TOP * work->face_width);
    find_holes(work, bottom);
    memset(work->flag, 0, work->count);
    for (size_t i = 0; i < work->count; i++) {
        if (!work->open[i] || work->flag[i])
            continue;
        work->flag[i] = 1;
        work->queue[0] = (uint32_t)i;
        size_t area = matte_field_flood(work->open, work->flag, 1, work->queue, 1, work->width, work->height);
        int32_t highest = (int32_t)(i / (size_t)work->width), lowest = 0; /* rows come in order: the first is on top */
        for (size_t k = 0; k < area; k++) {
            int32_t y = (int32_t)(work->queue[k] / (uint32_t)work->width);
            lowest = y > lowest ? y : lowest;
        }
        for (size_t k = 0; k < area && highest < top && lowest + 1 < bottom; k++)
            work->kind[work->queue[k]] = MATTE_UNKNOWN;
    }
}

void matte_refine(struct matte_work *work)
{
    matte_wall_learn(work);
    if (!work->has_wall)
        return;
    if (work->noise <= PLAIN_NOISE_MAX) {
        free_strands(work);
        learn_finely(work);
        settle_shade(work);
        learn_finely(work);
        open_holes(work);
    }
    work->has_wall = learn_finely(work);
}
