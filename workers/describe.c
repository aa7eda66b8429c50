#include "workers/describe.h"

#include "workers/net.h"
#include "workers/weights.h"

#define CHANNELS_MAX 256
#define STEM         32
#define SIDE         DESCRIBE_CHIP_SIDE_PX

/* Two 3×3 convolutions around which the input is added; a halving block has stride 2 and adds the input's 2×2 means. */
static const struct {
    int32_t channels;
    bool halves;
} blocks[] = {{32, false}, {32, false},  {32, false},  {64, true},  {64, false},  {64, false},  {64, false},
              {128, true}, {128, false}, {128, false}, {256, true}, {256, false}, {256, false}, {256, true}};

struct describe_model {
    struct weights weights;
    struct net_conv stem, first[countof(blocks)], second[countof(blocks)];
    const float *matrix; /* 128 × 256 */
};

/* The largest planes are the stem's: 32 × 72 × 72. */
#define PLANES_FLOATS  (32 * 72 * 72)
#define COLUMNS_FLOATS 140000 /* net_conv_scratch of every layer fits; the test asks each one */

struct describe_scratch {
    float now[PLANES_FLOATS], between[PLANES_FLOATS], next[PLANES_FLOATS];
    float columns[COLUMNS_FLOATS];
};

/* ---- loading ---- */

static bool take_conv(struct weights *weights, int32_t inputs, int32_t outputs, int32_t kernel, int32_t stride,
                      struct net_conv *conv)
{
    int32_t pad = stride == 1 ? kernel / 2 : 0; /* dlib pads only where the size is to stay */
    *conv = (struct net_conv){inputs, outputs, kernel, kernel, stride, pad, pad, pad, pad, NULL, NULL};
    conv->weights = weights_take(weights, (size_t)(outputs * inputs * kernel * kernel));
    conv->bias = weights_take(weights, (size_t)outputs);
    return conv->weights != NULL && conv->bias != NULL;
}

static bool take_all(struct describe_model *model)
{
    struct weights *weights = &model->weights;
    bool good = weights->kind == WEIGHTS_DESCRIPTOR && take_conv(weights, 3, STEM, 7, 2, &model->stem);
    int32_t inputs = STEM;
    for (size_t i = 0; good && i < countof(blocks); i++) {
        int32_t outputs = blocks[i].channels;
        good = take_conv(weights, inputs, outputs, 3, blocks[i].halves ? 2 : 1, &model->first[i]) &&
               take_conv(weights, outputs, outputs, 3, 1, &model->second[i]);
        inputs = outputs;
    }
    model->matrix = good ? weights_take(weights, DESCRIBE_SIZE * CHANNELS_MAX) : NULL;
    return model->matrix != NULL && weights->taken == weights->count;
}

/* Takes over *weights. */
static enum err build(struct weights *weights, struct describe_model **out, char why[DESCRIBE_WHY_BYTES])
{
    struct describe_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        weights_release(weights);
        snprintf(why, DESCRIBE_WHY_BYTES, "There is no memory for the face network.");
        return ERR_BUSY;
    }
    model->weights = *weights;
    if (!take_all(model)) {
        describe_free(model);
        snprintf(why, DESCRIBE_WHY_BYTES, "These are the weights of another network.");
        return ERR_UNREADABLE;
    }
    *out = model;
    return ERR_NONE;
}

enum err describe_load(const char *path, struct describe_model **out, char why[DESCRIBE_WHY_BYTES])
{
    struct weights weights;
    *out = NULL;
    TRY(weights_load(path, &weights, why));
    return build(&weights, out, why);
}

enum err describe_load_memory(const void *bytes, size_t len, struct describe_model **out, char why[DESCRIBE_WHY_BYTES])
{
    struct weights weights;
    *out = NULL;
    TRY(weights_load_memory(bytes, len, &weights, why));
    return build(&weights, out, why);
}

void describe_free(struct describe_model *model)
{
    if (model == NULL)
        return;
    weights_release(&model->weights);
    free(model);
}

