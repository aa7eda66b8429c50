#include "workers/net.h"

#include <cblas.h>
#include <math.h>

/* Columns are laid out for so many floats at a time: what the matrix product reads next is still in the L2 cache. */
#define COLUMNS_FLOATS 131072

#define DEPTHWISE_HEIGHT_MAX 16 /* rows of a kernel; the largest in use has 5 */

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* ---- convolution ---- */

struct net_shape net_conv_shape(const struct net_conv *conv, struct net_shape in)
{
    return (struct net_shape){
        conv->outputs,
        (in.height + conv->pad_top + conv->pad_bottom - conv->kernel_height) / conv->stride + 1,
        (in.width + conv->pad_left + conv->pad_right - conv->kernel_width) / conv->stride + 1,
    };
}

static bool is_plain_product(const struct net_conv *conv)
{
    return conv->kernel_height == 1 && conv->kernel_width == 1 && conv->stride == 1 && conv->pad_top == 0 &&
           conv->pad_left == 0 && conv->pad_bottom == 0 && conv->pad_right == 0;
}

static int32_t window_count(const struct net_conv *conv)
{
    return conv->inputs * conv->kernel_height * conv->kernel_width;
}

/* How many output rows are done together. */
static int32_t rows_at_once(const struct net_conv *conv, struct net_shape out)
{
    int64_t row = (int64_t)window_count(conv) * out.width, rows = COLUMNS_FLOATS / row;
    return rows < 1 ? 1 : rows > out.height ? out.height : (int32_t)rows;
}

size_t net_conv_scratch(const struct net_conv *conv, struct net_shape in)
{
    struct net_shape out = net_conv_shape(conv, in);
    if (is_plain_product(conv))
        return 0;
    return (size_t)window_count(conv) * (size_t)out.width * (size_t)rows_at_once(conv, out);
}

/* The output columns [first, last) for which column x·stride − pad + tap lies inside the input. */
static void inside(int32_t tap, int32_t pad, int32_t stride, int32_t in_width, int32_t out_width, int32_t *first,
                   int32_t *last)
{
    int32_t before = pad - tap, behind = in_width - 1 + pad - tap;
    *first = before > 0 ? (before + stride - 1) / stride : 0;
    *last = behind < 0 ? 0 : behind / stride + 1;
    if (*first > out_width)
        *first = out_width;
    if (*last > out_width)
        *last = out_width;
    if (*last < *first)
        *last = *first;
}

/* One row of the column matrix: what one kernel tap sees of one input row. */
static void lay_row(const struct net_conv *conv, const float *row, int32_t in_width, int32_t tap, int32_t out_width,
                    float *to)
{
    int32_t first, last;
    inside(tap, conv->pad_left, conv->stride, in_width, out_width, &first, &last);
    memset(to, 0, (size_t)first * sizeof *to);
    const float *from = row - conv->pad_left + tap;
    if (conv->stride == 1)
        memcpy(to + first, from + first, (size_t)(last - first) * sizeof *to);
    else if (conv->stride == 2)
        for (int32_t x = first; x < last; x++)
            to[x] = from[2 * x];
    else
        for (int32_t x = first; x < last; x++)
            to[x] = from[x * conv->stride];
    memset(to + last, 0, (size_t)(out_width - last) * sizeof *to);
}

/* What one kernel tap sees for the output rows [top, top + rows), row after row. */
static void lay_tap(const struct net_conv *conv, struct net_shape in, const float *plane, int32_t out_width,
                    int32_t top, int32_t rows, int32_t ky, int32_t kx, float *to)
{
    for (int32_t y = top; y < top + rows; y++, to += out_width) {
        int32_t from = y * conv->stride - conv->pad_top + ky;
        if (from < 0 || from >= in.height)
            memset(to, 0, (size_t)out_width * sizeof *to);
        else
            lay_row(conv, plane + (size_t)from * (size_t)in.width, in.width, kx, out_width, to);
    }
}

/* The same when the width stays and the stride is 1: the plane as it lies, shifted by `down` rows and `right` columns.
 * What the shift carries over the edge into the next row is zeroed afterwards. Rows of a few pixels are common: one
 * long copy takes a fifth of many short ones. */
