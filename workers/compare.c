#include "workers/compare.h"

#include "base/clock.h"
#include "workers/faces.h"

#include <math.h>

/* Moves *since on to now and returns what passed. */
static int64_t lap(int64_t *since)
{
    int64_t now = clock_mono_us(), passed = now - *since;
    *since = now;
    return passed;
}

static struct face_box box_in_original(const struct face_box *box, const struct image *picture,
                                       const struct image_source *source)
{
    double scale = (double)source->width_px / picture->width_px;
    return (struct face_box){(int32_t)lround(box->x_px * scale), (int32_t)lround(box->y_px * scale),
                             (int32_t)lround(box->width_px * scale), (int32_t)lround(box->height_px * scale),
                             box->score};
}

static enum err describe_largest(struct face_context *context, struct image *picture, struct compare_side *side,
                                 struct compare_timings *spent)
{
    struct face_boxes boxes;
    int32_t scale;
    int64_t since = clock_mono_us();
    TRY(faces_find(context, picture, &FACES_OPTIONS_QUICK, &boxes, &scale));
    spent->detect_us += lap(&since);
    side->people = faces_people(&boxes);
    if (side->people == 0)
        return ERR_NONE;
    side->box = box_in_original(&boxes.items[0], picture, &side->source);
    struct face_landmarks landmarks;
    struct face_image view = faces_view(picture);
    TRY(faces_err(face_landmarks_quick(context, &view, &boxes.items[0], &landmarks)));
    TRY(faces_err(face_describe(context, &view, &landmarks, &side->descriptor)));
    spent->describe_us += lap(&since);
    return ERR_NONE;
}

enum err compare_look(struct face_context *context, const void *bytes, size_t len, struct compare_side *side,
                      struct compare_timings *spent)
{
    struct image picture;
    int64_t since = clock_mono_us();
    side->error = image_decode_light(bytes, len, IMAGE_ID_SIDE_PX_MIN, COMPARE_LONG_EDGE_PX_ENOUGH,
                                     COMPARE_LONG_EDGE_PX_MAX, &side->source, &picture, side->why);
    spent->decode_us += lap(&since);
    if (side->error != ERR_NONE)
        return side->error == ERR_BUSY ? ERR_BUSY : ERR_NONE;
    enum err e = describe_largest(context, &picture, side, spent);
    image_release(&picture);
    return e;
}

static const char *verdict_of(const struct compare_side *a, const struct compare_side *b, double distance, double match,
                              double mismatch)
{
    if (a->error != ERR_NONE || b->error != ERR_NONE)
        return "unreadable";
    if (a->people == 0 || b->people == 0)
        return "no_face";
    if (a->people > 1 || b->people > 1)
        return "many_faces";
    return distance < match ? "match" : distance <= mismatch ? "grey" : "mismatch";
}

static void put_side(struct buf *b, const char *name, const struct compare_side *side)
{
    json_name(b, name);
    json_object_open(b);
    json_put_int(b, "width_px", side->source.width_px);
    json_put_int(b, "height_px", side->source.height_px);
    json_put_int(b, "faces", side->people);
    json_name(b, "box");
    if (side->people > 0) {
        json_object_open(b);
        json_put_int(b, "x", side->box.x_px);
        json_put_int(b, "y", side->box.y_px);
        json_put_int(b, "w", side->box.width_px);
        json_put_int(b, "h", side->box.height_px);
        json_object_close(b);
    } else {
        json_null(b);
    }
    json_put_bool(b, "small", side->people > 0 && side->box.width_px < COMPARE_FACE_PX_MIN);
    json_put_text(b, "why", side->error != ERR_NONE ? side->why : NULL);
    json_object_close(b);
}

static void put_timings(struct buf *b, const struct compare_timings *spent)
{
    json_name(b, "timings");
    json_object_open(b);
    json_put_int(b, "decode_us", spent->decode_us);
    json_put_int(b, "detect_us", spent->detect_us);
    json_put_int(b, "describe_us", spent->describe_us);
    json_object_close(b);
}

static void put_result(struct buf *b, const struct compare_side sides[2], double match, double mismatch)
{
    bool measured =
        sides[0].error == ERR_NONE && sides[1].error == ERR_NONE && sides[0].people > 0 && sides[1].people > 0;
    double distance = measured ? (double)face_distance(&sides[0].descriptor, &sides[1].descriptor) : NAN;
    json_put_text(b, "kind", "compare");
    json_put_text(b, "verdict", verdict_of(&sides[0], &sides[1], distance, match, mismatch));
    json_put_number(b, "distance", distance, 4); /* NaN writes null */
    json_put_number(b, "threshold", match, 3);
    json_name(b, "thresholds");
    json_object_open(b);
    json_put_number(b, "match", match, 3);
    json_put_number(b, "mismatch", mismatch, 3);
    json_object_close(b);
}

enum err job_compare(struct job_tools *tools, const struct json *request, const struct frame *frame,
                     struct job_reply *reply)
{
    double match = json_number_at(request, "thresholds.match", COMPARE_MATCH_DEFAULT);
    double mismatch = json_number_at(request, "thresholds.mismatch", COMPARE_MISMATCH_DEFAULT);
    if (!(match > 0 && match <= mismatch && mismatch < 2)) {
        snprintf(reply->why, sizeof reply->why, "thresholds must be 0 < match <= mismatch < 2.");
        return ERR_BAD_FIELD;
    }
    struct compare_side sides[2] = {0};
    struct compare_timings spent = {0};
    for (size_t i = 0; i < 2; i++) {
        const unsigned char *bytes;
        size_t len;
        if (!job_part(frame, i + 1, &bytes, &len)) {
            snprintf(reply->why, sizeof reply->why, "Two photos are needed.");
            return ERR_BAD_FIELD;
        }
        TRY(compare_look(tools->face, bytes, len, &sides[i], &spent));
    }
    struct buf *b = &reply->json;
    json_object_open(b);
    put_result(b, sides, match, mismatch);
    job_put_model(b, "model", tools->versions);
    put_side(b, "a", &sides[0]);
    put_side(b, "b", &sides[1]);
    put_timings(b, &spent);
    json_name(b, "parts");
    json_array_open(b);
    json_array_close(b);
    json_object_close(b);
    return ERR_NONE;
}