const unsigned char *describe_version(const struct describe_model *model)
{
    return model->weights.source_sha256;
}

struct describe_scratch *describe_scratch_new(void)
{
    return malloc(sizeof(struct describe_scratch));
}

void describe_scratch_free(struct describe_scratch *scratch)
{
    free(scratch);
}

/* ---- the pass ---- */

static void planes_of_chip(const uint8_t *chip, float *out)
{
    static const float means[3] = {122.782F, 117.001F, 104.298F}; /* the network was trained around these */
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
            *out++ = ((float)chip[i * 3 + c] - means[c]) * (1.0F / 256);
}

static void add_relu(float *restrict values, const float *restrict more, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float sum = values[i] + more[i];
        values[i] = sum > 0 ? sum : 0;
    }
}

/* Planes of different number and size are added over the smaller ones' extent: the smaller ones end in zeros.
 * `out` has the larger extent in every direction. */
static void add_into(const float *planes, struct net_shape shape, float *out, struct net_shape to)
{
    for (int32_t c = 0; c < shape.channels; c++)
        for (int32_t y = 0; y < shape.height; y++, planes += shape.width)
            net_add(out + ((size_t)c * (size_t)to.height + (size_t)y) * (size_t)to.width, planes, (size_t)shape.width);
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* scratch->now → scratch->next through both convolutions; returns the shape of the result. */
static struct net_shape convolve(const struct describe_model *model, struct describe_scratch *scratch, size_t i,
                                 struct net_shape shape)
{
    struct net_shape middle = net_conv_shape(&model->first[i], shape);
    net_conv(&model->first[i], shape, scratch->now, scratch->between, scratch->columns);
    net_relu(scratch->between, net_count(middle));
    net_conv(&model->second[i], middle, scratch->between, scratch->next, scratch->columns);
    return net_conv_shape(&model->second[i], middle);
}

static struct net_shape keep(const struct describe_model *model, struct describe_scratch *scratch, size_t i,
                             struct net_shape shape)
{
    convolve(model, scratch, i, shape);
    add_relu(scratch->next, scratch->now, net_count(shape));
    memcpy(scratch->now, scratch->next, net_count(shape) * sizeof(float));
    return shape;
}

static struct net_shape halve(const struct describe_model *model, struct describe_scratch *scratch, size_t i,
                              struct net_shape shape)
{
    struct net_shape found = convolve(model, scratch, i, shape), pooled = net_pool_shape(shape, 2, 2, false);
    struct net_shape out = {found.channels, larger(found.height, pooled.height), larger(found.width, pooled.width)};
    net_mean_pool(scratch->now, shape, 2, 2, scratch->between);
    memset(scratch->now, 0, net_count(out) * sizeof(float));
    add_into(scratch->between, pooled, scratch->now, out);
    add_into(scratch->next, found, scratch->now, out);
    net_relu(scratch->now, net_count(out));
    return out;
}

void describe_run(const struct describe_model *model, struct describe_scratch *scratch, const uint8_t *chip,
                  float out[DESCRIBE_SIZE])
{
    struct net_shape shape = {3, SIDE, SIDE}, wide = net_conv_shape(&model->stem, shape);
    float means[CHANNELS_MAX];
    planes_of_chip(chip, scratch->between);
    net_conv(&model->stem, shape, scratch->between, scratch->next, scratch->columns);
    net_relu(scratch->next, net_count(wide));
    net_max_pool(scratch->next, wide, 3, 2, false, scratch->now);
    shape = net_pool_shape(wide, 3, 2, false);
    for (size_t i = 0; i < countof(blocks); i++)
        shape = blocks[i].halves ? halve(model, scratch, i, shape) : keep(model, scratch, i, shape);
    net_mean_planes(scratch->now, shape, means);
    net_dense(DESCRIBE_SIZE, CHANNELS_MAX, model->matrix, NULL, means, out);
}
