#include "base/pki.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define PEM_BYTES_MAX       KIB(64)
#define SIGNATURE_BYTES_MAX (PKI_BITS_MAX / 8)

struct pki_key {
    EVP_PKEY *pkey;
    bool is_private;
};

/* ---- keys ---- */

static int no_password(char *room, int size, int writing, void *arg)
{
    (void)room, (void)size, (void)writing, (void)arg;
    return -1; /* else OpenSSL asks on the terminal */
}

static EVP_PKEY *read_pem(BIO *bio, bool *is_private)
{
    *is_private = true;
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    if (pkey != NULL)
        return pkey;
    *is_private = false;
    (void)BIO_reset(bio);
    pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    if (pkey != NULL)
        return pkey;
    (void)BIO_reset(bio);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    pkey = x509 == NULL ? NULL : X509_get_pubkey(x509);
    X509_free(x509);
    return pkey;
}

static struct pki_key *key_of(EVP_PKEY *pkey, bool is_private)
{
    int bits = pkey == NULL ? 0 : EVP_PKEY_get_bits(pkey);
    if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || bits < PKI_BITS_MIN || bits > PKI_BITS_MAX) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    struct pki_key *key = calloc(1, sizeof *key);
    CHECK(key != NULL);
    key->pkey = pkey;
    key->is_private = is_private;
    return key;
}

enum err pki_key_read(const char *pem, size_t len, struct pki_key **key)
{
    bool is_private = false;
    *key = NULL;
    if (len > PEM_BYTES_MAX)
        return ERR_CORRUPT;
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    CHECK(bio != NULL);
    EVP_PKEY *pkey = read_pem(bio, &is_private);
    BIO_free(bio);
    ERR_clear_error();
    *key = key_of(pkey, is_private);
    return *key == NULL ? ERR_CORRUPT : ERR_NONE;
}

void pki_key_free(struct pki_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

bool pki_key_is_private(const struct pki_key *key)
{
    return key->is_private;
}

void pki_sign(const struct pki_key *key, const void *bytes, size_t len, char signature[PKI_SIGNATURE_TEXT_BYTES])
{
    unsigned char raw[SIGNATURE_BYTES_MAX];
    size_t raw_len = sizeof raw;
    CHECK(key->is_private);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    CHECK(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1);
    CHECK(EVP_DigestSign(context, raw, &raw_len, bytes, len) == 1);
    EVP_MD_CTX_free(context);
    crypt_base64(raw, raw_len, false, signature);
}

bool pki_verify(const struct pki_key *key, const void *bytes, size_t len, const char *signature)
{
    unsigned char raw[SIGNATURE_BYTES_MAX];
    size_t raw_len = 0;
    if (!crypt_unbase64(signature, false, raw, sizeof raw, &raw_len))
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    CHECK(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1);
    bool good = EVP_DigestVerify(context, raw, raw_len, bytes, len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

/* ---- certificates ---- */

static int64_t time_of(const ASN1_TIME *time)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    CHECK(epoch != NULL);
    bool good = ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    return good ? SECONDS_US((int64_t)days * 86400 + seconds) : 0;
}

static bool serial_of(X509 *x509, char serial[PKI_SERIAL_TEXT_BYTES])
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    char *hex = number == NULL || BN_num_bytes(number) > 20 ? NULL : BN_bn2hex(number);
    bool good = hex != NULL && hex[0] != '-' && strlen(hex) < PKI_SERIAL_TEXT_BYTES;
    if (good)
        snprintf(serial, PKI_SERIAL_TEXT_BYTES, "%s", hex);
    OPENSSL_free(hex);
    BN_free(number);
    return good;
}

enum err pki_certificate_read(const char *pem, size_t len, struct pki_certificate *certificate)
{
    *certificate = (struct pki_certificate){.serial = ""};
    if (len > PEM_BYTES_MAX)
        return ERR_CORRUPT;
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    CHECK(bio != NULL);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    BIO_free(bio);
    if (x509 != NULL && serial_of(x509, certificate->serial)) {
        certificate->begins_us = time_of(X509_get0_notBefore(x509));
        certificate->ends_us = time_of(X509_get0_notAfter(x509));
        certificate->key = key_of(X509_get_pubkey(x509), false);
    }
    X509_free(x509);
    ERR_clear_error();
    return certificate->key == NULL ? ERR_CORRUPT : ERR_NONE;
}

/* ---- AES-256-GCM ---- */

static EVP_CIPHER_CTX *gcm_new(const unsigned char key[PKI_GCM_KEY_BYTES], const char *nonce, const char *about,
                               bool sealing)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0, way = sealing ? 1 : 0;
    CHECK(context != NULL);
    CHECK(EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL, way) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, (int)strlen(nonce), NULL) == 1);
    CHECK(EVP_CipherInit_ex(context, NULL, NULL, key, (const unsigned char *)nonce, way) == 1);
    CHECK(EVP_CipherUpdate(context, NULL, &done, (const unsigned char *)about, (int)strlen(about)) == 1);
    return context;
}

