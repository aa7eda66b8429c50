#include "db/db.h"

#include "base/check.h"
#include "base/log.h"

#include <sqlite3.h>

#define APPLICATION_ID  0x58594e47 /* "XYNG": a file of another program is refused */
#define PAGE_CACHE_KIB  4096
#define LOG_LIMIT_BYTES "67108864"
#define SQL_BYTES_MAX   100000

struct db {
    sqlite3 *handle;
    const struct query_def *queries;
    size_t query_count;
    sqlite3_stmt **statements;
    sqlite3_stmt *begin, *commit, *rollback, *savepoint, *release, *rollback_to;
    struct tx tx;
    bool fatal; /* the operating system failed a write or sync: nothing more may be acknowledged */
};

/* ---- errors ---- */

static enum err err_of(struct db *db, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_NONE;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_IOERR:
        if (code != SQLITE_IOERR_READ && code != SQLITE_IOERR_SHORT_READ)
            db->fatal = true;
        return ERR_STORAGE;
    default:
        return ERR_STORAGE;
    }
}

const char *db_message(const struct db *db)
{
    return sqlite3_errmsg(db->handle);
}

bool db_is_fatal(const struct db *db)
{
    return db->fatal;
}

/* ---- opening ---- */

static enum err prepare(struct db *db, const char *sql, sqlite3_stmt **statement)
{
    const char *rest = NULL;
    int code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, &rest);
    if (code == SQLITE_OK && rest != NULL && *rest != '\0')
        return ERR_BUG;
    return err_of(db, code);
}

/* Letters of a signature, "?" not counted. */
static int signature_len(const char *signature)
{
    int len = 0;
    for (; *signature != '\0'; signature++)
        len += *signature != '?';
    return len;
}

/* Letter number `index` of a signature; *nullable says whether "?" follows. */
static char signature_at(const char *signature, int index, bool *nullable)
{
    for (; *signature != '\0'; signature++) {
        if (*signature == '?')
            continue;
        if (index-- == 0) {
            *nullable = signature[1] == '?';
            return *signature;
        }
    }
    return '\0';
}

static enum err prepare_queries(struct db *db, char why[256])
{
    for (size_t i = 0; i < db->query_count; i++) {
        const struct query_def *q = &db->queries[i];
        enum err e = prepare(db, q->sql, &db->statements[i]);
        if (e != ERR_NONE) {
            snprintf(why, 256, "query %s: %s", q->name, sqlite3_errmsg(db->handle));
            return e;
        }
        int params = sqlite3_bind_parameter_count(db->statements[i]);
        int columns = sqlite3_column_count(db->statements[i]);
        if (params != signature_len(q->params) || columns != signature_len(q->columns)) {
            snprintf(why, 256, "query %s: %d parameters and %d columns, signature says %d and %d", q->name, params,
                     columns, signature_len(q->params), signature_len(q->columns));
            return ERR_BUG;
        }
    }
    return ERR_NONE;
}

static enum err configure(struct db *db, const struct db_options *options, char why[256])
{
    char cache[64];
    int64_t kib = options->page_cache_kib > 0 ? options->page_cache_kib : PAGE_CACHE_KIB;
    snprintf(cache, sizeof cache, "PRAGMA cache_size=-%" PRId64, kib);
    const char *const common[] = {"PRAGMA foreign_keys=ON",    "PRAGMA trusted_schema=OFF", "PRAGMA mmap_size=0",
                                  "PRAGMA cell_size_check=ON", "PRAGMA temp_store=MEMORY",  cache,
                                  "PRAGMA busy_timeout=5000"};
    const char *const writer[] = {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA secure_delete=FAST",
                                  "PRAGMA wal_autocheckpoint=1000", "PRAGMA journal_size_limit=" LOG_LIMIT_BYTES};
    const char *const reader[] = {"PRAGMA query_only=ON", "PRAGMA wal_autocheckpoint=0"};
    const char *const *more = options->mode == DB_WRITE ? writer : reader;
    size_t more_count = options->mode == DB_WRITE ? countof(writer) : countof(reader);
    for (size_t i = 0; i < countof(common) + more_count; i++) {
        const char *sql = i < countof(common) ? common[i] : more[i - countof(common)];
        int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            snprintf(why, 256, "%s: %s", sql, sqlite3_errmsg(db->handle));
            return err_of(db, code);
        }
    }
    return ERR_NONE;
}

