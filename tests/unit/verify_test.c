/* links: xy_dispatch xy_workers */
#include "workers/proof.c"
#include "workers/verify_ledger.c"

#include "tests/unit/forge_fixture.h"

/* ---- asking ---- */

static const struct json *verify(const struct buf *original, const struct buf *file, const char *report,
                                 struct frame *answer)
{
    struct buf request = fixture_buf();
    json_object_open(&request);
    json_put_text(&request, "kind", "verify");
    put_profile(&request);
    json_put_raw(&request, "report", report);
    json_object_close(&request);
    const struct part parts[3] = {
        {request.bytes, request.len}, {original->bytes, original->len}, {file->bytes, file->len}};
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, 3, 60000, answer));
    const struct json *tree = tree_of(answer);
    buf_release(&request);
    frame_release(answer);
    return tree;
}

static bool has_reason(const struct json *tree, const char *code)
{
    const struct json *list = json_at(tree, "reasons");
    for (const struct json *r = list == NULL ? NULL : list->first; r != NULL; r = r->next)
        if (text_is(json_text_at(r, "code", ""), code))
            return true;
    return false;
}

static void expect_reason(const struct json *tree, const char *code)
{
    struct buf b = fixture_buf();
    json_tree(&b, tree);
    EQ_TEXT("failed", json_text_at(tree, "verdict", ""));
    if (!has_reason(tree, code))
        TEST_FAIL("no reason %s in %s", code, buf_cstr(&b));
    buf_release(&b);
}

/* The file with a ledger whose hash and size fit it, by this pipeline or an older one. */
static const struct json *verify_fitted(const struct made *m, const struct buf *file, bool older)
{
    char hex[65];
    struct frame answer;
    struct buf old = fixture_buf(), fitted = fixture_buf(), whole = fixture_buf();
    hex_of(file, hex);
    buf_printf(&old, "\"size_bytes\":%zu,\"sha256\":\"%s", m->file.len,
               json_text_at(operation(m->report, "encode"), "sha256", ""));
    buf_printf(&fitted, "\"size_bytes\":%zu,\"sha256\":\"%s", file->len, hex);
    struct buf text = report_text(m->report, buf_cstr(&old), buf_cstr(&fitted));
    const char *at = strstr(buf_cstr(&text), "\"pipeline\":\"");
    TRUE(at != NULL);
    buf_add(&whole, text.bytes, (size_t)(at - text.bytes) + 12);
    buf_text(&whole, older ? "older-" : "");
    buf_text(&whole, at + 12);
    const struct json *tree = verify(&m->original, file, buf_cstr(&whole), &answer);
    buf_release(&old);
    buf_release(&fitted);
    buf_release(&whole);
    buf_release(&text);
    return tree;
}

/* What a careful forger does: the same encoder, and a ledger that fits. `forged` is released. */
static const struct json *verify_forged(const struct made *m, struct image forged)
{
    struct buf file = fixture_buf();
    EQ_INT(ERR_NONE, jpeg_encode(&forged, m->quality, 300, &file));
    const struct json *tree = verify_fitted(m, &file, false);
    TRUE(!has_reason(tree, "output_sha256") && !has_reason(tree, "source_sha256"));
    image_release(&forged);
    buf_release(&file);
    return tree;
}

static void say(const char *what, const struct json *tree)
{
    printf("    %-22s face %5.2f %5.1f  person %5.2f %5.1f  mirrored %5.1f  turn %5.2f  detail %.3f  %s\n", what,
           json_number_at(tree, "measured.face.mean", 0), json_number_at(tree, "measured.face.max", 0),
           json_number_at(tree, "measured.person.mean", 0), json_number_at(tree, "measured.person.max", 0),
           json_number_at(tree, "measured.mirrored_mean", 0), json_number_at(tree, "measured.best_motion.degrees", 0),
           json_number_at(tree, "measured.detail", 0), json_text_at(tree, "verdict", ""));
}

/* ---- honest files ---- */

static const char *const portraits[] = {"portrait3.jpg", "biden.jpg", "portrait0.jpg", "portrait4.jpg", "obama.jpg"};
#define FORGED 2 /* of them: each verification takes half a second */

