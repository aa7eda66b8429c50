#include "workers/mask.h"

#include "base/crypt.h"
#include "base/text.h"
#include "workers/resample.h"
#include "workers/tflite.h"

#include <math.h>

struct mask_model {
    struct tflite_plan *plan;
    char sha256[65];
};

_Static_assert(MASK_WHY_BYTES >= TFLITE_WHY_BYTES, "a reason fits");

/* ---- loading ---- */

static bool read_file(const char *path, unsigned char *bytes, size_t *len)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    *len = fread(bytes, 1, TFLITE_FILE_BYTES_MAX + 1, file); /* one more, so that a longer file is refused */
    bool good = ferror(file) == 0;
    fclose(file);
    return good;
}

enum err mask_model_read(const void *bytes, size_t len, struct mask_model **out, char why[MASK_WHY_BYTES])
{
    *out = NULL;
    struct tflite_plan *plan;
    TRY(tflite_read(bytes, len, &plan, why));
    bool fits = plan->in.channels == 3 && plan->in.height == MASK_SIDE_PX && plan->in.width == MASK_SIDE_PX &&
                plan->out.channels == 1 && plan->out.height == MASK_SIDE_PX && plan->out.width == MASK_SIDE_PX;
    struct mask_model *model = fits ? calloc(1, sizeof *model) : NULL;
    if (model == NULL) {
        snprintf(why, MASK_WHY_BYTES, fits ? "There is no memory for it." : "This is a network for something else.");
        tflite_free(plan);
        return fits ? ERR_BUSY : ERR_UNREADABLE;
    }
    unsigned char digest[32];
    crypt_sha256(bytes, len, digest);
    text_hex(digest, sizeof digest, model->sha256);
    model->plan = plan;
    *out = model;
    return ERR_NONE;
}

enum err mask_model_load(const char *path, struct mask_model **out, char why[MASK_WHY_BYTES])
{
    *out = NULL;
    size_t len = 0;
    unsigned char *bytes = malloc(TFLITE_FILE_BYTES_MAX + 1);
    enum err e = ERR_UNREADABLE;
    if (bytes == NULL || !read_file(path, bytes, &len))
        snprintf(why, MASK_WHY_BYTES, "The network file of the person mask cannot be read.");
    else
        e = mask_model_read(bytes, len, out, why);
    free(bytes);
    return e;
}

void mask_model_free(struct mask_model *model)
{
    if (model == NULL)
        return;
    tflite_free(model->plan);
    free(model);
}

const char *mask_model_sha256(const struct mask_model *model)
{
    return model->sha256;
}

/* ---- in ---- */

static enum err put_frame(const struct image *frame, float *planes)
{
    const struct resample_area all = {0, 0, frame->width_px, frame->height_px};
    struct image small = {0};
    TRY(resample(frame, &all, MASK_SIDE_PX, MASK_SIDE_PX, RESAMPLE_BOX, &small));
    for (size_t i = 0; i < MASK_SIDE_PX * MASK_SIDE_PX; i++)
        for (size_t c = 0; c < 3; c++)
            planes[c * MASK_SIDE_PX * MASK_SIDE_PX + i] = (float)small.rgb[3 * i + c] * (1.0F / 255);
    image_release(&small);
    return ERR_NONE;
}

/* ---- out: bilinear with half-pixel centres, edges repeated ---- */

/* Between which two of the mask's pixels a pixel of the frame lies. */
struct between {
    int32_t first, second;
    float second_weight;
};

static struct between find_between(int32_t at, int32_t side)
{
    float place = ((float)at + 0.5F) * MASK_SIDE_PX / (float)side - 0.5F, whole = floorf(place);
    int32_t first = (int32_t)whole, last = MASK_SIDE_PX - 1;
    return (struct between){first < 0 ? 0 : first, first < last ? first + 1 : last, place - whole};
}

static void widen_row(const float *row, const struct between *columns, int32_t width, float *restrict out)
{
    for (int32_t x = 0; x < width; x++) {
        const struct between *b = &columns[x];
        out[x] = row[b->first] + (row[b->second] - row[b->first]) * b->second_weight;
    }
}

static void mix_rows(const float *upper, const float *lower, float lower_weight, int32_t width,
                     unsigned char *restrict out)
{
    for (int32_t x = 0; x < width; x++) /* a sigmoid: 0..1 */
        out[x] = (unsigned char)((upper[x] + (lower[x] - upper[x]) * lower_weight) * 255 + 0.5F);
}

/* Rows are widened once each and mixed as often as the frame needs them. */
static void enlarge(const float *mask, const struct between *columns, float *upper, float *lower, struct plane *out)
{
    int32_t held_first = -1, held_second = -1, width = out->width_px;
    for (int32_t y = 0; y < out->height_px; y++) {
        struct between b = find_between(y, out->height_px);
        if (b.first == held_second && b.first != held_first) {
            float *swap = upper;
            upper = lower;
            lower = swap;
            held_first = held_second;
            held_second = -1;
        }
        if (b.first != held_first)
            widen_row(mask + (size_t)b.first * MASK_SIDE_PX, columns, width, upper);
        if (b.second != held_second)
            widen_row(mask + (size_t)b.second * MASK_SIDE_PX, columns, width, lower);
        held_first = b.first;
        held_second = b.second;
        mix_rows(upper, lower, b.second_weight, width, out->values + (size_t)y * (size_t)width);
    }
}

/* ---- the whole ---- */

static enum err find(const struct tflite_plan *plan, const struct image *frame, float *memory, struct plane *out)
{
    int32_t width = frame->width_px;
    TRY(put_frame(frame, memory + plan->in_at));
    tflite_run(plan, memory);
    float *upper = memory + plan->memory_floats, *lower = upper + width;
    struct between *columns = (struct between *)(void *)(lower + width);
    for (int32_t x = 0; x < width; x++)
        columns[x] = find_between(x, width);
    enlarge(memory + plan->out_at, columns, upper, lower, out);
    return ERR_NONE;
}

enum err mask_find(const struct mask_model *model, const struct image *frame, struct plane *out)
{
    const struct tflite_plan *plan = model->plan;
    size_t width = (size_t)frame->width_px, height = (size_t)frame->height_px;
    size_t bytes = plan->memory_floats * sizeof(float) + width * (2 * sizeof(float) + sizeof(struct between));
    size_t line = TFLITE_MEMORY_ALIGN_BYTES;
    *out = (struct plane){frame->width_px, frame->height_px, malloc(width * height)};
    float *memory = aligned_alloc(line, (bytes + line - 1) / line * line);
    enum err e = out->values == NULL || memory == NULL ? ERR_BUSY : find(plan, frame, memory, out);
    free(memory);
    if (e != ERR_NONE)
        plane_release(out);
    return e;
}
