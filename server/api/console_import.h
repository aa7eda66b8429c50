/* console_import — CSV from the office: UTF-8 with or without byte-order mark, or GB18030, as spreadsheets save it.
 * Read on a lane thread: a million bytes take milliseconds that the loop does not have. */
#ifndef XY_API_CONSOLE_IMPORT_H
#define XY_API_CONSOLE_IMPORT_H

#include "api/job.h"
#include "base/csv.h"

struct import {
    const char *body; /* as it came */
    size_t body_len;
    struct csv csv;
};

/* Decode: takes the body. UNSUPPORTED_TYPE: not text/csv. */
enum err import_take(struct exchange *x, struct import *import);
/* Lane, before any row: makes UTF-8 of it. BAD_FIELD: neither UTF-8 nor GB18030. Cells live in `arena`. */
enum err import_open(struct import *import, struct job *job, struct arena *arena);

/* The header row: as csv_header, explained in the job. */
enum err import_header(struct import *import, struct job *job, struct csv_column *columns, size_t count);
/* The next row; errors of the text are explained in the job. */
enum err import_next(struct import *import, struct job *job, bool *more);

#endif
