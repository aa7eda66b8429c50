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
    return dlib_detect(context->dlib, image, out);
}

enum face_result face_landmarks_find(struct face_context *context, const struct face_image *image,
                                     const struct face_box *box, struct face_landmarks *out)
{
    if (context->models->has_dlib68)
        return dlib_landmarks(context->dlib, image, box, out);
    return face_landmarks_quick(context, image, box, out);
}

enum face_result face_landmarks_quick(struct face_context *context, const struct face_image *image,
                                      const struct face_box *box, struct face_landmarks *out)
{
    if (image->rgb == NULL || image->width_px < 1 || image->height_px < 1 || image->width_px > FACE_SIDE_PX_MAX ||
        image->height_px > FACE_SIDE_PX_MAX)
        return FACE_BAD_IMAGE;
    if (box->width_px < 1 || box->height_px < 1 || box->width_px > 2 * FACE_SIDE_PX_MAX ||
        box->height_px > 2 * FACE_SIDE_PX_MAX)
        return FACE_BAD_ARGUMENT;
    struct image view = {.width_px = image->width_px, .height_px = image->height_px};
    view.rgb = (unsigned char *)(uintptr_t)image->rgb; /* only read */
    struct resample_area area = {box->x_px, box->y_px, box->width_px, box->height_px};
    struct image square = {0};
    if (resample(&view, &area, LANDMARK_NET_SIDE_PX, LANDMARK_NET_SIDE_PX, RESAMPLE_BOX, &square) != ERR_NONE)
        return FACE_NO_MEMORY;
    float found[LANDMARK_NET_NUMBERS];
    landmark_net_run(context->models->landmarks, context->landmarks, square.rgb, found);
    image_release(&square);
    for (size_t i = 0; i < FACE_LANDMARKS; i++) {
        if (!isfinite(found[2 * i]) || !isfinite(found[2 * i + 1]))
            return FACE_INTERNAL;
        out->points[i] = (struct face_point){(float)(area.x_px + (double)found[2 * i] * area.width_px),
                                             (float)(area.y_px + (double)found[2 * i + 1] * area.height_px)};
    }
    return FACE_OK;
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

const char *face_result_name(enum face_result result)
{
    static const char *const names[] = {"ok",        "bad_image", "bad_argument", "model_missing", "model_corrupt",
                                        "no_memory", "internal"};
    return (size_t)result < countof(names) ? names[result] : "unknown";
}

const char *face_landmarks_engine(const struct face_models *models)
{
    return models->has_dlib68 ? "dlib-68" : landmark_net_name(models->landmarks);
}

const char *face_blas_core(void)
{
    /* Looked up at run time: with another BLAS behind libblas.so.3 the symbol does not exist. */
    char *(*name)(void);
    *(void **)&name = dlsym(RTLD_DEFAULT, "openblas_get_corename");
    return name == NULL ? "unknown" : name();
}
