#include "workers/tflite.h"

#include "base/arena.h"
#include "base/check.h"
#include "workers/flatbuffer.h"

#include <math.h>

/* ---- what is known of the file while it is read ---- */

#define RANK_MAX  4
#define CODES_MAX 32

/* The schema's numbers for what this file uses. */
enum { TYPE_FLOAT32 = 0, TYPE_FLOAT16 = 1, TYPE_INT32 = 2 };
enum { PADDING_SAME = 0, PADDING_VALID = 1 };

struct tensor {
    int32_t sides[RANK_MAX];
    int32_t rank;
    uint8_t type;
    struct flatbuffer_list data; /* its bytes when the file holds them */
    bool constant;               /* floats that came out of DEQUANTIZE; data are the 16-bit numbers */
    bool made;                   /* an activation that exists by now */
    int32_t first, last;         /* steps between which it must stay in memory */
    int32_t shares;              /* the tensor whose memory it took over; itself when none */
    size_t at;                   /* place in the memory, in floats */
};

/* Which tensors a step reads and writes; -1: none. */
struct wires {
    int32_t from, more, to;
};

struct loading {
    struct flatbuffer reader;
    struct tensor *tensors;
    int32_t tensor_count;
    const struct kind *kinds[CODES_MAX]; /* by the file's own numbers */
    uint32_t code_count;
    struct wires *wires; /* one per step */
    struct tflite_plan *plan;
    size_t weight_floats;
    int64_t multiplications;
    uint32_t operator_index; /* the one being read, for messages */
    char *why;
};

/* One operator of the file, with its inputs checked against the number of tensors. */
struct operation {
    size_t options; /* a table; 0: none, all defaults */
    struct flatbuffer_list custom;
    int32_t inputs[3], output;
};

struct kind {
    int32_t code; /* BuiltinOperator */
    uint8_t options_type;
    uint32_t inputs;
    bool (*add)(struct loading *l, const struct operation *op);
};

static PRINTF_LIKE(2, 3) bool refuse(struct loading *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(l->why, TFLITE_WHY_BYTES, format, args);
    va_end(args);
    return false;
}

static bool refuse_operator(struct loading *l, const char *what)
{
    return refuse(l, "Operator %" PRIu32 " of the network file %s.", l->operator_index, what);
}

static bool refuse_damaged(struct loading *l)
{
    return refuse(l, "The network file is damaged: it points outside of itself.");
}

static struct net_shape shape_of(const struct tensor *tensor)
{
    return (struct net_shape){tensor->sides[3], tensor->sides[1], tensor->sides[2]};
}

static bool is_shape(struct net_shape a, struct net_shape b)
{
    return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

static size_t tensor_count(const struct tensor *tensor)
{
    size_t count = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        count *= (size_t)tensor->sides[i];
    return count;
}

static bool is_activation(const struct tensor *tensor)
{
    return tensor->type == TYPE_FLOAT32 && tensor->rank == 4 && tensor->sides[0] == 1 && !tensor->constant &&
           tensor->data.count == 0;
}

/* ---- constants ---- */

static float half_to_float(uint16_t half)
{
    int exponent = half >> 10 & 31;
    float size = exponent == 0    ? ldexpf((float)(half & 1023), -24)
                 : exponent == 31 ? (half & 1023 ? NAN : INFINITY)
                                  : ldexpf((float)(half & 1023) + 1024.0f, exponent - 25);
    return half >> 15 ? -size : size;
}

/* The floats of a constant; outer × pixels × channels of the file become outer × channels × pixels. NULL: refused. */
static float *read_weights(struct loading *l, const struct tensor *tensor, size_t outer, size_t pixels, size_t channels)
{
    l->weight_floats += outer * pixels * channels;
    if (l->weight_floats > TFLITE_WEIGHT_FLOATS_MAX) {
        refuse(l, "The network file has too many weights.");
        return NULL;
    }
    float *to = ARENA_ARRAY(l->plan->arena, float, outer *pixels *channels);
    size_t from = tensor->data.at;
    for (size_t o = 0; o < outer; o++)
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < channels; c++, from += 2) {
                float weight = half_to_float(flatbuffer_short(&l->reader, from));
                if (!isfinite(weight)) {
                    refuse_operator(l, "has a weight that is not a number");
                    return NULL;
                }
                to[(o * channels + c) * pixels + p] = weight;
            }
    return to;
}