/* An empty file becomes ours; a file of another program is refused. */
static enum err claim_file(struct db *db, const struct db_options *options, char why[256])
{
    sqlite3_stmt *statement = NULL;
    TRY(prepare(db, "SELECT (SELECT count(*) FROM sqlite_schema), application_id FROM pragma_application_id",
                &statement));
    int code = sqlite3_step(statement);
    int64_t tables = sqlite3_column_int64(statement, 0), id = sqlite3_column_int64(statement, 1);
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW) {
        snprintf(why, 256, "%s: %s", options->path, sqlite3_errmsg(db->handle));
        return err_of(db, code);
    }
    if (id == APPLICATION_ID)
        return ERR_NONE;
    if (tables > 0) {
        snprintf(why, 256, "%s is a database of another program", options->path);
        return ERR_UNREADABLE;
    }
    if (options->mode == DB_READ)
        return ERR_NONE;
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d", APPLICATION_ID);
    return err_of(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static enum err open_all(struct db *db, const struct db_options *options, char why[256])
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (options->mode == DB_WRITE)
        flags |= SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(options->path, &db->handle, flags, NULL);
    if (code != SQLITE_OK) {
        snprintf(why, 256, "%s: %s", options->path, sqlite3_errstr(code));
        return err_of(db, code);
    }
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(db->handle, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, options->mode == DB_WRITE ? 1 : 0);
    if (options->mode == DB_READ)
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    TRY(configure(db, options, why));
    TRY(claim_file(db, options, why));
    bool write = options->mode == DB_WRITE;
    TRY(prepare(db, write ? "BEGIN IMMEDIATE" : "BEGIN", &db->begin));
    TRY(prepare(db, "COMMIT", &db->commit));
    TRY(prepare(db, "ROLLBACK", &db->rollback));
    TRY(prepare(db, "SAVEPOINT unit", &db->savepoint));
    TRY(prepare(db, "RELEASE unit", &db->release));
    TRY(prepare(db, "ROLLBACK TO unit", &db->rollback_to));
    return prepare_queries(db, why);
}

enum err db_open(const struct db_options *options, struct db **out, char why[256])
{
    struct db *db = calloc(1, sizeof *db);
    CHECK(db != NULL);
    why[0] = '\0';
    db->queries = options->queries;
    db->query_count = options->query_count;
    db->statements = calloc(options->query_count + 1, sizeof(sqlite3_stmt *));
    CHECK(db->statements != NULL);
    db->tx = (struct tx){.db = db, .arena = arena_new(MIB(64))};
    enum err e = open_all(db, options, why);
    if (e != ERR_NONE) {
        if (why[0] == '\0')
            snprintf(why, 256, "%s: %s", options->path, db->handle ? sqlite3_errmsg(db->handle) : "cannot open");
        db_close(db);
        return e;
    }
    *out = db;
    return ERR_NONE;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < db->query_count; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_stmt *own[] = {db->begin, db->commit, db->rollback, db->savepoint, db->release, db->rollback_to};
    for (size_t i = 0; i < countof(own); i++)
        sqlite3_finalize(own[i]);
    CHECK(sqlite3_close(db->handle) == SQLITE_OK);
    arena_free(db->tx.arena);
    free(db->statements);
    free(db);
}

struct tx *db_tx(struct db *db)
{
    return &db->tx;
}

/* ---- transactions ---- */

static enum err step_once(struct db *db, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return err_of(db, code);
}

enum err db_begin(struct db *db)
{
    return step_once(db, db->begin);
}

enum err db_commit(struct db *db)
{
    enum err e = step_once(db, db->commit);
    if (e != ERR_NONE && !sqlite3_get_autocommit(db->handle))
        db_rollback(db);
    return e;
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        (void)step_once(db, db->rollback); /* a failing rollback leaves no transaction either */
}

