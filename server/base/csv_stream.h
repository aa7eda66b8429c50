/* csv_stream — the rows of a CSV file of any size, through a window of fixed size (base/csv.h for what a row is).
 *
 * A file is UTF-8 when all of it is, otherwise GB18030: csv_sniff looks at all bytes first. One thread at a time. */
#ifndef XY_CSV_STREAM_H
#define XY_CSV_STREAM_H

#include "base/csv.h"

#include <iconv.h>

#define CSV_WINDOW_BYTES KIB(512) /* the longest row, quoted line breaks included, has half of it */

/* Is it UTF-8? Give all bytes, in order, in pieces of any size; then read `utf8`. */
struct csv_sniff {
    unsigned char carry[4]; /* a character cut by the end of a piece */
    size_t carried;
    bool broken, utf8; /* utf8: of what was seen, once csv_sniff_end was called */
};
void csv_sniff_add(struct csv_sniff *sniff, const void *bytes, size_t len);
void csv_sniff_end(struct csv_sniff *sniff);

/* The next bytes, up to max; *len 0 at the end. Its errors end the reading. */
typedef enum err csv_source(void *arg, void *bytes, size_t max, size_t *len);

struct csv_stream {
    struct csv csv; /* the current row: cells live until the next call; why, line */
    csv_source *source;
    void *arg;
    char *window;
    size_t start, boundary, have, scanned; /* rows not yet read are in start..boundary, a cut row behind it */
    char *raw;                             /* GB18030 not yet converted */
    size_t raw_len;
    iconv_t converter;
    bool converts, begun, quoted, ended, cut; /* cut: the window holds no whole row */
};

/* BAD_FIELD: no converter (why). csv_stream_close afterwards in any case. */
enum err csv_stream_open(struct csv_stream *s, csv_source *source, void *arg, bool utf8);
void csv_stream_close(struct csv_stream *s);
/* As csv_next. BAD_FIELD: csv.why says where and what. */
enum err csv_stream_next(struct csv_stream *s, bool *more);

#endif
