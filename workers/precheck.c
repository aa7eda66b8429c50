#include "workers/precheck.h"

#include "base/text.h"
#include "workers/comply.h"
#include "workers/crown.h"
#include "workers/faces.h"
#include "workers/geometry.h"
#include "workers/measure.h"
#include "workers/measure_lab.h"

#include <math.h>

/* Hints come earlier than the report's warnings where helping costs nothing, and later where a small frame is unsure.
 * Measured on the sample portraits reduced to 320×427 at quality 60, and on blurred, darkened and tilted copies. */
#define ROLL_DEG         3.5  /* landmarks in a frame wander by half a degree; the report warns at 4 */
#define YAW_DEG          9.0  /* the report warns at 8, ±4 */
#define EYE_DISTANCE_PX  120  /* in the photo, as the report */
#define BESIDE_SHARE     0.09 /* of the frame's width: the middle of the face from the frame's */
#define TIGHT_SHARE      0.48 /* of the frame's width: a face so wide leaves no room for tilting the camera */
#define UNDEREXPOSED_MAX 0.60
#define OVEREXPOSED_MAX  0.12
#define HALF_LIT_MIN     0.62
#define CHEEKS_APART_MAX 25.0 /* L*: the halves are not compared in a face turned aside, these are */
#define SHARPNESS_MIN    40.0 /* sharp frames 157 and more; a blur of 1.5 px leaves 24 to 65 */
#define WALL_SPREAD_MAX  9.0
#define MOUTH_GAP_MAX    0.08
#define CORNER_SHARE     0.16 /* of the frame's width and height: where wall is expected */
#define CHEEK_SHARE      0.30 /* of the eye distance */

enum hint {
#define HINT(code, zh, en) HINT_##code,
#include "workers/precheck_hints.def"
#undef HINT
};

static const struct {
    const char *code, *zh, *en;
} hints[] = {
#define HINT(code, zh, en) {#code, zh, en},
#include "workers/precheck_hints.def"
#undef HINT
};

struct look {
    struct profile profile;
    double camera_width_px;
    struct image frame; /* owned */
    int32_t people;
    struct face_box box;
    struct head head;
    struct face_light light;
    double luminance, darker_left; /* cheeks: mean L*, right minus left as the picture has them */
    double wall_spread;            /* L*, over both upper corners together */
};

/* ---- light ---- */

struct sums {
    double count, light, squares;
};

static void add_area(const struct image *frame, double x, double y, double width, double height, struct sums *sums)
{
    int32_t left = (int32_t)fmax(0, x), top = (int32_t)fmax(0, y);
    int32_t right = (int32_t)fmin(frame->width_px, x + width), bottom = (int32_t)fmin(frame->height_px, y + height);
    for (int32_t v = top; v < bottom; v += 2)
        for (int32_t u = left; u < right; u += 2) {
            double light = measure_lightness(frame->rgb + ((size_t)v * (size_t)frame->width_px + (size_t)u) * 3);
            sums->count += 1;
            sums->light += light;
            sums->squares += light * light;
        }
}

static double mean_of(const struct sums *sums)
{
    return sums->count > 0 ? sums->light / sums->count : NAN;
}

static void measure_cheeks(struct look *look)
{
    const struct head *head = &look->head;
    double side = CHEEK_SHARE * head->eye_distance_px, y = head->eye_y + 0.4 * head->eye_to_chin_px - side / 2;
    struct sums left = {0}, right = {0};
    add_area(&look->frame, head->left_eye_x - side / 2, y, side, side, &left);
    add_area(&look->frame, head->right_eye_x - side / 2, y, side, side, &right);
    look->luminance = (mean_of(&left) + mean_of(&right)) / 2;
    look->darker_left = mean_of(&right) - mean_of(&left);
}

/* Two corners of one plain wall have one colour; a lamp's slope from one to the other counts as spread too. */
static void measure_corners(struct look *look)
{
    const struct image *frame = &look->frame;
    double width = CORNER_SHARE * frame->width_px, height = CORNER_SHARE * frame->height_px;
    struct sums sums = {0};
    add_area(frame, 0, 0, width, height, &sums);
    add_area(frame, frame->width_px - width, 0, width, height, &sums);
    double mean = mean_of(&sums);
    look->wall_spread = sqrt(fmax(0, sums.squares / sums.count - mean * mean));
}

