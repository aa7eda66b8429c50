/* csv — reading RFC 4180 text from outside, and writing cells that a spreadsheet cannot mistake for formulas.
 *
 * Reading: UTF-8 with or without byte-order mark, commas, cells in double quotes with doubled quotes inside, lines
 * ended by LF, CRLF or CR. Strict: a quote in the middle of a bare cell, text behind a closing quote, an unclosed
 * quote, NUL or ill-formed UTF-8 stop the reading with the line named. Empty lines are skipped. Bounded by
 * CSV_CELLS_MAX per line and the caller's text. The reader unfolds cells in place: it needs a copy it may change. Any
 * thread. */
#ifndef XY_CSV_H
#define XY_CSV_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

#define CSV_CELLS_MAX 64
#define CSV_WHY_BYTES 128

struct csv {
    char *at, *end;
    size_t line; /* of the row just read, 1 for the first; quoted line breaks count */
    size_t next_line;
    const char *cells[CSV_CELLS_MAX]; /* NUL-terminated, inside the text */
    size_t count;
    char why[CSV_WHY_BYTES];
};

/* text[len] must be writable: it becomes NUL. BAD_FIELD when the text is not UTF-8. */
enum err csv_open(struct csv *csv, char *text, size_t len);

/* The same from a file as offices save it: UTF-8 or GB18030; copied into the arena. BAD_FIELD: neither. */
enum err csv_open_office(struct csv *csv, const void *bytes, size_t len, struct arena *arena);

/* The next row; *more false at the end. BAD_FIELD: csv->why says where and what. */
enum err csv_next(struct csv *csv, bool *more);

/* Index of a column by its name in the current row, spaces around and letter case ignored; -1 when absent. */
int csv_column(const struct csv *csv, const char *name);
/* Cell of the current row without spaces around it (cut in place) and without the apostrophe that csv_put set before a
 * formula; "" when the row is shorter or column is -1. */
const char *csv_cell(struct csv *csv, int column);

/* Columns by their names in the header row, which is the next row; each may have a second (Chinese) name. BAD_FIELD
 * names one that is missing. */
struct csv_column {
    const char *name, *other;
    bool required;
    int at; /* out: -1 when absent */
};
enum err csv_header(struct csv *csv, struct csv_column *columns, size_t count);

/* ---- writing ---- */

void csv_begin(struct buf *b); /* byte-order mark, so that spreadsheets take it for UTF-8 */
/* Quoted when needed; a cell that a spreadsheet would run (= + - @, plain or wide, tab, CR, LF at its start) gets a
 * leading apostrophe. */
void csv_put(struct buf *b, const char *text, bool first);
void csv_end_row(struct buf *b);

#endif
