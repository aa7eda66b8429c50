/* links: xy_store xy_blob */
/* Rosters as offices send them: which rows are taken, which are named. */
#include "store/roster_file.c"

#include "tests/check.h"
#include "tests/temp.h"

#define HEAD   "student_no,name,id_number,college,major,class_name\n"
#define NUMBER "11010519491231002X" /* the example of GB 11643 */

static struct roster_file *parse(struct arena *arena, const char *text, size_t len, enum err want)
{
    struct roster_file *file = ARENA_NEW(arena, struct roster_file);
    crypt_start();
    EQ_INT(want, roster_file_read(file, text, len, SECONDS_US(1780000000), arena));
    return file;
}

#define PARSE(arena, text, want) parse((arena), "" text, sizeof(text) - 1, (want))

TEST(rows_are_read_by_the_names_of_their_columns)
{
    struct arena *arena = arena_new(MIB(40));
    struct roster_file *file =
        PARSE(arena, "\xef\xbb\xbf姓名,学号,证件号码,备注\r\n 张三 ,2022,11010519491231002x,x\r\n", ERR_NONE);
    EQ_INT(1, file->count);
    EQ_TEXT("2022", file->entries[0].student_no);
    EQ_TEXT("张三", file->entries[0].name);
    EQ_TEXT(NUMBER, file->entries[0].id_number);
    EQ_TEXT("", file->entries[0].college);
    arena_free(arena);
}

TEST(gb18030_is_understood)
{
    struct arena *arena = arena_new(MIB(40));
    struct roster_file *file = PARSE(arena, HEAD "1,\xc0\xee\xcb\xc4," NUMBER ",,,\n", ERR_NONE);
    EQ_INT(1, file->count);
    EQ_TEXT("李四", file->entries[0].name);
    arena_free(arena);
}

TEST(bad_rows_are_named_and_the_others_read)
{
    struct arena *arena = arena_new(MIB(40));
    struct roster_file *file = PARSE(arena,
                                     HEAD "1,A," NUMBER ",,,\n"
                                          "2,B,110105194912310021,,,\n" /* wrong check digit */
                                          ",C," NUMBER ",,,\n"
                                          "4,," NUMBER ",,,\n"
                                          "1,E," NUMBER ",,,\n",
                                     ERR_NONE);
    EQ_INT(2, file->count);
    EQ_INT(4, file->problem_count);
    EQ_INT(3, file->problems[0].line);
    EQ_TEXT("id_number", file->problems[0].column);
    EQ_TEXT("student_no", file->problems[1].column);
    EQ_TEXT("name", file->problems[2].column);
    EQ_INT(6, file->problems[3].line);
    EQ_TEXT("is in the file twice", file->problems[3].words);
    arena_free(arena);
}

TEST(a_file_that_is_no_roster_is_refused_in_words)
{
    struct arena *arena = arena_new(MIB(40));
    TRUE(strstr(PARSE(arena, "name,id_number\n", ERR_BAD_FIELD)->why, "student_no") != NULL);
    TRUE(PARSE(arena, "\xff\xff\xff\xff", ERR_BAD_FIELD)->why[0] != '\0');
    TRUE(PARSE(arena, "student_no,\"name\n", ERR_BAD_FIELD)->why[0] != '\0');
    arena_free(arena);
}

TEST(problems_beyond_the_shown_ones_are_counted)
{
    struct arena *arena = arena_new(MIB(40));
    struct buf b;
    buf_init(&b, MIB(1));
    buf_text(&b, HEAD);
    for (int i = 0; i < ROSTER_FILE_PROBLEMS_MAX + 7; i++)
        buf_printf(&b, "%d,A,1,,,\n", i);
    struct roster_file *file = parse(arena, b.bytes, b.len, ERR_NONE);
    EQ_INT(ROSTER_FILE_PROBLEMS_MAX, file->problem_count);
    EQ_INT(7, file->more);
    buf_release(&b);
    arena_free(arena);
}

struct put {
    struct roster_file *file;
    bool dry;
};

static enum err put(struct tx *tx, void *job)
{
    struct put *p = job;
    TRY(roster_file_put(tx, p->file, "session", SECONDS_US(1780000000), p->dry));
    return roster_file_put(tx, p->file, "session", SECONDS_US(1780000000), p->dry); /* a unit may run again */
}

/* Only what a dry run says: a session is not needed for it. */
TEST(a_dry_run_counts_and_keeps_the_problems_of_reading)
{
    struct temp_store t;
    struct arena *arena = arena_new(MIB(40));
    temp_store_open(&t, NULL, NULL);
    struct put p = {PARSE(arena, HEAD "1,A," NUMBER ",,,\n2,B,1,,,\n3,C," NUMBER ",,,\n", ERR_NONE), true};
    EQ_INT(ERR_NONE, store_run(t.store, STORE_WRITE, put, &p));
    EQ_INT(2, p.file->added);
    EQ_INT(1, p.file->problem_count);
    EQ_INT(0, p.file->more);
    temp_store_close(&t);
    arena_free(arena);
}

int main(void)
{
    return tests_run();
}
