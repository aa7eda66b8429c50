/* matte_drawn — a portrait whose alpha is known: a drawn head with strands of hair before a drawn wall.
 *
 * Shapes are sampled 3×3 per pixel; the truth is their coverage. The mask is what a small network would say: the body
 * without its strands, 3 px too far to the right, blurred over 8 px. Only tests use it. */
#ifndef XY_TESTS_MATTE_DRAWN_H
#define XY_TESTS_MATTE_DRAWN_H

#include "workers/matte.h"

#include <math.h>

#define DRAWN_WIDTH   720
#define DRAWN_HEIGHT  960
#define DRAWN_STRANDS 48

struct drawn_look {
    double wall[3], hair[3], clothes[3];
    double slope;         /* the wall's brightness falls by this share from left to right */
    double shadow;        /* share of light taken away beside the head, to the right; 0: none */
    double pattern;       /* amplitude of squares on the wall */
    double noise;         /* of every channel, of 255 */
    double shoulder_tilt; /* rise over run; positive: right is lower */
    double body_end_y;    /* rows below show the wall */
    double loop;          /* radius of an opening in the hair beside the neck, px */
    bool stranger;        /* somebody else's head at the left edge */
};

#define DRAWN_LOOK                                                                                                     \
    ((struct drawn_look){                                                                                              \
        .wall = {214, 212, 206}, .hair = {34, 28, 26}, .clothes = {40, 52, 84}, .noise = 1.5, .body_end_y = 2000})

struct drawn {
    struct drawn_look look;
    struct image frame;
    struct plane truth, mask;
    struct face_landmarks marks;
    struct head head;
};

static uint32_t drawn_random(uint32_t *state) /* xorshift: the same picture on every machine */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static bool drawn_in_ellipse(double x, double y, double cx, double cy, double rx, double ry)
{
    double dx = (x - cx) / rx, dy = (y - cy) / ry;
    return dx * dx + dy * dy <= 1;
}

/* Strands leave the hair's outline outwards and bend down; 2.4 px wide, up to 60 px long. */
static bool drawn_on_strand(double x, double y)
{
    double dx = (x - 360) / 175, dy = (y - 380) / 200, out = sqrt(dx * dx + dy * dy);
    if (out < 0.97 || out > 1.33 || y > 420)
        return false;
    double turn = atan2(dy, dx) * 180 / 3.14159265358979 + (out - 1) * (x > 360 ? -25 : 25);
    double step = 180.0 / DRAWN_STRANDS, nearest = floor(turn / step + 0.5);
    double length = 0.06 + 0.26 * fabs(sin(nearest * 12.9898));
    double away_px = fabs(turn - nearest * step) * 3.14159265358979 / 180 * out * 187;
    return out <= 1 + length && away_px <= 1.2;
}

static bool drawn_is_body(const struct drawn_look *look, double x, double y)
{
    double away = x - 360, top = 690 + away * away / 900 + look->shoulder_tilt * away;
    return y < look->body_end_y && ((fabs(away) < 70 && y > 500 && y < 720) || (fabs(away) < 345 && y > top));
}

/* What is seen at a point: 0 wall, 1 hair, 2 skin, 3 clothes, 4 somebody else. */
static int drawn_layer(const struct drawn_look *look, double x, double y, bool strands)
{
    if (drawn_in_ellipse(x, y, 360, 410, 138, 150))
        return 2;
    if (look->loop > 0 && hypot(x - 475, y - 500) < look->loop)
        return 0;
    bool long_hair = look->loop > 0 && x > 420 && x < 530 && y > 380 && y < 620;
    if (long_hair || drawn_in_ellipse(x, y, 360, 380, 175, 200) || (strands && drawn_on_strand(x, y)))
        return 1;
    if (drawn_is_body(look, x, y))
        return fabs(x - 360) < 70 && y < 700 ? 2 : 3;
    return look->stranger && drawn_in_ellipse(x, y, 20, 420, 70, 110) ? 4 : 0;
}

static void drawn_wall(const struct drawn_look *look, double x, double y, double rgb[3])
{
    double light = 1 - look->slope * x / DRAWN_WIDTH;
    if (look->shadow > 0 && drawn_in_ellipse(x, y, 405, 400, 185, 205)) /* cast to the right */
        light *= 1 - look->shadow;
    double square = ((int)(x / 60) + (int)(y / 60)) % 2 == 0 ? look->pattern : -look->pattern;
    for (int c = 0; c < 3; c++)
        rgb[c] = look->wall[c] * light + (c == 1 ? -square : square);
}