/* ---- steps ---- */

static struct tflite_step *add_step(struct loading *l, enum tflite_kind kind, const struct operation *op)
{
    struct tflite_plan *plan = l->plan;
    CHECK(plan->step_count < TFLITE_OPERATORS_MAX);
    struct tflite_step *step = &plan->steps[plan->step_count];
    step->kind = kind;
    step->in = shape_of(&l->tensors[op->inputs[0]]);
    step->out = shape_of(&l->tensors[op->output]);
    bool two = kind == TFLITE_ADD || kind == TFLITE_SCALE;
    l->wires[plan->step_count] = (struct wires){op->inputs[0], two ? op->inputs[1] : -1, op->output};
    l->tensors[op->output].made = true;
    plan->step_count++;
    return step;
}

static bool add_dequantize(struct loading *l, const struct operation *op)
{
    const struct tensor *from = &l->tensors[op->inputs[0]];
    struct tensor *to = &l->tensors[op->output];
    if (from->type != TYPE_FLOAT16 || to->type != TYPE_FLOAT32 || to->data.count != 0 || from->rank != to->rank ||
        memcmp(from->sides, to->sides, sizeof from->sides) != 0 || from->data.count != 2 * tensor_count(from))
        return refuse_operator(l, "does not turn 16-bit constants into floats");
    to->constant = true;
    to->data = from->data;
    return true;
}

/* Zeros before and behind one direction of a convolution: "SAME" puts the odd one behind. */
static void pad(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t *before, int32_t *behind)
{
    int32_t all = (out - 1) * stride + kernel - in;
    *before = all > 0 ? all / 2 : 0;
    *behind = all > 0 ? all - all / 2 : 0;
}

static bool window_read(struct loading *l, const struct operation *op, const struct tensor *weights, bool depthwise,
                        struct net_conv *conv)
{
    struct flatbuffer *r = &l->reader;
    size_t t = op->options, fused = depthwise ? 4 : 3;
    uint8_t padding = flatbuffer_byte_field(r, t, 0);
    int32_t stride = flatbuffer_int_field(r, t, 1, 0);
    if (stride < 1 || stride > 2 || flatbuffer_int_field(r, t, 2, 0) != stride ||
        flatbuffer_byte_field(r, t, fused) != 0 || flatbuffer_int_field(r, t, fused + 1, 1) != 1 ||
        flatbuffer_int_field(r, t, fused + 2, 1) != 1 || padding > PADDING_VALID ||
        (depthwise && flatbuffer_int_field(r, t, 3, 0) != 1))
        return refuse_operator(l, "is a convolution with options we do not know");
    if (weights->sides[1] > TFLITE_KERNEL_SIDE_MAX || weights->sides[2] > TFLITE_KERNEL_SIDE_MAX)
        return refuse_operator(l, "has too large a kernel");
    conv->kernel_height = weights->sides[1];
    conv->kernel_width = weights->sides[2];
    conv->stride = stride;
    struct net_shape in = shape_of(&l->tensors[op->inputs[0]]);
    if (padding == PADDING_SAME) {
        pad(in.height, (in.height + stride - 1) / stride, conv->kernel_height, stride, &conv->pad_top,
            &conv->pad_bottom);
        pad(in.width, (in.width + stride - 1) / stride, conv->kernel_width, stride, &conv->pad_left, &conv->pad_right);
    } else if (in.height < conv->kernel_height || in.width < conv->kernel_width) {
        return refuse_operator(l, "has a kernel larger than its picture");
    }
    return true;
}

/* Convolutions of both kinds: pictures × weights + bias. */
static bool add_window(struct loading *l, const struct operation *op, bool depthwise)
{
    const struct tensor *weights = &l->tensors[op->inputs[1]], *bias = &l->tensors[op->inputs[2]];
    struct net_shape in = shape_of(&l->tensors[op->inputs[0]]), out = shape_of(&l->tensors[op->output]);
    if (!weights->constant || !bias->constant || weights->rank != 4 || bias->rank != 1 ||
        bias->sides[0] != out.channels || weights->sides[3] != in.channels ||
        weights->sides[0] != (depthwise ? 1 : out.channels) || (depthwise && in.channels != out.channels))
        return refuse_operator(l, "has weights that do not fit");
    struct net_conv conv = {.inputs = in.channels, .outputs = out.channels};
    if (!window_read(l, op, weights, depthwise, &conv))
        return false;
    if (!is_shape(net_conv_shape(&conv, in), out))
        return refuse_operator(l, "has an output of the wrong size");
    l->multiplications += (int64_t)(tensor_count(weights) * (size_t)out.height * (size_t)out.width);
    conv.weights = read_weights(l, weights, (size_t)weights->sides[0],
                                (size_t)conv.kernel_height * (size_t)conv.kernel_width, (size_t)in.channels);
    conv.bias = conv.weights == NULL ? NULL : read_weights(l, bias, (size_t)out.channels, 1, 1);
    if (conv.bias == NULL)
        return false;
    add_step(l, depthwise ? TFLITE_DEPTHWISE : TFLITE_CONV, op)->conv = conv;
    return true;
}

