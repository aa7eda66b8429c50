/* links: xy_workers xy_workflow */
#include "workers/capture.c"
#include "workers/comply.c"
#include "workers/crown.c"
#include "workers/measure.c"

#include "base/text.h"
#include "tests/check.h"
#include "workers/resample.h"
#include "workflow/reason.h"

static struct comply fresh(void)
{
    struct comply report;
    comply_init(&report, profile_named("chsi_blue"));
    return report;
}

static enum check_verdict verdict_at(enum check_id id, double measured)
{
    struct comply report = fresh();
    comply_set(&report, id, measured, NULL);
    return report.checks[id].verdict;
}

TEST(limits_make_sense)
{
    struct comply report = fresh();
    for (int i = 0; i < CHECK_COUNT; i++) {
        const struct check_range *range = &report.checks[i].range;
        TRUE(range->fail_below <= range->warn_below && range->warn_below <= range->warn_above);
        TRUE(range->warn_above <= range->fail_above);
        TRUE(text_chars(limits[i].short_zh) <= 20 && text_chars(limits[i].short_zh) > 0);
        TRUE(text_chars(limits[i].fix_zh) > 0 && text_chars(limits[i].fix_en) > 0);
        TRUE(text_is(limits[i].evidence, "high") || text_is(limits[i].evidence, "good") ||
             text_is(limits[i].evidence, "medium") || text_is(limits[i].evidence, "low"));
        TRUE(limits[i].reason[0] == '\0' || reason_named(limits[i].reason) != NULL);
        for (int j = 0; j < i; j++)
            TRUE(!text_is(limits[i].id, limits[j].id));
    }
    EQ_TEXT("no_face", comply_reason(CHECK_face_count, 0));
    EQ_TEXT("many_faces", comply_reason(CHECK_face_count, 2));
    TRUE(reason_named("no_face") != NULL);
}

/* Once in the table, where it can be read, and once in the judge, where it binds. */
TEST(only_reliable_evidence_can_fail)
{
    struct comply report = fresh();
    for (int i = 0; i < CHECK_COUNT; i++) {
        const struct check_range *range = &report.checks[i].range;
        bool can_fail = !isinf(range->fail_below) || !isinf(range->fail_above);
        TRUE(!can_fail || is_reliable(limits[i].evidence));
        report.checks[i].evidence = "medium";
        report.checks[i].range = (struct check_range){-1, -1, 1, 1};
        comply_set(&report, (enum check_id)i, 1000, NULL);
        EQ_INT(CHECK_WARN, report.checks[i].verdict);
    }
}

TEST(values_are_judged_at_their_borders)
{
    EQ_INT(CHECK_PASS, verdict_at(CHECK_roll, 4));
    EQ_INT(CHECK_WARN, verdict_at(CHECK_roll, -4.1));
    EQ_INT(CHECK_WARN, verdict_at(CHECK_roll, 8));
    EQ_INT(CHECK_FAIL, verdict_at(CHECK_roll, -8.1));
    EQ_INT(CHECK_WARN, verdict_at(CHECK_eyes_open, 0.10)); /* one shut pair of eyes was seen: people decide */
    EQ_INT(CHECK_WARN, verdict_at(CHECK_eyes_open, 0.15));
    EQ_INT(CHECK_PASS, verdict_at(CHECK_eyes_open, 0.17));
    EQ_INT(CHECK_FAIL, verdict_at(CHECK_face_count, 0));
    EQ_INT(CHECK_FAIL, verdict_at(CHECK_face_count, 2));
    EQ_INT(CHECK_WARN, verdict_at(CHECK_underexposed, 1)); /* biased against dark skin: people decide */
    EQ_INT(CHECK_PASS, verdict_at(CHECK_size_kb, 20));
    EQ_INT(CHECK_FAIL, verdict_at(CHECK_size_kb, 40.1));
    EQ_INT(CHECK_FAIL, verdict_at(CHECK_eye_line, 199));
    EQ_INT(CHECK_PASS, verdict_at(CHECK_half_lit, NAN));
}

static struct head head_with(double crown_y, bool found)
{
    return (struct head){.eye_x = 240,
                         .eye_y = 255,
                         .centre_x = 240,
                         .eye_distance_px = 90,
                         .face_width_px = 200,
                         .eye_to_chin_px = 160,
                         .chin_x = 240,
                         .chin_y = 415,
                         .left_eye_x = 195,
                         .left_eye_y = 255,
                         .right_eye_x = 285,
                         .right_eye_y = 255,
                         .crown_y = crown_y,
                         .crown_found = found};
}

