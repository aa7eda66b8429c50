/* links: xy_workers */
#include "workers/net.c"

#include "tests/check.h"

#define FLOATS_MAX 65536

static float in[FLOATS_MAX], weights[FLOATS_MAX], bias[FLOATS_MAX], want[FLOATS_MAX], got[FLOATS_MAX];
static float scratch[4 * FLOATS_MAX];
static uint32_t state;

/* −1 … 1, the same on every run. */
static float next(void)
{
    state = state * 1664525 + 1013904223;
    return (float)(state >> 8) / 8388608 - 1;
}

static void draw(float *values, size_t count)
{
    TRUE(count <= FLOATS_MAX);
    for (size_t i = 0; i < count; i++)
        values[i] = next();
}

static void same(size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        NEAR((double)want[i], (double)got[i], tolerance);
}

static float pixel(struct net_shape shape, int32_t c, int32_t y, int32_t x)
{
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width)
        return 0;
    return in[(c * shape.height + y) * shape.width + x];
}

/* What a convolution means, word for word. */
static double window_sum(const struct net_conv *conv, struct net_shape shape, int32_t c, const float *w, int32_t y,
                         int32_t x)
{
    double sum = 0;
    for (int32_t ky = 0; ky < conv->kernel_height; ky++)
        for (int32_t kx = 0; kx < conv->kernel_width; kx++)
            sum +=
                (double)w[ky * conv->kernel_width + kx] *
                (double)pixel(shape, c, y * conv->stride - conv->pad_top + ky, x * conv->stride - conv->pad_left + kx);
    return sum;
}

static void naive(const struct net_conv *conv, struct net_shape shape, bool depthwise)
{
    struct net_shape to = net_conv_shape(conv, shape);
    int32_t taps = conv->kernel_height * conv->kernel_width;
    TRUE(net_count(to) <= FLOATS_MAX);
    float *out = want;
    for (int32_t o = 0; o < to.channels; o++)
        for (int32_t y = 0; y < to.height; y++)
            for (int32_t x = 0; x < to.width; x++) {
                double sum = conv->bias == NULL ? 0 : (double)conv->bias[o];
                for (int32_t c = depthwise ? o : 0; c < (depthwise ? o + 1 : shape.channels); c++) {
                    const float *w = weights + (depthwise ? o : o * shape.channels + c) * taps;
                    sum += window_sum(conv, shape, c, w, y, x);
                }
                *out++ = (float)sum;
            }
}

static void check_conv(struct net_shape shape, int32_t outputs, int32_t kernel_height, int32_t kernel_width,
                       int32_t stride, const int32_t pads[4], bool with_bias)
{
    struct net_conv conv = {shape.channels, outputs, kernel_height, kernel_width,           stride, pads[0], pads[1],
                            pads[2],        pads[3], weights,       with_bias ? bias : NULL};
    struct net_shape to = net_conv_shape(&conv, shape);
    draw(in, net_count(shape));
    draw(weights, (size_t)(outputs * shape.channels * kernel_height * kernel_width));
    draw(bias, (size_t)outputs);
    size_t used = net_conv_scratch(&conv, shape);
    TRUE(used < countof(scratch));
    scratch[used] = 12345;
    naive(&conv, shape, false);
    net_conv(&conv, shape, in, got, scratch);
    same(net_count(to), 1e-4);
    TRUE(scratch[used] > 12344 && scratch[used] < 12346); /* the scratch asked for was enough */
}

static void check_depthwise(struct net_shape shape, int32_t kernel_height, int32_t kernel_width, int32_t stride,
                            const int32_t pads[4], bool with_bias)
{
    struct net_conv conv = {
        shape.channels, shape.channels, kernel_height, kernel_width,           stride, pads[0], pads[1],
        pads[2],        pads[3],        weights,       with_bias ? bias : NULL};
    draw(in, net_count(shape));
    draw(weights, (size_t)(shape.channels * kernel_height * kernel_width));
    draw(bias, (size_t)shape.channels);
    naive(&conv, shape, true);
    net_depthwise(&conv, shape, in, got);
    same(net_count(net_conv_shape(&conv, shape)), 1e-5);
}

