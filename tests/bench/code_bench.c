/* xueying-code-bench — how many of the drawn codes the job "code" reads, and how many zxing-cpp reads of the same
 * pictures by itself. For `xueying bench code`; by hand: xueying-code-bench [COUNT [FIRST [--keep DIR]]]. And for the
 * end-to-end tests: xueying-code-bench draw PAYLOAD FILE.jpg [SECOND PAYLOAD] draws one clean code, or two;
 * xueying-code-bench say FILE prints what each code of a picture says, a line each.
 *
 * Last line: JSON {"cases","read","wrong","bare_read","bare_wrong","avg_ms","bare_avg_ms","max_ms"}; before it one
 * line per picture that was not read. Times are those of searching, without decoding the JPEG. */
#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "tests/lib/code_draw.h"
#include "workers/code.h"
#include "workers/grey.h"
#include "workers/image.h"
#include "workers/shim/code.h"

#include <sys/stat.h>

struct totals {
    int64_t cases, read, wrong, bare_read, bare_wrong, search_us, bare_us, longest_us;
};

struct bench {
    struct arena *arena;
    struct job_tools tools;
    struct job_reply reply;
    struct code_symbols *symbols;
    struct totals totals;
};

/* zxing-cpp as it comes: the picture as a phone would show it, once. */
static void read_bare(struct bench *b, const struct buf *file, const struct code_drawn *drawn)
{
    struct image_source source;
    struct image picture;
    struct plane grey;
    char why[IMAGE_WHY_BYTES];
    CHECK(image_decode(file->bytes, file->len, CODE_SIDE_PX_MIN, CODE_FULL_EDGE_PX, &source, &picture, why) ==
              ERR_NONE &&
          grey_of(&picture, &grey) == ERR_NONE);
    int64_t began_us = clock_mono_us();
    const struct code_view view = {grey.values, grey.width_px, grey.height_px};
    code_find(&view, true, b->symbols);
    b->totals.bare_us += clock_mono_us() - began_us;
    bool read = false;
    for (int32_t i = 0; i < b->symbols->count; i++)
        read |= b->symbols->items[i].len == drawn->len &&
                memcmp(b->symbols->items[i].payload, drawn->payload, drawn->len) == 0;
    b->totals.bare_read += read;
    b->totals.bare_wrong += !read && b->symbols->count > 0;
    image_release(&picture);
    plane_release(&grey);
}

static void read_ours(struct bench *b, uint32_t number, const struct buf *file, const struct code_drawn *drawn)
{
    static const char json[] = "{\"kind\":\"code\"}";
    struct frame request = {.type = FRAME_JOB, .job_id = 1, .part_count = 2}, answer;
    const struct json *tree = NULL;
    request.parts[0] = (struct part){json, sizeof json - 1};
    request.parts[1] = (struct part){file->bytes, file->len};
    job_reply_init(&b->reply);
    job_run(&b->tools, &request, &b->reply, &answer);
    CHECK(json_read(answer.parts[0].bytes, answer.parts[0].len, b->arena, &tree) == ERR_NONE);
    char *want = arena_alloc(b->arena, drawn->len * 4 / 3 + 5);
    crypt_base64(drawn->payload, drawn->len, false, want);
    const char *got = json_text_at(tree, "payload", NULL), *verdict = json_text_at(tree, "verdict", "refused");
    bool read = text_is(got, want);
    int64_t us = json_int_at(tree, "timings.search_us", 0);
    b->totals.search_us += us;
    b->totals.longest_us = us > b->totals.longest_us ? us : b->totals.longest_us;
    b->totals.read += read;
    b->totals.wrong += !read && !text_is(verdict, "none");
    if (!read || getenv("XUEYING_BENCH_EVERY") != NULL)
        printf("%4u %-10s v%-2d %4" PRId64 "x%-4" PRId64 " %s %s %" PRId64 " ms\n", number, drawn->way, drawn->version,
               json_int_at(tree, "width_px", 0), json_int_at(tree, "height_px", 0), verdict,
               json_text_at(tree, "step", "-"), us / 1000);
    job_reply_release(&b->reply);
    arena_reset(b->arena);
}

