/* roster_rows — the rows of a school's file, CSV (UTF-8 or GB18030) or XLSX, checked one by one.
 *
 * Columns by name, English or Chinese, in any order, the header within the first ROSTER_HEADER_ROWS rows; of a workbook
 * the first sheet that has such a header. Needed: student_no 学号, name 姓名, id_number 证件号码; may be there:
 * document_type 证件类型, college 学院, major 专业, class_name 班级, level 学历层次, phone 手机号. Plain values never
 * leave the structs. Not thread-safe; a thread that may block. */
#ifndef XY_ROSTER_ROWS_H
#define XY_ROSTER_ROWS_H

#include "base/csv_stream.h"
#include "store/roster.h"
#include "store/roster_source.h"
#include "store/xlsx.h"

#define ROSTER_ROWS_MAX    1500000
#define ROSTER_BYTES_MAX   MIB(256)
#define ROSTER_HEADER_ROWS 10

enum roster_problem {
    ROSTER_FINE,
#define P(code, column, zh, zh_fix, en, en_fix) ROSTER_##code,
#include "store/roster_problems.def"
#undef P
    ROSTER_PROBLEM_COUNT
};
struct roster_problem_text {
    const char *code, *column, *zh, *zh_fix, *en, *en_fix;
};
const struct roster_problem_text *roster_problem_text(enum roster_problem problem);

enum {
    ROSTER_STUDENT_NO,
    ROSTER_NAME,
    ROSTER_ID_NUMBER,
    ROSTER_DOCUMENT_TYPE,
    ROSTER_COLLEGE,
    ROSTER_MAJOR,
    ROSTER_CLASS_NAME,
    ROSTER_LEVEL,
    ROSTER_PHONE,
    ROSTER_COLUMN_COUNT
};

struct roster_rows {
    struct roster_source *source;
    struct csv_stream text;
    struct xlsx *book;
    struct csv *row; /* the current one, as it is written in the file */
    struct csv_column columns[ROSTER_COLUMN_COUNT];
    int64_t place; /* of the current row behind the header, from 1 */
    char why[CSV_WHY_BYTES];
};

/* What a file is, found by looking at all of it once. */
struct roster_file_kind {
    bool is_book, is_old_book, utf8; /* old: .xls, or protected by a password */
    unsigned char sha256[32];
};
typedef bool roster_go_on(void *arg, int64_t bytes); /* false: stop with REFUSED; called every now and then */
enum err roster_file_look(struct roster_source *source, struct roster_file_kind *kind, roster_go_on *go_on, void *arg);

/* BAD_FIELD, TOO_LARGE: the file is no use, `why` says it. roster_rows_close in any case. */
enum err roster_rows_open(struct roster_rows *rows, struct roster_source *source, const struct roster_file_kind *kind);
void roster_rows_close(struct roster_rows *rows);
/* The next row: entry's texts live in `arena` and until the next call. *problem: what is wrong with it. */
enum err roster_rows_next(struct roster_rows *rows, struct arena *arena, struct roster_entry *entry,
                          enum roster_problem *problem, bool *more);
int64_t roster_rows_at(const struct roster_rows *rows); /* bytes read, for a progress bar */

#endif