static void lay_shifted(struct net_shape in, const float *plane, int32_t top, int32_t rows, int32_t down, int32_t right,
                        float *to)
{
    int32_t width = in.width, size = in.height * width;
    int32_t first = smaller(larger(0, -down - top), rows), last = larger(first, smaller(rows, in.height - down - top));
    int32_t from = (top + first + down) * width + right, count = (last - first) * width;
    int32_t before = smaller(larger(0, -from), count), behind = smaller(larger(0, from + count - size), count - before);
    memset(to, 0, (size_t)(first * width + before) * sizeof *to);
    memcpy(to + first * width + before, plane + from + before, (size_t)(count - before - behind) * sizeof *to);
    memset(to + last * width - behind, 0, (size_t)((rows - last) * width + behind) * sizeof *to);
    int32_t edge = smaller(right < 0 ? -right : right, width), start = right < 0 ? 0 : width - edge;
    for (int32_t y = first; y < last; y++)
        for (int32_t x = start; x < start + edge; x++)
            to[y * width + x] = 0;
}

/* The column matrix of the output rows [top, top + rows): inputs·kernel rows of rows·width numbers each. */
static void lay_columns(const struct net_conv *conv, struct net_shape in, const float *data, struct net_shape out,
                        int32_t top, int32_t rows, float *to)
{
    bool shifted = conv->stride == 1 && out.width == in.width;
    for (int32_t c = 0; c < in.channels; c++) {
        const float *plane = data + (size_t)c * (size_t)in.height * (size_t)in.width;
        for (int32_t ky = 0; ky < conv->kernel_height; ky++)
            for (int32_t kx = 0; kx < conv->kernel_width; kx++, to += rows * out.width) {
                if (shifted)
                    lay_shifted(in, plane, top, rows, ky - conv->pad_top, kx - conv->pad_left, to);
                else
                    lay_tap(conv, in, plane, out.width, top, rows, ky, kx, to);
            }
    }
}

static void fill(float *values, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

static void start_with_bias(const float *bias, struct net_shape out_shape, float *out)
{
    size_t plane = (size_t)out_shape.height * (size_t)out_shape.width;
    for (int32_t o = 0; o < out_shape.channels; o++)
        fill(out + (size_t)o * plane, plane, bias == NULL ? 0 : bias[o]);
}

void net_conv(const struct net_conv *conv, struct net_shape in_shape, const float *in, float *out, float *scratch)
{
    struct net_shape shape = net_conv_shape(conv, in_shape);
    int32_t depth = window_count(conv), plane = shape.height * shape.width;
    start_with_bias(conv->bias, shape, out);
    if (is_plain_product(conv)) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, conv->outputs, plane, depth, 1, conv->weights, depth, in,
                    plane, 1, out, plane);
        return;
    }
    int32_t step = rows_at_once(conv, shape);
    for (int32_t top = 0; top < shape.height; top += step) {
        int32_t rows = shape.height - top < step ? shape.height - top : step, columns = rows * shape.width;
        lay_columns(conv, in_shape, in, shape, top, rows, scratch);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, conv->outputs, columns, depth, 1, conv->weights, depth,
                    scratch, columns, 1, out + (size_t)top * (size_t)shape.width, plane);
    }
}

/* ---- one kernel per channel ---- */

/* One output pixel near an edge. `rows` are the input rows under the kernel, NULL outside. */
static float depthwise_pixel(const struct net_conv *conv, const float *const *rows, const float *weights, int32_t left,
                             int32_t in_width)
{
    float sum = 0;
    for (int32_t ky = 0; ky < conv->kernel_height; ky++)
        for (int32_t kx = 0; rows[ky] != NULL && kx < conv->kernel_width; kx++)
            if (left + kx >= 0 && left + kx < in_width)
                sum += weights[ky * conv->kernel_width + kx] * rows[ky][left + kx];
    return sum;
}

/* The output pixels [first, last), whose kernels lie inside the width. Called with constant sizes, so that the sums
 * over the kernel are laid out in a row and the loop over x becomes vectors. */
static inline __attribute__((always_inline)) void depthwise_inner(int32_t height, int32_t width, int32_t stride,
                                                                  const float *const *rows, const float *weights,
                                                                  int32_t pad, int32_t first, int32_t last,
                                                                  float *restrict out)
{
    for (int32_t ky = 0; ky < height; ky++) {
        if (rows[ky] == NULL)
            continue;
        const float *row = rows[ky] - pad, *w = weights + ky * width;
        for (int32_t x = first; x < last; x++) {
            float sum = out[x];
            for (int32_t kx = 0; kx < width; kx++)
                sum += w[kx] * row[x * stride + kx];
            out[x] = sum;
        }
    }
}

