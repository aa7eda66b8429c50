#include "workers/face.h"

#include "workers/describe.h"
#include "workers/image.h"
#include "workers/landmark_net.h"
#include "workers/resample.h"
#include "workers/shim/dlib.h"

#include <dlfcn.h>
#include <math.h>

_Static_assert(DESCRIBE_SIZE == FACE_DESCRIPTOR_SIZE && DESCRIBE_CHIP_SIDE_PX == FACE_CHIP_SIDE_PX,
               "one chip, one size");
_Static_assert(LANDMARK_NET_NUMBERS == 2 * FACE_LANDMARKS, "x and y of each");

/* Two squares for the landmark network: the first from the detector's box, the second from the points found in the
 * first. Sides as shares of the box and of the points' larger extent; the centre lies lower by a share of the box and
 * of the side. Tried over 64 sample photos against dlib's landmarks, mean distance as a share of the outer-eye
 * distance: 6.5 % in the box itself, 5.1 % in the first square, 4.3 % in the second; a third and a mirrored pass bring
 * 0.1 %. */
#define FIRST_SIDE  1.20
#define FIRST_DOWN  0.10
#define SECOND_SIDE 1.25
#define SECOND_DOWN 0.11

struct face_models {
    struct dlib_models *dlib;
    struct describe_model *describe;
    struct landmark_net *landmarks;
    bool has_dlib68;
};

struct face_context {
    const struct face_models *models;
    struct dlib_context *dlib;
    struct describe_scratch *describe;
    struct landmark_scratch *landmarks;
    uint8_t chip[FACE_CHIP_SIDE_PX * FACE_CHIP_SIDE_PX * 3];
};

/* ---- models and contexts ---- */

static enum face_result from_err(enum err e)
{
    return e == ERR_NONE ? FACE_OK : e == ERR_BUSY ? FACE_NO_MEMORY : FACE_MODEL_CORRUPT;
}

/* `sentence` ends in a full stop; the path takes its place. */
static void say(char why[FACE_WHY_BYTES], const char *sentence, const char *path)
{
    snprintf(why, FACE_WHY_BYTES, "%.*s: %s", (int)strcspn(sentence, "."), sentence, path);
}

static enum face_result networks_load(const struct face_files *files, struct face_models *models,
                                      char why[FACE_WHY_BYTES])
{
    char sentence[DESCRIBE_WHY_BYTES];
    enum face_result result = from_err(describe_load(files->descriptor_path, &models->describe, sentence));
    if (result != FACE_OK) {
        say(why, sentence, files->descriptor_path);
        return result;
    }
    result = from_err(landmark_net_load(files->landmarks_path, &models->landmarks, sentence));
    if (result != FACE_OK)
        say(why, sentence, files->landmarks_path);
    return result;
}

enum face_result face_models_load(const struct face_files *files, struct face_models **out, char why[FACE_WHY_BYTES])
{
    struct face_models *models = calloc(1, sizeof *models);
    why[0] = '\0';
    if (models == NULL)
        return FACE_NO_MEMORY;
    enum face_result result = networks_load(files, models, why);
    if (result == FACE_OK)
        result = dlib_models_load(files->dlib68_path, &models->dlib, why);
    if (result != FACE_OK) {
        face_models_free(models);
        return result;
    }
    models->has_dlib68 = files->dlib68_path != NULL;
    *out = models;
    return FACE_OK;
}

void face_models_free(struct face_models *models)
{
    if (models == NULL)
        return;
    dlib_models_free(models->dlib);
    describe_free(models->describe);
    landmark_net_free(models->landmarks);
    free(models);
}

const unsigned char *face_models_version(const struct face_models *models)
{
    return describe_version(models->describe);
}

enum face_result face_context_new(const struct face_models *models, struct face_context **out)
{
    struct face_context *context = calloc(1, sizeof *context);
    if (context == NULL)
        return FACE_NO_MEMORY;
    context->models = models;
    context->describe = describe_scratch_new();
    context->landmarks = landmark_scratch_new();
    enum face_result result = context->describe == NULL || context->landmarks == NULL ? FACE_NO_MEMORY : FACE_OK;
    if (result == FACE_OK)
        result = dlib_context_new(models->dlib, &context->dlib);
    if (result != FACE_OK) {
        face_context_free(context);
        return result;
    }
    *out = context;
    return FACE_OK;
}

void face_context_free(struct face_context *context)
{
    if (context == NULL)
        return;
    dlib_context_free(context->dlib);
    describe_scratch_free(context->describe);
    landmark_scratch_free(context->landmarks);
    free(context);
}

/* ---- faces ---- */

enum face_result face_detect(struct face_context *context, const struct face_image *image, struct face_boxes *out)
{
    return dlib_detect(context->dlib, image, false, out);
}

enum face_result face_detect_grey(struct face_context *context, const struct face_image *image, struct face_boxes *out)
{
    return dlib_detect(context->dlib, image, true, out);
}

