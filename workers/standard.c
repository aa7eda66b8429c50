#include "workers/standard.h"

#include "workers/capture.h"
#include "workers/crown.h"
#include "workers/faces.h"
#include "workers/mask.h"
#include "workers/measure.h"
#include "workers/rephoto.h"
#include "workers/resample.h"

#include <math.h>

/* The frame the first mask sees, in face widths: the whole head with any hair, and shoulders. */
#define WIDE_WIDTH  3.7
#define WIDE_HEIGHT 4.9
#define WIDE_ABOVE  2.1 /* of WIDE_HEIGHT, above the eyes */

#define PLACEMENTS_MAX 2
#define CUT_ALPHA      64  /* an edge pixel with more is person */
#define CUT_PX_MIN     4.0 /* less than this along an edge is not a cut anybody sees */

/* ---- from bytes to a head ---- */

static enum err decode(struct standard *s, int32_t enough_px, char why[JOB_WHY_BYTES])
{
    image_release(&s->decoded);
    TRY(image_decode_light(s->order.bytes, s->order.len, IMAGE_SIDE_PX_MIN, enough_px, STANDARD_WORK_EDGE_PX,
                           &s->source, &s->decoded, why));
    s->original_per_px = (double)s->source.width_px / s->decoded.width_px;
    return ERR_NONE;
}

static enum err find_face(struct job_tools *tools, struct standard *s)
{
    int32_t scale;
    TRY(faces_find(tools->face, &s->decoded, &FACES_OPTIONS_DEFAULT, &s->faces, &scale));
    s->original_per_px /= scale;
    comply_people(&s->report, faces_people(&s->faces));
    return ERR_NONE;
}

static enum err find_head(struct job_tools *tools, struct standard *s)
{
    struct face_image view = faces_view(&s->decoded);
    TRY(faces_err(face_landmarks_find(tools->face, &view, &s->faces.items[0], &s->marks)));
    geometry_head(&s->marks, &s->head);
    if (tools->mask == NULL) {
        crown_find(&s->decoded, &s->head);
        return ERR_NONE;
    }
    struct resample_area wide = {s->head.centre_x - WIDE_WIDTH / 2 * s->head.face_width_px,
                                 s->head.eye_y - WIDE_ABOVE * s->head.face_width_px, WIDE_WIDTH * s->head.face_width_px,
                                 WIDE_HEIGHT * s->head.face_width_px};
    struct image small = {0};
    struct plane mask = {0};
    enum err e = resample(&s->decoded, &wide, MASK_SIDE_PX, MASK_SIDE_PX, RESAMPLE_BOX, &small);
    if (e == ERR_NONE)
        e = mask_find(tools->mask, &small, &mask);
    if (e == ERR_NONE)
        crown_in_mask(&mask, &wide, &s->head);
    if (s->head.crown_y < 0)
        s->head.crown_y = 0; /* beyond the picture its edge pixels were repeated */
    image_release(&small);
    plane_release(&mask);
    return e;
}

static void rescale_face(struct standard *s, double factor)
{
    struct placement times = {.scale = factor};
    struct face_landmarks marks = s->marks;
    struct head head = s->head;
    geometry_map(&times, &marks, &s->marks);
    geometry_map_head(&times, &head, &s->head);
    for (int32_t i = 0; i < s->faces.count; i++)
        s->faces.items[i] = geometry_map_box(&times, &s->faces.items[i]);
}

static void place(struct standard *s)
{
    geometry_place(&s->head, s->decoded.width_px, s->decoded.height_px, s->order.profile, &s->placement);
}

/* The loader's reduction was too much for this face: the same head in all the pixels there are. */
static enum err decode_in_full(struct standard *s, char why[JOB_WHY_BYTES])
{
    double before = s->original_per_px;
    bool reduced = before > 1.001, enough = s->placement.scale * MATTE_SCALE * STANDARD_DETAIL_MIN <= 1;
    if (!reduced || enough)
        return ERR_NONE;
    TRY(decode(s, STANDARD_WORK_EDGE_PX, why));
    rescale_face(s, before / s->original_per_px);
    place(s);
    return ERR_NONE;
}

/* ---- the matte ---- */

static int32_t frame_side(int64_t side_px)
{
    return (int32_t)lround((double)side_px * MATTE_SCALE);
}

static enum err cut_frame(struct standard *s)
{
    const struct profile *profile = s->order.profile;
    struct placement larger = geometry_enlarged(&s->placement, MATTE_SCALE);
    image_release(&s->frame);
    TRY(resample(&s->decoded, &s->placement.frame, frame_side(profile->width_px), frame_side(profile->height_px),
                 RESAMPLE_LANCZOS, &s->frame));
    geometry_map_head(&larger, &s->head, &s->frame_head);
    return ERR_NONE;
}

