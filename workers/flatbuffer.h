/* flatbuffer — reads tables of a flatbuffer file that nobody vouches for.
 *
 * A flatbuffer is tables that point at each other by offsets. Nothing here trusts one: a read outside of the file gives
 * zeros and sets `bad`, which the reader asks for once after a table or a list, not at every number. Absent fields give
 * the schema's default. Little-endian, like every machine we build for; no alignment is needed. Any thread. */
#ifndef XY_WORKERS_FLATBUFFER_H
#define XY_WORKERS_FLATBUFFER_H

#include "base/base.h"

struct flatbuffer {
    const unsigned char *bytes;
    size_t len;
    bool bad;
};

/* Items that all lie in the file; `at` is the first. */
struct flatbuffer_list {
    size_t at;
    uint32_t count;
};

void flatbuffer_bytes(struct flatbuffer *r, size_t at, void *value, size_t bytes);
int32_t flatbuffer_int(struct flatbuffer *r, size_t at);
uint32_t flatbuffer_offset(struct flatbuffer *r, size_t at);
uint16_t flatbuffer_short(struct flatbuffer *r, size_t at);

/* Where the n-th field of a table lies; 0: it is absent. */
size_t flatbuffer_field(struct flatbuffer *r, size_t table, size_t n);
int32_t flatbuffer_int_field(struct flatbuffer *r, size_t table, size_t n, int32_t absent);
uint8_t flatbuffer_byte_field(struct flatbuffer *r, size_t table, size_t n); /* absent: 0 */
size_t flatbuffer_table_field(struct flatbuffer *r, size_t table, size_t n); /* the table it points to; absent: 0 */

/* Empty when absent. */
struct flatbuffer_list flatbuffer_list_field(struct flatbuffer *r, size_t table, size_t n, size_t item_bytes);
size_t flatbuffer_list_table(struct flatbuffer *r, struct flatbuffer_list list, uint32_t i);

#endif
