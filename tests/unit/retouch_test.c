/* links: xy_dispatch xy_workers */
#include "tests/unit/forge_fixture.h"
#include "workers/png.h"

/* ---- asking ---- */

/* The answer; its parts stay until frame_release. `repair` is released. */
static struct frame retouch(const struct made *m, const char *kind, struct buf repair)
{
    struct buf request = fixture_buf();
    struct frame answer;
    json_object_open(&request);
    json_put_text(&request, "kind", "retouch");
    json_put_text(&request, "repair", kind);
    put_profile(&request);
    json_object_close(&request);
    const struct part parts[3] = {
        {request.bytes, request.len}, {m->original.bytes, m->original.len}, {repair.bytes, repair.len}};
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, 3, 60000, &answer));
    buf_release(&request);
    buf_release(&repair);
    return answer;
}

static void expect_refused(const char *what, const struct made *m, const char *kind, struct buf repair,
                           const char *error, const char *says)
{
    struct frame answer = retouch(m, kind, repair);
    const struct json *tree = tree_of(&answer);
    printf("    %-24s %s: %s\n", what, json_text_at(tree, "error", "taken"), json_text_at(tree, "why", ""));
    EQ_INT(FRAME_REFUSED, answer.type);
    EQ_TEXT(error, json_text_at(tree, "error", ""));
    TRUE(strstr(json_text_at(tree, "why", ""), says) != NULL);
    frame_release(&answer);
}

static struct buf png_file(const struct image *image)
{
    return saved(vips_image_new_from_memory_copy(image->rgb, (size_t)image->width_px * (size_t)image->height_px * 3,
                                                 image->width_px, image->height_px, 3, VIPS_FORMAT_UCHAR),
                 ".png");
}

static struct buf jpeg_file(const struct image *image, int quality)
{
    struct buf b = fixture_buf();
    EQ_INT(ERR_NONE, jpeg_encode(image, quality, 300, &b));
    return b;
}

/* Our own alpha, as the server keeps it for the retoucher. */
static struct image mask_of(const struct made *m)
{
    struct buf request = fixture_buf(), png = fixture_buf();
    struct frame answer;
    json_object_open(&request);
    json_put_text(&request, "kind", "standardise");
    json_put_bool(&request, "mask", true);
    put_profile(&request);
    json_object_close(&request);
    const struct part parts[2] = {{request.bytes, request.len}, {m->original.bytes, m->original.len}};
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, 2, 60000, &answer));
    EQ_INT(4, answer.part_count);
    buf_add(&png, answer.parts[3].bytes, answer.parts[3].len);
    struct image mask = pixels_of(&png);
    frame_release(&answer);
    buf_release(&request);
    buf_release(&png);
    return mask;
}

static const unsigned char blue[3] = {100, 197, 255}, white[3] = {255, 255, 255}, black[3] = {0, 0, 0};

/* A spot on the person's outline in row y: the first from the left that is not background, and still well in the band.
 */
static int edge_in_row(const struct image *mask, int y)
{
    for (int x = 0; x < mask->width_px; x++)
        if (at_pixel(mask, x, y)[0] > 128)
            return x;
    return -1;
}

/* ---- a mask ---- */

TEST(a_repaired_mask_is_taken)
{
    struct made m = made_of("portrait3.jpg");
    struct image mask = mask_of(&m);
    int y = 430, x = edge_in_row(&mask, y);
    TRUE(x >= 0);
    paint(&mask, x > 4 ? x - 4 : 0, y, 12, 12, black); /* a bite out of the hair's edge */
    struct frame answer = retouch(&m, "mask", png_file(&mask));
    const struct json *tree = tree_of(&answer), *entry = operation(json_at(tree, "report"), "retouch");
    EQ_INT(FRAME_RESULT, answer.type);
    EQ_TEXT("mask", json_text_at(entry, "kind", ""));
    double share = json_number_at(entry, "changed_share", 0);
    printf("    changed %.5f of the photo, face %.2f\n", share, json_number_at(entry, "face_difference_max", 99));
    TRUE(share > 0 && share < 0.03);
    TRUE(json_number_at(entry, "face_difference_max", 99) < 1);
    TRUE(!text_is(json_text_at(entry, "sha256_before", ""), json_text_at(entry, "sha256_after", "")));
    EQ_TEXT(json_text_at(operation(json_at(tree, "report"), "encode"), "sha256", "?"),
            json_text_at(entry, "sha256_after", ""));
    struct buf file = fixture_buf();
    buf_add(&file, answer.parts[1].bytes, answer.parts[1].len);
    struct image photo = pixels_of(&file);
    for (int c = 0; c < 3; c++)
        NEAR(blue[c], at_pixel(&photo, x > 4 ? x : 4, y + 6)[c], 12); /* the bite shows background */
    image_release(&photo);
    buf_release(&file);
    frame_release(&answer);
    image_release(&mask);
    made_release(&m);
}

