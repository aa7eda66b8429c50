/* links: xy_workers */
/* The modules of the job are a code: our own reader of students' codes reads the text back from them. */
#include "workers/qr_job.c"

#include "base/check.h"
#include "workers/shim/code.h"
#undef TRUE /* glib's */
#include "tests/check.h"

#define PX 4 /* per module */

static struct job_tools tools;

static enum err run(const char *request, struct job_reply *reply)
{
    const struct json *tree;
    const struct frame frame = {.type = FRAME_JOB, .part_count = 1};
    job_reply_init(reply);
    EQ_INT(ERR_NONE, json_read(request, strlen(request), tools.arena, &tree));
    return job_qr(&tools, tree, &frame, reply);
}

TEST(what_is_drawn_of_the_modules_says_the_text)
{
    static struct code_symbols found;
    struct job_reply reply;
    const struct json *tree;
    EQ_INT(ERR_NONE, run("{\"kind\":\"qr\",\"text\":\"weixin://wxpay/bizpayurl?pr=p4lpSuKzz\"}", &reply));
    EQ_INT(ERR_NONE, json_read(reply.json.bytes, reply.json.len, tools.arena, &tree));
    int side = (int)json_int_at(tree, "side", 0), width_px = (side + 2 * QR_QUIET_MODULES) * PX;
    EQ_INT(side * side, (int)reply.parts[0].len);
    uint8_t *grey = malloc((size_t)width_px * (size_t)width_px);
    CHECK(grey != NULL);
    for (int y = 0; y < width_px; y++)
        for (int x = 0; x < width_px; x++) {
            int u = x / PX - QR_QUIET_MODULES, v = y / PX - QR_QUIET_MODULES;
            bool inside = u >= 0 && v >= 0 && u < side && v < side;
            grey[y * width_px + x] = inside && reply.parts[0].bytes[v * side + u] == '1' ? 0 : 255;
        }
    const struct code_view view = {grey, width_px, width_px};
    EQ_INT(CODE_OK, code_find(&view, true, &found));
    EQ_INT(1, (int)found.count);
    TRUE(found.items[0].len == strlen("weixin://wxpay/bizpayurl?pr=p4lpSuKzz") &&
         memcmp(found.items[0].payload, "weixin://wxpay/bizpayurl?pr=p4lpSuKzz", found.items[0].len) == 0);
    free(grey);
    job_reply_release(&reply);
}

TEST(no_text_and_too_much_of_it_are_refused)
{
    struct job_reply reply;
    char long_text[QR_TEXT_BYTES_MAX + 64];
    EQ_INT(ERR_BAD_FIELD, run("{\"kind\":\"qr\"}", &reply));
    job_reply_release(&reply);
    snprintf(long_text, sizeof long_text, "{\"text\":\"%0*d\"}", QR_TEXT_BYTES_MAX + 1, 7);
    EQ_INT(ERR_BAD_FIELD, run(long_text, &reply));
    job_reply_release(&reply);
}

int main(void)
{
    tools.arena = arena_new(MIB(1));
    int code = tests_run();
    arena_free(tools.arena);
    return code;
}
