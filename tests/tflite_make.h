/* tflite_make — writes small network files, so that the reader is tested with more than the one real file.
 *
 * A flatbuffer from front to back: a table is written with room for its offsets, and each is filled in when what it
 * points to is written. Every operator gets an operator code of its own. Not for: the product. */
#ifndef XY_TESTS_TFLITE_MAKE_H
#define XY_TESTS_TFLITE_MAKE_H

#include "base/buf.h"

#include <math.h>

#define MADE_NONE INT32_MIN /* an absent field */

enum { MADE_FLOAT32 = 0, MADE_FLOAT16 = 1, MADE_INT32 = 2 };

struct made_tensor {
    int32_t rank, sides[4];
    int32_t type;
    const void *data; /* NULL: an activation */
    size_t data_bytes;
};

struct made_operator {
    int32_t code;
    int32_t input_count, inputs[3], output;
    int32_t options_type;
    int32_t option_count, options[7];
    const int32_t *custom; /* three numbers; NULL: none */
};

struct made_net {
    struct made_tensor tensors[24];
    int32_t tensor_count;
    struct made_operator operators[24];
    int32_t operator_count;
    int32_t in, out;
};

/* The nearest 16-bit float of a number that is not tiny. */
static inline uint16_t made_half(float value)
{
    int exponent;
    float size = frexpf(fabsf(value), &exponent); /* 0.5..1 */
    uint16_t sign = value < 0 ? 0x8000 : 0;
    if (size == 0)
        return sign;
    int bits = (int)lrintf((size * 2 - 1) * 1024) + ((exponent + 14) << 10);
    return (uint16_t)(sign | bits);
}

static inline void made_int(struct buf *b, int32_t value)
{
    buf_add(b, &value, sizeof value);
}

/* A table of `count` four-byte fields; returns where it lies. Its n-th field lies at 4 + 4n behind. */
static inline size_t made_table(struct buf *b, const int32_t *fields, int32_t count)
{
    uint16_t slots[2 + 16] = {(uint16_t)(4 + 2 * count), (uint16_t)(4 + 4 * count)};
    for (int32_t i = 0; i < count; i++)
        slots[2 + i] = fields[i] == MADE_NONE ? 0 : (uint16_t)(4 + 4 * i);
    buf_add(b, slots, sizeof(uint16_t) * (size_t)(2 + count));
    if (count % 2 != 0)
        buf_add(b, "\0", 2);
    size_t table = b->len, directory_bytes = sizeof(uint16_t) * (size_t)(2 + count + count % 2);
    made_int(b, (int32_t)directory_bytes);
    for (int32_t i = 0; i < count; i++)
        made_int(b, fields[i] == MADE_NONE ? 0 : fields[i]);
    return table;
}

/* The four bytes at `slot` now point to the end of what is written. */
static inline void made_point(struct buf *b, size_t slot)
{
    uint32_t offset = (uint32_t)(b->len - slot);
    memcpy(b->bytes + slot, &offset, sizeof offset);
}

static inline void made_field(struct buf *b, size_t table, int32_t n)
{
    made_point(b, table + 4 + 4 * (size_t)n);
}

/* A list of `count` offsets to be filled in; returns where the first lies. */
static inline size_t made_list(struct buf *b, int32_t count)
{
    made_int(b, count);
    size_t first = b->len;
    for (int32_t i = 0; i < count; i++)
        made_int(b, 0);
    return first;
}

static inline void made_ints(struct buf *b, const int32_t *values, int32_t count)
{
    made_int(b, count);
    buf_add(b, values, sizeof *values * (size_t)count);
}

static inline void made_bytes(struct buf *b, const void *bytes, size_t len)
{
    made_int(b, (int32_t)len);
    buf_add(b, bytes, len);
    while (b->len % 4 != 0)
        buf_char(b, '\0');
}

static inline void made_codes(struct buf *b, const struct made_net *net)
{
    size_t list = made_list(b, net->operator_count);
    for (int32_t i = 0; i < net->operator_count; i++) {
        int32_t code = net->operators[i].code;
        bool custom = net->operators[i].custom != NULL;
        /* as the converters do: small codes in the old byte too */
        size_t table = made_table(b, (int32_t[]){code & 127, custom ? 0 : MADE_NONE, 1, code}, 4);
        uint32_t offset = (uint32_t)(table - (list + 4 * (size_t)i));
        memcpy(b->bytes + list + 4 * (size_t)i, &offset, sizeof offset);
        if (custom) {
            made_field(b, table, 1);
            made_bytes(b, "Convolution2DTransposeBias", 26);
        }
    }
}

