/* roster_file — the office's CSV of a session's students: read, checked row by row, put into the roster.
 *
 * Columns by name, English or Chinese: student_no 学号, name 姓名, id_number 证件号码; optional college 学院, major
 * 专业, class_name 班级. Each bad row is named with its line and column; plain identity numbers never leave the
 * structs. */
#ifndef XY_ROSTER_FILE_H
#define XY_ROSTER_FILE_H

#include "base/csv.h"
#include "store/roster.h"
#include "store/student.h"

#define ROSTER_FILE_ROWS_MAX                                                                                           \
    10000                            /* one unit of the writer: about a second; a larger roster comes in several files \
                                      */
#define ROSTER_FILE_PROBLEMS_MAX 200 /* kept; the rest is counted in `more` */

struct roster_problem {
    size_t line;
    const char *column, *words; /* static */
};

struct roster_file {
    struct roster_entry *entries; /* without session_id */
    size_t *lines;                /* of each entry */
    size_t count;
    struct roster_problem problems[ROSTER_FILE_PROBLEMS_MAX];
    size_t problem_count, more;
    size_t read_problem_count, read_more; /* found before anything was written */
    size_t added, changed, same;          /* by roster_file_put */
    char why[CSV_WHY_BYTES];
};

/* Any thread that may work for a second. BAD_FIELD, TOO_LARGE: the whole file is no use, `why` says it; bad rows are no
 * error but problems. Everything lives in `arena`. */
enum err roster_file_read(struct roster_file *file, const void *bytes, size_t len, int64_t now_us, struct arena *arena);

/* Writer; re-runnable. Puts all good rows (roster_put); dry: only counts. */
enum err roster_file_put(struct tx *tx, struct roster_file *file, const char *session_id, int64_t now_us, bool dry);

#endif
