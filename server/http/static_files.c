/* The console and the student page, read into memory at start and packed there (gzip) where that saves something. No
 * path of a client ever touches the disk. */
#include "inside.h"

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define TOTAL_BYTES_MAX MIB(16)
#define FILES_MAX       2000u
#define DEPTH_MAX       8
#define ETAG_BYTES      40
#define PACK_BYTES_MIN  400u /* shorter than that a packet carries it anyway */

struct file {
    const char *path; /* as in the URL, "/console/app.js" */
    const char *type;
    const char *bytes, *packed; /* packed: NULL when it would not be much smaller */
    size_t len, packed_len;
    bool is_hashed; /* its name changes with its content */
    char etag[ETAG_BYTES], packed_etag[ETAG_BYTES];
};

struct static_files {
    struct arena *arena;
    struct file files[FILES_MAX];
    size_t count, total_bytes;
};

static h2o_generator_t generator;

static const struct {
    const char *extension, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".yaml", "application/yaml"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < countof(types); i++)
        if (strcmp(dot, types[i].extension) == 0)
            return types[i].type;
    return NULL;
}

/* name-0123456789abcdef.js: what a bundler writes, at least eight hex digits (or base 32, upper case) before the dot.
 */
static bool is_hashed(const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t len = 0;
    bool has_digit = false;
    while (dot - len > path) {
        char c = dot[-1 - (ptrdiff_t)len];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'Z')))
            break;
        has_digit |= c >= '0' && c <= '9';
        len++;
    }
    char before = dot[-1 - (ptrdiff_t)len];
    return len >= 8 && has_digit && (before == '-' || before == '.');
}

/* ---- loading ---- */

static bool is_text(const char *type)
{
    static const char *packable[] = {"text/", "application/json", "application/yaml", "image/svg+xml",
                                     "application/man"};
    for (size_t i = 0; i < countof(packable); i++)
        if (strncmp(type, packable[i], strlen(packable[i])) == 0)
            return true;
    return false;
}

static void pack(struct arena *arena, struct file *file, const char *hash)
{
    z_stream z = {0};
    if (file->len < PACK_BYTES_MIN || file->len > UINT_MAX / 2 || !is_text(file->type) ||
        deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16 /* gzip */, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    size_t max = file->len - file->len / 8;
    unsigned char *to = arena_alloc(arena, max);
    z.next_in = (z_const Bytef *)file->bytes;
    z.avail_in = (uInt)file->len;
    z.next_out = to;
    z.avail_out = (uInt)max;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
        file->packed = (const char *)to;
        file->packed_len = max - z.avail_out;
        snprintf(file->packed_etag, sizeof file->packed_etag, "\"%.32s.gz\"", hash);
    }
    deflateEnd(&z);
}

static enum err add_file(struct static_files *files, int directory, const char *name, const char *path, char why[256])
{
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < 0)
        goto unreadable;
    size_t len = (size_t)st.st_size, have = 0;
    if (files->count == FILES_MAX || len > TOTAL_BYTES_MAX - files->total_bytes) {
        snprintf(why, 256, "the web directory has more than %u files or %zu bytes", FILES_MAX, TOTAL_BYTES_MAX);
        close(fd);
        return ERR_TOO_LARGE;
    }
    char *bytes = arena_alloc(files->arena, len);
    while (have < len) {
        ssize_t n = read(fd, bytes + have, len - have);
        if (n <= 0)
            goto unreadable;
        have += (size_t)n;
    }
    close(fd);
    unsigned char hash[CRYPT_HASH_BYTES];
    char hex[CRYPT_HASH_TEXT_BYTES];
    crypt_hash(bytes, len, hash);
    text_hex(hash, sizeof hash, hex);
    struct file *file = &files->files[files->count++];
    *file = (struct file){.path = arena_text(files->arena, path),
                          .type = type_of(path),
                          .bytes = bytes,
                          .len = len,
                          .is_hashed = is_hashed(path)};
    snprintf(file->etag, sizeof file->etag, "\"%.32s\"", hex);
    pack(files->arena, file, hex);
    files->total_bytes += len;
    return ERR_NONE;
unreadable:
    snprintf(why, 256, "cannot read %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ERR_UNREADABLE;
}