static void keep(const char *folder, uint32_t number, const struct buf *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%04u.jpg", folder, number);
    mkdir(folder, 0777);
    FILE *to = fopen(path, "wbe");
    CHECK(to != NULL && fwrite(file->bytes, 1, file->len, to) == file->len && fclose(to) == 0);
}

static int draw(const char *payload, const char *path, const char *second)
{
    struct buf file;
    buf_init(&file, MIB(4));
    CHECK(code_draw_clean(payload, strlen(payload), second, 5, &file) && !file.over);
    FILE *to = fopen(path, "wbe");
    CHECK(to != NULL && fwrite(file.bytes, 1, file.len, to) == file.len && fclose(to) == 0);
    buf_release(&file);
    return 0;
}

static int say(const char *path)
{
    struct image_source source;
    struct image picture;
    struct plane grey;
    char why[IMAGE_WHY_BYTES];
    struct buf bytes;
    char part[4096];
    size_t len;
    struct code_symbols *found = malloc(sizeof *found);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL && found != NULL);
    buf_init(&bytes, MIB(16));
    while ((len = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&bytes, part, len);
    fclose(file);
    CHECK(image_decode(bytes.bytes, bytes.len, CODE_SIDE_PX_MIN, CODE_FULL_EDGE_PX, &source, &picture, why) ==
              ERR_NONE &&
          grey_of(&picture, &grey) == ERR_NONE);
    const struct code_view view = {grey.values, grey.width_px, grey.height_px};
    CHECK(code_find(&view, true, found) == CODE_OK);
    for (int32_t i = 0; i < found->count; i++)
        printf("%.*s\n", (int)found->items[i].len, (const char *)found->items[i].payload);
    int code = found->count > 0 ? 0 : 1;
    image_release(&picture);
    plane_release(&grey);
    buf_release(&bytes);
    free(found);
    return code;
}

int main(int argc, char **argv)
{
    static struct code_drawn drawn;
    int64_t count = 400, first = 0;
    if (argc >= 4 && text_is(argv[1], "draw")) {
        image_start();
        return draw(argv[2], argv[3], argc > 4 ? argv[4] : NULL);
    }
    if (argc == 3 && text_is(argv[1], "say")) {
        image_start();
        return say(argv[2]);
    }
    if ((argc > 1 && !text_int(argv[1], &count)) || (argc > 2 && !text_int(argv[2], &first)))
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    crypt_start();
    image_start();
    struct bench b = {.arena = arena_new(MIB(16)), .symbols = malloc(sizeof *b.symbols)};
    CHECK(b.symbols != NULL);
    b.tools.arena = b.arena;
    for (uint32_t i = (uint32_t)first; i < (uint32_t)(first + count); i++) {
        struct buf file;
        buf_init(&file, MIB(16));
        CHECK(code_draw_case(i, &drawn, &file) && !file.over);
        if (argc > 4)
            keep(argv[4], i, &file);
        read_bare(&b, &file, &drawn);
        read_ours(&b, i, &file, &drawn);
        b.totals.cases++;
        buf_release(&file);
    }
    const struct totals *t = &b.totals;
    double cases = (double)(t->cases > 0 ? t->cases : 1) * 1000;
    printf("{\"cases\":%" PRId64 ",\"read\":%" PRId64 ",\"wrong\":%" PRId64 ",\"bare_read\":%" PRId64
           ",\"bare_wrong\":%" PRId64 ",\"avg_ms\":%.1f,\"bare_avg_ms\":%.1f,\"max_ms\":%.0f}\n",
           t->cases, t->read, t->wrong, t->bare_read, t->bare_wrong, (double)t->search_us / cases,
           (double)t->bare_us / cases, (double)t->longest_us / 1000);
    image_stop();
    return 0;
}
