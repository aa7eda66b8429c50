#include "workers/crown.h"

#include <math.h>

/* In face widths from the centre line: where wall is expected, and how wide the head is at the crown. */
#define WALL_FROM  0.95
#define WALL_TO    1.40
#define CROWN_HALF 0.25
/* In eye-to-chin distances above the eyes: where a crown can be. */
#define CROWN_HIGHEST 2.0
#define CROWN_LOWEST  0.75

#define WALL_SPREAD_MAX 14.0 /* per channel, of 255: beyond it the wall is not plain enough to judge by */
#define DIFFERS_BY      30   /* of 255 in any channel: clearly not this wall */
#define HAIR_SHARE      0.30 /* of the row across the head */
#define ROWS_OF_HAIR    0.04 /* eye-to-chin distances: single dust or wisps do not count */

struct wall_colour {
    double mean[3], spread;
    int64_t count;
};

struct span {
    int32_t from, to; /* from inclusive, to exclusive */
};

static struct span span_of(double from, double to, int32_t limit)
{
    double low = fmax(0, floor(from)), high = fmin(limit, ceil(to));
    return low < high ? (struct span){(int32_t)low, (int32_t)high} : (struct span){0, 0};
}

static void add_wall(const struct image *source, struct span columns, struct span rows, double sums[3],
                     double squares[3], int64_t *count)
{
    for (int32_t y = rows.from; y < rows.to; y++) {
        const unsigned char *at = source->rgb + ((size_t)y * (size_t)source->width_px + (size_t)columns.from) * 3;
        for (int32_t x = columns.from; x < columns.to; x++, at += 3) {
            for (int i = 0; i < 3; i++) {
                sums[i] += at[i];
                squares[i] += at[i] * at[i];
            }
            (*count)++;
        }
    }
}

static struct wall_colour wall_beside(const struct image *source, const struct head *head, struct span rows)
{
    struct wall_colour wall = {.spread = INFINITY};
    double sums[3] = {0}, squares[3] = {0}, width = head->face_width_px, centre = head->centre_x;
    add_wall(source, span_of(centre - WALL_TO * width, centre - WALL_FROM * width, source->width_px), rows, sums,
             squares, &wall.count);
    add_wall(source, span_of(centre + WALL_FROM * width, centre + WALL_TO * width, source->width_px), rows, sums,
             squares, &wall.count);
    if (wall.count < 400)
        return wall;
    wall.spread = 0;
    for (int i = 0; i < 3; i++) {
        double n = (double)wall.count;
        wall.mean[i] = sums[i] / n;
        wall.spread = fmax(wall.spread, sqrt(fmax(0, squares[i] / n - wall.mean[i] * wall.mean[i])));
    }
    return wall;
}

static bool row_has_hair(const struct image *source, const struct wall_colour *wall, struct span columns, int32_t y)
{
    const unsigned char *at = source->rgb + ((size_t)y * (size_t)source->width_px + (size_t)columns.from) * 3;
    int32_t differing = 0;
    for (int32_t x = columns.from; x < columns.to; x++, at += 3)
        differing += fabs(at[0] - wall->mean[0]) > DIFFERS_BY || fabs(at[1] - wall->mean[1]) > DIFFERS_BY ||
                     fabs(at[2] - wall->mean[2]) > DIFFERS_BY;
    return differing >= HAIR_SHARE * (columns.to - columns.from);
}

void crown_find(const struct image *source, struct head *head)
{
    double t = head->eye_to_chin_px;
    head->crown_y = fmax(0, head->crown_y);
    struct span rows = span_of(head->eye_y - CROWN_HIGHEST * t, head->eye_y - CROWN_LOWEST * t, source->height_px);
    struct span columns = span_of(head->centre_x - CROWN_HALF * head->face_width_px,
                                  head->centre_x + CROWN_HALF * head->face_width_px, source->width_px);
    if (rows.to - rows.from < 8 || columns.to - columns.from < 8)
        return;
    struct wall_colour wall = wall_beside(source, head, rows);
    if (wall.spread > WALL_SPREAD_MAX)
        return;
    int32_t needed = (int32_t)ceil(ROWS_OF_HAIR * t), seen = 0;
    for (int32_t y = rows.from; y < rows.to; y++) {
        seen = row_has_hair(source, &wall, columns, y) ? seen + 1 : 0;
        if (seen == needed) {
            head->crown_y = y - needed + 1;
            head->crown_found = true;
            return;
        }
    }
}

/* ---- in a mask ---- */

#define BAND_HALF       0.55 /* face widths to each side of the centre: hair tied up is inside, a raised arm is not */
#define PERSON_FROM     128
#define CROWN_ROW_SHARE 0.05 /* of the band: a row with less person is wisps */

struct band {
    const struct plane *mask;
    struct span columns;
};

static int32_t person_in_row(const struct band *band, int32_t y)
{
    const unsigned char *at = band->mask->values + (size_t)y * (size_t)band->mask->width_px;
    int32_t count = 0;
    for (int32_t x = band->columns.from; x < band->columns.to; x++)
        count += at[x] >= PERSON_FROM;
    return count;
}

/* Between the last row with enough person and the one above it: where the strongest column crosses the threshold. */
static double part_above(const struct band *band, int32_t y)
{
    if (y == 0)
        return 0;
    const unsigned char *at = band->mask->values + (size_t)y * (size_t)band->mask->width_px;
    const unsigned char *above = at - band->mask->width_px;
    double best = 0;
    for (int32_t x = band->columns.from; x < band->columns.to; x++)
        if (at[x] >= PERSON_FROM && above[x] < PERSON_FROM)
            best = fmax(best, (at[x] - PERSON_FROM) / (double)(at[x] - above[x]));
    return best;
}

void crown_in_mask(const struct plane *mask, const struct resample_area *area, struct head *head)
{
    double across = mask->width_px / area->width_px, down = mask->height_px / area->height_px;
    double centre = (head->centre_x - area->x_px) * across, half = BAND_HALF * head->face_width_px * across;
    struct band band = {mask, span_of(centre - half, centre + half, mask->width_px)};
    int32_t eyes = (int32_t)((head->eye_y - area->y_px) * down), needed;
    if (eyes < 0 || eyes >= mask->height_px || band.columns.to <= band.columns.from)
        return;
    needed = (int32_t)ceil(CROWN_ROW_SHARE * (band.columns.to - band.columns.from));
    if (person_in_row(&band, eyes) < needed)
        return;
    int32_t y = eyes;
    while (y > 0 && person_in_row(&band, y - 1) >= needed)
        y--;
    head->crown_y = area->y_px + (y - part_above(&band, y)) / down;
    head->crown_found = true;
}
