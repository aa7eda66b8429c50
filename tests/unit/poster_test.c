/* links: xy_workers */
/* The poster's QR code is read back from what was drawn, by the reader that students' codes go through. */
#include "workers/poster.c"

#include "workers/shim/code.h"
#undef TRUE /* glib's */
#include "tests/check.h"
#include "tests/fonts.h"

#define DPI 100.0

static struct job_tools tools;

static const char whole[] =
    "{\"kind\":\"poster\",\"url\":\"https://photo.example.edu.cn/student/?session=25103003\",\"code\":\"25103003\","
    "\"code_label\":\"场次编号\",\"school\":\"示范大学\",\"title\":\"2026 届本科毕业生\",\"notes\":[\"每天 "
    "08:00–18:00\",\"费用 20.00 元\"],\"steps\":[{\"title\":\"拍身份证\",\"text\":\"人像面朝上\"},{\"title\":\"拍照\","
    "\"text\":\"面向窗户\"},{\"title\":\"确认\",\"text\":\"两次\"},{\"title\":\"等待\",\"text\":\"24 小时\"}],"
    "\"footer\":\"本科\",\"scan\":\"用微信扫一扫进入\"}";

static enum err run(const char *text, struct job_reply *reply)
{
    const struct json *tree;
    const struct frame frame = {.type = FRAME_JOB, .part_count = 1};
    job_reply_init(reply);
    EQ_INT(ERR_NONE, json_read(text, strlen(text), tools.arena, &tree));
    return job_poster(&tools, tree, &frame, reply);
}

TEST(the_page_is_a_pdf_with_all_its_glyphs)
{
    struct job_reply reply;
    const struct json *tree;
    EQ_INT(ERR_NONE, run(whole, &reply));
    EQ_INT(1, reply.part_count);
    TRUE(reply.parts[0].len > 2000 && memcmp(reply.parts[0].bytes, "%PDF-", 5) == 0);
    EQ_INT(ERR_NONE, json_read(reply.json.bytes, reply.json.len, tools.arena, &tree));
    EQ_INT(0, json_int_at(tree, "missing_glyphs", -1));
    TRUE(json_int_at(tree, "modules", 0) >= 25);
    job_reply_release(&reply);
    arena_reset(tools.arena);
}

/* What a printer at 100 dpi would make of the same drawing. */
static void read_back(const char *url, char out[CODE_PAYLOAD_BYTES_MAX])
{
    static struct code_symbols found;
    const int width_px = (int)(PAGE_WIDTH_MM / 25.4 * DPI), height_px = (int)(PAGE_HEIGHT_MM / 25.4 * DPI);
    struct poster poster = {.url = url, .code = "25103003", .fonts = tools.fonts};
    poster.code_label = poster.school = poster.title = poster.footer = poster.scan = "场次";
    EQ_INT(ERR_NONE, qr_make(url, tools.arena, &poster.qr));
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width_px, height_px);
    poster.cr = cairo_create(surface);
    cairo_set_source_rgb(poster.cr, 1, 1, 1);
    cairo_paint(poster.cr);
    cairo_scale(poster.cr, DPI / 25.4, DPI / 25.4);
    draw(&poster);
    cairo_surface_flush(surface);
    uint8_t *grey = malloc((size_t)width_px * (size_t)height_px);
    for (int y = 0; y < height_px; y++)
        for (int x = 0; x < width_px; x++)
            grey[y * width_px + x] =
                cairo_image_surface_get_data(surface)[y * cairo_image_surface_get_stride(surface) + 4 * x + 1];
    const struct code_view view = {grey, width_px, height_px};
    EQ_INT(CODE_OK, code_find(&view, true, &found));
    EQ_INT(1, found.count);
    snprintf(out, CODE_PAYLOAD_BYTES_MAX, "%.*s", (int)found.items[0].len, (const char *)found.items[0].payload);
    free(grey);
    cairo_destroy(poster.cr);
    cairo_surface_destroy(surface);
    arena_reset(tools.arena);
}

TEST(the_code_says_the_url)
{
    static const char *const urls[] = {
        "http://127.0.0.1:8080/student/?session=25103003",
        "https://photo.example.edu.cn/student/?session=zqxslh",
        "https://a-rather-long-host-name.of-a-rather-large-university.example.edu.cn:8443/student/?session=25103003",
    };
    char said[CODE_PAYLOAD_BYTES_MAX];
    for (size_t i = 0; i < countof(urls); i++) {
        read_back(urls[i], said);
        EQ_TEXT(urls[i], said);
    }
}

TEST(what_does_not_fit_is_refused_or_made_smaller)
{
    struct job_reply reply;
    char text[4096], long_text[700];
    static const char *const refused[] = {
        "{\"url\":\"\",\"code\":\"25103003\"}",
        "{\"url\":\"https://x\",\"code\":\"2510300\"}",
        "{\"url\":\"https://x\",\"code\":\"25103003\",\"notes\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}",
        "{\"url\":\"https://x\",\"code\":\"25103003\",\"notes\":[1]}",
        "{\"url\":\"https://x\",\"code\":\"25103003\",\"steps\":[{},{},{},{},{}]}",
        "{\"url\":\"https://x\",\"code\":\"25103003\",\"title\":\"a\\nb\"}",
    };
    for (size_t i = 0; i < countof(refused); i++) {
        EQ_INT(ERR_BAD_FIELD, run(refused[i], &reply));
        job_reply_release(&reply);
    }
    memset(long_text, 'x', sizeof long_text);
    long_text[600] = '\0';
    snprintf(text, sizeof text, "{\"url\":\"https://%s\",\"code\":\"25103003\"}", long_text);
    EQ_INT(ERR_BAD_FIELD, run(text, &reply));
    job_reply_release(&reply);
    long_text[POSTER_CHARS_MAX + 1] = '\0';
    snprintf(text, sizeof text, "{\"url\":\"https://x\",\"code\":\"25103003\",\"school\":\"%s\"}", long_text);
    EQ_INT(ERR_BAD_FIELD, run(text, &reply));
    job_reply_release(&reply);
    long_text[POSTER_CHARS_MAX] = '\0';
    snprintf(text, sizeof text, "{\"url\":\"https://x\",\"code\":\"25103003\",\"title\":\"%s\"}", long_text);
    EQ_INT(ERR_NONE, run(text, &reply));
    job_reply_release(&reply);
    arena_reset(tools.arena);
}

int main(void)
{
    tools.arena = arena_new(MIB(8));
    tools.fonts = sheet_fonts_new();
    if (tools.fonts == NULL) {
        printf("SKIP: no CJK font is installed\n");
        return 77;
    }
    int code = tests_run();
    sheet_fonts_free(tools.fonts);
    arena_free(tools.arena);
    return code;
}
