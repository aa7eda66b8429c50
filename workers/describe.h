/* describe — 128 numbers for a face: dlib's face-recognition network (29 convolutions) as a plain forward pass.
 *
 * The weights are dlib's own, with each convolution's scale multiplied in (xueying-convert); dlib's own pass stays the
 * reference the numbers are compared with (tests/unit/describe_test.c, `xueying bench face`: distances differ by less
 * than 1e-6). It takes half of dlib's time: dlib spends as long laying out columns as multiplying them.
 *
 * describe_model is immutable after loading and shared by all threads. Scratch (1.9 MB) belongs to one thread. */
#ifndef XY_WORKERS_DESCRIBE_H
#define XY_WORKERS_DESCRIBE_H

#include "base/base.h"
#include "base/err.h"

#define DESCRIBE_CHIP_SIDE_PX 150
#define DESCRIBE_SIZE         128
#define DESCRIBE_WHY_BYTES    160

struct describe_model;
struct describe_scratch;

/* UNREADABLE: missing, damaged or another network; `why` is one English sentence then. BUSY: no memory. */
enum err describe_load(const char *path, struct describe_model **out, char why[DESCRIBE_WHY_BYTES]);
enum err describe_load_memory(const void *bytes, size_t len, struct describe_model **out, char why[DESCRIBE_WHY_BYTES]);
void describe_free(struct describe_model *model); /* NULL is fine */

/* SHA-256 of the network file these weights came from. */
const unsigned char *describe_version(const struct describe_model *model);

struct describe_scratch *describe_scratch_new(void); /* NULL: no memory */
void describe_scratch_free(struct describe_scratch *scratch);

/* `chip` is 150×150 RGB. Never NaN for weights of a sane size; the caller checks what it needs. */
void describe_run(const struct describe_model *model, struct describe_scratch *scratch, const uint8_t *chip,
                  float out[DESCRIBE_SIZE]);

#endif
