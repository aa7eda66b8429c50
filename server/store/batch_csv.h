/* batch_csv — what operators get back about a batch, as CSV: CHSI's receipt and the courier's numbers.
 *
 *   receipt    file_name (or code), result, reason     result: accepted, refused, or the Chinese words operators meet
 *   tracking   code, carrier, tracking_no
 *
 * First row: column names, English or Chinese, in any order; other columns are ignored. Lines live in arena and point
 * into `text`, which is changed. BAD_FIELD: why names line and fault, nothing is given back; at most BATCH_ITEMS_MAX
 * lines, more is TOO_LARGE. Pure; any thread. */
#ifndef XY_BATCH_CSV_H
#define XY_BATCH_CSV_H

#include "base/arena.h"
#include "base/csv.h"
#include "store/batch.h"

#define BATCH_REASON_CHARS_MAX 200
#define BATCH_TRACKING_CHARS_MAX 40

/* text[len] must be writable. */
enum err batch_csv_receipt(char *text, size_t len, struct arena *arena, struct batch_line **lines, size_t *count,
                           char why[CSV_WHY_BYTES]);
enum err batch_csv_tracking(char *text, size_t len, struct arena *arena, struct batch_line **lines, size_t *count,
                            char why[CSV_WHY_BYTES]);

#endif