static bool add_conv(struct loading *l, const struct operation *op)
{
    return add_window(l, op, false);
}

static bool add_depthwise(struct loading *l, const struct operation *op)
{
    return add_window(l, op, true);
}

/* The custom operator: a transposed convolution 2×2 of stride 2 with bias. */
static bool add_spread(struct loading *l, const struct operation *op)
{
    struct flatbuffer *r = &l->reader;
    const struct tensor *weights = &l->tensors[op->inputs[1]], *bias = &l->tensors[op->inputs[2]];
    struct net_shape in = shape_of(&l->tensors[op->inputs[0]]), out = shape_of(&l->tensors[op->output]);
    if (op->custom.count != 12 || flatbuffer_int(r, op->custom.at) != 1 || flatbuffer_int(r, op->custom.at + 4) != 2 ||
        flatbuffer_int(r, op->custom.at + 8) != 2)
        return refuse_operator(l, "is a transposed convolution with options we do not know");
    if (!weights->constant || !bias->constant || weights->rank != 4 || bias->rank != 1 ||
        bias->sides[0] != out.channels || weights->sides[0] != out.channels || weights->sides[1] != 2 ||
        weights->sides[2] != 2 || weights->sides[3] != in.channels)
        return refuse_operator(l, "has weights that do not fit");
    if (out.height != 2 * in.height || out.width != 2 * in.width)
        return refuse_operator(l, "has an output of the wrong size");
    l->multiplications += (int64_t)(tensor_count(weights) * (size_t)in.height * (size_t)in.width);
    struct net_conv conv = {.inputs = in.channels, .outputs = out.channels};
    conv.weights = read_weights(l, weights, tensor_count(weights), 1, 1);
    conv.bias = conv.weights == NULL ? NULL : read_weights(l, bias, (size_t)out.channels, 1, 1);
    if (conv.bias == NULL)
        return false;
    add_step(l, TFLITE_SPREAD, op)->conv = conv;
    return true;
}

static bool add_mean(struct loading *l, const struct operation *op)
{
    struct flatbuffer *r = &l->reader;
    struct net_shape in = shape_of(&l->tensors[op->inputs[0]]), out = shape_of(&l->tensors[op->output]);
    if (flatbuffer_byte_field(r, op->options, 0) != PADDING_VALID ||
        flatbuffer_int_field(r, op->options, 3, 0) != in.width ||
        flatbuffer_int_field(r, op->options, 4, 0) != in.height || flatbuffer_byte_field(r, op->options, 5) != 0)
        return refuse_operator(l, "is a mean of something else than the whole picture");
    if (!is_shape(out, (struct net_shape){in.channels, 1, 1}))
        return refuse_operator(l, "has an output of the wrong size");
    add_step(l, TFLITE_MEAN, op);
    return true;
}

static bool add_double(struct loading *l, const struct operation *op)
{
    struct flatbuffer *r = &l->reader;
    const struct tensor *size = &l->tensors[op->inputs[1]];
    struct net_shape in = shape_of(&l->tensors[op->inputs[0]]), out = shape_of(&l->tensors[op->output]);
    if (flatbuffer_byte_field(r, op->options, 2) != 0 || flatbuffer_byte_field(r, op->options, 3) != 1)
        return refuse_operator(l, "is a resize with options we do not know");
    if (size->type != TYPE_INT32 || size->data.count != 8 || flatbuffer_int(r, size->data.at) != out.height ||
        flatbuffer_int(r, size->data.at + 4) != out.width || out.height != 2 * in.height || out.width != 2 * in.width ||
        out.channels != in.channels)
        return refuse_operator(l, "has an output of the wrong size");
    add_step(l, TFLITE_DOUBLE, op);
    return true;
}

