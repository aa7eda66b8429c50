/* keyring — the keys that never lie in the database.
 *
 * One file, mode 0400, one line per key-encryption key: "<number> <64 hex digits>"; the highest number seals, all
 * of them open. Sub-keys for each purpose are derived, so no key is used for two things. `key rotate` adds a line.
 *
 * A sealed value begins with its key's number, so old values open after a rotation:
 *     4 bytes little-endian key number ‖ crypt_seal(sub-key, …)
 * The blind index and the audit chain use the first key for ever: look-ups and the chain survive a rotation.
 * Immutable after keyring_load except by keyring_rotate on one thread at start; then any thread. */
#ifndef XY_KEYRING_H
#define XY_KEYRING_H

#include "base/arena.h"
#include "base/base.h"
#include "base/crypt.h"
#include "base/err.h"

struct keyring;

#define KEYRING_KEYS_MAX       64
#define KEYRING_OVERHEAD_BYTES (4 + CRYPT_SEAL_OVERHEAD_BYTES)

enum keyring_purpose { KEYRING_COLUMN = 1, KEYRING_BLOB, KEYRING_INDEX, KEYRING_AUDIT, KEYRING_WEBHOOK };

/* Reads the file; makes it with one fresh key when absent (mode 0400, directory synced). `why` (256 bytes) says what
 * is wrong: unreadable, wrong mode (group or others may read), not this format. UNREADABLE or STORAGE. */
enum err keyring_load(const char *path, struct keyring **ring, char why[256]);
void keyring_free(struct keyring *ring);       /* wipes */
enum err keyring_rotate(struct keyring *ring); /* adds a key to the file (written beside, synced, renamed) */
uint32_t keyring_newest(const struct keyring *ring);

/* Seal a column or a wrapped object key. `about` binds it to its place, e.g. "student|01h…|name". The result lies in
 * arena; len + KEYRING_OVERHEAD_BYTES. */
unsigned char *keyring_seal(const struct keyring *ring, enum keyring_purpose purpose, const void *bytes, size_t len,
                            const char *about, struct arena *arena, size_t *sealed_len);
/* CORRUPT when changed or sealed by a key we do not have. The result is NUL terminated behind *len. */
enum err keyring_open(const struct keyring *ring, enum keyring_purpose purpose, const void *sealed, size_t sealed_len,
                      const char *about, struct arena *arena, char **bytes, size_t *len);
uint32_t keyring_number_of(const void *sealed, size_t sealed_len); /* 0 when too short */

/* 128-bit keyed hash of a normalised value, as 32 hex digits, for equality look-ups. `field` keeps the values of two
 * fields apart. */
#define KEYRING_INDEX_TEXT_BYTES 33
void keyring_index(const struct keyring *ring, const char *field, const char *value,
                   char hex[KEYRING_INDEX_TEXT_BYTES]);

/* 64 bits of the same: for tables so large that the size of their keys matters. A look-up compares what it found. */
int64_t keyring_index_number(const struct keyring *ring, const char *field, const char *value);

/* Audit chain link: BLAKE2b-256(audit key, previous ‖ entry). */
void keyring_chain(const struct keyring *ring, const unsigned char previous[CRYPT_HASH_BYTES], const void *entry,
                   size_t len, unsigned char out[CRYPT_HASH_BYTES]);

#endif
