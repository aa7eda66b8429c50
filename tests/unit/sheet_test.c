/* links: xy_workers */
#include "workers/sheet.c"

#include "workers/jpeg.h"
#undef TRUE /* glib's */
#include "tests/check.h"
#include "tests/fonts.h"

static struct job_tools tools;

static struct buf photo(int32_t width_px, int32_t height_px)
{
    struct image made = {width_px, height_px, calloc((size_t)width_px * (size_t)height_px, 3)};
    struct buf b;
    for (int32_t i = 0; i < width_px * height_px; i++)
        made.rgb[3 * i] = (unsigned char)(i / width_px);
    buf_init(&b, MIB(1));
    EQ_INT(ERR_NONE, jpeg_encode(&made, 80, 300, &b));
    image_release(&made);
    return b;
}

struct outcome {
    enum err error;
    int64_t pages, per_page, missing_glyphs;
    char why[JOB_WHY_BYTES];
    struct buf pdf;
};

static const char *odd_size = ""; /* members of every second print */

/* `head` is the start of the request object; prints are added: `count` of the same photo. */
static struct outcome make(const char *head, int count, const char *caption, int copies)
{
    struct buf request, jpegs, one = photo(480, 640);
    struct outcome got = {0};
    buf_init(&request, MIB(1));
    buf_init(&jpegs, MIB(16));
    buf_printf(&request, "{%s,\"prints\":[", head);
    for (int i = 0; i < count; i++) {
        buf_printf(&request, "%s{\"caption\":\"%s %d\",\"size_bytes\":%zu,\"copies\":%d%s}", i > 0 ? "," : "", caption,
                   i, one.len, copies, i % 2 == 1 ? odd_size : "");
        buf_add(&jpegs, one.bytes, one.len);
    }
    buf_text(&request, "]}");
    struct frame frame = {
        .type = FRAME_JOB, .part_count = 2, .parts = {{request.bytes, request.len}, {jpegs.bytes, jpegs.len}}};
    const struct json *tree;
    EQ_INT(ERR_NONE, json_read(request.bytes, request.len, tools.arena, &tree));
    struct job_reply reply;
    job_reply_init(&reply);
    got.error = job_sheet(&tools, tree, &frame, &reply);
    memcpy(got.why, reply.why, sizeof got.why);
    if (got.error == ERR_NONE) {
        EQ_INT(ERR_NONE, json_read(reply.json.bytes, reply.json.len, tools.arena, &tree));
        got.pages = json_int_at(tree, "pages", 0);
        got.per_page = json_int_at(tree, "per_page", 0);
        got.missing_glyphs = json_int_at(tree, "missing_glyphs", -1);
        got.pdf = reply.parts[0];
        buf_init(&reply.parts[0], 1);
    }
    job_reply_release(&reply);
    buf_release(&request);
    buf_release(&jpegs);
    buf_release(&one);
    arena_reset(tools.arena);
    return got;
}

