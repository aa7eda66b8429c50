/* links: xy_store */
/* fsck and key rotation over real data: clean first, then damaged behind the store's back, one thing at a time. */
#include "base/clock.h"
#include "base/crypt.h"
#include "store/capture_session.h"
#include "store/consent.h"
#include "store/fsck.h"
#include "store/outbox.h"
#include "store/reseal.h"
#include "store/roster.h"
#include "store/roster_import.h"
#include "store/secret.h"
#include "store/student.h"
#include "store/sweep.h"
#include "store/transition.h"
#include "tests/check.h"
#include "tests/temp.h"

#include <sqlite3.h>

struct world {
    struct temp_store t;
    char session[32], student[32], submission[32], attempt[32];
    char found[128];
};

static enum err fill_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    const char *id;
    int64_t number, now_us = clock_utc_us();
    struct session_new session = {.id = w->session,
                                  .code = "25103003",
                                  .name = "2026",
                                  .school_id = "school",
                                  .school_code = "1",
                                  .school_name = "A",
                                  .opens_us = 1,
                                  .now_us = now_us,
                                  .closes_us = INT64_C(4000000000000000),
                                  .policy_json = "{}",
                                  .changed_by = "test"};
    TRY(session_add(tx, &session));
    TRY(student_of_openid(tx, "openid", w->student, "zh", 1, &id));
    struct roster_entry entry = {.id = w->submission,
                                 .session_id = w->session,
                                 .student_no = "1",
                                 .name = "张三",
                                 .id_number = "11010119900307665X",
                                 .college = "",
                                 .major = "",
                                 .class_name = ""};
    char outcome;
    TRY(roster_put(tx, &entry, 1, false, &outcome));
    TRY(roster_link(tx, &entry, id, 1));
    TRY(student_set_phone(tx, id, "13800000000"));
    TRY(consent_give(tx, id, "privacy", "1", 1));
    TRY(consent_give(tx, id, "passing_on", "1", 1));
    TRY(secret_put(tx, "token", "abc", 1, 1));
    struct submission s = {.id = w->submission,
                           .code = "CODE22-2",
                           .session_id = w->session,
                           .student_id = id,
                           .roster_id = entry.id,
                           .created_us = now_us};
    TRY(submission_add(tx, &s));
    TRY(submission_set_address(tx, s.id, "{\"text\":\"x\"}"));
    struct attempt a = {
        .id = w->attempt, .submission_id = s.id, .source = "live", .original_blob_id = "blob", .created_us = 1};
    static const char *const blobs[] = {"blob", "standard", "proxy"};
    for (size_t i = 0; i < countof(blobs); i++)
        TRY(TX_RUN(tx, Q_BLOB_ADD, v_text(blobs[i]), v_text("original"), v_text("image/jpeg"), v_bytes("k", 1),
                   v_int(1), v_int(1), v_text(""), v_text(id), v_int(1)));
    TRY(attempt_add(tx, &a, &number));
    TRY(attempt_ready(tx, a.id, "pass", "{}", "standard", "proxy", NULL));
    TRY(submission_choose(tx, s.id, a.id, 0));
    struct move move = {
        .submission_id = s.id, .event = EV_confirm, .actor_kind = ACTOR_STUDENT, .actor_id = id, .now_us = now_us};
    TRY(transition_apply(tx, &move, NULL));
    move.event = EV_intake;
    move.actor_kind = ACTOR_SERVER;
    move.lane = "green";
    return transition_apply(tx, &move, NULL);
}

static void world_open(struct world *w)
{
    memset(w, 0, sizeof *w);
    crypt_start();
    temp_store_open(&w->t, NULL, NULL);
    crypt_id(1, w->session);
    crypt_id(1, w->student);
    crypt_id(1, w->submission);
    crypt_id(1, w->attempt);
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, fill_step, w));
}

static struct fsck check(struct world *w)
{
    static const struct {
        store_step *step;
        bool paged;
    } steps[] = {{fsck_database, false}, {fsck_submissions, true}, {fsck_outbox_rows, true}, {fsck_roster_rows, true},
                 {fsck_rosters, false},  {fsck_totals, false},     {fsck_audit_chain, false}};
    struct fsck f = {.now_us = clock_utc_us()};
    for (size_t i = 0; i < countof(steps); i++)
        for (f.done = false, f.after[0] = '\0'; !f.done; f.done = f.done || !steps[i].paged)
            EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, steps[i].step, &f));
    return f;
}

static void damage(struct world *w, const char *sql)
{
    sqlite3 *db = NULL;
    char *why = NULL;
    EQ_INT(SQLITE_OK, sqlite3_open(w->t.database, &db));
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        TEST_FAIL("%s: %s", sql, why);
    sqlite3_close(db);
}