static bool add_simple(struct loading *l, const struct operation *op, enum tflite_kind kind)
{
    if (!is_shape(shape_of(&l->tensors[op->inputs[0]]), shape_of(&l->tensors[op->output])))
        return refuse_operator(l, "has an output of the wrong size");
    add_step(l, kind, op);
    return true;
}

static bool add_relu(struct loading *l, const struct operation *op)
{
    return add_simple(l, op, TFLITE_RELU);
}

static bool add_hard_swish(struct loading *l, const struct operation *op)
{
    return add_simple(l, op, TFLITE_HARD_SWISH);
}

static bool add_sigmoid(struct loading *l, const struct operation *op)
{
    return add_simple(l, op, TFLITE_SIGMOID);
}

static bool add_pair(struct loading *l, const struct operation *op, enum tflite_kind kind)
{
    const struct tensor *more = &l->tensors[op->inputs[1]];
    struct net_shape want = shape_of(&l->tensors[op->inputs[0]]);
    if (kind == TFLITE_SCALE)
        want.height = want.width = 1;
    if (!is_activation(more) || !more->made || op->inputs[0] == op->inputs[1] || !is_shape(shape_of(more), want))
        return refuse_operator(l, "has inputs that do not fit together");
    if (flatbuffer_byte_field(&l->reader, op->options, 0) != 0)
        return refuse_operator(l, "has an activation inside");
    return add_simple(l, op, kind);
}

static bool add_sum(struct loading *l, const struct operation *op)
{
    return add_pair(l, op, TFLITE_ADD);
}

static bool add_scale(struct loading *l, const struct operation *op)
{
    return add_pair(l, op, TFLITE_SCALE);
}

#define CODE_CUSTOM     32
#define CODE_DEQUANTIZE 6

static const struct kind kinds[] = {
    {0, 11, 2, add_sum},
    {1, 5, 1, add_mean},
    {3, 1, 3, add_conv},
    {4, 2, 3, add_depthwise},
    {14, 0, 1, add_sigmoid},
    {18, 21, 2, add_scale},
    {19, 0, 1, add_relu},
    {23, 15, 2, add_double},
    {CODE_CUSTOM, 0, 3, add_spread},
    {117, 0, 1, add_hard_swish},
    {CODE_DEQUANTIZE, 0, 1, add_dequantize},
};

/* ---- tables of the file ---- */

static bool read_codes(struct loading *l, size_t model)
{
    static const char custom[] = "Convolution2DTransposeBias";
    struct flatbuffer *r = &l->reader;
    struct flatbuffer_list list = flatbuffer_list_field(r, model, 1, 4);
    if (list.count > CODES_MAX)
        return refuse(l, "The network file has too many kinds of operators.");
    l->code_count = list.count;
    for (uint32_t i = 0; i < list.count; i++) {
        size_t table = flatbuffer_list_table(r, list, i);
        int32_t code = flatbuffer_int_field(r, table, 3, 0); /* newer field; older files have only the byte */
        if (code == 0)
            code = flatbuffer_byte_field(r, table, 0);
        for (size_t k = 0; k < countof(kinds); k++)
            if (kinds[k].code == code)
                l->kinds[i] = &kinds[k];
        if (r->bad)
            return refuse_damaged(l);
        struct flatbuffer_list name = flatbuffer_list_field(r, table, 1, 1);
        bool known = l->kinds[i] != NULL &&
                     (code != CODE_CUSTOM ||
                      (name.count == sizeof custom - 1 && memcmp(r->bytes + name.at, custom, name.count) == 0));
        if (!known)
            return refuse(l, "The network file has an operator we do not know (%" PRId32 ").", code);
    }
    return true;
}

