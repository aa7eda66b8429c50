/* links: xy_workers */
#include "workers/measure_clothes.c"
#include "workers/measure_file.c"
#include "workers/measure_lab.c"

#include "base/text.h"
#include "tests/check.h"
#include "workers/comply.h"
#include "workers/jpeg.h"
#include "workers/measure.h"

#define SIDE 400

static struct image plain(int32_t width, int32_t height, unsigned char r, unsigned char g, unsigned char b)
{
    struct image made = {width, height, malloc((size_t)width * (size_t)height * 3)};
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        made.rgb[3 * i] = r, made.rgb[3 * i + 1] = g, made.rgb[3 * i + 2] = b;
    return made;
}

static void fill(struct image *image, int32_t left, int32_t top, int32_t right, int32_t bottom, unsigned char r,
                 unsigned char g, unsigned char b)
{
    for (int32_t y = top; y < bottom; y++)
        for (int32_t x = left; x < right; x++) {
            unsigned char *rgb = image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3;
            rgb[0] = r, rgb[1] = g, rgb[2] = b;
        }
}

/* A face seen from the front with its eyes 120 px apart at (140, 160) and (260, 160). */
static struct face_landmarks face_marks(void)
{
    struct face_landmarks marks = {0};
    for (int i = 0; i <= 16; i++) { /* jaw: half an ellipse */
        double turn = 3.14159265 * i / 16;
        marks.points[i] = (struct face_point){(float)(200 - 130 * cos(turn)), (float)(160 + 170 * sin(turn))};
    }
    for (int i = 0; i < 5; i++) {
        marks.points[17 + i] = (struct face_point){(float)(105 + 16 * i), 125};
        marks.points[22 + i] = (struct face_point){(float)(231 + 16 * i), 125};
    }
    for (int i = 36; i < 48; i++)
        marks.points[i] = (struct face_point){i < 42 ? 140 : 260, 160};
    for (int i = 48; i < 68; i++)
        marks.points[i] = (struct face_point){i < 54 ? 170 : 230, 270};
    return marks;
}

static struct face_features features_of(const struct image *face)
{
    struct face_landmarks marks = face_marks();
    struct head head;
    struct face_features out;
    geometry_head(&marks, &head);
    measure_features(face, &marks, &head, &out);
    return out;
}

TEST(lab_has_its_known_points)
{
    static const struct {
        unsigned char rgb[3];
        double l, a, b;
    } known[] = {{{255, 255, 255}, 100, 0, 0},
                 {{0, 0, 0}, 0, 0, 0},
                 {{255, 0, 0}, 53.2, 80.1, 67.2},
                 {{100, 197, 255}, 76.0, -11.8, -37.1}};
    for (size_t i = 0; i < countof(known); i++) {
        struct lab lab = measure_lab(known[i].rgb);
        NEAR(known[i].l, lab.l, 0.5);
        NEAR(known[i].a, lab.a, 0.5);
        NEAR(known[i].b, lab.b, 0.5);
    }
    struct lab white = measure_lab(known[0].rgb), black = measure_lab(known[1].rgb);
    NEAR(100, measure_lab_apart(&white, &black), 0.1);
}

TEST(skin_is_natural_and_a_green_face_is_not)
{
    struct image skin = plain(SIDE, SIDE, 205, 160, 135), green = plain(SIDE, SIDE, 120, 170, 110);
    NEAR(0, features_of(&skin).colour_off, 0.01);
    TRUE(features_of(&green).colour_off > 8);
    image_release(&skin);
    image_release(&green);
}

TEST(a_fringe_hides_the_brows)
{
    struct image face = plain(SIDE, SIDE, 205, 160, 135);
    NEAR(1, features_of(&face).brows_shown, 0.01);
    fill(&face, 0, 0, SIDE, 130, 40, 30, 28);
    TRUE(features_of(&face).brows_shown < 0.1);
    image_release(&face);
}