/* Damage, expect the check to find exactly that, mend, expect peace. */
static void finds(struct world *w, enum fsck_check want, const char *harm, const char *cure)
{
    damage(w, harm);
    struct fsck f = check(w);
    for (int i = 0; i < FSCK_CHECK_COUNT; i++)
        if ((i == (int)want) != (f.results[i].problems > 0))
            TEST_FAIL("%s: %s has %" PRId64 " problems: %s", harm, fsck_name((enum fsck_check)i), f.results[i].problems,
                      f.results[i].samples[0]);
    damage(w, cure);
}

TEST(sound_data_has_no_problems)
{
    struct world w;
    world_open(&w);
    struct fsck f = check(&w);
    for (int i = 0; i < FSCK_CHECK_COUNT; i++) {
        if (f.results[i].problems > 0)
            TEST_FAIL("%s: %s", fsck_name((enum fsck_check)i), f.results[i].samples[0]);
    }
    EQ_INT(3, f.results[FSCK_history].looked_at);
    EQ_INT(4, f.results[FSCK_references].looked_at);
    EQ_INT(2, f.results[FSCK_audit].looked_at);
    temp_store_close(&w.t);
}

TEST(each_damage_is_found_by_its_check)
{
    struct world w;
    world_open(&w);
    finds(&w, FSCK_history, "UPDATE submission SET state = 'printing'", "UPDATE submission SET state = 'human_review'");
    finds(&w, FSCK_history, "UPDATE history SET to_state = 'mailing' WHERE event = 'intake'",
          "UPDATE history SET to_state = 'human_review' WHERE event = 'intake'");
    finds(&w, FSCK_history, "UPDATE history SET from_state = 'retake' WHERE event = 'intake'",
          "UPDATE history SET from_state = 'submitted' WHERE event = 'intake'");
    finds(&w, FSCK_references, "UPDATE attempt SET standard_blob_id = 'gone'",
          "UPDATE attempt SET standard_blob_id = 'standard'");
    finds(&w, FSCK_outbox, "UPDATE outbox SET ended_us = 5 WHERE kind = 'compare'",
          "UPDATE outbox SET ended_us = 0 WHERE kind = 'compare'");
    finds(&w, FSCK_outbox, "UPDATE outbox SET id = 'x' WHERE kind = 'compare'", "SELECT 1");
    temp_store_close(&w.t);
    world_open(&w);
    finds(&w, FSCK_leases, "UPDATE outbox SET state = 'running', lease_until_us = 1 WHERE kind = 'compare'",
          "UPDATE outbox SET state = 'waiting' WHERE kind = 'compare'");
    finds(&w, FSCK_lanes, "UPDATE queue_count SET waiting = 7 WHERE lane = 'green'",
          "UPDATE queue_count SET waiting = 1 WHERE lane = 'green'");
    finds(&w, FSCK_audit, "UPDATE audit SET actor_id = 'x' WHERE number = 1", "SELECT 1");
    temp_store_close(&w.t);
    world_open(&w);
    /* A cut tail leaves an unbroken chain; the move without entry gives it away. */
    finds(&w, FSCK_audit, "DELETE FROM audit WHERE number = 2", "SELECT 1");
    temp_store_close(&w.t);
    world_open(&w);
    finds(&w, FSCK_decisions, "UPDATE submission SET claimed_by = 'a'", "UPDATE submission SET claimed_by = NULL");
    temp_store_close(&w.t);
}

TEST(each_damage_of_a_roster_is_found)
{
    static const struct {
        const char *harm, *cure;
    } damages[] = {
        {"UPDATE roster_key SET key = key - 1 WHERE key = (SELECT min(key) FROM roster_key)",
         "UPDATE roster_key SET key = key + 1 WHERE key = (SELECT min(key) FROM roster_key)"},
        {"INSERT INTO roster_key SELECT import_number, key + 1, row_number FROM roster_key LIMIT 1",
         "DELETE FROM roster_key WHERE key - 1 IN (SELECT key FROM roster_key)"},
        {"INSERT INTO roster_key SELECT import_number, 7, row_number + 1 FROM roster_key LIMIT 1",
         "DELETE FROM roster_key WHERE key = 7"},
        {"UPDATE roster SET college = 'other'", "UPDATE roster SET college = ''"},
        {"UPDATE roster SET superseded_by = 77", "UPDATE roster SET superseded_by = 0"},
        {"UPDATE roster_import SET applied = 0", "UPDATE roster_import SET applied = 1"},
        {"UPDATE roster_import SET state = 'importing'", "UPDATE roster_import SET state = 'done'"},
        {"UPDATE roster_import SET state = 'cancelled', applied = 0",
         "UPDATE roster_import SET state = 'done', applied = 1"},
        {"INSERT INTO roster_import (number, id, session_id, state, mode, size_bytes, received_bytes, created_by,"
         " created_us) SELECT 9, 'x', session_id, 'ready', 'all', 9, 9, '', 1 FROM roster_import",
         "DELETE FROM roster_import WHERE number = 9"},
        {"INSERT INTO roster_part SELECT id, 0, 5, 'blob' FROM roster_import", "DELETE FROM roster_part"},
        {"INSERT INTO roster (number, id, import_number, student_no, sealed_person, digest) SELECT number + 1, 'twice',"
         " import_number, student_no, sealed_person, digest FROM roster",
         "DELETE FROM roster WHERE id = 'twice'"},
    };
    struct world w;
    world_open(&w);
    for (size_t i = 0; i < countof(damages); i++)
        finds(&w, FSCK_rosters, damages[i].harm, damages[i].cure);
    TRUE(check(&w).results[FSCK_rosters].problems == 0);
    temp_store_close(&w.t);
}

