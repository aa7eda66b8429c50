#include "api/console_import.h"

enum err import_take(struct exchange *x, struct import *import)
{
    const char *type = exchange_header(x, "content-type");
    if (type == NULL || strncmp(type, "text/csv", 8) != 0)
        return exchange_explain(x, ERR_UNSUPPORTED_TYPE, "Content-Type must be text/csv");
    import->body = exchange_body(x, &import->body_len);
    return import->body_len > 0 ? ERR_NONE : exchange_explain(x, ERR_BAD_FIELD, "the file is empty");
}

static enum err told(const struct import *import, struct job *job, enum err e)
{
    return e == ERR_NONE ? e : job_refuse(job, e, "%s", import->csv.why);
}

enum err import_open(struct import *import, struct job *job, struct arena *arena)
{
    return told(import, job, csv_open_office(&import->csv, import->body, import->body_len, arena));
}

enum err import_header(struct import *import, struct job *job, struct csv_column *columns, size_t count)
{
    return told(import, job, csv_header(&import->csv, columns, count));
}

enum err import_next(struct import *import, struct job *job, bool *more)
{
    return told(import, job, csv_next(&import->csv, more));
}
