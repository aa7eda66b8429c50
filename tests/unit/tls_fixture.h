/* tls_fixture — an HTTPS server on 127.0.0.1 whose certificate, of its own making, is for 127.0.0.1 and nobody signed.
 * It says "ok" to whoever trusts it; tls.certificate is the file to trust. Links OpenSSL. */
#ifndef XY_TLS_FIXTURE_H
#define XY_TLS_FIXTURE_H

#include "base/check.h"
#include "tests/temp.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tls_server {
    pthread_t thread;
    SSL_CTX *context;
    int fd, port;
    char folder[256], certificate[300];
} tls;

static inline void tls_make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(x, names, -1);
    CHECK(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *file = fopen(tls.certificate, "w");
    CHECK(file != NULL && PEM_write_X509(file, x) == 1 && fclose(file) == 0);
    tls.context = SSL_CTX_new(TLS_server_method());
    CHECK(SSL_CTX_use_certificate(tls.context, x) == 1 && SSL_CTX_use_PrivateKey(tls.context, key) == 1);
    X509_EXTENSION_free(names);
    X509_free(x);
    EVP_PKEY_free(key);
}

static inline void *tls_main(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    (void)arg;
    for (int fd; (fd = accept(tls.fd, NULL, NULL)) >= 0;) {
        char room[4096];
        SSL *ssl = SSL_new(tls.context);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, room, sizeof room) > 0)
            SSL_write(ssl, answer, sizeof answer - 1);
        SSL_shutdown(ssl);
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static inline void tls_up(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    temp_folder(tls.folder, "tls");
    snprintf(tls.certificate, sizeof tls.certificate, "%s/certificate.pem", tls.folder);
    tls_make_certificate();
    tls.fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(tls.fd, (struct sockaddr *)&address, len) == 0 && listen(tls.fd, 8) == 0);
    CHECK(getsockname(tls.fd, (struct sockaddr *)&address, &len) == 0);
    tls.port = ntohs(address.sin_port);
    CHECK(pthread_create(&tls.thread, NULL, tls_main, NULL) == 0);
}

static inline void tls_down(void)
{
    shutdown(tls.fd, SHUT_RDWR); /* accept ends */
    pthread_join(tls.thread, NULL);
    close(tls.fd);
    SSL_CTX_free(tls.context);
    temp_folder_remove(tls.folder);
}

#endif