static inline void made_operators(struct buf *b, const struct made_net *net)
{
    size_t list = made_list(b, net->operator_count);
    for (int32_t i = 0; i < net->operator_count; i++) {
        const struct made_operator *op = &net->operators[i];
        bool options = op->option_count > 0;
        size_t slot = list + 4 * (size_t)i;
        size_t table = made_table(
            b, (int32_t[]){i, 0, 0, op->options_type, options ? 0 : MADE_NONE, op->custom != NULL ? 0 : MADE_NONE}, 6);
        uint32_t offset = (uint32_t)(table - slot);
        memcpy(b->bytes + slot, &offset, sizeof offset);
        made_field(b, table, 1);
        made_ints(b, op->inputs, op->input_count);
        made_field(b, table, 2);
        made_ints(b, &op->output, 1);
        if (options) {
            size_t at = made_table(b, op->options, op->option_count);
            uint32_t to_options = (uint32_t)(at - (table + 4 + 16));
            memcpy(b->bytes + table + 4 + 16, &to_options, sizeof to_options);
        }
        if (op->custom != NULL) {
            made_field(b, table, 5);
            made_bytes(b, op->custom, 12);
        }
    }
}

static inline size_t made_item(struct buf *b, size_t list, int32_t i, const int32_t *fields, int32_t count)
{
    size_t slot = list + 4 * (size_t)i, table = made_table(b, fields, count);
    uint32_t offset = (uint32_t)(table - slot);
    memcpy(b->bytes + slot, &offset, sizeof offset);
    return table;
}

/* The whole file; `b` is initialised and empty. Buffer 0 is the empty one, buffer i + 1 belongs to tensor i. */
static inline void made_file(struct buf *b, const struct made_net *net)
{
    made_int(b, 0);
    buf_add(b, "TFL3", 4);
    size_t model = made_table(b, (int32_t[]){3, 0, 0, MADE_NONE, 0}, 5);
    uint32_t root = (uint32_t)model;
    memcpy(b->bytes, &root, sizeof root);
    made_field(b, model, 1);
    made_codes(b, net);
    made_field(b, model, 2);
    size_t graphs = made_list(b, 1), graph = made_item(b, graphs, 0, (int32_t[]){0, 0, 0, 0}, 4);
    made_field(b, graph, 0);
    size_t list = made_list(b, net->tensor_count);
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const struct made_tensor *tensor = &net->tensors[i];
        size_t table = made_item(b, list, i, (int32_t[]){0, tensor->type, tensor->data != NULL ? i + 1 : MADE_NONE}, 3);
        made_field(b, table, 0);
        made_ints(b, tensor->sides, tensor->rank);
    }
    made_field(b, graph, 1);
    made_ints(b, &net->in, 1);
    made_field(b, graph, 2);
    made_ints(b, &net->out, 1);
    made_field(b, graph, 3);
    made_operators(b, net);
    made_field(b, model, 4);
    size_t buffers = made_list(b, net->tensor_count + 1);
    for (int32_t i = -1; i < net->tensor_count; i++) {
        bool full = i >= 0 && net->tensors[i].data != NULL;
        size_t table = made_item(b, buffers, i + 1, (int32_t[]){full ? 0 : MADE_NONE}, 1);
        if (full) {
            made_field(b, table, 0);
            made_bytes(b, net->tensors[i].data, net->tensors[i].data_bytes);
        }
    }
}

/* ---- networks, piece by piece ---- */

static inline int32_t made_picture(struct made_net *net, int32_t height, int32_t width, int32_t channels)
{
    net->tensors[net->tensor_count] = (struct made_tensor){4, {1, height, width, channels}, MADE_FLOAT32, NULL, 0};
    return net->tensor_count++;
}

static inline struct made_operator *made_add(struct made_net *net, int32_t code, int32_t input, int32_t output)
{
    struct made_operator *op = &net->operators[net->operator_count++];
    *op = (struct made_operator){.code = code, .input_count = 1, .inputs = {input}, .output = output};
    return op;
}

