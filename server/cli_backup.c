/* cli_backup — xueying backup DIRECTORY [--with-keys], xueying restore DIRECTORY.
 *
 * A backup is the database as one file (one snapshot, also beside a running server) and the sealed objects it names.
 * The keys are not in it unless asked for: who finds the backup alone can read nothing, and who loses the keys neither.
 * Both commands open every object and every sealed column of the result before they say that it is good. */
#include "base/clock.h"
#include "base/text.h"
#include "cli.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/queries.h"
#include "store/reseal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_ROWS     100
#define DATABASE_NAME "xueying.db"
#define KEYS_NAME     "keys"
#define BLOBS_NAME    "blobs"

struct tally {
    int64_t objects, erased, bytes;
};

/* ---- copying ---- */

static int copy_file(const char *from, const char *to, mode_t mode)
{
    char chunk[KIB(64)];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    if (in >= 0)
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool good = in >= 0 && out >= 0;
    for (ssize_t n = 1; good && n > 0;) {
        n = read(in, chunk, sizeof chunk);
        good = n >= 0 && write(out, chunk, (size_t)n) == n;
    }
    good = good && fsync(out) == 0;
    int failed = good ? 0 : errno;
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0 && failed == 0)
        failed = errno;
    return failed == 0 ? CLI_DONE : cli_say(CLI_FAILED, "%s to %s: %s", from, to, strerror(failed));
}

static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good ? CLI_DONE : cli_say(CLI_FAILED, "%s: %s", path, strerror(errno));
}

/* Room for the next page; the rows live in the transaction's arena until it is read. */
struct page {
    struct blob_row rows[PAGE_ROWS];
    size_t count;
    char after[64];
};

static enum err next_page(struct db *db, struct page *page)
{
    struct tx *tx = db_tx(db);
    arena_reset(tx->arena);
    TRY(blob_row_list(tx, page->after, page->rows, PAGE_ROWS, &page->count));
    if (page->count > 0)
        snprintf(page->after, sizeof page->after, "%s", page->rows[page->count - 1].id);
    return ERR_NONE;
}

/* An object that the running server has erased since the snapshot has no file any more: then its loss is meant. */
static enum err copy_objects(struct db *db, struct blob_store *from, struct blob_store *to, struct tally *tally)
{
    struct page page = {0};
    do {
        TRY(next_page(db, &page));
        for (size_t i = 0; i < page.count; i++) {
            if (page.rows[i].erased_us > 0)
                continue;
            enum err e = blob_copy(from, to, page.rows[i].id);
            tally->erased += e == ERR_NOT_FOUND;
            tally->objects += e == ERR_NONE;
            if (e != ERR_NONE && e != ERR_NOT_FOUND)
                return e;
        }
    } while (page.count == PAGE_ROWS);
    return ERR_NONE;
}

/* ---- proving ---- */

static int prove_object(struct blob_store *blobs, const struct blob_row *row, struct tally *tally)
{
    void *bytes = NULL;
    size_t len = 0;
    char hash[BLOB_SHA256_TEXT_BYTES];
    enum err e = blob_get(blobs, row->id, row->sealed_key, row->sealed_key_len, &bytes, &len);
    if (e == ERR_NOT_FOUND) {
        tally->erased++;
        return CLI_DONE;
    }
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "object %s: %s", row->id, err_title(e, LANGUAGE_EN));
    blob_content_hash(blobs, bytes, len, hash);
    free(bytes);
    if ((int64_t)len != row->size_bytes || !text_is(hash, row->content_hash))
        return cli_say(CLI_UNREADABLE, "object %s holds other bytes than its row says", row->id);
    tally->objects++;
    tally->bytes += (int64_t)len;
    return CLI_DONE;
}

static int prove_objects(struct db *db, struct blob_store *blobs, struct tally *tally)
{
    struct page page = {0};
    int code = CLI_DONE;
    do {
        enum err e = next_page(db, &page);
        if (e != ERR_NONE)
            return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        for (size_t i = 0; i < page.count && code == CLI_DONE; i++)
            if (page.rows[i].erased_us == 0)
                code = prove_object(blobs, &page.rows[i], tally);
    } while (page.count == PAGE_ROWS && code == CLI_DONE);
    return code;
}

