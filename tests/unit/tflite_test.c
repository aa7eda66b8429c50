/* links: xy_workers */
#include "workers/flatbuffer.c"
#include "workers/tflite.c"

#include "tests/check.h"
#include "tests/tflite_make.h"

#define FILE_BYTES_MAX KIB(64)
#define VALUES_MAX     1024

static uint16_t ones[64], zeros[64];

static struct made_net net_of(int32_t height, int32_t width, int32_t channels)
{
    for (size_t i = 0; i < countof(ones); i++)
        ones[i] = made_half(1);
    struct made_net net = {.tensor_count = 0};
    net.in = made_picture(&net, height, width, channels);
    return net;
}

static void halves_of(const float *values, size_t count, uint16_t *halves)
{
    for (size_t i = 0; i < count; i++)
        halves[i] = made_half(values[i]);
}

/* Writes the net, reads it and runs it on `in` (planes); the output goes to `out`. */
static void run_net(const struct made_net *net, const float *in, float *out)
{
    char why[TFLITE_WHY_BYTES];
    struct buf file;
    struct tflite_plan *plan;
    buf_init(&file, FILE_BYTES_MAX);
    made_file(&file, net);
    enum err e = tflite_read(file.bytes, file.len, &plan, why);
    buf_release(&file);
    if (e != ERR_NONE)
        TEST_FAIL("%s", why);
    float *memory = aligned_alloc(TFLITE_MEMORY_ALIGN_BYTES, plan->memory_floats * sizeof *memory);
    for (size_t i = 0; i < plan->memory_floats; i++)
        memory[i] = NAN; /* what is read before it was written shows */
    memcpy(memory + plan->in_at, in, net_count(plan->in) * sizeof *in);
    tflite_run(plan, memory);
    memcpy(out, memory + plan->out_at, net_count(plan->out) * sizeof *out);
    free(memory);
    tflite_free(plan);
}

/* "" when the net is accepted. */
static const char *refusal(const struct made_net *net)
{
    static char why[TFLITE_WHY_BYTES];
    struct buf file;
    struct tflite_plan *plan;
    buf_init(&file, FILE_BYTES_MAX);
    made_file(&file, net);
    enum err e = tflite_read(file.bytes, file.len, &plan, why);
    buf_release(&file);
    tflite_free(plan);
    if ((e == ERR_NONE) != (plan != NULL) || (e == ERR_NONE) != (why[0] == '\0'))
        TEST_FAIL("a plan or a reason, not both: %s", why);
    return why;
}

static void count_up(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(i + 1);
}

/* ---- numbers ---- */

TEST(sixteen_bit_floats)
{
    EQ_INT(0, memcmp(&(float){1.0F}, &(float){half_to_float(0x3c00)}, 4));
    NEAR(-2, half_to_float(0xc000), 0);
    NEAR(65504, half_to_float(0x7bff), 0);
    NEAR(0.333251953125, half_to_float(0x3555), 0);
    NEAR(5.9604644775390625e-8, half_to_float(0x0001), 0);
    NEAR(6.103515625e-5, half_to_float(0x0400), 0);
    TRUE(isinf(half_to_float(0x7c00)) && isnan(half_to_float(0x7e00)) && signbit(half_to_float(0x8000)));
}

TEST(stride_2_pads_bottom_and_right)
{
    float in[16], out[4];
    struct made_net net = net_of(4, 4, 1);
    net.out = made_conv(&net, false, net.in, (int32_t[]){1, 3, 3, 1}, ones, zeros, 2);
    count_up(in, 16);
    run_net(&net, in, out);
    NEAR(1 + 2 + 3 + 5 + 6 + 7 + 9 + 10 + 11, out[0], 0); /* rows and columns 0..2: nothing above, nothing left */
    NEAR(3 + 4 + 7 + 8 + 11 + 12, out[1], 0);
    NEAR(9 + 10 + 11 + 13 + 14 + 15, out[2], 0);
    NEAR(11 + 12 + 15 + 16, out[3], 0);
}

