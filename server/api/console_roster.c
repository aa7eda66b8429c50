/* Administrators: import the roster of a session.
 *
 * One unit: all rows or none, unless ?only_good=1 asks for the good ones. ?dry_run=1 says what would happen. Each bad row
 * is named with its line and column; plain identity numbers never leave this file. */
#include "api/console_import.h"
#include "api/console_scope.h"
#include "store/student.h"

#define ROWS_MAX 10000 /* one unit of the writer: about a second; a larger roster comes in several files */
#define PROBLEMS_MAX 200 /* shown; the rest is counted in `more` */

struct problem {
    size_t line;
    const char *column, *words;
};

struct roster_import {
    struct job job;
    const char *id;
    struct import import;
    int64_t dry_run, only_good;
    struct roster_entry *entries;
    size_t *lines; /* of each entry */
    size_t count;
    struct problem problems[PROBLEMS_MAX];
    size_t problem_count, parse_problem_count, more;
    size_t added, changed, same;
};

static enum err roster_import_decode(struct exchange *x, struct roster_import *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_query_int(x, "dry_run", 0, 1, 0, &job->dry_run));
    TRY(exchange_query_int(x, "only_good", 0, 1, 0, &job->only_good));
    return import_take(x, &job->import);
}

static void note(struct roster_import *job, size_t line, const char *column, const char *words)
{
    if (job->problem_count == PROBLEMS_MAX)
        job->more++;
    else
        job->problems[job->problem_count++] = (struct problem){line, column, words};
}

/* ---- reading: lane ---- */

enum { STUDENT_NO, NAME, ID_NUMBER, COLLEGE, MAJOR, CLASS_NAME, COLUMNS };

static struct import_column columns_of(int i)
{
    static const struct import_column columns[COLUMNS] = {
        {"student_no", "学号", true, -1}, {"name", "姓名", true, -1},   {"id_number", "证件号码", true, -1},
        {"college", "学院", false, -1},   {"major", "专业", false, -1}, {"class_name", "班级", false, -1},
    };
    return columns[i];
}

static bool fits(const char *text, size_t min, size_t max)
{
    size_t chars = text_chars(text);
    return chars >= min && chars <= max && text_is_control_free(text);
}

static const char *take_row(struct roster_import *job, struct csv *csv, const struct import_column *columns,
                            struct arena *arena, struct roster_entry *e, const char **column)
{
    char normal[ID_NUMBER_BYTES];
    *e = (struct roster_entry){.student_no = csv_cell(csv, columns[STUDENT_NO].at),
                               .name = csv_cell(csv, columns[NAME].at),
                               .college = csv_cell(csv, columns[COLLEGE].at),
                               .major = csv_cell(csv, columns[MAJOR].at),
                               .class_name = csv_cell(csv, columns[CLASS_NAME].at)};
    const char *number = csv_cell(csv, columns[ID_NUMBER].at);
    *column = "student_no";
    if (!fits(e->student_no, 1, 40))
        return "must have 1 to 40 characters";
    *column = "name";
    if (!fits(e->name, 1, 60))
        return "must have 1 to 60 characters";
    *column = "id_number";
    if (!id_number_normal(number, normal) || !id_number_plausible(normal))
        return "is not a possible ID number";
    *column = "college";
    if (!fits(e->college, 0, 80) || !fits(e->major, 0, 80) || !fits(e->class_name, 0, 80))
        return "college, major and class_name have at most 80 characters";
    e->id_number = arena_text(arena, normal);
    (void)job;
    return NULL;
}

static int by_student_no(const void *a, const void *b)
{
    const struct roster_entry *const *left = a, *const *right = b;
    return strcmp((*left)->student_no, (*right)->student_no);
}

/* The same student number twice in one file: nobody can say which row is meant. */
static void find_twice(struct roster_import *job, struct arena *arena)
{
    const struct roster_entry **sorted = ARENA_ARRAY(arena, const struct roster_entry *, job->count + 1);
    for (size_t i = 0; i < job->count; i++)
        sorted[i] = &job->entries[i];
    qsort(sorted, job->count, sizeof sorted[0], by_student_no);
    for (size_t i = 1; i < job->count; i++)
        if (text_is(sorted[i]->student_no, sorted[i - 1]->student_no)) {
            size_t first = job->lines[sorted[i] - job->entries], second = job->lines[sorted[i - 1] - job->entries];
            note(job, first > second ? first : second, "student_no", "is in the file twice");
        }
}

