/* blob on a local file system: DIRECTORY/<last two characters of the id>/<id>, written first as DIRECTORY/new/<id>.
 * Ids sort by time of making, so their ends, which are random, spread the files evenly. */
#include "blob/blob.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"
#include "blob/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_DIRECTORY "new"
#define NAME_BYTES    64
#define ABOUT_BYTES   64
#define SHARD_CHARS   2
#define COPY_BYTES    KIB(256)

struct blob_store {
    int directory;
    const struct keyring *ring;
    unsigned char content_key[CRYPT_KEY_BYTES];
};

static enum err err_of_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_STORAGE;
}

static enum err make_directory(int parent, const char *name)
{
    if (mkdirat(parent, name, 0700) == 0)
        return fsync(parent) == 0 ? ERR_NONE : err_of_errno();
    return errno == EEXIST ? ERR_NONE : err_of_errno();
}

/* The key of the content hash: two halves, because the keyring hands out 128-bit values. */
static void derive_content_key(struct blob_store *store)
{
    char hex[KEYRING_INDEX_TEXT_BYTES];
    static const char *const halves[] = {"first half", "second half"};
    for (size_t i = 0; i < countof(halves); i++) {
        keyring_index(store->ring, "blob content key", halves[i], hex);
        CHECK(text_unhex(hex, store->content_key + 16 * i, 16));
    }
    crypt_wipe(hex, sizeof hex);
}

enum err blob_open(const char *directory, const struct keyring *ring, struct blob_store **out, char why[256])
{
    why[0] = '\0';
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        snprintf(why, 256, "%s cannot be made: %s", directory, strerror(errno));
        return ERR_STORAGE;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || make_directory(fd, NEW_DIRECTORY) != ERR_NONE) {
        snprintf(why, 256, "%s cannot be used: %s", directory, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_STORAGE;
    }
    struct blob_store *store = calloc(1, sizeof *store);
    CHECK(store != NULL);
    store->directory = fd;
    store->ring = ring;
    derive_content_key(store);
    *out = store;
    return ERR_NONE;
}

void blob_close(struct blob_store *store)
{
    if (store == NULL)
        return;
    close(store->directory);
    crypt_wipe(store, sizeof *store);
    free(store);
}

void blob_content_hash(const struct blob_store *store, const void *bytes, size_t len, char *hex)
{
    unsigned char hash[CRYPT_HASH_BYTES];
    crypt_hash_keyed(store->content_key, bytes, len, hash);
    text_hex(hash, sizeof hash, hex);
}

static void about_key(const char *id, char about[ABOUT_BYTES])
{
    snprintf(about, ABOUT_BYTES, "blob|%s|key", id);
}

static void shard_of(const char *id, char shard[SHARD_CHARS + 1])
{
    memcpy(shard, id + strlen(id) - SHARD_CHARS, SHARD_CHARS + 1);
}

static void path_of(const char *id, char path[NAME_BYTES])
{
    char shard[SHARD_CHARS + 1];
    shard_of(id, shard);
    snprintf(path, NAME_BYTES, "%s/%s", shard, id);
}

/* ---- write ---- */

static enum err write_all(int fd, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_of_errno();
        bytes += n;
        len -= (size_t)n;
    }
    return ERR_NONE;
}

static enum err write_sealed(int fd, const unsigned char key[SEAL_KEY_BYTES], const char *id,
                             const unsigned char *bytes, size_t len)
{
    struct seal seal;
    unsigned char head[SEAL_HEAD_BYTES];
    unsigned char *chunk = malloc(SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES);
    CHECK(chunk != NULL);
    seal_begin(&seal, key, id, head);
    enum err e = write_all(fd, head, sizeof head);
    bool last = false;
    for (size_t at = 0; e == ERR_NONE && !last; at += SEAL_CHUNK_BYTES) {
        size_t n = len - at < SEAL_CHUNK_BYTES ? len - at : SEAL_CHUNK_BYTES;
        last = at + n == len;
        seal_chunk(&seal, n > 0 ? bytes + at : (const unsigned char *)"", n, last, chunk);
        e = write_all(fd, chunk, n + SEAL_CHUNK_OVERHEAD_BYTES);
    }
    if (e == ERR_NONE && fsync(fd) != 0)
        e = err_of_errno();
    seal_end(&seal);
    free(chunk);
    return e;
}

