/* links: xy_dispatch xy_workers */
/* A camera frame through the real worker: a good one, and the same one with faults put in. */
#include "tests/unit/forge_fixture.h"

#include "base/clock.h"
#include "workers/precheck.h"

#define WIDTH_PX  320
#define HEIGHT_PX 427

/* The portrait cut to the frame's shape as a phone held upright would see it. */
static struct image frame_of(const char *name)
{
    struct buf file = sample(name);
    struct image photo = pixels_of(&file), out = {0};
    double height = fmin(photo.height_px, photo.width_px * 4.0 / 3), width = height * 3 / 4;
    struct resample_area area = {(photo.width_px - width) / 2, (photo.height_px - height) / 2, width, height};
    EQ_INT(ERR_NONE, resample(&photo, &area, WIDTH_PX, HEIGHT_PX, RESAMPLE_BOX, &out));
    image_release(&photo);
    buf_release(&file);
    return out;
}

static const struct json *ask(const struct buf *file, int camera_px, bool with_profile, enum frame_type want)
{
    struct buf request = fixture_buf();
    struct frame answer;
    json_object_open(&request);
    json_put_text(&request, "kind", "precheck");
    if (with_profile)
        put_profile(&request);
    json_put_int(&request, "camera_width_px", camera_px);
    json_object_close(&request);
    const struct part parts[2] = {{request.bytes, request.len}, {file->bytes, file->len}};
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, 2, 60000, &answer));
    const struct json *tree = tree_of(&answer);
    if (answer.type != want)
        TEST_FAIL("%s", json_text_at(tree, "why", "accepted"));
    frame_release(&answer);
    buf_release(&request);
    return tree;
}

static const struct json *look_at(const struct image *frame, int camera_px)
{
    struct buf file = fixture_buf();
    EQ_INT(ERR_NONE, jpeg_encode(frame, 60, 72, &file));
    TRUE(file.len < KIB(64)); /* what the route takes */
    const struct json *tree = ask(&file, camera_px, true, FRAME_RESULT);
    buf_release(&file);
    return tree;
}

static void expect(const char *code, const struct image *frame)
{
    EQ_TEXT(code, json_text_at(look_at(frame, 1440), "hint.code", ""));
}

/* Every pixel times `left` at the left edge … `right` at the right edge. */
static struct image lit(const struct image *from, double left, double right)
{
    struct image out = *from;
    size_t len = (size_t)from->width_px * (size_t)from->height_px * 3;
    out.rgb = malloc(len);
    for (size_t i = 0; i < len; i++) {
        double at = (double)(i / 3 % WIDTH_PX) / WIDTH_PX, times = at < 0.45 ? left : at > 0.52 ? right : 1;
        out.rgb[i] = (unsigned char)fmin(255, from->rgb[i] * times);
    }
    return out;
}

static struct image cut(const struct image *from, double x, double y, double share)
{
    struct image out = {0};
    struct resample_area area = {x * WIDTH_PX, y * HEIGHT_PX, share * WIDTH_PX, share * HEIGHT_PX};
    EQ_INT(ERR_NONE, resample(from, &area, WIDTH_PX, HEIGHT_PX, RESAMPLE_BOX, &out));
    return out;
}

TEST(a_good_frame_is_told_so_and_measured)
{
    struct image frame = frame_of("portrait0.jpg");
    const struct json *tree = look_at(&frame, 1440);
    EQ_TEXT("ok", json_text_at(tree, "hint.code", ""));
    EQ_INT(1, json_int_at(tree, "faces", 0));
    TRUE(json_number_at(tree, "box.x", 0) > 0.25 && json_number_at(tree, "box.w", 0) < 0.4);
    double left = json_number_at(json_at(tree, "eyes")->first, "x", 0),
           right = json_number_at(json_at(tree, "eyes")->first->next, "x", 0);
    TRUE(left > 0.35 && left < right && right < 0.6);
    TRUE(fabs(json_number_at(tree, "roll_degrees", 99)) < 3.5);
    TRUE(json_number_at(tree, "sharpness", 0) > 100);
    EQ_TEXT("come_closer", json_text_at(look_at(&frame, 640), "hint.code", "")); /* the photo would be too small */
    image_release(&frame);
}

