#include "store/roster_rows.h"

#include "base/crypt.h"
#include "base/person_name.h"
#include "base/resident_number.h"
#include "base/text.h"
#include "store/student.h"

static const struct roster_problem_text problems[ROSTER_PROBLEM_COUNT] = {
    [ROSTER_FINE] = {"", "", "", "", "", ""},
#define P(code, column, zh, zh_fix, en, en_fix) [ROSTER_##code] = {#code, column, zh, zh_fix, en, en_fix},
#include "store/roster_problems.def"
#undef P
};

const struct roster_problem_text *roster_problem_text(enum roster_problem problem)
{
    return &problems[problem];
}

static const struct csv_column all_columns[ROSTER_COLUMN_COUNT] = {
    [ROSTER_STUDENT_NO] = {"student_no", "学号", true, -1},
    [ROSTER_NAME] = {"name", "姓名", true, -1},
    [ROSTER_ID_NUMBER] = {"id_number", "证件号码", true, -1},
    [ROSTER_DOCUMENT_TYPE] = {"document_type", "证件类型", false, -1},
    [ROSTER_COLLEGE] = {"college", "学院", false, -1},
    [ROSTER_MAJOR] = {"major", "专业", false, -1},
    [ROSTER_CLASS_NAME] = {"class_name", "班级", false, -1},
    [ROSTER_LEVEL] = {"level", "学历层次", false, -1},
    [ROSTER_PHONE] = {"phone", "手机号", false, -1},
};

/* Other words offices use for a column. */
static const struct {
    int column;
    const char *name;
} more_names[] = {{ROSTER_ID_NUMBER, "身份证号"}, {ROSTER_ID_NUMBER, "身份证号码"}, {ROSTER_ID_NUMBER, "证件号"},
                  {ROSTER_COLLEGE, "院系"},       {ROSTER_COLLEGE, "学院名称"},     {ROSTER_MAJOR, "专业名称"},
                  {ROSTER_CLASS_NAME, "class"},   {ROSTER_CLASS_NAME, "班级名称"},  {ROSTER_LEVEL, "层次"},
                  {ROSTER_LEVEL, "学历类别"},     {ROSTER_PHONE, "手机号码"},       {ROSTER_PHONE, "联系电话"}};

/* ---- values with a list ---- */

struct word {
    const char *given, *stored;
};

static const struct word document_types[] = {{"resident", "resident"},
                                             {"身份证", "resident"},
                                             {"居民身份证", "resident"},
                                             {"hk_macau_permit", "hk_macau_permit"},
                                             {"港澳通行证", "hk_macau_permit"},
                                             {"港澳居民来往内地通行证", "hk_macau_permit"},
                                             {"taiwan_permit", "taiwan_permit"},
                                             {"台湾通行证", "taiwan_permit"},
                                             {"台湾居民来往大陆通行证", "taiwan_permit"},
                                             {"residence_permit", "residence_permit"},
                                             {"居住证", "residence_permit"},
                                             {"港澳台居民居住证", "residence_permit"},
                                             {"foreigner_permit", "foreigner_permit"},
                                             {"永久居留证", "foreigner_permit"},
                                             {"外国人永久居留身份证", "foreigner_permit"},
                                             {"passport", "passport"},
                                             {"护照", "passport"}};

static const struct word levels[] = {{"associate", "associate"},
                                     {"专科", "associate"},
                                     {"高职", "associate"},
                                     {"undergraduate", "undergraduate"},
                                     {"本科", "undergraduate"},
                                     {"postgraduate", "postgraduate"},
                                     {"研究生", "postgraduate"},
                                     {"硕士", "postgraduate"},
                                     {"博士", "postgraduate"},
                                     {"硕士研究生", "postgraduate"},
                                     {"博士研究生", "postgraduate"},
                                     {"adult", "adult"},
                                     {"成人", "adult"},
                                     {"成教", "adult"},
                                     {"成人教育", "adult"},
                                     {"open", "open"},
                                     {"开放教育", "open"},
                                     {"self_study", "self_study"},
                                     {"自考", "self_study"},
                                     {"自学考试", "self_study"}};

static const char *stored_word(const struct word *list, size_t count, const char *given, const char *otherwise)
{
    if (given[0] == '\0')
        return "";
    for (size_t i = 0; i < count; i++)
        if (text_is(list[i].given, given))
            return list[i].stored;
    return otherwise;
}

/* ---- one row ---- */

static bool fits(const char *text, size_t min, size_t max)
{
    size_t len = strlen(text);
    if (len < min || len > max * 4 || !text_is_control_free(text))
        return false;
    size_t chars = text_chars(text);
    return chars >= min && chars <= max;
}

