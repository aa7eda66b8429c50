#include "blob/seal.h"

#include "base/check.h"

#include <sodium.h>

#define VERSION      1
#define PREFIX_BYTES 8

static const unsigned char prefix[PREFIX_BYTES] = {'X', 'Y', 'B', 'L', 'O', 'B', VERSION, 0};

_Static_assert(SEAL_HEAD_BYTES == PREFIX_BYTES + crypto_secretstream_xchacha20poly1305_HEADERBYTES, "head");
_Static_assert(SEAL_CHUNK_OVERHEAD_BYTES == crypto_secretstream_xchacha20poly1305_ABYTES, "tag and mac");
_Static_assert(SEAL_KEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key");
_Static_assert(sizeof(crypto_secretstream_xchacha20poly1305_state) <= sizeof((struct seal *)0)->state, "room");

static crypto_secretstream_xchacha20poly1305_state *state_of(struct seal *seal)
{
    return (crypto_secretstream_xchacha20poly1305_state *)(void *)seal->state;
}

void seal_key_new(unsigned char key[SEAL_KEY_BYTES])
{
    crypto_secretstream_xchacha20poly1305_keygen(key);
}

size_t seal_size(size_t len)
{
    size_t chunks = len == 0 ? 1 : (len + SEAL_CHUNK_BYTES - 1) / SEAL_CHUNK_BYTES;
    return SEAL_HEAD_BYTES + len + chunks * SEAL_CHUNK_OVERHEAD_BYTES;
}

bool seal_plain_size(size_t sealed_len, size_t *len)
{
    size_t chunk = SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES;
    if (sealed_len < SEAL_HEAD_BYTES + SEAL_CHUNK_OVERHEAD_BYTES)
        return false;
    size_t body = sealed_len - SEAL_HEAD_BYTES, chunks = (body + chunk - 1) / chunk;
    if (chunks * SEAL_CHUNK_OVERHEAD_BYTES > body)
        return false;
    *len = body - chunks * SEAL_CHUNK_OVERHEAD_BYTES;
    return seal_size(*len) == sealed_len;
}

static void bind_to(struct seal *seal, const char *id)
{
    memset(seal, 0, sizeof *seal);
    seal->id_len = strlen(id);
    CHECK(seal->id_len <= SEAL_ID_BYTES_MAX);
    memcpy(seal->about, id, seal->id_len);
}

/* The next chunk's associated data; counts it. */
static size_t about_next(struct seal *seal)
{
    unsigned char *at = seal->about + seal->id_len;
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)(seal->chunk >> 8 * i);
    at[8] = VERSION;
    seal->chunk++;
    return seal->id_len + 9;
}

void seal_begin(struct seal *seal, const unsigned char key[SEAL_KEY_BYTES], const char *id,
                unsigned char head[SEAL_HEAD_BYTES])
{
    bind_to(seal, id);
    memcpy(head, prefix, PREFIX_BYTES);
    crypto_secretstream_xchacha20poly1305_init_push(state_of(seal), head + PREFIX_BYTES, key);
}

void seal_chunk(struct seal *seal, const void *bytes, size_t len, bool last, unsigned char *out)
{
    CHECK(len <= SEAL_CHUNK_BYTES && (last || len == SEAL_CHUNK_BYTES));
    unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0;
    size_t about_len = about_next(seal);
    crypto_secretstream_xchacha20poly1305_push(state_of(seal), out, NULL, bytes, len, seal->about, about_len, tag);
}

enum err seal_open_begin(struct seal *seal, const unsigned char key[SEAL_KEY_BYTES], const char *id,
                         const unsigned char head[SEAL_HEAD_BYTES])
{
    bind_to(seal, id);
    if (memcmp(head, prefix, PREFIX_BYTES) != 0 ||
        crypto_secretstream_xchacha20poly1305_init_pull(state_of(seal), head + PREFIX_BYTES, key) != 0)
        return ERR_CORRUPT;
    return ERR_NONE;
}

enum err seal_open_chunk(struct seal *seal, const void *sealed, size_t sealed_len, bool last, void *out)
{
    if (sealed_len < SEAL_CHUNK_OVERHEAD_BYTES || sealed_len > SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES)
        return ERR_CORRUPT;
    unsigned char tag = 0;
    size_t about_len = about_next(seal);
    if (crypto_secretstream_xchacha20poly1305_pull(state_of(seal), out, NULL, &tag, sealed, sealed_len, seal->about,
                                                   about_len) != 0)
        return ERR_CORRUPT;
    return (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) == last ? ERR_NONE : ERR_CORRUPT;
}

void seal_end(struct seal *seal)
{
    sodium_memzero(seal, sizeof *seal);
}
