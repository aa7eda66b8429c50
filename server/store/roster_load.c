/* The reading half of roster_load.h: what a file says, and what taking it would change. */
#include "store/roster_load.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/roster_batch.h"
#include "store/student.h"

#define BUSY_TRIES    250 /* five seconds */
#define BUSY_PAUSE_MS 20

/* ---- units ---- */

static void came_back(struct store_unit *unit)
{
    unit->store = NULL;
}

enum err roster_unit(struct store *store, enum store_mode mode, store_step *step, void *job)
{
    struct mailbox box;
    mailbox_init(&box, NULL, NULL);
    struct store_unit unit = {
        .home = &box, .mode = mode, .step = step, .job = job, .done = came_back, .background = true};
    enum err e = store_submit(store, &unit);
    for (int tries = 0; e == ERR_BUSY && tries < BUSY_TRIES; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = BUSY_PAUSE_MS * 1000000}, NULL);
        e = store_submit(store, &unit);
    }
    if (e == ERR_NONE) {
        mailbox_wait(&box);
        e = unit.result;
    }
    mailbox_release(&box);
    return e;
}

/* ---- which rows are left out ---- */

struct place_key {
    int64_t key;
    uint32_t place;
};

static bool marked(const uint64_t *bits, int64_t place)
{
    return (bits[place >> 6] >> (place & 63) & 1) != 0;
}

static void mark(uint64_t *bits, int64_t place)
{
    bits[place >> 6] |= UINT64_C(1) << (place & 63);
}

bool roster_left_out(const struct roster_marks *marks, int64_t place)
{
    return marked(marks->bad, place) || marked(marks->twice, place);
}

static int by_key(const void *a, const void *b)
{
    const struct place_key *left = a, *right = b;
    return left->key < right->key ? -1 : left->key > right->key ? 1 : 0;
}

/* The same student number more than once: nobody can say which row is meant, so none of them is taken. */
static int64_t mark_twice(struct roster_marks *marks, struct place_key *keys, size_t count)
{
    int64_t found = 0;
    if (count > 0)
        qsort(keys, count, sizeof keys[0], by_key);
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && keys[to].key == keys[from].key;)
            to++;
        for (size_t i = from; to - from > 1 && i < to; i++) {
            mark(marks->twice, keys[i].place);
            found++;
        }
    }
    return found;
}

/* ---- going through the file ---- */

bool roster_go(struct roster_load *load, int64_t done)
{
    load->done = done;
    return load->go_on == NULL || load->go_on(load);
}

enum err roster_failed(struct roster_load *load, const struct roster_rows *rows, enum err e)
{
    if (e != ERR_NONE && rows->why[0] != '\0')
        snprintf(load->why, sizeof load->why, "%s", rows->why);
    return e;
}

struct scan {
    struct roster_load *load;
    struct place_key *keys;
    size_t count, room;
};

static void remember(struct scan *scan, int64_t key, int64_t place)
{
    if (scan->count == scan->room) {
        scan->room = scan->room == 0 ? 4096 : scan->room * 2;
        scan->keys = realloc(scan->keys, scan->room * sizeof scan->keys[0]);
        CHECK(scan->keys != NULL);
    }
    scan->keys[scan->count++] = (struct place_key){key, (uint32_t)place};
}

static enum err scan_rows(struct scan *scan, struct roster_rows *rows)
{
    struct roster_load *load = scan->load;
    struct arena *arena = arena_new(MIB(1));
    enum err e = ERR_NONE;
    for (bool more = true; e == ERR_NONE;) {
        struct roster_entry entry;
        enum roster_problem problem = ROSTER_FINE;
        arena_reset(arena);
        e = roster_rows_next(rows, arena, &entry, &problem, &more);
        if (e != ERR_NONE || !more)
            break;
        if (problem == ROSTER_FINE)
            remember(scan, roster_student_no_key(load->ring, entry.student_no), rows->place);
        else
            mark(load->marks->bad, rows->place);
        load->import.errors += problem != ROSTER_FINE;
        load->import.rows_total = rows->place;
        if (rows->place % ROSTER_UNIT_ROWS == 0 && !roster_go(load, roster_rows_at(rows) / 2))
            e = ERR_REFUSED;
    }
    arena_free(arena);
    return e;
}

static enum err scan_file(struct roster_load *load)
{
    struct scan scan = {.load = load};
    struct roster_rows rows;
    enum err e = roster_rows_open(&rows, load->source, &load->kind);
    if (e == ERR_NONE)
        e = scan_rows(&scan, &rows);
    if (e == ERR_NONE)
        load->import.errors += mark_twice(load->marks, scan.keys, scan.count);
    free(scan.keys);
    roster_rows_close(&rows);
    return roster_failed(load, &rows, e);
}

