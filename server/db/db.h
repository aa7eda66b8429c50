/* db — the SQL engine behind one small interface; knows no table of ours.
 *
 * Every statement comes from a table of queries given at db_open and is prepared then, so a typo stops the start.
 * Shared subset of SQLite and PostgreSQL only: "$1, $2 …" written in order of first use; types BIGINT, TEXT and bytes;
 * no "::" casts, no now(), no rowid, no LIKE, no JSON operators; INSERT … ON CONFLICT, RETURNING allowed.
 *
 * One struct db is one connection and belongs to one thread. A struct tx is what a unit of work gets: it lives until
 * the unit ends, and so does everything allocated in tx->arena. Any error from tx_* or rows_* is final for the unit:
 * return it, do not carry on. */
#ifndef XY_DB_H
#define XY_DB_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"

struct query_def {
    const char *name;
    const char *params;  /* one letter each: i int64, t text, b bytes; "?" behind it: may be NULL */
    const char *columns; /* the same for the result; "" when it returns no rows */
    const char *sql;
    bool may_scan; /* a full scan is meant (small table, or operator's report) */
};

enum db_mode { DB_WRITE, DB_READ };

struct db_options {
    const char *path;
    enum db_mode mode;
    const struct query_def *queries;
    size_t query_count;
    int64_t page_cache_kib; /* 0: 4096 */
};

struct db;
struct tx {
    struct db *db;
    struct arena *arena; /* unit lifetime: reset when the unit ends */
    void *owner;         /* the store's; units do not touch it */
};

/* ---- connection: for store.c, migrate.c and tests ---- */

/* UNREADABLE, CORRUPT, STORAGE; `why` (256 bytes) in words. Fails when a query does not prepare or does not match its
 * signature. */
enum err db_open(const struct db_options *options, struct db **db, char why[256]);
void db_close(struct db *db);
struct tx *db_tx(struct db *db);

enum err db_begin(struct db *db);  /* BEGIN IMMEDIATE on a writer, BEGIN on a reader */
enum err db_commit(struct db *db); /* after an error here nothing was kept */
void db_rollback(struct db *db);
enum err db_savepoint(struct db *db); /* one level */
enum err db_release(struct db *db);
enum err db_rollback_to(struct db *db);      /* to the savepoint, and release it */
bool db_in_transaction(const struct db *db); /* false when the engine dropped the whole transaction by itself */
bool db_is_fatal(const struct db *db);       /* a write or sync failed in the operating system: stop the process */

/* Write-ahead log: move its pages into the file. `truncate` also empties the log (shutdown, or log too large). */
enum err db_checkpoint(struct db *db, bool truncate, int64_t *log_pages);
enum err db_backup(struct db *db, const char *path);               /* consistent copy into a new file, synced */
enum err db_script(struct db *db, const char *sql, char why[256]); /* several statements: migrations only */
enum err db_integrity(struct db *db, char why[256]);               /* integrity_check and foreign_key_check */
const char *db_message(const struct db *db); /* the engine's words for the last error; until the next call */

/* ---- in a unit ---- */

enum val_kind { VAL_NULL, VAL_INT, VAL_TEXT, VAL_BYTES };
struct val {
    enum val_kind kind;
    int64_t number;
    const void *bytes;
    size_t len;
};

struct val v_int(int64_t number);
struct val v_bool(bool truth);
struct val v_text(const char *text); /* NULL becomes SQL NULL */
struct val v_bytes(const void *bytes, size_t len);
struct val v_null(void);

/* Run a statement that returns no rows. `changed` (may be NULL): rows inserted, updated or deleted.
 * Errors: CONFLICT (unique or check constraint), DISK_FULL, STORAGE, CORRUPT. */
enum err tx_run(struct tx *tx, size_t query, const struct val *params, size_t count, int64_t *changed);
#define TX_RUN(tx, query, ...) TX_RUN_N(tx, NULL, query, __VA_ARGS__)
#define TX_RUN_N(tx, changed, query, ...)                                                                              \
    tx_run((tx), (query), (const struct val[]){__VA_ARGS__}, sizeof((struct val[]){__VA_ARGS__}) / sizeof(struct val), \
           (changed))

/* Rows, one at a time. After TX_OPEN succeeded, rows_close must be called on every path.
 *
 *     struct rows r;
 *     TRY(TX_OPEN(tx, &r, SUBMISSION_GET, v_text(id)));
 *     if (rows_next(&r))
 *         s->state = col_int(&r, 0);
 *     return rows_close_one(&r);           // NOT_FOUND when there was none
 */
struct rows {
    struct tx *tx;
    size_t query;
    void *statement;
    size_t count; /* rows delivered so far */
    enum err e;
};
enum err tx_open(struct tx *tx, struct rows *rows, size_t query, const struct val *params, size_t count);
#define TX_OPEN(tx, rows, query, ...)                                                                                  \
    tx_open((tx), (rows), (query), (const struct val[]){__VA_ARGS__},                                                  \
            sizeof((struct val[]){__VA_ARGS__}) / sizeof(struct val))
enum err tx_open_all(struct tx *tx, struct rows *rows, size_t query); /* a query without parameters */
bool rows_next(struct rows *rows);                                    /* false at the end and on error */
enum err rows_close(struct rows *rows);                               /* the error met, if any */
enum err rows_close_one(struct rows *rows);                           /* as rows_close; NOT_FOUND when no row came */

/* Columns of the current row; the signature is CHECKed. Text and bytes are copied into tx->arena. */
int64_t col_int(const struct rows *rows, int column);      /* SQL NULL reads as 0 */
const char *col_text(const struct rows *rows, int column); /* SQL NULL reads as NULL */
const void *col_bytes(const struct rows *rows, int column, size_t *len);
bool col_is_null(const struct rows *rows, int column);

#endif
