/* dlib — the only door to dlib: its HOG face detector, its landmark model, its face chips.
 *
 * C on both sides: no C++ type crosses, nothing is thrown out; every failure is a face_result. dlib runs without its
 * own assertions, so this layer checks every size before it is used. Types are face.h's, rules for threads too:
 * dlib_models is shared, dlib_context belongs to one thread. */
#ifndef XY_SHIM_DLIB_H
#define XY_SHIM_DLIB_H

#include "workers/face.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dlib_models;
struct dlib_context;

/* Unfolds the detector that dlib carries with it (0.3 s) and reads the landmark model unless the path is NULL. */
enum face_result dlib_models_load(const char *landmarks_path, struct dlib_models **out, char why[FACE_WHY_BYTES]);
void dlib_models_free(struct dlib_models *models); /* NULL is fine */

enum face_result dlib_context_new(const struct dlib_models *models, struct dlib_context **out);
void dlib_context_free(struct dlib_context *context); /* NULL is fine */

/* `grey`: on luminance alone, a fifth faster. */
enum face_result dlib_detect(struct dlib_context *context, const struct face_image *image, bool grey,
                             struct face_boxes *out);

/* MODEL_MISSING when no landmark model was loaded. */
enum face_result dlib_landmarks(struct dlib_context *context, const struct face_image *image,
                                const struct face_box *box, struct face_landmarks *out);

/* The upright 150×150 RGB chip that the landmarks span, padding 0.25. */
enum face_result dlib_chip(const struct face_image *image, const struct face_landmarks *landmarks,
                           uint8_t out[FACE_CHIP_SIDE_PX * FACE_CHIP_SIDE_PX * 3]);

#ifdef __cplusplus
}
#endif

#endif
