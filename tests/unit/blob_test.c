/* links: xy_base */
#include "blob/blob_fs.c"
#include "blob/seal.c"
#include "tests/check.h"

static char root[64];

struct fixture {
    struct keyring *ring;
    struct blob_store *store;
    struct arena *arena;
};

static struct fixture setup(void)
{
    struct fixture f = {0};
    char why[256], path[128];
    crypt_start();
    snprintf(root, sizeof root, "/tmp/xy-blob-XXXXXX");
    TRUE(mkdtemp(root) != NULL);
    snprintf(path, sizeof path, "%s/keys", root);
    EQ_INT(ERR_NONE, keyring_load(path, &f.ring, why));
    snprintf(path, sizeof path, "%s/blobs", root);
    EQ_INT(ERR_NONE, blob_open(path, f.ring, &f.store, why));
    f.arena = arena_new(MIB(1));
    return f;
}

static enum err remove_each(void *arg, const char *id, const char *name, int64_t modified_us, int64_t size_bytes)
{
    (void)id, (void)modified_us, (void)size_bytes;
    struct blob_store *store = arg;
    unlinkat(store->directory, name, 0);
    char shard[8];
    snprintf(shard, sizeof shard, "%.*s", (int)strcspn(name, "/"), name);
    unlinkat(store->directory, shard, AT_REMOVEDIR);
    return ERR_NONE;
}

static void teardown(struct fixture *f)
{
    char path[128];
    blob_walk(f->store, remove_each, f->store);
    unlinkat(f->store->directory, NEW_DIRECTORY, AT_REMOVEDIR);
    blob_close(f->store);
    keyring_free(f->ring);
    arena_free(f->arena);
    snprintf(path, sizeof path, "%s/blobs", root);
    rmdir(path);
    snprintf(path, sizeof path, "%s/keys", root);
    unlink(path);
    rmdir(root);
}

static unsigned char *pattern(size_t len)
{
    unsigned char *bytes = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 251);
    return bytes;
}

static struct blob_ref put(struct fixture *f, const unsigned char *bytes, size_t len)
{
    char id[CRYPT_ID_TEXT_BYTES];
    struct blob_ref ref;
    crypt_id(1, id);
    EQ_INT(ERR_NONE, blob_put(f->store, id, bytes, len, f->arena, &ref));
    return ref;
}

static enum err get(struct fixture *f, const struct blob_ref *ref, void **bytes, size_t *len)
{
    return blob_get(f->store, ref->id, ref->sealed_key, ref->sealed_key_len, bytes, len);
}

static enum err get_and_drop(struct fixture *f, const struct blob_ref *ref)
{
    void *bytes;
    size_t len;
    enum err e = get(f, ref, &bytes, &len);
    if (e == ERR_NONE)
        free(bytes);
    return e;
}

static unsigned char *file_read(struct fixture *f, const char *id, size_t *len)
{
    char path[NAME_BYTES];
    path_of(id, path);
    int fd = openat(f->store->directory, path, O_RDONLY);
    struct stat info;
    fstat(fd, &info);
    *len = (size_t)info.st_size;
    unsigned char *bytes = malloc(*len + 1);
    EQ_INT(ERR_NONE, read_all(fd, bytes, *len));
    close(fd);
    return bytes;
}

static void file_write(struct fixture *f, const char *id, const unsigned char *bytes, size_t len)
{
    char path[NAME_BYTES];
    path_of(id, path);
    int fd = openat(f->store->directory, path, O_WRONLY | O_TRUNC);
    EQ_INT(ERR_NONE, write_all(fd, bytes, len));
    close(fd);
}

static void round_trip(struct fixture *f, size_t len)
{
    unsigned char *bytes = pattern(len);
    struct blob_ref ref = put(f, bytes, len);
    void *back = NULL;
    size_t back_len = 0;
    EQ_INT(ERR_NONE, get(f, &ref, &back, &back_len));
    EQ_INT(len, back_len);
    EQ_INT(len, ref.size_bytes);
    TRUE(memcmp(bytes, back, len) == 0);
    char hash[BLOB_SHA256_TEXT_BYTES];
    blob_content_hash(f->store, back, back_len, hash);
    EQ_TEXT(ref.content_hash, hash);
    free(back);
    free(bytes);
}

TEST(what_is_put_comes_back)
{
    struct fixture f = setup();
    static const size_t sizes[] = {0, 1, KIB(64) - 1, KIB(64), KIB(64) + 1, KIB(128), MIB(12)};
    for (size_t i = 0; i < countof(sizes); i++)
        round_trip(&f, sizes[i]);
    teardown(&f);
}

