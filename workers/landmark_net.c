#include "workers/landmark_net.h"

#include "workers/net.h"
#include "workers/weights.h"

#define SIDE          LANDMARK_NET_SIDE_PX
#define BLOCKS_MAX    4
#define LAYERS_MAX    4
#define CHANNELS_MAX  256
#define PLANES_FLOATS (32 * 56 * 56) /* the first block's output; every later one has half of it or less */
#define COLUMN_FLOATS 131072

/* A 3×3 kernel per channel, then 1×1 over all channels. */
struct separable {
    struct net_conv depthwise, pointwise;
};

/* A block halves the picture with its first layer; each layer sees the sum of all before it. */
struct block {
    struct separable layers[LAYERS_MAX];
};

struct landmark_net {
    struct weights weights;
    struct net_conv entry; /* the first block's first layer is an ordinary convolution */
    struct block blocks[BLOCKS_MAX];
    int32_t block_count, layer_count, channels; /* channels: of the last block */
    const float *matrix, *bias;
};

struct landmark_scratch {
    float input[3 * SIDE * SIDE];
    float sum[PLANES_FLOATS], running[PLANES_FLOATS], depthwise[PLANES_FLOATS], layer[PLANES_FLOATS];
    float columns[COLUMN_FLOATS];
};

/* ---- loading ---- */

/* Sizes stay or halve; the odd pixel of padding is on the right and at the bottom. */
static struct net_conv conv_of(int32_t inputs, int32_t outputs, int32_t kernel, int32_t stride)
{
    int32_t before = kernel == 3 && stride == 1, behind = kernel == 3;
    return (struct net_conv){inputs, outputs, kernel, kernel, stride, before, before, behind, behind, NULL, NULL};
}

static bool take_separable(struct weights *weights, int32_t inputs, int32_t outputs, int32_t stride,
                           struct separable *layer)
{
    layer->depthwise = conv_of(inputs, inputs, 3, stride);
    layer->pointwise = conv_of(inputs, outputs, 1, 1);
    layer->depthwise.weights = weights_take(weights, (size_t)inputs * 9);
    layer->pointwise.weights = weights_take(weights, (size_t)(inputs * outputs));
    layer->pointwise.bias = weights_take(weights, (size_t)outputs);
    return layer->depthwise.weights != NULL && layer->pointwise.weights != NULL && layer->pointwise.bias != NULL;
}

static bool take_entry(struct weights *weights, struct net_conv *entry)
{
    *entry = conv_of(3, 32, 3, 2);
    entry->weights = weights_take(weights, 32 * 3 * 9);
    entry->bias = weights_take(weights, 32);
    return entry->weights != NULL && entry->bias != NULL;
}

static bool take_all(struct landmark_net *net)
{
    struct weights *weights = &net->weights;
    if (weights->kind != WEIGHTS_LANDMARKS && weights->kind != WEIGHTS_LANDMARKS_TINY)
        return false;
    net->block_count = net->layer_count = weights->kind == WEIGHTS_LANDMARKS ? 4 : 3;
    bool good = take_entry(weights, &net->entry);
    int32_t inputs = 32;
    for (int32_t b = 0; good && b < net->block_count; b++) {
        int32_t outputs = 32 << b;
        for (int32_t i = b == 0 ? 1 : 0; good && i < net->layer_count; i++) {
            good = take_separable(weights, inputs, outputs, i == 0 ? 2 : 1, &net->blocks[b].layers[i]);
            inputs = outputs;
        }
    }
    if (!good)
        return false;
    net->channels = inputs;
    net->matrix = weights_take(weights, (size_t)(LANDMARK_NET_NUMBERS * inputs));
    net->bias = weights_take(weights, LANDMARK_NET_NUMBERS);
    return net->matrix != NULL && net->bias != NULL && weights->taken == weights->count;
}

