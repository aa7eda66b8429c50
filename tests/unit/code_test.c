/* links: xy_codes */
#include "workers/code.c"

#include "tests/lib/code_draw.h"
#include "workers/jpeg.h"
#undef TRUE
#include "tests/check.h"

#define DRAWN_CASES 40

static struct arena *arena;
static struct job_reply reply;

/* The whole job, as a lane runs it; the answer lives in `arena`. */
static const struct json *read_file(const struct buf *file, size_t len)
{
    static const char json[] = "{\"kind\":\"code\"}";
    struct frame request = {.type = FRAME_JOB, .job_id = 1, .part_count = 2}, answer;
    struct job_tools tools = {.arena = arena};
    const struct json *tree = NULL;
    request.parts[0] = (struct part){json, sizeof json - 1};
    request.parts[1] = (struct part){file->bytes, len};
    job_reply_release(&reply);
    job_reply_init(&reply);
    job_run(&tools, &request, &reply, &answer);
    EQ_INT(ERR_NONE, json_read(answer.parts[0].bytes, answer.parts[0].len, arena, &tree));
    return tree;
}

static const struct json *read_clean(const char *payload, const char *second)
{
    struct buf file;
    buf_init(&file, MIB(4));
    TRUE(code_draw_clean(payload, strlen(payload), second, 6, &file));
    const struct json *tree = read_file(&file, file.len);
    buf_release(&file);
    return tree;
}

/* As cipher texts look; made up. */
#define CIPHER_A "kJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwYkJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwY=="
#define CIPHER_B "Zb1mQ9vKx7Rt3Lp5Wd2Hy8Nc4Jg6Fs0Ae1Uo9Iz7Tq3Vb5Mk2Xw8Gr4Dj6Ph0LnZb1mQ9vKx7Rt3Lp5Wd2Hy8Nc4J=="

static const char *base64_of(const char *text)
{
    char *out = arena_alloc(arena, strlen(text) * 4 / 3 + 5);
    crypt_base64(text, strlen(text), false, out);
    return out;
}

TEST(drawn_codes_are_read_and_never_wrongly)
{
    static struct code_drawn drawn;
    int read = 0, wrong = 0;
    for (uint32_t i = 0; i < DRAWN_CASES; i++) {
        struct buf file;
        buf_init(&file, MIB(16));
        TRUE(code_draw_case(i, &drawn, &file) && !file.over);
        const struct json *tree = read_file(&file, file.len);
        char *want = arena_alloc(arena, drawn.len * 4 / 3 + 5);
        crypt_base64(drawn.payload, drawn.len, false, want);
        bool is_right = text_is(json_text_at(tree, "payload", NULL), want);
        read += is_right;
        wrong += !is_right && text_is(json_text_at(tree, "verdict", ""), "ok");
        buf_release(&file);
        arena_reset(arena);
    }
    EQ_INT(0, wrong);
    TRUE(read >= DRAWN_CASES - 1);
}

TEST(a_code_is_described)
{
    const struct json *tree = read_clean(CIPHER_A, NULL);
    EQ_TEXT("ok", json_text_at(tree, "verdict", ""));
    EQ_TEXT(base64_of(CIPHER_A), json_text_at(tree, "payload", ""));
    EQ_TEXT("opaque", json_text_at(tree, "looks_like", ""));
    EQ_TEXT("as_is", json_text_at(tree, "step", ""));
    EQ_INT(1, json_int_at(tree, "found", 0));
    EQ_INT(1, json_int_at(tree, "tries", 0));
    EQ_INT(strlen(CIPHER_A), json_int_at(tree, "bytes", 0));
    EQ_INT(64, strlen(json_text_at(tree, "payload_sha256", "")));
    /* four modules of margin and one of paper, six pixels each */
    const struct json *corner = json_at(tree, "quad")->first;
    NEAR(30, corner->first->number, 6);
    NEAR(30, corner->first->next->number, 6);
    NEAR((double)json_int_at(tree, "width_px", 0) - 30, corner->next->next->first->number, 6);
}

TEST(foreign_codes_are_told_apart)
{
    static const struct {
        const char *payload, *looks_like;
    } codes[] = {
        {"https://www.example.com/a?b=c", "url"},
        {"https://u.wechat.com/EAbcdefgh_123", "wechat"},
        {"weixin://contacts/profile/gh_0123456789ab", "wechat"},
        {"wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz", "wechat_pay"},
        {"HTTPS://QR.ALIPAY.COM/FKX01234567890", "alipay"},
        {"https://www.chsi.com.cn/xlcx/bg.do?vcode=ABCDEF0123456789", "chsi_url"},
        {"BEGIN:VCARD\nVERSION:3.0\nFN:Li Lei\nEND:VCARD", "contact"},
        {"WIFI:T:WPA;S:campus;P:secret-of-the-house;;", "wifi"},
        {"姓名：张三，学号：20210001，计算机学院", "text"},
        {"This is plain text in a code.", "text"},
        {"20210312345", "number"},
        {"AB12", "text"},
    };
    for (size_t i = 0; i < countof(codes); i++) {
        const struct json *tree = read_clean(codes[i].payload, NULL);
        EQ_TEXT("foreign", json_text_at(tree, "verdict", ""));
        EQ_TEXT(codes[i].looks_like, json_text_at(tree, "looks_like", ""));
        TRUE(json_at(tree, "payload")->kind == JSON_NULL);
        TRUE(strstr(json_text_at(tree, "text.zh", ""), "图像采集码") != NULL);
        TRUE(json_text_at(tree, "text.en", "")[0] != '\0');
    }
}