/* Into its place, durably: rename, then sync the directory that now names it. */
static enum err move_in(struct blob_store *store, const char *beside, const char *id)
{
    char shard[SHARD_CHARS + 1], path[NAME_BYTES];
    shard_of(id, shard);
    path_of(id, path);
    if (renameat(store->directory, beside, store->directory, path) != 0) {
        if (errno != ENOENT)
            return err_of_errno();
        TRY(make_directory(store->directory, shard));
        if (renameat(store->directory, beside, store->directory, path) != 0)
            return err_of_errno();
    }
    int fd = openat(store->directory, shard, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno();
    enum err e = fsync(fd) == 0 ? ERR_NONE : err_of_errno();
    close(fd);
    return e;
}

static void wrap(const struct keyring *ring, const char *id, const void *key, struct arena *arena, struct blob_ref *ref)
{
    char about[ABOUT_BYTES];
    about_key(id, about);
    ref->sealed_key = keyring_seal(ring, KEYRING_BLOB, key, SEAL_KEY_BYTES, about, arena, &ref->sealed_key_len);
    ref->key_number = keyring_number_of(ref->sealed_key, ref->sealed_key_len);
}

enum err blob_put(struct blob_store *store, const char *id, const void *bytes, size_t len, struct arena *arena,
                  struct blob_ref *ref)
{
    CHECK(crypt_id_valid(id));
    if (len > BLOB_BYTES_MAX)
        return ERR_TOO_LARGE;
    char beside[NAME_BYTES];
    snprintf(beside, sizeof beside, NEW_DIRECTORY "/%s", id);
    unlinkat(store->directory, beside, 0); /* a crash left it */
    int fd = openat(store->directory, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_of_errno();
    unsigned char key[SEAL_KEY_BYTES];
    seal_key_new(key);
    enum err e = write_sealed(fd, key, id, bytes, len);
    if (close(fd) != 0 && e == ERR_NONE)
        e = err_of_errno();
    if (e == ERR_NONE)
        e = move_in(store, beside, id);
    if (e == ERR_NONE) {
        char hash[BLOB_SHA256_TEXT_BYTES];
        blob_content_hash(store, bytes, len, hash);
        *ref = (struct blob_ref){
            .id = arena_text(arena, id), .size_bytes = (int64_t)len, .content_hash = arena_text(arena, hash)};
        wrap(store->ring, id, key, arena, ref);
    } else {
        unlinkat(store->directory, beside, 0);
    }
    crypt_wipe(key, sizeof key);
    return e;
}

/* ---- read ---- */

/* A short file is CORRUPT; a disk that fails is STORAGE. */
static enum err read_all(int fd, unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_STORAGE;
        if (n == 0)
            return ERR_CORRUPT;
        bytes += n;
        len -= (size_t)n;
    }
    return ERR_NONE;
}

static enum err read_sealed(int fd, const unsigned char key[SEAL_KEY_BYTES], const char *id, unsigned char *bytes,
                            size_t len)
{
    struct seal seal;
    unsigned char head[SEAL_HEAD_BYTES];
    TRY(read_all(fd, head, sizeof head));
    unsigned char *chunk = malloc(SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES);
    CHECK(chunk != NULL);
    enum err e = seal_open_begin(&seal, key, id, head);
    bool last = false;
    for (size_t at = 0; e == ERR_NONE && !last; at += SEAL_CHUNK_BYTES) {
        size_t n = len - at < SEAL_CHUNK_BYTES ? len - at : SEAL_CHUNK_BYTES;
        last = at + n == len;
        e = read_all(fd, chunk, n + SEAL_CHUNK_OVERHEAD_BYTES);
        if (e == ERR_NONE)
            e = seal_open_chunk(&seal, chunk, n + SEAL_CHUNK_OVERHEAD_BYTES, last, bytes + at);
    }
    seal_end(&seal);
    free(chunk);
    return e;
}

static enum err unwrap(const struct keyring *ring, const char *id, const void *sealed_key, size_t sealed_key_len,
                       unsigned char key[SEAL_KEY_BYTES])
{
    char about[ABOUT_BYTES], *bytes = NULL;
    size_t len = 0;
    about_key(id, about);
    struct arena *arena = arena_new(KIB(4));
    enum err e = keyring_open(ring, KEYRING_BLOB, sealed_key, sealed_key_len, about, arena, &bytes, &len);
    if (e == ERR_NONE && len != SEAL_KEY_BYTES)
        e = ERR_CORRUPT;
    if (e == ERR_NONE) {
        memcpy(key, bytes, SEAL_KEY_BYTES);
        crypt_wipe(bytes, len);
    }
    arena_free(arena);
    return e;
}

static enum err read_object(int fd, const unsigned char key[SEAL_KEY_BYTES], const char *id, void **bytes, size_t *len)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return ERR_STORAGE;
    size_t plain_len;
    if (!S_ISREG(info.st_mode) || !seal_plain_size((size_t)info.st_size, &plain_len) || plain_len > BLOB_BYTES_MAX)
        return ERR_CORRUPT;
    unsigned char *plain = malloc(plain_len + 1); /* + 1: an empty object has an address too */
    if (plain == NULL)
        return ERR_BUSY;
    enum err e = read_sealed(fd, key, id, plain, plain_len);
    if (e != ERR_NONE) {
        free(plain);
        return e;
    }
    *bytes = plain;
    *len = plain_len;
    return ERR_NONE;
}