static void depthwise_row(const struct net_conv *conv, const float *const *rows, const float *weights, int32_t in_width,
                          int32_t out_width, float *out)
{
    int32_t stride = conv->stride, width = conv->kernel_width, pad = conv->pad_left;
    int32_t first = smaller((pad + stride - 1) / stride, out_width), room = in_width + pad - width;
    int32_t last = room < 0 ? first : smaller(room / stride + 1, out_width);
    last = last < first ? first : last;
    for (int32_t x = 0; x < first; x++)
        out[x] += depthwise_pixel(conv, rows, weights, x * stride - pad, in_width);
    for (int32_t x = last; x < out_width; x++)
        out[x] += depthwise_pixel(conv, rows, weights, x * stride - pad, in_width);
    if (width == 3 && stride == 1)
        depthwise_inner(conv->kernel_height, 3, 1, rows, weights, pad, first, last, out);
    else if (width == 3 && stride == 2)
        depthwise_inner(conv->kernel_height, 3, 2, rows, weights, pad, first, last, out);
    else if (width == 5 && stride == 1)
        depthwise_inner(conv->kernel_height, 5, 1, rows, weights, pad, first, last, out);
    else if (width == 5 && stride == 2)
        depthwise_inner(conv->kernel_height, 5, 2, rows, weights, pad, first, last, out);
    else
        depthwise_inner(conv->kernel_height, width, stride, rows, weights, pad, first, last, out);
}

void net_depthwise(const struct net_conv *conv, struct net_shape in_shape, const float *in, float *out)
{
    struct net_shape shape = net_conv_shape(conv, in_shape);
    const float *rows[DEPTHWISE_HEIGHT_MAX];
    start_with_bias(conv->bias, shape, out);
    for (int32_t c = 0; c < shape.channels; c++) {
        const float *plane = in + (size_t)c * (size_t)in_shape.height * (size_t)in_shape.width;
        const float *weights = conv->weights + (size_t)c * (size_t)(conv->kernel_height * conv->kernel_width);
        for (int32_t y = 0; y < shape.height; y++, out += shape.width) {
            for (int32_t ky = 0; ky < conv->kernel_height; ky++) {
                int32_t from = y * conv->stride - conv->pad_top + ky;
                bool inside_it = from >= 0 && from < in_shape.height;
                rows[ky] = inside_it ? plane + (size_t)from * (size_t)in_shape.width : NULL;
            }
            depthwise_row(conv, rows, weights, in_shape.width, shape.width, out);
        }
    }
}

void net_dense(int32_t outputs, int32_t inputs, const float *weights, const float *bias, const float *in, float *out)
{
    start_with_bias(bias, (struct net_shape){outputs, 1, 1}, out);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, outputs, inputs, 1, weights, inputs, in, 1, 1, out, 1);
}

/* ---- in place ---- */

void net_relu(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = values[i] > 0 ? values[i] : 0;
}

void net_hard_swish(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float gate = values[i] * (1.0F / 6) + 0.5F;
        gate = gate > 0 ? gate : 0;
        values[i] *= gate < 1 ? gate : 1;
    }
}

void net_sigmoid(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = 1 / (1 + expf(-values[i]));
}

void net_add(float *restrict values, const float *restrict more, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] += more[i];
}

void net_scale_planes(float *values, struct net_shape shape, const float *factors)
{
    size_t plane = (size_t)shape.height * (size_t)shape.width;
    for (int32_t c = 0; c < shape.channels; c++, values += plane)
        for (size_t i = 0; i < plane; i++)
            values[i] *= factors[c];
}

/* ---- to another size ---- */

void net_mean_planes(const float *in, struct net_shape shape, float *out)
{
    size_t plane = (size_t)shape.height * (size_t)shape.width;
    for (int32_t c = 0; c < shape.channels; c++, in += plane) {
        double sum = 0;
        for (size_t i = 0; i < plane; i++)
            sum += (double)in[i];
        out[c] = (float)(sum / (double)plane);
    }
}

static int32_t windows(int32_t side, int32_t window, int32_t stride, bool partial)
{
    int32_t rest = side - window;
    if (rest < 0)
        return partial ? 1 : 0;
    return (partial ? (rest + stride - 1) / stride : rest / stride) + 1;
}