TEST(faults_are_found_in_the_order_of_importance)
{
    struct image frame = frame_of("portrait0.jpg"), changed;
    changed = lit(&frame, 0.25, 0.25);
    expect("dark", &changed);
    image_release(&changed);
    changed = lit(&frame, 2.4, 2.4);
    expect("bright", &changed);
    image_release(&changed);
    changed = lit(&frame, 0.5, 1);
    expect("right_dark", &changed); /* the picture's left is the person's right */
    image_release(&changed);
    changed = lit(&frame, 1.05, 0.35);
    expect("left_dark", &changed);
    image_release(&changed);
    changed = cut(&frame, 0.24, 0.13, 0.48);
    expect("step_back", &changed);
    image_release(&changed);
    changed = cut(&frame, 0.15, 0.15, 1); /* the edge pixels are repeated: she stands further left and higher */
    expect("room_above", &changed);
    image_release(&changed);
    changed = cut(&frame, 0.22, -0.02, 1);
    expect("move_left", &changed);
    image_release(&changed);
    struct image small = {0};
    EQ_INT(ERR_NONE, resample_to_long_edge(&frame, 100, &small));
    changed = (struct image){0};
    struct resample_area all = {0, 0, small.width_px, small.height_px};
    EQ_INT(ERR_NONE, resample(&small, &all, WIDTH_PX, HEIGHT_PX, RESAMPLE_LANCZOS, &changed));
    expect("blur", &changed);
    image_release(&changed);
    image_release(&small);
    image_release(&frame);
}

TEST(a_wall_has_no_face)
{
    struct image wall = {WIDTH_PX, HEIGHT_PX, malloc(WIDTH_PX * HEIGHT_PX * 3)};
    memset(wall.rgb, 200, WIDTH_PX * HEIGHT_PX * 3);
    const struct json *tree = look_at(&wall, 1440);
    EQ_INT(0, json_int_at(tree, "faces", 9));
    EQ_TEXT("no_face", json_text_at(tree, "hint.code", ""));
    EQ_TEXT("没看到脸，面向镜头", json_text_at(tree, "hint.zh", ""));
    TRUE(json_at(tree, "box.x") == NULL && json_at(tree, "eyes")->first == NULL);
    image_release(&wall);
}

TEST(what_is_no_frame_is_refused)
{
    struct buf file = saved(red(1200, 1000), ".jpg"), png = saved(red(320, 427), ".png"), none = fixture_buf();
    EQ_TEXT("too_large", json_text_at(ask(&file, 1440, true, FRAME_REFUSED), "error", ""));
    EQ_TEXT("unsupported_type", json_text_at(ask(&png, 1440, true, FRAME_REFUSED), "error", ""));
    EQ_TEXT("unreadable", json_text_at(ask(&none, 1440, true, FRAME_REFUSED), "error", ""));
    buf_release(&file);
    file = saved(red(320, 427), ".jpg");
    EQ_TEXT("bad_field", json_text_at(ask(&file, 1440, false, FRAME_REFUSED), "error", ""));
    EQ_TEXT("bad_field", json_text_at(ask(&file, 100000, true, FRAME_REFUSED), "error", ""));
    buf_release(&file);
    buf_release(&png);
}

/* No goal, a figure: what a frame costs this worker, with both ends of the socket. */
TEST(what_a_frame_costs)
{
    struct image frame = frame_of("portrait0.jpg");
    int64_t least_us = INT64_MAX;
    (void)look_at(&frame, 1440);
    for (int i = 0; i < 10; i++) {
        int64_t began_us = clock_mono_us();
        (void)look_at(&frame, 1440);
        int64_t took_us = clock_mono_us() - began_us;
        least_us = took_us < least_us ? took_us : least_us;
    }
    printf("    %" PRId64 ".%" PRId64 " ms a frame, the best of ten\n", least_us / 1000, least_us / 100 % 10);
    TRUE(least_us < SECONDS_US(2));
    image_release(&frame);
}

int main(void)
{
    forge_arena = arena_new(MIB(8));
    image_start();
    int result = tests_run();
    worker_client_stop(&forge_worker, NULL);
    arena_free(forge_arena);
    return result;
}
