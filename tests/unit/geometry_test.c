/* links: xy_workers */
#include "workers/geometry.c"

#include "tests/check.h"

/* A face drawn from the solver's own kind of skull, turned by yaw and roll, `scale` pixels per skull unit. Points the
 * skull does not have are put where a face has them. */
static struct face_landmarks face_at(double x, double y, double scale, double yaw_deg, double roll_deg)
{
    static const struct {
        int mark;
        double x, y, z;
    } more[] = {{0, -72, -35, -95},  {16, 72, -35, -95},  {2, -68, 5, -84},    {14, 68, 5, -84},   {37, -37, -38, -22},
                {38, -24, -38, -20}, {40, -24, -29, -20}, {41, -37, -29, -22}, {43, 24, -38, -20}, {44, 37, -38, -22},
                {46, 37, -29, -22},  {47, 24, -29, -20},  {51, 0, 25, -6},     {57, 0, 37, -6},    {61, -8, 30, -8},
                {62, 0, 30, -7},     {63, 8, 30, -8},     {65, 8, 31, -8},     {66, 0, 31, -7},    {67, -8, 31, -8}};
    struct face_landmarks marks = {0};
    double yaw = yaw_deg / DEGREES, roll = roll_deg / DEGREES;
    for (size_t i = 0; i < countof(skull) + countof(more); i++) {
        bool first = i < countof(skull);
        int mark = first ? skull[i].mark : more[i - countof(skull)].mark;
        double sx = first ? skull[i].x : more[i - countof(skull)].x,
               sy = first ? skull[i].y : more[i - countof(skull)].y;
        double sz = first ? skull[i].z : more[i - countof(skull)].z;
        double turned = sx * cos(yaw) + sz * sin(yaw);
        marks.points[mark].x_px = (float)(x + scale * (turned * cos(roll) - sy * sin(roll)));
        marks.points[mark].y_px = (float)(y + scale * (turned * sin(roll) + sy * cos(roll)));
    }
    return marks;
}

TEST(head_of_a_frontal_face)
{
    struct face_landmarks marks = face_at(500, 600, 2, 0, 0);
    struct head head;
    geometry_head(&marks, &head);
    NEAR(500, head.eye_x, 1);
    NEAR(500, head.centre_x, 1);
    NEAR(280, head.face_width_px, 1);
    NEAR(0, head.roll_deg, 0.1);
    NEAR(0, head.yaw_deg, 0.5);
    TRUE(head.crown_y < head.eye_y && !head.crown_found);
    TRUE(head.eye_openness > 0.25 && head.eye_openness < 0.5);
    TRUE(head.mouth_gap < 0.02);
}

TEST(roll_and_yaw_are_measured_with_their_sign)
{
    for (int angle = -24; angle <= 24; angle += 8) {
        struct face_landmarks turned = face_at(500, 600, 2, angle, 0), tilted = face_at(500, 600, 2, 0, angle);
        struct face_landmarks both = face_at(500, 600, 2, angle, 10);
        struct head head;
        geometry_head(&turned, &head);
        NEAR(angle, head.yaw_deg, 1.5);
        geometry_head(&tilted, &head);
        NEAR(angle, head.roll_deg, 0.5);
        NEAR(0, head.yaw_deg, 1);
        geometry_head(&both, &head);
        NEAR(angle, head.yaw_deg, 2);
    }
}

TEST(open_mouth_and_closed_eyes_show)
{
    struct face_landmarks marks = face_at(500, 600, 2, 0, 0);
    struct head head;
    for (int i = 65; i <= 67; i++)
        marks.points[i].y_px += 20;
    for (int i = 37; i <= 38; i++)
        marks.points[i].y_px = marks.points[i + 3].y_px - 1;
    geometry_head(&marks, &head);
    TRUE(head.mouth_gap > 0.08);
    TRUE(head.eye_openness < 0.10);
}

TEST(landmarks_in_one_point_do_no_harm)
{
    struct face_landmarks marks = {0};
    struct head head;
    geometry_head(&marks, &head);
    EQ_INT(0, head.eye_distance_px);
    EQ_INT(0, head.yaw_deg);
}

/* Where crown, eyes and cheeks come to lie, in finished pixels. */
static void expect_in_windows(const struct head *head, const struct placement *p, const struct profile *profile)
{
    double crown = (head->crown_y - p->frame.y_px) * p->scale, eyes = (head->eye_y - p->frame.y_px) * p->scale;
    double width = head->face_width_px * p->scale, centre = (head->centre_x - p->frame.x_px) * p->scale;
    TRUE(crown >= (double)profile->crown_px.min && crown <= (double)profile->crown_px.max);
    TRUE(eyes >= (double)profile->eyes_px.min && eyes <= (double)profile->eyes_px.max);
    TRUE(width >= (double)profile->face_width_px.min && width <= (double)profile->face_width_px.max);
    NEAR((double)profile->width_px / 2, centre, 0.01);
    NEAR((double)profile->width_px / p->scale, p->frame.width_px, 0.01); /* no squeezing */
    NEAR((double)profile->height_px / p->scale, p->frame.height_px, 0.01);
}

TEST(a_roomy_photo_gets_the_preferred_place)
{
    struct face_landmarks marks = face_at(1500, 1500, 3, 0, 0);
    const struct profile *profile = profile_named("chsi_blue");
    struct head head;
    struct placement p;
    geometry_head(&marks, &head);
    geometry_place(&head, 3000, 4000, profile, &p);
    expect_in_windows(&head, &p, profile);
    NEAR(200, head.face_width_px * p.scale, 12);
    EQ_INT(0, p.missing_left_px + p.missing_top_px + p.missing_right_px + p.missing_bottom_px);
}

