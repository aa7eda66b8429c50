#include "workers/matte_work.h"

#include <math.h>

static bool is_calm(const struct matte_work *work, int32_t x, int32_t y)
{
    return matte_wall_unrest(work, x, y) <= work->calm;
}

/* ---- strands beyond the band ---- */

#define STRAND_REACH  0.50f /* face widths from the mask's edge */
#define STRAND_NOISES 4.0f
#define STRAND_LEAST  10.0f
#define STRAND_BOLD   70.0f                    /* grey levels: no shadow differs so much from the wall around it */
#define STRAND_MARGIN 2                        /* cells around a strand for its soft sides */
static const int32_t strand_widths[] = {3, 6}; /* cells to each side of a strand where wall must be */

struct line {
    int32_t dark, bright; /* how much darker, brighter than both its sides a cell is, in the clearest direction */
};

static struct line line_at(const struct matte_work *work, int32_t x, int32_t y)
{
    static const int32_t across[4][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    int32_t width = work->width, height = work->height;
    const unsigned char *grey = work->grey;
    int32_t own = grey[(size_t)y * (size_t)width + (size_t)x];
    struct line line = {-255, -255};
    for (size_t k = 0; k < countof(strand_widths); k++)
        for (int d = 0; d < 4; d++) {
            int32_t dx = across[d][0] * strand_widths[k], dy = across[d][1] * strand_widths[k];
            if (x - dx < 0 || x + dx >= width || y - abs(dy) < 0 || y + abs(dy) >= height)
                continue;
            int32_t a = grey[(size_t)(y + dy) * (size_t)width + (size_t)(x + dx)];
            int32_t b = grey[(size_t)(y - dy) * (size_t)width + (size_t)(x - dx)];
            int32_t dark = (a < b ? a : b) - own, bright = own - (a > b ? a : b);
            line.dark = dark > line.dark ? dark : line.dark;
            line.bright = bright > line.bright ? bright : line.bright;
        }
    return line;
}

bool matte_refine_is_strand(const struct matte_work *work, int32_t x, int32_t y, int32_t least)
{
    struct line line = line_at(work, x, y);
    return line.dark > least || line.bright > least;
}

static bool is_bold(const struct matte_work *work, size_t i, int32_t x, int32_t y)
{
    return matte_distance2(work->colour + 3 * i, matte_pyramid_at(&work->coarse, x, y)) > 3 * STRAND_BOLD * STRAND_BOLD;
}

/* Cells of kind `from` around cell i, up to `margin` away, become unknown; skin does not. */
static void loosen_around(struct matte_work *work, uint32_t i, enum matte_kind from, int32_t margin)
{
    int32_t x = (int32_t)(i % (uint32_t)work->width), y = (int32_t)(i / (uint32_t)work->width);
    for (int32_t ny = y - margin; ny <= y + margin; ny++)
        for (int32_t nx = x - margin; nx <= x + margin; nx++) {
            if (nx < 0 || ny < 0 || nx >= work->width || ny >= work->height)
                continue;
            size_t at = (size_t)ny * (size_t)work->width + (size_t)nx;
            if (work->kind[at] != from || work->hull[at])
                continue;
            work->kind[at] = MATTE_UNKNOWN;
            work->inside[at] = 0; /* the mask was wrong here: its edge says nothing */
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
                !(matte_refine_is_strand(work, x, y, least) || is_bold(work, i, x, y)) || !is_calm(work, x, y))
                continue;
            work->open[i] = work->kind[i] == MATTE_WALL;
            if (work->kind[i] == MATTE_UNKNOWN) {
                work->flag[i] = 1;
                work->queue[starts++] = (uint32_t)i;
            }
        }
    size_t found = matte_field_flood(work->open, work->flag, 1, work->queue, starts, work->width, work->height);
    for (size_t k = starts; k < found; k++)
        loosen_around(work, work->queue[k], MATTE_WALL, STRAND_MARGIN);
}

