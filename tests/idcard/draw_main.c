/* xueying-idcard-draw SEED LEVEL OUT.jpg [emblem] — one drawn identity card as a picture, and on stdout what is on it:
 * {"name","number"} or {"from","until"}. LEVEL: 0 clean … 4 hopeless. For tests in other languages. */
#include "base/json.h"
#include "base/text.h"
#include "tests/idcard/draw.h"
#include "workers/jpeg.h"

static int usage(void)
{
    fputs("usage: xueying-idcard-draw SEED LEVEL OUT.jpg [emblem]\n", stderr);
    return 2;
}

static bool write_file(const char *path, const struct buf *bytes)
{
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fwrite(bytes->bytes, 1, bytes->len, file) == bytes->len;
    return file != NULL && fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    int64_t seed = 0, level = 0;
    struct drawn_person person = {0};
    struct buf jpeg, told;
    if (argc < 4 || argc > 5 || !text_int(argv[1], &seed) || !text_int(argv[2], &level) || level < 0 ||
        level >= DRAW_LEVELS || (argc == 5 && !text_is(argv[4], "emblem")))
        return usage();
    image_start();
    struct draw_random random = {(uint64_t)seed};
    buf_init(&jpeg, MIB(12));
    buf_init(&told, KIB(1));
    json_object_open(&told);
    if (argc == 5) {
        struct drawn_validity validity;
        draw_emblem_file(&random, (enum draw_level)level, &validity, &jpeg);
        json_put_text(&told, "from", validity.from);
        json_put_text(&told, "until", validity.until);
    } else {
        draw_file(&random, (enum draw_level)level, NULL, &person, &jpeg);
        json_put_text(&told, "name", person.name);
        json_put_text(&told, "number", person.number);
    }
    json_object_close(&told);
    bool written = write_file(argv[3], &jpeg);
    puts(buf_cstr(&told));
    buf_release(&jpeg);
    buf_release(&told);
    draw_end();
    return written ? 0 : 1;
}
