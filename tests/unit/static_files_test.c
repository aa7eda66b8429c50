/* links: xy_http xy_base */
/* Pages from memory, and TLS: what a browser sees of the server beside the API. */
#include "http_fixture.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

struct empty {
    int nothing;
};

static void cookie_reply(struct exchange *x, struct empty *job)
{
    (void)job;
    exchange_set_cookie(x, AUTH_COOKIE, "token", 60);
    exchange_send_nothing(x);
}
#define cookie_decode NULL
static enum err cookie_write(struct tx *tx, struct empty *job)
{
    (void)tx;
    (void)job;
    return ERR_NONE;
}
ENDPOINT(cookie, struct empty, WRITE(cookie_write))

static void peer_reply(struct exchange *x, struct empty *job)
{
    (void)job;
    json_text(exchange_out(x), exchange_peer(x));
    exchange_send(x);
}
#define peer_decode NULL
ENDPOINT(peer, struct empty, WRITE(cookie_write))

static const struct route routes[] = {
    {METHOD_POST, "/api/cookie", ROLE_ANYONE, 0, &endpoint_cookie},
    {METHOD_GET, "/api/peer", ROLE_ANYONE, 0, &endpoint_peer},
};

static struct store store;
static struct server *server;
static int port;
static char folder[64];

static enum err resolve(struct tx *tx, struct auth_lookup *lookup)
{
    (void)tx;
    (void)lookup;
    return ERR_UNAUTHENTICATED;
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    fputs(text, file);
    fclose(file);
}