/* ---- the wall in its own shadow ---- */

#define SHADE_MASK_MAX 140   /* of 255: the mask must not be sure of the person */
#define SHADE_LEAST    0.40f /* of the wall's brightness: deeper is hair */
#define SHADE_STEEPEST 14    /* grey levels from a cell to its neighbours: edges are not flat */
/* The soft border of a shadow. */
#define SLOPE_MASK_MAX 60
#define SLOPE_STEEPEST 60
#define SLOPE_LINE     5
#define SHADE_CELLS    12 /* smaller spots are gaps in hair */

static bool is_smooth(const struct matte_work *work, int32_t x, int32_t y, int32_t reach, int32_t most)
{
    int32_t low = 255, high = 0;
    for (int32_t ny = y - reach; ny <= y + reach; ny++)
        for (int32_t nx = x - reach; nx <= x + reach; nx++) {
            if (nx < 0 || ny < 0 || nx >= work->width || ny >= work->height)
                continue;
            int32_t grey = work->grey[(size_t)ny * (size_t)work->width + (size_t)nx];
            low = grey < low ? grey : low, high = grey > high ? grey : high;
        }
    return high - low <= most;
}

static bool is_flat(const struct matte_work *work, int32_t x, int32_t y, int32_t reach)
{
    return is_smooth(work, x, y, reach, (int32_t)lroundf(fminf(SHADE_STEEPEST, 4 + 2 * work->noise)));
}

/* Flat where the mask is not sure of the person; a slope, but no line, where it is sure of the wall. */
static bool is_shade(const struct matte_work *work, size_t i, int32_t x, int32_t y)
{
    if (work->mask[i] <= SHADE_MASK_MAX && is_flat(work, x, y, 1))
        return true;
    return work->mask[i] <= SLOPE_MASK_MAX && is_smooth(work, x, y, 1, SLOPE_STEEPEST) &&
           !matte_refine_is_strand(work, x, y, SLOPE_LINE);
}

/* Unknown → wall where a spot is flat, has the wall's tint and the mask does not hold it for the person. Otherwise
 * half-dark wall would become half a person: a grey rim. */
static void settle_shade(struct matte_work *work)
{
    size_t i = 0;
    memset(work->flag, 0, work->count);
    for (int32_t y = 0; y < work->height; y++)
        for (int32_t x = 0; x < work->width; x++, i++)
            work->open[i] = work->kind[i] == MATTE_UNKNOWN && is_shade(work, i, x, y) && is_calm(work, x, y) &&
                            matte_wall_tint(work->colour + 3 * i, matte_pyramid_at(&work->wall, x, y), SHADE_LEAST);
    for (i = 0; i < work->count; i++) {
        if (!work->open[i] || work->flag[i])
            continue;
        work->flag[i] = 1;
        work->queue[0] = (uint32_t)i;
        size_t area = matte_field_flood(work->open, work->flag, 1, work->queue, 1, work->width, work->height);
        for (size_t k = 0; k < area && area >= SHADE_CELLS; k++)
            work->kind[work->queue[k]] = MATTE_WALL;
    }
}

/* ---- wall inside the person ---- */

#define HOLE_DISTANCE   34.0f  /* RGB distance from the wall, with its tint: measured, spares grey hair */
#define HOLE_SHADE      0.62f  /* of the wall's brightness: the wall behind hair is darker, but then flat */
#define HOLE_WALL       125    /* green of a wall no gloss of dark hair can be taken for */
#define HOLE_BRIGHT     40     /* grey levels brighter than both sides: a gap between strands, however thin */
#define HOLE_GAP        0.12f  /* … this many face widths from the mask's edge at most */
#define HOLE_GAP_BESIDE 0.55f  /* … below the nose this many beside the centre line */
#define HOLE_INNER      6      /* cells that are nothing but wall: fewer are the line where a collar meets a neck */
#define HOLE_LARGE      0.012f /* face widths squared: smaller ones may be the shaded side of a white collar, */
#define HOLE_RIM        3      /* which has this many cells beside it … */
#define HOLE_BRIGHTER   20     /* … cells that are grey levels brighter … */
#define HOLE_BRIGHT_RIM 0.45f  /* … on more than this share of its rim */
#define HOLE_ROUNDS     2      /* the second knows how dark the wall is in the holes of the first */
#define HOLE_MARGIN     3      /* cells around a hole that are half wall */
/* Skin may have the wall's colour. In face widths: beside the jaw, beside the temples and ears, the neck's half width,
 * the crown's half width. */
