/* xlsx — the rows of a sheet of an Excel workbook (ISO/IEC 29500), read as a stream.
 *
 * The workbook is not to be trusted: it is a ZIP file of XML. Refused are document type declarations (entities), parts
 * that unpack to more than XLSX_PART_BYTES_MAX or to more than XLSX_RATIO_MAX times their size, more shared strings
 * than XLSX_STRINGS_BYTES_MAX, deep nesting. Nothing is written to disk. Cells: shared, inline and formula strings,
 * numbers, booleans; a formula's stored value counts; phonetic readings are left out. Not thread-safe; may block. */
#ifndef XY_XLSX_H
#define XY_XLSX_H

#include "base/csv.h"

#define XLSX_PART_BYTES_MAX    (INT64_C(2) << 30)
#define XLSX_RATIO_MAX         200 /* where a part unpacks to more than 16 MiB; real sheets have 10 to 30 */
#define XLSX_STRINGS_BYTES_MAX MIB(96)
#define XLSX_STRINGS_MAX       6000000
#define XLSX_CELL_BYTES_MAX    KIB(4) /* the rest of a longer text is dropped: no column of ours is that long */
#define XLSX_SHEETS_MAX        64

struct xlsx;

/* Up to `max` bytes from `offset`; *len 0 at the end. */
typedef enum err xlsx_source(void *arg, int64_t offset, void *bytes, size_t max, size_t *len);

/* BAD_FIELD (why): not a workbook. TOO_LARGE (why): beyond a bound. */
enum err xlsx_open(xlsx_source *source, void *arg, int64_t size_bytes, struct xlsx **book, char why[CSV_WHY_BYTES]);
void xlsx_close(struct xlsx *book); /* NULL is fine */

size_t xlsx_sheets(const struct xlsx *book);
/* Begin to read a sheet from its first row. */
enum err xlsx_sheet(struct xlsx *book, size_t sheet);
/* The next row that has cells: as a row of csv.h. line is the sheet's row number; why is set with an error. */
enum err xlsx_next(struct xlsx *book, bool *more);
struct csv *xlsx_row(struct xlsx *book);
/* The cell of the current row is stored as a number. */
bool xlsx_is_number(const struct xlsx *book, int column);
void xlsx_progress(const struct xlsx *book, int64_t *done, int64_t *total); /* of the sheet, unpacked bytes */

#endif