/* ---- what to say ---- */

static enum hint hint_of_place(const struct look *look)
{
    const struct image *frame = &look->frame;
    struct placement photo = {.scale = look->camera_width_px / frame->width_px}, placed;
    struct head head;
    geometry_map_head(&photo, &look->head, &head);
    geometry_place(&head, (int32_t)look->camera_width_px, (int32_t)lround(frame->height_px * photo.scale),
                   &look->profile, &placed);
    double beside = look->head.centre_x / frame->width_px - 0.5;
    bool cut_above = placed.advice == ADVICE_ROOM_ABOVE || placed.missing_top_px >= 1;
    bool tight = look->head.face_width_px > TIGHT_SHARE * frame->width_px;
    if (placed.missing_bottom_px >= 1 || (cut_above && tight)) /* stepping back makes room above, too */
        return HINT_step_back;
    if (cut_above)
        return HINT_room_above;
    if (head.eye_distance_px < EYE_DISTANCE_PX || placed.advice == ADVICE_COME_CLOSER)
        return HINT_come_closer;
    if (placed.missing_left_px >= 1 || beside < -BESIDE_SHARE)
        return HINT_move_left;
    if (placed.missing_right_px >= 1 || beside > BESIDE_SHARE)
        return HINT_move_right;
    return HINT_ok;
}

/* In bad light nothing else can be seen well: it comes before the place. */
static enum hint hint_of_light(const struct look *look)
{
    if (look->light.underexposed > UNDEREXPOSED_MAX)
        return HINT_dark;
    return look->light.overexposed > OVEREXPOSED_MAX ? HINT_bright : HINT_ok;
}

static enum hint hint_of(const struct look *look)
{
    if (look->people != 1)
        return look->people == 0 ? HINT_no_face : HINT_many_faces;
    enum hint hint = hint_of_light(look);
    if (hint == HINT_ok)
        hint = hint_of_place(look);
    if (hint != HINT_ok)
        return hint;
    if (look->light.half_lit < HALF_LIT_MIN || fabs(look->darker_left) > CHEEKS_APART_MAX)
        return look->darker_left > 0 ? HINT_right_dark : HINT_left_dark; /* the left of the picture is their right */
    if (fabs(look->head.roll_deg) > ROLL_DEG)
        return HINT_roll;
    if (fabs(look->head.yaw_deg) > YAW_DEG)
        return HINT_yaw;
    if (look->wall_spread > WALL_SPREAD_MAX)
        return HINT_background;
    if (look->light.sharpness < SHARPNESS_MIN)
        return HINT_blur;
    return look->head.mouth_gap > MOUTH_GAP_MAX ? HINT_mouth_open : HINT_ok;
}

/* ---- looking ---- */

static enum err look_at(struct job_tools *tools, struct look *look)
{
    static const struct faces_options options = {.side_px = PRECHECK_SIDE_PX, .grey_first = true};
    struct face_boxes boxes;
    struct face_landmarks marks;
    int32_t scale;
    measure_corners(look);
    TRY(faces_find(tools->face, &look->frame, &options, &boxes, &scale));
    look->people = faces_people(&boxes);
    if (look->people == 0)
        return ERR_NONE;
    struct face_image view = faces_view(&look->frame);
    look->box = boxes.items[0];
    TRY(faces_err(face_landmarks_find(tools->face, &view, &look->box, &marks)));
    geometry_head(&marks, &look->head);
    crown_find(&look->frame, &look->head);
    measure_cheeks(look);
    return measure_face(&look->frame, &marks, &look->head, &look->light);
}