TEST(stride_2_with_five_pads_one_before_and_two_behind)
{
    float in[16], out[4];
    struct made_net net = net_of(4, 4, 1);
    net.out = made_conv(&net, true, net.in, (int32_t[]){1, 5, 5, 1}, ones, zeros, 2);
    count_up(in, 16);
    run_net(&net, in, out);
    NEAR(136, out[0], 0); /* rows -1..3: the whole picture */
    NEAR(2 + 3 + 4 + 6 + 7 + 8 + 10 + 11 + 12 + 14 + 15 + 16, out[1], 0);
    NEAR(5 + 6 + 7 + 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15 + 16, out[2], 0);
    NEAR(6 + 7 + 8 + 10 + 11 + 12 + 14 + 15 + 16, out[3], 0);
}

TEST(doubling_has_half_pixel_centres)
{
    static const int32_t size[2] = {4, 4};
    static const float want[16] = {0,    0.25F, 0.75F, 1,    0.5F, 0.75F, 1.25F, 1.5F,
                                   1.5F, 1.75F, 2.25F, 2.5F, 2,    2.25F, 2.75F, 3};
    float in[4] = {0, 1, 2, 3}, out[16];
    struct made_net net = net_of(2, 2, 1);
    net.out = made_double(&net, net.in, size);
    run_net(&net, in, out);
    for (size_t i = 0; i < 16; i++)
        NEAR(want[i], out[i], 1e-6);
}

TEST(weights_are_turned_from_channels_last)
{
    /* Two inputs, two outputs, 3×3; each weight is unlike all others, so that a wrong order shows. */
    float in[2 * 9], out[2 * 9], weights[36];
    uint16_t halves[36], bias[2] = {made_half(0.5F), made_half(-0.25F)};
    struct made_net net = net_of(3, 3, 2);
    count_up(in, 18);
    count_up(weights, 36);
    halves_of(weights, 36, halves);
    net.out = made_conv(&net, false, net.in, (int32_t[]){2, 3, 3, 2}, halves, bias, 1);
    run_net(&net, in, out);
    for (int o = 0; o < 2; o++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++) {
                double sum = o == 0 ? 0.5 : -0.25;
                for (int c = 0; c < 2; c++)
                    for (int ky = 0; ky < 3; ky++)
                        for (int kx = 0; kx < 3; kx++) {
                            int from_y = y + ky - 1, from_x = x + kx - 1;
                            if (from_y >= 0 && from_y < 3 && from_x >= 0 && from_x < 3)
                                sum += (double)in[c * 9 + from_y * 3 + from_x] *
                                       (double)weights[((o * 3 + ky) * 3 + kx) * 2 + c];
                        }
                NEAR(sum, out[o * 9 + y * 3 + x], 1e-2);
            }
}

TEST(spread_makes_two_by_two)
{
    /* Two inputs, one output: weights of the four corners, channel last. */
    static const float weights[8] = {1, 10, 2, 20, 3, 30, 4, 40};
    uint16_t halves[8], bias[1] = {made_half(0.5F)};
    float in[4] = {1, 2, 3, 4}, out[8]; /* planes of 1×2 */
    struct made_net net = net_of(1, 2, 2);
    halves_of(weights, 8, halves);
    net.out = made_spread(&net, net.in, 1, halves, bias);
    run_net(&net, in, out);
    static const float want[8] = {31.5F, 62.5F, 42.5F, 84.5F, 93.5F, 124.5F, 126.5F, 168.5F};
    for (size_t i = 0; i < 8; i++)
        NEAR(want[i], out[i], 0);
}

/* ---- memory ---- */

/* in → relu and hard swish, both of the untouched input; their sum, scaled by a gate made of the first. */
static struct made_net branches(void)
{
    struct made_net net = net_of(2, 2, 2);
    int32_t relu = made_simple(&net, 19, net.in), swish = made_simple(&net, 117, net.in);
    int32_t gate = made_simple(&net, 14, made_mean(&net, relu));
    int32_t sum = made_pair(&net, 0, relu, swish);
    net.out = made_pair(&net, 0, made_pair(&net, 18, sum, gate), relu);
    return net;
}

