#include "base/keyring.h"

#include "base/check.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define PURPOSES       6
#define FILE_BYTES_MAX KIB(8)

struct key {
    uint32_t number;
    unsigned char secret[CRYPT_KEY_BYTES];
    unsigned char sub[PURPOSES][CRYPT_KEY_BYTES]; /* by enum keyring_purpose */
};

struct keyring {
    char *path;
    size_t count; /* ordered by number, ascending */
    struct key keys[KEYRING_KEYS_MAX];
};

static void derive(struct key *key)
{
    static const char context[crypto_kdf_CONTEXTBYTES + 1] = "xueying1";
    for (uint64_t purpose = 1; purpose < PURPOSES; purpose++)
        crypto_kdf_derive_from_key(key->sub[purpose], CRYPT_KEY_BYTES, purpose, context, key->secret);
}

static enum err parse(struct keyring *ring, char *text, char why[256])
{
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        char *space = strchr(line, ' ');
        int64_t number = 0;
        if (space == NULL || ring->count == KEYRING_KEYS_MAX) {
            snprintf(why, 256, "the key file has a line that is not \"<number> <64 hex digits>\"");
            return ERR_UNREADABLE;
        }
        *space = '\0';
        struct key *key = &ring->keys[ring->count];
        if (!text_int(line, &number) || number < 1 || number > INT32_MAX ||
            !text_unhex(space + 1, key->secret, CRYPT_KEY_BYTES) ||
            (ring->count > 0 && key[-1].number >= (uint32_t)number)) {
            snprintf(why, 256, "the key file has a line that is not \"<number> <64 hex digits>\" in ascending order");
            return ERR_UNREADABLE;
        }
        key->number = (uint32_t)number;
        derive(key);
        ring->count++;
    }
    if (ring->count == 0) {
        snprintf(why, 256, "the key file is empty");
        return ERR_UNREADABLE;
    }
    return ERR_NONE;
}

static enum err sync_directory_of(const char *path)
{
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        snprintf(directory, sizeof directory, ".");
    else
        slash[slash == directory ? 1 : 0] = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_STORAGE;
    int failed = fsync(fd);
    close(fd);
    return failed ? ERR_STORAGE : ERR_NONE;
}

/* Write all keys beside the file, sync, rename over it. */
static enum err save(const struct keyring *ring)
{
    char text[FILE_BYTES_MAX];
    size_t len = 0;
    for (size_t i = 0; i < ring->count; i++) {
        char hex[2 * CRYPT_KEY_BYTES + 1];
        text_hex(ring->keys[i].secret, CRYPT_KEY_BYTES, hex);
        len += (size_t)snprintf(text + len, sizeof text - len, "%u %s\n", ring->keys[i].number, hex);
        sodium_memzero(hex, sizeof hex);
    }
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", ring->path);
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    sodium_memzero(text, sizeof text);
    if (!good || rename(beside, ring->path) != 0)
        return ERR_STORAGE;
    return sync_directory_of(ring->path);
}

enum err keyring_rotate(struct keyring *ring)
{
    if (ring->count == KEYRING_KEYS_MAX)
        return ERR_TOO_LARGE;
    struct key *key = &ring->keys[ring->count];
    key->number = ring->count == 0 ? 1 : ring->keys[ring->count - 1].number + 1;
    crypto_kdf_keygen(key->secret);
    derive(key);
    ring->count++;
    enum err e = save(ring);
    if (e != ERR_NONE)
        ring->count--;
    return e;
}

static enum err read_file(struct keyring *ring, int fd, char why[256])
{
    struct stat info;
    if (fstat(fd, &info) != 0 || (info.st_mode & 077) != 0) {
        snprintf(why, 256, "%s must not be readable by group or others: chmod 0400", ring->path);
        return ERR_UNREADABLE;
    }
    char text[FILE_BYTES_MAX];
    ssize_t len = read(fd, text, sizeof text - 1);
    if (len < 0) {
        snprintf(why, 256, "%s cannot be read: %s", ring->path, strerror(errno));
        return ERR_UNREADABLE;
    }
    text[len] = '\0';
    enum err e = parse(ring, text, why);
    sodium_memzero(text, sizeof text);
    return e;
}

