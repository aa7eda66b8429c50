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