TEST(an_estimated_crown_warns_a_seen_one_fails)
{
    struct placement placement = {.scale = 1};
    struct head guessed = head_with(30, false), seen = head_with(30, true);
    struct comply report = fresh();
    comply_place(&report, &guessed, &placement);
    EQ_INT(CHECK_WARN, report.checks[CHECK_crown].verdict);
    EQ_TEXT("medium", report.checks[CHECK_crown].evidence);
    report = fresh();
    comply_place(&report, &seen, &placement);
    EQ_INT(CHECK_FAIL, report.checks[CHECK_crown].verdict);
    EQ_INT(CHECK_FAIL, comply_worst(&report));
}

TEST(a_wall_fails_only_by_both_measures)
{
    static const struct {
        double spread, edges;
        enum check_verdict worst;
    } cases[] = {
        {1, 1, CHECK_PASS}, {6, 1, CHECK_WARN}, {20, 4, CHECK_WARN}, {2, 30, CHECK_WARN}, {13, 11, CHECK_FAIL}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct comply report = fresh();
        struct wall wall = {.spread = cases[i].spread, .edges = cases[i].edges};
        struct head head = head_with(79, true);
        comply_wall(&report, &wall, &head);
        EQ_INT(cases[i].worst, comply_worst(&report));
    }
}

TEST(windows_nobody_asks_for_are_not_judged)
{
    struct comply report = fresh();
    struct placement placement = {.scale = 1};
    struct head head = head_with(79, true);
    comply_place(&report, &head, &placement);
    EQ_INT(CHECK_PASS, comply_worst(&report));
    TRUE(isnan(report.checks[CHECK_chin_below].measured) && isnan(report.checks[CHECK_head_height].measured));
    struct profile asked = *profile_named("chsi_blue");
    asked.chin_below_px = (struct range){250, 400};
    asked.centre_px = 10;
    comply_init(&report, &asked);
    head.centre_x = 251;
    comply_place(&report, &head, &placement);
    EQ_INT(CHECK_FAIL, report.checks[CHECK_chin_below].verdict); /* 640 - 415 = 225 */
    EQ_INT(CHECK_FAIL, report.checks[CHECK_centre].verdict);
}

TEST(doubts_of_the_matte_become_warnings)
{
    struct head head = head_with(79, true);
    struct matte_doubts none = {.shoulder_tilt_deg = NAN}, many = {.low_contrast = 0.4,
                                                                   .wall_shadow = 9,
                                                                   .strangers = 0.3,
                                                                   .bottom_missing = 0.5,
                                                                   .shoulder_tilt_deg = -9};
    struct clothes plain = {.alike = NAN}, blue = {.alike = 0.5, .at = {150, 750, 300, 210, 0}};
    struct comply report = fresh();
    struct wall wall = {.spread = 1, .edges = 1};
    comply_wall(&report, &wall, &head);
    comply_matte(&report, &none, &plain, 1.5, &head);
    EQ_INT(CHECK_PASS, comply_worst(&report));
    TRUE(isnan(report.checks[CHECK_shoulder_tilt].measured));
    comply_matte(&report, &many, &blue, 1.5, &head);
    EQ_INT(CHECK_WARN, comply_worst(&report));
    static const enum check_id all[] = {CHECK_low_contrast,   CHECK_wall_shadow,   CHECK_strangers,
                                        CHECK_bottom_missing, CHECK_shoulder_tilt, CHECK_clothes_like_background};
    for (size_t i = 0; i < countof(all); i++)
        EQ_INT(CHECK_WARN, report.checks[all[i]].verdict);
    wall.edges = 30;
    comply_wall(&report, &wall, &head);
    comply_matte(&report, &many, &blue, 1.5, &head);
    TRUE(isnan(report.checks[CHECK_wall_shadow].measured)); /* objects, not a shadow */
    EQ_INT(100, report.checks[CHECK_clothes_like_background].at.x_px);
    EQ_INT(140, report.checks[CHECK_clothes_like_background].at.height_px);
}

static struct comply captured(const char *request, const char *taken_at)
{
    struct arena *arena = arena_new(MIB(2));
    const struct json *tree;
    struct comply report = fresh();
    EQ_INT(ERR_NONE, json_read(request, strlen(request), arena, &tree));
    capture_check(&report, tree, taken_at);
    arena_free(arena);
    return report;
}

