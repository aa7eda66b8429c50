/* sql_floor — bare SQLite writing the rows of a submission's move (submission, history, audit, outbox), 64 moves a
 * commit, write-ahead log, full sync, over the product's own schema. What `xueying bench durable` measures against.
 *
 *   xueying-sql-floor FOLDER       FOLDER/data/xueying.db gives the schema and the rows; prints "ready MOVES_PER_S" */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOVES      12800
#define PER_COMMIT 64

static sqlite3 *db;

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "sql_floor: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static sqlite3_stmt *prepared(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fprintf(stderr, "sql_floor: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    return statement;
}

static void step(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fprintf(stderr, "sql_floor: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    sqlite3_reset(statement);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Ids of submissions to move, copied so that reading them does not disturb the writing. */
static char (*read_ids(int *count))[32]
{
    char(*ids)[32] = calloc(MOVES, sizeof *ids);
    sqlite3_stmt *all = prepared("SELECT id FROM submission LIMIT 12800");
    for (*count = 0; *count < MOVES && sqlite3_step(all) == SQLITE_ROW; (*count)++)
        snprintf(ids[*count], sizeof ids[0], "%s", (const char *)sqlite3_column_text(all, 0));
    sqlite3_finalize(all);
    return ids;
}

int main(int argc, char **argv)
{
    char from[512], to[512], copy[1200];
    int count = 0;
    if (argc != 2)
        return 2;
    snprintf(from, sizeof from, "%s/data/xueying.db", argv[1]);
    snprintf(to, sizeof to, "%s/floor.db", argv[1]);
    unlink(to);
    if (sqlite3_open(from, &db) != SQLITE_OK)
        return 1;
    snprintf(copy, sizeof copy, "VACUUM INTO '%s'", to); /* the same schema and rows in a file of its own */
    run(copy);
    sqlite3_close(db);
    if (sqlite3_open(to, &db) != SQLITE_OK)
        return 1;
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=FAST; PRAGMA cache_size=-65536");
    char(*ids)[32] = read_ids(&count);
    sqlite3_stmt *move = prepared("UPDATE submission SET state = 'closed', version = version + 1, moved_us = ?1"
                                  " WHERE id = ?2");
    sqlite3_stmt *history = prepared("INSERT INTO history (submission_id, number, from_state, event, to_state, "
                                     "actor_kind, actor_id, detail, moved_us)"
                                     " VALUES (?1, ?2, 'draft', 'withdraw', 'closed', 'student', ?1, '{}', ?2)");
    sqlite3_stmt *audit = prepared(
        "INSERT INTO audit (number, at_us, actor_kind, actor_id, action, object_kind, object_id, detail, hash) VALUES"
        " (?1, ?1, 'student', ?2, 'withdraw', 'submission', ?2, '{\"version\":2,\"to\":\"closed\"}', zeroblob(32))");
    sqlite3_stmt *outbox = prepared("INSERT INTO outbox (id, kind, submission_id, payload, due_us, created_us) VALUES "
                                    "(?1, 'notify', ?2, ?3, ?4, ?4)");
    char payload[300], id[64];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    run("DELETE FROM audit");
    double start = now_s();
    for (int i = 0; i < count; i++) {
        if (i % PER_COMMIT == 0)
            run("BEGIN IMMEDIATE");
        snprintf(id, sizeof id, "%s-floor-notify", ids[i]);
        sqlite3_bind_int64(move, 1, i);
        sqlite3_bind_text(move, 2, ids[i], -1, SQLITE_STATIC);
        step(move);
        sqlite3_bind_text(history, 1, ids[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(history, 2, 1000 + i);
        step(history);
        sqlite3_bind_int64(audit, 1, i + 1);
        sqlite3_bind_text(audit, 2, ids[i], -1, SQLITE_STATIC);
        step(audit);
        sqlite3_bind_text(outbox, 1, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(outbox, 2, ids[i], -1, SQLITE_STATIC);
        sqlite3_bind_text(outbox, 3, payload, -1, SQLITE_STATIC);
        sqlite3_bind_int64(outbox, 4, i + 1);
        step(outbox);
        if (i % PER_COMMIT == PER_COMMIT - 1 || i == count - 1)
            run("COMMIT");
    }
    printf("ready %lld\n", (long long)((double)count / (now_s() - start)));
    fflush(stdout);
    sqlite3_stmt *all[] = {move, history, audit, outbox};
    for (int i = 0; i < 4; i++)
        sqlite3_finalize(all[i]);
    sqlite3_close(db);
    free(ids);
    return 0;
}
