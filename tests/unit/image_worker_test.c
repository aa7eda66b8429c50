/* links: xy_dispatch xy_workers */
/* Strange files through the real worker, sandbox and limits included. */
#include "tests/unit/forge_fixture.h"

static const struct json *inspect(struct worker_client *client, struct buf file, enum frame_type want)
{
    static const char request[] = "{\"kind\":\"inspect\"}";
    const struct part parts[2] = {{request, sizeof request - 1}, {file.bytes, file.len}};
    struct frame answer;
    EQ_INT(ERR_NONE, worker_client_run(client, parts, 2, 60000, &answer));
    const struct json *tree = tree_of(&answer);
    if (answer.type != want)
        TEST_FAIL("%s", json_text_at(tree, "why", "accepted"));
    frame_release(&answer);
    buf_release(&file);
    return tree;
}

static void expect_refused(struct buf file, const char *error, const char *why)
{
    const struct json *tree = inspect(worker(), file, FRAME_REFUSED);
    EQ_TEXT(error, json_text_at(tree, "error", ""));
    EQ_TEXT(why, json_text_at(tree, "why", ""));
}

TEST(refusals_come_with_their_sentence)
{
    struct buf bomb = saved(red(400, 300), ".jpg");
    claim_size(&bomb, 65500, 65500);
    expect_refused(bomb, "too_large", "A side of the picture is longer than 12000 pixels.");
    expect_refused(png_claiming(30000, 30000), "too_large", "A side of the picture is longer than 12000 pixels.");
    expect_refused(png_claiming(8000, 5001), "too_large", "The picture has more than 40 million pixels.");
    expect_refused(saved(red(256, 256), ".gif"), "unsupported_type", "The file is neither JPEG nor PNG.");
    expect_refused(saved(red(89, 200), ".png"), "unreadable", "The picture is smaller than 90 pixels on a side.");
    expect_refused(fixture_buf(), "unreadable", "The file is empty.");
    struct buf cut = saved(red(2000, 2000), ".jpg");
    cut.len /= 2;
    expect_refused(cut, "unreadable", "The picture data are damaged or end too early.");
}

/* The largest pictures allowed, of the kinds that need most memory: they fit into one job's limit. */
TEST(the_largest_pictures_fit)
{
    static const double deep[] = {40000, 20000, 10000, 65535};
    static const char *const kinds[] = {".jpg", ".jpg[interlace,subsample_mode=off]", ".png", ".png[interlace]"};
    for (size_t i = 0; i < countof(kinds); i++) {
        const struct json *tree = inspect(worker(), saved(red(8000, 5000), kinds[i]), FRAME_RESULT);
        EQ_INT(8000, json_int_at(tree, "width_px", 0));
        EQ_INT(2880, json_int_at(tree, "decoded.width_px", 0));
        TRUE(!json_bool_at(tree, "damaged", true));
    }
    struct buf sixteen = saved(flat(8000, 5000, deep, 4, VIPS_INTERPRETATION_RGB16, VIPS_FORMAT_USHORT), ".png");
    EQ_INT(8000, json_int_at(inspect(worker(), sixteen, FRAME_RESULT), "width_px", 0));
    const double cyan[] = {255, 0, 0, 0};
    struct buf cmyk = saved(flat(8000, 5000, cyan, 4, VIPS_INTERPRETATION_CMYK, VIPS_FORMAT_UCHAR), ".jpg");
    EQ_INT(8000, json_int_at(inspect(worker(), cmyk, FRAME_RESULT), "width_px", 0));
}

/* Everything that clings to a photo: position, names, programs, a second picture. Nothing of it reaches a part. */
TEST(nothing_clings_to_what_is_made)
{
    static const char *const traces[] = {FOREIGN, "Exif", "ICC_PROFILE", "http:", "PK\3\4",
                                         "<?php", "GPS",  "Photoshop",   "Adobe", "2026:05:01"};
    struct buf photo = sample("portrait3.jpg");
    photo = with_segment(photo, 0xe1, "http://ns.adobe.com/xap/1.0/\0" FOREIGN, 29 + 35);
    photo = with_segment(photo, 0xed, "Photoshop 3.0\0" FOREIGN, 14 + 35);
    photo = with_segment(photo, 0xfe, "GPS 39.9 116.4 " FOREIGN, 15 + 35);
    photo = with_exif(photo, 1, "2026:05:01 12:00:00");
    photo = with_tail(photo, "PK\3\4 <?php " FOREIGN, 11 + 35);
    struct buf request = fixture_buf();
    struct frame answer;
    json_object_open(&request);
    json_put_text(&request, "kind", "standardise");
    json_put_bool(&request, "mask", true);
    put_profile(&request);
    json_object_close(&request);
    const struct part parts[2] = {{request.bytes, request.len}, {photo.bytes, photo.len}};
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, 2, 60000, &answer));
    EQ_INT(4, answer.part_count);
    EQ_TEXT("2026-05-01T12:00:00", json_text_at(tree_of(&answer), "report.source.taken_at", ""));
    for (size_t part = 1; part < answer.part_count; part++)
        for (size_t i = 0; i < countof(traces); i++)
            if (memmem(answer.parts[part].bytes, answer.parts[part].len, traces[i], strlen(traces[i])) != NULL)
                TEST_FAIL("part %zu holds \"%s\"", part, traces[i]);
    frame_release(&answer);
    buf_release(&request);
    buf_release(&photo);
}

/* libheif starts threads and would open plugins: all of it works, or fails harmlessly, inside the sandbox. */
TEST(heic_is_decoded_in_the_sandbox_when_allowed)
{
    (void)worker(); /* models are there */
    expect_refused(heic_of(640, 480), "heic_off",
                   "HEIC is not accepted here. iPhone: Settings, Camera, Formats, Most Compatible; other phones: "
                   "switch HEIF off.");
    const char *set = getenv("XUEYING_MODELS");
    struct worker_spawn_options options = {.threads = 1, .models_folder = set, .allow_heic = true};
    struct worker_client client;
    if (worker_client_start(&client, &options) != ERR_NONE) {
        options.models_folder = "build/models";
        EQ_INT(ERR_NONE, worker_client_start(&client, &options));
    }
    const struct json *tree = inspect(&client, heic_of(4000, 3000), FRAME_RESULT);
    EQ_TEXT("heic", json_text_at(tree, "format", ""));
    EQ_INT(4000, json_int_at(tree, "width_px", 0));
    struct buf cut = heic_of(640, 480);
    cut.len -= 20;
    EQ_TEXT("unreadable", json_text_at(inspect(&client, cut, FRAME_REFUSED), "error", ""));
    worker_client_stop(&client, NULL);
}

int main(void)
{
    image_start();
    forge_arena = arena_new(MIB(16));
    int failed = tests_run();
    worker_client_stop(&forge_worker, NULL);
    arena_free(forge_arena);
    return failed;
}