TEST(nothing_is_overwritten_that_is_needed_later)
{
    float in[8] = {-4, -1, 1, 4, 2, -2, 0.5F, 3}, out[8];
    struct made_net net = branches();
    run_net(&net, in, out);
    for (int i = 0; i < 8; i++) {
        double mean = 0;
        for (int k = 0; k < 4; k++)
            mean += fmax((double)in[i / 4 * 4 + k], 0) / 4;
        double value = (double)in[i], relu = fmax(value, 0), swish = value * fmin(fmax(value / 6 + 0.5, 0), 1);
        NEAR((relu + swish) / (1 + exp(-mean)) + relu, out[i], 1e-5);
    }
}

TEST(memory_is_used_again)
{
    char why[TFLITE_WHY_BYTES];
    struct made_net net = net_of(16, 16, 1);
    int32_t last = net.in;
    for (int i = 0; i < 8; i++)
        last = made_simple(&net, 19, last);
    static const int32_t size[2] = {32, 32};
    net.out = made_double(&net, last, size);
    struct buf file;
    struct tflite_plan *plan;
    buf_init(&file, FILE_BYTES_MAX);
    made_file(&file, &net);
    EQ_INT(ERR_NONE, tflite_read(file.bytes, file.len, &plan, why));
    buf_release(&file);
    EQ_INT(16 * 16 + 32 * 32, plan->memory_floats); /* eight times in place, then one more picture */
    tflite_free(plan);
}

/* ---- what is refused ---- */

TEST(every_refusal_has_its_sentence)
{
    struct made_net good = branches(), net;
    EQ_TEXT("", refusal(&good));

    net = good;
    net.operators[0].code = 40;
    EQ_TEXT("The network file has an operator we do not know (40).", refusal(&net));
    net = good;
    net.operators[0].inputs[0] = 99;
    EQ_TEXT("Operator 0 of the network file has other inputs or outputs than its kind.", refusal(&net));
    net = good;
    net.operators[0].inputs[0] = net.out;
    EQ_TEXT("Operator 0 of the network file works on something else than pictures made before it.", refusal(&net));
    net = good;
    net.operators[1].output = net.operators[0].output;
    EQ_TEXT("Operator 1 of the network file writes what was written before.", refusal(&net));
    net = good;
    net.operators[net.operator_count - 1].inputs[1] = net.operators[net.operator_count - 1].inputs[0];
    EQ_TEXT("Operator 6 of the network file has inputs that do not fit together.", refusal(&net));
    net = good;
    net.operators[net.operator_count - 1].options[0] = 1;
    EQ_TEXT("Operator 6 of the network file has an activation inside.", refusal(&net));
    net = good;
    net.operators[net.operator_count - 1].options_type = 0;
    EQ_TEXT("Operator 6 of the network file lacks its options.", refusal(&net));
    net = good;
    net.operators[2].options[3] = 1; /* the mean's window */
    EQ_TEXT("Operator 2 of the network file is a mean of something else than the whole picture.", refusal(&net));
    net = good;
    net.tensors[net.out].sides[3] = 3;
    EQ_TEXT("Operator 6 of the network file has an output of the wrong size.", refusal(&net));
    net = good;
    net.operator_count--;
    EQ_TEXT("The network file does not make its output.", refusal(&net));
    net = good;
    net.tensors[net.in].sides[1] = -1;
    EQ_TEXT("The network file has a tensor of an impossible size.", refusal(&net));
    net = good;
    net.tensors[net.in].sides[1] = net.tensors[net.in].sides[2] = 4096;
    EQ_TEXT("The network file has a tensor that is too large.", refusal(&net));
}