static bool read_tensor(struct loading *l, size_t table, struct flatbuffer_list buffers, struct tensor *tensor)
{
    struct flatbuffer *r = &l->reader;
    struct flatbuffer_list sides = flatbuffer_list_field(r, table, 0, 4);
    if (sides.count > RANK_MAX || flatbuffer_field(r, table, 6) != 0)
        return refuse(l, "The network file has a tensor of an unknown form.");
    tensor->rank = (int32_t)sides.count;
    size_t count = 1;
    for (uint32_t i = 0; i < sides.count; i++) {
        tensor->sides[i] = flatbuffer_int(r, sides.at + 4 * (size_t)i);
        if (tensor->sides[i] < 1 || tensor->sides[i] > TFLITE_SIDE_MAX)
            return refuse(l, "The network file has a tensor of an impossible size.");
        count *= (size_t)tensor->sides[i]; /* at most TFLITE_SIDE_MAX to the fourth: fits */
    }
    if (count > TFLITE_MEMORY_FLOATS_MAX)
        return refuse(l, "The network file has a tensor that is too large.");
    tensor->type = flatbuffer_byte_field(r, table, 1);
    uint32_t buffer = (uint32_t)flatbuffer_int_field(r, table, 2, 0);
    if (buffer >= buffers.count)
        return refuse_damaged(l);
    tensor->data = flatbuffer_list_field(r, flatbuffer_list_table(r, buffers, buffer), 0, 1);
    return true;
}

static bool read_tensors(struct loading *l, size_t model, size_t graph)
{
    struct flatbuffer *r = &l->reader;
    struct flatbuffer_list list = flatbuffer_list_field(r, graph, 0, 4),
                           buffers = flatbuffer_list_field(r, model, 4, 4);
    if (list.count > TFLITE_TENSORS_MAX)
        return refuse(l, "The network file has too many tensors.");
    for (uint32_t i = 0; i < list.count && !r->bad; i++) {
        struct tensor *tensor = &l->tensors[i];
        if (!read_tensor(l, flatbuffer_list_table(r, list, i), buffers, tensor))
            return false;
        tensor->shares = (int32_t)i;
    }
    l->tensor_count = (int32_t)list.count;
    return r->bad ? refuse_damaged(l) : true;
}

static bool read_tensor_index(struct loading *l, struct flatbuffer_list list, uint32_t i, int32_t *index)
{
    *index = flatbuffer_int(&l->reader, list.at + 4 * (size_t)i);
    return *index >= 0 && *index < l->tensor_count;
}

static bool read_operator(struct loading *l, size_t table)
{
    struct flatbuffer *r = &l->reader;
    struct operation op = {.options = flatbuffer_table_field(r, table, 4),
                           .custom = flatbuffer_list_field(r, table, 5, 1)};
    uint32_t code = (uint32_t)flatbuffer_int_field(r, table, 0, 0);
    if (code >= l->code_count)
        return refuse_operator(l, "is of no kind");
    const struct kind *kind = l->kinds[code];
    struct flatbuffer_list inputs = flatbuffer_list_field(r, table, 1, 4),
                           outputs = flatbuffer_list_field(r, table, 2, 4);
    bool known = inputs.count == kind->inputs && outputs.count == 1 && read_tensor_index(l, outputs, 0, &op.output);
    for (uint32_t i = 0; known && i < inputs.count; i++)
        known = read_tensor_index(l, inputs, i, &op.inputs[i]);
    if (!known)
        return refuse_operator(l, "has other inputs or outputs than its kind");
    /* HARD_SWISH and the like may name a table of options or none: it would be empty. */
    if (kind->options_type != 0 && (flatbuffer_byte_field(r, table, 3) != kind->options_type || op.options == 0))
        return refuse_operator(l, "lacks its options");
    const struct tensor *from = &l->tensors[op.inputs[0]], *to = &l->tensors[op.output];
    if (to->made || to->constant)
        return refuse_operator(l, "writes what was written before");
    if (kind->code != CODE_DEQUANTIZE && (!is_activation(from) || !from->made || !is_activation(to)))
        return refuse_operator(l, "works on something else than pictures made before it");
    return kind->add(l, &op);
}

static bool read_operators(struct loading *l, size_t graph)
{
    struct flatbuffer *r = &l->reader;
    struct flatbuffer_list list = flatbuffer_list_field(r, graph, 3, 4);
    if (list.count > TFLITE_OPERATORS_MAX)
        return refuse(l, "The network file has too many operators.");
    for (uint32_t i = 0; i < list.count; i++) {
        l->operator_index = i;
        bool good = read_operator(l, flatbuffer_list_table(r, list, i));
        if (r->bad)
            return refuse_damaged(l);
        if (!good)
            return false;
        if (l->multiplications > TFLITE_MULTIPLICATION_MAX)
            return refuse(l, "The network of this file would take too long.");
    }
    return true;
}

