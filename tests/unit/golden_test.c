/* links: xy_store */
/* The schema after all migrations is the one in tests/golden/schema.sql, so that a review sees the sum and not only the
 * difference. "golden_test --write" writes it anew (tools/dev docs). Runs in the root of the repository. */
#include "base/buf.h"
#include "base/crypt.h"
#include "store/queries.h"
#include "tests/check.h"
#include "tests/temp.h"

#define GOLDEN "tests/golden/schema.sql"

static bool writing;

static void dump_schema(const char *database, struct buf *into)
{
    static const struct query_def schema[] = {
        {"SCHEMA", "", "tt",
         "SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name", true}};
    struct db_options options = {.path = database, .mode = DB_READ, .queries = schema, .query_count = 1};
    struct db *db;
    struct rows rows;
    char why[256];
    if (db_open(&options, &db, why) != ERR_NONE)
        TEST_FAIL("%s", why);
    EQ_INT(ERR_NONE, db_begin(db));
    EQ_INT(ERR_NONE, tx_open_all(db_tx(db), &rows, 0));
    while (rows_next(&rows)) {
        bool is_table = strcmp(col_text(&rows, 0), "table") == 0;
        buf_printf(into, "%s%s;\n", is_table && into->len > 0 ? "\n" : "", col_text(&rows, 1));
    }
    EQ_INT(ERR_NONE, rows_close(&rows));
    db_rollback(db);
    db_close(db);
}

TEST(schema_is_the_golden_one)
{
    struct temp_store t;
    struct buf is, golden;
    char chunk[4096];
    size_t len;
    buf_init(&is, MIB(1));
    buf_init(&golden, MIB(1));
    temp_store_open(&t, NULL, NULL);
    temp_store_shut(&t);
    dump_schema(t.database, &is);
    temp_store_remove(&t);
    FILE *file = fopen(GOLDEN, writing ? "wb" : "rb");
    TRUE(file != NULL);
    if (writing)
        EQ_INT(is.len, fwrite(is.bytes, 1, is.len, file));
    while (!writing && (len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(&golden, chunk, len);
    fclose(file);
    if (!writing && strcmp(buf_cstr(&is), buf_cstr(&golden)) != 0)
        TEST_FAIL(GOLDEN " is stale: run tools/dev docs");
    buf_release(&is);
    buf_release(&golden);
}

int main(int argc, char **argv)
{
    crypt_start();
    writing = argc == 2 && strcmp(argv[1], "--write") == 0;
    return tests_run();
}
