/* links: xy_workers */
#include "workers/landmark_net.c"

#include "tests/check.h"

#include <limits.h>
#include <math.h>
#include <unistd.h>

/* The network is checked against a slow one written from its definition: pixel after pixel, channels innermost, double
 * precision. */

#define NAIVE_MAX (32 * 56 * 56)

static char why[LANDMARK_NET_WHY_BYTES];
static uint32_t state;

static float next(void)
{
    state = state * 1664525 + 1013904223;
    return (float)(state >> 8) / 8388608 - 1;
}

static uint32_t count_of(bool tiny)
{
    uint32_t count = 32 * 27 + 32, inputs = 32;
    for (uint32_t b = 0; b < (tiny ? 3 : 4); b++)
        for (uint32_t i = b == 0 ? 1 : 0; i < (tiny ? 3 : 4); i++) {
            count += inputs * 9 + inputs * (32u << b) + (32u << b);
            inputs = 32u << b;
        }
    return count + LANDMARK_NET_NUMBERS * (inputs + 1);
}

/* A sound file of random numbers, small enough that sums stay near one. */
static unsigned char *file_of(uint32_t kind, uint32_t count, size_t *len)
{
    *len = WEIGHTS_HEADER_BYTES + count * sizeof(float);
    unsigned char *file = calloc(1, *len);
    float *values = (float *)(void *)(file + WEIGHTS_HEADER_BYTES);
    memcpy(file, "XYWEIGHT\1", 9);
    memcpy(file + 12, &kind, 4);
    memcpy(file + 16, &count, 4);
    state = 7;
    for (uint32_t i = 0; i < count; i++)
        values[i] = next() * 0.2F;
    return file;
}

/* ---- the slow network ---- */

struct naive {
    const float *weights; /* the next to be used */
    double now[NAIVE_MAX], out[NAIVE_MAX], first[NAIVE_MAX];
    int side, channels;
};

static double naive_at(const struct naive *n, int c, int y, int x)
{
    return y < 0 || x < 0 || y >= n->side || x >= n->side ? 0 : n->now[(c * n->side + y) * n->side + x];
}

static double naive_window(const struct naive *n, int c, const float *w, int y, int x, int stride)
{
    double sum = 0;
    int pad = stride == 1 ? 1 : 0;
    for (int k = 0; k < 9; k++)
        sum += (double)w[k] * naive_at(n, c, y * stride - pad + k / 3, x * stride - pad + k % 3);
    return sum;
}

/* n->now → n->out */
static void naive_separable(struct naive *n, int outputs, int stride)
{
    int inputs = n->channels, side = n->side / stride;
    const float *depthwise = n->weights, *pointwise = depthwise + inputs * 9, *bias = pointwise + inputs * outputs;
    n->weights = bias + outputs;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double middle[CHANNELS_MAX];
            for (int c = 0; c < inputs; c++)
                middle[c] = naive_window(n, c, depthwise + c * 9, y, x, stride);
            for (int o = 0; o < outputs; o++) {
                double sum = (double)bias[o];
                for (int c = 0; c < inputs; c++)
                    sum += (double)pointwise[o * inputs + c] * middle[c];
                n->out[(o * side + y) * side + x] = sum;
            }
        }
    n->channels = outputs;
    n->side = side;
}

static void naive_entry(struct naive *n, const uint8_t *square)
{
    static const double means[3] = {122.782, 117.001, 104.298};
    n->side = SIDE, n->channels = 3;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < SIDE * SIDE; i++)
            n->now[c * SIDE * SIDE + i] = (square[i * 3 + c] - means[c]) / 255;
    for (int o = 0; o < 32; o++)
        for (int i = 0; i < 56 * 56; i++) {
            double sum = (double)n->weights[32 * 27 + o];
            for (int c = 0; c < 3; c++)
                sum += naive_window(n, c, n->weights + (o * 3 + c) * 9, i / 56, i % 56, 2);
            n->out[o * 56 * 56 + i] = sum;
        }
    n->weights += 32 * 27 + 32;
    n->side = 56, n->channels = 32;
}

