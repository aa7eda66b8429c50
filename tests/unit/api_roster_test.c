/* links: xy_api xy_http xy_store xy_blob */
/* Rosters as offices send them: which rows are taken, which are named. */
#include "api/console_roster.c"

#include "tests/check.h"

#define HEAD "student_no,name,id_number,college,major,class_name\n"
#define NUMBER "11010519491231002X" /* the example of GB 11643 */

static struct roster_import *parse(struct arena *arena, const char *text, size_t len, enum err want)
{
    struct roster_import *job = ARENA_NEW(arena, struct roster_import);
    crypt_start();
    job->job.arena = arena;
    job->import.body = text;
    job->import.body_len = len;
    EQ_INT(want, roster_import_parse(job, arena));
    return job;
}

#define PARSE(arena, text, want) parse((arena), "" text, sizeof(text) - 1, (want))

TEST(rows_are_read_by_the_names_of_their_columns)
{
    struct arena *arena = arena_new(MIB(40));
    struct roster_import *job =
        PARSE(arena, "\xef\xbb\xbf姓名,学号,证件号码,备注\r\n 张三 ,2022,11010519491231002x,x\r\n", ERR_NONE);
    EQ_INT(1, job->count);
    EQ_TEXT("2022", job->entries[0].student_no);
    EQ_TEXT("张三", job->entries[0].name);
    EQ_TEXT(NUMBER, job->entries[0].id_number);
    EQ_TEXT("", job->entries[0].college);
    arena_free(arena);
}

TEST(gb18030_is_understood)
{
    struct arena *arena = arena_new(MIB(40));
    struct roster_import *job = PARSE(arena, HEAD "1,\xc0\xee\xcb\xc4," NUMBER ",,,\n", ERR_NONE);
    EQ_INT(1, job->count);
    EQ_TEXT("李四", job->entries[0].name);
    arena_free(arena);
}

TEST(bad_rows_are_named_and_the_others_read)
{
    struct arena *arena = arena_new(MIB(40));
    struct roster_import *job = PARSE(arena,
                                      HEAD "1,A," NUMBER ",,,\n"
                                           "2,B,110105194912310021,,,\n" /* wrong check digit */
                                           ",C," NUMBER ",,,\n"
                                           "4,," NUMBER ",,,\n"
                                           "1,E," NUMBER ",,,\n",
                                      ERR_NONE);
    EQ_INT(2, job->count);
    EQ_INT(4, job->problem_count);
    EQ_INT(3, job->problems[0].line);
    EQ_TEXT("id_number", job->problems[0].column);
    EQ_TEXT("student_no", job->problems[1].column);
    EQ_TEXT("name", job->problems[2].column);
    EQ_INT(6, job->problems[3].line);
    EQ_TEXT("is in the file twice", job->problems[3].words);
    arena_free(arena);
}

TEST(a_file_that_is_no_roster_is_refused_in_words)
{
    struct arena *arena = arena_new(MIB(40));
    TRUE(strstr(PARSE(arena, "name,id_number\n", ERR_BAD_FIELD)->job.why, "student_no") != NULL);
    TRUE(PARSE(arena, "\xff\xff\xff\xff", ERR_BAD_FIELD)->job.why[0] != '\0');
    TRUE(PARSE(arena, "student_no,\"name\n", ERR_BAD_FIELD)->job.why[0] != '\0');
    arena_free(arena);
}

TEST(problems_beyond_the_shown_ones_are_counted)
{
    struct arena *arena = arena_new(MIB(40));
    struct buf b;
    buf_init(&b, MIB(1));
    buf_text(&b, HEAD);
    for (int i = 0; i < PROBLEMS_MAX + 7; i++)
        buf_printf(&b, "%d,A,1,,,\n", i);
    struct roster_import *job = parse(arena, b.bytes, b.len, ERR_NONE);
    EQ_INT(PROBLEMS_MAX, job->problem_count);
    EQ_INT(7, job->more);
    buf_release(&b);
    arena_free(arena);
}

int main(void)
{
    return tests_run();
}
