/* links: xy_store */
/* An import that is stopped after every batch there is, as a kill would: nothing is seen until all is, it can be gone
 * on with or cancelled, and students who link rows meanwhile keep them. fsck is asked each time. */
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/resident_number.h"
#include "base/text.h"
#include "store/capture_session.h"
#include "store/fsck.h"
#include "store/queries.h"
#include "store/roster_load.h"
#include "store/student.h"
#include "tests/check.h"
#include "tests/temp.h"

#include <sqlite3.h>

#define ROWS 1000 /* two whole units: what comes behind the last one is nothing */

struct world {
    struct temp_store t;
    char session[CRYPT_ID_TEXT_BYTES], student[CRYPT_ID_TEXT_BYTES];
    int64_t now_us;
    struct roster_import import; /* given to a step, or what it found */
    const char *to;              /* state */
    struct roster_entry entry;
    char entry_id[CRYPT_ID_TEXT_BYTES];
    int64_t rows, linked;
};

/* One file on its way, with its own memory as after a restart. */
struct way {
    struct world *world;
    struct roster_load load;
    struct roster_source source;
    struct buf file;
    int64_t stop_after; /* batches; 0: never */
    void (*at_batch)(struct world *world, int64_t left);
};

static enum err open_step(struct tx *tx, void *job)
{
    struct world *w = job;
    const char *id;
    const struct session_new session = {.id = w->session,
                                        .code = arena_printf(tx->arena, "%.8s", w->session + 18),
                                        .name = "2026",
                                        .school_id = w->session,
                                        .school_code = w->session + 18,
                                        .school_name = "A",
                                        .opens_us = 1,
                                        .now_us = w->now_us,
                                        .closes_us = INT64_C(4000000000000000),
                                        .policy_json = "{}",
                                        .changed_by = "test"};
    TRY(session_add(tx, &session));
    return student_of_openid(tx, w->student, w->student, "zh", 1, &id);
}

/* A session of its own in the same database. */
static void new_session(struct world *w)
{
    w->now_us = clock_utc_us();
    crypt_id(w->now_us, w->session);
    crypt_id(w->now_us, w->student);
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, open_step, w));
}

static void world_open(struct world *w)
{
    *w = (struct world){.now_us = 0};
    crypt_start();
    temp_store_open(&w->t, NULL, NULL);
    new_session(w);
}

static void put_rows(struct buf *file, int64_t count, const char *major)
{
    buf_init(file, MIB(1));
    buf_text(file, "student_no,name,id_number,major\n");
    for (int64_t n = 0; n < count; n++) {
        char number[RESIDENT_NUMBER_CHARS + 1];
        snprintf(number, sizeof number, "11010519900101%03d", (int)n);
        number[17] = resident_number_check(number);
        number[18] = '\0';
        buf_printf(file, "N%04d,赵甲,%s,%s\n", (int)n, number, major);
    }
}

static enum err begin_step(struct tx *tx, void *job)
{
    struct world *w = job;
    return roster_import_begin(tx, &w->import, "request", 0);
}

static enum err add_only_step(struct tx *tx, void *job)
{
    const struct world *w = job;
    return roster_import_add(tx, &w->import);
}

static enum err get_step(struct tx *tx, void *job)
{
    struct world *w = job;
    struct roster_import now;
    TRY(roster_import_get(tx, w->import.id, &now));
    w->import.number = now.number;
    w->import.changed = now.changed;
    w->import.linked_kept = now.linked_kept;
    return ERR_NONE;
}

static enum err move_step(struct tx *tx, void *job)
{
    struct world *w = job;
    struct roster_import now;
    TRY(roster_import_get(tx, w->import.id, &now));
    return roster_import_move(tx, &now, w->to, "", w->now_us);
}

static enum err count_step(struct tx *tx, void *job)
{
    struct world *w = job;
    return roster_count(tx, w->session, &w->rows, &w->linked);
}

static int64_t seen(struct world *w)
{
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, count_step, w));
    return w->rows;
}

static void sound(struct world *w)
{
    struct fsck f = {.now_us = w->now_us};
    while (!f.done)
        EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, fsck_roster_rows, &f));
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, fsck_rosters, &f));
    if (f.results[FSCK_rosters].problems > 0)
        TEST_FAIL("%s", f.results[FSCK_rosters].samples[0]);
}

static bool go_on(struct roster_load *load)
{
    struct way *way = container_of(load, struct way, load);
    if (way->at_batch != NULL)
        way->at_batch(way->world, way->stop_after);
    return way->stop_after == 0 || --way->stop_after > 0;
}

