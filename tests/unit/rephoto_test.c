/* links: xy_workers */
#include "workers/rephoto.c"

#include "tests/check.h"

#define WIDE 400
#define HIGH 500

static struct face_landmarks face_marks(double from_x, double to_x, double from_y, double to_y)
{
    struct face_landmarks marks = {0};
    marks.points[2].x_px = (float)from_x, marks.points[14].x_px = (float)to_x;
    marks.points[19].y_px = marks.points[24].y_px = (float)from_y;
    marks.points[8].y_px = (float)to_y;
    return marks;
}

/* Skin: a soft slope, noise, and a dark edge across it. */
static struct image skin(void)
{
    struct image made = {WIDE, HIGH, malloc(WIDE * HIGH * 3)};
    uint32_t random = 11;
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE; x++) {
            random = random * 1664525 + 1013904223;
            int value = 150 + x / 8 - y / 10 + (int)(random >> 28) - 8 - (x * 3 + y > 900 ? 60 : 0);
            memset(made.rgb + (y * WIDE + x) * 3, value, 3);
        }
    return made;
}

/* Waves of this period and depth, turned so far. */
static void add_waves(struct image *image, double period_px, double degrees, double depth)
{
    double angle = degrees / 180 * PI;
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE; x++) {
            double along = (x * cos(angle) + y * sin(angle)) / period_px;
            for (int i = 0; i < 3; i++) {
                unsigned char *value = image->rgb + (y * WIDE + x) * 3 + i;
                *value = (unsigned char)(*value + lround(depth * sin(2 * PI * along)));
            }
        }
}

static struct rephoto measured(const struct image *image)
{
    struct face_landmarks marks = face_marks(60, 340, 80, 440);
    struct rephoto out;
    EQ_INT(ERR_NONE, rephoto_measure(image, &marks, &out));
    return out;
}

TEST(skin_and_edges_are_no_pattern)
{
    struct image image = skin();
    TRUE(measured(&image).peak < 5);
    image_release(&image);
}

TEST(faint_regular_waves_are)
{
    static const double periods[] = {2.7, 3.4, 5.3};
    for (size_t i = 0; i < countof(periods); i++) {
        struct image image = skin();
        add_waves(&image, periods[i], 33, 6);
        struct rephoto found = measured(&image);
        TRUE(found.peak > 10);
        NEAR(periods[i], found.period_px, 0.2);
        image_release(&image);
    }
}

/* What every JPEG has: its blocks lie on the axes. */
TEST(blocks_along_the_axes_are_left_out)
{
    struct image image = skin();
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE; x++)
            if (x % 8 == 0 || y % 8 == 0)
                for (int i = 0; i < 3; i++)
                    image.rgb[(y * WIDE + x) * 3 + i] = (unsigned char)(image.rgb[(y * WIDE + x) * 3 + i] + 8);
    TRUE(measured(&image).peak < 5);
    image_release(&image);
}

TEST(small_faces_and_faces_beyond_the_edge)
{
    struct image image = skin();
    struct face_landmarks small = face_marks(100, 150, 100, 150), outside = face_marks(-200, 2000, -300, 3000),
                          nowhere = face_marks(900, 1200, 100, 300);
    struct rephoto out;
    EQ_INT(ERR_NONE, rephoto_measure(&image, &small, &out));
    TRUE(isnan(out.peak));
    EQ_INT(ERR_NONE, rephoto_measure(&image, &nowhere, &out));
    TRUE(isnan(out.peak));
    EQ_INT(ERR_NONE, rephoto_measure(&image, &outside, &out));
    TRUE(out.peak < 5);
    image_release(&image);
}

TEST(a_plain_area_is_silent)
{
    struct image image = {WIDE, HIGH, malloc(WIDE * HIGH * 3)};
    memset(image.rgb, 140, WIDE * HIGH * 3);
    TRUE(measured(&image).peak < 5);
    image_release(&image);
}

int main(void)
{
    return tests_run();
}