/* What a spreadsheet makes of a long number: 1.10105E+17, or digits of which the last are zeros. */
static bool spoilt(const struct roster_rows *rows, int column, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool exponent = digits > 0 && (text[digits] == '.' || text[digits] == 'E' || text[digits] == 'e') &&
                    strpbrk(text, "Ee") != NULL && strspn(text, "0123456789.+-Ee") == strlen(text);
    return exponent || (rows->book != NULL && xlsx_is_number(rows->book, column) && digits > 15);
}

static bool phone_fits(const char *text)
{
    return text[0] == '\0' || (strlen(text) <= 20 && strlen(text) >= 5 && text_all(text, "0123456789+- "));
}

static const char *cell(struct roster_rows *rows, int column)
{
    return csv_cell(rows->row, rows->columns[column].at);
}

static enum roster_problem check_number(struct roster_rows *rows, struct arena *arena, struct roster_entry *e)
{
    char normal[ID_NUMBER_BYTES];
    const char *number = cell(rows, ROSTER_ID_NUMBER);
    if (spoilt(rows, rows->columns[ROSTER_ID_NUMBER].at, number))
        return ROSTER_id_number_as_number;
    if (!id_number_normal(number, normal))
        return ROSTER_id_number;
    if (!id_number_plausible(normal))
        return strlen(normal) == RESIDENT_NUMBER_CHARS ? ROSTER_id_number_check : ROSTER_id_number;
    e->id_number = arena_text(arena, normal);
    return ROSTER_FINE;
}

static enum roster_problem check_row(struct roster_rows *rows, struct arena *arena, struct roster_entry *e)
{
    *e = (struct roster_entry){.student_no = cell(rows, ROSTER_STUDENT_NO),
                               .name = cell(rows, ROSTER_NAME),
                               .college = cell(rows, ROSTER_COLLEGE),
                               .major = cell(rows, ROSTER_MAJOR),
                               .class_name = cell(rows, ROSTER_CLASS_NAME),
                               .phone = cell(rows, ROSTER_PHONE)};
    if (spoilt(rows, rows->columns[ROSTER_STUDENT_NO].at, e->student_no))
        return ROSTER_student_no_as_number;
    if (!fits(e->student_no, 1, 40))
        return ROSTER_student_no;
    char name[PERSON_NAME_BYTES];
    if (person_name_normal(e->name, name))
        e->name = arena_text(arena, name);
    if (!fits(e->name, 1, 60))
        return ROSTER_name;
    enum roster_problem problem = check_number(rows, arena, e);
    if (problem != ROSTER_FINE)
        return problem;
    e->document_type = stored_word(document_types, countof(document_types), cell(rows, ROSTER_DOCUMENT_TYPE), NULL);
    if (e->document_type == NULL)
        return ROSTER_document_type;
    if (!fits(e->college, 0, 80) || !fits(e->major, 0, 80) || !fits(e->class_name, 0, 80))
        return ROSTER_details;
    e->level = stored_word(levels, countof(levels), cell(rows, ROSTER_LEVEL), "other");
    return phone_fits(e->phone) ? ROSTER_FINE : ROSTER_phone;
}

/* ---- the file ---- */

static enum err book_source(void *arg, int64_t offset, void *bytes, size_t max, size_t *len)
{
    return roster_source_read_at(arg, offset, bytes, max, len);
}

enum err roster_file_look(struct roster_source *source, struct roster_file_kind *kind, roster_go_on *go_on, void *arg)
{
    struct csv_sniff sniff = {.broken = false};
    struct crypt_sha256 *sum = crypt_sha256_begin();
    char *bytes = malloc(MIB(1));
    enum err e = bytes != NULL ? ERR_NONE : ERR_STORAGE;
    *kind = (struct roster_file_kind){.is_book = false};
    for (int64_t at = 0; e == ERR_NONE;) {
        size_t len = 0;
        e = roster_source_read_at(source, at, bytes, MIB(1), &len);
        if (e != ERR_NONE || len == 0)
            break;
        if (at == 0) {
            kind->is_book = len >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0;
            kind->is_old_book = len >= 4 && memcmp(bytes, "\xd0\xcf\x11\xe0", 4) == 0;
        }
        if (!kind->is_book)
            csv_sniff_add(&sniff, bytes, len);
        crypt_sha256_add(sum, bytes, len);
        at += (int64_t)len;
        if (go_on != NULL && !go_on(arg, at))
            e = ERR_REFUSED;
    }
    csv_sniff_end(&sniff);
    kind->utf8 = sniff.utf8;
    crypt_sha256_end(sum, kind->sha256);
    free(bytes);
    return e;
}

static enum err next_raw(struct roster_rows *rows, bool *more)
{
    if (rows->book != NULL) {
        rows->row = xlsx_row(rows->book);
        return xlsx_next(rows->book, more);
    }
    rows->row = &rows->text.csv;
    return csv_stream_next(&rows->text, more);
}