enum err db_savepoint(struct db *db)
{
    return step_once(db, db->savepoint);
}

enum err db_release(struct db *db)
{
    return step_once(db, db->release);
}

enum err db_rollback_to(struct db *db)
{
    TRY(step_once(db, db->rollback_to));
    return step_once(db, db->release);
}

bool db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

/* ---- maintenance ---- */

enum err db_checkpoint(struct db *db, bool truncate, int64_t *log_pages)
{
    int log = 0, moved = 0;
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, &log, &moved);
    if (log_pages != NULL)
        *log_pages = log < 0 ? 0 : log - (truncate ? moved : 0);
    return code == SQLITE_BUSY ? ERR_NONE : err_of(db, code);
}

enum err db_backup(struct db *db, const char *path)
{
    sqlite3_stmt *statement = NULL;
    TRY(prepare(db, "VACUUM INTO $1", &statement));
    sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE)
        return err_of(db, code);
    sqlite3 *copy = NULL; /* opening and closing it through the engine syncs it */
    code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(copy, "PRAGMA synchronous=FULL; PRAGMA user_version=1; PRAGMA user_version=0", NULL, NULL,
                            NULL);
    sqlite3_close(copy);
    return err_of(db, code);
}

enum err db_script(struct db *db, const char *sql, char why[256])
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        snprintf(why, 256, "%s", sqlite3_errmsg(db->handle));
    return err_of(db, code);
}

static enum err first_text_is(struct db *db, const char *sql, const char *want, char why[256])
{
    sqlite3_stmt *statement = NULL;
    TRY(prepare(db, sql, &statement));
    int code = sqlite3_step(statement);
    const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool good = want == NULL ? code == SQLITE_DONE : text != NULL && strcmp(text, want) == 0;
    if (!good)
        snprintf(why, 256, "%s: %s", sql, text != NULL ? text : sqlite3_errmsg(db->handle));
    sqlite3_finalize(statement);
    return good ? ERR_NONE : ERR_CORRUPT;
}

enum err db_integrity(struct db *db, char why[256])
{
    TRY(first_text_is(db, "PRAGMA integrity_check", "ok", why));
    return first_text_is(db, "PRAGMA foreign_key_check", NULL, why);
}

/* ---- values ---- */

struct val v_int(int64_t number)
{
    return (struct val){.kind = VAL_INT, .number = number};
}

struct val v_bool(bool truth)
{
    return v_int(truth ? 1 : 0);
}

struct val v_text(const char *text)
{
    return text == NULL ? v_null() : (struct val){.kind = VAL_TEXT, .bytes = text, .len = strlen(text)};
}

struct val v_bytes(const void *bytes, size_t len)
{
    return bytes == NULL ? v_null() : (struct val){.kind = VAL_BYTES, .bytes = bytes, .len = len};
}

struct val v_null(void)
{
    return (struct val){.kind = VAL_NULL};
}

/* A value of the wrong type is our own bug, found by the first test that runs the query. */
static void check_param(const struct query_def *q, int index, const struct val *v)
{
    bool nullable = false;
    char letter = signature_at(q->params, index, &nullable);
    CHECK(letter != '\0');
    bool fits = (v->kind == VAL_NULL && nullable) || (v->kind == VAL_INT && letter == 'i') ||
                (v->kind == VAL_TEXT && letter == 't') || (v->kind == VAL_BYTES && letter == 'b');
    if (!fits)
        LOG(ERROR, "db.bug", "query=%s parameter=%d", q->name, index + 1);
    CHECK(fits);
}