static void naive_run(struct naive *n, bool tiny, const uint8_t *square, double out[LANDMARK_NET_NUMBERS])
{
    for (int b = 0; b < (tiny ? 3 : 4); b++) {
        if (b == 0)
            naive_entry(n, square);
        else
            naive_separable(n, 32 << b, 2);
        int count = n->channels * n->side * n->side;
        for (int i = 0; i < count; i++)
            n->first[i] = n->now[i] = fmax(n->out[i], 0); /* relu(first layer) is in every later sum */
        for (int layer = 1; layer < (tiny ? 3 : 4); layer++) {
            naive_separable(n, n->channels, 1);
            for (int i = 0; i < count; i++) {
                n->first[i] += n->out[i];
                n->now[i] = fmax(n->first[i], 0);
            }
        }
    }
    int plane = n->side * n->side;
    for (int o = 0; o < LANDMARK_NET_NUMBERS; o++) {
        out[o] = (double)n->weights[LANDMARK_NET_NUMBERS * n->channels + o];
        for (int i = 0; i < n->channels * plane; i++)
            out[o] += (double)n->weights[o * n->channels + i / plane] * n->now[i] / plane;
    }
}

static void check_against_naive(bool tiny)
{
    static struct naive naive;
    static uint8_t square[SIDE * SIDE * 3];
    size_t len;
    struct landmark_net *net;
    unsigned char *file = file_of(tiny ? WEIGHTS_LANDMARKS_TINY : WEIGHTS_LANDMARKS, count_of(tiny), &len);
    EQ_INT(ERR_NONE, landmark_net_load_memory(file, len, &net, why));
    EQ_TEXT(tiny ? "net-68-tiny" : "net-68", landmark_net_name(net));
    for (size_t i = 0; i < sizeof square; i++)
        square[i] = (uint8_t)(127 + 120 * sin((double)i / 40));
    struct landmark_scratch *scratch = landmark_scratch_new();
    memset(scratch, 0xFF, sizeof *scratch); /* NaNs: whatever is read before it is written would show */
    float got[LANDMARK_NET_NUMBERS];
    double want[LANDMARK_NET_NUMBERS], widest = 0;
    landmark_net_run(net, scratch, square, got);
    naive.weights = net->weights.values;
    naive_run(&naive, tiny, square, want);
    for (size_t i = 0; i < LANDMARK_NET_NUMBERS; i++) {
        widest = fmax(widest, fabs(want[i]));
        NEAR(want[i], (double)got[i], 1e-4 * fmax(1, fabs(want[i])));
    }
    TRUE(widest > 0.1 && widest < 1000);
    landmark_scratch_free(scratch);
    landmark_net_free(net);
    free(file);
}

TEST(the_tiny_network_against_its_definition)
{
    check_against_naive(true);
}

TEST(the_full_network_against_its_definition)
{
    check_against_naive(false);
}

TEST(weights_of_other_networks_are_refused)
{
    uint32_t tiny = count_of(true), full = count_of(false);
    const struct {
        uint32_t kind, count;
    } files[] = {{WEIGHTS_LANDMARKS_TINY, 1},    {WEIGHTS_LANDMARKS_TINY, tiny - 1}, {WEIGHTS_LANDMARKS_TINY, tiny + 1},
                 {WEIGHTS_LANDMARKS_TINY, full}, {WEIGHTS_LANDMARKS, tiny},          {WEIGHTS_DESCRIPTOR, tiny}};
    for (size_t i = 0; i < countof(files); i++) {
        size_t len;
        unsigned char *file = file_of(files[i].kind, files[i].count, &len);
        struct landmark_net *net = NULL;
        EQ_INT(ERR_UNREADABLE, landmark_net_load_memory(file, len, &net, why));
        TRUE(net == NULL && strstr(why, "another network") != NULL);
        free(file);
    }
}

int main(void)
{
    return tests_run();
}
