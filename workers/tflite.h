/* tflite — reads the person mask's network file and makes a plan of it that net.h can run.
 *
 * A .tflite file is a flatbuffer: tables that point at each other by offsets. This reader knows the schema's few fields
 * and the eleven kinds of operators that MediaPipe's selfie_segmentation.tflite has, and refuses everything else with
 * one English sentence. Not a framework: no other network is meant to pass, although one of the same kind may.
 *
 * The file is not trusted: every read is checked against its end, every shape against the operator that uses it, every
 * weight must be a finite number, and what the plan may cost in memory and in multiplications is capped below. What was
 * read can be run without any further check.
 *
 * Translated while reading: 16-bit constants become floats; height × width × channels becomes channels × height ×
 * width; "SAME" padding becomes numbers (an odd pixel goes to the bottom and right). Activations get their places in
 * one block of memory by their lifetimes, and the simple operators work in place where nobody needs their input any
 * more.
 *
 * A plan is immutable and may be shared by threads; each run needs a block of memory of its own. */
#ifndef XY_WORKERS_TFLITE_H
#define XY_WORKERS_TFLITE_H

#include "base/err.h"
#include "workers/net.h"

#define TFLITE_FILE_BYTES_MAX     MIB(4)
#define TFLITE_MEMORY_FLOATS_MAX  ((size_t)16 << 20)
#define TFLITE_WEIGHT_FLOATS_MAX  ((size_t)2 << 20)
#define TFLITE_MULTIPLICATION_MAX INT64_C(2000000000) /* of one run */
#define TFLITE_SIDE_MAX           4096                /* of a tensor, in any direction */
#define TFLITE_KERNEL_SIDE_MAX    9
#define TFLITE_TENSORS_MAX        512
#define TFLITE_OPERATORS_MAX      512
#define TFLITE_MEMORY_ALIGN_BYTES 64
#define TFLITE_WHY_BYTES          160

enum tflite_kind {
    TFLITE_CONV,
    TFLITE_DEPTHWISE,
    TFLITE_SPREAD,
    TFLITE_MEAN,
    TFLITE_DOUBLE,
    TFLITE_RELU, /* from here on: in place */
    TFLITE_HARD_SWISH,
    TFLITE_SIGMOID,
    TFLITE_ADD,
    TFLITE_SCALE
};

struct tflite_step {
    enum tflite_kind kind;
    struct net_shape in, out;
    struct net_conv conv;  /* of CONV, DEPTHWISE and SPREAD */
    size_t from, more, to; /* places in the memory, in floats; more: of ADD and SCALE; to = from: in place */
    size_t scratch;        /* place of CONV's scratch */
};

struct tflite_plan {
    struct net_shape in, out;
    size_t in_at, out_at; /* places in the memory, in floats */
    size_t memory_floats;
    size_t step_count;
    struct tflite_step *steps; /* these and the weights: in the arena */
    struct arena *arena;
};

/* UNREADABLE with `why`; *out is NULL then. `bytes` may go away afterwards. */
enum err tflite_read(const void *bytes, size_t len, struct tflite_plan **out, char why[TFLITE_WHY_BYTES]);
void tflite_free(struct tflite_plan *plan); /* NULL is fine */

/* `memory`: plan->memory_floats floats, aligned to TFLITE_MEMORY_ALIGN_BYTES. The input is written at in_at before, the
 * output read at out_at afterwards; nothing else in it has a meaning. */
void tflite_run(const struct tflite_plan *plan, float *memory);

#endif
