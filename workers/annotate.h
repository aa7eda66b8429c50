/* annotate — the finished photo with its report drawn onto it: a picture a student understands at a glance.
 *
 * The photo, life size, with the profile's windows as thin lines (where the top of the hair and the eyes may lie, how
 * wide the face may be, and how wide it is); what failed or warns gets a numbered badge at its place, one number for
 * one place; below, each number with its short text, the number measured and what to do. Fail and warning differ by
 * shape and sign, not only by colour, and the colours are told apart by everybody.
 *
 * Drawn with cairo and pango through the worker's own fonts. One lane at a time per sheet_fonts. */
#ifndef XY_WORKERS_ANNOTATE_H
#define XY_WORKERS_ANNOTATE_H

#include "base/buf.h"
#include "base/err.h"
#include "workers/comply.h"
#include "workers/image.h"
#include "workers/sheet.h"

#define ANNOTATE_BYTES_MAX MIB(4)

/* Writes a PNG into out. `finished` is the head in the photo. WORKER: no font is installed. BUSY: no memory. TOO_LARGE:
 * out is full. */
enum err annotate_png(struct sheet_fonts *fonts, const struct image *photo, const struct head *finished,
                      const struct comply *report, bool chinese, struct buf *out);

#endif
