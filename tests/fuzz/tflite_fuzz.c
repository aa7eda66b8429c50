/* links: xy_workers */
/* tflite — any bytes as a network file: a plan or a reason. A plan is the same when read again, each of its places lies
 * in its memory and no step writes over what it reads; small ones are run, and one in sixteen of the large. */
#include "workers/tflite.h"

#include "base/check.h"

#define SMALL_FLOATS 65536

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool apart(size_t a, size_t a_count, size_t b, size_t b_count)
{
    return a + a_count <= b || b + b_count <= a;
}

static void check_places(const struct tflite_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct tflite_step *step = &plan->steps[i];
        size_t in = net_count(step->in), out = net_count(step->out);
        CHECK(step->from + in <= plan->memory_floats && step->to + out <= plan->memory_floats);
        CHECK(apart(step->from, in, step->to, out) || (step->kind >= TFLITE_RELU && step->from == step->to));
        if (step->kind == TFLITE_ADD || step->kind == TFLITE_SCALE) {
            size_t more = step->kind == TFLITE_ADD ? in : (size_t)step->in.channels;
            CHECK(step->more + more <= plan->memory_floats && apart(step->more, more, step->to, out));
        }
        if (step->kind == TFLITE_CONV) {
            size_t scratch = net_conv_scratch(&step->conv, step->in);
            CHECK(step->scratch + scratch <= plan->memory_floats);
            CHECK(scratch == 0 ||
                  (apart(step->scratch, scratch, step->from, in) && apart(step->scratch, scratch, step->to, out)));
        }
    }
    CHECK(plan->in_at + net_count(plan->in) <= plan->memory_floats);
    CHECK(plan->out_at + net_count(plan->out) <= plan->memory_floats);
}

static void run(const struct tflite_plan *plan)
{
    float *memory = aligned_alloc(TFLITE_MEMORY_ALIGN_BYTES, plan->memory_floats * sizeof *memory);
    CHECK(memory != NULL);
    memset(memory, 0, plan->memory_floats * sizeof *memory);
    tflite_run(plan, memory);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct tflite_plan *plan, *again;
    char why[TFLITE_WHY_BYTES], why_again[TFLITE_WHY_BYTES];
    uint32_t sum = 0;
    enum err e = tflite_read(bytes, len, &plan, why), e_again = tflite_read(bytes, len, &again, why_again);
    CHECK(e == e_again && (e == ERR_NONE) == (plan != NULL) && strcmp(why, why_again) == 0);
    CHECK((e == ERR_NONE) == (why[0] == '\0'));
    if (plan != NULL) {
        CHECK(plan->memory_floats == again->memory_floats && plan->step_count == again->step_count);
        check_places(plan);
        for (size_t i = 0; i < len; i++)
            sum = sum * 31 + bytes[i];
        if (plan->memory_floats <= SMALL_FLOATS || sum % 16 == 0)
            run(plan);
    }
    tflite_free(plan);
    tflite_free(again);
    return 0;
}