static const char *in_folder(const char *name)
{
    static char path[2][256];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* Much of the same: packs well. */
static const char *long_text(void)
{
    static char text[2001];
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = "a { top: 0 }\n"[i % 13];
    return text;
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/xueying-web-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    mkdir(in_folder("console"), 0700);
    mkdir(in_folder(".git"), 0700);
    write_file("index.html", "<p>student</p>");
    write_file("app.js", "let a");
    write_file("app-0a1b2c3d.js", "let b");
    write_file("long.css", long_text());
    write_file("console/index.html", "<p>console</p>");
    write_file("secret.db", "no");
    write_file(".git/config.txt", "no");
    write_file(".hidden.html", "no");
    CHECK(symlink("/etc/hostname", in_folder("link.txt")) == 0);
}

static void remove_folder(void)
{
    static const char *files[] = {"index.html", "app.js",          "app-0a1b2c3d.js", "console/index.html",
                                  "secret.db",  ".git/config.txt", ".hidden.html",    "link.txt",
                                  "cert.pem",   "key.pem",         "long.css"};
    for (size_t i = 0; i < countof(files); i++)
        unlink(in_folder(files[i]));
    rmdir(in_folder("console"));
    rmdir(in_folder(".git"));
    rmdir(folder);
}

static enum err try_start(const char *certificate, const char *key, const char *web, const char *trusted, char why[256])
{
    crypt_start();
    log_open(2, LOG_ERROR_LEVEL);
    fixture_store_start(&store);
    struct server_options options = {.address = "127.0.0.1",
                                     .loops = 1,
                                     .tls_certificate = certificate,
                                     .tls_key = key,
                                     .web_directory = web,
                                     .trusted_proxies = trusted,
                                     .routes = routes,
                                     .route_count = countof(routes),
                                     .store = &store,
                                     .resolve = resolve,
                                     .limits = server_limits_default()};
    enum err e = server_start(&options, &server, why);
    if (e == ERR_NONE)
        port = server_port(server);
    else
        fixture_store_stop(&store);
    return e;
}

static void start(const char *trusted)
{
    char why[256];
    make_folder();
    EQ_INT(ERR_NONE, try_start(NULL, NULL, folder, trusted, why));
}

static void stop(void)
{
    server_stop(server);
    fixture_store_stop(&store);
    server_free(server);
    remove_folder();
}

static struct answer a;

static int ask(const char *request_line, const char *more)
{
    static char request[1024];
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: h\r\n%s\r\n", request_line, more);
    int fd = client_connect(port);
    client_text(fd, request);
    client_read_head(fd, &a);
    size_t want = (size_t)strtoul(answer_header(&a, "Content-Length"), NULL, 10);
    ssize_t got = want > 0 ? recv(fd, a.body, want, MSG_WAITALL) : 0;
    a.body[got > 0 ? got : 0] = 0;
    close(fd);
    return a.status;
}

TEST(pages_come_from_memory)
{
    char etag[64], more[128];
    start("");
    EQ_INT(200, ask("GET /", ""));
    EQ_TEXT("<p>student</p>", a.body);
    EQ_TEXT("text/html; charset=utf-8", answer_header(&a, "Content-Type"));
    EQ_TEXT("no-cache", answer_header(&a, "Cache-Control"));
    TRUE(strstr(answer_header(&a, "Content-Security-Policy"), "script-src 'self'") != NULL);
    TRUE(strstr(answer_header(&a, "Content-Security-Policy"), "unsafe") == NULL);
    TRUE(strstr(answer_header(&a, "Permissions-Policy"), "camera=(self)") != NULL);
    snprintf(etag, sizeof etag, "%.60s", answer_header(&a, "ETag"));
    unlink(in_folder("index.html"));
    snprintf(more, sizeof more, "If-None-Match: %s\r\n", etag);
    EQ_INT(304, ask("GET /", more));
    EQ_INT(200, ask("GET /index.html?v=1", ""));
    EQ_INT(200, ask("GET /app.js", ""));
    EQ_TEXT("text/javascript; charset=utf-8", answer_header(&a, "Content-Type"));
    EQ_TEXT("no-cache", answer_header(&a, "Cache-Control"));
    EQ_INT(200, ask("GET /app-0a1b2c3d.js", ""));
    EQ_TEXT("public, max-age=31536000, immutable", answer_header(&a, "Cache-Control"));
    EQ_INT(200, ask("GET /console/", ""));
    EQ_TEXT("<p>console</p>", a.body);
    EQ_INT(308, ask("GET /console", ""));
    EQ_TEXT("/console/", answer_header(&a, "Location"));
    EQ_INT(404, ask("POST /app.js", ""));
    stop();
}

TEST(long_texts_go_packed_to_who_takes_that)
{
    char etag[64], more[128];
    start("");
    EQ_INT(200, ask("GET /long.css", ""));
    EQ_TEXT("", answer_header(&a, "Content-Encoding"));
    EQ_TEXT("Accept-Encoding", answer_header(&a, "Vary"));
    EQ_TEXT(long_text(), a.body);
    snprintf(etag, sizeof etag, "%.60s", answer_header(&a, "ETag"));
    EQ_INT(200, ask("GET /long.css", "Accept-Encoding: br;q=1, gzip\r\n"));
    EQ_TEXT("gzip", answer_header(&a, "Content-Encoding"));
    EQ_TEXT("text/css; charset=utf-8", answer_header(&a, "Content-Type"));
    TRUE(strtoul(answer_header(&a, "Content-Length"), NULL, 10) < 200);
    TRUE(memcmp(a.body, "\x1f\x8b", 2) == 0);
    TRUE(strcmp(etag, answer_header(&a, "ETag")) != 0); /* other bytes, other tag */
    snprintf(more, sizeof more, "Accept-Encoding: gzip\r\nIf-None-Match: %.60s\r\n", answer_header(&a, "ETag"));
    EQ_INT(304, ask("GET /long.css", more));
    EQ_INT(200, ask("GET /long.css", "Accept-Encoding: gzip;q=0\r\n"));
    EQ_TEXT("", answer_header(&a, "Content-Encoding"));
    EQ_INT(200, ask("GET /app.js", "Accept-Encoding: gzip\r\n")); /* too short to gain */
    EQ_TEXT("", answer_header(&a, "Content-Encoding"));
    stop();
}

TEST(nothing_else_is_served)
{
    static const char *paths[] = {
        "GET /secret.db",     "GET /.git/config.txt",      "GET /.hidden.html",      "GET /link.txt",
        "GET /../etc/passwd", "GET /console/../secret.db", "GET /%2e%2e/etc/passwd", "GET /console/..%2fsecret.db",
        "GET //index.html",   "GET /index.html/",          "GET /app.js%00"};
    start("");
    for (size_t i = 0; i < countof(paths); i++)
        EQ_INT(404, ask(paths[i], ""));
    stop();
}

TEST(a_trusted_proxy_speaks_for_its_clients)
{
    start("127.0.0.1, 10.0.0.1");
    EQ_INT(200, ask("GET /api/peer", "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n"));
    EQ_TEXT("\"1.2.3.4\"", a.body); /* what the client wrote itself, further left, is not believed */
    TRUE(strstr(answer_header(&a, "Strict-Transport-Security"), "max-age=63072000") != NULL);
    EQ_INT(200, ask("GET /api/peer", "X-Forwarded-For: nonsense\r\n"));
    EQ_TEXT("\"127.0.0.1\"", a.body);
    EQ_INT(204, ask("POST /api/cookie", "X-Forwarded-Proto: https\r\n"));
    EQ_TEXT("__Host-xy=token; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure", answer_header(&a, "Set-Cookie"));
    stop();
    start("");
    EQ_INT(200, ask("GET /api/peer", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"));
    EQ_TEXT("\"127.0.0.1\"", a.body);
    EQ_TEXT("", answer_header(&a, "Strict-Transport-Security"));
    EQ_INT(204, ask("POST /api/cookie", ""));
    EQ_TEXT("xy=token; Path=/; Max-Age=60; HttpOnly; SameSite=Strict", answer_header(&a, "Set-Cookie"));
    stop();
}

/* ---- TLS ---- */

static void make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = fopen(in_folder("cert.pem"), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen(in_folder("key.pem"), "w");
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* The whole answer to one request over TLS; "" when there was no agreement. `alpn` gets what was agreed on. */
static const char *ask_tls(int version_max, const char *offer, char alpn[16])
{
    static char text[8192];
    size_t len = 0;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, version_max);
    SSL *ssl = SSL_new(context);
    int fd = client_connect(port), n;
    SSL_set_fd(ssl, fd);
    SSL_set_alpn_protos(ssl, (const unsigned char *)offer, (unsigned)strlen(offer));
    text[0] = alpn[0] = 0;
    if (SSL_connect(ssl) == 1) {
        const unsigned char *agreed;
        unsigned agreed_len;
        static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        SSL_get0_alpn_selected(ssl, &agreed, &agreed_len);
        snprintf(alpn, 16, "%.*s", (int)agreed_len, (const char *)agreed);
        SSL_write(ssl, request, sizeof request - 1);
        while (len < sizeof text - 1 && (n = SSL_read(ssl, text + len, (int)(sizeof text - 1 - len))) > 0)
            len += (size_t)n;
        text[len] = 0;
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
    close(fd);
    return text;
}

TEST(tls_is_1_2_or_later_and_http_1_1)
{
    char why[256], alpn[16];
    make_folder();
    make_certificate();
    EQ_INT(ERR_NONE, try_start(in_folder("cert.pem"), in_folder("key.pem"), folder, "", why));
    const char *text = ask_tls(TLS1_3_VERSION, "\x02h2\x08http/1.1", alpn);
    EQ_TEXT("http/1.1", alpn);
    TRUE(strncmp(text, "HTTP/1.1 200 OK\r\n", 17) == 0);
    TRUE(strstr(text, "Strict-Transport-Security: max-age=63072000") != NULL);
    TRUE(strstr(text, "<p>student</p>") != NULL);
    text = ask_tls(TLS1_2_VERSION, "\x08http/1.1", alpn);
    TRUE(strncmp(text, "HTTP/1.1 200 OK\r\n", 17) == 0);
    EQ_TEXT("", ask_tls(TLS1_1_VERSION, "\x08http/1.1", alpn));
    EQ_TEXT("", ask_tls(TLS1_3_VERSION, "\x02h2", alpn));
    int plain = client_connect(port);
    client_text(plain, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    TRUE(client_is_closed(plain) || client_is_closed(plain));
    close(plain);
    stop();
}

TEST(a_start_that_cannot_work_says_why)
{
    char why[256];
    make_folder();
    EQ_INT(ERR_BAD_FIELD, try_start("cert.pem", "", folder, "", why));
    EQ_TEXT("tls_certificate and tls_key go together", why);
    EQ_INT(ERR_UNREADABLE, try_start(in_folder("none.pem"), in_folder("none.pem"), folder, "", why));
    TRUE(strstr(why, "none.pem") != NULL);
    EQ_INT(ERR_UNREADABLE, try_start(NULL, NULL, in_folder("nowhere"), "", why));
    TRUE(strstr(why, "web directory") != NULL);
    EQ_INT(ERR_NONE, try_start(NULL, NULL, folder, "", why));
    struct server_options second = {.address = "127.0.0.1", .port = port, .loops = 1, .store = &store};
    struct server *other;
    EQ_INT(ERR_CONFLICT, server_start(&second, &other, why));
    TRUE(strstr(why, "Address already in use") != NULL);
    second.address = "localhost";
    EQ_INT(ERR_BAD_FIELD, server_start(&second, &other, why));
    stop();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
