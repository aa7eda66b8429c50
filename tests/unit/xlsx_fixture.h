/* xlsx_fixture — workbooks made in memory: a ZIP of stored (not packed) parts. */
#ifndef XY_XLSX_FIXTURE_H
#define XY_XLSX_FIXTURE_H

#include "base/buf.h"

struct zip_part {
    const char *name;
    const void *bytes;
    size_t len;
    size_t claimed; /* size it says it unpacks to; 0: the truth */
};

static inline uint32_t zip_crc(const unsigned char *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static inline void zip_number(struct buf *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(b, (char)(unsigned char)(value >> 8 * i));
}

/* What the local and the central header have in common. */
static inline void zip_facts(struct buf *b, const struct zip_part *part)
{
    size_t size = part->claimed > 0 ? part->claimed : part->len;
    zip_number(b, 20, 2); /* version */
    zip_number(b, 0, 2);
    zip_number(b, 0, 2); /* stored */
    zip_number(b, 0, 4);
    zip_number(b, zip_crc(part->bytes, part->len), 4);
    zip_number(b, part->len, 4);
    zip_number(b, size, 4);
    zip_number(b, strlen(part->name), 2);
    zip_number(b, 0, 2);
}

static inline void zip_build(struct buf *b, const struct zip_part *parts, size_t count)
{
    size_t at[8];
    for (size_t i = 0; i < count; i++) {
        at[i] = b->len;
        zip_number(b, 0x04034b50, 4);
        zip_facts(b, &parts[i]);
        buf_text(b, parts[i].name);
        buf_add(b, parts[i].bytes, parts[i].len);
    }
    size_t directory = b->len;
    for (size_t i = 0; i < count; i++) {
        zip_number(b, 0x02014b50, 4);
        zip_number(b, 20, 2);
        zip_facts(b, &parts[i]);
        zip_number(b, 0, 2); /* comment */
        zip_number(b, 0, 2);
        zip_number(b, 0, 2);
        zip_number(b, 0, 4);
        zip_number(b, at[i], 4);
        buf_text(b, parts[i].name);
    }
    size_t directory_len = b->len - directory;
    zip_number(b, 0x06054b50, 4);
    zip_number(b, 0, 4);
    zip_number(b, count, 2);
    zip_number(b, count, 2);
    zip_number(b, directory_len, 4);
    zip_number(b, directory, 4);
    zip_number(b, 0, 2);
}

#define BOOK_HEAD "<?xml version=\"1.0\"?>"
#define BOOK_TWO_SHEETS                                                                                                \
    BOOK_HEAD "<x:workbook xmlns:x=\"m\" xmlns:r=\"r\"><x:sheets><x:sheet name=\"about\" sheetId=\"1\" r:id=\"rA\"/>"  \
              "<x:sheet name=\"list\" sheetId=\"2\" r:id=\"rB\"/></x:sheets></x:workbook>"
#define BOOK_RELATIONS                                                                                                 \
    BOOK_HEAD "<Relationships><Relationship Id=\"rB\" Target=\"/xl/worksheets/sheet2.xml\"/><Relationship Id=\"rA\" "  \
              "Target=\"worksheets/sheet1.xml\"/></Relationships>"

/* A workbook of two sheets. */
static inline void book_build(struct buf *b, const char *first, const void *second, size_t second_len,
                              const void *strings, size_t strings_len)
{
    const struct zip_part parts[] = {{"xl/workbook.xml", BOOK_TWO_SHEETS, sizeof BOOK_TWO_SHEETS - 1, 0},
                                     {"xl/_rels/workbook.xml.rels", BOOK_RELATIONS, sizeof BOOK_RELATIONS - 1, 0},
                                     {"xl/worksheets/sheet1.xml", first, strlen(first), 0},
                                     {"xl/worksheets/sheet2.xml", second, second_len, 0},
                                     {"xl/sharedStrings.xml", strings, strings_len, 0}};
    zip_build(b, parts, countof(parts));
}

#endif