static void drawn_colour(const struct drawn_look *look, int layer, double x, double y, double rgb[3])
{
    static const double skin[3] = {222, 178, 150}, other[3] = {120, 90, 80};
    const double *flat = layer == 1 ? look->hair : layer == 2 ? skin : layer == 3 ? look->clothes : other;
    if (layer == 0)
        drawn_wall(look, x, y, rgb);
    else
        memcpy(rgb, flat, 3 * sizeof *rgb);
}

static void drawn_pixel(struct drawn *drawn, int32_t x, int32_t y, uint32_t *state)
{
    double sum[3] = {0};
    int person = 0;
    for (int i = 0; i < 9; i++) {
        double px = x + (i % 3 + 0.5) / 3, py = y + (i / 3 + 0.5) / 3, rgb[3];
        int layer = drawn_layer(&drawn->look, px, py, true);
        drawn_colour(&drawn->look, layer, px, py, rgb);
        person += layer >= 1 && layer <= 3;
        for (int c = 0; c < 3; c++)
            sum[c] += rgb[c] / 9;
    }
    size_t at = (size_t)y * DRAWN_WIDTH + (size_t)x;
    drawn->truth.values[at] = (unsigned char)(person * 255 / 9);
    for (int c = 0; c < 3; c++) {
        double grain = (drawn_random(state) % 2001 / 1000.0 - 1) * drawn->look.noise * 1.7;
        double value = sum[c] + grain;
        drawn->frame.rgb[3 * at + (size_t)c] = (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5);
    }
}

/* Two passes of a running mean along the rows, then the same along the columns. */
static void drawn_blur(struct plane *plane, int32_t radius)
{
    int32_t sides[2] = {plane->width_px, plane->height_px}, strides[2] = {1, plane->width_px};
    unsigned char *line = malloc((size_t)(sides[0] + sides[1]));
    for (int pass = 0; pass < 4; pass++) {
        int along = pass % 2;
        for (int32_t k = 0; k < sides[1 - along]; k++) {
            unsigned char *start = plane->values + (size_t)k * (size_t)strides[1 - along];
            for (int32_t i = 0; i < sides[along]; i++) {
                int32_t sum = 0, count = 0;
                for (int32_t j = i - radius; j <= i + radius; j++)
                    if (j >= 0 && j < sides[along]) {
                        sum += start[(size_t)j * (size_t)strides[along]];
                        count++;
                    }
                line[i] = (unsigned char)(sum / count);
            }
            for (int32_t i = 0; i < sides[along]; i++)
                start[(size_t)i * (size_t)strides[along]] = line[i];
        }
    }
    free(line);
}

static void drawn_mask(struct drawn *drawn)
{
    for (int32_t y = 0; y < DRAWN_HEIGHT; y++)
        for (int32_t x = 0; x < DRAWN_WIDTH; x++) {
            struct drawn_look closed = drawn->look;
            closed.loop = closed.loop > 0 ? 0.1 : 0; /* the network does not see the opening */
            int layer = drawn_layer(&closed, x - 3, y, false);
            drawn->mask.values[(size_t)y * DRAWN_WIDTH + (size_t)x] = layer > 0 ? 255 : 0;
        }
    drawn_blur(&drawn->mask, 4);
}

static void drawn_make(const struct drawn_look *look, struct drawn *out)
{
    size_t pixels = (size_t)DRAWN_WIDTH * DRAWN_HEIGHT;
    uint32_t state = 2463534242u;
    *out = (struct drawn){.look = *look,
                          .frame = {DRAWN_WIDTH, DRAWN_HEIGHT, malloc(3 * pixels)},
                          .truth = {DRAWN_WIDTH, DRAWN_HEIGHT, malloc(pixels)},
                          .mask = {DRAWN_WIDTH, DRAWN_HEIGHT, malloc(pixels)}};
    for (int32_t y = 0; y < DRAWN_HEIGHT; y++)
        for (int32_t x = 0; x < DRAWN_WIDTH; x++)
            drawn_pixel(out, x, y, &state);
    drawn_mask(out);
    for (int i = 0; i < 17; i++) {
        double turn = i * 3.14159265358979 / 16;
        out->marks.points[i] = (struct face_point){(float)(360 - 138 * cos(turn)), (float)(400 + 160 * sin(turn))};
    }
    out->head = (struct head){.eye_x = 360,
                              .eye_y = 390,
                              .eye_distance_px = 126,
                              .chin_x = 360,
                              .chin_y = 560,
                              .eye_to_chin_px = 170,
                              .face_width_px = 276,
                              .centre_x = 360,
                              .crown_y = 180,
                              .crown_found = true};
}

static void drawn_release(struct drawn *drawn)
{
    image_release(&drawn->frame);
    plane_release(&drawn->truth);
    plane_release(&drawn->mask);
}

#endif