TEST(nothing_readable_is_on_the_disk)
{
    struct fixture f = setup();
    unsigned char canary[64];
    memset(canary, 'K', sizeof canary);
    struct blob_ref ref = put(&f, canary, sizeof canary);
    size_t len;
    unsigned char *file = file_read(&f, ref.id, &len);
    TRUE(memmem(file, len, "KKKKKK", 6) == NULL);
    EQ_INT(seal_size(sizeof canary), len);
    free(file);
    teardown(&f);
}

/* Every single byte of a three-chunk file changed: through seal, in memory, because 130,000 files would take minutes;
 * the file reader is the same loop, and is tried at each border. */
TEST(every_flipped_byte_is_found)
{
    enum { CHUNK = SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES, LAST = 100 + SEAL_CHUNK_OVERHEAD_BYTES };
    static unsigned char sealed[SEAL_HEAD_BYTES + 2 * CHUNK + LAST], out[SEAL_CHUNK_BYTES];
    unsigned char *bytes = pattern(2 * SEAL_CHUNK_BYTES + 100), key[SEAL_KEY_BYTES];
    struct seal seal;
    crypt_start();
    seal_key_new(key);
    seal_begin(&seal, key, "0123456789abcdefghjkmnpqrs", sealed);
    seal_chunk(&seal, bytes, SEAL_CHUNK_BYTES, false, sealed + SEAL_HEAD_BYTES);
    seal_chunk(&seal, bytes + SEAL_CHUNK_BYTES, SEAL_CHUNK_BYTES, false, sealed + SEAL_HEAD_BYTES + CHUNK);
    seal_chunk(&seal, bytes + 2 * SEAL_CHUNK_BYTES, 100, true, sealed + SEAL_HEAD_BYTES + 2 * CHUNK);
    free(bytes);
    struct seal at[3]; /* the reader just before each chunk: only the changed chunk need be opened again */
    EQ_INT(ERR_NONE, seal_open_begin(&at[0], key, "0123456789abcdefghjkmnpqrs", sealed));
    for (size_t i = 0; i < 2; i++) {
        at[i + 1] = at[i];
        EQ_INT(ERR_NONE, seal_open_chunk(&at[i + 1], sealed + SEAL_HEAD_BYTES + i * CHUNK, CHUNK, false, out));
    }
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 0x20;
        size_t chunk = i < SEAL_HEAD_BYTES ? 0 : (i - SEAL_HEAD_BYTES) / CHUNK;
        struct seal reader = at[chunk];
        enum err e =
            i < SEAL_HEAD_BYTES ? seal_open_begin(&reader, key, "0123456789abcdefghjkmnpqrs", sealed) : ERR_NONE;
        if (e == ERR_NONE)
            e = seal_open_chunk(&reader, sealed + SEAL_HEAD_BYTES + chunk * CHUNK, chunk == 2 ? LAST : CHUNK,
                                chunk == 2, out);
        if (e != ERR_CORRUPT)
            TEST_FAIL("byte %zu may be changed", i);
        sealed[i] ^= 0x20;
    }
}

TEST(changed_cut_and_lengthened_files_are_corrupt)
{
    struct fixture f = setup();
    size_t chunk = SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES, len;
    unsigned char *bytes = pattern(2 * SEAL_CHUNK_BYTES + 100);
    struct blob_ref ref = put(&f, bytes, 2 * SEAL_CHUNK_BYTES + 100);
    unsigned char *file = file_read(&f, ref.id, &len), *worse = malloc(len + 64);
    size_t cuts[] = {0,
                     1,
                     SEAL_HEAD_BYTES - 1,
                     SEAL_HEAD_BYTES,
                     SEAL_HEAD_BYTES + chunk - 1,
                     SEAL_HEAD_BYTES + chunk,
                     SEAL_HEAD_BYTES + 2 * chunk - 1,
                     SEAL_HEAD_BYTES + 2 * chunk,
                     len - 1};
    for (size_t i = 0; i < countof(cuts); i++) {
        file_write(&f, ref.id, file, cuts[i]);
        EQ_INT(ERR_CORRUPT, get_and_drop(&f, &ref));
    }
    size_t flips[] = {0, 6, 7, 8, SEAL_HEAD_BYTES, SEAL_HEAD_BYTES + chunk, SEAL_HEAD_BYTES + 2 * chunk, len - 1};
    for (size_t i = 0; i < countof(flips); i++) {
        memcpy(worse, file, len);
        worse[flips[i]] ^= 1;
        file_write(&f, ref.id, worse, len);
        EQ_INT(ERR_CORRUPT, get_and_drop(&f, &ref));
    }
    memcpy(worse, file, len);
    memset(worse + len, 0, 64);
    file_write(&f, ref.id, worse, len + 64);
    EQ_INT(ERR_CORRUPT, get_and_drop(&f, &ref));
    memcpy(worse + SEAL_HEAD_BYTES, file + SEAL_HEAD_BYTES + chunk, chunk); /* the two full chunks change places */
    memcpy(worse + SEAL_HEAD_BYTES + chunk, file + SEAL_HEAD_BYTES, chunk);
    file_write(&f, ref.id, worse, len);
    EQ_INT(ERR_CORRUPT, get_and_drop(&f, &ref));
    file_write(&f, ref.id, file, len);
    EQ_INT(ERR_NONE, get_and_drop(&f, &ref));
    free(bytes);
    free(file);
    free(worse);
    teardown(&f);
}

