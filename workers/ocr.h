/* ocr — one line of print becomes text. The only door to tesseract.
 *
 * Two models per process, each behind its own lock: a second lane that wants one waits for the first (20–40 ms), and
 * the worker pays for the models once instead of once per lane (both together: 60 MiB resident, measured).
 *
 * ocr_start once per process before any other thread reads and before the sandbox: it opens the models, and reads one
 * line with each so that nothing is opened later. Without the models everything else still works; ocr_has tells. */
#ifndef XY_WORKERS_OCR_H
#define XY_WORKERS_OCR_H

#include "base/base.h"
#include "base/err.h"

#define OCR_TEXT_BYTES  96
#define OCR_SIDE_PX_MAX 4000

enum ocr_reader {
    OCR_NUMBER, /* 0–9 and X */
    OCR_NAME,   /* simplified Chinese */
    OCR_DATE,   /* 0–9, full stop and hyphen; the first reader's model and lock */
    OCR_READERS
};

/* How tesseract divides the picture. */
enum ocr_layout {
    OCR_LINE = 7, /* one line of text */
    OCR_BLOCK = 6,
    OCR_RAW = 13 /* one line, taken as it is: no baseline or word search */
};

struct ocr_text {
    char text[OCR_TEXT_BYTES]; /* UTF-8 without spaces; cut at a whole character when there is more */
    int confidence;            /* 0..100, of the least certain symbol; 0 when nothing was read */
};

void ocr_start(void);
void ocr_stop(void);
bool ocr_has(enum ocr_reader reader);
const char *ocr_engine(void); /* "tesseract 5.3.0"; static */

/* Dark print on light ground, one byte per pixel, rows without padding. NOT_FOUND when the reader has no model; BUSY
 * when tesseract has no memory. */
enum err ocr_read(enum ocr_reader reader, enum ocr_layout layout, const unsigned char *grey, int32_t width_px,
                  int32_t height_px, struct ocr_text *out);

#endif
