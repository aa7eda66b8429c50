#include "store/roster_file.h"

#include "base/crypt.h"
#include "base/text.h"

static void roster_file_note(struct roster_file *file, size_t line, const char *column, const char *words)
{
    if (file->problem_count == ROSTER_FILE_PROBLEMS_MAX)
        file->more++;
    else
        file->problems[file->problem_count++] = (struct roster_problem){line, column, words};
}

enum { STUDENT_NO, NAME, ID_NUMBER, COLLEGE, MAJOR, CLASS_NAME, COLUMNS };

static const struct csv_column all_columns[COLUMNS] = {
    {"student_no", "学号", true, -1}, {"name", "姓名", true, -1},   {"id_number", "证件号码", true, -1},
    {"college", "学院", false, -1},   {"major", "专业", false, -1}, {"class_name", "班级", false, -1},
};

static bool fits(const char *text, size_t min, size_t max)
{
    size_t chars = text_chars(text);
    return chars >= min && chars <= max && text_is_control_free(text);
}

static const char *take_row(struct csv *csv, const struct csv_column *columns, struct arena *arena,
                            struct roster_entry *e, const char **column)
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
    return NULL;
}

static int by_student_no(const void *a, const void *b)
{
    const struct roster_entry *const *left = a, *const *right = b;
    return strcmp((*left)->student_no, (*right)->student_no);
}

/* The same student number twice in one file: nobody can say which row is meant. */
static void find_twice(struct roster_file *file, struct arena *arena)
{
    const struct roster_entry **sorted = ARENA_ARRAY(arena, const struct roster_entry *, file->count + 1);
    for (size_t i = 0; i < file->count; i++)
        sorted[i] = &file->entries[i];
    qsort(sorted, file->count, sizeof sorted[0], by_student_no);
    for (size_t i = 1; i < file->count; i++)
        if (text_is(sorted[i]->student_no, sorted[i - 1]->student_no)) {
            size_t first = file->lines[sorted[i] - file->entries], second = file->lines[sorted[i - 1] - file->entries];
            roster_file_note(file, first > second ? first : second, "student_no", "is in the file twice");
        }
}

static enum err read_rows(struct roster_file *file, struct csv *csv, int64_t now_us, struct arena *arena)
{
    struct csv_column columns[COLUMNS];
    bool more = true;
    memcpy(columns, all_columns, sizeof columns);
    TRY(csv_header(csv, columns, COLUMNS));
    for (;;) {
        const char *column = "";
        struct roster_entry entry;
        TRY(csv_next(csv, &more));
        if (!more)
            return ERR_NONE;
        if (file->count == ROSTER_FILE_ROWS_MAX) {
            snprintf(csv->why, sizeof csv->why, "line %zu: more than %d rows", csv->line, ROSTER_FILE_ROWS_MAX);
            return ERR_TOO_LARGE;
        }
        const char *wrong = take_row(csv, columns, arena, &entry, &column);
        if (wrong != NULL) {
            roster_file_note(file, csv->line, column, wrong);
            continue;
        }
        char *id = arena_alloc(arena, CRYPT_ID_TEXT_BYTES);
        crypt_id(now_us, id);
        entry.id = id;
        file->lines[file->count] = csv->line;
        file->entries[file->count++] = entry;
    }
}

enum err roster_file_read(struct roster_file *file, const void *bytes, size_t len, int64_t now_us, struct arena *arena)
{
    struct csv csv;
    *file = (struct roster_file){.entries = ARENA_ARRAY(arena, struct roster_entry, ROSTER_FILE_ROWS_MAX),
                                 .lines = ARENA_ARRAY(arena, size_t, ROSTER_FILE_ROWS_MAX)};
    enum err e = csv_open_office(&csv, bytes, len, arena);
    if (e == ERR_NONE)
        e = read_rows(file, &csv, now_us, arena);
    if (e != ERR_NONE) {
        snprintf(file->why, sizeof file->why, "%s", csv.why);
        return e;
    }
    find_twice(file, arena);
    file->read_problem_count = file->problem_count;
    file->read_more = file->more;
    return ERR_NONE;
}

enum err roster_file_put(struct tx *tx, struct roster_file *file, const char *session_id, int64_t now_us, bool dry)
{
    file->problem_count = file->read_problem_count; /* the unit may run again */
    file->more = file->read_more;
    file->added = file->changed = file->same = 0;
    for (size_t i = 0; i < file->count; i++) {
        char outcome = 's';
        file->entries[i].session_id = session_id;
        TRY(roster_put(tx, &file->entries[i], now_us, dry, &outcome));
        file->added += outcome == 'a';
        file->changed += outcome == 'c';
        file->same += outcome == 's';
        if (outcome == 'l')
            roster_file_note(file, file->lines[i], "student_no", "is linked by its student already and kept as it was");
    }
    return ERR_NONE;
}