static int open_database(const char *path, enum db_mode mode, struct db **db)
{
    char why[256];
    struct db_options options = {.path = path, .mode = mode, .queries = store_queries, .query_count = QUERY_COUNT};
    enum err e = db_open(&options, db, why);
    return e == ERR_NONE ? CLI_DONE : cli_say(cli_code(e), "%s", why);
}

static int prove_database(struct db *db)
{
    char why[256];
    enum err e = db_integrity(db, why);
    return e == ERR_NONE ? CLI_DONE : cli_say(CLI_UNREADABLE, "%s", why);
}

/* ---- backup ---- */

static int snapshot(struct cli *cli, const char *path)
{
    struct db *db;
    /* Not to write in it: a reader may not even write its copy. */
    int code = open_database(config_database(&cli->config, cli->arena), DB_WRITE, &db);
    if (code != CLI_DONE)
        return code;
    enum err e = db_backup(db, path);
    if (e != ERR_NONE)
        code = cli_say(cli_code(e), "%s: %s", path, db_message(db));
    db_close(db);
    return code;
}

static int copy_and_prove(struct cli *cli, const char *database, struct blob_store *blobs, struct tally *proved)
{
    struct db *db;
    struct tally copied = {0};
    int code = open_database(database, DB_READ, &db);
    if (code != CLI_DONE)
        return code;
    enum err e = copy_objects(db, cli->blobs, blobs, &copied);
    if (e != ERR_NONE)
        code = cli_say(cli_code(e), "copying objects: %s", err_title(e, LANGUAGE_EN));
    if (code == CLI_DONE)
        code = prove_database(db);
    if (code == CLI_DONE)
        code = prove_objects(db, blobs, proved);
    if (code == CLI_DONE && proved->objects != copied.objects)
        code = cli_say(CLI_FAILED, "%" PRId64 " objects were copied, %" PRId64 " can be read", copied.objects,
                       proved->objects);
    db_close(db);
    return code;
}

static int backup_into(struct cli *cli, const char *directory, bool with_keys)
{
    char why[256];
    struct blob_store *blobs = NULL;
    struct tally proved = {0};
    struct arena *arena = cli->arena;
    const char *database = arena_printf(arena, "%s/%s", directory, DATABASE_NAME);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return cli_say(CLI_FAILED, "%s: %s", directory, strerror(errno));
    if (access(database, F_OK) == 0)
        return cli_say(CLI_FAILED, "%s is there already; each backup has a directory of its own", database);
    int code = snapshot(cli, database);
    if (code == CLI_DONE && blob_open(arena_printf(arena, "%s/%s", directory, BLOBS_NAME), cli->ring, &blobs, why))
        code = cli_say(CLI_FAILED, "%s", why);
    if (code == CLI_DONE)
        code = copy_and_prove(cli, database, blobs, &proved);
    if (code == CLI_DONE && with_keys)
        code =
            copy_file(config_key_file(&cli->config, arena), arena_printf(arena, "%s/%s", directory, KEYS_NAME), 0400);
    if (code == CLI_DONE)
        code = sync_directory(directory);
    if (code == CLI_DONE)
        printf("%s: database and %" PRId64 " objects (%" PRId64 " bytes), all opened again; %s\n", directory,
               proved.objects, proved.bytes,
               with_keys ? "the keys are in it: guard it like the server"
                         : "the keys are not in it: keep the key file elsewhere, without it nothing can be read");
    blob_close(blobs);
    return code;
}

int cli_backup(int argc, char **argv)
{
    struct cli cli;
    int code = cli_open(&cli, &argc, argv, "with-keys", CLI_LOOK);
    const char *directory = cli_word(argc, argv, 0);
    if (code == CLI_DONE)
        code = directory == NULL ? cli_say(CLI_USAGE, "backup DIRECTORY [--with-keys]")
                                 : backup_into(&cli, directory, cli_option(argc, argv, "with-keys") != NULL);
    cli_close(&cli);
    return code;
}

