/* jpeg — finished pixels become a file: baseline, 24 bit, quality searched for the size window, no metadata, resolution
 * in the header.
 *
 * The same pixels give the same bytes, on every thread. image_start must have run. The buf belongs to the caller. */
#ifndef XY_WORKERS_JPEG_H
#define XY_WORKERS_JPEG_H

#include "base/buf.h"
#include "base/err.h"
#include "workers/image.h"
#include "workers/profile.h"

#define JPEG_QUALITY_MIN   60  /* 99号 */
#define JPEG_QUALITY_MAX   95  /* beyond it files grow and nothing is seen … */
#define JPEG_QUALITY_LIMIT 100 /* … so it is passed only when the file would be too small otherwise */

/* From here on colours have the full resolution (4:4:4), below half of it (4:2:0). */
#define JPEG_QUALITY_FULL_CHROMA 90

/* How far a flat colour may come back from the file, per channel. */
#define JPEG_FLAT_ERROR_MAX 1

/* One encode at a fixed quality (1..100). BUSY when libvips cannot. */
enum err jpeg_encode(const struct image *image, int quality, int64_t dpi, struct buf *out);

/* The best quality between JPEG_QUALITY_MIN and _MAX whose file fits under the window's upper end (window {0, 0}: any
 * size) and which gives the picture's flat colour back within JPEG_FLAT_ERROR_MAX. At the lowest quality the file is
 * taken even if it does not fit. Below the lower end higher qualities are tried up to JPEG_QUALITY_LIMIT, and nothing
 * is padded: a plain picture may stay below; the size check tells. 1 KB is 1024 bytes at the lower end and 1000 at the
 * upper, so that either reading is satisfied. Encodes three or four times. */
enum err jpeg_encode_to_size(const struct image *image, struct range size_kb, int64_t dpi, struct buf *out,
                             int *quality);

/* What libjpeg makes of a flat area of this colour at this quality: its quantised mean, turned back to RGB. */
void jpeg_flat_colour(const unsigned char colour[3], int quality, unsigned char out[3]);

#endif
