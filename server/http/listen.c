/* Listening sockets and TLS: all that happens before a loop runs. */
#include "inside.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- listening ---- */

static enum err parse_address(const char *text, int port, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        *len = sizeof *in;
    } else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        *len = sizeof *in6;
    } else {
        return ERR_BAD_FIELD;
    }
    return ERR_NONE;
}

static int bound_socket(const struct sockaddr_storage *address, socklen_t len, bool shared)
{
    int on = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(fd, (const struct sockaddr *)address, len) == 0)
        return fd;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

/* Sharing a port with SO_REUSEPORT would also let a second server of the same user in, silently: a socket that does
 * not share asks first. */
enum err listen_open(struct server *server, char why[256])
{
    const struct server_options *options = &server->options;
    struct sockaddr_storage address;
    socklen_t len;
    if (parse_address(options->address, options->port, &address, &len) != ERR_NONE) {
        snprintf(why, 256, "%s is no numeric address", options->address);
        return ERR_BAD_FIELD;
    }
    if (options->port != 0) {
        int probe = bound_socket(&address, len, false);
        if (probe < 0) {
            snprintf(why, 256, "cannot listen on %s port %d: %s", options->address, options->port, strerror(errno));
            return ERR_CONFLICT;
        }
        close(probe);
    }
    for (size_t i = 0; i < server->loop_count; i++) {
        server->listeners[i] = bound_socket(&address, len, true);
        if (server->listeners[i] < 0 || getsockname(server->listeners[i], (struct sockaddr *)&address, &len) != 0) {
            snprintf(why, 256, "cannot listen on %s: %s", options->address, strerror(errno));
            return ERR_CONFLICT;
        }
    }
    server->port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                      : ((struct sockaddr_in6 *)&address)->sin6_port);
    return ERR_NONE;
}

/* ---- TLS ---- */

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned int in_len, void *arg)
{
    (void)ssl;
    (void)arg;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *selected;
    if (SSL_select_next_proto(&selected, out_len, ours, sizeof ours - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

enum err listen_open_tls(struct server *server, char why[256])
{
    const char *certificate = server->options.tls_certificate, *key = server->options.tls_key;
    bool has_certificate = certificate != NULL && certificate[0] != 0, has_key = key != NULL && key[0] != 0;
    if (has_certificate != has_key) {
        snprintf(why, 256, "tls_certificate and tls_key go together");
        return ERR_BAD_FIELD;
    }
    if (!has_certificate)
        return ERR_NONE;
    server->tls = SSL_CTX_new(TLS_server_method());
    CHECK(server->tls != NULL);
    SSL_CTX_set_min_proto_version(server->tls, TLS1_2_VERSION);
    SSL_CTX_set_options(server->tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(server->tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(server->tls, on_alpn, NULL);
    if (SSL_CTX_use_certificate_chain_file(server->tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(server->tls, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(server->tls) != 1) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        snprintf(why, 256, "cannot use %s with %s: %s", certificate, key, reason != NULL ? reason : "?");
        return ERR_UNREADABLE;
    }
    return ERR_NONE;
}