/* 16-bit constants and the operator that makes floats of them; returns the tensor of floats. */
static inline int32_t made_weights(struct made_net *net, int32_t rank, const int32_t *sides, const uint16_t *halves)
{
    struct made_tensor tensor = {.rank = rank, .type = MADE_FLOAT16, .data = halves, .data_bytes = sizeof *halves};
    for (int32_t i = 0; i < rank; i++) {
        tensor.sides[i] = sides[i];
        tensor.data_bytes *= (size_t)sides[i];
    }
    int32_t from = net->tensor_count++, to = net->tensor_count++;
    net->tensors[from] = net->tensors[to] = tensor;
    net->tensors[to].type = MADE_FLOAT32;
    net->tensors[to].data = NULL;
    made_add(net, 6, from, to);
    return to;
}

/* A convolution, "SAME" unless valid; returns its output. weights: sides of the file's order. */
static inline int32_t made_conv(struct made_net *net, bool depthwise, int32_t input, const int32_t sides[4],
                                const uint16_t *weights, const uint16_t *bias, int32_t stride)
{
    const struct made_tensor *in = &net->tensors[input];
    int32_t outputs = depthwise ? sides[3] : sides[0];
    int32_t height = (in->sides[1] + stride - 1) / stride, width = (in->sides[2] + stride - 1) / stride;
    int32_t w = made_weights(net, 4, sides, weights), b = made_weights(net, 1, &outputs, bias);
    int32_t out = made_picture(net, height, width, outputs);
    struct made_operator *op = made_add(net, depthwise ? 4 : 3, input, out);
    op->input_count = 3;
    op->inputs[1] = w;
    op->inputs[2] = b;
    op->options_type = depthwise ? 2 : 1;
    op->option_count = depthwise ? 7 : 6;
    int32_t plain[7] = {0, stride, stride, 0, 1, 1, 0}, grouped[7] = {0, stride, stride, 1, 0, 1, 1};
    memcpy(op->options, depthwise ? grouped : plain, sizeof op->options);
    return out;
}

/* RELU 19, LOGISTIC 14, HARD_SWISH 117. */
static inline int32_t made_simple(struct made_net *net, int32_t code, int32_t input)
{
    const int32_t *sides = net->tensors[input].sides;
    int32_t out = made_picture(net, sides[1], sides[2], sides[3]);
    made_add(net, code, input, out);
    return out;
}

/* ADD 0, MUL 18. */
static inline int32_t made_pair(struct made_net *net, int32_t code, int32_t input, int32_t more)
{
    int32_t out = made_simple(net, code, input);
    struct made_operator *op = &net->operators[net->operator_count - 1];
    op->input_count = 2;
    op->inputs[1] = more;
    op->options_type = code == 0 ? 11 : 21;
    op->option_count = 1;
    op->options[0] = 0;
    return out;
}

static inline int32_t made_mean(struct made_net *net, int32_t input)
{
    const int32_t *sides = net->tensors[input].sides;
    int32_t out = made_picture(net, 1, 1, sides[3]);
    struct made_operator *op = made_add(net, 1, input, out);
    op->options_type = 5;
    op->option_count = 6;
    memcpy(op->options, (int32_t[]){1, sides[2], sides[1], sides[2], sides[1], 0}, 6 * sizeof(int32_t));
    return out;
}

/* `size`: two numbers that outlive the net: height and width of the output. */
static inline int32_t made_double(struct made_net *net, int32_t input, const int32_t size[2])
{
    const int32_t *sides = net->tensors[input].sides;
    int32_t channels = sides[3], list = net->tensor_count++;
    net->tensors[list] = (struct made_tensor){1, {2}, MADE_INT32, size, 2 * sizeof *size};
    int32_t out = made_picture(net, size[0], size[1], channels);
    struct made_operator *op = made_add(net, 23, input, out);
    op->input_count = 2;
    op->inputs[1] = list;
    op->options_type = 15;
    op->option_count = 4;
    memcpy(op->options, (int32_t[]){MADE_NONE, MADE_NONE, 0, 1}, 4 * sizeof(int32_t));
    return out;
}

static const int32_t made_spread_options[3] = {1, 2, 2};

static inline int32_t made_spread(struct made_net *net, int32_t input, int32_t outputs, const uint16_t *weights,
                                  const uint16_t *bias)
{
    const int32_t *sides = net->tensors[input].sides;
    int32_t height = sides[1], width = sides[2], channels = sides[3];
    int32_t w = made_weights(net, 4, (int32_t[]){outputs, 2, 2, channels}, weights);
    int32_t b = made_weights(net, 1, &outputs, bias), out = made_picture(net, 2 * height, 2 * width, outputs);
    struct made_operator *op = made_add(net, 32, input, out);
    op->input_count = 3;
    op->inputs[1] = w;
    op->inputs[2] = b;
    op->custom = made_spread_options;
    return out;
}

#endif
