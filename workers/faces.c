#include "workers/faces.h"

#include "workers/resample.h"

#include <math.h>

struct face_image faces_view(const struct image *picture)
{
    return (struct face_image){picture->rgb, picture->width_px, picture->height_px};
}

enum err faces_err(enum face_result result)
{
    return result == FACE_OK ? ERR_NONE : result == FACE_NO_MEMORY ? ERR_BUSY : ERR_WORKER;
}

static int32_t long_edge(const struct image *picture)
{
    return picture->width_px > picture->height_px ? picture->width_px : picture->height_px;
}

static int32_t short_edge(const struct image *picture)
{
    return picture->width_px < picture->height_px ? picture->width_px : picture->height_px;
}

static void boxes_scale(struct face_boxes *boxes, double scale)
{
    for (int32_t i = 0; i < boxes->count; i++) {
        struct face_box *box = &boxes->items[i];
        box->x_px = (int32_t)lround(box->x_px * scale);
        box->y_px = (int32_t)lround(box->y_px * scale);
        box->width_px = (int32_t)lround(box->width_px * scale);
        box->height_px = (int32_t)lround(box->height_px * scale);
    }
}

/* In grey first when asked to, in colour when that shows nobody. */
static enum err detect(struct face_context *context, const struct image *picture, bool grey_first,
                       struct face_boxes *out)
{
    struct face_image view = faces_view(picture);
    out->count = 0;
    if (grey_first)
        TRY(faces_err(face_detect_grey(context, &view, out)));
    return out->count > 0 ? ERR_NONE : faces_err(face_detect(context, &view, out));
}

static enum err look(struct face_context *context, const struct image *picture, int32_t side_px, bool grey_first,
                     struct face_boxes *out)
{
    struct image small = {0};
    TRY(resample_to_long_edge(picture, side_px, &small));
    enum err e = detect(context, small.rgb != NULL ? &small : picture, grey_first, out);
    if (e == ERR_NONE && small.rgb != NULL)
        boxes_scale(out, (double)long_edge(picture) / side_px);
    image_release(&small);
    return e;
}

enum err faces_find(struct face_context *context, struct image *picture, const struct faces_options *options,
                    struct face_boxes *out, int32_t *scale)
{
    *scale = 1;
    TRY(look(context, picture, options->side_px, options->grey_first, out));
    if (out->count == 0 && options->retry_side_px > options->side_px && long_edge(picture) > options->side_px)
        TRY(look(context, picture, options->retry_side_px, false, out));
    if (out->count > 0 || short_edge(picture) >= options->double_below_px)
        return ERR_NONE;
    struct image doubled = {0};
    TRY(resample_enlarge(picture, 2, &doubled));
    struct face_image view = faces_view(&doubled);
    enum err e = faces_err(face_detect(context, &view, out));
    if (e == ERR_NONE && out->count > 0) {
        struct image old = *picture;
        *picture = doubled;
        doubled = old;
        *scale = 2;
    }
    image_release(&doubled);
    return e;
}

int32_t faces_people(const struct face_boxes *boxes)
{
    int32_t people = boxes->count > 0 ? 1 : 0;
    for (int32_t i = 1; i < boxes->count; i++)
        if (boxes->items[i].width_px >= FACES_SECOND_SHARE * boxes->items[0].width_px &&
            boxes->items[i].score >= FACES_SECOND_SCORE_MIN)
            people++;
    return people;
}