#define SKIN_JAW    0.05f
#define SKIN_TEMPLE 0.16f
#define SKIN_NECK   0.30f
#define SKIN_CROWN  0.36f
/* In face widths below the chin: a hole begins higher up, and ends higher than this; what goes on is white clothes. */
#define HOLE_TOP    0.10f
#define HOLE_BOTTOM 0.60f

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

struct span {
    float from, to;
};

/* The columns of row y that may be skin: crown, temples and ears, jaw and the neck beside it, neck. */
static struct span skin_at(const struct matte_work *work, int32_t y)
{
    const struct face_point *left = &work->marks->points[0], *right = &work->marks->points[16];
    float temple = SKIN_TEMPLE * work->face_width, jaw = SKIN_JAW * work->face_width, row = (float)y;
    float mouth = work->eye_y + 0.6f * (work->chin_y - work->eye_y), top = 2 * work->eye_y - work->chin_y;
    float half = (row <= top ? SKIN_CROWN : SKIN_NECK) * work->face_width;
    struct span span = {work->centre_x - half, work->centre_x + half}, at;
    if (row > top && row < mouth)
        return (struct span){left->x_px / 2 - temple, right->x_px / 2 + temple};
    if (row >= mouth && matte_trimap_jaw(work->marks, 0, 8, row, &at.from) &&
        matte_trimap_jaw(work->marks, 8, 16, row, &at.to)) {
        span.from = fminf(span.from, at.from - jaw);
        span.to = fmaxf(span.to, at.to + jaw);
    }
    return span;
}

/* Near the mask's edge, and not where a collar shines beside the neck. */
static bool may_be_gap(const struct matte_work *work, size_t i, int32_t x, int32_t y)
{
    bool near = (float)work->inside[i] <= HOLE_GAP * work->face_width * MATTE_FIELD_STEP;
    return near && (2 * (float)y < work->eye_y + work->chin_y ||
                    fabsf((float)x - work->centre_x) > HOLE_GAP_BESIDE * work->face_width);
}

static void find_holes(struct matte_work *work, int32_t bottom)
{
    memset(work->open, 0, work->count);
    for (int32_t y = 0; y < bottom; y++) {
        struct span skin = skin_at(work, y);
        for (int32_t x = 0; x < work->width; x++) {
            size_t i = (size_t)y * (size_t)work->width + (size_t)x;
            if (work->kind[i] != MATTE_PERSON || ((float)x >= skin.from && (float)x <= skin.to))
                continue;
            struct matte_colour wall = matte_pyramid_at(&work->wall, x, y);
            const unsigned char *rgb = work->colour + 3 * i;
            if (wall.g < HOLE_WALL)
                continue;
            work->open[i] = matte_wall_tint(rgb, wall, HOLE_SHADE) && is_calm(work, x, y) &&
                            (matte_distance2(rgb, wall) < HOLE_DISTANCE * HOLE_DISTANCE || is_flat(work, x, y, 2) ||
                             (may_be_gap(work, i, x, y) && line_at(work, x, y).bright > HOLE_BRIGHT));
        }
    }
}

struct rim {
    size_t cells, bright;
};

