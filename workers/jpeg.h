/* jpeg — finished pixels become a file: quality searched for the size window, no metadata, resolution in the header.
 *
 * The same pixels give the same bytes. image_start must have run. The buf belongs to the caller. */
#ifndef XY_WORKERS_JPEG_H
#define XY_WORKERS_JPEG_H

#include "base/buf.h"
#include "base/err.h"
#include "workers/image.h"
#include "workers/profile.h"

#define JPEG_QUALITY_MIN 60 /* 99号 */
#define JPEG_QUALITY_MAX 95 /* beyond it files grow and nothing is seen */

/* One encode at a fixed quality (1..100). BUSY when libvips cannot. */
enum err jpeg_encode(const struct image *image, int quality, int64_t dpi, struct buf *out);

/* The best quality between the limits whose file fits under the window's upper end; at JPEG_QUALITY_MIN it is taken
 * even if it does not, and a plain picture may stay below the lower end at JPEG_QUALITY_MAX: the size check tells. 1 KB
 * is 1024 bytes at the lower end and 1000 at the upper, so that either reading is satisfied. */
enum err jpeg_encode_to_size(const struct image *image, struct range size_kb, int64_t dpi, struct buf *out,
                             int *quality);

#endif
