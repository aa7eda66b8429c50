/* pki — RSA-2048 signatures, X.509 certificates and AES-256-GCM, as WeChat Pay API v3 wants them: by OpenSSL, because
 * libsodium has no RSA and its AES-GCM needs a CPU with AES.
 *
 * Keys are immutable and may be used by any number of threads at once. Nothing here logs or keeps what it is given. */
#ifndef XY_PKI_H
#define XY_PKI_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

struct pki_key; /* RSA, private or public */

#define PKI_BITS_MIN             2048 /* shorter keys are refused */
#define PKI_BITS_MAX             4096
#define PKI_SIGNATURE_TEXT_BYTES 688 /* base64 of 512 bytes and NUL */
#define PKI_SERIAL_TEXT_BYTES    41  /* 20 bytes in hex and NUL */

/* PEM of a private key, a public key or a certificate. CORRUPT: none of them, or not RSA of the sizes above. */
enum err pki_key_read(const char *pem, size_t len, struct pki_key **key);
void pki_key_free(struct pki_key *key); /* NULL is fine */
bool pki_key_is_private(const struct pki_key *key);

/* RSASSA-PKCS1-v1_5 with SHA-256, base64. The key is private. */
void pki_sign(const struct pki_key *key, const void *bytes, size_t len, char signature[PKI_SIGNATURE_TEXT_BYTES]);
bool pki_verify(const struct pki_key *key, const void *bytes, size_t len, const char *signature);

struct pki_certificate {
    char serial[PKI_SERIAL_TEXT_BYTES]; /* upper-case hex */
    int64_t begins_us, ends_us;
    struct pki_key *key; /* the caller's to free */
};
/* Nothing is said about who issued it. CORRUPT as above. */
enum err pki_certificate_read(const char *pem, size_t len, struct pki_certificate *certificate);

/* ---- AEAD_AES_256_GCM: ciphertext ‖ 16-byte tag ---- */

#define PKI_GCM_KEY_BYTES 32
#define PKI_GCM_TAG_BYTES 16
/* out has room for len + PKI_GCM_TAG_BYTES; `about` is authenticated only. */
void pki_gcm_seal(const unsigned char key[PKI_GCM_KEY_BYTES], const char *nonce, const char *about, const void *bytes,
                  size_t len, unsigned char *out);
/* CORRUPT when anything was changed. out has room for len - PKI_GCM_TAG_BYTES. */
enum err pki_gcm_open(const unsigned char key[PKI_GCM_KEY_BYTES], const char *nonce, const char *about,
                      const unsigned char *sealed, size_t len, void *out);

/* ---- AES-256-CBC without padding: WeChat's push in security mode; len is a multiple of 16, in place ---- */

#define PKI_CBC_BLOCK_BYTES 16
void pki_cbc(const unsigned char key[32], const unsigned char iv[PKI_CBC_BLOCK_BYTES], bool sealing,
             unsigned char *bytes, size_t len);

/* ---- SHA-1: only because WeChat's formats ask for it, never where collisions matter ---- */

#define PKI_SHA1_TEXT_BYTES 41
void pki_sha1_text(const void *bytes, size_t len, char hex[PKI_SHA1_TEXT_BYTES]);

/* ---- making keys: stand-ins and tests ---- */

struct pki_key *pki_key_make(void); /* RSA-2048, about 100 ms */
void pki_key_write(const struct pki_key *key, bool private_too, struct buf *pem);
/* Self-signed; `serial` is at most 20 bytes in hex. */
void pki_certificate_make(const struct pki_key *key, const char *serial, int64_t begins_us, int64_t ends_us,
                          struct buf *pem);

#endif