enum err blob_get(struct blob_store *store, const char *id, const void *sealed_key, size_t sealed_key_len, void **bytes,
                  size_t *len)
{
    if (!crypt_id_valid(id))
        return ERR_NOT_FOUND;
    char path[NAME_BYTES];
    path_of(id, path);
    int fd = openat(store->directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE;
    unsigned char key[SEAL_KEY_BYTES];
    enum err e = unwrap(store->ring, id, sealed_key, sealed_key_len, key);
    if (e == ERR_NONE)
        e = read_object(fd, key, id, bytes, len);
    close(fd);
    crypt_wipe(key, sizeof key);
    return e;
}

enum err blob_rewrap(const struct keyring *ring, const char *id, const void *sealed_key, size_t sealed_key_len,
                     struct arena *arena, struct blob_ref *ref)
{
    unsigned char key[SEAL_KEY_BYTES];
    TRY(unwrap(ring, id, sealed_key, sealed_key_len, key));
    *ref = (struct blob_ref){.id = arena_text(arena, id)};
    wrap(ring, id, key, arena, ref);
    crypt_wipe(key, sizeof key);
    return ERR_NONE;
}

/* ---- copy ---- */

static enum err copy_bytes(int from, int to)
{
    unsigned char *chunk = malloc(COPY_BYTES);
    CHECK(chunk != NULL);
    enum err e = ERR_NONE;
    for (ssize_t n = 1; e == ERR_NONE && n > 0;) {
        n = read(from, chunk, COPY_BYTES);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            e = ERR_STORAGE;
        else
            e = write_all(to, chunk, (size_t)n);
    }
    free(chunk);
    return e == ERR_NONE && fsync(to) != 0 ? err_of_errno() : e;
}

enum err blob_copy(struct blob_store *from, struct blob_store *to, const char *id)
{
    char path[NAME_BYTES], beside[NAME_BYTES];
    if (!crypt_id_valid(id))
        return ERR_NOT_FOUND;
    path_of(id, path);
    snprintf(beside, sizeof beside, NEW_DIRECTORY "/%s", id);
    int source = openat(from->directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (source < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE;
    int target = openat(to->directory, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum err e = target < 0 ? err_of_errno() : copy_bytes(source, target);
    if (target >= 0 && close(target) != 0 && e == ERR_NONE)
        e = err_of_errno();
    if (e == ERR_NONE)
        e = move_in(to, beside, id);
    if (e != ERR_NONE)
        unlinkat(to->directory, beside, 0);
    close(source);
    return e;
}

/* ---- remove and walk ---- */

enum err blob_remove(struct blob_store *store, const char *id)
{
    if (!crypt_id_valid(id))
        return ERR_NONE;
    char path[NAME_BYTES];
    path_of(id, path);
    return unlinkat(store->directory, path, 0) == 0 || errno == ENOENT ? ERR_NONE : err_of_errno();
}

/* Names come from blob_walk: "<directory>/<file>", nothing above. */
enum err blob_remove_leftover(struct blob_store *store, const char *name)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL || strchr(slash + 1, '/') != NULL || strstr(name, "..") != NULL)
        return ERR_BAD_REQUEST;
    return unlinkat(store->directory, name, 0) == 0 || errno == ENOENT ? ERR_NONE : err_of_errno();
}

/* A file is an object when it has an id's name and lies where that id belongs. */
static enum err walk_file(int directory, const char *shard, const char *name, blob_each *each, void *arg)
{
    struct stat info;
    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ERR_NONE : ERR_STORAGE; /* removed meanwhile */
    char path[sizeof((struct dirent *)0)->d_name + 8], own[NAME_BYTES];
    snprintf(path, sizeof path, "%.3s/%s", shard, name);
    bool is_object = S_ISREG(info.st_mode) && crypt_id_valid(name);
    if (is_object) {
        path_of(name, own);
        is_object = text_is(own, path);
    }
    int64_t modified_us = SECONDS_US(info.st_mtim.tv_sec) + info.st_mtim.tv_nsec / 1000;
    return each(arg, is_object ? name : NULL, path, modified_us, (int64_t)info.st_size);
}

static enum err walk_shard(struct blob_store *store, const char *shard, blob_each *each, void *arg)
{
    int fd = openat(store->directory, shard, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOTDIR ? ERR_NONE : ERR_STORAGE;
    DIR *files = fdopendir(fd);
    if (files == NULL) {
        close(fd);
        return ERR_STORAGE;
    }
    enum err e = ERR_NONE;
    for (struct dirent *entry; e == ERR_NONE && (entry = readdir(files)) != NULL;)
        if (entry->d_name[0] != '.')
            e = walk_file(fd, shard, entry->d_name, each, arg);
    closedir(files);
    return e;
}

enum err blob_walk(struct blob_store *store, blob_each *each, void *arg)
{
    int fd = openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_STORAGE;
    DIR *shards = fdopendir(fd);
    if (shards == NULL) {
        close(fd);
        return ERR_STORAGE;
    }
    enum err e = ERR_NONE;
    for (struct dirent *entry; e == ERR_NONE && (entry = readdir(shards)) != NULL;) {
        bool is_new = text_is(entry->d_name, NEW_DIRECTORY);
        if (entry->d_name[0] != '.' && (is_new || strlen(entry->d_name) == SHARD_CHARS))
            e = walk_shard(store, entry->d_name, each, arg);
    }
    closedir(shards);
    return e;
}
