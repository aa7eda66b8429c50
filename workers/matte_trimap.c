#include "workers/matte_work.h"

#include <math.h>

#define HALF 128 /* of 255: the mask's own edge */

/* In face widths: how far the mask's edge may be wrong, inwards and outwards; measured on 25 portraits. */
#define SURE_INSIDE  0.045
#define SURE_OUTSIDE 0.075
#define UNSURE       0.25 /* no further from the edge than this may the mask's own doubt count */
/* Of 255: 0.08 and 0.92. Between them the network itself is not sure. */
#define SURELY_WALL   20
#define SURELY_PERSON 235

#define PINHOLE_FACE_WIDTHS2  0.01 /* smaller openings in the person are the mask's mistakes */
#define STRANGER_FACE_WIDTHS2 0.02 /* smaller islands are noise of the mask, not people */

/* ---- the face ---- */

#define FOREHEAD 0.55 /* eye-to-chin distances above the jaw's ends: below every hair line */
#define SHRINK   0.94 /* landmarks are a few pixels wrong: stay inside */

bool matte_trimap_jaw(const struct face_landmarks *marks, int first, int last, float y, float *x)
{
    for (int i = first; i < last; i++) {
        float y0 = marks->points[i].y_px / 2, y1 = marks->points[i + 1].y_px / 2;
        if ((y0 <= y) == (y1 <= y))
            continue;
        float x0 = marks->points[i].x_px / 2, x1 = marks->points[i + 1].x_px / 2;
        *x = x0 + (x1 - x0) * (y - y0) / (y1 - y0);
        return true;
    }
    return false;
}

static void fill_row(struct matte_work *work, int32_t y, float left, float right)
{
    float middle = (left + right) / 2, half = (right - left) / 2 * (float)SHRINK;
    int32_t from = (int32_t)fmaxf(0, ceilf(middle - half));
    int32_t to = (int32_t)fminf((float)work->width, floorf(middle + half));
    for (int32_t x = from; x < to; x++)
        work->hull[(size_t)y * (size_t)work->width + (size_t)x] = 1;
}

void matte_trimap_hull(struct matte_work *work)
{
    const struct face_point *left = &work->marks->points[0], *right = &work->marks->points[16];
    float top_x = (left->x_px + right->x_px) / 4, top_y = fmaxf(left->y_px, right->y_px) / 2;
    float half = fabsf(right->x_px - left->x_px) / 4, rise = (float)FOREHEAD * (work->chin_y - work->eye_y);
    memset(work->hull, 0, work->count);
    for (int32_t y = 0; y < work->height; y++) {
        float a, b, row = (float)y + 0.5f, up = (top_y - row) / rise;
        if (row > top_y && row < work->chin_y - 1 && matte_trimap_jaw(work->marks, 0, 8, row, &a) &&
            matte_trimap_jaw(work->marks, 8, 16, row, &b))
            fill_row(work, y, fminf(a, b), fmaxf(a, b));
        else if (up >= 0 && up < 1)
            fill_row(work, y, top_x - half * sqrtf(1 - up * up), top_x + half * sqrtf(1 - up * up));
    }
}

/* ---- whose body is it ---- */

/* Marks the region of open cells around cell i in `flag`; its cells are then the first of the queue. */
static size_t region(struct matte_work *work, const unsigned char *open, size_t i, unsigned char mark)
{
    work->flag[i] = mark;
    work->queue[0] = (uint32_t)i;
    return matte_field_flood(open, work->flag, mark, work->queue, 1, work->width, work->height);
}

static bool on_border(const struct matte_work *work, size_t i)
{
    size_t row = (size_t)work->width;
    return i < row || i >= work->count - row || i % row == 0 || i % row == row - 1;
}

/* Openings that the border cannot reach and that are too small to be real are person. */
static void fill_pinholes(struct matte_work *work, unsigned char *open)
{
    size_t limit = (size_t)(PINHOLE_FACE_WIDTHS2 * (double)(work->face_width * work->face_width));
    memset(work->flag, 0, work->count);
    for (size_t i = 0; i < work->count; i++)
        open[i] = work->mask[i] < HALF;
    for (size_t i = 0; i < work->count; i++)
        if (on_border(work, i) && open[i] && !work->flag[i])
            region(work, open, i, 1);
    for (size_t i = 0; i < work->count; i++) {
        if (!open[i] || work->flag[i])
            continue;
        size_t area = region(work, open, i, 1);
        for (size_t k = 0; k < area && area <= limit; k++)
            work->mask[work->queue[k]] = 255;
    }
}