static bool read_graph(struct loading *l, int32_t *in, int32_t *out)
{
    struct flatbuffer *r = &l->reader;
    unsigned char mark[4];
    flatbuffer_bytes(r, 4, mark, sizeof mark);
    if (memcmp(mark, "TFL3", sizeof mark) != 0)
        return refuse(l, "This is not a TensorFlow Lite file.");
    size_t model = flatbuffer_offset(r, 0);
    struct flatbuffer_list graphs = flatbuffer_list_field(r, model, 2, 4);
    if (!r->bad && (flatbuffer_int_field(r, model, 0, 0) != 3 || graphs.count != 1))
        return refuse(l, "The network file has another version or not exactly one network.");
    if (r->bad)
        return refuse_damaged(l);
    size_t graph = flatbuffer_list_table(r, graphs, 0);
    if (!read_codes(l, model) || !read_tensors(l, model, graph))
        return false;
    struct flatbuffer_list inputs = flatbuffer_list_field(r, graph, 1, 4),
                           outputs = flatbuffer_list_field(r, graph, 2, 4);
    if (inputs.count != 1 || outputs.count != 1 || !read_tensor_index(l, inputs, 0, in) ||
        !read_tensor_index(l, outputs, 0, out) || !is_activation(&l->tensors[*in]))
        return refuse(l, "The network file has not exactly one picture as input and one as output.");
    l->tensors[*in].made = true;
    if (!read_operators(l, graph))
        return false;
    return l->tensors[*out].made ? true : refuse(l, "The network file does not make its output.");
}

/* ---- places in the memory ---- */

/* Memory in use between two steps. */
struct block {
    int32_t first, last;
    size_t at, floats;
};

static size_t aligned(size_t floats)
{
    size_t line = TFLITE_MEMORY_ALIGN_BYTES / sizeof(float);
    return (floats + line - 1) / line * line;
}

/* The lowest place that is free all the time that `block` is needed. */
static void place(struct block *blocks, size_t count, struct block *block)
{
    block->at = 0;
    for (size_t i = 0; i < count;) {
        const struct block *other = &blocks[i++];
        if (other->first <= block->last && block->first <= other->last && other->at < block->at + block->floats &&
            block->at < other->at + other->floats) {
            block->at = other->at + other->floats;
            i = 0; /* what was passed may be in the way now */
        }
    }
    blocks[count] = *block;
}

static void find_lifetimes(struct loading *l, int32_t in, int32_t out)
{
    int32_t steps = (int32_t)l->plan->step_count;
    l->tensors[in].first = l->tensors[in].last = -1;
    for (int32_t i = 0; i < steps; i++) {
        const struct wires *wires = &l->wires[i];
        l->tensors[wires->to].first = l->tensors[wires->to].last = i;
        l->tensors[wires->from].last = i;
        if (wires->more >= 0)
            l->tensors[wires->more].last = i;
    }
    l->tensors[out].last = steps;
}

/* Simple operators take over the memory of an input that is not needed afterwards. */
static void share_memory(struct loading *l)
{
    for (int32_t i = 0; i < (int32_t)l->plan->step_count; i++) {
        struct wires *wires = &l->wires[i];
        if (l->plan->steps[i].kind < TFLITE_RELU)
            continue;
        if (l->plan->steps[i].kind == TFLITE_ADD && l->tensors[wires->from].last != i)
            *wires = (struct wires){wires->more, wires->from, wires->to};
        struct tensor *from = &l->tensors[wires->from], *to = &l->tensors[wires->to];
        if (from->last == i) {
            to->shares = from->shares;
            l->tensors[to->shares].last = to->last;
        }
    }
}

