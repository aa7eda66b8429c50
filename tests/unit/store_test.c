/* links: xy_store */
#include "base/crypt.h"
#include "store/audit.h"
#include "store/queries.h"
#include "store/store.h"
#include "tests/check.h"
#include "tests/temp.h"
#include "workflow/workflow.h"

#include <ctype.h>
#include <pthread.h>
#include <sqlite3.h>

/* ---- the query table itself ---- */

/* SQLite numbers $n by appearance, PostgreSQL by digit: the text must use them in order of first use. */
TEST(parameters_are_written_in_order_of_first_use)
{
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        long highest = 0;
        for (const char *c = strchr(store_queries[i].sql, '$'); c != NULL; c = strchr(c + 1, '$')) {
            long number = strtol(c + 1, NULL, 10);
            if (number > highest + 1)
                TEST_FAIL("%s: $%ld comes before $%ld", store_queries[i].name, number, highest + 1);
            highest = number > highest ? number : highest;
        }
    }
}

TEST(sql_keeps_to_the_shared_subset)
{
    static const char *const refused[] = {"::",        " LIKE ",    "now()",        "rowid", "->",     "strftime",
                                          "datetime(", "INSERT OR", "REPLACE INTO", "GLOB",  "ifnull", "AUTOINCREMENT"};
    for (size_t i = 0; i < QUERY_COUNT; i++)
        for (size_t k = 0; k < countof(refused); k++)
            if (strstr(store_queries[i].sql, refused[k]) != NULL)
                TEST_FAIL("%s uses %s", store_queries[i].name, refused[k]);
}

TEST(no_query_scans_a_table_unless_it_is_listed)
{
    struct temp_store t;
    temp_store_open(&t, NULL, NULL);
    sqlite3 *db = NULL;
    EQ_INT(SQLITE_OK, sqlite3_open(t.database, &db));
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        char sql[4096];
        sqlite3_stmt *statement = NULL;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", store_queries[i].sql);
        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
            TEST_FAIL("%s: %s", store_queries[i].name, sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *plan = (const char *)sqlite3_column_text(statement, 3);
            bool scans = strncmp(plan, "SCAN ", 5) == 0 && strstr(plan, "USING INDEX") == NULL &&
                         strstr(plan, "USING COVERING INDEX") == NULL && strstr(plan, "CONSTANT ROW") == NULL;
            if (scans && !store_queries[i].may_scan)
                TEST_FAIL("%s: %s", store_queries[i].name, plan);
        }
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    temp_store_close(&t);
}

TEST(the_schema_lists_the_states_of_the_table)
{
    struct temp_store t;
    temp_store_open(&t, NULL, NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    EQ_INT(SQLITE_OK, sqlite3_open(t.database, &db));
    EQ_INT(SQLITE_OK,
           sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE name = 'submission'", -1, &statement, NULL));
    EQ_INT(SQLITE_ROW, sqlite3_step(statement));
    const char *ddl = (const char *)sqlite3_column_text(statement, 0);
    for (int state = 0; state < WF_STATE_COUNT; state++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "'%s'", wf_state_name((enum wf_state)state));
        TRUE(strstr(ddl, quoted) != NULL);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    temp_store_close(&t);
}

/* ---- group commit ---- */

struct add {
    char id[32], kind[16];
    enum err fail;
};

static enum err add_outbox(struct tx *tx, void *job)
{
    struct add *a = job;
    TRY(TX_RUN(tx, Q_OUTBOX_PUT, v_text(a->id), v_text(a->kind), v_text(NULL), v_text("{}"), v_int(1), v_int(1)));
    return a->fail;
}

static enum err count_due(struct tx *tx, void *job)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_OUTBOX_COUNT));
    if (rows_next(&r)) {
        (void)col_text(&r, 0);
        *(int64_t *)job = col_int(&r, 1);
    }
    return rows_close(&r);
}

struct client {
    struct store *store;
    int number;
};

static void *client_main(void *arg)
{
    struct client *c = arg;
    for (int i = 0; i < 50; i++) {
        struct add a = {.kind = "notify", .fail = i % 7 == 3 ? ERR_REFUSED : ERR_NONE};
        snprintf(a.id, sizeof a.id, "%d-%d", c->number, i);
        if (store_run(c->store, STORE_WRITE, add_outbox, &a) != a.fail)
            abort();
    }
    return NULL;
}

