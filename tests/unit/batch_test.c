/* links: xy_base */
#include "store/batch_csv.c"
#include "store/batch_name.c"
#include "tests/check.h"

static struct arena *arena;

TEST(templates_that_make_no_sense_are_refused)
{
    static const struct {
        const char *template, *why;
    } cases[] = {
        {"{student_no}", ""},
        {"{college}/{class}/{name}-{id_no}", ""},
        {"zp{position}", ""},
        {"{name}", "template: needs {student_no}, {id_no}, {code} or {position}"},
        {"photo", "template: needs {student_no}, {id_no}, {code} or {position}"},
        {"{student_no", "template: has an unknown token at \"{student_no\""},
        {"{student}", "template: has an unknown token at \"{student}\""},
        {"{code}}", "template: has an unknown token at \"}\""},
        {"/{code}", "template: is not a relative path that every system can hold"},
        {"{code}/", "template: is not a relative path that every system can hold"},
        {"../{code}", "template: is not a relative path that every system can hold"},
        {"a\\{code}", "template: is not a relative path that every system can hold"},
        {"{code}\n", "template: must have 1 to 120 bytes and no control characters"},
        {"", "template: must have 1 to 120 bytes and no control characters"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        char why[BATCH_NAME_WHY_BYTES];
        enum err e = batch_name_check(cases[i].template, why);
        EQ_TEXT(cases[i].why, why);
        EQ_INT(cases[i].why[0] == '\0' ? ERR_NONE : ERR_BAD_FIELD, e);
    }
    TRUE(batch_name_is_personal("{student_no}-{name}"));
    TRUE(!batch_name_is_personal("{student_no}-{class}"));
}

TEST(names_stay_inside_the_package)
{
    struct batch_name_facts facts = {.student_no = "2022/..\\1", .id_no = "11010119900307665X", .name = "欧阳\n?",
                                     .class_name = "", .college = ".hidden", .code = "3B92K7-4", .position = 7};
    arena = arena_new(MIB(1));
    EQ_TEXT("2022_.._1.jpg", batch_name_make(arena, "{student_no}", &facts));
    EQ_TEXT("_hidden/3B92K7-4/欧阳__11010119900307665X.jpg", batch_name_make(arena, "{college}/{class}/{name}{id_no}", &facts));
    EQ_TEXT("zp0007.jpg", batch_name_make(arena, "zp{position}", &facts));
    char name[400];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    facts.student_no = name;
    EQ_INT(BATCH_NAME_BYTES_MAX + 4, strlen(batch_name_make(arena, "{student_no}", &facts)));
    arena_free(arena);
}

static enum err receipt(const char *text, struct batch_line **lines, size_t *count, char *why)
{
    char *copy = arena_alloc(arena, strlen(text) + 1);
    memcpy(copy, text, strlen(text));
    return batch_csv_receipt(copy, strlen(text), arena, lines, count, why);
}

TEST(a_receipt_is_read_whole_or_not_at_all)
{
    struct batch_line *lines;
    size_t count;
    char why[CSV_WHY_BYTES];
    arena = arena_new(MIB(8));
    EQ_INT(ERR_NONE, receipt("\xef\xbb\xbf原因,文件名,结果\r\n,a.jpg,通过\r\n模糊,b.jpg , 退回\r\n", &lines, &count, why));
    EQ_INT(2, count);
    TRUE(lines[0].accepted && !lines[1].accepted);
    EQ_TEXT("b.jpg", lines[1].key);
    EQ_TEXT("模糊", lines[1].reason);
    EQ_INT(ERR_BAD_FIELD, receipt("file_name,result\na,perhaps\n", &lines, &count, why));
    EQ_TEXT("line 2: result must be accepted or refused", why);
    EQ_INT(ERR_BAD_FIELD, receipt("file_name\na\n", &lines, &count, why));
    EQ_TEXT("line 1: has no column result", why);
    EQ_INT(ERR_BAD_FIELD, receipt("file_name,result\n,accepted\n", &lines, &count, why));
    EQ_TEXT("line 2: names no photo", why);
    EQ_INT(ERR_BAD_FIELD, receipt("", &lines, &count, why));
    arena_free(arena);
}

TEST(tracking_needs_a_number)
{
    struct batch_line *lines;
    size_t count;
    char why[CSV_WHY_BYTES], good[] = "code,carrier,tracking_no\n3B92K7-4,SF,SF1\n", bad[] = "code,tracking_no\nA,\n";
    arena = arena_new(MIB(8));
    EQ_INT(ERR_NONE, batch_csv_tracking(good, strlen(good), arena, &lines, &count, why));
    EQ_TEXT("SF1", lines[0].tracking_no);
    EQ_INT(ERR_BAD_FIELD, batch_csv_tracking(bad, strlen(bad), arena, &lines, &count, why));
    EQ_TEXT("line 2: tracking_no or carrier is empty or too long", why);
    arena_free(arena);
}

TEST(too_many_lines_are_refused)
{
    struct buf b;
    struct batch_line *lines;
    size_t count;
    char why[CSV_WHY_BYTES];
    arena = arena_new(MIB(8));
    buf_init(&b, MIB(1));
    buf_text(&b, "code,result\n");
    for (int i = 0; i <= BATCH_ITEMS_MAX; i++)
        buf_text(&b, "a,1\n");
    EQ_INT(ERR_TOO_LARGE, receipt(buf_cstr(&b), &lines, &count, why));
    buf_release(&b);
    arena_free(arena);
}

int main(void)
{
    return tests_run();
}