TEST(honest_files_are_proved)
{
    for (size_t i = 0; i < countof(portraits); i++) {
        struct made m = made_of(portraits[i]);
        struct buf text = report_text(m.report, NULL, NULL);
        struct frame answer;
        const struct json *tree = verify(&m.original, &m.file, buf_cstr(&text), &answer);
        say(portraits[i], tree);
        EQ_TEXT("identical", json_text_at(tree, "verdict", ""));
        TRUE(json_bool_at(tree, "rerun.identical", false) && json_bool_at(tree, "rerun.same_versions", false));
        TRUE(json_number_at(tree, "measured.mean", 9) < 0.3);
        TRUE(json_number_at(tree, "measured.mirrored_mean", 0) > 10);
        for (const struct json *t = json_at(tree, "measured.turned")->first; t != NULL; t = t->next)
            TRUE(json_number_at(t, "mean", 0) > 5 * json_number_at(tree, "measured.mean", 9));
        buf_release(&text);
        made_release(&m);
    }
}

/* Without the same versions the bytes prove nothing, and the pixels have to. */
TEST(other_versions_fall_back_to_pixels)
{
    struct made m = made_of("portrait0.jpg");
    struct buf file = fixture_buf();
    EQ_INT(ERR_NONE, jpeg_encode(&m.photo, m.quality, 300, &file)); /* encoded twice: other bytes, the same picture */
    const struct json *tree = verify_fitted(&m, &file, true);
    say("encoded twice", tree);
    EQ_TEXT("equal", json_text_at(tree, "verdict", ""));
    TRUE(!json_bool_at(tree, "rerun.same_versions", true) && !json_bool_at(tree, "rerun.identical", true));
    expect_reason(verify_fitted(&m, &file, false), "bytes_differ");
    buf_release(&file);
    made_release(&m);
}

static struct image blurred(const struct image *from)
{
    struct image to = copy_of(from);
    for (int y = 0; y < to.height_px; y++)
        for (int x = 0; x < to.width_px; x++)
            for (int c = 0; c < 3; c++)
                at_pixel(&to, x, y)[c] = (unsigned char)((at_pixel(from, x - 1, y)[c] + 6 * at_pixel(from, x, y)[c] +
                                                          at_pixel(from, x + 1, y)[c] + at_pixel(from, x, y - 1)[c] +
                                                          at_pixel(from, x, y + 1)[c] + 5) /
                                                         10);
    return to;
}

static const struct json *verify_older(const char *what, const struct made *m, struct image photo)
{
    struct buf file = fixture_buf();
    EQ_INT(ERR_NONE, jpeg_encode(&photo, m->quality, 300, &file));
    const struct json *tree = verify_fitted(m, &file, true);
    say(what, tree);
    image_release(&photo);
    buf_release(&file);
    return tree;
}

/* Another version scales by another filter and cuts another matte; a skin filter or a patch is found all the same. */
TEST(other_versions_may_differ_in_filter_and_matte)
{
    static const unsigned char blue[3] = {100, 197, 255};
    struct made m = made_of("portrait3.jpg");
    struct image soft = blurred(&m.photo), cut = copy_of(&m.photo), patched = copy_of(&m.photo);
    EQ_TEXT("equal", json_text_at(verify_older("softer filter", &m, copy_of(&soft)), "verdict", ""));
    paint(&cut, 120, 500, 14, 14, blue);
    EQ_TEXT("equal", json_text_at(verify_older("a hole in clothes", &m, cut), "verdict", ""));
    expect_reason(verify_older("skin filter", &m, smoothed(&soft, 3, 24)), "smoothed");
    paint(&patched, 220, 330, 8, 8, blue);
    expect_reason(verify_older("a hole in the face", &m, patched), "changed");
    image_release(&soft);
    made_release(&m);
}

/* ---- forged files, with ledgers that fit them ---- */

static void expect_forged(const char *what, const struct made *m, struct image forged, const char *code)
{
    const struct json *tree = verify_forged(m, forged);
    say(what, tree);
    expect_reason(tree, "bytes_differ");
    expect_reason(tree, code);
}

TEST(moved_pictures_are_named)
{
    for (size_t i = 0; i < FORGED; i++) {
        struct made m = made_of(portraits[i]);
        expect_forged("mirrored", &m, warped(&m.photo, warp_mirror, 0), "mirrored");
        expect_forged("turned by 1", &m, warped(&m.photo, warp_rotate, 1), "rotated");
        expect_forged("turned by -0.5", &m, warped(&m.photo, warp_rotate, -0.5), "rotated");
        expect_forged("turned by 3", &m, warped(&m.photo, warp_rotate, 3), "rotated");
        expect_forged("scaled by 1.02", &m, warped(&m.photo, warp_scale, 1.02), "scaled");
        expect_forged("shifted by 3", &m, warped(&m.photo, warp_shift, 3), "moved");
        made_release(&m);
    }
}