void pki_gcm_seal(const unsigned char key[PKI_GCM_KEY_BYTES], const char *nonce, const char *about, const void *bytes,
                  size_t len, unsigned char *out)
{
    int done = 0;
    CHECK(strlen(nonce) >= 1 && strlen(nonce) <= 16 && len <= INT32_MAX);
    EVP_CIPHER_CTX *context = gcm_new(key, nonce, about, true);
    CHECK(EVP_CipherUpdate(context, out, &done, bytes, (int)len) == 1);
    CHECK(EVP_CipherFinal_ex(context, out + done, &done) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, PKI_GCM_TAG_BYTES, out + len) == 1);
    EVP_CIPHER_CTX_free(context);
}

enum err pki_gcm_open(const unsigned char key[PKI_GCM_KEY_BYTES], const char *nonce, const char *about,
                      const unsigned char *sealed, size_t len, void *out)
{
    int done = 0;
    unsigned char tag[PKI_GCM_TAG_BYTES];
    if (len < PKI_GCM_TAG_BYTES || len > INT32_MAX || strlen(nonce) < 1 || strlen(nonce) > 16)
        return ERR_CORRUPT;
    memcpy(tag, sealed + len - PKI_GCM_TAG_BYTES, sizeof tag);
    EVP_CIPHER_CTX *context = gcm_new(key, nonce, about, false);
    bool good = EVP_CipherUpdate(context, out, &done, sealed, (int)(len - PKI_GCM_TAG_BYTES)) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
                EVP_CipherFinal_ex(context, (unsigned char *)out + done, &done) == 1;
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return good ? ERR_NONE : ERR_CORRUPT;
}

void pki_cbc(const unsigned char key[32], const unsigned char iv[PKI_CBC_BLOCK_BYTES], bool sealing,
             unsigned char *bytes, size_t len)
{
    int done = 0;
    CHECK(len % PKI_CBC_BLOCK_BYTES == 0 && len <= INT32_MAX);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    CHECK(context != NULL);
    CHECK(EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv, sealing ? 1 : 0) == 1);
    CHECK(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
    CHECK(EVP_CipherUpdate(context, bytes, &done, bytes, (int)len) == 1 && (size_t)done == len);
    EVP_CIPHER_CTX_free(context);
}

void pki_sha1_text(const void *bytes, size_t len, char hex[PKI_SHA1_TEXT_BYTES])
{
    unsigned char digest[20];
    unsigned digest_len = sizeof digest;
    CHECK(EVP_Digest(bytes, len, digest, &digest_len, EVP_sha1(), NULL) == 1);
    text_hex(digest, sizeof digest, hex);
}

/* ---- making keys ---- */

struct pki_key *pki_key_make(void)
{
    struct pki_key *key = key_of(EVP_RSA_gen(PKI_BITS_MIN), true);
    CHECK(key != NULL);
    return key;
}

static void take_bio(BIO *bio, struct buf *pem)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    buf_add(pem, bytes, (size_t)len);
    BIO_free(bio);
}

void pki_key_write(const struct pki_key *key, bool private_too, struct buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(bio != NULL);
    if (private_too)
        CHECK(PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1);
    else
        CHECK(PEM_write_bio_PUBKEY(bio, key->pkey) == 1);
    take_bio(bio, pem);
}

static void set_time(ASN1_TIME *time, int64_t utc_us)
{
    CHECK(ASN1_TIME_set(time, (time_t)(utc_us / 1000000)) != NULL);
}

void pki_certificate_make(const struct pki_key *key, const char *serial, int64_t begins_us, int64_t ends_us,
                          struct buf *pem)
{
    X509 *x509 = X509_new();
    BIGNUM *number = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(x509 != NULL && bio != NULL && BN_hex2bn(&number, serial) > 0);
    CHECK(X509_set_version(x509, X509_VERSION_3) == 1);
    CHECK(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL);
    set_time(X509_getm_notBefore(x509), begins_us);
    set_time(X509_getm_notAfter(x509), ends_us);
    CHECK(X509_set_pubkey(x509, key->pkey) == 1);
    X509_NAME *name = X509_get_subject_name(x509);
    CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"stand-in", -1, -1, 0) == 1);
    CHECK(X509_set_issuer_name(x509, name) == 1);
    CHECK(X509_sign(x509, key->pkey, EVP_sha256()) > 0);
    CHECK(PEM_write_bio_X509(bio, x509) == 1);
    take_bio(bio, pem);
    BN_free(number);
    X509_free(x509);
}