/* ---- bad rows, as a file that can be corrected and sent again ---- */

static void put_bad(struct roster_load *load, const struct roster_rows *rows, const struct roster_problem_text *words)
{
    struct buf *b = &load->bad_rows;
    if (b->len + KIB(64) > ROSTER_ERROR_BYTES_MAX)
        return;
    for (size_t i = 0; i < rows->row->count; i++)
        csv_put(b, rows->row->cells[i], i == 0);
    char line[24];
    snprintf(line, sizeof line, "%zu", rows->row->line);
    csv_put(b, line, false);
    csv_put(b, words->column, false);
    csv_put(b, words->zh, false);
    csv_put(b, words->zh_fix, false);
    csv_put(b, words->en, false);
    csv_put(b, words->en_fix, false);
    csv_end_row(b);
}

/* The header as it is in the file: that is how the corrected rows are read again. */
static void put_columns(struct roster_load *load, const struct roster_rows *rows)
{
    struct buf *b = &load->bad_rows;
    size_t width = rows->row->count;
    csv_begin(b);
    for (size_t i = 0; i < width; i++)
        csv_put(b, rows->row->cells[i], i == 0);
    static const char *const more[] = {"line", "column", "问题", "怎么改", "problem", "what to do"};
    for (size_t i = 0; i < countof(more); i++)
        csv_put(b, more[i], false);
    csv_end_row(b);
}

static void report_bad(struct roster_load *load, size_t shown, size_t line, const struct roster_problem_text *words)
{
    if (shown >= ROSTER_REPORT_ROWS)
        return;
    struct buf *out = &load->report;
    json_object_open(out);
    json_put_int(out, "line", (int64_t)line);
    json_put_text(out, "column", words->column);
    json_put_text(out, "problem", words->code);
    json_put_text(out, "zh", words->zh);
    json_put_text(out, "zh_fix", words->zh_fix);
    json_put_text(out, "en", words->en);
    json_put_text(out, "en_fix", words->en_fix);
    json_object_close(out);
}

static enum err collect_rows(struct roster_load *load, struct roster_rows *rows)
{
    struct arena *arena = arena_new(MIB(1));
    enum err e = ERR_NONE;
    size_t shown = 0;
    put_columns(load, rows);
    for (bool more = true; e == ERR_NONE;) {
        struct roster_entry entry;
        enum roster_problem problem = ROSTER_FINE;
        arena_reset(arena);
        e = roster_rows_next(rows, arena, &entry, &problem, &more);
        if (e != ERR_NONE || !more)
            break;
        if (problem == ROSTER_FINE && marked(load->marks->twice, rows->place))
            problem = ROSTER_twice;
        if (rows->place % ROSTER_UNIT_ROWS == 0 && !roster_go(load, load->done))
            e = ERR_REFUSED;
        if (problem == ROSTER_FINE)
            continue;
        report_bad(load, shown++, rows->row->line, roster_problem_text(problem));
        put_bad(load, rows, roster_problem_text(problem));
    }
    arena_free(arena);
    return e;
}

static enum err collect_bad(struct roster_load *load)
{
    struct roster_rows rows;
    if (load->import.errors == 0)
        return ERR_NONE;
    enum err e = roster_rows_open(&rows, load->source, &load->kind);
    if (e == ERR_NONE)
        e = collect_rows(load, &rows);
    roster_rows_close(&rows);
    return roster_failed(load, &rows, e);
}

/* ---- what would change ---- */

struct difference {
    struct buf *out;
    size_t line;
    const char *student_no;
};

static void put_difference(const struct difference *d, const char *field, const char *from, const char *to)
{
    json_object_open(d->out);
    json_put_int(d->out, "line", (int64_t)d->line);
    json_put_text(d->out, "student_no", d->student_no);
    json_put_text(d->out, "field", field);
    json_put_text(d->out, "from_masked", from);
    json_put_text(d->out, "to_masked", to);
    json_object_close(d->out);
}

static void put_if_different(const struct difference *d, const char *field, const char *from, const char *to)
{
    from = from != NULL ? from : "";
    to = to != NULL ? to : "";
    if (!text_is(from, to))
        put_difference(d, field, from, to);
}

struct comparing {
    struct roster_load *load;
    struct roster_batch *batch;
    struct buf *out; /* NULL: enough differences are shown */
    size_t shown;
};

