#include "workers/comply.h"

#include "base/json.h"

#include <math.h>

#define NO NAN
static const struct {
    const char *id, *unit;
    int decimals;
    double fail_below, warn_below, warn_above, fail_above;
    const char *evidence, *fix_zh, *fix_en, *short_zh, *short_en;
} limits[CHECK_COUNT] = {
#define LIMIT(id, unit, decimals, fl, wl, wh, fh, evidence, fz, fe, sz, se)                                            \
    {#id, unit, decimals, fl, wl, wh, fh, evidence, fz, fe, sz, se},
#include "workers/limits.def"
#undef LIMIT
};

/* Left to the reviewer, and said so in every report. */
static const char *const for_people[] = {"background_replacement",
                                         "ears",
                                         "hair_over_brows",
                                         "glasses",
                                         "headwear",
                                         "ornaments",
                                         "clothes",
                                         "shoulders",
                                         "retouching",
                                         "photo_of_photo",
                                         "recent"};

const char *comply_id(enum check_id id)
{
    return limits[id].id;
}

const char *comply_verdict(enum check_verdict v)
{
    static const char *const names[] = {"pass", "warn", "fail"};
    return names[v];
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
    report->checks[CHECK_size_kb].range = window(profile->size_kb);
}

static enum check_verdict judge(const struct check_range *range, double measured)
{
    if (isnan(measured))
        return CHECK_PASS;
    if (measured < range->fail_below || measured > range->fail_above)
        return CHECK_FAIL;
    return measured < range->warn_below || measured > range->warn_above ? CHECK_WARN : CHECK_PASS;
}

void comply_set(struct comply *report, enum check_id id, double measured, const struct face_box *at)
{
    struct check_result *check = &report->checks[id];
    check->measured = measured;
    check->verdict = judge(&check->range, measured);
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

void comply_light(struct comply *report, const struct face_light *light, const struct head *finished)
{
    struct face_box face = face_of(finished);
    comply_set(report, CHECK_overexposed, light->overexposed, &face);
    comply_set(report, CHECK_underexposed, light->underexposed, &face);
    comply_set(report, CHECK_half_lit, light->half_lit, &face);
    comply_set(report, CHECK_dynamic_range, light->dynamic_range, &face);
    comply_set(report, CHECK_sharpness, light->sharpness, &face);
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

void comply_place(struct comply *report, const struct head *finished, const struct placement *placement)
{
    struct face_box eyes = eyes_of(finished), face = face_of(finished);
    double width = (double)report->profile->width_px;
    struct face_box top = box_around(0, 0, width, finished->crown_y);
    /* An estimate may point the reviewer somewhere; it may not refuse a photo. */
    struct check_result *crown = &report->checks[CHECK_crown];
    if (finished->crown_found) {
        crown->evidence = "good";
    } else {
        crown->range.fail_below = -INFINITY;
        crown->range.fail_above = INFINITY;
    }
    comply_set(report, CHECK_crown, finished->crown_y, &top);
    comply_set(report, CHECK_eye_line, finished->eye_y, &eyes);
    comply_set(report, CHECK_face_width, finished->face_width_px, &face);
    comply_set(report, CHECK_centre, finished->centre_x - width / 2, &face);
    comply_set(report, CHECK_missing_below, placement->missing_bottom_px, NULL);
    comply_set(report, CHECK_missing_above, placement->missing_top_px, NULL);
    comply_set(report, CHECK_missing_beside, fmax(placement->missing_left_px, placement->missing_right_px), NULL);
}

/* Neither measure refuses alone: a soft gradient spreads without edges, wallpaper has edges without spread. */
void comply_wall(struct comply *report, const struct wall *wall)
{
    struct check_result *spread = &report->checks[CHECK_background_spread];
    struct check_result *edges = &report->checks[CHECK_background_edges];
    comply_set(report, CHECK_background_spread, wall->spread, NULL);
    comply_set(report, CHECK_background_edges, wall->edges, NULL);
    if (spread->verdict == CHECK_FAIL && edges->verdict != CHECK_FAIL)
        spread->verdict = CHECK_WARN;
    else if (edges->verdict == CHECK_FAIL && spread->verdict != CHECK_FAIL)
        edges->verdict = CHECK_WARN;
}

void comply_size(struct comply *report, size_t size_bytes)
{
    comply_set(report, CHECK_size_kb, (double)size_bytes / 1024, NULL);
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
    json_put_text(b, "verdict", comply_verdict(check->verdict));
    json_put_text(b, "evidence", check->evidence);
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
    json_put_text(b, "verdict", comply_verdict(comply_worst(report)));
    put_ids(b, "not_judged", report);
    json_name(b, "for_people");
    json_array_open(b);
    for (size_t i = 0; i < countof(for_people); i++)
        json_text(b, for_people[i]);
    json_array_close(b);
}
