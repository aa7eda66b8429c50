/* buf — bytes being built, with a mandatory maximum.
 *
 * Appends need no checking: once an append would pass the maximum, `over` sticks, the content stays what it was,
 * and the owner tests `over` once at the end. The bytes are malloc'd; buf_release gives them back. buf_cstr is NUL
 * terminated. One owner at a time. */
#ifndef XY_BUF_H
#define XY_BUF_H

#include "base/base.h"

struct buf {
    char *bytes; /* NULL while empty */
    size_t len, capacity, max_bytes;
    bool over;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_release(struct buf *b); /* gives the memory back; b may be used again after buf_init */
void buf_clear(struct buf *b);   /* empty, not over; keeps the memory */

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_char(struct buf *b, char c);
void buf_text(struct buf *b, const char *text); /* NULL adds nothing */
void buf_int(struct buf *b, int64_t value);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
const char *buf_cstr(struct buf *b); /* "" when empty; valid until the next append */

#endif
