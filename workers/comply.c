#include "workers/comply.h"

#include "base/json.h"
#include "base/text.h"
#include "workers/measure_file.h"

#include <math.h>

#define NO             NAN
#define WALL_EDGES_MAX 10.0 /* the gradient from which a background counts as busy */
static const struct {
    const char *id, *unit;
    int decimals;
    double fail_below, warn_below, warn_above, fail_above;
    const char *evidence, *reason, *fix_zh, *fix_en, *short_zh, *short_en;
} limits[CHECK_COUNT] = {
#define LIMIT(id, unit, decimals, fl, wl, wh, fh, evidence, reason, fz, fe, sz, se)                                    \
    {#id, unit, decimals, fl, wl, wh, fh, evidence, reason, fz, fe, sz, se},
#include "workers/limits.def"
#undef LIMIT
};

/* Left to the reviewer, and said so in every report: what no measure here sees, or sees well enough to be relied on. */
static const char *const for_people[] = {"background_replacement",
                                         "expression",
                                         "looking_up_or_down",
                                         "ears",
                                         "hair_over_brows",
                                         "glasses",
                                         "tinted_lenses",
                                         "headwear",
                                         "ornaments",
                                         "clothes",
                                         "shoulders",
                                         "make_up",
                                         "retouching",
                                         "photo_of_photo",
                                         "recent"};

static const char *verdict_name(enum check_verdict v)
{
    static const char *const names[] = {"pass", "warn", "fail"};
    return names[v];
}

const char *comply_short(enum check_id id, bool chinese)
{
    return chinese ? limits[id].short_zh : limits[id].short_en;
}

const char *comply_fix(enum check_id id, bool chinese)
{
    return chinese ? limits[id].fix_zh : limits[id].fix_en;
}

const char *comply_unit(enum check_id id)
{
    return limits[id].unit;
}

void comply_number(enum check_id id, double value, char *text, size_t size)
{
    if (isfinite(value))
        snprintf(text, size, "%.*f", limits[id].decimals, value);
    else
        text[0] = '\0';
}

const char *comply_reason(enum check_id id, double measured)
{
    return id == CHECK_face_count && measured < 1 ? "no_face" : limits[id].reason;
}

static double low_limit(double value)
{
    return isnan(value) ? -INFINITY : value;
}

static double high_limit(double value)
{
    return isnan(value) ? INFINITY : value;
}

static struct check_range window(struct range range)
{
    return (struct check_range){(double)range.min, (double)range.min, (double)range.max, (double)range.max};
}

void comply_init(struct comply *report, const struct profile *profile)
{
    *report = (struct comply){.profile = profile};
    for (int i = 0; i < CHECK_COUNT; i++) {
        struct check_result *check = &report->checks[i];
        check->measured = NAN;
        check->evidence = limits[i].evidence;
        check->range = (struct check_range){low_limit(limits[i].fail_below), low_limit(limits[i].warn_below),
                                            high_limit(limits[i].warn_above), high_limit(limits[i].fail_above)};
    }
    report->checks[CHECK_crown].range = window(profile->crown_px);
    report->checks[CHECK_eye_line].range = window(profile->eyes_px);
    report->checks[CHECK_face_width].range = window(profile->face_width_px);
    report->checks[CHECK_head_height].range = window(profile->head_height_px);
    report->checks[CHECK_chin_below].range = window(profile->chin_below_px);
    if (profile->centre_px > 0) {
        double off = (double)profile->centre_px;
        report->checks[CHECK_centre].range = (struct check_range){-off, -off / 2, off / 2, off};
    }
    report->checks[CHECK_size_kb].range = window(profile->size_kb);
}

/* Evidence of these two grades may refuse a photo; less may only point something out. */
static bool is_reliable(const char *evidence)
{
    return text_is(evidence, "high") || text_is(evidence, "good");
}

static enum check_verdict judge(const struct check_result *check)
{
    const struct check_range *range = &check->range;
    double measured = check->measured;
    if (isnan(measured))
        return CHECK_PASS;
    if (measured < range->fail_below || measured > range->fail_above)
        return is_reliable(check->evidence) ? CHECK_FAIL : CHECK_WARN;
    return measured < range->warn_below || measured > range->warn_above ? CHECK_WARN : CHECK_PASS;
}

void comply_set(struct comply *report, enum check_id id, double measured, const struct face_box *at)
{
    struct check_result *check = &report->checks[id];
    check->measured = measured;
    check->verdict = judge(check);
    if (at != NULL)
        check->at = *at;
}

void comply_people(struct comply *report, int32_t people)
{
    comply_set(report, CHECK_face_count, people, NULL);
}

void comply_source(struct comply *report, const struct head *source, double original_per_px)
{
    comply_set(report, CHECK_source_eye_distance, source->eye_distance_px * original_per_px, NULL);
}

static struct face_box box_around(double left, double top, double right, double bottom)
{
    return (struct face_box){(int32_t)lround(left), (int32_t)lround(top), (int32_t)lround(right - left),
                             (int32_t)lround(bottom - top), 0};
}

static struct face_box face_of(const struct head *head)
{
    double half = head->face_width_px / 2;
    return box_around(head->centre_x - half, head->eye_y - 0.6 * head->eye_to_chin_px, head->centre_x + half,
                      head->chin_y);
}

static struct face_box eyes_of(const struct head *head)
{
    double margin = 0.35 * head->eye_distance_px;
    return box_around(head->left_eye_x - margin, fmin(head->left_eye_y, head->right_eye_y) - margin / 2,
                      head->right_eye_x + margin, fmax(head->left_eye_y, head->right_eye_y) + margin / 2);
}

static struct face_box mouth_of(const struct face_landmarks *marks)
{
    double left = (double)marks->points[48].x_px, right = (double)marks->points[54].x_px;
    return box_around(left, (double)marks->points[51].y_px, right, (double)marks->points[57].y_px);
}

static struct face_box brows_of(const struct head *head)
{
    double half = 0.8 * head->eye_distance_px;
    return box_around(head->eye_x - half, head->eye_y - 0.55 * head->eye_distance_px, head->eye_x + half,
                      head->eye_y - 0.2 * head->eye_distance_px);
}

void comply_light(struct comply *report, const struct face_light *light, const struct head *finished)
{
    struct face_box face = face_of(finished), eyes = eyes_of(finished), brows = brows_of(finished);
    comply_set(report, CHECK_overexposed, light->overexposed, &face);
    comply_set(report, CHECK_underexposed, light->underexposed, &face);
    comply_set(report, CHECK_half_lit, light->half_lit, &face);
    comply_set(report, CHECK_dynamic_range, light->dynamic_range, &face);
    comply_set(report, CHECK_sharpness, light->sharpness, &face);
    comply_set(report, CHECK_natural_colour, light->features.colour_off, &face);
    comply_set(report, CHECK_brows_shown, light->features.brows_shown, &brows);
    comply_set(report, CHECK_red_eye, light->features.red_eye, &eyes);
    comply_set(report, CHECK_eye_glare, light->features.eye_glare, &eyes);
}

void comply_pose(struct comply *report, const struct head *source, const struct head *finished,
                 const struct face_landmarks *marks)
{
    struct face_box face = face_of(finished), eyes = eyes_of(finished), mouth = mouth_of(marks);
    comply_set(report, CHECK_roll, source->roll_deg, &eyes);
    comply_set(report, CHECK_yaw, source->yaw_deg, &face);
    comply_set(report, CHECK_eyes_open, source->eye_openness, &eyes);
    comply_set(report, CHECK_mouth_closed, source->mouth_gap, &mouth);
}

static void set_window(struct comply *report, enum check_id id, struct range wanted, double measured,
                       const struct face_box *at)
{
    if (range_is_set(wanted))
        comply_set(report, id, measured, at);
}

static void set_windows(struct comply *report, const struct head *finished)
{
    const struct profile *profile = report->profile;
    double width = (double)profile->width_px, height = (double)profile->height_px;
    struct face_box eyes = eyes_of(finished), face = face_of(finished);
    struct face_box top = box_around(0, 0, width, finished->crown_y);
    struct face_box below = box_around(0, finished->chin_y, width, height);
    struct face_box head = box_around(face.x_px, finished->crown_y, face.x_px + face.width_px, finished->chin_y);
    if (!finished->crown_found) /* an estimate may point the reviewer somewhere; it may not refuse a photo */
        report->checks[CHECK_crown].evidence = report->checks[CHECK_head_height].evidence = "medium";
    set_window(report, CHECK_crown, profile->crown_px, finished->crown_y, &top);
    set_window(report, CHECK_eye_line, profile->eyes_px, finished->eye_y, &eyes);
    set_window(report, CHECK_face_width, profile->face_width_px, finished->face_width_px, &face);
    set_window(report, CHECK_head_height, profile->head_height_px, finished->chin_y - finished->crown_y, &head);
    set_window(report, CHECK_chin_below, profile->chin_below_px, height - finished->chin_y, &below);
    comply_set(report, CHECK_centre, finished->centre_x - width / 2, &face);
}

void comply_place(struct comply *report, const struct head *finished, const struct placement *placement)
{
    double width = (double)report->profile->width_px, height = (double)report->profile->height_px;
    double left = placement->missing_left_px, right = placement->missing_right_px;
    struct face_box above = box_around(0, 0, width, fmax(placement->missing_top_px, 8));
    struct face_box below = box_around(0, height - fmax(placement->missing_bottom_px, 8), width, height);
    struct face_box beside =
        left >= right ? box_around(0, 0, fmax(left, 8), height) : box_around(width - fmax(right, 8), 0, width, height);
    set_windows(report, finished);
    comply_set(report, CHECK_missing_below, placement->missing_bottom_px, &below);
    comply_set(report, CHECK_missing_above, placement->missing_top_px, &above);
    comply_set(report, CHECK_missing_beside, fmax(left, right), &beside);
    report->checks[CHECK_hair_complete].at = above;
    report->checks[CHECK_source_eye_distance].at = eyes_of(finished);
}

/* Neither measure refuses alone: a soft gradient spreads without edges, wallpaper has edges without spread. */
void comply_wall(struct comply *report, const struct wall *wall, const struct head *finished)
{
    struct check_result *spread = &report->checks[CHECK_background_spread];
    struct check_result *edges = &report->checks[CHECK_background_edges];
    struct face_box corner = box_around(0, 0, 0.2 * (double)report->profile->width_px, finished->eye_y);
    comply_set(report, CHECK_background_spread, wall->spread, &corner);
    comply_set(report, CHECK_background_edges, wall->edges, &corner);
    if (spread->verdict == CHECK_FAIL && edges->verdict != CHECK_FAIL)
        spread->verdict = CHECK_WARN;
    else if (edges->verdict == CHECK_FAIL && spread->verdict != CHECK_FAIL)
        edges->verdict = CHECK_WARN;
}

static struct face_box scaled(const struct face_box *box, double scale)
{
    return box_around(box->x_px * scale, box->y_px * scale, (box->x_px + box->width_px) * scale,
                      (box->y_px + box->height_px) * scale);
}

void comply_matte(struct comply *report, const struct matte_doubts *doubts, const struct clothes *clothes,
                  double frame_scale, const struct head *finished)
{
    double width = (double)report->profile->width_px, height = (double)report->profile->height_px;
    double beside = 0.75 * finished->face_width_px;
    struct face_box outline =
        box_around(finished->centre_x - beside, finished->crown_y, finished->centre_x + beside, finished->chin_y);
    struct face_box chest =
        box_around(0, fmin(finished->chin_y + 0.3 * finished->eye_to_chin_px, height - 40), width, height);
    struct face_box alike = scaled(&clothes->at, 1 / frame_scale);
    /* Objects and windows are darker and lighter places too: only a wall shows a shadow. */
    bool is_wall = report->checks[CHECK_background_edges].measured <= WALL_EDGES_MAX;
    comply_set(report, CHECK_wall_shadow, is_wall ? doubts->wall_shadow : NAN, &outline);
    comply_set(report, CHECK_strangers, doubts->strangers, NULL);
    comply_set(report, CHECK_low_contrast, doubts->low_contrast, &outline);
    comply_set(report, CHECK_clothes_like_background, clothes->alike, &alike);
    comply_set(report, CHECK_shoulder_tilt, doubts->shoulder_tilt_deg, &chest);
    comply_set(report, CHECK_bottom_missing, doubts->bottom_missing, &chest);
}

void comply_backdrop(struct comply *report, double apart)
{
    struct face_box corner =
        box_around(0, 0, 0.1 * (double)report->profile->width_px, 0.1 * (double)report->profile->width_px);
    comply_set(report, CHECK_background_colour, apart, &corner);
}

void comply_file(struct comply *report, const void *bytes, size_t len, int quality)
{
    struct file_facts facts;
    measure_file(bytes, len, report->profile, &facts);
    double off = fabs((double)(facts.width_px - report->profile->width_px)) +
                 fabs((double)(facts.height_px - report->profile->height_px));
    comply_set(report, CHECK_pixels_off, off, NULL);
    comply_set(report, CHECK_file_form, measure_file_faults(&facts), NULL);
    comply_set(report, CHECK_jpeg_quality, quality, NULL);
    comply_set(report, CHECK_size_kb, (double)len / 1024, NULL);
}

enum check_verdict comply_worst(const struct comply *report)
{
    enum check_verdict worst = CHECK_PASS;
    for (int i = 0; i < CHECK_COUNT; i++)
        if (report->checks[i].verdict > worst)
            worst = report->checks[i].verdict;
    return worst;
}

/* ---- writing ---- */

static void put_bound(struct buf *b, const char *name, double value, int decimals)
{
    json_put_number(b, name, isinf(value) ? NAN : value, decimals); /* NaN writes null */
}

static void put_at(struct buf *b, const struct face_box *at)
{
    json_name(b, "at");
    if (at->width_px == 0) {
        json_null(b);
        return;
    }
    json_object_open(b);
    json_put_int(b, "x", at->x_px);
    json_put_int(b, "y", at->y_px);
    json_put_int(b, "w", at->width_px);
    json_put_int(b, "h", at->height_px);
    json_object_close(b);
}

static void put_check(struct buf *b, enum check_id id, const struct check_result *check)
{
    int decimals = limits[id].decimals;
    json_object_open(b);
    json_put_text(b, "id", limits[id].id);
    json_put_number(b, "measured", check->measured, decimals);
    json_put_text(b, "unit", limits[id].unit);
    json_name(b, "allowed");
    json_object_open(b);
    put_bound(b, "min", check->range.warn_below, decimals);
    put_bound(b, "max", check->range.warn_above, decimals);
    json_object_close(b);
    json_put_text(b, "verdict", verdict_name(check->verdict));
    json_put_text(b, "evidence", check->evidence);
    const char *reason = comply_reason(id, check->measured);
    json_put_text(b, "reason", reason[0] != '\0' ? reason : NULL);
    json_put_text(b, "fix_zh", limits[id].fix_zh);
    json_put_text(b, "fix_en", limits[id].fix_en);
    json_put_text(b, "short_zh", limits[id].short_zh);
    json_put_text(b, "short_en", limits[id].short_en);
    put_at(b, &check->at);
    json_object_close(b);
}

static void put_ids(struct buf *b, const char *name, const struct comply *report)
{
    json_name(b, name);
    json_array_open(b);
    for (int i = 0; i < CHECK_COUNT; i++)
        if (isnan(report->checks[i].measured))
            json_text(b, limits[i].id);
    json_array_close(b);
}

void comply_write(struct buf *b, const struct comply *report)
{
    json_put_text(b, "profile", report->profile->name);
    json_name(b, "checks");
    json_array_open(b);
    for (int i = 0; i < CHECK_COUNT; i++)
        if (!isnan(report->checks[i].measured))
            put_check(b, (enum check_id)i, &report->checks[i]);
    json_array_close(b);
    json_put_text(b, "verdict", verdict_name(comply_worst(report)));
    put_ids(b, "not_judged", report);
    json_name(b, "for_people");
    json_array_open(b);
    for (size_t i = 0; i < countof(for_people); i++)
        json_text(b, for_people[i]);
    json_array_close(b);
}