struct net_shape net_pool_shape(struct net_shape in, int32_t window, int32_t stride, bool partial)
{
    return (struct net_shape){in.channels, windows(in.height, window, stride, partial),
                              windows(in.width, window, stride, partial)};
}

static float largest(const float *at, int32_t rows, int32_t columns, int32_t width)
{
    float most = at[0];
    for (int32_t y = 0; y < rows; y++)
        for (int32_t x = 0; x < columns; x++) {
            float value = at[(size_t)y * (size_t)width + (size_t)x];
            most = value > most ? value : most;
        }
    return most;
}

void net_max_pool(const float *in, struct net_shape shape, int32_t window, int32_t stride, bool partial, float *out)
{
    struct net_shape to = net_pool_shape(shape, window, stride, partial);
    for (int32_t c = 0; c < to.channels; c++) {
        const float *plane = in + (size_t)c * (size_t)shape.height * (size_t)shape.width;
        for (int32_t y = 0; y < to.height; y++)
            for (int32_t x = 0; x < to.width; x++)
                *out++ = largest(plane + (size_t)(y * stride) * (size_t)shape.width + x * stride,
                                 smaller(window, shape.height - y * stride), smaller(window, shape.width - x * stride),
                                 shape.width);
    }
}

static float mean(const float *at, int32_t window, int32_t width)
{
    float sum = 0;
    for (int32_t y = 0; y < window; y++)
        for (int32_t x = 0; x < window; x++)
            sum += at[(size_t)y * (size_t)width + (size_t)x];
    return sum / (float)(window * window);
}

void net_mean_pool(const float *in, struct net_shape shape, int32_t window, int32_t stride, float *out)
{
    struct net_shape to = net_pool_shape(shape, window, stride, false);
    for (int32_t c = 0; c < to.channels; c++) {
        const float *plane = in + (size_t)c * (size_t)shape.height * (size_t)shape.width;
        for (int32_t y = 0; y < to.height; y++)
            for (int32_t x = 0; x < to.width; x++)
                *out++ = mean(plane + (size_t)(y * stride) * (size_t)shape.width + x * stride, window, shape.width);
    }
}

/* One output row between two input rows: `near` weighs three times `far`. */
static void double_row(const float *near, const float *far, int32_t width, float *restrict out)
{
    for (int32_t x = 0; x < width; x++) {
        int32_t left = x > 0 ? x - 1 : 0, right = x < width - 1 ? x + 1 : x;
        float middle = 9 * near[x] + 3 * far[x];
        out[2 * x] = (middle + 3 * near[left] + far[left]) * (1.0F / 16);
        out[2 * x + 1] = (middle + 3 * near[right] + far[right]) * (1.0F / 16);
    }
}

void net_double(const float *in, struct net_shape shape, float *out)
{
    size_t width = (size_t)shape.width;
    for (int32_t c = 0; c < shape.channels; c++, in += (size_t)shape.height * width)
        for (int32_t y = 0; y < shape.height; y++, out += 4 * width) {
            const float *near = in + (size_t)y * width;
            double_row(near, y > 0 ? near - width : near, shape.width, out);
            double_row(near, y < shape.height - 1 ? near + width : near, shape.width, out + 2 * width);
        }
}

/* One output pixel of each 2×2 group, for one input row: the sum over all input planes. */
static void spread_row(const float *in, struct net_shape shape, int32_t y, const float *weights, float bias,
                       float *restrict out)
{
    for (int32_t x = 0; x < shape.width; x++)
        out[2 * x] = bias;
    for (int32_t c = 0; c < shape.channels; c++) {
        const float *row = in + ((size_t)c * (size_t)shape.height + (size_t)y) * (size_t)shape.width;
        float weight = weights[c];
        for (int32_t x = 0; x < shape.width; x++)
            out[2 * x] += weight * row[x];
    }
}

void net_spread(const float *in, struct net_shape shape, int32_t outputs, const float *weights, const float *bias,
                float *out)
{
    size_t row = 2 * (size_t)shape.width;
    for (int32_t o = 0; o < outputs; o++)
        for (int32_t y = 0; y < 2 * shape.height; y++, out += row)
            for (int32_t x = 0; x < 2; x++)
                spread_row(in, shape, y / 2, weights + (size_t)(o * 4 + y % 2 * 2 + x) * (size_t)shape.channels,
                           bias == NULL ? 0 : bias[o], out + x);
}
