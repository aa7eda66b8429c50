/* xlsx_part — one part of a workbook: a file in a ZIP, unpacked and read as XML, as a stream. Only for xlsx.c; the
 * bounds are told in xlsx.h. Names come without their namespace prefix. */
#ifndef XY_XLSX_PART_H
#define XY_XLSX_PART_H

#include "store/xlsx.h"

struct xlsx_pack; /* the ZIP */
enum err xlsx_pack_open(xlsx_source *source, void *arg, int64_t size_bytes, struct xlsx_pack **pack,
                        char why[CSV_WHY_BYTES]);
void xlsx_pack_close(struct xlsx_pack *pack); /* NULL is fine */

struct xlsx_events {
    void (*start)(void *arg, const char *name, const char **attributes); /* attributes: name, value, …, NULL */
    void (*end)(void *arg, const char *name);
    void (*text)(void *arg, const char *text, size_t len);
};

struct xlsx_part;
/* NOT_FOUND: the workbook has no such part. */
enum err xlsx_part_open(struct xlsx_pack *pack, const char *name, const struct xlsx_events *events, void *arg,
                        struct xlsx_part **part, char why[CSV_WHY_BYTES]);
void xlsx_part_close(struct xlsx_part *part); /* NULL is fine */
/* Reads on until an event called xlsx_part_pause, or to the end: *more false. */
enum err xlsx_part_read(struct xlsx_part *part, bool *more, char why[CSV_WHY_BYTES]);
void xlsx_part_pause(struct xlsx_part *part);
/* In an event: what was read is too much; the reading ends with TOO_LARGE and these words. */
void xlsx_part_refuse(struct xlsx_part *part, const char *words);
void xlsx_part_progress(const struct xlsx_part *part, int64_t *done, int64_t *total);
/* Value of an attribute by its name without prefix; NULL: absent. */
const char *xlsx_attribute(const char **attributes, const char *name);

#endif