TEST(changed_tones_are_named)
{
    for (size_t i = 0; i < FORGED; i++) {
        struct made m = made_of(portraits[i]);
        expect_forged("brighter by 12", &m, toned(&m.photo, 1, 12), "tone");
        expect_forged("contrast 1.1", &m, toned(&m.photo, 1.1, -12), "tone");
        expect_forged("darker 0.92", &m, toned(&m.photo, 0.92, 0), "tone");
        made_release(&m);
    }
}

TEST(retouched_faces_are_named)
{
    for (size_t i = 0; i < FORGED; i++) {
        struct made m = made_of(portraits[i]);
        expect_forged("skin filter", &m, smoothed(&m.photo, 3, 24), "smoothed");
        expect_forged("light skin filter", &m, smoothed(&m.photo, 1, 12), "smoothed");
        expect_forged("larger eyes", &m, warped(&m.photo, warp_eyes, 0.2), "changed");
        expect_forged("slimmer cheeks", &m, warped(&m.photo, warp_slim, 0.08), "changed");
        made_release(&m);
    }
}

/* A mole of 6 px in the photo is there in the original; painting it over shows. */
TEST(a_mole_painted_over_is_named)
{
    static const unsigned char brown[3] = {90, 55, 45};
    struct made plain = made_of("portrait3.jpg");
    const struct json *crop = operation(plain.report, "crop_scale");
    double scale = json_number_at(crop, "scale", 0);
    int x = (int)(json_number_at(crop, "x_px", 0) + 200 / scale),
        y = (int)(json_number_at(crop, "y_px", 0) + 350 / scale);
    struct image face = pixels_of(&plain.original);
    struct buf original = fixture_buf();
    paint(&face, x, y, (int)ceil(6 / scale), (int)ceil(6 / scale), brown);
    EQ_INT(ERR_NONE, jpeg_encode(&face, 97, 300, &original));
    struct made m = standardised(original);
    struct image healed = copy_of(&m.photo);
    for (int v = 346; v < 362; v++)
        for (int u = 196; u < 212; u++)
            memcpy(at_pixel(&healed, u, v), at_pixel(&plain.photo, u, v), 3);
    expect_forged("mole painted over", &m, healed, "changed");
    image_release(&face);
    made_release(&plain);
    made_release(&m);
}

TEST(other_pictures_are_named)
{
    struct made a = made_of("portrait0.jpg"), b = made_of("portrait3.jpg");
    expect_forged("somebody else", &a, copy_of(&b.photo), "other_picture");
    expect_forged("somebody else", &b, copy_of(&a.photo), "other_picture");
    struct buf text = report_text(a.report, NULL, NULL);
    struct frame answer;
    expect_reason(verify(&a.original, &b.file, buf_cstr(&text), &answer), "output_sha256");
    expect_reason(verify(&b.original, &a.file, buf_cstr(&text), &answer), "source_sha256");
    buf_release(&text);
    made_release(&a);
    made_release(&b);
}

TEST(a_painted_background_is_named)
{
    static const unsigned char nearly[3] = {104, 199, 255};
    struct made m = made_of("portrait3.jpg");
    struct image painted = copy_of(&m.photo);
    paint(&painted, 0, 0, 64, 64, nearly);
    expect_forged("background 4 off", &m, painted, "background");
    made_release(&m);
}

/* ---- the ledger alone ---- */

static const char honest[] =
    "{\"profile\":\"chsi_blue\",\"source\":{\"sha256\":\"%s\"},\"ledger\":["
    "{\"operation\":\"decode\",\"width_px\":1200,\"height_px\":1600,\"profile_converted\":false},"
    "{\"operation\":\"orient\",\"exif\":6},"
    "{\"operation\":\"crop_scale\",\"x_px\":100.5,\"y_px\":50,\"width_px\":960,\"height_px\":1280,\"scale\":0.5,"
    "\"filter\":\"lanczos3\",\"crown_from\":\"pixels\"},"
    "{\"operation\":\"background\",\"replaced\":true,\"colour\":[100,197,255],\"by\":\"network\",\"missing_left_px\":0}"
    ","
    "{\"operation\":\"encode\",\"format\":\"jpeg\",\"width_px\":480,\"height_px\":640,\"dpi\":300,\"quality\":86,"
    "\"size_bytes\":38000,\"sha256\":\"%s\"}]}";

