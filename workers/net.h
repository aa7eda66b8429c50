/* net — the arithmetic of small convolutional networks, forward only: the person mask, the landmarks and the face
 * descriptor all run on it.
 *
 * Data are float32 planes, channel after channel, rows without padding: C×H×W, one picture at a time. Weights of a
 * convolution are outputs × inputs × kernel_height × kernel_width (depthwise: channels × kernel_height × kernel_width).
 * A convolution is a matrix product: rows are copied into place and the BLAS multiplies; 1×1 kernels of stride 1 need
 * no copy. All sizes were checked when the model was loaded: nothing here can fail.
 *
 * Pure functions; any thread; nothing is allocated: outputs and scratch are the caller's, in and out differ unless a
 * function says "in place". Results of two runs on one machine are the same bits; other CPU levels differ by 1e-5. */
#ifndef XY_WORKERS_NET_H
#define XY_WORKERS_NET_H

#include "base/base.h"

struct net_shape {
    int32_t channels, height, width;
};

struct net_conv {
    int32_t inputs, outputs; /* depthwise: both the number of channels */
    int32_t kernel_height, kernel_width, stride;
    int32_t pad_top, pad_left, pad_bottom, pad_right; /* zeros around the input */
    const float *weights, *bias;                      /* bias: one per output; NULL: none */
};

static inline size_t net_count(struct net_shape shape)
{
    return (size_t)shape.channels * (size_t)shape.height * (size_t)shape.width;
}

/* What comes out of a convolution; channels = conv->outputs. */
struct net_shape net_conv_shape(const struct net_conv *conv, struct net_shape in);

/* Floats of scratch that net_conv needs for this input; 0 for 1×1 kernels of stride 1. */
size_t net_conv_scratch(const struct net_conv *conv, struct net_shape in);

void net_conv(const struct net_conv *conv, struct net_shape in_shape, const float *in, float *out, float *scratch);

/* One kernel per channel; at most 16 rows high. */
void net_depthwise(const struct net_conv *conv, struct net_shape in_shape, const float *in, float *out);

/* out[o] = bias[o] + sum of weights[o × inputs + i] · in[i] */
void net_dense(int32_t outputs, int32_t inputs, const float *weights, const float *bias, const float *in, float *out);

/* ---- in place ---- */
void net_relu(float *values, size_t count);
void net_hard_swish(float *values, size_t count); /* x · clamp(x/6 + 1/2, 0, 1) */
void net_sigmoid(float *values, size_t count);
void net_add(float *values, const float *more, size_t count);
void net_scale_planes(float *values, struct net_shape shape, const float *factors); /* one factor per channel */

/* ---- to another size ---- */

/* The mean of every plane; out has shape.channels numbers. */
void net_mean_planes(const float *in, struct net_shape shape, float *out);

/* Windows without padding; the last ones are cut at the border when `partial`, else left out. */
struct net_shape net_pool_shape(struct net_shape in, int32_t window, int32_t stride, bool partial);
void net_max_pool(const float *in, struct net_shape shape, int32_t window, int32_t stride, bool partial, float *out);
void net_mean_pool(const float *in, struct net_shape shape, int32_t window, int32_t stride, float *out);

/* Both sides doubled, bilinear with half-pixel centres (weights 9/16, 3/16, 3/16, 1/16; edges repeated). */
void net_double(const float *in, struct net_shape shape, float *out);

/* Transposed convolution 2×2, stride 2: every input pixel becomes 2×2 output pixels. Weights: outputs × 2 × 2 × inputs.
 */
void net_spread(const float *in, struct net_shape shape, int32_t outputs, const float *weights, const float *bias,
                float *out);

#endif
