/* links: xy_workers */
/* code — a made-up QR code: the input's bits are its modules, the three finders and the timing lines are drawn in, so
 * that most inputs reach the decoder. What is found keeps the contract of shim/code.h; any payload has a kind and
 * words. */
#include "base/check.h"
#include "base/code_kind.h"
#include "workers/shim/code.h"

#include <stdlib.h>

#define QUIET    4
#define MODULE   3
#define SIDE_MAX 177
#define EDGE_MAX ((SIDE_MAX + 2 * QUIET) * MODULE)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static unsigned char modules[SIDE_MAX][SIDE_MAX], grey[EDGE_MAX * EDGE_MAX];
static struct code_symbols symbols;

static void draw_finder(int side, int left, int top)
{
    for (int y = -1; y <= 7; y++)
        for (int x = -1; x <= 7; x++) {
            bool inside = x >= 0 && y >= 0 && x <= 6 && y <= 6;
            bool ring = inside && (x == 0 || y == 0 || x == 6 || y == 6);
            bool core = inside && x >= 2 && x <= 4 && y >= 2 && y <= 4;
            if (left + x >= 0 && top + y >= 0 && left + x < side && top + y < side)
                modules[top + y][left + x] = ring || core;
        }
}

static void draw(int side, const uint8_t *bytes, size_t len)
{
    for (int i = 0; i < side * side; i++)
        modules[i / side][i % side] = len > 0 && (bytes[(size_t)i / 8 % len] >> (i % 8) & 1);
    for (int i = 8; i < side - 8; i++)
        modules[6][i] = modules[i][6] = i % 2 == 0;
    draw_finder(side, 0, 0);
    draw_finder(side, side - 7, 0);
    draw_finder(side, 0, side - 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int version = len > 0 ? 1 + bytes[0] % 40 : 1, side = 17 + 4 * version, edge = (side + 2 * QUIET) * MODULE;
    draw(side, bytes, len);
    for (int y = 0; y < edge; y++)
        for (int x = 0; x < edge; x++) {
            int u = x / MODULE - QUIET, v = y / MODULE - QUIET;
            bool inside = u >= 0 && v >= 0 && u < side && v < side;
            grey[y * edge + x] = inside && modules[v][u] ? 0 : 255;
        }
    const struct code_view view = {grey, edge, edge};
    CHECK(code_find(&view, len % 2 == 0, &symbols) == CODE_OK && symbols.count <= CODE_SYMBOLS_MAX);
    for (int32_t i = 0; i < symbols.count; i++) {
        const struct code_symbol *symbol = &symbols.items[i];
        CHECK(symbol->len >= 1 && symbol->len <= CODE_PAYLOAD_BYTES_MAX);
        CHECK(code_looks_like(symbol->payload, symbol->len)[0] != '\0');
    }
    const char *kind = code_looks_like(bytes, len); /* a scanner's payload: any bytes at all */
    CHECK(code_words(strcmp(kind, "opaque") == 0 ? "ok" : "foreign", kind).zh[0] != '\0');
    return 0;
}
