#include "base/crypt.h"

#include "base/check.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>

static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz";

void crypt_start(void)
{
    CHECK(sodium_init() >= 0);
    unsigned char digest[32];
    crypt_sha256("", 0,
                 digest); /* OpenSSL reads its configuration at the first use: the worker's sandbox is not up yet */
}

void crypt_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

uint32_t crypt_random_below(uint32_t bound)
{
    CHECK(bound > 0);
    return randombytes_uniform(bound);
}

void crypt_id(int64_t now_us, char out[CRYPT_ID_TEXT_BYTES])
{
    unsigned char random[10];
    randombytes_buf(random, sizeof random);
    uint64_t time_ms = (uint64_t)(now_us / 1000);
    for (int i = 9; i >= 0; i--, time_ms >>= 5)
        out[i] = crockford[time_ms & 31];
    for (size_t i = 0; i < 16; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)random[bit / 8] << 8 | (bit / 8 + 1 < sizeof random ? random[bit / 8 + 1] : 0);
        out[10 + i] = crockford[pair >> (11 - bit % 8) & 31];
    }
    out[CRYPT_ID_TEXT_BYTES - 1] = '\0';
}

bool crypt_id_valid(const char *text)
{
    return strlen(text) == CRYPT_ID_TEXT_BYTES - 1 && text_all(text, crockford);
}

void crypt_code(char out[CRYPT_CODE_TEXT_BYTES])
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXY"; /* 31: no 0 1 I O Z */
    unsigned sum = 0;
    for (unsigned i = 0; i < 6; i++) {
        uint32_t pick = randombytes_uniform(sizeof letters - 1);
        out[i] = letters[pick];
        sum += (i + 1) * pick;
    }
    out[6] = '-';
    out[7] = letters[sum % (sizeof letters - 1)];
    out[8] = '\0';
}

void crypt_token(char out[CRYPT_TOKEN_TEXT_BYTES])
{
    unsigned char random[32];
    randombytes_buf(random, sizeof random);
    crypt_base64(random, sizeof random, true, out);
    sodium_memzero(random, sizeof random);
}

void crypt_hash(const void *bytes, size_t len, unsigned char out[CRYPT_HASH_BYTES])
{
    crypto_generichash(out, CRYPT_HASH_BYTES, bytes, len, NULL, 0);
}

void crypt_hash_text(const char *text, char hex[CRYPT_HASH_TEXT_BYTES])
{
    unsigned char hash[CRYPT_HASH_BYTES];
    crypt_hash(text, strlen(text), hash);
    text_hex(hash, sizeof hash, hex);
}

void crypt_hash_keyed(const unsigned char key[CRYPT_KEY_BYTES], const void *bytes, size_t len,
                      unsigned char out[CRYPT_HASH_BYTES])
{
    crypto_generichash(out, CRYPT_HASH_BYTES, bytes, len, key, CRYPT_KEY_BYTES);
}

uint64_t crypt_short_hash(const unsigned char key[CRYPT_SHORT_KEY_BYTES], const void *bytes, size_t len)
{
    uint64_t hash;
    _Static_assert(CRYPT_SHORT_KEY_BYTES == crypto_shorthash_KEYBYTES, "SipHash's key");
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "SipHash's hash");
    crypto_shorthash((unsigned char *)&hash, bytes, len, key);
    return hash;
}

void crypt_sha256(const void *bytes, size_t len, unsigned char out[32])
{
    CHECK(SHA256(bytes, len, out) != NULL); /* with the CPU's own instructions, a quarter of libsodium's time */
}

/* Only a name: the context is OpenSSL's. */
struct crypt_sha256 *crypt_sha256_begin(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    return (struct crypt_sha256 *)(void *)context;
}

void crypt_sha256_add(struct crypt_sha256 *sum, const void *bytes, size_t len)
{
    CHECK(EVP_DigestUpdate((EVP_MD_CTX *)(void *)sum, bytes, len) == 1);
}

void crypt_sha256_end(struct crypt_sha256 *sum, unsigned char out[32])
{
    EVP_MD_CTX *context = (EVP_MD_CTX *)(void *)sum;
    CHECK(EVP_DigestFinal_ex(context, out, NULL) == 1);
    EVP_MD_CTX_free(context);
}

void crypt_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len, unsigned char out[32])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, bytes, len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

bool crypt_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void crypt_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

_Static_assert(CRYPT_PASSWORD_TEXT_BYTES >= crypto_pwhash_STRBYTES, "room for libsodium's text form");

enum err crypt_password_hash(const char *password, char out[CRYPT_PASSWORD_TEXT_BYTES])
{
    int failed = crypto_pwhash_str(out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                   crypto_pwhash_MEMLIMIT_INTERACTIVE);
    return failed ? ERR_BUSY : ERR_NONE; /* only lack of memory makes it fail */
}

bool crypt_password_matches(const char *password, const char *hash)
{
    /* An unknown account costs the same time as a wrong password. */
    static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    char padded[CRYPT_PASSWORD_TEXT_BYTES] = {0};
    snprintf(padded, sizeof padded, "%s", hash != NULL ? hash : nobody);
    return crypto_pwhash_str_verify(padded, password, strlen(password)) == 0 && hash != NULL;
}

static int variant(bool url)
{
    return url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
}

void crypt_base64(const void *bytes, size_t len, bool url, char *out)
{
    sodium_bin2base64(out, sodium_base64_encoded_len(len, variant(url)), bytes, len, variant(url));
}

bool crypt_unbase64(const char *text, bool url, void *out, size_t max, size_t *len)
{
    const char *end = NULL;
    size_t text_len = strlen(text);
    return sodium_base642bin(out, max, text, text_len, NULL, len, &end, variant(url)) == 0 && end == text + text_len;
}

_Static_assert(CRYPT_SEAL_OVERHEAD_BYTES ==
                   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "nonce and tag");

void crypt_seal(const unsigned char key[CRYPT_KEY_BYTES], const void *bytes, size_t len, const char *about,
                unsigned char *out)
{
    unsigned char *nonce = out;
    randombytes_buf(nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, NULL, bytes, len,
                                               (const unsigned char *)about, strlen(about), NULL, nonce, key);
}

enum err crypt_open(const unsigned char key[CRYPT_KEY_BYTES], const unsigned char *sealed, size_t len,
                    const char *about, void *out)
{
    size_t nonce_len = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    if (len < CRYPT_SEAL_OVERHEAD_BYTES)
        return ERR_CORRUPT;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed + nonce_len, len - nonce_len,
                                                            (const unsigned char *)about, strlen(about), sealed, key);
    return failed ? ERR_CORRUPT : ERR_NONE;
}