TEST(age_and_album_only_warn)
{
    static const char now[] = "{\"now\":\"2026-06-01T08:00:00.000Z\"}";
    static const char half[] = "{\"now\":\"2026-06-01T08:00:00.000Z\",\"age_days_max\":180}";
    static const char live[] = "{\"capture_mode\":\"album\",\"capture_wanted\":\"live\"}";
    static const char any[] = "{\"capture_mode\":\"album\",\"capture_wanted\":\"live_or_album\"}";
    NEAR(31, captured(now, "2026-05-01T12:00:00").checks[CHECK_age_days].measured, 0.01);
    NEAR(92, captured(now, "2026-03-01T00:00:00").checks[CHECK_age_days].measured, 0.01);
    NEAR(366, captured(now, "2025-05-31T00:00:00").checks[CHECK_age_days].measured, 0.01);
    EQ_INT(CHECK_WARN, captured(now, "2025-05-31T00:00:00").checks[CHECK_age_days].verdict);
    EQ_INT(CHECK_PASS, captured(now, "2025-10-01T00:00:00").checks[CHECK_age_days].verdict);
    EQ_INT(CHECK_WARN, captured(half, "2025-10-01T00:00:00").checks[CHECK_age_days].verdict);
    EQ_INT(CHECK_WARN, captured(now, "2027-01-01T00:00:00").checks[CHECK_age_days].verdict);
    TRUE(isnan(captured(now, "").checks[CHECK_age_days].measured));
    TRUE(isnan(captured(now, "0000-00-00T00:00:00").checks[CHECK_age_days].measured));
    TRUE(isnan(captured(now, "1970-01-01T00:00:00").checks[CHECK_age_days].measured));
    TRUE(isnan(captured(live, "2025-10-01T00:00:00").checks[CHECK_age_days].measured));
    EQ_INT(CHECK_WARN, captured(live, "").checks[CHECK_album].verdict);
    EQ_INT(CHECK_PASS, captured(any, "").checks[CHECK_album].verdict);
    TRUE(isnan(captured(now, "").checks[CHECK_album].measured));
}

TEST(a_selfie_where_none_is_wanted)
{
    static const char unknown[] = "{\"capture_mode\":\"native\",\"selfie\":\"forbidden\",\"lens_side\":\"\"}";
    static const char rear[] = "{\"capture_mode\":\"live\",\"selfie\":\"forbidden\",\"lens_side\":\"back\"}";
    static const char front[] = "{\"capture_mode\":\"live\",\"selfie\":\"forbidden\",\"lens_side\":\"front\"}";
    static const char allowed[] = "{\"capture_mode\":\"live\",\"selfie\":\"discouraged\",\"lens_side\":\"front\"}";
    static const char studio[] = "{\"capture_mode\":\"album\",\"selfie\":\"forbidden\",\"lens_side\":\"\"}";
    EQ_INT(CHECK_WARN, captured(unknown, "").checks[CHECK_lens].verdict);
    EQ_INT(CHECK_WARN, captured(front, "").checks[CHECK_lens].verdict);
    EQ_INT(CHECK_PASS, captured(rear, "").checks[CHECK_lens].verdict);
    TRUE(isnan(captured(allowed, "").checks[CHECK_lens].measured));
    TRUE(isnan(captured(studio, "").checks[CHECK_lens].measured));
    EQ_TEXT("selfie", comply_reason(CHECK_lens, 1));
}

TEST(the_report_is_json_with_what_was_not_judged)
{
    struct arena *arena = arena_new(MIB(2));
    struct comply report = fresh();
    struct buf b;
    const struct json *tree;
    buf_init(&b, KIB(64));
    comply_set(&report, CHECK_roll, 9.06, &(struct face_box){1, 2, 3, 4, 0});
    json_object_open(&b);
    comply_write(&b, &report);
    json_object_close(&b);
    EQ_INT(ERR_NONE, json_read(b.bytes, b.len, arena, &tree));
    EQ_TEXT("fail", json_text_at(tree, "verdict", ""));
    EQ_INT(1, json_count(json_at(tree, "checks")));
    const struct json *check = json_at(tree, "checks")->first;
    EQ_TEXT("roll", json_text_at(check, "id", ""));
    NEAR(9.1, json_number_at(check, "measured", 0), 0.001);
    EQ_TEXT("roll", json_text_at(check, "reason", ""));
    NEAR(-4, json_number_at(check, "allowed.min", 0), 0.001);
    EQ_INT(3, json_int_at(check, "at.w", 0));
    EQ_INT(CHECK_COUNT - 1, json_count(json_at(tree, "not_judged")));
    TRUE(json_count(json_at(tree, "for_people")) > 5);
    buf_release(&b);
    arena_free(arena);
}

/* ---- pixels ---- */

static struct image plain(int32_t width_px, int32_t height_px, int value)
{
    size_t size = (size_t)width_px * (size_t)height_px * 3;
    struct image made = {width_px, height_px, malloc(size)};
    memset(made.rgb, value, size);
    return made;
}

static void set_grey(struct image *image, int32_t x, int32_t y, int value)
{
    memset(image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3, value, 3);
}