TEST(convolutions_are_refused_for_what_we_do_not_do)
{
    static const int32_t sides[4] = {1, 3, 3, 1};
    struct made_net good = net_of(8, 8, 1), net;
    good.out = made_conv(&good, false, good.in, sides, ones, zeros, 1);
    EQ_TEXT("", refusal(&good));
    for (int i = 0; i < 6; i++) {
        net = good;
        net.operators[2].options[i] += 2; /* padding, strides, activation, dilations */
        EQ_TEXT("Operator 2 of the network file is a convolution with options we do not know.", refusal(&net));
    }
    net = good;
    net.operators[2].inputs[1] = net.in;
    EQ_TEXT("Operator 2 of the network file has weights that do not fit.", refusal(&net));
    uint16_t bad[9] = {0x3c00, 0x7c00};
    net = good;
    net.tensors[1].data = bad;
    EQ_TEXT("Operator 2 of the network file has a weight that is not a number.", refusal(&net));
    net = good;
    net.tensors[1].data_bytes--;
    EQ_TEXT("Operator 0 of the network file does not turn 16-bit constants into floats.", refusal(&net));
}

TEST(a_network_that_would_take_too_long_is_refused)
{
    static uint16_t weights[256 * 9 * 64];
    struct made_net net = net_of(256, 256, 64);
    net.out = made_conv(&net, false, net.in, (int32_t[]){256, 3, 3, 64}, weights, weights, 1);
    struct buf file;
    struct tflite_plan *plan;
    char why[TFLITE_WHY_BYTES];
    buf_init(&file, MIB(1));
    made_file(&file, &net);
    EQ_INT(ERR_UNREADABLE, tflite_read(file.bytes, file.len, &plan, why));
    EQ_TEXT("The network of this file would take too long.", why);
    buf_release(&file);
}

/* ---- damage ---- */

/* A small network with every kind of operator. */
static struct made_net every_kind(void)
{
    static const int32_t size[2] = {8, 8};
    struct made_net net = net_of(8, 8, 2);
    int32_t conv = made_conv(&net, false, net.in, (int32_t[]){2, 3, 3, 2}, ones, zeros, 2);
    int32_t deep = made_simple(&net, 117, made_conv(&net, true, conv, (int32_t[]){1, 3, 3, 2}, ones, zeros, 1));
    int32_t gate = made_simple(&net, 14, made_mean(&net, deep));
    int32_t sum = made_pair(&net, 0, made_pair(&net, 18, deep, gate), conv);
    net.out = made_spread(&net, made_double(&net, made_simple(&net, 19, sum), size), 1, ones, zeros);
    return net;
}

/* A damaged file is refused with a reason, or makes a plan that runs within its memory (the sanitizers look). */
static bool survives(const char *bytes, size_t len)
{
    char why[TFLITE_WHY_BYTES], *exact = malloc(len + (len == 0));
    memcpy(exact, bytes, len);
    struct tflite_plan *plan;
    enum err e = tflite_read(exact, len, &plan, why);
    free(exact);
    if (e != ERR_NONE)
        return plan == NULL && why[0] != '\0';
    float *memory = aligned_alloc(TFLITE_MEMORY_ALIGN_BYTES, plan->memory_floats * sizeof *memory);
    memset(memory, 0, plan->memory_floats * sizeof *memory);
    tflite_run(plan, memory);
    free(memory);
    tflite_free(plan);
    return true;
}

TEST(a_file_cut_anywhere_is_refused_or_runs)
{
    struct made_net net = every_kind();
    struct buf file;
    EQ_TEXT("", refusal(&net));
    buf_init(&file, FILE_BYTES_MAX);
    made_file(&file, &net);
    for (size_t len = 0; len < file.len; len++)
        TRUE(survives(file.bytes, len));
    buf_release(&file);
}

TEST(a_file_with_any_byte_changed_is_refused_or_runs)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff};
    struct made_net net = every_kind();
    struct buf file;
    buf_init(&file, FILE_BYTES_MAX);
    made_file(&file, &net);
    for (size_t at = 0; at < file.len; at++)
        for (size_t i = 0; i < countof(changes); i++) {
            file.bytes[at] = (char)(file.bytes[at] ^ (char)changes[i]);
            TRUE(survives(file.bytes, file.len));
            file.bytes[at] = (char)(file.bytes[at] ^ (char)changes[i]);
        }
    buf_release(&file);
}

int main(void)
{
    return tests_run();
}
