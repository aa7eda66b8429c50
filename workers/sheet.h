/* sheet — a PDF of photos to print and cut. The job kind "sheet".
 *
 * Request {"kind":"sheet","paper":"a4"|"6inch","print":"2inch"|"1inch","title","batch","prints":[{"caption",
 * "size_bytes","copies","print"}]} + part 1: the JPEGs one behind the other, each size_bytes long. copies 1..16, 1 when
 * absent; a print's own size goes before the sheet's, and sizes do not share a page; at most SHEET_PRINTS_MAX cells.
 * Result {"kind":"sheet","pages","cells","per_page","parts":["pdf"]} + the PDF.
 *
 * The JPEG files go into the PDF byte by byte, once each. Captions and heading need a CJK font: the fonts known to
 * sheet_fonts_new are opened before the sandbox closes; characters none of them has print as boxes, and the result then
 * counts them in "missing_glyphs". One sheet_fonts per lane. */
#ifndef XY_WORKERS_SHEET_H
#define XY_WORKERS_SHEET_H

#include "workers/jobs.h"

#define SHEET_PRINTS_MAX        2000
#define SHEET_CAPTION_CHARS_MAX 60
#define SHEET_TITLE_CHARS_MAX   80

struct sheet_fonts;

/* NULL when no CJK font is installed; then only sheet jobs are refused. */
struct sheet_fonts *sheet_fonts_new(void);
void sheet_fonts_free(struct sheet_fonts *fonts);

/* For other drawings of the same lane: a PangoContext, and the families in order of preference. Borrowed. */
struct _PangoContext;
struct _PangoContext *sheet_fonts_context(const struct sheet_fonts *fonts);
const char *sheet_fonts_families(const struct sheet_fonts *fonts);

enum err job_sheet(struct job_tools *tools, const struct json *request, const struct frame *frame,
                   struct job_reply *reply);

#endif
