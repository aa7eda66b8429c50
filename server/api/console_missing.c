/* Schools: who has not been collected, as pages or as a CSV file; and the school's own list where there is no roster.
 */
#include "api/console_import.h"
#include "api/console_scope.h"
#include "store/missing.h"
#include "store/student.h"

#define FILE_ROWS_MAX 20000

/* ---- the list ---- */

struct missing_job {
    struct job job;
    const char *id;
    struct page page;
    bool file;
    struct missing_filter filter;
    const char *code;
};

static const char *or_any(const char *text)
{
    return text != NULL ? text : "";
}

static enum err missing_list_decode(struct exchange *x, struct missing_job *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(job_page(x, &job->page));
    const char *format = exchange_query(x, "format");
    if (format != NULL)
        TRY(job_choice(x, "format", format, "|json|csv|"));
    job->file = format != NULL && text_is(format, "csv");
    job->filter = (struct missing_filter){.college = or_any(exchange_query(x, "college")),
                                          .class_name = or_any(exchange_query(x, "class")),
                                          .state = or_any(exchange_query(x, "state")),
                                          .cursor = job->page.cursor};
    if (job->filter.state[0] == '\0')
        return ERR_NONE;
    return job_choice(x, "state", job->filter.state, "|none|draft|awaiting_payment|retake|closed|ambiguous|");
}

static enum err find(struct tx *tx, struct missing_job *job, struct missing_row *rows, size_t max, size_t *count)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    job->code = arena_text(job->job.arena, session.code);
    enum err e = missing_list(tx, &session, &job->filter, rows, max, count);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "this session has no roster: send the school's own list first");
    return e == ERR_BAD_FIELD ? job_refuse(&job->job, e, "cursor: not one of ours") : e;
}

static void put_row(const struct missing_row *row, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "student_no", row->student_no);
    json_put_text(out, "name_masked", row->name_masked);
    json_put_text(out, "last_four", row->last_four);
    json_put_text(out, "college", row->college);
    json_put_text(out, "major", row->major);
    json_put_text(out, "class_name", row->class_name);
    json_put_text(out, "level", row->level);
    json_put_text(out, "state", row->state);
    json_put_text(out, "submission_id", row->submission_id);
    json_object_close(out);
}