static enum err roster_import_parse(struct roster_import *job, struct arena *arena)
{
    struct import_column columns[COLUMNS];
    struct csv *csv = &job->import.csv;
    bool more = true;
    for (int i = 0; i < COLUMNS; i++)
        columns[i] = columns_of(i);
    TRY(import_open(&job->import, &job->job, arena));
    TRY(import_header(&job->import, &job->job, columns, COLUMNS));
    job->entries = ARENA_ARRAY(arena, struct roster_entry, ROWS_MAX);
    job->lines = ARENA_ARRAY(arena, size_t, ROWS_MAX);
    for (;;) {
        const char *column = "";
        TRY(import_next(&job->import, &job->job, &more));
        if (!more)
            break;
        if (job->count == ROWS_MAX)
            return job_refuse(&job->job, ERR_TOO_LARGE, "line %zu: more than %d rows", csv->line, ROWS_MAX);
        struct roster_entry entry;
        const char *wrong = take_row(job, csv, columns, arena, &entry, &column);
        if (wrong != NULL) {
            note(job, csv->line, column, wrong);
            continue;
        }
        char *id = arena_alloc(arena, CRYPT_ID_TEXT_BYTES);
        crypt_id(job->job.now_us, id);
        entry.id = id;
        job->lines[job->count] = csv->line;
        job->entries[job->count++] = entry;
    }
    find_twice(job, arena);
    job->parse_problem_count = job->problem_count;
    return ERR_NONE;
}

/* ---- writing ---- */

static enum err put_entries(struct tx *tx, struct roster_import *job, const char *session_id, bool dry)
{
    job->problem_count = job->parse_problem_count; /* the unit may run again */
    job->added = job->changed = job->same = 0;
    for (size_t i = 0; i < job->count; i++) {
        char outcome = 's';
        job->entries[i].session_id = session_id;
        TRY(roster_put(tx, &job->entries[i], job->job.now_us, dry, &outcome));
        job->added += outcome == 'a';
        job->changed += outcome == 'c';
        job->same += outcome == 's';
        if (outcome == 'l')
            note(job, job->lines[i], "student_no", "is linked by its student already and kept as it was");
    }
    return ERR_NONE;
}

static enum err roster_import_body(struct tx *tx, struct roster_import *job, struct buf *out)
{
    (void)tx;
    json_object_open(out);
    json_put_int(out, "added", (int64_t)job->added);
    json_put_int(out, "changed", (int64_t)job->changed);
    json_put_int(out, "same", (int64_t)job->same);
    json_name(out, "errors");
    json_array_open(out);
    for (size_t i = 0; i < job->problem_count; i++) {
        json_object_open(out);
        json_put_int(out, "line", (int64_t)job->problems[i].line);
        json_put_text(out, "column", job->problems[i].column);
        json_put_text(out, "problem", job->problems[i].words);
        json_object_close(out);
    }
    json_array_close(out);
    json_put_int(out, "errors_not_shown", (int64_t)job->more);
    json_object_close(out);
    return ERR_NONE;
}

static enum err roster_import_write(struct tx *tx, struct roster_import *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    /* With a bad row nothing is written, unless the caller wants the good ones: then the answer says what would be. */
    bool dry = job->dry_run != 0 || (job->parse_problem_count > 0 && job->only_good == 0);
    TRY(put_entries(tx, job, session.id, dry));
    if (!dry) {
        const char *detail = arena_printf(tx->arena, "{\"added\":%zu,\"changed\":%zu}", job->added, job->changed);
        TRY(scope_audit(tx, &job->job, "roster_imported", "session", job->id, detail));
    }
    return COMPOSE(tx, job, roster_import_body);
}
ANSWERED(roster_import, struct roster_import, LANE(roster_import_parse), WRITE(roster_import_write))
