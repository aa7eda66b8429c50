/* qr — the modules of a QR code that says a text. The only door to libqrencode. Any thread. */
#ifndef XY_WORKERS_QR_H
#define XY_WORKERS_QR_H

#include "base/arena.h"
#include "base/err.h"

#define QR_TEXT_BYTES_MAX 512
#define QR_QUIET_MODULES  4 /* light margin a reader needs around the code; not part of `dark` */

struct qr {
    int side;                  /* modules */
    const unsigned char *dark; /* side * side, row by row; 1 dark, 0 light. In the arena given */
};

/* As bytes, error correction M: a fold or a scratch of 15 % does no harm. BAD_FIELD: empty or too long. */
enum err qr_make(const char *text, struct arena *arena, struct qr *qr);

#endif
