/* blob — encrypted objects on disk: photos, ID portraits, packages.
 *
 * Each object has a random data key; the file holds secretstream chunks (64 KiB) bound to the object's id, the last
 * marked final: a changed, cut, swapped or renamed file is CORRUPT, never wrong bytes. The data key, wrapped by the
 * keyring, lies in the database row; destroying it erases the object. A file is written beside, synced and renamed
 * before the row that names it is committed; a file without a row is swept later. Nothing readable touches the disk.
 *
 * Thread: any thread that may block (lane, outbound pool, command line); never a loop or the writer. */
#ifndef XY_BLOB_H
#define XY_BLOB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/keyring.h"

#define BLOB_BYTES_MAX         MIB(256) /* a CHSI package; photos have their own limit */
#define BLOB_SHA256_TEXT_BYTES 65

struct blob_store;

/* Directory is made (0700) when absent. */
enum err blob_open(const char *directory, const struct keyring *ring, struct blob_store **store, char why[256]);
void blob_close(struct blob_store *store);

/* What the row needs to know; in the arena. */
struct blob_ref {
    const char *id; /* given by the caller: crypt_id */
    const unsigned char *sealed_key;
    size_t sealed_key_len;
    int64_t key_number, size_bytes;
    const char *content_hash; /* keyed hash of the plain bytes, 64 hex digits */
};

/* Seal and write durably. DISK_FULL, STORAGE, TOO_LARGE. */
enum err blob_put(struct blob_store *store, const char *id, const void *bytes, size_t len, struct arena *arena,
                  struct blob_ref *ref);

/* Read and open. NOT_FOUND (no file), CORRUPT. *bytes is malloc'd: free() it; len bytes, none added. */
enum err blob_get(struct blob_store *store, const char *id, const void *sealed_key, size_t sealed_key_len, void **bytes,
                  size_t *len);

/* Remove the file; absent is fine. */
enum err blob_remove(struct blob_store *store, const char *id);

/* Keyed hash as in blob_ref, for "already have it". hex has BLOB_SHA256_TEXT_BYTES. */
void blob_content_hash(const struct blob_store *store, const void *bytes, size_t len, char *hex);

/* Re-wrap a data key with the newest key. */
enum err blob_rewrap(const struct keyring *ring, const char *id, const void *sealed_key, size_t sealed_key_len,
                     struct arena *arena, struct blob_ref *ref);

/* The sealed file as it is, durably, into another store: backup and restore need no keys. NOT_FOUND, DISK_FULL,
 * STORAGE. What lies there under that id is replaced. */
enum err blob_copy(struct blob_store *from, struct blob_store *to, const char *id);

/* Call `each` for every object file; for fsck and the sweeper. Files that are no objects (left-overs of a crash) are
 * given with id NULL and their name. Stops at the first error. */
typedef enum err blob_each(void *arg, const char *id, const char *name, int64_t modified_us, int64_t size_bytes);
enum err blob_walk(struct blob_store *store, blob_each *each, void *arg);
enum err blob_remove_leftover(struct blob_store *store, const char *name);

#endif
