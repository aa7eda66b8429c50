#include "dispatch/archive.h"

#include "base/check.h"

#include <zip.h>

struct archive {
    zip_t *zip;
    zip_source_t *memory; /* kept: the finished bytes are read from it */
    time_t modified_s;
};

struct archive *archive_open(int64_t modified_us)
{
    struct archive *archive = calloc(1, sizeof *archive);
    CHECK(archive != NULL);
    archive->modified_s = (time_t)(modified_us / 1000000);
    archive->memory = zip_source_buffer_create(NULL, 0, 0, NULL);
    CHECK(archive->memory != NULL);
    zip_source_keep(archive->memory);
    archive->zip = zip_open_from_source(archive->memory, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    CHECK(archive->zip != NULL);
    return archive;
}

enum err archive_add(struct archive *archive, const char *name, void *bytes, size_t len)
{
    zip_source_t *source = zip_source_buffer(archive->zip, bytes, len, 1); /* frees bytes when it is freed */
    if (source == NULL) {
        free(bytes);
        return ERR_STORAGE;
    }
    zip_int64_t at = zip_file_add(archive->zip, name, source, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        bool twice = zip_error_code_zip(zip_get_error(archive->zip)) == ZIP_ER_EXISTS;
        zip_source_free(source);
        return twice ? ERR_CONFLICT : ERR_STORAGE;
    }
    bool good = zip_set_file_compression(archive->zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) == 0 &&
                zip_file_set_mtime(archive->zip, (zip_uint64_t)at, archive->modified_s, 0) == 0;
    return good ? ERR_NONE : ERR_STORAGE;
}

static enum err read_back(zip_source_t *memory, size_t max_bytes, void **bytes, size_t *len)
{
    zip_stat_t info;
    if (zip_source_stat(memory, &info) != 0 || !(info.valid & ZIP_STAT_SIZE))
        return ERR_STORAGE;
    if (info.size > max_bytes)
        return ERR_TOO_LARGE;
    void *copy = malloc((size_t)info.size + 1);
    if (copy == NULL || zip_source_open(memory) != 0) {
        free(copy);
        return ERR_BUSY;
    }
    zip_int64_t n = zip_source_read(memory, copy, info.size);
    zip_source_close(memory);
    if (n < 0 || (zip_uint64_t)n != info.size) {
        free(copy);
        return ERR_STORAGE;
    }
    *bytes = copy;
    *len = (size_t)info.size;
    return ERR_NONE;
}

enum err archive_close(struct archive *archive, size_t max_bytes, void **bytes, size_t *len)
{
    if (zip_close(archive->zip) != 0) {
        archive_discard(archive);
        return ERR_STORAGE;
    }
    enum err e = read_back(archive->memory, max_bytes, bytes, len);
    zip_source_free(archive->memory);
    free(archive);
    return e;
}

void archive_discard(struct archive *archive)
{
    if (archive == NULL)
        return;
    zip_discard(archive->zip);
    zip_source_free(archive->memory);
    free(archive);
}