/* ---- restore ---- */

static enum err chain_step(struct tx *tx, void *arg)
{
    int64_t *rows = arg, bad = 0;
    return audit_verify(tx, rows, &bad);
}

static int prove_columns(struct cli *cli)
{
    struct reseal_page page = {0};
    while (!page.from.done) {
        enum err e = store_run(cli->store, STORE_READ, reseal_verify, &page);
        if (e != ERR_NONE)
            return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        page.from = page.to;
    }
    if (page.from.unreadable > 0)
        return cli_say(CLI_UNREADABLE, "%" PRId64 " values do not open with these keys, first %s", page.from.unreadable,
                       page.from.bad);
    return CLI_DONE;
}

static int put_back(struct cli *cli, const char *directory)
{
    struct arena *arena = cli->arena;
    const char *data = cli->config.data_directory, *database = config_database(&cli->config, arena);
    const char *key_file = config_key_file(&cli->config, arena);
    const char *saved_keys = arena_printf(arena, "%s/%s", directory, KEYS_NAME);
    if (mkdir(data, 0700) != 0 && errno != EEXIST)
        return cli_say(CLI_FAILED, "%s: %s", data, strerror(errno));
    if (access(database, F_OK) == 0)
        return cli_say(CLI_FAILED, "%s is there already; restore only into an empty data directory", database);
    int code = CLI_DONE;
    if (access(key_file, F_OK) != 0)
        code = access(saved_keys, F_OK) == 0
                   ? copy_file(saved_keys, key_file, 0400)
                   : cli_say(CLI_FAILED, "%s: the backup has no keys; put the key file there first", key_file);
    if (code == CLI_DONE)
        code = copy_file(arena_printf(arena, "%s/%s", directory, DATABASE_NAME), database, 0600);
    return code == CLI_DONE ? sync_directory(data) : code;
}

/* The objects, from the store in `directory` to ours, then everything is opened. */
static int put_back_objects(struct cli *cli, const char *directory, struct tally *proved)
{
    char why[256];
    struct blob_store *saved = NULL;
    struct db *db = NULL;
    struct tally copied = {0};
    if (blob_open(arena_printf(cli->arena, "%s/%s", directory, BLOBS_NAME), cli->ring, &saved, why) != ERR_NONE)
        return cli_say(CLI_UNREADABLE, "%s", why);
    int code = open_database(config_database(&cli->config, cli->arena), DB_READ, &db);
    if (code == CLI_DONE) {
        enum err e = copy_objects(db, saved, cli->blobs, &copied);
        code = e == ERR_NONE ? prove_database(db) : cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    }
    if (code == CLI_DONE)
        code = prove_objects(db, cli->blobs, proved);
    db_close(db);
    blob_close(saved);
    return code;
}

static int restore_from(struct cli *cli, const char *directory)
{
    struct tally proved = {0};
    int64_t entries = 0;
    int code = put_back(cli, directory);
    if (code == CLI_DONE)
        code = cli_open_data(cli, CLI_CHANGE, NULL, NULL);
    if (code == CLI_DONE)
        code = put_back_objects(cli, directory, &proved);
    if (code == CLI_DONE)
        code = prove_columns(cli);
    if (code == CLI_DONE && store_run(cli->store, STORE_READ, chain_step, &entries) != ERR_NONE)
        code = cli_say(CLI_UNREADABLE, "the audit chain is broken");
    if (code == CLI_DONE)
        printf("restored: %" PRId64 " objects (%" PRId64 " bytes) and %" PRId64 " audit entries, all opened\n",
               proved.objects, proved.bytes, entries);
    return code;
}

int cli_restore(int argc, char **argv)
{
    struct cli cli;
    int code = cli_open(&cli, &argc, argv, "", CLI_CONFIG);
    const char *directory = cli_word(argc, argv, 0);
    if (code == CLI_DONE)
        code = directory == NULL ? cli_say(CLI_USAGE, "restore DIRECTORY") : restore_from(&cli, directory);
    cli_close(&cli);
    return code;
}
