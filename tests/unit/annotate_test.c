/* links: xy_workers */
#include "workers/annotate.c"

#undef TRUE /* glib's */
#include "tests/check.h"
#include "tests/fonts.h"

#include <unistd.h>

static struct head front_head(void)
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
                         .crown_y = 80,
                         .crown_found = true};
}

static struct image grey_photo(void)
{
    struct image photo = {480, 640, malloc(480 * 640 * 3)};
    memset(photo.rgb, 128, 480 * 640 * 3);
    return photo;
}

static void fill_report(struct comply *report, const struct head *head)
{
    struct placement placement = {.scale = 1};
    comply_init(report, profile_named("chsi_blue"));
    comply_place(report, head, &placement);
}

static cairo_status_t give_bytes(void *closure, unsigned char *bytes, unsigned len)
{
    struct buf *from = closure;
    if (from->len < len)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(bytes, from->bytes, len);
    memmove(from->bytes, (const char *)from->bytes + len, from->len - len);
    from->len -= len;
    return CAIRO_STATUS_SUCCESS;
}

/* Pixels of about this colour in rows from..to. */
static int count_colour(cairo_surface_t *surface, const struct colour *colour, int from, int to)
{
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface), count = 0;
    for (int y = from; y < to; y++)
        for (int x = 0; x < cairo_image_surface_get_width(surface); x++) {
            const unsigned char *at = pixels + y * stride + x * 4; /* little-endian: blue first */
            count += abs(at[0] - (int)(colour->b * 255)) < 12 && abs(at[1] - (int)(colour->g * 255)) < 12 &&
                     abs(at[2] - (int)(colour->r * 255)) < 12;
        }
    return count;
}

static cairo_surface_t *drawn(struct sheet_fonts *fonts, const struct comply *report, const struct head *head)
{
    struct image photo = grey_photo();
    struct buf out;
    buf_init(&out, ANNOTATE_BYTES_MAX);
    EQ_INT(ERR_NONE, annotate_png(fonts, &photo, head, report, true, &out));
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(give_bytes, &out);
    EQ_INT(CAIRO_STATUS_SUCCESS, cairo_surface_status(surface));
    buf_release(&out);
    image_release(&photo);
    return surface;
}

TEST(marks_are_where_the_trouble_is)
{
    struct sheet_fonts *fonts = sheet_fonts_new();
    if (fonts == NULL)
        SKIP("no CJK font is installed");
    struct head head = front_head();
    struct comply report;
    fill_report(&report, &head);
    cairo_surface_t *good = drawn(fonts, &report, &head);
    EQ_INT(520, cairo_image_surface_get_width(good));
    EQ_INT(0, count_colour(good, &fail_colour, 0, cairo_image_surface_get_height(good)));
    TRUE(count_colour(good, &guide_colour, 60, 140) > 100); /* the band of the crown */
    int plain_height = cairo_image_surface_get_height(good);
    cairo_surface_destroy(good);
    comply_set(&report, CHECK_mouth_closed, 0.2, &(struct face_box){190, 360, 100, 20, 0});
    cairo_surface_t *bad = drawn(fonts, &report, &head);
    TRUE(count_colour(bad, &fail_colour, 360, 420) > 300); /* frame and badge; the photo starts 20 px lower */
    EQ_INT(0, count_colour(bad, &fail_colour, 100, 300));
    TRUE(count_colour(bad, &fail_colour, 690, cairo_image_surface_get_height(bad)) > 200); /* the legend's sign */
    TRUE(cairo_image_surface_get_height(bad) > plain_height + 40);
    cairo_surface_destroy(bad);
    sheet_fonts_free(fonts);
}

TEST(one_place_has_one_number)
{
    struct comply report;
    struct head head = front_head();
    fill_report(&report, &head);
    struct face_box face = {140, 160, 200, 255, 0}, close_by = {142, 158, 200, 255, 0}, eyes = {160, 230, 160, 50, 0};
    comply_set(&report, CHECK_half_lit, 0.1, &face);
    comply_set(&report, CHECK_underexposed, 0.9, &close_by);
    comply_set(&report, CHECK_roll, 20, &eyes);
    comply_set(&report, CHECK_size_kb, 90, NULL);
    struct drawing d = {.report = &report};
    collect(&d);
    EQ_INT(d.mark_of[CHECK_half_lit], d.mark_of[CHECK_underexposed]);
    TRUE(d.mark_of[CHECK_roll] != d.mark_of[CHECK_half_lit]);
    EQ_INT(0, d.marks[d.mark_of[CHECK_size_kb]].number);
    EQ_INT(1, d.marks[d.mark_of[CHECK_roll]].number);
    EQ_INT(2, d.marks[d.mark_of[CHECK_half_lit]].number);
    EQ_INT(-1, d.mark_of[CHECK_eye_line]);
    EQ_INT(CHECK_FAIL, d.marks[d.mark_of[CHECK_underexposed]].verdict);
}

TEST(everything_at_once_still_fits)
{
    struct sheet_fonts *fonts = sheet_fonts_new();
    if (fonts == NULL)
        SKIP("no CJK font is installed");
    struct head head = front_head();
    struct comply report;
    fill_report(&report, &head);
    for (int i = 0; i < CHECK_COUNT; i++) {
        report.checks[i].range.warn_above = 1;
        comply_set(&report, (enum check_id)i, 1e6, &(struct face_box){i * 10, i * 14, 40, 30, 0});
    }
    cairo_surface_t *all = drawn(fonts, &report, &head);
    TRUE(cairo_image_surface_get_height(all) > 2000);
    cairo_surface_destroy(all);
    struct buf small;
    struct image photo = grey_photo();
    buf_init(&small, 1000);
    EQ_INT(ERR_TOO_LARGE, annotate_png(fonts, &photo, &head, &report, false, &small));
    EQ_INT(ERR_WORKER, annotate_png(NULL, &photo, &head, &report, false, &small));
    buf_release(&small);
    image_release(&photo);
    sheet_fonts_free(fonts);
}

int main(void)
{
    image_start();
    int failed = tests_run();
    image_stop();
    return failed;
}