TEST(swapped_files_heads_and_keys_are_corrupt)
{
    struct fixture f = setup();
    unsigned char *bytes = pattern(1000);
    struct blob_ref a = put(&f, bytes, 1000), b = put(&f, bytes, 1000);
    size_t len;
    unsigned char *file_a = file_read(&f, a.id, &len), *file_b = file_read(&f, b.id, &len);
    file_write(&f, a.id, file_b, len);
    EQ_INT(ERR_CORRUPT, get_and_drop(&f, &a));
    struct blob_ref crossed = a; /* both file and key of b under the name of a: the row was swapped too */
    crossed.sealed_key = b.sealed_key;
    EQ_INT(ERR_CORRUPT, get_and_drop(&f, &crossed));
    memcpy(file_b, file_a, SEAL_HEAD_BYTES);
    file_write(&f, b.id, file_b, len);
    EQ_INT(ERR_CORRUPT, get_and_drop(&f, &b));
    file_write(&f, a.id, file_a, len);
    EQ_INT(ERR_NONE, get_and_drop(&f, &a));
    free(bytes);
    free(file_a);
    free(file_b);
    teardown(&f);
}

TEST(an_object_opens_only_under_its_own_id)
{
    unsigned char key[SEAL_KEY_BYTES], head[SEAL_HEAD_BYTES], sealed[5 + SEAL_CHUNK_OVERHEAD_BYTES], out[5];
    struct seal seal;
    crypt_start();
    seal_key_new(key);
    seal_begin(&seal, key, "a", head);
    seal_chunk(&seal, "12345", 5, true, sealed);
    EQ_INT(ERR_NONE, seal_open_begin(&seal, key, "b", head));
    EQ_INT(ERR_CORRUPT, seal_open_chunk(&seal, sealed, sizeof sealed, true, out));
    EQ_INT(ERR_NONE, seal_open_begin(&seal, key, "a", head));
    EQ_INT(ERR_CORRUPT, seal_open_chunk(&seal, sealed, sizeof sealed, false, out)); /* final where more should come */
    EQ_INT(ERR_NONE, seal_open_begin(&seal, key, "a", head));
    EQ_INT(ERR_NONE, seal_open_chunk(&seal, sealed, sizeof sealed, true, out));
}

TEST(a_stale_or_unknown_key_opens_nothing)
{
    struct fixture f = setup();
    struct blob_ref ref = put(&f, (const unsigned char *)"photo", 5);
    unsigned char *key = arena_copy(f.arena, ref.sealed_key, ref.sealed_key_len);
    key[0] = 9; /* a key number we do not have */
    EQ_INT(ERR_CORRUPT, blob_get(f.store, ref.id, key, ref.sealed_key_len, &(void *){NULL}, &(size_t){0}));
    EQ_INT(ERR_CORRUPT, blob_get(f.store, ref.id, ref.sealed_key, 3, &(void *){NULL}, &(size_t){0}));
    EQ_INT(ERR_NONE, blob_remove(f.store, ref.id));
    EQ_INT(ERR_NONE, blob_remove(f.store, ref.id));
    EQ_INT(ERR_NOT_FOUND, get_and_drop(&f, &ref));
    EQ_INT(ERR_NOT_FOUND, blob_get(f.store, "../../etc/passwd", key, 3, &(void *){NULL}, &(size_t){0}));
    teardown(&f);
}

