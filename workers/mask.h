/* mask — which pixels are the person? A coarse answer by a small network, the start of every matte.
 *
 * MediaPipe's selfie_segmentation (256×256, Apache-2.0) is read from its .tflite file as published (tflite.h) and run
 * by net.h. The frame is squeezed to 256×256 whatever its shape, as MediaPipe's own graph does; a face about half as
 * wide as the frame is what it knows best. Numbers, pitfalls and hashes: the file is pinned by SHA-256 in tools/models.
 *
 * mask_model is immutable after loading and shared by all threads; each call allocates its own scratch (~4 MB). */
#ifndef XY_WORKERS_MASK_H
#define XY_WORKERS_MASK_H

#include "base/err.h"
#include "workers/image.h"

#define MASK_SIDE_PX   256
#define MASK_WHY_BYTES 160

struct mask_model;

/* UNREADABLE: missing, damaged or another network; `why` is one English sentence then. */
enum err mask_model_load(const char *path, struct mask_model **out, char why[MASK_WHY_BYTES]);
enum err mask_model_read(const void *bytes, size_t len, struct mask_model **out, char why[MASK_WHY_BYTES]);
void mask_model_free(struct mask_model *model);                /* NULL is fine */
const char *mask_model_sha256(const struct mask_model *model); /* of the file, for reports; lives as long as it */

/* The person in `frame`; out has the frame's size (bilinear from 256×256). BUSY when there is no memory. */
enum err mask_find(const struct mask_model *model, const struct image *frame, struct plane *out);

#endif