TEST(the_frame_stays_inside_a_narrow_photo_while_windows_allow)
{
    struct face_landmarks marks = face_at(320, 420, 1.6, 0, 0); /* a face of 224 px in 560 px */
    const struct profile *profile = profile_named("chsi_blue");
    struct head head;
    struct placement p;
    geometry_head(&marks, &head);
    head.crown_y = 190;
    geometry_place(&head, 640, 800, profile, &p);
    expect_in_windows(&head, &p, profile);
    TRUE(p.missing_left_px < 1 && p.missing_right_px < 1 && p.missing_top_px < 1 && p.missing_bottom_px < 1);
}

TEST(what_is_missing_is_counted)
{
    struct face_landmarks marks = face_at(60, 120, 1, 0, 0); /* no room above, below, left */
    const struct profile *profile = profile_named("chsi_blue");
    struct head head;
    struct placement p;
    geometry_head(&marks, &head);
    geometry_place(&head, 400, 250, profile, &p);
    TRUE(p.missing_left_px > 0 && p.missing_top_px + p.missing_bottom_px > 0);
    expect_in_windows(&head, &p, profile);
}

/* Short hair to hair tied up, in eye-to-chin distances above the eyes; what portraits show. */
static const double crowns[] = {0.9, 1.0, 1.1, 1.2};

TEST(every_standard_can_be_met_in_a_roomy_photo)
{
    for (size_t i = 0; profile_at(i) != NULL; i++)
        for (size_t k = 0; k < countof(crowns); k++) {
            struct face_landmarks marks = face_at(2000, 2000, 3, 0, 0);
            struct head head;
            struct placement p;
            geometry_head(&marks, &head);
            head.crown_y = head.eye_y - crowns[k] * head.eye_to_chin_px;
            geometry_place(&head, 4000, 5000, profile_at(i), &p);
            if (p.unmet != 0)
                fprintf(stderr, "%s with crown %.1f: windows %x\n", profile_at(i)->name, crowns[k], p.unmet);
            EQ_INT(0, p.unmet);
            EQ_INT(ADVICE_NONE, p.advice);
        }
}

static enum placement_advice advice_in(int32_t width_px, int32_t height_px, double x, double y, double scale,
                                       double crown, const char *profile)
{
    struct face_landmarks marks = face_at(x, y, scale, 0, 0);
    struct head head;
    struct placement p;
    geometry_head(&marks, &head);
    head.crown_y = fmax(0, head.eye_y - crown * head.eye_to_chin_px);
    geometry_place(&head, width_px, height_px, profile_named(profile), &p);
    return p.advice;
}

TEST(what_cannot_be_met_says_what_to_do)
{
    EQ_INT(ADVICE_STEP_BACK, advice_in(1000, 720, 500, 500, 3, 1.1, "chsi_blue"));
    EQ_INT(ADVICE_ROOM_ABOVE, advice_in(1000, 2000, 500, 200, 3, 1.1, "chsi_blue"));
    EQ_INT(ADVICE_COME_CLOSER, advice_in(1000, 2000, 500, 500, 0.6, 1.1, "chsi_blue"));
    EQ_INT(ADVICE_HAIR_LOWER, advice_in(4000, 5000, 2000, 2500, 3, 2.2, "chsi_blue"));
}

TEST(what_is_missed_is_written_down)
{
    struct placement p = {.unmet = WINDOW_CROWN | WINDOW_CHIN_BELOW, .advice = ADVICE_HAIR_LOWER};
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    geometry_write(&b, &p);
    json_object_close(&b);
    TRUE(strstr(buf_cstr(&b), "{\"placement\":{\"unmet\":[\"crown\",\"chin_below\"],\"advice\":\"hair_lower\"") !=
         NULL);
    buf_release(&b);
}

TEST(heads_are_mapped_with_their_lengths)
{
    struct placement small = {.frame = {100, 50, 240, 320}, .scale = 2}, p = geometry_enlarged(&small, 1.5);
    struct face_landmarks marks = face_at(220, 200, 1, 5, 3), mapped;
    struct head from, by_head, by_marks;
    geometry_head(&marks, &from);
    geometry_map_head(&p, &from, &by_head);
    geometry_map(&p, &marks, &mapped);
    geometry_head(&mapped, &by_marks);
    NEAR(by_marks.eye_x, by_head.eye_x, 0.01);
    NEAR(by_marks.chin_y, by_head.chin_y, 0.01);
    NEAR(by_marks.crown_y, by_head.crown_y, 0.01);
    NEAR(by_marks.face_width_px, by_head.face_width_px, 0.01);
    NEAR(by_marks.yaw_deg, by_head.yaw_deg, 0.01);
}

TEST(mapping_follows_the_frame)
{
    struct placement p = {.frame = {100, 50, 240, 320}, .scale = 2};
    struct face_landmarks from = {.points = {{110, 60}}}, to;
    struct face_box box = {100, 50, 60, 80, 1}, mapped = geometry_map_box(&p, &box);
    geometry_map(&p, &from, &to);
    NEAR(20, (double)to.points[0].x_px, 0.001);
    NEAR(20, (double)to.points[0].y_px, 0.001);
    EQ_INT(0, mapped.x_px);
    EQ_INT(120, mapped.width_px);
    EQ_INT(160, mapped.height_px);
}

int main(void)
{
    return tests_run();
}