/* Counts what of the person lies HOLE_RIM cells beside a cell of the region. */
static void look_around(const struct matte_work *work, int32_t x, int32_t y, struct rim *rim)
{
    static const int32_t beside[4][2] = {{HOLE_RIM, 0}, {-HOLE_RIM, 0}, {0, HOLE_RIM}, {0, -HOLE_RIM}};
    int32_t own = work->grey[(size_t)y * (size_t)work->width + (size_t)x];
    for (int k = 0; k < 4; k++) {
        int32_t nx = x + beside[k][0], ny = y + beside[k][1];
        size_t at = (size_t)ny * (size_t)work->width + (size_t)nx;
        if (nx < 0 || ny < 0 || nx >= work->width || ny >= work->height || work->open[at] ||
            work->kind[at] != MATTE_PERSON)
            continue;
        rim->cells++;
        rim->bright += work->grey[at] > own + HOLE_BRIGHTER;
    }
}

/* Is the region in the queue, `area` cells, wall? Marks its cells in `flag`: 3 nothing but wall, 2 the rim. */
static bool is_hole(struct matte_work *work, size_t area, int32_t top, int32_t bottom)
{
    int32_t width = work->width, highest = (int32_t)(work->queue[0] / (uint32_t)width), lowest = 0;
    size_t inner = 0, bright = 0;
    struct rim rim = {0, 0};
    for (size_t k = 0; k < area; k++) {
        uint32_t i = work->queue[k];
        int32_t x = (int32_t)(i % (uint32_t)width), y = (int32_t)(i / (uint32_t)width);
        bool is = is_inner(work, i);
        work->flag[i] = is ? 3 : 2;
        inner += is;
        bright += line_at(work, x, y).bright > HOLE_BRIGHT;
        look_around(work, x, y, &rim);
        lowest = y > lowest ? y : lowest;
    }
    bool large = (float)area > HOLE_LARGE * work->face_width * work->face_width;
    return highest < top && lowest + 1 < bottom && (inner >= HOLE_INNER || 2 * bright > area) &&
           (large || (float)rim.bright <= HOLE_BRIGHT_RIM * (float)rim.cells);
}

/* Wall seen through loops of hair, beside a braid or under an ear: person → wall, its rim → unknown. */
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
        work->queue[0] = (uint32_t)i; /* rows come in order: the first cell is the highest */
        size_t area = matte_field_flood(work->open, work->flag, 1, work->queue, 1, work->width, work->height);
        if (is_hole(work, area, top, bottom))
            continue;
        for (size_t k = 0; k < area; k++)
            work->flag[work->queue[k]] = 1;
    }
    for (size_t i = 0; i < work->count; i++)
        if (work->flag[i] > 1) {
            work->kind[i] = work->flag[i] == 3 ? MATTE_WALL : MATTE_UNKNOWN;
            work->inside[i] = 0;
            loosen_around(work, (uint32_t)i, MATTE_PERSON, HOLE_MARGIN);
        }
}

/* What is left of the person between holes, without a way to the face, is not sure any more. */
static void drop_islands(struct matte_work *work)
{
    size_t starts = 0;
    memset(work->flag, 0, work->count);
    for (size_t i = 0; i < work->count; i++) {
        work->open[i] = work->kind[i] == MATTE_PERSON;
        if (work->hull[i]) {
            work->flag[i] = 1;
            work->queue[starts++] = (uint32_t)i;
        }
    }
    size_t held = matte_field_flood(work->open, work->flag, 1, work->queue, starts, work->width, work->height);
    for (size_t i = 0; i < work->count && held > starts; i++)
        if (work->open[i] && !work->flag[i]) {
            work->kind[i] = MATTE_UNKNOWN;
            work->inside[i] = 0;
        }
}

void matte_refine(struct matte_work *work)
{
    matte_wall_learn(work);
    if (!work->has_wall)
        return;
    free_strands(work);
    matte_wall_colours(work, &work->wall);
    settle_shade(work);
    for (int round = 0; round < HOLE_ROUNDS; round++) {
        matte_wall_colours(work, &work->wall);
        open_holes(work);
    }
    drop_islands(work);
    work->has_wall = matte_wall_colours(work, &work->wall);
}