static enum err decode(const struct frame *frame, struct look *look, char why[JOB_WHY_BYTES])
{
    const unsigned char *bytes = NULL;
    size_t len = 0;
    struct image_source source;
    if (!job_part(frame, 1, &bytes, &len)) {
        snprintf(why, JOB_WHY_BYTES, "A frame is needed.");
        return ERR_BAD_FIELD;
    }
    TRY(image_inspect(bytes, len, PRECHECK_SIDE_MIN, &source, why));
    if (!text_is(source.format, "jpeg")) {
        snprintf(why, JOB_WHY_BYTES, "A frame is a JPEG.");
        return ERR_UNSUPPORTED_TYPE;
    }
    if ((int64_t)source.width_px * source.height_px > PRECHECK_PIXELS_MAX) {
        snprintf(why, JOB_WHY_BYTES, "A frame has at most a million pixels.");
        return ERR_TOO_LARGE;
    }
    return image_decode(bytes, len, PRECHECK_SIDE_MIN, PRECHECK_SIDE_PX, &source, &look->frame, why);
}

/* ---- the answer ---- */

static void put_point(struct buf *b, const struct look *look, double x, double y)
{
    json_object_open(b);
    json_put_number(b, "x", x / look->frame.width_px, 4);
    json_put_number(b, "y", y / look->frame.height_px, 4);
    json_object_close(b);
}

static void put_face(struct buf *b, const struct look *look)
{
    const struct face_box *box = &look->box;
    json_name(b, "box");
    json_object_open(b);
    json_put_number(b, "x", (double)box->x_px / look->frame.width_px, 4);
    json_put_number(b, "y", (double)box->y_px / look->frame.height_px, 4);
    json_put_number(b, "w", (double)box->width_px / look->frame.width_px, 4);
    json_put_number(b, "h", (double)box->height_px / look->frame.height_px, 4);
    json_object_close(b);
    json_name(b, "eyes");
    json_array_open(b);
    put_point(b, look, look->head.left_eye_x, look->head.left_eye_y);
    put_point(b, look, look->head.right_eye_x, look->head.right_eye_y);
    json_array_close(b);
}

static void write_result(struct buf *b, const struct look *look)
{
    bool there = look->people > 0;
    enum hint hint = hint_of(look);
    json_object_open(b);
    json_put_text(b, "kind", "precheck");
    json_put_int(b, "faces", look->people);
    if (there) {
        put_face(b, look);
    } else {
        json_put_raw(b, "box", "null");
        json_put_raw(b, "eyes", "[]");
    }
    json_put_number(b, "roll_degrees", there ? look->head.roll_deg : NAN, 1);
    json_put_number(b, "yaw_degrees", there ? look->head.yaw_deg : NAN, 1);
    json_put_number(b, "luminance", there ? look->luminance : NAN, 1);
    json_put_number(b, "half_lit", there ? look->light.half_lit : NAN, 2);
    json_put_number(b, "sharpness", there ? look->light.sharpness : NAN, 1);
    json_put_number(b, "wall_spread", look->wall_spread, 1);
    json_name(b, "hint");
    json_object_open(b);
    json_put_text(b, "code", hints[hint].code);
    json_put_text(b, "zh", hints[hint].zh);
    json_put_text(b, "en", hints[hint].en);
    json_object_close(b);
    json_put_raw(b, "parts", "[]");
    json_object_close(b);
}

enum err job_precheck(struct job_tools *tools, const struct json *request, const struct frame *frame,
                      struct job_reply *reply)
{
    struct look look = {.people = 0};
    if (profile_read(json_at(request, "profile"), &look.profile) != ERR_NONE) {
        snprintf(reply->why, sizeof reply->why, "The profile is incomplete or makes no sense.");
        return ERR_BAD_FIELD;
    }
    TRY(decode(frame, &look, reply->why));
    int64_t camera_px = json_int_at(request, "camera_width_px", 0);
    look.camera_width_px = (double)(camera_px > look.frame.width_px ? camera_px : look.frame.width_px);
    enum err e = look.camera_width_px <= IMAGE_SIDE_PX_MAX ? look_at(tools, &look) : ERR_BAD_FIELD;
    if (e == ERR_NONE)
        write_result(&reply->json, &look);
    image_release(&look.frame);
    return e;
}