static enum err missing_page(struct tx *tx, struct missing_job *job, struct buf *out)
{
    struct missing_row rows[LIST_LIMIT_MAX + 1];
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(find(tx, job, rows, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        put_row(&rows[i], out);
    json_page_close(out, count > limit ? rows[limit - 1].cursor : NULL);
    return ERR_NONE;
}

static enum err missing_file(struct tx *tx, struct missing_job *job, struct buf *out)
{
    static const char *const heads[] = {"学号", "姓名", "证件号后四位", "学院", "专业", "班级", "状态"};
    struct missing_row *rows = ARENA_ARRAY(tx->arena, struct missing_row, FILE_ROWS_MAX + 1);
    size_t count = 0;
    TRY(find(tx, job, rows, FILE_ROWS_MAX + 1, &count));
    if (count > FILE_ROWS_MAX)
        return job_refuse(&job->job, ERR_TOO_LARGE, "more than %d rows: choose a college or a class", FILE_ROWS_MAX);
    csv_begin(out);
    for (size_t i = 0; i < countof(heads); i++)
        csv_put(out, heads[i], i == 0);
    csv_end_row(out);
    for (size_t i = 0; i < count; i++) {
        const char *cells[] = {rows[i].student_no, rows[i].name_masked, rows[i].last_four, rows[i].college,
                               rows[i].major,      rows[i].class_name,  rows[i].state};
        for (size_t c = 0; c < countof(cells); c++)
            csv_put(out, cells[c], c == 0);
        csv_end_row(out);
    }
    return ERR_NONE;
}

static enum err missing_list_read(struct tx *tx, struct missing_job *job)
{
    return job->file ? COMPOSE(tx, job, missing_file) : COMPOSE(tx, job, missing_page);
}

static enum err missing_list_write(struct tx *tx, struct missing_job *job)
{
    return job->file ? scope_audit(tx, &job->job, "missing_downloaded", "session", job->id, NULL) : ERR_NONE;
}

static void missing_list_reply(struct exchange *x, struct missing_job *job)
{
    if (!job->file) {
        job_reply(x, job);
        return;
    }
    exchange_set_header(x, "cache-control", "no-store, private");
    exchange_set_header(x, "content-disposition",
                        arena_printf(job->job.arena, "attachment; filename=\"missing-%s.csv\"", job->code));
    exchange_send_bytes(x, "text/csv; charset=utf-8", job->job.json, job->job.json_len);
}
ENDPOINT(missing_list, struct missing_job, READ(missing_list_read), WRITE(missing_list_write))

/* ---- the school's own list ---- */

enum { LAST_FOUR, NAME, STUDENT_NO, COLLEGE, MAJOR, CLASS_NAME, COLUMNS };

static const struct csv_column all_columns[COLUMNS] = {
    {"last_four", "证件号后四位", false, -1}, {"name", "姓名", false, -1},  {"student_no", "学号", false, -1},
    {"college", "学院", false, -1},           {"major", "专业", false, -1}, {"class_name", "班级", false, -1},
};

struct reconciliation_job {
    struct job job;
    const char *id;
    struct import import;
    struct expected *list;
    size_t count;
};

static enum err reconciliation_decode(struct exchange *x, struct reconciliation_job *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    return import_take(x, &job->import);
}

static bool short_text(const char *text)
{
    return text_chars(text) <= 80 && text_is_control_free(text);
}

/* Who it is must be said: by a student number, or by the last four. */
static const char *check_expected(const struct expected *e, const char *last_four, struct arena *arena,
                                  const char **normal)
{
    char four[ID_NUMBER_BYTES];
    const char *texts[] = {e->name, e->student_no, e->college, e->major, e->class_name};
    for (size_t i = 0; i < countof(texts); i++)
        if (!short_text(texts[i]))
            return "a cell has more than 80 characters";
    *normal = "";
    if (last_four[0] == '\0')
        return e->student_no[0] != '\0' ? NULL : "neither last_four nor student_no is there";
    if (!id_number_normal(last_four, four) || strlen(four) != 4)
        return "last_four must have four digits, or three and X";
    *normal = arena_text(arena, four);
    return NULL;
}

static enum err reconciliation_parse(struct reconciliation_job *job, struct arena *arena)
{
    struct csv_column columns[COLUMNS];
    struct csv *csv = &job->import.csv;
    memcpy(columns, all_columns, sizeof columns);
    job->list = ARENA_ARRAY(arena, struct expected, EXPECTED_MAX);
    TRY(import_open(&job->import, &job->job, arena));
    TRY(import_header(&job->import, &job->job, columns, COLUMNS));
    if (columns[LAST_FOUR].at < 0 && columns[STUDENT_NO].at < 0)
        return job_refuse(&job->job, ERR_BAD_FIELD, "the column last_four or student_no is needed");
    for (bool more = true;;) {
        TRY(import_next(&job->import, &job->job, &more));
        if (!more)
            return ERR_NONE;
        if (job->count == EXPECTED_MAX)
            return job_refuse(&job->job, ERR_TOO_LARGE, "more than %d rows", EXPECTED_MAX);
        struct expected *e = &job->list[job->count++];
        *e = (struct expected){.name = csv_cell(csv, columns[NAME].at),
                               .student_no = csv_cell(csv, columns[STUDENT_NO].at),
                               .college = csv_cell(csv, columns[COLLEGE].at),
                               .major = csv_cell(csv, columns[MAJOR].at),
                               .class_name = csv_cell(csv, columns[CLASS_NAME].at)};
        const char *wrong = check_expected(e, csv_cell(csv, columns[LAST_FOUR].at), arena, &e->last_four);
        if (wrong != NULL)
            return job_refuse(&job->job, ERR_BAD_FIELD, "line %zu: %s", csv->line, wrong);
    }
}

static enum err reconciliation_body(struct tx *tx, struct reconciliation_job *job, struct buf *out)
{
    struct reconciliation result;
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    TRY(expected_reconcile(tx, session.id, &result));
    json_object_open(out);
    json_put_int(out, "expected", (int64_t)job->count);
    json_put_int(out, "matched", result.matched);
    json_put_int(out, "ambiguous", result.ambiguous);
    json_put_int(out, "missing", result.missing);
    json_put_int(out, "unexpected", result.unexpected);
    json_name(out, "unexpected_codes");
    json_array_open(out);
    for (size_t i = 0; i < result.unexpected_shown; i++)
        json_text(out, result.unexpected_codes[i]);
    json_array_close(out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err reconciliation_write(struct tx *tx, struct reconciliation_job *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    TRY(expected_set(tx, session.id, job->list, job->count));
    const char *detail = arena_printf(tx->arena, "{\"rows\":%zu}", job->count);
    return scope_audit(tx, &job->job, "reconciled", "session", session.id, detail);
}

static enum err reconciliation_read(struct tx *tx, struct reconciliation_job *job)
{
    return COMPOSE(tx, job, reconciliation_body);
}
ANSWERED(reconciliation, struct reconciliation_job, LANE(reconciliation_parse), WRITE(reconciliation_write),
         READ(reconciliation_read))
