/* links: xy_base */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/keyring.h"
#include "base/text.h"
#include "tests/check.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct json *read_json(struct arena *arena, const char *text, enum err want)
{
    const struct json *tree = NULL;
    EQ_INT(want, json_read(text, strlen(text), arena, &tree));
    return tree;
}

TEST(json_refuses_objects_with_too_many_names)
{
    struct arena *a = arena_new(MIB(4));
    struct buf b;
    const struct json *tree = NULL;
    buf_init(&b, KIB(64));
    json_object_open(&b);
    for (int i = 0; i <= JSON_NAMES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        json_put_int(&b, name, i);
    }
    json_object_close(&b);
    EQ_INT(ERR_TOO_LARGE, json_read(buf_cstr(&b), b.len, a, &tree));
    buf_release(&b);
    arena_free(a);
}

TEST(json_refuses_what_cjson_lets_through)
{
    struct arena *a = arena_new(MIB(1));
    read_json(a, "{\"a\":\"x\\u0000y\"}", ERR_BAD_REQUEST);
    read_json(a, "{\"a\":1,\"a\":2}", ERR_BAD_REQUEST);
    read_json(a, "{\"a\":1} x", ERR_BAD_REQUEST);
    read_json(a, "{\"a\":\"\xff\"}", ERR_BAD_REQUEST);
    read_json(a, "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", ERR_TOO_LARGE);
    read_json(a, "{\"a\":\"\\\\u0000\"}", ERR_NONE);
    arena_free(a);
}

struct sample {
    const char *name;
    int64_t count;
    bool good;
    struct json_texts tags;
};

TEST(json_decode_names_the_field_that_is_wrong)
{
    static const struct json_field fields[] = {
        JSON_FIELD(struct sample, name, JSON_TO_TEXT, true, 1, 3),
        JSON_FIELD(struct sample, count, JSON_TO_INT, false, 0, 10),
        JSON_FIELD(struct sample, good, JSON_TO_BOOL, false, 0, 0),
        JSON_FIELD(struct sample, tags, JSON_TO_TEXTS, false, 0, 2),
    };
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\"name\":\"学影照相\"}", "name: must have a length of 1 to 3"},
        {"{\"count\":1}", "name: is missing"},
        {"{\"name\":\"a\",\"count\":11}", "count: must have a value from 0 to 10"},
        {"{\"name\":\"a\",\"count\":9007199254740993}", "count: must be a whole number"},
        {"{\"name\":\"a\",\"count\":1.5}", "count: must be a whole number"},
        {"{\"name\":\"a\",\"more\":1}", "more: is not a known field"},
        {"{\"name\":\"a\",\"good\":1}", "good: must be true or false"},
        {"{\"name\":\"a\",\"tags\":[\"x\",\"y\",\"z\"]}", "tags: must have a number of entries from 0 to 2"},
        {"{\"name\":\"a\\nb\"}", "name: must not contain control characters"},
    };
    struct arena *a = arena_new(MIB(1));
    for (size_t i = 0; i < countof(cases); i++) {
        struct sample s = {0};
        char why[JSON_WHY_BYTES] = "";
        EQ_INT(ERR_BAD_FIELD, json_decode(read_json(a, cases[i].text, ERR_NONE), fields, countof(fields), &s, a, why));
        EQ_TEXT(cases[i].why, why);
    }
    struct sample s = {0};
    const char *text = "{\"name\":\"学影\",\"count\":7,\"good\":true,\"tags\":[\"a\",\"b\"]}";
    EQ_INT(ERR_NONE, json_decode(read_json(a, text, ERR_NONE), fields, countof(fields), &s, a, NULL));
    EQ_TEXT("学影", s.name);
    EQ_INT(7, s.count);
    TRUE(s.good);
    EQ_INT(2, s.tags.count);
    EQ_TEXT("b", s.tags.items[1]);
    arena_free(a);
}

TEST(json_written_reads_back)
{
    struct arena *a = arena_new(MIB(1));
    struct buf b, again;
    buf_init(&b, KIB(4));
    buf_init(&again, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "text", "a\"b\\c\n\x01 \xe2\x80\xa8 学");
    json_name(&b, "list");
    json_array_open(&b);
    json_int(&b, 1);
    json_bool(&b, false);
    json_null(&b);
    json_array_close(&b);
    json_put_number(&b, "n", 0.5, 3);
    json_put_int(&b, "i", -42);
    json_object_close(&b);
    const struct json *tree = read_json(a, buf_cstr(&b), ERR_NONE);
    EQ_TEXT("a\"b\\c\n\x01 \xe2\x80\xa8 学", json_text_at(tree, "text", NULL));
    EQ_INT(-42, json_int_at(tree, "i", 0));
    EQ_INT(3, json_count(json_at(tree, "list")));
    json_tree(&again, tree);
    const struct json *second = read_json(a, buf_cstr(&again), ERR_NONE);
    NEAR(0.5, json_number_at(second, "n", 0), 1e-12);
    buf_release(&b);
    buf_release(&again);
    arena_free(a);
}