/* Every kernel with every stride and padding, also paddings that differ on all four sides or exceed the kernel. */
TEST(convolutions_of_all_kernels_strides_and_paddings)
{
    static const int32_t pads[][4] = {{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 0, 1, 1},
                                      {1, 0, 0, 2}, {2, 1, 3, 0}, {4, 4, 4, 4}};
    for (int32_t kernel_height = 1; kernel_height <= 5; kernel_height++)
        for (int32_t kernel_width = 1; kernel_width <= 5; kernel_width += 2)
            for (int32_t stride = 1; stride <= 3; stride++)
                for (size_t p = 0; p < countof(pads); p++) {
                    bool with_bias = (kernel_height + stride) % 2 == 0;
                    check_conv((struct net_shape){3, 9, 7}, 4, kernel_height, kernel_width, stride, pads[p], with_bias);
                    check_depthwise((struct net_shape){5, 9, 7}, kernel_height, kernel_width, stride, pads[p],
                                    with_bias);
                }
}

TEST(inputs_smaller_than_the_kernel)
{
    static const int32_t pads[4] = {2, 2, 2, 2}, one_side[4] = {4, 0, 0, 4};
    check_conv((struct net_shape){2, 1, 1}, 3, 5, 5, 1, pads, true);
    check_conv((struct net_shape){2, 1, 2}, 3, 5, 5, 2, one_side, true);
    check_depthwise((struct net_shape){2, 1, 1}, 5, 5, 1, pads, true);
    check_depthwise((struct net_shape){2, 1, 2}, 5, 5, 2, one_side, true);
}

/* Large enough that the columns are laid out in several pieces, the last one smaller. */
TEST(convolution_in_pieces)
{
    static const int32_t pads[4] = {1, 1, 1, 1};
    struct net_shape shape = {16, 61, 59};
    struct net_conv conv = {16, 4, 3, 3, 1, 1, 1, 1, 1, weights, bias};
    int32_t step = rows_at_once(&conv, net_conv_shape(&conv, shape));
    TRUE(step < 61 && 61 % step != 0);
    check_conv(shape, 4, 3, 3, 1, pads, true);
}

TEST(plain_products_need_no_scratch)
{
    struct net_conv conv = {8, 5, 1, 1, 1, 0, 0, 0, 0, weights, NULL};
    EQ_INT(0, net_conv_scratch(&conv, (struct net_shape){8, 31, 17}));
    conv.stride = 2;
    TRUE(net_conv_scratch(&conv, (struct net_shape){8, 31, 17}) > 0);
}

TEST(dense_layer)
{
    draw(in, 70);
    draw(weights, 70 * 9);
    draw(bias, 9);
    for (int32_t with_bias = 0; with_bias < 2; with_bias++) {
        for (int32_t o = 0; o < 9; o++) {
            double sum = with_bias ? (double)bias[o] : 0;
            for (int32_t i = 0; i < 70; i++)
                sum += (double)weights[o * 70 + i] * (double)in[i];
            want[o] = (float)sum;
        }
        net_dense(9, 70, weights, with_bias ? bias : NULL, in, got);
        same(9, 1e-5);
    }
}

TEST(functions_in_place)
{
    float values[] = {-8, -3, -1, 0, 1, 3, 8}, relu[7], swish[7], sigmoid[7];
    memcpy(relu, values, sizeof values);
    memcpy(swish, values, sizeof values);
    memcpy(sigmoid, values, sizeof values);
    net_relu(relu, 7);
    net_hard_swish(swish, 7);
    net_sigmoid(sigmoid, 7);
    for (size_t i = 0; i < 7; i++) {
        double x = (double)values[i], gate = x / 6 + 0.5;
        NEAR(x > 0 ? x : 0, (double)relu[i], 0);
        NEAR(x * (gate < 0 ? 0 : gate > 1 ? 1 : gate), (double)swish[i], 1e-6);
        NEAR(1 / (1 + exp(-x)), (double)sigmoid[i], 1e-6);
    }
    net_add(values, relu, 7);
    NEAR(-3, (double)values[1], 0);
    NEAR(6, (double)values[5], 0);
    float planes[] = {1, 2, 3, 4, 5, 6}, factors[] = {2, -1};
    net_scale_planes(planes, (struct net_shape){2, 1, 3}, factors);
    NEAR(6, (double)planes[2], 0);
    NEAR(-4, (double)planes[3], 0);
}

