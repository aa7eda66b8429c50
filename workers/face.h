/* face — faces in pixels: where they are, their 68 landmarks, their 128 numbers.
 *
 * dlib finds the faces and cuts the chip (workers/shim/dlib.h); our own networks place the landmarks (landmark_net.h)
 * and give the numbers (describe.h). dlib's landmark model is optional: with it face_landmarks_find is dlib's. Pixels
 * are 8-bit RGB without row padding, borrowed for the call, never kept; every size is checked before it is used.
 *
 * Threads: `face_models` is immutable after loading and shared by all threads; it must outlive its contexts.
 * `face_context` (own detector, own scratch) belongs to one thread at a time. face_distance is pure. */
#ifndef XY_WORKERS_FACE_H
#define XY_WORKERS_FACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FACE_DESCRIPTOR_SIZE 128
#define FACE_LANDMARKS       68
#define FACE_BOXES_MAX       8
#define FACE_CHIP_SIDE_PX    150
#define FACE_SIDE_PX_MAX     12000
#define FACE_WHY_BYTES       256

enum face_result {
    FACE_OK = 0,
    FACE_BAD_IMAGE,     /* no pixels, or a side beyond FACE_SIDE_PX_MAX */
    FACE_BAD_ARGUMENT,  /* a box outside the image, landmarks that are not numbers */
    FACE_MODEL_MISSING, /* a model file cannot be opened */
    FACE_MODEL_CORRUPT, /* … or is not what it should be */
    FACE_NO_MEMORY,
    FACE_INTERNAL /* dlib failed in a way it should not */
};

struct face_models;
struct face_context;

struct face_image {
    const uint8_t *rgb; /* width_px * height_px * 3 bytes */
    int32_t width_px, height_px;
};

struct face_box {
    int32_t x_px, y_px, width_px, height_px; /* may reach over the edge of the image */
    float score;                             /* the detector's confidence; > 0 */
};

struct face_boxes {
    struct face_box items[FACE_BOXES_MAX]; /* largest first */
    int32_t count;                         /* how many are in items; more faces than that are dropped */
};

struct face_point {
    float x_px, y_px;
};

/* iBUG-68 order: 0–16 jaw from the image's left, 17–26 brows, 27–35 nose, 36–47 eyes, 48–67 mouth. */
struct face_landmarks {
    struct face_point points[FACE_LANDMARKS];
};

struct face_descriptor {
    float values[FACE_DESCRIPTOR_SIZE];
};

struct face_files {
    const char *descriptor_path; /* face_recognition.net */
    const char *landmarks_path;  /* face_landmarks.net */
    const char *dlib68_path;     /* dlib's shape_predictor_68_face_landmarks.dat; NULL: none */
};

/* Reads the files (0.3 s; 1 s with dlib's landmarks). `why` gets one English sentence on failure. */
enum face_result face_models_load(const struct face_files *files, struct face_models **out, char why[FACE_WHY_BYTES]);
void face_models_free(struct face_models *models); /* NULL is fine */

/* SHA-256 of the network file the descriptor's weights came from: 32 bytes. */
const unsigned char *face_models_version(const struct face_models *models);

enum face_result face_context_new(const struct face_models *models, struct face_context **out);
void face_context_free(struct face_context *context); /* NULL is fine */

/* Upright frontal faces of at least ~80 px in the image as given; zero faces is FACE_OK with count 0. */
enum face_result face_detect(struct face_context *context, const struct face_image *image, struct face_boxes *out);

/* The same on luminance alone, a fifth faster. The boxes are the same on all samples; scores are lower by 0.15 on
 * average and by 0.4 in the worst case (0.52 → 0.14), so zero faces here should be looked at again in colour. */
enum face_result face_detect_grey(struct face_context *context, const struct face_image *image, struct face_boxes *out);

/* The landmarks of the face in `box`, those that photos are measured with: dlib's when its model is loaded, else the
 * network's. The result may lie outside the image when the face does.
 *
 * Measured over 64 sample photos, network against dlib: points 4.3 % of the outer-eye distance apart (mean); mean
 * differences of eye openness 0.036, mouth gap 0.018, face width 2.1 %, eye line 1.9 % of the eye distance, without a
 * common direction but for the width (+1.5 %). The checks' limits were set on dlib's points, hence the preference. */
enum face_result face_landmarks_find(struct face_context *context, const struct face_image *image,
                                     const struct face_box *box, struct face_landmarks *out);

/* The network's, whatever is loaded: comparison uses them, so that distances do not depend on an optional file. Over
 * the 1,485 pairs of the samples nothing is lost: 100 % right at 0.6 with either, mean distance of the same person
 * 0.321 (dlib's points: 0.319), of others 0.905 (0.901). */
enum face_result face_landmarks_quick(struct face_context *context, const struct face_image *image,
                                      const struct face_box *box, struct face_landmarks *out);

/* Cuts the 150×150 chip (padding 0.25) that the landmarks span and runs the network on it. Never NaN. */
enum face_result face_describe(struct face_context *context, const struct face_image *image,
                               const struct face_landmarks *landmarks, struct face_descriptor *out);

/* Euclidean distance; the same photo gives 0, one person's photos about 0.3, strangers about 0.9. */
float face_distance(const struct face_descriptor *a, const struct face_descriptor *b);

const char *face_engine(void);    /* "dlib 19.24": detector and chips; static */
const char *face_blas_core(void); /* kernel OpenBLAS chose, "unknown" without OpenBLAS; static */

#ifdef __cplusplus
}
#endif

#endif