/* How often `text` stands in the file. */
static int count_of(const struct buf *b, const char *text)
{
    int count = 0;
    const char *at = b->bytes, *end = b->bytes + b->len;
    while ((at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
        count++;
        at++;
    }
    return count;
}

TEST(sizes_of_prints_do_not_share_a_page)
{
    struct outcome two = make("\"paper\":\"6inch\",\"print\":\"2inch\"", 6, "a", 4);
    struct outcome one = make("\"paper\":\"6inch\",\"print\":\"1inch\"", 6, "a", 4);
    odd_size = ",\"print\":\"1inch\"";
    struct outcome mixed = make("\"paper\":\"6inch\",\"print\":\"2inch\"", 12, "a", 4);
    odd_size = ",\"print\":\"3inch\"";
    struct outcome bad = make("\"paper\":\"6inch\",\"print\":\"2inch\"", 2, "a", 1);
    odd_size = "";
    EQ_INT(ERR_NONE, mixed.error);
    EQ_INT(two.pages + one.pages, mixed.pages);
    EQ_INT(two.per_page, mixed.per_page);
    TRUE(one.per_page > two.per_page);
    EQ_INT(ERR_BAD_FIELD, bad.error);
    buf_release(&two.pdf);
    buf_release(&one.pdf);
    buf_release(&mixed.pdf);
}

TEST(pages_are_counted_and_drawn)
{
    struct outcome got =
        make("\"paper\":\"a4\",\"print\":\"2inch\",\"title\":\"样例大学\",\"batch\":\"B1\"", 50, "张三", 1);
    EQ_INT(ERR_NONE, got.error);
    EQ_INT(21, got.per_page);
    EQ_INT(3, got.pages);
    EQ_INT(0, got.missing_glyphs);
    TRUE(memcmp(got.pdf.bytes, "%PDF", 4) == 0);
    EQ_INT(1, count_of(&got.pdf, "/Count 3\n"));
    buf_release(&got.pdf);
}

TEST(every_layout_holds_what_it_should)
{
    static const struct {
        const char *layout;
        int per_page;
    } cases[] = {{"\"paper\":\"a4\",\"print\":\"1inch\"", 40},
                 {"\"paper\":\"6inch\",\"print\":\"2inch\"", 4},
                 {"\"paper\":\"6inch\",\"print\":\"1inch\"", 10}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct outcome got = make(cases[i].layout, 1, "a", 1);
        EQ_INT(ERR_NONE, got.error);
        EQ_INT(cases[i].per_page, got.per_page);
        EQ_INT(1, got.pages);
        buf_release(&got.pdf);
    }
}

TEST(the_jpeg_passes_unchanged_and_once)
{
    struct buf one = photo(480, 640);
    struct outcome got = make("\"paper\":\"a4\"", 1, "a", 8);
    EQ_INT(ERR_NONE, got.error);
    const char *found = memmem(got.pdf.bytes, got.pdf.len, one.bytes, one.len);
    TRUE(found != NULL);
    EQ_INT(1, count_of(&got.pdf, "DCTDecode"));
    buf_release(&got.pdf);
    buf_release(&one);
}

TEST(unknown_characters_are_counted)
{
    struct outcome got = make("\"paper\":\"a4\"", 1, "\xf0\xaa\xa0\x80", 1); /* an ideograph few fonts have */
    EQ_INT(ERR_NONE, got.error);
    TRUE(got.missing_glyphs >= 0);
    buf_release(&got.pdf);
}

TEST(bad_requests_are_refused_with_a_reason)
{
    static const struct {
        const char *head, *caption;
        int count, copies;
    } cases[] = {{"\"paper\":\"a0\"", "a", 1, 1},
                 {"\"print\":\"9inch\"", "a", 1, 1},
                 {"\"paper\":\"a4\"", "a", 0, 1},
                 {"\"paper\":\"a4\"", "a", 1, 17},
                 {"\"paper\":\"a4\"", "a", 1, 0},
                 {"\"paper\":\"a4\"", "\\n", 1, 1},
                 {"\"paper\":\"a4\"", "0123456789012345678901234567890123456789012345678901234567890123456789", 1, 1}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct outcome got = make(cases[i].head, cases[i].count, cases[i].caption, cases[i].copies);
        EQ_INT(ERR_BAD_FIELD, got.error);
        TRUE(got.why[0] != '\0');
    }
}

TEST(sizes_that_lie_are_refused)
{
    static const char *const prints[] = {"{\"size_bytes\":9999999}", "{\"size_bytes\":0}", "{\"size_bytes\":-5}", "{}",
                                         "{\"size_bytes\":100}"};
    struct buf one = photo(480, 640);
    for (size_t i = 0; i < countof(prints); i++) {
        char request[256];
        const struct json *tree;
        struct job_reply reply;
        snprintf(request, sizeof request, "{\"prints\":[%s]}", prints[i]);
        struct frame frame = {
            .type = FRAME_JOB, .part_count = 2, .parts = {{request, strlen(request)}, {one.bytes, one.len}}};
        EQ_INT(ERR_NONE, json_read(request, strlen(request), tools.arena, &tree));
        job_reply_init(&reply);
        TRUE(job_sheet(&tools, tree, &frame, &reply) != ERR_NONE);
        job_reply_release(&reply);
        arena_reset(tools.arena);
    }
    buf_release(&one);
}

int main(void)
{
    image_start();
    tools.arena = arena_new(JOB_ARENA_BYTES);
    tools.fonts = sheet_fonts_new();
    if (tools.fonts == NULL) {
        printf("    SKIP: no CJK font is installed\n");
        return 77;
    }
    int failed = tests_run();
    sheet_fonts_free(tools.fonts);
    arena_free(tools.arena);
#if defined(__SANITIZE_ADDRESS__) /* the library's own cache: what is left then is ours */
    FcFini();
#endif
    return failed;
}
