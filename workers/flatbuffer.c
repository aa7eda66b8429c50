#include "workers/flatbuffer.h"

void flatbuffer_bytes(struct flatbuffer *r, size_t at, void *value, size_t bytes)
{
    if (at > r->len || r->len - at < bytes) {
        r->bad = true;
        memset(value, 0, bytes);
    } else {
        memcpy(value, r->bytes + at, bytes); /* little-endian, like every machine we build for */
    }
}

int32_t flatbuffer_int(struct flatbuffer *r, size_t at)
{
    int32_t value;
    flatbuffer_bytes(r, at, &value, sizeof value);
    return value;
}

uint32_t flatbuffer_offset(struct flatbuffer *r, size_t at)
{
    uint32_t value;
    flatbuffer_bytes(r, at, &value, sizeof value);
    return value;
}

uint16_t flatbuffer_short(struct flatbuffer *r, size_t at)
{
    uint16_t value;
    flatbuffer_bytes(r, at, &value, sizeof value);
    return value;
}

size_t flatbuffer_field(struct flatbuffer *r, size_t table, size_t n)
{
    int64_t directory = (int64_t)table - flatbuffer_int(r, table);
    if (directory < 0) {
        r->bad = true;
        return 0;
    }
    size_t slot = 4 + 2 * n;
    if (slot + 2 > flatbuffer_short(r, (size_t)directory))
        return 0;
    uint16_t offset = flatbuffer_short(r, (size_t)directory + slot);
    return offset == 0 ? 0 : table + offset;
}

int32_t flatbuffer_int_field(struct flatbuffer *r, size_t table, size_t n, int32_t absent)
{
    size_t at = flatbuffer_field(r, table, n);
    return at == 0 ? absent : flatbuffer_int(r, at);
}

uint8_t flatbuffer_byte_field(struct flatbuffer *r, size_t table, size_t n)
{
    uint8_t value = 0;
    size_t at = flatbuffer_field(r, table, n);
    if (at != 0)
        flatbuffer_bytes(r, at, &value, 1);
    return value;
}

size_t flatbuffer_table_field(struct flatbuffer *r, size_t table, size_t n)
{
    size_t at = flatbuffer_field(r, table, n);
    return at == 0 ? 0 : at + flatbuffer_offset(r, at);
}

struct flatbuffer_list flatbuffer_list_field(struct flatbuffer *r, size_t table, size_t n, size_t item_bytes)
{
    size_t at = flatbuffer_table_field(r, table, n);
    if (at == 0)
        return (struct flatbuffer_list){0, 0};
    struct flatbuffer_list list = {at + 4, flatbuffer_offset(r, at)};
    if (list.at > r->len || (r->len - list.at) / item_bytes < list.count) {
        r->bad = true;
        return (struct flatbuffer_list){0, 0};
    }
    return list;
}

size_t flatbuffer_list_table(struct flatbuffer *r, struct flatbuffer_list list, uint32_t i)
{
    size_t at = list.at + 4 * (size_t)i;
    return at + flatbuffer_offset(r, at);
}