/* Takes over *weights. */
static enum err build(struct weights *weights, struct landmark_net **out, char why[LANDMARK_NET_WHY_BYTES])
{
    struct landmark_net *net = calloc(1, sizeof *net);
    if (net == NULL) {
        weights_release(weights);
        snprintf(why, LANDMARK_NET_WHY_BYTES, "There is no memory for the landmark network.");
        return ERR_BUSY;
    }
    net->weights = *weights;
    if (!take_all(net)) {
        landmark_net_free(net);
        snprintf(why, LANDMARK_NET_WHY_BYTES, "These are the weights of another network.");
        return ERR_UNREADABLE;
    }
    *out = net;
    return ERR_NONE;
}

enum err landmark_net_load(const char *path, struct landmark_net **out, char why[LANDMARK_NET_WHY_BYTES])
{
    struct weights weights;
    *out = NULL;
    TRY(weights_load(path, &weights, why));
    return build(&weights, out, why);
}

enum err landmark_net_load_memory(const void *bytes, size_t len, struct landmark_net **out,
                                  char why[LANDMARK_NET_WHY_BYTES])
{
    struct weights weights;
    *out = NULL;
    TRY(weights_load_memory(bytes, len, &weights, why));
    return build(&weights, out, why);
}

void landmark_net_free(struct landmark_net *net)
{
    if (net == NULL)
        return;
    weights_release(&net->weights);
    free(net);
}

const char *landmark_net_name(const struct landmark_net *net)
{
    return net->weights.kind == WEIGHTS_LANDMARKS ? "net-68" : "net-68-tiny";
}

struct landmark_scratch *landmark_scratch_new(void)
{
    return malloc(sizeof(struct landmark_scratch));
}

void landmark_scratch_free(struct landmark_scratch *scratch)
{
    free(scratch);
}

/* ---- the pass ---- */

static void planes_of_square(const uint8_t *square, float *out)
{
    static const float means[3] = {122.782F, 117.001F, 104.298F}; /* the network was trained around these */
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
            *out++ = ((float)square[i * 3 + c] - means[c]) * (1.0F / 255);
}

static struct net_shape run_separable(const struct separable *layer, struct net_shape shape, const float *in,
                                      float *depthwise, float *out)
{
    struct net_shape middle = net_conv_shape(&layer->depthwise, shape);
    net_depthwise(&layer->depthwise, shape, in, depthwise);
    net_conv(&layer->pointwise, middle, depthwise, out, NULL);
    return net_conv_shape(&layer->pointwise, middle);
}

/* The layers behind the first: each reads relu of the sum of all before it, and adds to it. */
static void run_block(const struct landmark_net *net, const struct block *block, struct landmark_scratch *scratch,
                      struct net_shape shape)
{
    size_t count = net_count(shape);
    memcpy(scratch->running, scratch->sum, count * sizeof(float));
    for (int32_t i = 1; i < net->layer_count; i++) {
        run_separable(&block->layers[i], shape, scratch->sum, scratch->depthwise, scratch->layer);
        net_add(scratch->running, scratch->layer, count);
        memcpy(scratch->sum, scratch->running, count * sizeof(float));
        net_relu(scratch->sum, count);
    }
}

void landmark_net_run(const struct landmark_net *net, struct landmark_scratch *scratch, const uint8_t *square,
                      float out[LANDMARK_NET_NUMBERS])
{
    struct net_shape shape = {3, SIDE, SIDE};
    float means[CHANNELS_MAX];
    planes_of_square(square, scratch->input);
    net_conv(&net->entry, shape, scratch->input, scratch->sum, scratch->columns);
    shape = net_conv_shape(&net->entry, shape);
    net_relu(scratch->sum, net_count(shape));
    for (int32_t b = 0; b < net->block_count; b++) {
        if (b > 0) {
            shape = run_separable(&net->blocks[b].layers[0], shape, scratch->sum, scratch->depthwise, scratch->layer);
            net_relu(scratch->layer, net_count(shape));
            memcpy(scratch->sum, scratch->layer, net_count(shape) * sizeof(float));
        }
        run_block(net, &net->blocks[b], scratch, shape);
    }
    net_mean_planes(scratch->sum, shape, means);
    net_dense(LANDMARK_NET_NUMBERS, net->channels, net->matrix, net->bias, means, out);
}