TEST(opaque_bytes_of_any_kind_are_taken)
{
    static const unsigned char bytes[] = {0x00, 0xff, 0x10, 0x80, 0x7f, 0x01, 0xc3, 0x28, 0x99,
                                          0x42, 0x00, 0x13, 0x37, 0xfe, 0xed, 0xfa, 0xce};
    struct buf file;
    char want[32];
    EQ_TEXT("opaque", code_looks_like(bytes, sizeof bytes));
    EQ_TEXT("opaque", code_looks_like("0123456789abcdef0123456789abcdef", 32));
    EQ_TEXT("text", code_looks_like("0123456789abcde", 15));
    buf_init(&file, MIB(4));
    TRUE(code_draw_clean(bytes, sizeof bytes, NULL, 6, &file));
    crypt_base64(bytes, sizeof bytes, false, want);
    EQ_TEXT(want, json_text_at(read_file(&file, file.len), "payload", ""));
    buf_release(&file);
}

TEST(of_two_codes_the_plausible_one_is_taken)
{
    const struct json *tree = read_clean(CIPHER_A, "https://u.wechat.com/EAbcdefgh_123");
    EQ_TEXT("ok", json_text_at(tree, "verdict", ""));
    EQ_INT(2, json_int_at(tree, "found", 0));
    EQ_TEXT(base64_of(CIPHER_A), json_text_at(tree, "payload", ""));
    tree = read_clean("http://a.example.com/", CIPHER_B);
    EQ_TEXT(base64_of(CIPHER_B), json_text_at(tree, "payload", ""));
}

TEST(two_plausible_codes_are_not_guessed_at)
{
    const struct json *tree = read_clean(CIPHER_A, CIPHER_B);
    EQ_TEXT("many", json_text_at(tree, "verdict", ""));
    EQ_INT(2, json_int_at(tree, "found", 0));
    TRUE(json_at(tree, "payload")->kind == JSON_NULL);
}

TEST(a_picture_without_code_is_no_error)
{
    struct image picture = {300, 400, malloc(300 * 400 * 3)};
    struct buf file;
    for (size_t i = 0; i < 300 * 400 * 3; i++)
        picture.rgb[i] = (unsigned char)(i / 7 % 251);
    buf_init(&file, MIB(4));
    EQ_INT(ERR_NONE, jpeg_encode(&picture, 90, 72, &file));
    image_release(&picture);
    const struct json *tree = read_file(&file, file.len);
    EQ_TEXT("none", json_text_at(tree, "verdict", ""));
    TRUE(json_at(tree, "quad")->kind == JSON_NULL);
    EQ_INT(countof(ladder), json_int_at(tree, "tries", 0));
    buf_release(&file);
}

TEST(damaged_pictures_are_refused)
{
    struct buf file;
    buf_init(&file, MIB(4));
    TRUE(code_draw_clean(CIPHER_A, strlen(CIPHER_A), NULL, 6, &file));
    EQ_TEXT("unreadable", json_text_at(read_file(&file, file.len / 2), "error", ""));
    EQ_TEXT("unsupported_type", json_text_at(read_file(&file, 2), "error", ""));
    buf_release(&file);
}

TEST(views_are_checked_before_they_are_read)
{
    static struct code_symbols symbols;
    const unsigned char grey[4] = {0};
    EQ_INT(CODE_BAD_IMAGE, code_find(NULL, true, &symbols));
    EQ_INT(CODE_BAD_IMAGE, code_find(&(struct code_view){NULL, 10, 10}, true, &symbols));
    EQ_INT(CODE_BAD_IMAGE, code_find(&(struct code_view){grey, 0, 2}, true, &symbols));
    EQ_INT(CODE_BAD_IMAGE, code_find(&(struct code_view){grey, 2, CODE_SIDE_PX_MAX + 1}, true, &symbols));
    EQ_INT(CODE_OK, code_find(&(struct code_view){grey, 2, 2}, true, &symbols));
    EQ_INT(0, symbols.count);
}

TEST(every_verdict_has_words)
{
    static const char *const verdicts[] = {"ok",   "read",        "none",    "unreadable",
                                           "many", "seen_before", "foreign", "processing"};
    for (size_t i = 0; i < countof(verdicts); i++) {
        struct code_words words = code_words(verdicts[i], NULL);
        TRUE(words.zh[0] != '\0' && words.en[0] != '\0');
    }
    EQ_TEXT("", code_words("nonsense", NULL).en);
}

int main(void)
{
    crypt_start();
    image_start();
    arena = arena_new(MIB(8));
    job_reply_init(&reply);
    int code = tests_run();
    job_reply_release(&reply);
    image_stop();
    return code;
}