TEST(buf_over_is_sticky_and_keeps_what_was_there)
{
    struct buf b;
    buf_init(&b, 4);
    buf_text(&b, "abc");
    buf_text(&b, "de");
    buf_text(&b, "f");
    TRUE(b.over);
    EQ_TEXT("abc", buf_cstr(&b));
    buf_release(&b);
}

TEST(text_int_takes_the_whole_range_and_nothing_else)
{
    int64_t v = 5;
    TRUE(text_int("-9223372036854775808", &v) && v == INT64_MIN);
    TRUE(text_int("9223372036854775807", &v) && v == INT64_MAX);
    TRUE(!text_int("9223372036854775808", &v));
    TRUE(!text_int("", &v) && !text_int("-", &v) && !text_int("1 ", &v) && !text_int("+1", &v));
}

TEST(text_utf8_refuses_overlong_and_surrogates)
{
    TRUE(text_utf8_valid("学影", 6));
    TRUE(!text_utf8_valid("\xc0\xaf", 2) && !text_utf8_valid("\xed\xa0\x80", 3) && !text_utf8_valid("\xe5\xad", 2));
    EQ_INT(3, (int64_t)text_cut("学影片", 1));
}

TEST(ids_sort_by_time_and_differ)
{
    char a[CRYPT_ID_TEXT_BYTES], b[CRYPT_ID_TEXT_BYTES], c[CRYPT_ID_TEXT_BYTES];
    crypt_id(1000000, a);
    crypt_id(2000000, b);
    crypt_id(2000000, c);
    TRUE(strcmp(a, b) < 0 && strcmp(b, c) != 0 && crypt_id_valid(a) && !crypt_id_valid("x"));
}

TEST(civil_time_is_chinese)
{
    struct clock_civil c = clock_civil_cn(INT64_C(1782816000000000)); /* 2026-06-30T10:40:00Z */
    EQ_INT(2026, c.year);
    EQ_INT(18, c.hour);
    EQ_INT(INT64_C(1782816000000000), clock_from_civil_cn(&c));
}

TEST(keyring_survives_rotation_and_notices_every_changed_byte)
{
    char path[] = "/tmp/xueying-keyring-XXXXXX", file[64], why[256];
    TRUE(mkdtemp(path) != NULL);
    snprintf(file, sizeof file, "%s/key", path);
    struct keyring *ring = NULL;
    EQ_INT(ERR_NONE, keyring_load(file, &ring, why));
    struct stat info;
    TRUE(stat(file, &info) == 0 && (info.st_mode & 0777) == 0400);
    struct arena *a = arena_new(MIB(1));
    size_t len;
    unsigned char *sealed = keyring_seal(ring, KEYRING_COLUMN, "张三", 6, "t|1|name", a, &len);
    EQ_INT(ERR_NONE, keyring_rotate(ring));
    keyring_free(ring);
    EQ_INT(ERR_NONE, keyring_load(file, &ring, why));
    EQ_INT(2, keyring_newest(ring));
    char *open_text;
    size_t open_len;
    EQ_INT(ERR_NONE, keyring_open(ring, KEYRING_COLUMN, sealed, len, "t|1|name", a, &open_text, &open_len));
    EQ_TEXT("张三", open_text);
    EQ_INT(ERR_CORRUPT, keyring_open(ring, KEYRING_COLUMN, sealed, len, "t|2|name", a, &open_text, &open_len));
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 1;
        EQ_INT(ERR_CORRUPT, keyring_open(ring, KEYRING_COLUMN, sealed, len, "t|1|name", a, &open_text, &open_len));
        sealed[i] ^= 1;
    }
    keyring_free(ring);
    TRUE(chmod(file, 0440) == 0);
    EQ_INT(ERR_UNREADABLE, keyring_load(file, &ring, why));
    TRUE(strstr(why, "0400") != NULL);
    arena_free(a);
    unlink(file);
    rmdir(path);
}

TEST(passwords_and_base64)
{
    char hash[CRYPT_PASSWORD_TEXT_BYTES], text[16];
    EQ_INT(ERR_NONE, crypt_password_hash("correct horse", hash));
    TRUE(crypt_password_matches("correct horse", hash));
    TRUE(!crypt_password_matches("correct hors", hash) && !crypt_password_matches("x", NULL));
    crypt_base64("\xff\xfe\xfd", 3, true, text);
    EQ_TEXT("__79", text);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
