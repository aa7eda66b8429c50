/* links: xy_store xy_blob */
/* Rosters as offices send them: which rows are taken, what is said of the others. */
#include "store/roster_rows.c"

#include "tests/check.h"

#define HEAD   "student_no,name,id_number,college,major,class_name,level,phone,document_type\n"
#define NUMBER "11010519491231002X" /* the example of GB 11643 */

struct reading {
    struct roster_source source;
    struct roster_file_kind kind;
    struct roster_rows rows;
    struct arena *arena;
    enum err opened;
};

static void open_bytes(struct reading *r, const void *bytes, size_t len)
{
    crypt_start();
    *r = (struct reading){.source = {.memory = bytes, .size_bytes = (int64_t)len}, .arena = arena_new(MIB(1))};
    EQ_INT(ERR_NONE, roster_file_look(&r->source, &r->kind, NULL, NULL));
    r->opened = roster_rows_open(&r->rows, &r->source, &r->kind);
}
#define OPEN(r, text) open_bytes((r), "" text, sizeof(text) - 1)

static void close_reading(struct reading *r)
{
    roster_rows_close(&r->rows);
    roster_source_close(&r->source);
    arena_free(r->arena);
}

static enum roster_problem next(struct reading *r, struct roster_entry *entry)
{
    enum roster_problem problem = ROSTER_PROBLEM_COUNT;
    bool more = false;
    EQ_INT(ERR_NONE, roster_rows_next(&r->rows, r->arena, entry, &problem, &more));
    return more ? problem : ROSTER_PROBLEM_COUNT;
}

TEST(columns_are_found_by_name_and_below_a_title)
{
    struct reading r;
    struct roster_entry e;
    OPEN(&r, "\xef\xbb\xbf"
             "2026届毕业生名单\r\n姓名,学号,身份证号,层次,院系,手机号码,证件类型\r\n"
             " 张三 ,2022,11010519491231002x,本科,文学院,13800000000,居民身份证\r\n,,,\r\n");
    EQ_INT(ERR_NONE, r.opened);
    EQ_INT(ROSTER_FINE, next(&r, &e));
    EQ_TEXT("2022", e.student_no);
    EQ_TEXT("张三", e.name);
    EQ_TEXT(NUMBER, e.id_number);
    EQ_TEXT("undergraduate", e.level);
    EQ_TEXT("文学院", e.college);
    EQ_TEXT("13800000000", e.phone);
    EQ_TEXT("resident", e.document_type);
    EQ_TEXT("", e.major);
    EQ_INT(3, r.rows.row->line);
    EQ_INT(ROSTER_PROBLEM_COUNT, next(&r, &e)); /* a row of nothing is none */
    close_reading(&r);
}

TEST(gb18030_is_understood)
{
    struct reading r;
    struct roster_entry e;
    OPEN(&r, HEAD "1,\xc0\xee\xcb\xc4," NUMBER ",,,\n");
    EQ_INT(ROSTER_FINE, next(&r, &e));
    EQ_TEXT("李四", e.name);
    close_reading(&r);
}

TEST(each_kind_of_bad_row_is_named)
{
    struct reading r;
    struct roster_entry e;
    OPEN(&r, HEAD "2,B,110105194912310021\n" /* wrong check digit */
                  ",C," NUMBER "\n"
                  "4,," NUMBER "\n"
                  "5,E,12\n"
                  "6,F,1.10105E+17\n"
                  "2.022E+12,G," NUMBER "\n"
                  "8,H," NUMBER ",,,,,call me\n"
                  "9,I," NUMBER ",,,,,,driving licence\n"
                  "10,J,H12345678,,,,,0755-12345678\n");
    const enum roster_problem want[] = {ROSTER_id_number_check, ROSTER_student_no,          ROSTER_name,
                                        ROSTER_id_number,       ROSTER_id_number_as_number, ROSTER_student_no_as_number,
                                        ROSTER_phone,           ROSTER_document_type,       ROSTER_FINE};
    for (size_t i = 0; i < countof(want); i++)
        EQ_INT(want[i], next(&r, &e));
    EQ_TEXT("id_number_check", roster_problem_text(ROSTER_id_number_check)->code);
    close_reading(&r);
}

TEST(a_file_that_is_no_roster_is_refused_in_words)
{
    static const struct {
        const char *text, *words;
        size_t len;
    } bad[] = {{"name,id_number\n1,2\n", "student_no", 19}, {"\xff\xff\xff\xff", "neither UTF-8", 4},
               {"student_no,\"name\n", "quote", 17},        {"PK\x03\x04 no zip", "ZIP", 11},
               {"\xd0\xcf\x11\xe0 old", ".xls", 8},         {"", "student_no", 0}};
    for (size_t i = 0; i < countof(bad); i++) {
        struct reading r;
        open_bytes(&r, bad[i].text, bad[i].len);
        EQ_INT(ERR_BAD_FIELD, r.opened);
        TRUE(strstr(r.rows.why, bad[i].words) != NULL);
        close_reading(&r);
    }
}

/* Pieces of one byte cut every character; windows much smaller than the text cut every row. */
static enum err by_one(void *arg, void *bytes, size_t max, size_t *len)
{
    const char **at = arg;
    (void)max;
    *len = **at != '\0';
    if (*len > 0)
        memcpy(bytes, (*at)++, 1);
    return ERR_NONE;
}

TEST(a_stream_gives_the_rows_that_the_whole_gives)
{
    static const char text[] = "a,b\r\n\"x\r\ny\",\"q\"\"q\"\r\n\xe5\xbc\xa0,2\n\n3,\"\xe6\x9d\x8e,\"\rlast,row";
    struct csv_sniff sniff = {.broken = false};
    struct csv_stream s;
    struct csv whole;
    char copy[sizeof text];
    const char *at = text;
    bool more = true, whole_more = true;
    for (size_t i = 0; i + 1 < sizeof text; i++)
        csv_sniff_add(&sniff, text + i, 1);
    csv_sniff_end(&sniff);
    TRUE(sniff.utf8);
    memcpy(copy, text, sizeof text);
    EQ_INT(ERR_NONE, csv_open(&whole, copy, sizeof text - 1));
    EQ_INT(ERR_NONE, csv_stream_open(&s, by_one, &at, true));
    while (whole_more) {
        EQ_INT(ERR_NONE, csv_next(&whole, &whole_more));
        EQ_INT(ERR_NONE, csv_stream_next(&s, &more));
        EQ_INT(whole_more, more);
        EQ_INT(whole.count, s.csv.count);
        EQ_INT(whole.line, s.csv.line);
        for (size_t i = 0; i < whole.count; i++)
            EQ_TEXT(whole.cells[i], s.csv.cells[i]);
    }
    csv_stream_close(&s);
}

static enum err endless(void *arg, void *bytes, size_t max, size_t *len)
{
    (void)arg;
    memset(bytes, 'x', max);
    *len = max;
    return ERR_NONE;
}

TEST(a_row_without_end_is_refused_in_bounded_memory)
{
    struct csv_stream s;
    bool more = true;
    EQ_INT(ERR_NONE, csv_stream_open(&s, endless, NULL, true));
    EQ_INT(ERR_BAD_FIELD, csv_stream_next(&s, &more));
    TRUE(strstr(s.csv.why, "too long") != NULL);
    csv_stream_close(&s);
}

int main(void)
{
    return tests_run();
}