/* Begins the import unless it has a number already; then both passes, the second until it is stopped. */
static enum err write_rows(struct world *w, const char *major, int64_t stop_after,
                           void (*at_batch)(struct world *world, int64_t left))
{
    struct way way = {.world = w, .at_batch = at_batch};
    put_rows(&way.file, ROWS, major);
    if (w->import.number == 0)
        EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, begin_step, w));
    way.source = (struct roster_source){.memory = way.file.bytes, .size_bytes = (int64_t)way.file.len};
    way.load = (struct roster_load){
        .store = w->t.store, .ring = w->t.ring, .source = &way.source, .import = w->import, .now_us = w->now_us};
    enum err e = roster_load_check(&way.load);
    way.stop_after = stop_after;
    way.load.go_on = go_on;
    if (e == ERR_NONE)
        e = roster_load_write(&way.load);
    roster_load_free(&way.load);
    buf_release(&way.file);
    return e;
}

static void new_import(struct world *w, char id[CRYPT_ID_TEXT_BYTES])
{
    crypt_id(clock_utc_us(), id);
    w->import = (struct roster_import){.id = id,
                                       .session_id = w->session,
                                       .state = "importing",
                                       .mode = "all",
                                       .file_name = "a.csv",
                                       .sha256_index = "",
                                       .created_by = "command-line",
                                       .created_us = w->now_us};
}

static bool clean_on(void *arg)
{
    int64_t *left = arg;
    return --*left > 0;
}

/* Stopped once, then to its end. */
static void clean(struct world *w, const char *state, int64_t stop_after)
{
    int64_t left = stop_after;
    w->import.state = state;
    enum err e = roster_load_clean(w->t.store, &w->import, w->now_us, clean_on, &left);
    TRUE(e == ERR_NONE || e == ERR_REFUSED);
    sound(w);
    EQ_INT(ERR_NONE, roster_load_clean(w->t.store, &w->import, w->now_us, NULL, NULL));
    sound(w);
}

static int64_t left_over(struct world *w, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    EQ_INT(SQLITE_OK, sqlite3_open(w->t.database, &db));
    EQ_INT(SQLITE_OK, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
    sqlite3_bind_int64(statement, 1, w->import.number);
    EQ_INT(SQLITE_ROW, sqlite3_step(statement));
    int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static void nothing_is_left(struct world *w)
{
    EQ_INT(ERR_NOT_FOUND, store_run(w->t.store, STORE_READ, get_step, w));
    EQ_INT(0, left_over(w, "SELECT count(*) FROM roster WHERE import_number = ?1 OR superseded_by = ?1"));
    EQ_INT(0, left_over(w, "SELECT count(*) FROM roster_key WHERE import_number = ?1"));
}

/* ---- stopped ---- */

/* What a stop of import `id` after so many batches leaves: `before` rows are seen. True: it was not stopped any more.
 */
static bool stop_and_end(struct world *w, const char *major, int64_t stop_after, int64_t before)
{
    enum err e = write_rows(w, major, stop_after, NULL);
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, get_step, w));
    sound(w);
    if (e == ERR_NONE)
        return true;
    EQ_INT(ERR_REFUSED, e);
    EQ_INT(before, seen(w));
    if (stop_after % 2 == 0) {
        w->to = "cancelled";
        EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, move_step, w));
        clean(w, "cancelled", stop_after % 7 + 1);
        nothing_is_left(w);
        EQ_INT(before, seen(w));
    } else {
        EQ_INT(ERR_NONE, write_rows(w, major, 0, NULL));
        EQ_INT(ROWS, seen(w));
        sound(w);
    }
    return false;
}

TEST(stopped_anywhere_nothing_is_half_there)
{
    struct world w;
    char id[CRYPT_ID_TEXT_BYTES];
    int64_t stops = 1;
    world_open(&w);
    for (bool whole = false; !whole; stops += stops < 4 ? 1 : 11) {
        new_session(&w);
        new_import(&w, id);
        whole = stop_and_end(&w, "x", stops, 0);
    }
    TRUE(stops > 60); /* two of rows, one for each shelf of keys */
    temp_store_close(&w.t);
}

TEST(stopped_while_rows_are_replaced_the_old_ones_stay)
{
    struct world w;
    char id[CRYPT_ID_TEXT_BYTES], next[CRYPT_ID_TEXT_BYTES];
    static const int64_t stops[] = {1, 2, 3, 40, 0};
    world_open(&w);
    for (size_t i = 0; i < countof(stops); i++) {
        new_session(&w);
        new_import(&w, id);
        EQ_INT(ERR_NONE, write_rows(&w, "x", 0, NULL));
        new_import(&w, next);
        (void)stop_and_end(&w, "y", stops[i], ROWS);
        if (stops[i] % 2 == 1 || stops[i] == 0)
            clean(&w, "done", (int64_t)i + 1);
        EQ_INT(ROWS, seen(&w));
        EQ_INT(ROWS, left_over(&w, "SELECT count(*) FROM roster WHERE import_number >= ?1 - 1"));
    }
    temp_store_close(&w.t);
}