/* A face outline big enough to hold pixels; eye distance 120, so that nothing is scaled. */
static struct face_landmarks outline(void)
{
    struct face_landmarks marks = {0};
    for (int i = 0; i <= 16; i++) {
        double angle = 3.14159265 * i / 16;
        marks.points[i] = (struct face_point){(float)(300 - 120 * cos(angle)), (float)(260 + 160 * sin(angle))};
    }
    for (int i = 17; i <= 26; i++)
        marks.points[i] = (struct face_point){(float)(200 + 200.0 * (i - 17) / 9), 230};
    for (int i = 36; i <= 47; i++)
        marks.points[i] = (struct face_point){i < 42 ? 240.0f : 360.0f, 260};
    marks.points[8] = (struct face_point){300, 420};
    return marks;
}

static struct face_light light_of(const struct image *image)
{
    struct face_landmarks marks = outline();
    struct head head;
    struct face_light light;
    geometry_head(&marks, &head);
    head.yaw_deg = 0;
    EQ_INT(ERR_NONE, measure_face(image, &marks, &head, &light));
    return light;
}

TEST(exposure_and_range_are_measured)
{
    struct image white = plain(600, 600, 255), black = plain(600, 600, 10), grey = plain(600, 600, 128);
    TRUE(light_of(&white).overexposed > 0.99 && light_of(&white).underexposed < 0.01);
    TRUE(light_of(&black).underexposed > 0.99);
    TRUE(light_of(&grey).overexposed < 0.01 && light_of(&grey).underexposed < 0.01);
    NEAR(0, light_of(&grey).dynamic_range, 0.01);
    NEAR(0, light_of(&grey).sharpness, 0.01);
    for (int32_t y = 0; y < 600; y++)
        for (int32_t x = 0; x < 600; x++)
            set_grey(&grey, x, y, (x * 7 + y * 13) % 256);
    TRUE(light_of(&grey).dynamic_range > 6);
    image_release(&white);
    image_release(&black);
    image_release(&grey);
}

TEST(blur_lowers_sharpness)
{
    struct image sharp = plain(600, 600, 90), half = {0}, soft = {0};
    for (int32_t y = 0; y < 600; y++)
        for (int32_t x = 0; x < 600; x++)
            if ((x / 5 + y / 5) % 2)
                set_grey(&sharp, x, y, 150);
    struct resample_area all = {0, 0, 600, 600};
    EQ_INT(ERR_NONE, resample(&sharp, &all, 100, 100, RESAMPLE_BOX, &half));
    struct resample_area small = {0, 0, 100, 100};
    EQ_INT(ERR_NONE, resample(&half, &small, 600, 600, RESAMPLE_BOX, &soft));
    TRUE(light_of(&sharp).sharpness > 200);
    TRUE(light_of(&soft).sharpness < 80);
    image_release(&sharp);
    image_release(&half);
    image_release(&soft);
}

TEST(a_half_lit_face_shows)
{
    struct image image = plain(600, 600, 180);
    for (int32_t y = 0; y < 600; y++)
        for (int32_t x = 0; x < 300; x++)
            set_grey(&image, x, y, 80);
    NEAR(80.0 / 180, light_of(&image).half_lit, 0.03);
    image_release(&image);
}

TEST(walls_are_measured_beside_the_head)
{
    struct image photo = plain(480, 640, 200);
    struct head head = head_with(70, true);
    struct placement placement = {.scale = 1};
    struct wall wall;
    EQ_INT(ERR_NONE, measure_wall(&photo, &head, &placement, &wall));
    NEAR(0, wall.spread, 0.01);
    NEAR(0, wall.edges, 0.01);
    NEAR(200, wall.colour[0], 0.01);
    for (int32_t y = 0; y < 640; y++) /* stripes on the wall, and a face that must not count */
        for (int32_t x = 0; x < 480; x++)
            set_grey(&photo, x, y, (x > 150 && x < 330 && y > 80) ? 0 : (y / 8) % 2 ? 200 : 90);
    EQ_INT(ERR_NONE, measure_wall(&photo, &head, &placement, &wall));
    TRUE(wall.spread > 12 && wall.edges > 10);
    placement.missing_left_px = placement.missing_right_px = 240;
    EQ_INT(ERR_NONE, measure_wall(&photo, &head, &placement, &wall));
    TRUE(isnan(wall.spread));
    image_release(&photo);
}

TEST(the_crown_is_found_on_a_plain_wall_only)
{
    struct image photo = plain(480, 640, 220);
    struct head head = head_with(79, false);
    for (int32_t y = 95; y < 640; y++)
        for (int32_t x = 150; x < 330; x++)
            set_grey(&photo, x, y, 30);
    crown_find(&photo, &head);
    TRUE(head.crown_found);
    NEAR(95, head.crown_y, 1);
    struct head other = head_with(79, false);
    for (int32_t y = 0; y < 640; y++)
        for (int32_t x = 0; x < 480; x += 2)
            set_grey(&photo, x, y, 60);
    crown_find(&photo, &other);
    TRUE(!other.crown_found);
    NEAR(79, other.crown_y, 0.01);
    image_release(&photo);
}

int main(void)
{
    return tests_run();
}