enum err keyring_load(const char *path, struct keyring **out, char why[256])
{
    struct keyring *ring = sodium_malloc(sizeof *ring); /* locked, not in core dumps */
    CHECK(ring != NULL);
    memset(ring, 0, sizeof *ring);
    ring->path = strdup(path);
    CHECK(ring->path != NULL);
    why[0] = '\0';
    enum err e = ERR_NONE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        e = read_file(ring, fd, why);
        close(fd);
    } else if (errno == ENOENT) {
        e = keyring_rotate(ring);
        if (e != ERR_NONE)
            snprintf(why, 256, "%s cannot be made: %s", path, strerror(errno));
    } else {
        snprintf(why, 256, "%s cannot be opened: %s", path, strerror(errno));
        e = ERR_UNREADABLE;
    }
    if (e != ERR_NONE) {
        keyring_free(ring);
        return e;
    }
    *out = ring;
    return ERR_NONE;
}

void keyring_free(struct keyring *ring)
{
    if (ring == NULL)
        return;
    free(ring->path);
    sodium_free(ring); /* wipes */
}

uint32_t keyring_newest(const struct keyring *ring)
{
    return ring->keys[ring->count - 1].number;
}

static const struct key *key_numbered(const struct keyring *ring, uint32_t number)
{
    for (size_t i = 0; i < ring->count; i++)
        if (ring->keys[i].number == number)
            return &ring->keys[i];
    return NULL;
}

unsigned char *keyring_seal(const struct keyring *ring, enum keyring_purpose purpose, const void *bytes, size_t len,
                            const char *about, struct arena *arena, size_t *sealed_len)
{
    const struct key *key = &ring->keys[ring->count - 1];
    unsigned char *out = arena_alloc(arena, len + KEYRING_OVERHEAD_BYTES);
    for (unsigned i = 0; i < 4; i++)
        out[i] = (unsigned char)(key->number >> 8 * i);
    crypt_seal(key->sub[purpose], bytes, len, about, out + 4);
    *sealed_len = len + KEYRING_OVERHEAD_BYTES;
    return out;
}

uint32_t keyring_number_of(const void *sealed, size_t sealed_len)
{
    const unsigned char *from = sealed;
    if (sealed_len < KEYRING_OVERHEAD_BYTES)
        return 0;
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

enum err keyring_open(const struct keyring *ring, enum keyring_purpose purpose, const void *sealed, size_t sealed_len,
                      const char *about, struct arena *arena, char **bytes, size_t *len)
{
    const struct key *key = key_numbered(ring, keyring_number_of(sealed, sealed_len));
    if (key == NULL)
        return ERR_CORRUPT;
    char *out = arena_alloc(arena, sealed_len - KEYRING_OVERHEAD_BYTES + 1);
    TRY(crypt_open(key->sub[purpose], (const unsigned char *)sealed + 4, sealed_len - 4, about, out));
    *bytes = out;
    *len = sealed_len - KEYRING_OVERHEAD_BYTES;
    return ERR_NONE;
}

static void index_hash(const struct keyring *ring, const char *field, const char *value,
                       unsigned char hash[CRYPT_HASH_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, ring->keys[0].sub[KEYRING_INDEX], CRYPT_KEY_BYTES, CRYPT_HASH_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)field, strlen(field) + 1); /* NUL keeps them apart */
    crypto_generichash_update(&state, (const unsigned char *)value, strlen(value));
    crypto_generichash_final(&state, hash, CRYPT_HASH_BYTES);
}

void keyring_index(const struct keyring *ring, const char *field, const char *value, char hex[KEYRING_INDEX_TEXT_BYTES])
{
    unsigned char hash[CRYPT_HASH_BYTES];
    index_hash(ring, field, value, hash);
    text_hex(hash, 16, hex);
}

int64_t keyring_index_number(const struct keyring *ring, const char *field, const char *value)
{
    unsigned char hash[CRYPT_HASH_BYTES];
    int64_t number;
    index_hash(ring, field, value, hash);
    memcpy(&number, hash, sizeof number);
    return number;
}

void keyring_chain(const struct keyring *ring, const unsigned char previous[CRYPT_HASH_BYTES], const void *entry,
                   size_t len, unsigned char out[CRYPT_HASH_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, ring->keys[0].sub[KEYRING_AUDIT], CRYPT_KEY_BYTES, CRYPT_HASH_BYTES);
    crypto_generichash_update(&state, previous, CRYPT_HASH_BYTES);
    crypto_generichash_update(&state, entry, len);
    crypto_generichash_final(&state, out, CRYPT_HASH_BYTES);
}