enum { SITTER = 1, STRANGER = 2, SPECK = 3 }; /* a speck may be a strand of hair: like wall, with a mask that doubts */

/* With no face in the frame the largest region is the sitter. Returns its size. */
static size_t largest(struct matte_work *work, const unsigned char *open)
{
    size_t best = 0, at = 0;
    memset(work->flag, 0, work->count);
    for (size_t i = 0; i < work->count; i++) {
        size_t area = open[i] && !work->flag[i] ? region(work, open, i, STRANGER) : 0;
        if (area > best)
            best = area, at = i;
    }
    memset(work->flag, 0, work->count);
    return best > 0 ? region(work, open, at, SITTER) : 0;
}

double matte_trimap_sitter(struct matte_work *work)
{
    unsigned char *open = work->open;
    size_t sitter = 0, strangers = 0;
    size_t least = (size_t)(STRANGER_FACE_WIDTHS2 * (double)(work->face_width * work->face_width));
    for (size_t i = 0; i < work->count; i++)
        work->mask[i] = work->hull[i] ? 255 : work->mask[i];
    fill_pinholes(work, open);
    memset(work->flag, 0, work->count);
    for (size_t i = 0; i < work->count; i++)
        open[i] = work->mask[i] >= HALF;
    for (size_t i = 0; i < work->count; i++)
        if (work->hull[i] && !work->flag[i])
            sitter += region(work, open, i, SITTER);
    if (sitter == 0)
        sitter = largest(work, open);
    for (size_t i = 0; i < work->count; i++) {
        if (!open[i] || work->flag[i])
            continue;
        size_t area = region(work, open, i, STRANGER);
        strangers += area > least ? area : 0;
        for (size_t k = 0; k < area && area <= least; k++)
            work->flag[work->queue[k]] = SPECK;
    }
    return sitter > 0 ? (double)strangers / (double)sitter : 0;
}

/* ---- how far the edge may be wrong ---- */

static uint16_t steps(const struct matte_work *work, double face_widths)
{
    return (uint16_t)lround(face_widths * (double)work->face_width * MATTE_FIELD_STEP);
}

static enum matte_kind kind_inside(const struct matte_work *work, size_t i, uint16_t sure, uint16_t unsure)
{
    if (work->hull[i] || work->inside[i] > unsure)
        return MATTE_PERSON;
    return work->inside[i] > sure && work->mask[i] >= SURELY_PERSON ? MATTE_PERSON : MATTE_UNKNOWN;
}

static enum matte_kind kind_outside(const struct matte_work *work, size_t i, uint16_t sure, uint16_t unsure)
{
    if (work->flag[i] == STRANGER)
        return MATTE_OTHER;
    if (work->outside[i] <= sure)
        return MATTE_UNKNOWN;
    if (work->mask[i] <= SURELY_WALL)
        return MATTE_WALL;
    return work->outside[i] <= unsure ? MATTE_UNKNOWN : MATTE_OTHER;
}

void matte_trimap_bands(struct matte_work *work)
{
    unsigned char *seed = work->open;
    for (size_t i = 0; i < work->count; i++)
        seed[i] = work->flag[i] == SITTER;
    matte_field_distance(seed, work->width, work->height, work->outside);
    for (size_t i = 0; i < work->count; i++)
        seed[i] = work->flag[i] != SITTER;
    matte_field_distance(seed, work->width, work->height, work->inside);
    uint16_t in = steps(work, SURE_INSIDE), out = steps(work, SURE_OUTSIDE), unsure = steps(work, UNSURE);
    for (size_t i = 0; i < work->count; i++)
        work->kind[i] = (unsigned char)(work->flag[i] == SITTER ? kind_inside(work, i, in, unsure)
                                                                : kind_outside(work, i, out, unsure));
}