/* ---- rotation ---- */

static enum err read_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    struct student s;
    const char *address, *secret;
    int64_t expires_us;
    TRY(student_get(tx, w->student, &s));
    TRY(submission_address(tx, w->submission, &address));
    TRY(secret_get(tx, "token", &secret, &expires_us));
    snprintf(w->found, sizeof w->found, "%s %s %s %s %s", s.name, s.phone, s.openid, address, secret);
    return ERR_NONE;
}

static struct reseal walk(struct world *w, enum store_mode mode, store_step *step)
{
    struct reseal_page page = {0};
    while (!page.from.done) {
        EQ_INT(ERR_NONE, store_run(w->t.store, mode, step, &page));
        page.from = page.to;
    }
    return page.from;
}

TEST(after_a_rotation_every_column_has_the_newest_key_and_opens)
{
    struct world w;
    world_open(&w);
    EQ_INT(0, walk(&w, STORE_WRITE, reseal_step).resealed);
    EQ_INT(ERR_NONE, keyring_rotate(w.t.ring));
    struct reseal done = walk(&w, STORE_WRITE, reseal_step);
    EQ_INT(7, done.resealed); /* four of the student, one of the roster, address, secret */
    EQ_INT(0, walk(&w, STORE_WRITE, reseal_step).resealed);
    EQ_INT(0, walk(&w, STORE_READ, reseal_verify).unreadable);
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, read_step, &w));
    EQ_TEXT("张三 13800000000 openid {\"text\":\"x\"} abc", w.found);
    damage(&w, "UPDATE student SET sealed_phone = sealed_name");
    struct reseal bad = walk(&w, STORE_READ, reseal_verify);
    EQ_INT(1, bad.unreadable);
    TRUE(strncmp(bad.bad, "student.sealed_phone ", 21) == 0);
    temp_store_close(&w.t);
}

TEST(every_sealed_column_of_the_schema_is_in_the_list)
{
    struct world w;
    world_open(&w);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t columns = 0;
    EQ_INT(SQLITE_OK, sqlite3_open(w.t.database, &db));
    EQ_INT(SQLITE_OK,
           sqlite3_prepare_v2(db,
                              "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
                              " WHERE m.type = 'table' AND c.name GLOB 'sealed_*' AND c.name <> 'sealed_key'",
                              -1, &statement, NULL));
    for (; sqlite3_step(statement) == SQLITE_ROW; columns++) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        bool listed = false;
        for (size_t i = 0; i < reseal_columns(); i++)
            listed = listed || strcmp(name, reseal_column_name(i)) == 0;
        if (!listed)
            TEST_FAIL("%s would keep its old key for ever", name);
    }
    EQ_INT(reseal_columns(), columns);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    temp_store_close(&w.t);
}

/* ---- what nobody took ---- */

static enum err send_file_step(struct tx *tx, void *arg)
{
    const struct world *w = arg;
    const struct roster_import import = {.id = "import",
                                         .session_id = w->session,
                                         .state = "receiving",
                                         .mode = "all",
                                         .file_name = "list.csv",
                                         .size_bytes = 100,
                                         .sha256_index = "0",
                                         .created_by = "test",
                                         .created_us = 1};
    return roster_import_add(tx, &import);
}

static enum err state_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    struct roster_import import;
    TRY(roster_import_get(tx, "import", &import));
    snprintf(w->found, sizeof w->found, "%s", import.state);
    return ERR_NONE;
}

TEST(a_list_that_nobody_took_is_cancelled_after_a_week)
{
    static const struct {
        int64_t now_us;
        const char *state;
    } times[] = {{ROSTER_IMPORT_KEEP_US, "receiving"}, {ROSTER_IMPORT_KEEP_US + 2, "cancelled"}};
    struct world w;
    world_open(&w);
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_WRITE, send_file_step, &w));
    for (size_t i = 0; i < countof(times); i++) {
        struct sweep sweep = {.now_us = times[i].now_us};
        EQ_INT(ERR_NONE, store_run(w.t.store, STORE_WRITE, sweep_run, &sweep));
        EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, state_step, &w));
        EQ_TEXT(times[i].state, w.found);
    }
    temp_store_close(&w.t);
}

int main(void)
{
    return tests_run();
}