static bool place_all(struct loading *l, int32_t in, int32_t out)
{
    struct tflite_plan *plan = l->plan;
    struct block *blocks = ARENA_ARRAY(plan->arena, struct block, TFLITE_TENSORS_MAX + TFLITE_OPERATORS_MAX);
    size_t count = 0;
    find_lifetimes(l, in, out);
    share_memory(l);
    for (int32_t i = 0; i < l->tensor_count; i++) {
        struct tensor *tensor = &l->tensors[i];
        if (!tensor->made || tensor->shares != i)
            continue;
        struct block block = {tensor->first, tensor->last, 0, aligned(tensor_count(tensor))};
        place(blocks, count++, &block);
        tensor->at = block.at;
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        struct tflite_step *step = &plan->steps[i];
        const struct wires *wires = &l->wires[i];
        struct block scratch = {(int32_t)i, (int32_t)i, 0, 0};
        if (step->kind == TFLITE_CONV)
            scratch.floats = aligned(net_conv_scratch(&step->conv, step->in));
        if (scratch.floats > 0)
            place(blocks, count++, &scratch);
        step->scratch = scratch.at;
        step->from = l->tensors[l->tensors[wires->from].shares].at;
        step->more = wires->more < 0 ? 0 : l->tensors[l->tensors[wires->more].shares].at;
        step->to = l->tensors[l->tensors[wires->to].shares].at;
    }
    for (size_t i = 0; i < count; i++)
        if (blocks[i].at + blocks[i].floats > plan->memory_floats)
            plan->memory_floats = blocks[i].at + blocks[i].floats;
    plan->in = shape_of(&l->tensors[in]);
    plan->out = shape_of(&l->tensors[out]);
    plan->in_at = l->tensors[l->tensors[in].shares].at;
    plan->out_at = l->tensors[l->tensors[out].shares].at;
    return plan->memory_floats <= TFLITE_MEMORY_FLOATS_MAX
               ? true
               : refuse(l, "The network of this file would need too much memory.");
}

/* ---- the whole ---- */

/* Weights and working tables; twice, for the arena's blocks may end half empty. */
#define ARENA_BYTES (2 * (TFLITE_WEIGHT_FLOATS_MAX * sizeof(float) + MIB(1)))

enum err tflite_read(const void *bytes, size_t len, struct tflite_plan **out, char why[TFLITE_WHY_BYTES])
{
    *out = NULL;
    why[0] = '\0';
    struct arena *arena = arena_new(ARENA_BYTES);
    struct tflite_plan *plan = ARENA_NEW(arena, struct tflite_plan);
    plan->arena = arena;
    plan->steps = ARENA_ARRAY(arena, struct tflite_step, TFLITE_OPERATORS_MAX);
    struct loading l = {.reader = {bytes, len, false}, .plan = plan, .why = why};
    l.tensors = ARENA_ARRAY(arena, struct tensor, TFLITE_TENSORS_MAX);
    l.wires = ARENA_ARRAY(arena, struct wires, TFLITE_OPERATORS_MAX);
    int32_t in_tensor = 0, out_tensor = 0;
    bool good = len <= TFLITE_FILE_BYTES_MAX ? read_graph(&l, &in_tensor, &out_tensor)
                                             : refuse(&l, "The network file is too large.");
    if (!good || !place_all(&l, in_tensor, out_tensor)) {
        arena_free(arena);
        return ERR_UNREADABLE;
    }
    *out = plan;
    return ERR_NONE;
}

void tflite_free(struct tflite_plan *plan)
{
    if (plan != NULL)
        arena_free(plan->arena);
}

/* ---- running ---- */

static void run_in_place(const struct tflite_step *step, float *memory)
{
    float *values = memory + step->to;
    size_t count = net_count(step->out);
    if (step->from != step->to)
        memcpy(values, memory + step->from, count * sizeof(float));
    if (step->kind == TFLITE_RELU)
        net_relu(values, count);
    else if (step->kind == TFLITE_HARD_SWISH)
        net_hard_swish(values, count);
    else if (step->kind == TFLITE_SIGMOID)
        net_sigmoid(values, count);
    else if (step->kind == TFLITE_ADD)
        net_add(values, memory + step->more, count);
    else
        net_scale_planes(values, step->out, memory + step->more);
}

void tflite_run(const struct tflite_plan *plan, float *memory)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct tflite_step *step = &plan->steps[i];
        const float *in = memory + step->from;
        float *out = memory + step->to;
        const struct net_conv *conv = &step->conv;
        switch (step->kind) {
        case TFLITE_CONV:
            net_conv(conv, step->in, in, out, memory + step->scratch);
            break;
        case TFLITE_DEPTHWISE:
            net_depthwise(conv, step->in, in, out);
            break;
        case TFLITE_SPREAD:
            net_spread(in, step->in, conv->outputs, conv->weights, conv->bias, out);
            break;
        case TFLITE_MEAN:
            net_mean_planes(in, step->in, out);
            break;
        case TFLITE_DOUBLE:
            net_double(in, step->in, out);
            break;
        default:
            run_in_place(step, memory);
        }
    }
}
