/* links: xy_workers */
#include "workers/matte_field.c"

#include "tests/check.h"
#include "workers/matte_pyramid.h"

#include <math.h>

enum { W = 61, H = 47, N = W * H };

static uint32_t state;

static uint32_t next(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

TEST(distances_are_close_to_euclids)
{
    unsigned char seed[N] = {0};
    uint16_t distance[N];
    state = 1;
    for (int i = 0; i < 6; i++)
        seed[next() % N] = 1;
    matte_field_distance(seed, W, H, distance);
    for (int i = 0; i < N; i++) {
        double best = 1e9;
        for (int k = 0; k < N; k++)
            if (seed[k])
                best = fmin(best, hypot(i % W - k % W, i / W - k / W));
        NEAR(best, distance[i] / (double)MATTE_FIELD_STEP, 0.08 * best + 1e-9);
    }
    memset(seed, 0, sizeof seed);
    matte_field_distance(seed, W, H, distance);
    EQ_INT(MATTE_FIELD_FAR, distance[N / 2]);
}

TEST(the_nearest_seed_wins_by_its_head_start)
{
    uint16_t distance[N];
    uint32_t nearest[N];
    memset(distance, 0xff, sizeof distance);
    distance[20 * W + 10] = 0;
    distance[20 * W + 30] = 50; /* ten cells later */
    matte_field_nearest(distance, nearest, W, H);
    EQ_INT(20 * W + 10, nearest[20 * W + 14]);
    EQ_INT(20 * W + 10, nearest[20 * W + 24]); /* 14 away against 6 + 10 */
    EQ_INT(20 * W + 30, nearest[20 * W + 27]); /* 17 against 3 + 10 */
    EQ_INT(50, distance[20 * W + 30]);
}

TEST(box_means_are_means)
{
    float values[N], want[N], *scratch = malloc((N + 1) * sizeof(float) + W * sizeof(double));
    state = 2;
    for (int i = 0; i < N; i++)
        values[i] = want[i] = (float)(next() % 256);
    matte_field_box(values, W, H, 3, scratch);
    for (int i = 0; i < N; i++) {
        double sum = 0, count = 0;
        for (int k = 0; k < N; k++)
            if (abs(k % W - i % W) <= 3 && abs(k / W - i / W) <= 3) {
                sum += (double)want[k];
                count++;
            }
        NEAR(sum / count, (double)values[i], 0.001);
    }
    free(scratch);
}

TEST(a_flood_stays_behind_its_walls)
{
    unsigned char open[N], seen[N] = {0};
    uint32_t queue[N] = {0};
    for (int i = 0; i < N; i++)
        open[i] = i % W != 20;
    seen[0] = 7;
    EQ_INT(20 * H, matte_field_flood(open, seen, 7, queue, 1, W, H));
    EQ_INT(7, seen[19]);
    EQ_INT(0, seen[20]);
    EQ_INT(0, seen[21]);
    EQ_INT(7, seen[N - W]);
}

TEST(halving_takes_the_mean_and_keeps_odd_edges)
{
    unsigned char rgb[3 * 3 * 3], out[2 * 2 * 3], values[9] = {0, 10, 20, 30, 40, 50, 60, 70, 80}, cells[4];
    for (int i = 0; i < 27; i++)
        rgb[i] = values[i / 3];
    matte_field_halve_image(&(struct image){3, 3, rgb}, out);
    EQ_INT(20, out[0]);
    EQ_INT(35, out[3]);
    EQ_INT(80, out[9]);
    matte_field_halve_plane(&(struct plane){3, 3, values}, cells);
    EQ_INT(20, cells[0]);
    EQ_INT(65, cells[2]);
}

TEST(a_pyramid_fills_what_it_does_not_know)
{
    unsigned char rgb[3 * N], weight[N] = {0};
    struct matte_pyramid pyramid;
    struct matte_colour *memory = malloc(matte_pyramid_values(W, H, 2) * sizeof *memory);
    matte_pyramid_init(&pyramid, W, H, 2, memory);
    for (int i = 0; i < N; i++) {
        bool left = i % W < W / 2;
        rgb[3 * i] = left ? 200 : 100, rgb[3 * i + 1] = 50, rgb[3 * i + 2] = 0;
        weight[i] = i % W < 12 || i % W >= W - 12 ? 255 : 0;
    }
    TRUE(matte_pyramid_fill(&pyramid, rgb, weight, W, H));
    NEAR(200, (double)matte_pyramid_at(&pyramid, 2, 20).r, 0.01);
    NEAR(100, (double)matte_pyramid_at(&pyramid, W - 2, 20).r, 0.01);
    NEAR(150, (double)matte_pyramid_at(&pyramid, W / 2, 20).r, 15);
    for (int i = 0; i < N; i++)
        NEAR(50, (double)matte_pyramid_at(&pyramid, i % W, i / W).g, 0.01);
    memset(weight, 0, sizeof weight);
    TRUE(!matte_pyramid_fill(&pyramid, rgb, weight, W, H));
    free(memory);
}

TEST(a_pyramid_over_a_single_cell)
{
    unsigned char rgb[3] = {9, 8, 7}, weight = 255;
    struct matte_pyramid pyramid;
    struct matte_colour *memory = malloc(matte_pyramid_values(1, 1, 8) * sizeof *memory);
    matte_pyramid_init(&pyramid, 1, 1, 8, memory);
    TRUE(matte_pyramid_fill(&pyramid, rgb, &weight, 1, 1));
    NEAR(9, (double)matte_pyramid_at(&pyramid, 0, 0).r, 0.01);
    NEAR(7, (double)matte_pyramid_wide(&pyramid, 5, 0, 0).b, 0.01);
    free(memory);
}

int main(void)
{
    return tests_run();
}