TEST(pools)
{
    struct net_shape shape = {2, 5, 6}, whole = net_pool_shape(shape, 3, 2, false),
                     cut = net_pool_shape(shape, 3, 2, true);
    EQ_INT(2, whole.height);
    EQ_INT(2, whole.width);
    EQ_INT(2, cut.height);
    EQ_INT(3, cut.width);
    EQ_INT(1, net_pool_shape((struct net_shape){1, 2, 2}, 3, 2, true).height);
    EQ_INT(0, net_pool_shape((struct net_shape){1, 2, 2}, 3, 2, false).height);
    draw(in, net_count(shape));
    for (int32_t c = 0, i = 0; c < 2; c++)
        for (int32_t y = 0; y < 2; y++)
            for (int32_t x = 0; x < 3; x++, i++) {
                want[i] = -2;
                for (int32_t j = 0; j < 9; j++)
                    if (x * 2 + j % 3 < 6 && pixel(shape, c, y * 2 + j / 3, x * 2 + j % 3) > want[i])
                        want[i] = pixel(shape, c, y * 2 + j / 3, x * 2 + j % 3);
            }
    net_max_pool(in, shape, 3, 2, true, got);
    same(12, 0);
    net_max_pool(in, shape, 3, 2, false, got);
    NEAR((double)want[1], (double)got[1], 0);
    NEAR((double)want[3], (double)got[2], 0);
    net_mean_pool(in, shape, 2, 2, got);
    EQ_INT(2, net_pool_shape(shape, 2, 2, false).height);
    for (int32_t c = 0, i = 0; c < 2; c++)
        for (int32_t y = 0; y < 2; y++)
            for (int32_t x = 0; x < 3; x++, i++)
                want[i] = (pixel(shape, c, 2 * y, 2 * x) + pixel(shape, c, 2 * y, 2 * x + 1) +
                           pixel(shape, c, 2 * y + 1, 2 * x) + pixel(shape, c, 2 * y + 1, 2 * x + 1)) /
                          4;
    same(12, 1e-6);
    net_mean_planes(in, shape, got);
    double sum = 0;
    for (int32_t i = 30; i < 60; i++)
        sum += (double)in[i];
    NEAR(sum / 30, (double)got[1], 1e-6);
}

/* Bilinear with half-pixel centres, computed from the definition. */
TEST(doubling)
{
    struct net_shape shape = {2, 3, 4};
    draw(in, net_count(shape));
    float *out = want;
    for (int32_t c = 0; c < 2; c++)
        for (int32_t y = 0; y < 6; y++)
            for (int32_t x = 0; x < 8; x++) {
                double sy = fmin(fmax((y + 0.5) / 2 - 0.5, 0), 2), sx = fmin(fmax((x + 0.5) / 2 - 0.5, 0), 3);
                int32_t y0 = (int32_t)sy, x0 = (int32_t)sx, y1 = y0 < 2 ? y0 + 1 : y0, x1 = x0 < 3 ? x0 + 1 : x0;
                double fy = sy - y0, fx = sx - x0;
                double top = (double)pixel(shape, c, y0, x0) * (1 - fx) + (double)pixel(shape, c, y0, x1) * fx;
                double bottom = (double)pixel(shape, c, y1, x0) * (1 - fx) + (double)pixel(shape, c, y1, x1) * fx;
                *out++ = (float)(top * (1 - fy) + bottom * fy);
            }
    net_double(in, shape, got);
    same(2 * 6 * 8, 1e-6);
    want[0] = want[1] = want[2] = want[3] = in[0] = 7; /* one pixel stays one colour */
    net_double(in, (struct net_shape){1, 1, 1}, got);
    same(4, 1e-6);
}

TEST(spreading)
{
    struct net_shape shape = {3, 4, 5};
    draw(in, net_count(shape));
    draw(weights, 2 * 4 * 3);
    draw(bias, 2);
    for (int32_t o = 0, i = 0; o < 2; o++)
        for (int32_t y = 0; y < 8; y++)
            for (int32_t x = 0; x < 10; x++, i++) {
                double sum = (double)bias[o];
                for (int32_t c = 0; c < 3; c++)
                    sum +=
                        (double)weights[((o * 2 + y % 2) * 2 + x % 2) * 3 + c] * (double)pixel(shape, c, y / 2, x / 2);
                want[i] = (float)sum;
            }
    net_spread(in, shape, 2, weights, bias, got);
    same(2 * 8 * 10, 1e-5);
}

int main(void)
{
    return tests_run();
}
