/* image_exif — the one thing we keep from a photo's EXIF: when it was taken. Pure text, no library; any thread.
 *
 * Strangers write this field: it is copied digit by digit into our own shape, never passed on. */
#ifndef XY_WORKERS_IMAGE_EXIF_H
#define XY_WORKERS_IMAGE_EXIF_H

#include "base/base.h"

#define IMAGE_TAKEN_BYTES 20 /* "2026-05-01T12:00:00" */

/* EXIF DateTimeOriginal as libvips hands it out, "2026:05:01 12:00:00 (…": a real date of the years 1990..2099, a real
 * time, then the end or a space. Otherwise false and taken_at empty. NULL is allowed; at most 20 bytes are read. */
bool image_exif_taken_at(const char *text, char taken_at[IMAGE_TAKEN_BYTES]);

#endif