static enum err find_matte(struct job_tools *tools, struct standard *s)
{
    struct placement larger = geometry_enlarged(&s->placement, MATTE_SCALE);
    struct face_landmarks marks;
    struct plane mask = {0};
    geometry_map(&larger, &s->marks, &marks);
    matte_release(&s->matte);
    if (s->order.alpha != NULL)
        return matte_with(&s->frame, s->order.alpha, &marks, &s->frame_head, &s->matte);
    if (tools->mask != NULL)
        TRY(mask_find(tools->mask, &s->frame, &mask));
    enum err e = matte_make(&s->frame, mask.values != NULL ? &mask : NULL, &marks, &s->frame_head, &s->matte);
    plane_release(&mask);
    return e;
}

/* One line of alpha: `count` pixels, `stride` apart. Returns how many finished pixels of it are person. */
static double person_along(const unsigned char *at, int32_t count, ptrdiff_t stride)
{
    int32_t person = 0;
    for (int32_t i = 0; i < count; i++)
        person += at[i * stride] > CUT_ALPHA;
    double px = person / MATTE_SCALE;
    return px >= CUT_PX_MIN ? px : 0;
}

/* What the source did not have becomes background; where the person reaches that edge, it is counted as a cut. */
static void cut_missing(struct standard *s)
{
    struct plane *alpha = &s->matte.alpha;
    struct placement larger = geometry_enlarged(&s->placement, MATTE_SCALE);
    int32_t w = alpha->width_px, h = alpha->height_px;
    int32_t left = (int32_t)fmin(w - 1, ceil(larger.missing_left_px)),
            top = (int32_t)fmin(h - 1, ceil(larger.missing_top_px));
    int32_t right = (int32_t)fmin(w - 1, ceil(larger.missing_right_px));
    int32_t bottom = (int32_t)fmin(h - 1, ceil(larger.missing_bottom_px));
    unsigned char *values = alpha->values;
    s->cut_left_px = left > 0 ? person_along(values + left, h, w) : 0;
    s->cut_right_px = right > 0 ? person_along(values + w - 1 - right, h, w) : 0;
    s->cut_top_px = top > 0 ? person_along(values + (size_t)top * (size_t)w, w, 1) : 0;
    s->cut_bottom_px = bottom > 0 ? person_along(values + (size_t)(h - 1 - bottom) * (size_t)w, w, 1) : 0;
    for (int32_t y = 0; y < h; y++) {
        unsigned char *row = values + (size_t)y * (size_t)w;
        bool outside = y < top || y >= h - bottom;
        memset(row, 0, outside ? (size_t)w : (size_t)left);
        if (right > 0)
            memset(row + w - right, 0, (size_t)right);
    }
}

/* The crown as the alpha shows it, finer than the first mask. True when the placement must be found again for it. */
static bool crown_moved(struct standard *s)
{
    struct head seen = s->head;
    struct placement again;
    seen.crown_found = false;
    crown_in_mask(&s->matte.alpha, &s->placement.frame, &seen);
    if (!seen.crown_found)
        return false;
    s->head.crown_y = fmax(0, seen.crown_y);
    s->head.crown_found = true;
    double crown_px = (s->head.crown_y - s->placement.frame.y_px) * s->placement.scale;
    struct range window = s->order.profile->crown_px;
    if (!range_is_set(window) || (crown_px >= (double)window.min && crown_px <= (double)window.max))
        return false;
    geometry_place(&s->head, s->decoded.width_px, s->decoded.height_px, s->order.profile, &again);
    return fabs(again.scale - s->placement.scale) > 1e-9 || fabs(again.frame.y_px - s->placement.frame.y_px) > 1e-9;
}

static enum err matte_in_place(struct job_tools *tools, struct standard *s)
{
    for (int i = 0;; i++) {
        TRY(cut_frame(s));
        TRY(find_matte(tools, s));
        if (i + 1 == PLACEMENTS_MAX || !crown_moved(s))
            break;
        place(s);
    }
    geometry_map_head(&(struct placement){.frame = s->placement.frame, .scale = s->placement.scale * MATTE_SCALE},
                      &s->head, &s->frame_head);
    cut_missing(s);
    return ERR_NONE;
}

/* ---- looking at the result ---- */

