/* face_reference — dlib's own forward pass over its own network file: what the product's descriptor is compared with.
 *
 * Only tests and benchmarks link it. A reference (~30 MB) belongs to one thread at a time. */
#ifndef XY_TESTS_FACE_REFERENCE_H
#define XY_TESTS_FACE_REFERENCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct face_reference;

struct face_reference *face_reference_new(const char *network_path); /* NULL: no such network */
void face_reference_free(struct face_reference *reference);          /* NULL is fine */

/* `chip` is 150×150 RGB. */
void face_reference_describe(struct face_reference *reference, const uint8_t *chip, float out[128]);

#ifdef __cplusplus
}
#endif

#endif