TEST(after_a_rotation_old_and_rewrapped_keys_open)
{
    struct fixture f = setup();
    struct blob_ref old = put(&f, (const unsigned char *)"photo", 5), fresh;
    EQ_INT(ERR_NONE, keyring_rotate(f.ring));
    EQ_INT(ERR_NONE, get_and_drop(&f, &old));
    EQ_INT(ERR_NONE, blob_rewrap(f.ring, old.id, old.sealed_key, old.sealed_key_len, f.arena, &fresh));
    EQ_INT(1, old.key_number);
    EQ_INT(2, fresh.key_number);
    EQ_INT(ERR_NONE, get_and_drop(&f, &fresh));
    char other[CRYPT_ID_TEXT_BYTES];
    crypt_id(1, other);
    EQ_INT(ERR_CORRUPT, blob_rewrap(f.ring, other, old.sealed_key, old.sealed_key_len, f.arena, &fresh));
    teardown(&f);
}

struct seen {
    int objects, leftovers;
    char leftover[64];
};

static enum err count_each(void *arg, const char *id, const char *name, int64_t modified_us, int64_t size_bytes)
{
    struct seen *seen = arg;
    TRUE(modified_us > 0 && size_bytes >= 0);
    if (id != NULL)
        seen->objects++;
    else
        snprintf(seen->leftover, sizeof seen->leftover, "%s", name), seen->leftovers++;
    return ERR_NONE;
}

TEST(leftovers_of_a_crash_are_walked_and_removed)
{
    struct fixture f = setup();
    struct seen seen = {0};
    put(&f, (const unsigned char *)"1", 1);
    put(&f, (const unsigned char *)"2", 1);
    close(openat(f.store->directory, NEW_DIRECTORY "/half-written", O_WRONLY | O_CREAT, 0600));
    EQ_INT(ERR_NONE, blob_walk(f.store, count_each, &seen));
    EQ_INT(2, seen.objects);
    EQ_INT(1, seen.leftovers);
    EQ_TEXT(NEW_DIRECTORY "/half-written", seen.leftover);
    EQ_INT(ERR_BAD_REQUEST, blob_remove_leftover(f.store, "../keys"));
    EQ_INT(ERR_NONE, blob_remove_leftover(f.store, seen.leftover));
    seen = (struct seen){0};
    EQ_INT(ERR_NONE, blob_walk(f.store, count_each, &seen));
    EQ_INT(0, seen.leftovers);
    teardown(&f);
}

TEST(a_copy_is_the_same_object_in_another_store)
{
    struct fixture f = setup();
    struct blob_store *other;
    char path[128], why[256];
    snprintf(path, sizeof path, "%s/other", root);
    EQ_INT(ERR_NONE, blob_open(path, f.ring, &other, why));
    unsigned char *bytes = pattern(MIB(1) + 3);
    struct blob_ref ref = put(&f, bytes, MIB(1) + 3);
    EQ_INT(ERR_NONE, blob_copy(f.store, other, ref.id));
    EQ_INT(ERR_NONE, blob_copy(f.store, other, ref.id));
    void *back;
    size_t len;
    EQ_INT(ERR_NONE, blob_get(other, ref.id, ref.sealed_key, ref.sealed_key_len, &back, &len));
    TRUE(len == MIB(1) + 3 && memcmp(back, bytes, len) == 0);
    free(back);
    free(bytes);
    char absent[CRYPT_ID_TEXT_BYTES];
    crypt_id(1, absent);
    EQ_INT(ERR_NOT_FOUND, blob_copy(f.store, other, absent));
    blob_walk(other, remove_each, other);
    unlinkat(other->directory, NEW_DIRECTORY, AT_REMOVEDIR);
    blob_close(other);
    rmdir(path);
    teardown(&f);
}

TEST(too_large_is_refused_before_anything_is_written)
{
    struct fixture f = setup();
    char id[CRYPT_ID_TEXT_BYTES];
    struct blob_ref ref;
    crypt_id(1, id);
    EQ_INT(ERR_TOO_LARGE, blob_put(f.store, id, "", BLOB_BYTES_MAX + 1, f.arena, &ref));
    struct seen seen = {0};
    EQ_INT(ERR_NONE, blob_walk(f.store, count_each, &seen));
    EQ_INT(0, seen.objects + seen.leftovers);
    teardown(&f);
}

int main(void)
{
    return tests_run();
}