/* Depth is bounded by DEPTH_MAX. */
static enum err add_directory(struct static_files *files, int fd, const char *prefix, int depth, char why[256])
{
    DIR *directory = fdopendir(fd);
    enum err e = ERR_NONE;
    if (directory == NULL) {
        close(fd);
        snprintf(why, 256, "cannot list %s/: %s", prefix, strerror(errno));
        return ERR_UNREADABLE;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL && e == ERR_NONE; entry = readdir(directory)) {
        struct stat st;
        const char *name = entry->d_name;
        if (name[0] == '.' || strcmp(name, "node_modules") == 0 ||
            fstatat(dirfd(directory), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        const char *path = arena_printf(files->arena, "%s/%s", prefix, name);
        if (S_ISREG(st.st_mode) && type_of(name) != NULL) {
            e = add_file(files, dirfd(directory), name, path, why);
        } else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
            int below = openat(dirfd(directory), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (below >= 0)
                e = add_directory(files, below, path, depth + 1, why);
        }
    }
    closedir(directory);
    return e;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

enum err static_files_load(const char *directory, struct static_files **loaded, char why[256])
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, 256, "cannot open the web directory %s: %s", directory, strerror(errno));
        return ERR_UNREADABLE;
    }
    struct static_files *files = calloc(1, sizeof *files);
    CHECK(files != NULL);
    files->arena = arena_new(4 * TOTAL_BYTES_MAX) /* with what blocks waste */;
    enum err e = add_directory(files, fd, "", 0, why);
    if (e != ERR_NONE) {
        static_files_free(files);
        return e;
    }
    qsort(files->files, files->count, sizeof files->files[0], by_path);
    *loaded = files;
    return ERR_NONE;
}

void static_files_free(struct static_files *files)
{
    if (files == NULL)
        return;
    arena_free(files->arena);
    free(files);
}

/* ---- answering ---- */

static const struct file *find(const struct static_files *files, const char *path, size_t len, const char *suffix)
{
    char text[512];
    int written = snprintf(text, sizeof text, "%.*s%s", (int)len, path, suffix);
    if (written < 0 || (size_t)written >= sizeof text)
        return NULL;
    struct file key = {.path = text};
    return bsearch(&key, files->files, files->count, sizeof files->files[0], by_path);
}

static void send_redirect(h2o_req_t *req, const char *path, size_t len, bool secure)
{
    char *location = h2o_mem_alloc_pool(&req->pool, len + 1);
    memcpy(location, path, len);
    location[len] = '/';
    req->res.status = 308;
    req->res.reason = "Permanent Redirect";
    req->res.content_length = 0;
    HEADERS_ADD(req, "Location", location, len + 1);
    HEADERS_ADD(req, "Cache-Control", "no-cache", 8);
    headers_secure(req, ANSWER_PAGE, secure);
    h2o_start_response(req, &generator);
    h2o_send(req, NULL, 0, H2O_SEND_STATE_FINAL);
}

/* "gzip" without a weight of nought; browsers and curl --compressed say just "gzip". */
static bool takes_gzip(const h2o_req_t *req)
{
    h2o_iovec_t accepts;
    if (!request_header(req, "accept-encoding", 15, &accepts))
        return false;
    const char *found = memmem(accepts.base, accepts.len, "gzip", 4);
    return found != NULL && memmem(found, (size_t)(accepts.base + accepts.len - found), "q=0", 3) == NULL;
}

static void send_file(h2o_req_t *req, const struct file *file, bool secure)
{
    h2o_iovec_t have;
    bool packed = file->packed != NULL && takes_gzip(req);
    const char *etag = packed ? file->packed_etag : file->etag;
    size_t etag_len = strlen(etag), len = packed ? file->packed_len : file->len;
    bool is_same = request_header(req, "if-none-match", 13, &have) && memmem(have.base, have.len, etag, etag_len);
    bool is_head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    req->res.status = is_same ? 304 : 200;
    req->res.reason = headers_reason(req->res.status);
    req->res.content_length = is_same ? SIZE_MAX : len;
    if (!is_same)
        HEADERS_ADD(req, "Content-Type", file->type, strlen(file->type));
    if (!is_same && packed)
        HEADERS_ADD(req, "Content-Encoding", "gzip", 4);
    if (file->packed != NULL)
        HEADERS_ADD(req, "Vary", "Accept-Encoding", 15);
    HEADERS_ADD(req, "ETag", etag, etag_len);
    if (file->is_hashed)
        HEADERS_ADD(req, "Cache-Control", "public, max-age=31536000, immutable", 35);
    else
        HEADERS_ADD(req, "Cache-Control", "no-cache", 8);
    headers_secure(req, ANSWER_PAGE, secure);
    h2o_iovec_t body = h2o_iovec_init(packed ? file->packed : file->bytes, len);
    h2o_start_response(req, &generator);
    h2o_send(req, &body, is_same || is_head || len == 0 ? 0 : 1, H2O_SEND_STATE_FINAL);
}

bool static_files_answer(const struct static_files *files, h2o_req_t *req, const char *path, size_t len, bool secure)
{
    bool is_directory = path[len - 1] == '/';
    const struct file *file = find(files, path, len, is_directory ? "index.html" : "");
    if (file != NULL)
        send_file(req, file, secure);
    else if (!is_directory && find(files, path, len, "/index.html") != NULL)
        send_redirect(req, path, len, secure);
    else
        return false;
    return true;
}