TEST(masks_that_open_the_face_are_refused)
{
    struct made m = made_of("portrait3.jpg");
    struct image mask = mask_of(&m);
    paint(&mask, 220, 330, 8, 8, black);
    expect_refused("a hole in the face", &m, "mask", png_file(&mask), "features_changed", "face");
    struct image small = copy_of(&mask);
    small.width_px = 400;
    expect_refused("another size", &m, "mask", png_file(&small), "bad_field", "480 × 640");
    image_release(&small);
    image_release(&mask);
    made_release(&m);
}

/* ---- a photo ---- */

TEST(a_repaired_edge_is_taken)
{
    struct made m = made_of("portrait3.jpg");
    struct image mask = mask_of(&m), repaired = copy_of(&m.photo);
    int y = 430, x = edge_in_row(&mask, y);
    paint(&repaired, x > 6 ? x - 6 : 0, y, 12, 12, blue);
    for (int jpeg = 0; jpeg <= 1; jpeg++) { /* a lossless editor, and one that saves JPEG */
        struct frame answer = retouch(&m, "photo", jpeg ? jpeg_file(&repaired, 92) : png_file(&repaired));
        const struct json *tree = tree_of(&answer);
        printf("    %s\n", json_text_at(tree, "why", "taken"));
        EQ_INT(FRAME_RESULT, answer.type);
        const struct json *entry = operation(json_at(tree, "report"), "retouch"), *box = json_at(entry, "changed_box");
        printf("    changed %.5f of the photo, face %.2f\n", json_number_at(entry, "changed_share", 0),
               json_number_at(entry, "face_difference_max", 99));
        TRUE(json_number_at(entry, "changed_share", 0) > 0 && json_number_at(entry, "changed_share", 1) < 0.05);
        TRUE(json_number_at(entry, "face_difference_max", 99) < (jpeg ? 8 : 0.5));
        TRUE(json_int_at(box, "y", 0) <= y && json_int_at(box, "y", 0) + json_int_at(box, "h", 0) >= y + 8);
        frame_release(&answer);
    }
    image_release(&mask);
    image_release(&repaired);
    made_release(&m);
}

TEST(unchanged_photos_change_nothing)
{
    struct made m = made_of("portrait4.jpg");
    struct frame answer = retouch(&m, "photo", png_file(&m.photo));
    const struct json *entry = operation(json_at(tree_of(&answer), "report"), "retouch");
    EQ_INT(FRAME_RESULT, answer.type);
    NEAR(0, json_number_at(entry, "changed_share", 1), 0);
    TRUE(json_at(entry, "changed_box")->kind == JSON_NULL);
    EQ_TEXT(json_text_at(entry, "sha256_before", "?"), json_text_at(entry, "sha256_after", ""));
    TRUE(answer.parts[1].len == m.file.len && memcmp(answer.parts[1].bytes, m.file.bytes, m.file.len) == 0);
    frame_release(&answer);
    made_release(&m);
}