static enum err bind(struct tx *tx, size_t query, const struct val *params, size_t count)
{
    struct db *db = tx->db;
    CHECK(query < db->query_count);
    const struct query_def *q = &db->queries[query];
    sqlite3_stmt *statement = db->statements[query];
    CHECK((int)count == signature_len(q->params));
    CHECK(!sqlite3_stmt_busy(statement));
    for (int i = 0; i < (int)count; i++) {
        const struct val *v = &params[i];
        check_param(q, i, v);
        int code = SQLITE_OK;
        if (v->kind == VAL_INT)
            code = sqlite3_bind_int64(statement, i + 1, v->number);
        else if (v->kind == VAL_TEXT)
            code = sqlite3_bind_text64(statement, i + 1, v->bytes, v->len, SQLITE_STATIC, SQLITE_UTF8);
        else if (v->kind == VAL_BYTES)
            code = sqlite3_bind_blob64(statement, i + 1, v->bytes, v->len, SQLITE_STATIC);
        else
            code = sqlite3_bind_null(statement, i + 1);
        TRY(err_of(db, code));
    }
    return ERR_NONE;
}

enum err tx_run(struct tx *tx, size_t query, const struct val *params, size_t count, int64_t *changed)
{
    TRY(bind(tx, query, params, count));
    sqlite3_stmt *statement = tx->db->statements[query];
    CHECK(sqlite3_column_count(statement) == 0);
    int code = sqlite3_step(statement);
    if (changed != NULL)
        *changed = sqlite3_changes64(tx->db->handle);
    sqlite3_reset(statement);
    return err_of(tx->db, code);
}

/* ---- rows ---- */

enum err tx_open(struct tx *tx, struct rows *rows, size_t query, const struct val *params, size_t count)
{
    *rows = (struct rows){.tx = tx, .query = query};
    TRY(bind(tx, query, params, count));
    rows->statement = tx->db->statements[query];
    return ERR_NONE;
}

enum err tx_open_all(struct tx *tx, struct rows *rows, size_t query)
{
    return tx_open(tx, rows, query, NULL, 0);
}

bool rows_next(struct rows *rows)
{
    if (rows->e != ERR_NONE || rows->statement == NULL)
        return false;
    int code = sqlite3_step(rows->statement);
    if (code == SQLITE_ROW) {
        rows->count++;
        return true;
    }
    rows->e = err_of(rows->tx->db, code);
    sqlite3_reset(rows->statement);
    rows->statement = NULL;
    return false;
}

enum err rows_close(struct rows *rows)
{
    /* Finish a statement that writes (INSERT … RETURNING gives its rows before it is done). */
    if (rows->statement != NULL && !sqlite3_stmt_readonly(rows->statement))
        while (rows_next(rows))
            rows->count--;
    if (rows->statement != NULL)
        sqlite3_reset(rows->statement);
    rows->statement = NULL;
    return rows->e;
}

enum err rows_close_one(struct rows *rows)
{
    size_t count = rows->count;
    enum err e = rows_close(rows);
    return e != ERR_NONE ? e : count == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

static void check_column(const struct rows *rows, int column, char letter)
{
    bool nullable = false;
    const struct query_def *q = &rows->tx->db->queries[rows->query];
    char declared = signature_at(q->columns, column, &nullable);
    bool fits = declared == letter && (nullable || sqlite3_column_type(rows->statement, column) != SQLITE_NULL);
    if (!fits)
        LOG(ERROR, "db.bug", "query=%s column=%d", q->name, column);
    CHECK(fits);
}

bool col_is_null(const struct rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t col_int(const struct rows *rows, int column)
{
    check_column(rows, column, 'i');
    return sqlite3_column_int64(rows->statement, column);
}

const char *col_text(const struct rows *rows, int column)
{
    check_column(rows, column, 't');
    if (col_is_null(rows, column))
        return NULL;
    const char *text = (const char *)sqlite3_column_text(rows->statement, column);
    CHECK(text != NULL); /* only lack of memory */
    return arena_text_n(rows->tx->arena, text, (size_t)sqlite3_column_bytes(rows->statement, column));
}

const void *col_bytes(const struct rows *rows, int column, size_t *len)
{
    check_column(rows, column, 'b');
    *len = (size_t)sqlite3_column_bytes(rows->statement, column);
    if (col_is_null(rows, column))
        return NULL;
    return arena_copy(rows->tx->arena, sqlite3_column_blob(rows->statement, column), *len);
}