TEST(red_pupils_and_white_glasses_show)
{
    struct image face = plain(SIDE, SIDE, 205, 160, 135);
    NEAR(0, features_of(&face).red_eye, 0.001);
    NEAR(0, features_of(&face).eye_glare, 0.001);
    fill(&face, 133, 153, 147, 167, 200, 40, 30);
    TRUE(features_of(&face).red_eye > 0.9);
    fill(&face, 235, 150, 265, 170, 250, 250, 250);
    NEAR(0.07, features_of(&face).eye_glare, 0.03);
    image_release(&face);
}

TEST(blue_clothes_before_blue)
{
    static const unsigned char blue[3] = {100, 197, 255}, white[3] = {255, 255, 255};
    struct image clothes = plain(720, 960, 30, 30, 40);
    struct plane alpha = {720, 960, calloc(720, 960)};
    struct matte matte = {.alpha = alpha, .foreground = clothes};
    struct head head = {.chin_y = 600, .eye_to_chin_px = 200};
    struct clothes found;
    measure_clothes(&matte, &head, blue, &found);
    TRUE(isnan(found.alike)); /* nobody there */
    memset(alpha.values, 255, 720 * 960);
    measure_clothes(&matte, &head, blue, &found);
    NEAR(0, found.alike, 0.001);
    fill(&matte.foreground, 0, 0, 360, 960, 120, 195, 245);
    measure_clothes(&matte, &head, blue, &found);
    NEAR(0.5, found.alike, 0.01);
    NEAR(358, found.at.width_px, 4);
    TRUE(found.at.y_px >= 670);
    measure_clothes(&matte, &head, white, &found);
    NEAR(0, found.alike, 0.001);
    free(alpha.values);
    image_release(&matte.foreground);
}

TEST(the_backdrop_is_measured_where_nobody_is)
{
    static const unsigned char blue[3] = {100, 197, 255};
    struct image photo = plain(480, 640, 100, 197, 255);
    struct head head = {.crown_y = 70};
    fill(&photo, 120, 70, 360, 640, 20, 20, 20);
    NEAR(0, measure_backdrop(&photo, &head, blue), 0.01);
    fill(&photo, 0, 0, 480, 70, 180, 180, 178);
    TRUE(measure_backdrop(&photo, &head, blue) > 20);
    image_release(&photo);
}

TEST(our_own_files_are_as_the_standard_says)
{
    const struct profile *profile = profile_named("chsi_blue");
    struct image photo = plain(480, 640, 100, 197, 255);
    struct file_facts facts;
    struct buf b;
    buf_init(&b, MIB(1));
    EQ_INT(ERR_NONE, jpeg_encode(&photo, 90, 300, &b));
    measure_file(b.bytes, b.len, profile, &facts);
    EQ_INT(0, facts.faults);
    EQ_INT(480, facts.width_px);
    EQ_INT(640, facts.height_px);
    measure_file(b.bytes, b.len - 2, profile, &facts);
    EQ_INT(FILE_NOT_JPEG, facts.faults);
    buf_add(&b, "xx", 2);
    measure_file(b.bytes, b.len, profile, &facts);
    EQ_INT(FILE_TRAILING, facts.faults);
    EQ_INT(ERR_NONE, jpeg_encode(&photo, 90, 72, &b));
    measure_file(b.bytes, b.len, profile, &facts);
    EQ_INT(FILE_NOT_JFIF, facts.faults);
    EQ_INT(1, measure_file_faults(&facts));
    buf_release(&b);
    image_release(&photo);
}

TEST(damaged_files_are_walked_to_their_end)
{
    static const unsigned char comment[] = {0xff, 0xd8, 0xff, 0xfe, 0, 4, 'h', 'i', 0xff, 0xda, 0, 2, 0xff, 0xd9};
    const struct profile *profile = profile_named("chsi_blue");
    struct file_facts facts;
    measure_file("", 0, profile, &facts);
    EQ_INT(FILE_NOT_JPEG, facts.faults);
    measure_file(comment, sizeof comment, profile, &facts);
    EQ_INT(FILE_METADATA | FILE_NOT_JFIF | FILE_NOT_24_BIT, facts.faults);
    for (size_t len = 0; len < sizeof comment; len++) {
        measure_file(comment, len, profile, &facts);
        TRUE((facts.faults & FILE_NOT_JPEG) != 0);
    }
}

int main(void)
{
    return tests_run();
}
