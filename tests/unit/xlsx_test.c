/* links: xy_store xy_blob */
/* Rosters in workbooks: every kind of cell, the sheet that has the header, numbers that Excel spoilt, and what is
 * refused. */
#include "store/xlsx.c"

#include "store/roster_rows.h"
#include "tests/check.h"
#include "tests/unit/xlsx_fixture.h"

#define NUMBER "11010519491231002X"

struct reading {
    struct buf bytes;
    struct roster_source source;
    struct roster_file_kind kind;
    struct roster_rows rows;
    struct arena *arena;
    enum err opened;
};

static void open_reading(struct reading *r)
{
    crypt_start();
    r->arena = arena_new(MIB(1));
    r->source = (struct roster_source){.memory = r->bytes.bytes, .size_bytes = (int64_t)r->bytes.len};
    EQ_INT(ERR_NONE, roster_file_look(&r->source, &r->kind, NULL, NULL));
    r->opened = roster_rows_open(&r->rows, &r->source, &r->kind);
}

static void open_book_of(struct reading *r, const char *sheet, const char *strings)
{
    *r = (struct reading){.opened = ERR_NONE};
    buf_init(&r->bytes, MIB(8));
    book_build(&r->bytes,
               BOOK_HEAD "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>read me</t></is></c></row>"
                         "</sheetData></worksheet>",
               sheet, strlen(sheet), strings, strlen(strings));
    open_reading(r);
}

static void close_reading(struct reading *r)
{
    roster_rows_close(&r->rows);
    arena_free(r->arena);
    buf_release(&r->bytes);
}

static enum roster_problem next(struct reading *r, struct roster_entry *e)
{
    enum roster_problem problem = ROSTER_PROBLEM_COUNT;
    bool more = false;
    EQ_INT(ERR_NONE, roster_rows_next(&r->rows, r->arena, e, &problem, &more));
    return more ? problem : ROSTER_PROBLEM_COUNT;
}

#define SHEET(rows) BOOK_HEAD "<worksheet><sheetData>" rows "</sheetData></worksheet>"
#define HEADER                                                                                                         \
    "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"s\"><v>1</v></c><c r=\"D2\" t=\"inlineStr\"><is><t>" \
    "id_number</t></is></c></row>"
#define STRINGS                                                                                                        \
    BOOK_HEAD "<sst><si><t>student_no</t></si><si><t>name</t></si><si><r><t>Zh</t></r><r><t>ang</t></r><rPh sb=\"0\" " \
              "eb=\"1\"><t>no</t></rPh></si><si><t> " NUMBER " </t></si></sst>"

TEST(every_kind_of_cell_is_read_from_the_sheet_that_has_the_header)
{
    struct reading r;
    struct roster_entry e;
    open_book_of(&r,
                 SHEET(HEADER
                       "<row r=\"5\"><c r=\"A5\"><v>2.022001E6</v></c><c r=\"B5\" t=\"s\"><v>2</v></c><c r=\"D5\" "
                       "t=\"s\"><v>3</v></c></row><row r=\"9\"><c t=\"str\"><f>A5+1</f><v>2022002</v></c><c "
                       "t=\"inlineStr\"><is><t>Li</t></is></c><c/><c t=\"str\"><v>" NUMBER "</v></c></row>"),
                 STRINGS);
    EQ_INT(ERR_NONE, r.opened);
    EQ_INT(ROSTER_FINE, next(&r, &e));
    EQ_TEXT("2022001", e.student_no);
    EQ_TEXT("Zhang", e.name);
    EQ_TEXT(NUMBER, e.id_number);
    EQ_INT(5, r.rows.row->line);
    EQ_INT(ROSTER_FINE, next(&r, &e));
    EQ_TEXT("2022002", e.student_no);
    EQ_INT(9, r.rows.row->line);
    EQ_INT(ROSTER_PROBLEM_COUNT, next(&r, &e));
    close_reading(&r);
}

TEST(numbers_that_excel_spoilt_are_named)
{
    struct reading r;
    struct roster_entry e;
    open_book_of(&r,
                 SHEET(HEADER "<row><c><v>1</v></c><c t=\"s\"><v>2</v></c><c/><c><v>1.10105194912310E+17</v></c></row>"
                              "<row><c><v>2</v></c><c t=\"s\"><v>2</v></c><c/><c><v>110105194912310000</v></c></row>"
                              "<row><c><v>2022001002003004005</v></c><c t=\"s\"><v>2</v></c><c/><c "
                              "t=\"s\"><v>3</v></c></row>"),
                 STRINGS);
    EQ_INT(ROSTER_id_number_as_number, next(&r, &e));
    EQ_INT(ROSTER_id_number_as_number, next(&r, &e));
    EQ_INT(ROSTER_student_no_as_number, next(&r, &e));
    close_reading(&r);
}

TEST(bombs_and_damage_are_refused_in_words)
{
    static const struct {
        const char *sheet, *strings, *words;
    } bad[] = {
        {"<!DOCTYPE a [<!ENTITY b \"cccccccc\"><!ENTITY d \"&b;&b;\">]><worksheet>&d;</worksheet>", STRINGS,
         "document type"},
        {SHEET(HEADER), "<!DOCTYPE sst SYSTEM \"file:///etc/passwd\"><sst/>", "document type"},
        {SHEET("<row><c>"), STRINGS, "damaged"},
        {SHEET("<row/>"), STRINGS, "header"},
    };
    for (size_t i = 0; i < countof(bad); i++) {
        struct reading r;
        open_book_of(&r, bad[i].sheet, bad[i].strings);
        TRUE(r.opened == ERR_BAD_FIELD || r.opened == ERR_TOO_LARGE);
        TRUE(strstr(r.rows.why, bad[i].words) != NULL);
        close_reading(&r);
    }
}

TEST(what_unpacks_to_too_much_is_refused_before_it_is_unpacked)
{
    struct reading r = {.opened = ERR_NONE};
    const struct zip_part parts[] = {{"xl/workbook.xml", BOOK_TWO_SHEETS, sizeof BOOK_TWO_SHEETS - 1, 0},
                                     {"xl/_rels/workbook.xml.rels", BOOK_RELATIONS, sizeof BOOK_RELATIONS - 1, 0},
                                     {"xl/worksheets/sheet1.xml", "<a/>", 4, MIB(900)}};
    buf_init(&r.bytes, MIB(1));
    zip_build(&r.bytes, parts, countof(parts));
    open_reading(&r);
    EQ_INT(ERR_TOO_LARGE, r.opened);
    TRUE(strstr(r.rows.why, "too much") != NULL);
    close_reading(&r);
}

TEST(nesting_and_endless_tags_end_the_reading)
{
    struct reading r;
    struct buf deep;
    buf_init(&deep, MIB(4));
    for (int i = 0; i < 100; i++)
        buf_text(&deep, "<a>");
    open_book_of(&r, buf_cstr(&deep), STRINGS);
    EQ_INT(ERR_TOO_LARGE, r.opened);
    close_reading(&r);
    buf_clear(&deep);
    buf_text(&deep, "<worksheet a=\"");
    for (int i = 0; i < 3000; i++)
        buf_printf(&deep, "%01000d", 0);
    open_book_of(&r, buf_cstr(&deep), STRINGS);
    EQ_INT(ERR_TOO_LARGE, r.opened);
    close_reading(&r);
    buf_release(&deep);
}

int main(void)
{
    return tests_run();
}
