#include "workers/idcard_face.h"

#include <math.h>

#define SEARCH_PX 720
/* The printed face, in shares of the card's width: its eyes' middle and their distance (26 mm photo, face 15 mm). */
#define EYES_X     0.780
#define EYES_Y     0.255
#define EYES_APART 0.0735

static struct image turned_quarter(const struct image *from) /* clockwise; no pixels when there is no memory */
{
    struct image to = {from->height_px, from->width_px, malloc((size_t)from->width_px * (size_t)from->height_px * 3)};
    for (int32_t y = 0; to.rgb != NULL && y < to.height_px; y++)
        for (int32_t x = 0; x < to.width_px; x++)
            memcpy(to.rgb + ((size_t)y * (size_t)to.width_px + (size_t)x) * 3,
                   from->rgb + ((size_t)(from->height_px - 1 - x) * (size_t)from->width_px + (size_t)y) * 3, 3);
    return to;
}

static struct card_point middle_of(const struct face_landmarks *marks, int first, int count)
{
    struct card_point sum = {0, 0};
    for (int i = first; i < first + count; i++) {
        sum.x += (double)marks->points[i].x_px / count;
        sum.y += (double)marks->points[i].y_px / count;
    }
    return sum;
}

/* The card around these eyes, `larger` times the usual size. */
static struct card_quad card_around(struct card_point left_eye, struct card_point right_eye, double larger)
{
    double ex = right_eye.x - left_eye.x, ey = right_eye.y - left_eye.y;
    double width = larger / EYES_APART; /* in eye distances: (ex, ey) is the unit along the card */
    struct card_point middle = {(left_eye.x + right_eye.x) / 2, (left_eye.y + right_eye.y) / 2};
    struct card_quad quad;
    for (int i = 0; i < 4; i++) {
        double along = ((i == 1 || i == 2 ? 1 : 0) - EYES_X) * width;
        double down = ((i >= 2 ? 1 / CARD_RATIO : 0) - EYES_Y) * width;
        quad.corners[i] = (struct card_point){middle.x + ex * along - ey * down, middle.y + ey * along + ex * down};
    }
    return quad;
}

/* Points of a picture turned clockwise by `quarters` back to where they were; width and height are the original's. */
static void turn_back(struct card_quad *quad, int quarters, double width, double height)
{
    for (int i = 0; i < 4; i++) {
        struct card_point p = quad->corners[i];
        quad->corners[i] = quarters == 0   ? p
                           : quarters == 1 ? (struct card_point){p.y, height - p.x}
                           : quarters == 2 ? (struct card_point){width - p.x, height - p.y}
                                           : (struct card_point){width - p.y, p.x};
    }
}

static enum err look(struct face_context *context, const struct image *small, int quarters, double width, double height,
                     struct card_face_quads *out)
{
    static const double sizes[CARD_FACE_QUADS_MAX] = {1.0, 0.9, 1.12};
    struct face_image view = faces_view(small);
    struct face_boxes boxes;
    struct face_landmarks marks;
    TRY(faces_err(face_detect(context, &view, &boxes)));
    if (boxes.count == 0)
        return ERR_NONE;
    TRY(faces_err(face_landmarks_find(context, &view, &boxes.items[0], &marks)));
    for (; out->count < CARD_FACE_QUADS_MAX; out->count++) {
        out->items[out->count] = card_around(middle_of(&marks, 36, 6), middle_of(&marks, 42, 6), sizes[out->count]);
        turn_back(&out->items[out->count], quarters, width, height);
    }
    return ERR_NONE;
}

enum err card_quads_by_face(struct face_context *context, const struct image *picture, struct card_face_quads *out)
{
    struct image small = {0};
    out->count = 0;
    TRY(resample_to_long_edge(picture, SEARCH_PX, &small));
    double scale = small.rgb == NULL ? 1 : (double)picture->width_px / small.width_px;
    double width = picture->width_px / scale, height = picture->height_px / scale;
    enum err e = look(context, small.rgb != NULL ? &small : picture, 0, width, height, out);
    for (int quarters = 1; quarters < 4 && e == ERR_NONE && out->count == 0; quarters++) {
        struct image turned = turned_quarter(small.rgb != NULL ? &small : picture);
        image_release(&small);
        small = turned;
        e = small.rgb == NULL ? ERR_BUSY : look(context, &small, quarters, width, height, out);
    }
    image_release(&small);
    for (size_t i = 0; i < out->count; i++)
        for (int corner = 0; corner < 4; corner++) {
            out->items[i].corners[corner].x *= scale;
            out->items[i].corners[corner].y *= scale;
        }
    return e;
}