TEST(changed_people_are_refused)
{
    struct made m = made_of("portrait3.jpg"), other = made_of("portrait0.jpg");
    struct image spot = copy_of(&m.photo), clothes = copy_of(&m.photo), wall = copy_of(&m.photo),
                 eyes = warped(&m.photo, warp_eyes, 0.2), slim = warped(&m.photo, warp_slim, 0.08),
                 skin = smoothed(&m.photo, 4, 60), turned = warped(&m.photo, warp_rotate, 1),
                 bright = toned(&m.photo, 1, 16);
    unsigned char skin_colour[3];
    memcpy(skin_colour, at_pixel(&m.photo, 200, 380), 3);
    paint(&spot, 283, 266, 6, 6, skin_colour); /* six pixels of an eye */
    paint(&clothes, 236, 560, 20, 20, white);
    paint(&wall, 10, 10, 30, 30, black);
    expect_refused("a spot painted over", &m, "photo", png_file(&spot), "features_changed", "face");
    expect_refused("larger eyes", &m, "photo", png_file(&eyes), "features_changed", "face");
    expect_refused("larger eyes, JPEG", &m, "photo", jpeg_file(&eyes, 90), "features_changed", "face");
    expect_refused("slimmer cheeks", &m, "photo", png_file(&slim), "features_changed", "face");
    expect_refused("skin filter", &m, "photo", png_file(&skin), "features_changed", "face");
    expect_refused("turned", &m, "photo", png_file(&turned), "features_changed", "face");
    expect_refused("brighter", &m, "photo", png_file(&bright), "features_changed", "face");
    expect_refused("another person", &m, "photo", png_file(&other.photo), "features_changed", "face");
    expect_refused("a badge on clothes", &m, "photo", png_file(&clothes), "features_changed", "clothes");
    expect_refused("a logo on the wall", &m, "photo", png_file(&wall), "features_changed", "background");
    struct image *all[] = {&spot, &clothes, &wall, &eyes, &slim, &skin, &turned, &bright};
    for (size_t i = 0; i < countof(all); i++)
        image_release(all[i]);
    made_release(&m);
    made_release(&other);
}

/* ---- verified afterwards ---- */

/* With the repaired file the bytes are made again; without it face, hair and clothes still prove themselves. */
static void verify_repaired(const struct made *m, const char *kind, const struct image *repaired)
{
    struct buf repair = png_file(repaired), kept = png_file(repaired), file = fixture_buf(), request = fixture_buf();
    struct frame answer = retouch(m, kind, repair), verdict;
    EQ_INT(FRAME_RESULT, answer.type);
    struct buf text = report_text(json_at(tree_of(&answer), "report"), NULL, NULL);
    buf_add(&file, answer.parts[1].bytes, answer.parts[1].len);
    json_object_open(&request);
    json_put_text(&request, "kind", "verify");
    put_profile(&request);
    json_put_raw(&request, "report", buf_cstr(&text));
    json_object_close(&request);
    const struct part parts[4] = {{request.bytes, request.len},
                                  {m->original.bytes, m->original.len},
                                  {file.bytes, file.len},
                                  {kept.bytes, kept.len}};
    for (size_t count = 3; count <= 4; count++) {
        EQ_INT(ERR_NONE, worker_client_run(worker(), parts, count, 60000, &verdict));
        const struct json *tree = tree_of(&verdict), *reasons = json_at(tree, "reasons");
        if (reasons != NULL && reasons->first != NULL)
            TEST_FAIL("%s: %s", kind, json_text_at(reasons->first, "text", "?"));
        EQ_TEXT(count == 4 ? "identical" : "equal", json_text_at(tree, "verdict", ""));
        frame_release(&verdict);
    }
    frame_release(&answer);
    buf_release(&text);
    buf_release(&file);
    buf_release(&kept);
    buf_release(&request);
}

TEST(repaired_photos_are_proved)
{
    struct made m = made_of("portrait3.jpg");
    struct image mask = mask_of(&m), repaired = copy_of(&m.photo);
    int y = 430, x = edge_in_row(&mask, y);
    paint(&repaired, x - 6, y, 12, 12, blue);
    paint(&mask, x - 4, y, 12, 12, black);
    verify_repaired(&m, "photo", &repaired);
    verify_repaired(&m, "mask", &mask);
    image_release(&mask);
    image_release(&repaired);
    made_release(&m);
}

/* ---- requests that make no sense ---- */

TEST(nonsense_is_refused)
{
    struct made m = made_of("portrait3.jpg");
    struct image small = {.width_px = 300, .height_px = 400, .rgb = m.photo.rgb};
    expect_refused("another kind", &m, "skin", png_file(&m.photo), "bad_field", "mask or a photo");
    expect_refused("another size", &m, "photo", png_file(&small), "bad_field", "480 × 640");
    expect_refused("no picture", &m, "photo", with_tail(fixture_buf(), "hello", 5), "unsupported_type",
                   "repaired file");
    expect_refused("nothing", &m, "photo", fixture_buf(), "unreadable", "repaired file");
    made_release(&m);
}

int main(void)
{
    image_start();
    forge_arena = arena_new(MIB(64));
    int failed = tests_run();
    worker_client_stop(&forge_worker, NULL);
    arena_free(forge_arena);
    return failed;
}