/* Whether the current row names the columns. */
static bool take_header(struct roster_rows *rows)
{
    memcpy(rows->columns, all_columns, sizeof rows->columns);
    for (size_t i = 0; i < ROSTER_COLUMN_COUNT; i++) {
        struct csv_column *column = &rows->columns[i];
        column->at = csv_column(rows->row, column->name);
        if (column->at < 0)
            column->at = csv_column(rows->row, column->other);
    }
    for (size_t i = 0; i < countof(more_names); i++)
        if (rows->columns[more_names[i].column].at < 0)
            rows->columns[more_names[i].column].at = csv_column(rows->row, more_names[i].name);
    return rows->columns[ROSTER_STUDENT_NO].at >= 0 && rows->columns[ROSTER_NAME].at >= 0 &&
           rows->columns[ROSTER_ID_NUMBER].at >= 0;
}

static const char *missing_column(const struct roster_rows *rows)
{
    size_t best = 0;
    for (size_t i = ROSTER_ID_NUMBER + 1; i-- > 0;)
        if (rows->columns[i].at < 0)
            best = i;
    return all_columns[best].name;
}

/* *found says whether the file, or this sheet of it, has a header. The name told is from the row that came nearest. */
static enum err find_header(struct roster_rows *rows, bool *found)
{
    bool more = true;
    const char *missing = all_columns[0].name;
    size_t nearest = 0;
    *found = false;
    for (int i = 0; i < ROSTER_HEADER_ROWS && !*found; i++) {
        TRY(next_raw(rows, &more));
        if (!more)
            break;
        *found = take_header(rows);
        size_t known = 0;
        for (size_t c = 0; c < ROSTER_COLUMN_COUNT; c++)
            known += rows->columns[c].at >= 0;
        if (known > nearest) {
            nearest = known;
            missing = missing_column(rows);
        }
    }
    if (!*found)
        snprintf(rows->why, sizeof rows->why, "no header row with student_no, name and id_number: %s is missing",
                 missing);
    return ERR_NONE;
}

static enum err open_book(struct roster_rows *rows)
{
    bool found = false;
    TRY(xlsx_open(book_source, rows->source, rows->source->size_bytes, &rows->book, rows->why));
    rows->row = xlsx_row(rows->book);
    for (size_t i = 0; i < xlsx_sheets(rows->book) && !found; i++) {
        TRY(xlsx_sheet(rows->book, i));
        TRY(find_header(rows, &found));
    }
    if (!found && rows->why[0] == '\0')
        snprintf(rows->why, sizeof rows->why, "the workbook has no sheet");
    return found ? ERR_NONE : ERR_BAD_FIELD;
}

static enum err explain(struct roster_rows *rows, enum err e)
{
    if (e != ERR_NONE && rows->row != NULL && rows->row->why[0] != '\0')
        snprintf(rows->why, sizeof rows->why, "%s", rows->row->why);
    return e;
}

enum err roster_rows_open(struct roster_rows *rows, struct roster_source *source, const struct roster_file_kind *kind)
{
    bool found = false;
    *rows = (struct roster_rows){.source = source};
    source->at = 0;
    if (kind->is_old_book) {
        snprintf(rows->why, sizeof rows->why, "this is an .xls or a protected workbook: save it as .xlsx or .csv");
        return ERR_BAD_FIELD;
    }
    if (kind->is_book)
        return explain(rows, open_book(rows));
    rows->row = &rows->text.csv;
    enum err e = csv_stream_open(&rows->text, roster_source_read, source, kind->utf8);
    if (e == ERR_NONE)
        e = find_header(rows, &found);
    return explain(rows, e == ERR_NONE && !found ? ERR_BAD_FIELD : e);
}

void roster_rows_close(struct roster_rows *rows)
{
    xlsx_close(rows->book);
    rows->book = NULL;
    if (rows->text.window != NULL)
        csv_stream_close(&rows->text);
}

static bool empty(const struct csv *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->cells[i][0] != '\0')
            return false;
    return true;
}

enum err roster_rows_next(struct roster_rows *rows, struct arena *arena, struct roster_entry *entry,
                          enum roster_problem *problem, bool *more)
{
    do {
        enum err e = next_raw(rows, more);
        if (e != ERR_NONE)
            return explain(rows, e);
    } while (*more && empty(rows->row));
    if (!*more)
        return ERR_NONE;
    if (++rows->place > ROSTER_ROWS_MAX) {
        snprintf(rows->why, sizeof rows->why, "line %zu: more than %d rows", rows->row->line, ROSTER_ROWS_MAX);
        return ERR_TOO_LARGE;
    }
    *problem = check_row(rows, arena, entry);
    return ERR_NONE;
}

int64_t roster_rows_at(const struct roster_rows *rows)
{
    int64_t done = 0, total = 0;
    if (rows->book == NULL)
        return rows->source->at;
    xlsx_progress(rows->book, &done, &total);
    return total > 0 ? (int64_t)((double)rows->source->size_bytes * ((double)done / (double)total)) : 0;
}
