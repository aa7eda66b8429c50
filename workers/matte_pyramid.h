/* matte_pyramid — colours known here and there, guessed everywhere: a masked push-pull pyramid.
 *
 * Known colours are averaged upwards, level by level, and fill the unknown cells downwards: near known ones the guess
 * is theirs, far away it is the mean of what surrounds. Memory comes from the caller. Only matte*.c use it. */
#ifndef XY_WORKERS_MATTE_PYRAMID_H
#define XY_WORKERS_MATTE_PYRAMID_H

#include "base/base.h"

struct matte_colour {
    float r, g, b, weight;
};

#define MATTE_PYRAMID_LEVELS 12

struct matte_pyramid {
    struct matte_colour *levels[MATTE_PYRAMID_LEVELS];
    int32_t widths[MATTE_PYRAMID_LEVELS], heights[MATTE_PYRAMID_LEVELS];
    int32_t count;
    int32_t cell; /* cells per side of one value of level 0 */
};

/* How many values a pyramid over this many cells needs, `cell` cells to a side of its finest values. */
size_t matte_pyramid_values(int32_t width, int32_t height, int32_t cell);
void matte_pyramid_init(struct matte_pyramid *pyramid, int32_t width, int32_t height, int32_t cell,
                        struct matte_colour *memory);

/* From the cells with weight[i] > 0; 255 counts fully. False when there is none. */
bool matte_pyramid_fill(struct matte_pyramid *pyramid, const unsigned char *rgb, const unsigned char *weight,
                        int32_t width, int32_t height);

/* The same from level 0 as the caller filled it: means and weights (0..1) of the blocks. */
void matte_pyramid_spread(struct matte_pyramid *pyramid);

/* The colour at a cell, between the four values around it; with a level: the wider mean (0 is the finest). */
struct matte_colour matte_pyramid_at(const struct matte_pyramid *pyramid, int32_t x, int32_t y);
struct matte_colour matte_pyramid_wide(const struct matte_pyramid *pyramid, int32_t level, int32_t x, int32_t y);

#endif