TEST(a_refused_unit_harms_no_neighbour)
{
    struct temp_store t;
    pthread_t threads[8];
    struct client clients[8];
    temp_store_open(&t, NULL, NULL);
    for (int i = 0; i < 8; i++) {
        clients[i] = (struct client){t.store, i};
        pthread_create(&threads[i], NULL, client_main, &clients[i]);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    int64_t count = 0;
    EQ_INT(ERR_NONE, store_run(t.store, STORE_READ, count_due, &count));
    EQ_INT(8 * 43, count); /* 7 of 50 are refused: 3, 10, …, 45 */
    struct store_stats stats;
    store_stats(t.store, &stats);
    EQ_INT(8 * 7, stats.units_failed);
    temp_store_close(&t);
}

static void announced(void *arg, const struct store_change *changes, size_t count)
{
    (void)changes;
    *(size_t *)arg += count;
}

static enum err touch_then(struct tx *tx, void *job)
{
    store_touch(tx, TOPIC_SUBMISSION, "x");
    store_touch(tx, TOPIC_SUBMISSION, "x");
    return *(enum err *)job;
}

TEST(changes_are_announced_once_and_only_after_a_commit)
{
    struct temp_store t;
    size_t count = 0;
    temp_store_open(&t, announced, &count);
    enum err good = ERR_NONE, bad = ERR_REFUSED;
    EQ_INT(ERR_REFUSED, store_run(t.store, STORE_WRITE, touch_then, &bad));
    EQ_INT(0, count);
    EQ_INT(ERR_NONE, store_run(t.store, STORE_WRITE, touch_then, &good));
    EQ_INT(1, count);
    temp_store_close(&t);
}

/* ---- audit ---- */

static enum err add_audit(struct tx *tx, void *job)
{
    (void)job;
    struct audit_entry e = {.at_us = 5,
                            .actor_kind = "staff",
                            .actor_id = "a",
                            .action = "approve",
                            .object_kind = "submission",
                            .object_id = "s"};
    for (int i = 0; i < 20; i++)
        TRY(audit_add(tx, &e));
    return ERR_NONE;
}

struct verified {
    int64_t rows, bad;
};
static enum err verify(struct tx *tx, void *job)
{
    struct verified *v = job;
    return audit_verify(tx, &v->rows, &v->bad);
}

TEST(the_audit_chain_shows_every_change)
{
    static const char *const tampering[] = {
        "UPDATE audit SET at_us = 6 WHERE number = 7",
        "UPDATE audit SET actor_kind = 'x' WHERE number = 7",
        "UPDATE audit SET actor_id = 'x' WHERE number = 7",
        "UPDATE audit SET action = 'x' WHERE number = 7",
        "UPDATE audit SET object_kind = 'x' WHERE number = 7",
        "UPDATE audit SET object_id = 'x' WHERE number = 7",
        "UPDATE audit SET detail = '{ }' WHERE number = 7",
        "UPDATE audit SET hash = x'00' WHERE number = 7",
        "DELETE FROM audit WHERE number = 7",
    };
    for (size_t i = 0; i < countof(tampering); i++) {
        struct temp_store t;
        struct verified v;
        sqlite3 *db = NULL;
        temp_store_open(&t, NULL, NULL);
        EQ_INT(ERR_NONE, store_run(t.store, STORE_WRITE, add_audit, NULL));
        EQ_INT(ERR_NONE, store_run(t.store, STORE_READ, verify, &v));
        EQ_INT(20, v.rows);
        EQ_INT(SQLITE_OK, sqlite3_open(t.database, &db));
        EQ_INT(SQLITE_OK, sqlite3_exec(db, tampering[i], NULL, NULL, NULL));
        sqlite3_close(db);
        EQ_INT(ERR_CORRUPT, store_run(t.store, STORE_READ, verify, &v));
        EQ_INT(7, v.bad);
        temp_store_close(&t);
    }
}

/* ---- migrations ---- */

TEST(a_newer_schema_and_a_changed_history_are_refused)
{
    struct temp_store t;
    struct migrate_report report;
    char why[256];
    temp_store_open(&t, NULL, NULL);
    temp_store_shut(&t);
    EQ_INT(ERR_REFUSED, migrate_check(t.database, store_migrations, 0, &report, why));
    TRUE(strstr(why, "newer program") != NULL);
    struct migration changed = {1, "0001_core", "SELECT 1"};
    EQ_INT(ERR_REFUSED, migrate_apply(t.database, &changed, 1, &report, why));
    TRUE(strstr(why, "never edited") != NULL);
    struct migration longer[100];
    size_t count = store_migration_count;
    TRUE(count < countof(longer));
    memcpy(longer, store_migrations, count * sizeof *longer);
    longer[count] = (struct migration){(int)count + 1, "9999_more", "CREATE TABLE more (id TEXT PRIMARY KEY) STRICT"};
    count++;
    EQ_INT(ERR_STALE, migrate_check(t.database, longer, count, &report, why));
    EQ_INT(ERR_NONE, migrate_apply(t.database, longer, count, &report, why));
    EQ_INT(count, report.after);
    EQ_INT(0, access(report.backup, R_OK));
    EQ_INT(ERR_REFUSED, migrate_apply(t.database, store_migrations, store_migration_count, &report, why));
    temp_store_remove(&t);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
