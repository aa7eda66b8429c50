/* code_draw — made-up collection codes as students send them: drawn by libqrencode, then spoiled in memory.
 *
 * Case n is the same picture on every machine. Eight ways to spoil, versions 4 to 31 in each:
 *   screenshot  in a phone's screen, 3–8 pixels a module, JPEG
 *   resized     1.9–4 pixels a module, no whole number, JPEG 60–80
 *   photo       of paper or a screen: turned 5–35°, perspective, uneven light, noise, slightly soft
 *   blurred     out of focus: sigma 0.4–0.6 modules
 *   moire       a screen photographed again: its pixel grid, colour fringes, noise, JPEG
 *   small       3–4 pixels a module somewhere in a 12-Mpx photo
 *   dim         grey on grey under a shadow; every third inverted
 *   squeezed    3–4.5 pixels a module in a JPEG of quality 25–40
 * For tests and tests/bench/code_bench.c. */
#ifndef XY_TESTS_CODE_DRAW_H
#define XY_TESTS_CODE_DRAW_H

#include "base/buf.h"

#define CODE_DRAW_WAYS        8
#define CODE_DRAW_PAYLOAD_MAX 1600

struct code_drawn {
    const char *way;
    int version;
    unsigned char payload[CODE_DRAW_PAYLOAD_MAX];
    size_t len;
};

/* Case `number` (0…): way = number % 8. The file is appended to `file`; false: libqrencode or libvips refused. */
bool code_draw_case(uint32_t number, struct code_drawn *drawn, struct buf *file);

/* Any payload, clean, `module_px` a module, as JPEG of quality 90; beside it a second one when `second` is not NULL. */
bool code_draw_clean(const void *payload, size_t len, const char *second, int module_px, struct buf *file);

#endif
