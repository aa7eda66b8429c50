/* crypt — the only way to libsodium: randomness, hashes, passwords, sealed columns.
 *
 * crypt_start must have returned before anything else is used. Randomness never happens inside a store step. */
#ifndef XY_CRYPT_H
#define XY_CRYPT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"

#define CRYPT_HASH_BYTES          32
#define CRYPT_HASH_TEXT_BYTES     (2 * CRYPT_HASH_BYTES + 1)
#define CRYPT_KEY_BYTES           32
#define CRYPT_ID_TEXT_BYTES       27 /* 26 characters and NUL */
#define CRYPT_TOKEN_TEXT_BYTES    44 /* 32 random bytes as base64url and NUL */
#define CRYPT_PASSWORD_TEXT_BYTES 128
#define CRYPT_CODE_TEXT_BYTES     9 /* "3B92K7-4" and NUL */

void crypt_start(void); /* CHECKs that libsodium works; main thread, once (again is harmless) */

void crypt_random(void *out, size_t len);
uint32_t crypt_random_below(uint32_t bound); /* 0..bound-1, bound > 0 */

/* An id: 48 bits of milliseconds and 80 random bits in Crockford's base 32 (lower case). Sorts by time of making;
 * unguessable. */
void crypt_id(int64_t now_us, char out[CRYPT_ID_TEXT_BYTES]);
bool crypt_id_valid(const char *text);

/* A code people can read out: six random characters of base 32, '-', one check character (sum weighted by
 * position mod 31). Not unique by itself. */
void crypt_code(char out[CRYPT_CODE_TEXT_BYTES]);

/* A bearer token and what is stored of it. */
void crypt_token(char out[CRYPT_TOKEN_TEXT_BYTES]);

void crypt_hash(const void *bytes, size_t len, unsigned char out[CRYPT_HASH_BYTES]); /* BLAKE2b-256 */
void crypt_hash_text(const char *text, char hex[CRYPT_HASH_TEXT_BYTES]);
void crypt_hash_keyed(const unsigned char key[CRYPT_KEY_BYTES], const void *bytes, size_t len,
                      unsigned char out[CRYPT_HASH_BYTES]);
/* SipHash-2-4: for tables whose places nobody outside may choose; not a proof of anything. */
#define CRYPT_SHORT_KEY_BYTES 16
uint64_t crypt_short_hash(const unsigned char key[CRYPT_SHORT_KEY_BYTES], const void *bytes, size_t len);
void crypt_sha256(const void *bytes, size_t len, unsigned char out[32]);
/* SHA-256 of what comes in pieces; crypt_sha256_end frees it. */
struct crypt_sha256;
struct crypt_sha256 *crypt_sha256_begin(void);
void crypt_sha256_add(struct crypt_sha256 *sum, const void *bytes, size_t len);
void crypt_sha256_end(struct crypt_sha256 *sum, unsigned char out[32]);
void crypt_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len, unsigned char out[32]);
bool crypt_equal(const void *a, const void *b, size_t len); /* constant time */
void crypt_wipe(void *bytes, size_t len);

/* Password hash by argon2id, 2 passes, 64 MiB (libsodium's INTERACTIVE). ~100 ms: only on a lane thread. */
enum err crypt_password_hash(const char *password, char out[CRYPT_PASSWORD_TEXT_BYTES]);
bool crypt_password_matches(const char *password, const char *hash); /* NULL hash: same time, false */

/* base64 with padding (url=false) or base64url without. out has room for 4*len/3+4. */
void crypt_base64(const void *bytes, size_t len, bool url, char *out);
/* False when it is not that base64 or longer than max; *len is what was written. */
bool crypt_unbase64(const char *text, bool url, void *out, size_t max, size_t *len);

/* ---- authenticated encryption with XChaCha20-Poly1305: out = 24-byte nonce ‖ ciphertext ‖ 16-byte tag ---- */

#define CRYPT_SEAL_OVERHEAD_BYTES 40
void crypt_seal(const unsigned char key[CRYPT_KEY_BYTES], const void *bytes, size_t len, const char *about,
                unsigned char *out); /* len + CRYPT_SEAL_OVERHEAD_BYTES; `about` is authenticated, not stored */
/* CORRUPT when anything was changed. out has room for len - CRYPT_SEAL_OVERHEAD_BYTES. */
enum err crypt_open(const unsigned char key[CRYPT_KEY_BYTES], const unsigned char *sealed, size_t len,
                    const char *about, void *out);

#endif