TEST(while_one_is_not_ended_no_other_is_written)
{
    struct world w;
    char first[CRYPT_ID_TEXT_BYTES], second[CRYPT_ID_TEXT_BYTES];
    world_open(&w);
    new_import(&w, first);
    EQ_INT(ERR_REFUSED, write_rows(&w, "x", 1, NULL));
    new_import(&w, second);
    EQ_INT(ERR_CONFLICT, store_run(w.t.store, STORE_WRITE, begin_step, &w)); /* of a request or a command */
    w.import.state = "receiving";                                            /* one that came in parts */
    w.import.dry_run = true;
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_WRITE, add_only_step, &w));
    w.to = "importing";
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_WRITE, move_step, &w));
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, get_step, &w));
    EQ_INT(ERR_BUSY, write_rows(&w, "y", 0, NULL));
    w.import.id = first;
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, get_step, &w));
    EQ_INT(ERR_NONE, write_rows(&w, "x", 0, NULL));
    w.import.id = second;
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, get_step, &w));
    EQ_INT(ERR_NONE, write_rows(&w, "y", 0, NULL));
    EQ_INT(ROWS, seen(&w));
    clean(&w, "done", 1);
    temp_store_close(&w.t);
}

/* ---- a student links a row meanwhile ---- */

static enum err look_step(struct tx *tx, void *job)
{
    struct world *w = job;
    TRY(roster_by_student_no(tx, w->session, "N0003", &w->entry));
    snprintf(w->entry_id, sizeof w->entry_id, "%s", w->entry.id);
    return ERR_NONE;
}

static enum err link_step(struct tx *tx, void *job)
{
    struct world *w = job;
    return roster_link(tx, &(const struct roster_entry){.id = w->entry_id}, w->student, w->now_us);
}

static enum err has_major_step(struct tx *tx, void *job)
{
    struct world *w = job;
    TRY(roster_by_student_no(tx, w->session, "N0003", &w->entry));
    return text_is(w->entry.major, w->to) ? ERR_NONE : ERR_NOT_FOUND;
}

/* The thirtieth batch is behind the first rows and before the switch. */
static void link_in_the_middle(struct world *w, int64_t left)
{
    if (left == 970)
        EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, link_step, w));
}

TEST(a_row_linked_before_the_switch_stays)
{
    struct world w;
    char id[CRYPT_ID_TEXT_BYTES];
    world_open(&w);
    new_import(&w, id);
    EQ_INT(ERR_NONE, write_rows(&w, "x", 0, NULL));
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, look_step, &w));
    char next[CRYPT_ID_TEXT_BYTES];
    new_import(&w, next);
    EQ_INT(ERR_NONE, write_rows(&w, "y", 1000, link_in_the_middle));
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, get_step, &w));
    EQ_INT(1, w.import.linked_kept);
    EQ_INT(ROWS - 1, w.import.changed);
    clean(&w, "done", 1);
    w.to = "x";
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, has_major_step, &w));
    EQ_INT(ROWS, seen(&w));
    EQ_INT(1, w.linked);
    temp_store_close(&w.t);
}

TEST(a_row_replaced_before_it_is_linked_is_told)
{
    struct world w;
    char id[CRYPT_ID_TEXT_BYTES], next[CRYPT_ID_TEXT_BYTES];
    world_open(&w);
    new_import(&w, id);
    EQ_INT(ERR_NONE, write_rows(&w, "x", 0, NULL));
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, look_step, &w));
    new_import(&w, next);
    EQ_INT(ERR_NONE, write_rows(&w, "y", 0, NULL));
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, get_step, &w));
    EQ_INT(ERR_NOT_FOUND, store_run(w.t.store, STORE_WRITE, link_step, &w)); /* hidden, not yet swept */
    clean(&w, "done", 1);
    EQ_INT(ERR_NOT_FOUND, store_run(w.t.store, STORE_WRITE, link_step, &w)); /* gone */
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, look_step, &w));
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_WRITE, link_step, &w));
    EQ_INT(ROWS, seen(&w));
    EQ_INT(1, w.linked);
    sound(&w);
    temp_store_close(&w.t);
}

int main(void)
{
    return tests_run();
}