static enum err differences(struct tx *tx, struct comparing *c, size_t i)
{
    const struct roster_entry *now = &c->batch->entries[i];
    struct roster_entry old;
    if (c->shown++ >= ROSTER_REPORT_ROWS)
        return ERR_NONE;
    TRY(roster_by_key(tx, c->load->import.session_id, c->batch->sealed[i].keys[0], now->student_no, &old));
    const struct difference d = {c->out, c->batch->lines[i], now->student_no};
    if (!text_is(old.name, now->name)) /* masked they may look the same: still a difference */
        put_difference(&d, "name", mask_name(tx->arena, old.name), mask_name(tx->arena, now->name));
    if (!text_is(old.id_number, now->id_number))
        put_difference(&d, "id_number", mask_number(tx->arena, old.id_number), mask_number(tx->arena, now->id_number));
    if (!text_is(old.phone, now->phone))
        put_difference(&d, "phone", mask_number(tx->arena, old.phone), mask_number(tx->arena, now->phone));
    put_if_different(&d, "document_type", old.document_type, now->document_type);
    put_if_different(&d, "level", old.level, now->level);
    put_if_different(&d, "college", old.college, now->college);
    put_if_different(&d, "major", old.major, now->major);
    put_if_different(&d, "class_name", old.class_name, now->class_name);
    return ERR_NONE;
}

static enum err compare_step(struct tx *tx, void *job)
{
    struct comparing *c = job;
    struct roster_batch *b = c->batch;
    size_t len = c->out->len, shown = c->shown;
    enum err e = ERR_NONE;
    for (size_t i = 0; e == ERR_NONE && i < b->count; i++) {
        e = roster_outcome(tx, c->load->import.session_id, b, i);
        if (e == ERR_NONE && b->outcomes[i] == 'c')
            e = differences(tx, c, i);
    }
    if (e != ERR_NONE) {
        c->out->len = len;
        c->shown = shown;
    }
    return e;
}

static enum err compare_rows(struct comparing *c, struct roster_rows *rows)
{
    struct roster_load *load = c->load;
    for (bool more = true; more;) {
        TRY(roster_batch_fill(c->batch, load, rows, 0, &more));
        TRY(roster_unit(load->store, STORE_READ, compare_step, c));
        roster_batch_count(c->batch, &load->import);
        if (!roster_go(load, load->total / 2 + roster_rows_at(rows) / 2))
            return ERR_REFUSED;
    }
    return ERR_NONE;
}

static enum err compare_file(struct roster_load *load)
{
    struct roster_rows rows;
    struct comparing c = {.load = load, .batch = roster_batch_new(false), .out = &load->report};
    enum err e = roster_rows_open(&rows, load->source, &load->kind);
    if (e == ERR_NONE)
        e = compare_rows(&c, &rows);
    roster_rows_close(&rows);
    roster_batch_free(c.batch);
    return roster_failed(load, &rows, e);
}

struct counting {
    const char *session_id;
    int64_t rows, linked;
};

static enum err count_step(struct tx *tx, void *job)
{
    struct counting *c = job;
    return roster_count(tx, c->session_id, &c->rows, &c->linked);
}

enum err roster_load_compares(struct roster_load *load, bool *compares)
{
    struct counting c = {.session_id = load->import.session_id};
    TRY(roster_unit(load->store, STORE_READ, count_step, &c));
    *compares = c.rows > 0;
    return ERR_NONE;
}

/* ---- all of it ---- */

static bool looked(void *arg, int64_t bytes)
{
    (void)bytes;
    return roster_go(arg, 0);
}

static enum err check_steps(struct roster_load *load)
{
    struct roster_import *i = &load->import;
    bool compares = false;
    TRY(roster_file_look(load->source, &load->kind, looked, load));
    TRY(scan_file(load));
    json_object_open(&load->report);
    json_name(&load->report, "errors");
    json_array_open(&load->report);
    TRY(collect_bad(load));
    json_array_close(&load->report);
    json_name(&load->report, "diff");
    json_array_open(&load->report);
    TRY(roster_load_compares(load, &compares));
    if (compares)
        TRY(compare_file(load));
    else
        i->added = i->rows_total - i->errors;
    json_array_close(&load->report);
    json_object_close(&load->report);
    i->report = buf_cstr(&load->report);
    return ERR_NONE;
}

enum err roster_load_check(struct roster_load *load)
{
    roster_load_free(load);
    load->total = load->source->size_bytes;
    load->marks = calloc(1, sizeof *load->marks);
    CHECK(load->marks != NULL);
    buf_init(&load->bad_rows, ROSTER_ERROR_BYTES_MAX);
    buf_init(&load->report, MIB(1));
    struct roster_import *i = &load->import;
    i->rows_total = i->rows_done = i->errors = i->added = i->changed = i->same = i->linked_kept = 0;
    return check_steps(load);
}

void roster_load_free(struct roster_load *load)
{
    buf_release(&load->bad_rows);
    buf_release(&load->report);
    free(load->marks);
    load->marks = NULL;
}
