/* seal — an object as a stream of sealed chunks (libsodium's secretstream, XChaCha20-Poly1305).
 *
 *   head    "XYBLOB" · version u8 · 0 · secretstream header (24 bytes)
 *   chunk   up to 64 KiB of plain bytes + 17; all are full but the last, which carries the final tag
 *
 * Each chunk is bound to the object's id, its number and the version, and the stream itself to the order of chunks:
 * what was changed, cut, lengthened, swapped or taken from another object does not open. Pure computation on the
 * caller's memory: no files, no keys kept. One struct, one stream, one direction, one thread. */
#ifndef XY_SEAL_H
#define XY_SEAL_H

#include "base/base.h"
#include "base/err.h"

#define SEAL_KEY_BYTES            32
#define SEAL_HEAD_BYTES           32
#define SEAL_CHUNK_BYTES          KIB(64)
#define SEAL_CHUNK_OVERHEAD_BYTES 17
#define SEAL_ID_BYTES_MAX         32

struct seal {
    _Alignas(16) unsigned char state[64];       /* libsodium's; holds the stream's key: seal_end wipes it */
    unsigned char about[SEAL_ID_BYTES_MAX + 9]; /* id ‖ chunk number ‖ version */
    size_t id_len;
    uint64_t chunk;
};

void seal_key_new(unsigned char key[SEAL_KEY_BYTES]);

/* Bytes of the sealed form of `len` plain bytes, head included; and back: false when no object has that size. */
size_t seal_size(size_t len);
bool seal_plain_size(size_t sealed_len, size_t *len);

/* Seal: begin, then each chunk in order, `last` with the final one only (an empty object is one empty last chunk).
 * out has room for len + SEAL_CHUNK_OVERHEAD_BYTES. */
void seal_begin(struct seal *seal, const unsigned char key[SEAL_KEY_BYTES], const char *id,
                unsigned char head[SEAL_HEAD_BYTES]);
void seal_chunk(struct seal *seal, const void *bytes, size_t len, bool last, unsigned char *out);

/* Open: CORRUPT when head or chunk are not what seal_* wrote at that place, or the final tag and `last` differ.
 * out has room for sealed_len - SEAL_CHUNK_OVERHEAD_BYTES; what is in it after an error must not be used. */
enum err seal_open_begin(struct seal *seal, const unsigned char key[SEAL_KEY_BYTES], const char *id,
                         const unsigned char head[SEAL_HEAD_BYTES]);
enum err seal_open_chunk(struct seal *seal, const void *sealed, size_t sealed_len, bool last, void *out);

void seal_end(struct seal *seal); /* wipes */

#endif
