/* links: xy_base */
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
    struct batch_name_facts facts = {.student_no = "2022/..\\1",
                                     .id_no = "11010119900307665X",
                                     .name = "欧阳\n?",
                                     .class_name = "",
                                     .college = ".hidden",
                                     .code = "3B92K7-4",
                                     .position = 7};
    arena = arena_new(MIB(1));
    EQ_TEXT("2022_.._1.jpg", batch_name_make(arena, "{student_no}", &facts));
    EQ_TEXT("_hidden/3B92K7-4/欧阳__11010119900307665X.jpg",
            batch_name_make(arena, "{college}/{class}/{name}{id_no}", &facts));
    EQ_TEXT("zp0007.jpg", batch_name_make(arena, "zp{position}", &facts));
    char name[400];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    facts.student_no = name;
    EQ_INT(BATCH_NAME_BYTES_MAX + 4, strlen(batch_name_make(arena, "{student_no}", &facts)));
    arena_free(arena);
}

int main(void)
{
    return tests_run();
}