enum face_result face_landmarks_find(struct face_context *context, const struct face_image *image,
                                     const struct face_box *box, struct face_landmarks *out)
{
    if (context->models->has_dlib68)
        return dlib_landmarks(context->dlib, image, box, out);
    return face_landmarks_quick(context, image, box, out);
}

/* Cuts the square, runs the network on it and puts its points back into the picture. */
static enum face_result place(struct face_context *context, const struct image *picture,
                              const struct resample_area *square, struct face_landmarks *out)
{
    struct image small = {0};
    if (resample(picture, square, LANDMARK_NET_SIDE_PX, LANDMARK_NET_SIDE_PX, RESAMPLE_BOX, &small) != ERR_NONE)
        return FACE_NO_MEMORY;
    float found[LANDMARK_NET_NUMBERS];
    landmark_net_run(context->models->landmarks, context->landmarks, small.rgb, found);
    image_release(&small);
    for (size_t i = 0; i < FACE_LANDMARKS; i++) {
        double x = square->x_px + (double)found[2 * i] * square->width_px;
        double y = square->y_px + (double)found[2 * i + 1] * square->height_px;
        if (!(fabs(x) < 4 * FACE_SIDE_PX_MAX && fabs(y) < 4 * FACE_SIDE_PX_MAX))
            return FACE_INTERNAL;
        out->points[i] = (struct face_point){(float)x, (float)y};
    }
    return FACE_OK;
}

static struct resample_area square_at(double centre_x, double centre_y, double side)
{
    return (struct resample_area){centre_x - side / 2, centre_y - side / 2, side, side};
}

/* The square in which the network sees the face best, now that its points are known. */
static struct resample_area square_around(const struct face_landmarks *marks)
{
    double low_x = 1e9, high_x = -1e9, low_y = 1e9, high_y = -1e9;
    for (size_t i = 0; i < FACE_LANDMARKS; i++) {
        low_x = fmin(low_x, (double)marks->points[i].x_px), high_x = fmax(high_x, (double)marks->points[i].x_px);
        low_y = fmin(low_y, (double)marks->points[i].y_px), high_y = fmax(high_y, (double)marks->points[i].y_px);
    }
    double side = fmax(fmax(high_x - low_x, high_y - low_y), 1) * SECOND_SIDE;
    return square_at((low_x + high_x) / 2, (low_y + high_y) / 2 + SECOND_DOWN * side, side);
}

enum face_result face_landmarks_quick(struct face_context *context, const struct face_image *image,
                                      const struct face_box *box, struct face_landmarks *out)
{
    if (image->rgb == NULL || image->width_px < 1 || image->height_px < 1 || image->width_px > FACE_SIDE_PX_MAX ||
        image->height_px > FACE_SIDE_PX_MAX)
        return FACE_BAD_IMAGE;
    if (box->width_px < 1 || box->height_px < 1 || box->width_px > 2 * FACE_SIDE_PX_MAX ||
        box->height_px > 2 * FACE_SIDE_PX_MAX || abs(box->x_px) > 4 * FACE_SIDE_PX_MAX ||
        abs(box->y_px) > 4 * FACE_SIDE_PX_MAX)
        return FACE_BAD_ARGUMENT;
    struct image view = {.width_px = image->width_px, .height_px = image->height_px};
    view.rgb = (unsigned char *)(uintptr_t)image->rgb; /* only read */
    struct resample_area square = square_at(
        box->x_px + box->width_px / 2.0, box->y_px + box->height_px * (0.5 + FIRST_DOWN), box->width_px * FIRST_SIDE);
    enum face_result result = place(context, &view, &square, out);
    if (result != FACE_OK)
        return result;
    square = square_around(out);
    return place(context, &view, &square, out);
}

enum face_result face_describe(struct face_context *context, const struct face_image *image,
                               const struct face_landmarks *landmarks, struct face_descriptor *out)
{
    enum face_result result = dlib_chip(image, landmarks, context->chip);
    if (result != FACE_OK)
        return result;
    describe_run(context->models->describe, context->describe, context->chip, out->values);
    for (size_t i = 0; i < FACE_DESCRIPTOR_SIZE; i++)
        if (!isfinite(out->values[i]))
            return FACE_INTERNAL;
    return FACE_OK;
}

float face_distance(const struct face_descriptor *a, const struct face_descriptor *b)
{
    double sum = 0;
    for (size_t i = 0; i < FACE_DESCRIPTOR_SIZE; i++) {
        double difference = (double)a->values[i] - (double)b->values[i];
        sum += difference * difference;
    }
    return (float)sqrt(sum);
}

/* ---- names ---- */

const char *face_blas_core(void)
{
    /* Looked up at run time: with another BLAS behind libblas.so.3 the symbol does not exist. */
    char *(*name)(void);
    *(void **)&name = dlsym(RTLD_DEFAULT, "openblas_get_corename");
    return name == NULL ? "unknown" : name();
}
