/* temp — a store over a fresh database in a folder of its own under $TMPDIR or /tmp; removed at the end. */
#ifndef XY_TESTS_TEMP_H
#define XY_TESTS_TEMP_H

#include "base/check.h"
#include "store/queries.h"
#include "store/store.h"

#include <ftw.h>
#include <unistd.h>

struct temp_store {
    char folder[256], database[300], key_file[300];
    struct keyring *ring;
    struct store *store;
};

static inline int temp_remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static inline void temp_folder(char folder[256], const char *name)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, 256, "%s/xueying-%s-XXXXXX", base != NULL ? base : "/tmp", name);
    CHECK(mkdtemp(folder) != NULL);
}

static inline void temp_folder_remove(const char *folder)
{
    nftw(folder, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void temp_store_open(struct temp_store *t, store_announce *announce, void *arg)
{
    char why[256];
    struct migrate_report report;
    temp_folder(t->folder, "store");
    snprintf(t->database, sizeof t->database, "%s/xueying.db", t->folder);
    snprintf(t->key_file, sizeof t->key_file, "%s/keys", t->folder);
    CHECK(keyring_load(t->key_file, &t->ring, why) == ERR_NONE);
    CHECK(migrate_apply(t->database, store_migrations, store_migration_count, &report, why) == ERR_NONE);
    struct store_options options = {.database = t->database,
                                    .ring = t->ring,
                                    .boot_id = "test-boot",
                                    .readers = 1,
                                    .queue_max = 1000,
                                    .knows_followers = true,
                                    .announce = announce,
                                    .announce_arg = arg};
    enum err e = store_open(&options, &t->store, why);
    if (e != ERR_NONE)
        fprintf(stderr, "store_open: %s\n", why);
    CHECK(e == ERR_NONE);
}

static inline void temp_store_shut(struct temp_store *t)
{
    store_close(t->store);
    t->store = NULL;
}

static inline void temp_store_remove(struct temp_store *t)
{
    keyring_free(t->ring);
    temp_folder_remove(t->folder);
}

static inline void temp_store_close(struct temp_store *t)
{
    temp_store_shut(t);
    temp_store_remove(t);
}

#endif