static enum err read_ledger(const char *from, const char *to, struct verify_fault *fault)
{
    static const char sha[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct verify_ledger ledger;
    struct buf whole = fixture_buf(), text = fixture_buf();
    const struct json *tree = NULL;
    for (const char *at = honest; *at != '\0'; at++)
        if (at[0] == '%' && at[1] == 's')
            buf_text(&whole, sha), at++;
        else
            buf_char(&whole, *at);
    const char *found = from == NULL ? NULL : strstr(buf_cstr(&whole), from);
    TRUE(from == NULL || found != NULL);
    buf_add(&text, whole.bytes, found == NULL ? whole.len : (size_t)(found - whole.bytes));
    if (found != NULL) {
        buf_text(&text, to);
        buf_text(&text, found + strlen(from));
    }
    EQ_INT(ERR_NONE, json_read(text.bytes, text.len, forge_arena, &tree));
    enum err e = verify_ledger_read(tree, &ledger, fault);
    if (e == ERR_NONE) {
        EQ_INT(6, ledger.orientation);
        EQ_INT(86, ledger.quality);
        NEAR(100.5, ledger.frame.x_px, 1e-9);
        EQ_INT(197, ledger.colour[1]);
    }
    buf_release(&whole);
    buf_release(&text);
    return e;
}

TEST(ledgers_list_only_what_is_allowed)
{
    static const char *const cases[][3] = {
        {"{\"operation\":\"orient\",\"exif\":6}", "{\"operation\":\"rotate\",\"degrees\":1}", "unknown_operation"},
        {"{\"operation\":\"orient\",\"exif\":6}", "{\"operation\":\"mirror\"}", "unknown_operation"},
        {"{\"operation\":\"orient\",\"exif\":6}", "{\"operation\":\"smooth_skin\"}", "unknown_operation"},
        {"{\"operation\":\"orient\",\"exif\":6}", "7", "unknown_operation"},
        {"{\"operation\":\"orient\",\"exif\":6}", "{\"operation\":\"retouch\"}", "wrong_order"},
        {"{\"operation\":\"encode\"", "{\"operation\":\"retouch\",\"kind\":\"skin\"},{\"operation\":\"encode\"",
         "unknown_operation"},
        {"{\"operation\":\"encode\"", "{\"operation\":\"retouch\",\"kind\":\"mask\"},{\"operation\":\"encode\"",
         "bad_parameter"},
        {"{\"operation\":\"encode\"", "{\"operation\":\"decode\"},{\"operation\":\"encode\"", "wrong_order"},
        {"{\"operation\":\"background\"", "{\"operation\":\"crop_scale\"},{\"operation\":\"background\"",
         "wrong_order"},
        {"{\"operation\":\"orient\",\"exif\":6}", "{\"operation\":\"encode\"}", "wrong_order"},
        {"\"exif\":6", "\"exif\":9", "bad_parameter"},
        {"\"exif\":6", "\"exif\":6,\"degrees\":1", "bad_parameter"},
        {"\"filter\"", "\"rotate_deg\":1,\"filter\"", "bad_parameter"},
        {"\"height_px\":1280", "\"height_px\":1200", "bad_parameter"},
        {"\"scale\":0.5", "\"scale\":0.52", "bad_parameter"},
        {"\"x_px\":100.5", "\"x_px\":1e300", "bad_parameter"},
        {"\"x_px\":100.5", "\"x_px\":\"100\"", "bad_parameter"},
        {"[100,197,255]", "[100,197]", "bad_parameter"},
        {"[100,197,255]", "[100,197,256]", "bad_parameter"},
        {"\"quality\":86", "\"quality\":20", "bad_parameter"},
        {"\"jpeg\"", "\"png\"", "bad_parameter"},
        {"\"sha256\":\"0011", "\"sha256\":\"zz11", "bad_parameter"},
        {"\"ledger\":[", "\"ledgers\":[", "bad_parameter"},
    };
    struct verify_fault fault;
    EQ_INT(ERR_NONE, read_ledger(NULL, NULL, &fault));
    for (size_t i = 0; i < countof(cases); i++) {
        if (read_ledger(cases[i][0], cases[i][1], &fault) == ERR_NONE)
            TEST_FAIL("accepted: %s", cases[i][1]);
        EQ_TEXT(cases[i][2], fault.code);
        TRUE(fault.text[0] != '\0');
    }
}

TEST(a_hidden_operation_is_named_by_the_job)
{
    struct made m = made_of("portrait0.jpg");
    struct buf text = report_text(m.report, "{\"operation\":\"encode\"",
                                  "{\"operation\":\"rotate\",\"degrees\":1},{\"operation\":\"encode\"");
    struct frame answer;
    const struct json *tree = verify(&m.original, &m.file, buf_cstr(&text), &answer);
    expect_reason(tree, "unknown_operation");
    TRUE(strstr(json_text_at(json_at(tree, "reasons")->first, "text", ""), "rotate") != NULL);
    buf_release(&text);
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
