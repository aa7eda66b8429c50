#include "db/migrate.h"

#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"

enum { Q_NEWEST, Q_APPLIED, Q_RECORD };
static const struct query_def queries[] = {
    [Q_NEWEST] = {"NEWEST", "", "i", "SELECT coalesce(max(number), 0) FROM schema_migration", true},
    [Q_APPLIED] = {"APPLIED", "", "itt", "SELECT number, name, hash FROM schema_migration ORDER BY number", true},
    [Q_RECORD] = {"RECORD", "itti", "",
                  "INSERT INTO schema_migration (number, name, hash, applied_us) VALUES ($1, $2, $3, $4)", false},
};

static const char history_table[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL,"
    " applied_us INTEGER NOT NULL) STRICT";

/* Open with the history table present, then with the queries over it. */
static enum err open_history(const char *path, bool make, struct db **db, char why[256])
{
    struct db_options options = {.path = path, .mode = make ? DB_WRITE : DB_READ};
    if (make) {
        TRY(db_open(&options, db, why));
        enum err e = db_script(*db, history_table, why);
        db_close(*db);
        if (e != ERR_NONE)
            return e;
    }
    options.queries = queries;
    options.query_count = countof(queries);
    return db_open(&options, db, why);
}

static enum err compare(struct db *db, const struct migration *migrations, size_t count, int *newest, char why[256])
{
    struct rows r;
    enum err e = ERR_NONE;
    *newest = 0;
    TRY(tx_open_all(db_tx(db), &r, Q_APPLIED));
    while (e == ERR_NONE && rows_next(&r)) {
        int number = (int)col_int(&r, 0);
        *newest = number;
        if (number < 1 || (size_t)number > count) {
            snprintf(why, 256, "the database has migration %d (%s), this program knows %zu: use the newer program",
                     number, col_text(&r, 1), count);
            e = ERR_REFUSED;
            break;
        }
        char hash[CRYPT_HASH_TEXT_BYTES];
        crypt_hash_text(migrations[number - 1].sql, hash);
        if (!text_is(hash, col_text(&r, 2))) {
            snprintf(why, 256,
                     "migration %d (%s) is not the one that was applied: released migrations are never edited", number,
                     migrations[number - 1].name);
            e = ERR_REFUSED;
        }
    }
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err apply_one(struct db *db, const struct migration *m, int64_t now_us, char why[256])
{
    char hash[CRYPT_HASH_TEXT_BYTES];
    crypt_hash_text(m->sql, hash);
    TRY(db_begin(db));
    enum err e = db_script(db, m->sql, why);
    if (e == ERR_NONE)
        e = TX_RUN(db_tx(db), Q_RECORD, v_int(m->number), v_text(m->name), v_text(hash), v_int(now_us));
    if (e == ERR_NONE)
        e = db_commit(db);
    else
        db_rollback(db);
    return e;
}

static enum err apply_missing(struct db *db, const char *path, const struct migration *migrations, size_t count,
                              struct migrate_report *report, char why[256])
{
    TRY(compare(db, migrations, count, &report->before, why));
    report->after = report->before;
    if ((size_t)report->before == count)
        return ERR_NONE;
    if (report->before > 0) {
        snprintf(report->backup, sizeof report->backup, "%s.before-%04d", path, report->before + 1);
        remove(report->backup);
        TRY(db_backup(db, report->backup));
    }
    int64_t now_us = clock_utc_us();
    for (size_t i = (size_t)report->before; i < count; i++) {
        TRY(apply_one(db, &migrations[i], now_us, why));
        report->after = migrations[i].number;
    }
    return ERR_NONE;
}

enum err migrate_apply(const char *path, const struct migration *migrations, size_t count,
                       struct migrate_report *report, char why[256])
{
    struct db *db = NULL;
    *report = (struct migrate_report){0};
    TRY(open_history(path, true, &db, why));
    enum err e = apply_missing(db, path, migrations, count, report, why);
    db_close(db);
    return e;
}

enum err migrate_check(const char *path, const struct migration *migrations, size_t count,
                       struct migrate_report *report, char why[256])
{
    struct db *db = NULL;
    *report = (struct migrate_report){0};
    TRY(open_history(path, false, &db, why));
    enum err e = compare(db, migrations, count, &report->before, why);
    report->after = report->before;
    db_close(db);
    if (e == ERR_NONE && (size_t)report->before < count) {
        snprintf(why, 256, "%zu migrations are missing: run \"xueying migrate\"", count - (size_t)report->before);
        e = ERR_STALE;
    }
    return e;
}
