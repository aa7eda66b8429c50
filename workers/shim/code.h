/* code — QR codes in grey pixels: the bytes they carry and where they lie. The only door to zxing-cpp.
 *
 * C on both sides: no C++ type crosses, nothing is thrown out; every failure is a code_result. Pixels are 8-bit grey
 * without row padding, borrowed for the call, never kept. Dark modules on light ground: an inverted code is found in
 * an inverted picture. Only QR is looked for; the bytes are those of the code itself, no character set is guessed.
 *
 * No state: any number of threads at once. */
#ifndef XY_SHIM_CODE_H
#define XY_SHIM_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CODE_PAYLOAD_BYTES_MAX 4096 /* the largest QR carries 2953 bytes or 7089 digits; longer ones are dropped */
#define CODE_SYMBOLS_MAX       8
#define CODE_SIDE_PX_MAX       12000

enum code_result {
    CODE_OK = 0,
    CODE_BAD_IMAGE, /* no pixels, or a side beyond CODE_SIDE_PX_MAX */
    CODE_NO_MEMORY,
    CODE_INTERNAL /* zxing-cpp failed in a way it should not */
};

struct code_view {
    const uint8_t *grey; /* width_px * height_px bytes */
    int32_t width_px, height_px;
};

struct code_point {
    int32_t x_px, y_px;
};

struct code_symbol {
    uint8_t payload[CODE_PAYLOAD_BYTES_MAX];
    size_t len;                   /* ≥ 1: empty codes are not reported */
    struct code_point corners[4]; /* top left, top right, bottom right, bottom left of the code as it is meant */
    bool is_part;                 /* one of several codes that only together are a message */
};

struct code_symbols {
    struct code_symbol items[CODE_SYMBOLS_MAX];
    int32_t count; /* more than CODE_SYMBOLS_MAX are dropped */
};

/* Every QR code that can be read in the picture as given; none is CODE_OK with count 0. `thorough` also looks at a
 * third of the size. About 10 ms per megapixel. */
enum code_result code_find(const struct code_view *view, bool thorough, struct code_symbols *out);

const char *code_engine(void); /* "zxing-cpp 1.4.0"; static */

#ifdef __cplusplus
}
#endif

#endif
