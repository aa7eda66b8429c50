#include "api/console_import.h"

#include <iconv.h>

/* GB18030 needs 1, 2 or 4 bytes for what takes at most 4 in UTF-8; 1 byte (ASCII) never grows, 2 bytes become 3. */
#define GROWTH 2

static bool from_gb18030(struct arena *arena, const char *bytes, size_t len, char **text, size_t *text_len)
{
    size_t room = len * GROWTH + 1, left = room, in_left = len;
    char *out = arena_alloc(arena, room + 1), *to = out;
    char *in = arena_copy(arena, bytes, len);
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return false;
    bool good = iconv(converter, &in, &in_left, &to, &left) != (size_t)-1 && in_left == 0;
    iconv_close(converter);
    *text = out;
    *text_len = (size_t)(to - out);
    return good && text_utf8_valid(out, *text_len);
}

enum err import_take(struct exchange *x, struct import *import)
{
    const char *type = exchange_header(x, "content-type");
    if (type == NULL || strncmp(type, "text/csv", 8) != 0)
        return exchange_explain(x, ERR_UNSUPPORTED_TYPE, "Content-Type must be text/csv");
    import->body = exchange_body(x, &import->body_len);
    return import->body_len > 0 ? ERR_NONE : exchange_explain(x, ERR_BAD_FIELD, "the file is empty");
}

enum err import_open(struct import *import, struct job *job, struct arena *arena)
{
    char *text;
    size_t len = import->body_len;
    if (text_utf8_valid(import->body, len))
        text = arena_copy(arena, import->body, len);
    else if (!from_gb18030(arena, import->body, import->body_len, &text, &len))
        return job_refuse(job, ERR_BAD_FIELD, "the file is neither UTF-8 nor GB18030 text");
    enum err e = csv_open(&import->csv, text, len);
    return e == ERR_NONE ? e : job_refuse(job, e, "%s", import->csv.why);
}

enum err import_next(struct import *import, struct job *job, bool *more)
{
    enum err e = csv_next(&import->csv, more);
    return e == ERR_NONE ? e : job_refuse(job, e, "%s", import->csv.why);
}

enum err import_header(struct import *import, struct job *job, struct import_column *columns, size_t count)
{
    struct csv *csv = &import->csv;
    bool more = false;
    TRY(import_next(import, job, &more));
    if (!more)
        return job_refuse(job, ERR_BAD_FIELD, "the file has no header row");
    for (size_t i = 0; i < count; i++) {
        columns[i].at = csv_column(csv, columns[i].name);
        if (columns[i].at < 0 && columns[i].other != NULL)
            columns[i].at = csv_column(csv, columns[i].other);
        if (columns[i].at < 0 && columns[i].required)
            return job_refuse(job, ERR_BAD_FIELD, "the column %s is missing", columns[i].name);
    }
    return ERR_NONE;
}