static enum err look_again(struct job_tools *tools, struct standard *s)
{
    struct face_image view = faces_view(&s->photo);
    struct face_box box = geometry_map_box(&s->placement, &s->faces.items[0]);
    TRY(faces_err(face_landmarks_find(tools->face, &view, &box, &s->photo_marks)));
    geometry_head(&s->photo_marks, &s->photo_head);
    s->photo_head.crown_found = s->head.crown_found;
    s->photo_head.crown_y = (s->head.crown_y - s->placement.frame.y_px) * s->placement.scale;
    return ERR_NONE;
}

/* Only a person that is cut off misses something: absent wall is no loss. */
static struct placement as_seen(const struct standard *s)
{
    struct placement seen = s->placement;
    seen.missing_left_px = s->cut_left_px > 0 ? seen.missing_left_px : 0;
    seen.missing_top_px = s->cut_top_px > 0 ? seen.missing_top_px : 0;
    seen.missing_right_px = s->cut_right_px > 0 ? seen.missing_right_px : 0;
    seen.missing_bottom_px = s->cut_bottom_px > 0 ? seen.missing_bottom_px : 0;
    return seen;
}

/* The limits for walls are for a photo of the finished size, with its own background. */
static enum err check_wall(struct standard *s)
{
    struct resample_area all = {0, 0, s->frame.width_px, s->frame.height_px};
    struct image before = {0};
    struct wall wall;
    TRY(resample(&s->frame, &all, s->photo.width_px, s->photo.height_px, RESAMPLE_BOX, &before));
    enum err e = measure_wall(&before, &s->photo_head, &s->placement, &wall);
    image_release(&before);
    if (e == ERR_NONE)
        comply_wall(&s->report, &wall, &s->photo_head);
    return e;
}

static enum err check(struct standard *s)
{
    struct face_light light;
    struct clothes clothes;
    struct placement seen = as_seen(s);
    const unsigned char *colour = s->order.profile->background;
    struct rephoto rephoto;
    TRY(measure_face(&s->decoded, &s->marks, &s->head, &light));
    TRY(rephoto_measure(&s->decoded, &s->marks, &rephoto));
    TRY(check_wall(s));
    measure_clothes(&s->matte, &s->frame_head, colour, &clothes);
    comply_source(&s->report, &s->head, s->original_per_px);
    comply_pose(&s->report, &s->head, &s->photo_head, &s->photo_marks);
    comply_light(&s->report, &light, &s->photo_head);
    comply_place(&s->report, &s->photo_head, &seen);
    comply_matte(&s->report, &s->matte.doubts, &clothes, MATTE_SCALE, &s->photo_head);
    comply_set(&s->report, CHECK_rephoto, rephoto.peak, NULL);
    comply_backdrop(&s->report, measure_backdrop(&s->photo, &s->photo_head, colour));
    if (s->head.crown_found)
        comply_set(&s->report, CHECK_hair_complete, s->head.crown_y * s->placement.scale, NULL);
    return ERR_NONE;
}

/* ---- all of it ---- */

static bool alpha_fits(const struct standard_order *order)
{
    const struct plane *alpha = order->alpha;
    const struct profile *p = order->profile;
    return alpha == NULL || (alpha->width_px == p->width_px && alpha->height_px == p->height_px) ||
           (alpha->width_px == frame_side(p->width_px) && alpha->height_px == frame_side(p->height_px));
}

enum err standard_make(struct job_tools *tools, const struct standard_order *order, struct standard *out,
                       char why[JOB_WHY_BYTES])
{
    *out = (struct standard){.order = *order};
    if (!alpha_fits(order)) {
        snprintf(why, JOB_WHY_BYTES, "The mask must have the size of the finished photo.");
        return ERR_BAD_FIELD;
    }
    comply_init(&out->report, order->profile);
    TRY(decode(out, STANDARD_FIRST_EDGE_PX, why));
    capture_check(&out->report, order->circumstances, out->source.taken_at);
    comply_set(&out->report, CHECK_source_damaged, out->source.damaged ? 1 : 0, NULL);
    TRY(find_face(tools, out));
    if (out->faces.count == 0)
        return ERR_NONE;
    TRY(find_head(tools, out));
    place(out);
    TRY(decode_in_full(out, why));
    TRY(matte_in_place(tools, out));
    TRY(matte_onto(&out->matte, order->profile->background, (int32_t)order->profile->width_px,
                   (int32_t)order->profile->height_px, &out->photo));
    TRY(look_again(tools, out));
    return check(out);
}

void standard_release(struct standard *standard)
{
    image_release(&standard->decoded);
    image_release(&standard->frame);
    image_release(&standard->photo);
    matte_release(&standard->matte);
}
