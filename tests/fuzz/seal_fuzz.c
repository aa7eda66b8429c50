/* links: xy_blob */
/* An object of the input's bytes, of which then one bit, the length or the order is changed: it opens only when it is
 * what was sealed, and then to the same bytes. First byte: what is done; next three: where. */
#include "blob/seal.h"

#include "base/check.h"
#include "base/crypt.h"

#define PLAIN_MAX  (3 * SEAL_CHUNK_BYTES)
#define SEALED_MAX (SEAL_HEAD_BYTES + PLAIN_MAX + 4 * SEAL_CHUNK_OVERHEAD_BYTES)
#define CHUNK      (SEAL_CHUNK_BYTES + SEAL_CHUNK_OVERHEAD_BYTES)

static unsigned char key[SEAL_KEY_BYTES], sealed[SEALED_MAX + 64], opened[PLAIN_MAX];
static const char id[] = "0123456789abcdefghjkmnpqrs";

static size_t seal_all(const unsigned char *bytes, size_t len)
{
    struct seal seal;
    seal_begin(&seal, key, id, sealed);
    size_t at = 0, to = SEAL_HEAD_BYTES;
    for (bool last = false; !last; at += SEAL_CHUNK_BYTES) {
        size_t n = len - at < SEAL_CHUNK_BYTES ? len - at : SEAL_CHUNK_BYTES;
        last = at + n == len;
        seal_chunk(&seal, bytes + at, n, last, sealed + to);
        to += n + SEAL_CHUNK_OVERHEAD_BYTES;
    }
    seal_end(&seal);
    CHECK(to == seal_size(len));
    return to;
}

static enum err open_all(size_t sealed_len, size_t *len)
{
    struct seal seal;
    if (sealed_len > SEALED_MAX || !seal_plain_size(sealed_len, len))
        return ERR_CORRUPT;
    enum err e = seal_open_begin(&seal, key, id, sealed);
    size_t from = SEAL_HEAD_BYTES, to = 0;
    while (e == ERR_NONE && from < sealed_len) {
        size_t n = sealed_len - from < CHUNK ? sealed_len - from : CHUNK;
        e = seal_open_chunk(&seal, sealed + from, n, from + n == sealed_len, opened + to);
        from += n;
        to += n - SEAL_CHUNK_OVERHEAD_BYTES;
    }
    seal_end(&seal);
    return e;
}

/* Returns the new length; *same says that nothing was changed. */
static size_t change(unsigned what, size_t where, size_t len, bool *same)
{
    *same = false;
    if (what % 4 == 0)
        *same = true;
    else if (what % 4 == 1)
        sealed[where % len] ^= (unsigned char)(1u << (what >> 5));
    else if (what % 4 == 2)
        len = where % len;
    else
        memset(sealed + len, 0, 64), len += 1 + where % 64;
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    bool same;
    size_t plain_len = 0;
    if (len < 4 || len - 4 > PLAIN_MAX)
        return 0;
    crypt_start();
    size_t where = (size_t)bytes[1] | (size_t)bytes[2] << 8 | (size_t)bytes[3] << 16;
    size_t sealed_len = change(bytes[0], where, seal_all(bytes + 4, len - 4), &same);
    enum err e = open_all(sealed_len, &plain_len);
    CHECK((e == ERR_NONE) == same);
    CHECK(!same || (plain_len == len - 4 && memcmp(opened, bytes + 4, plain_len) == 0));
    return 0;
}
