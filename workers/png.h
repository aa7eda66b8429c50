/* png — pixels as files: the mask a retoucher repairs (grey), the report as a picture (RGB). 8 bit, no metadata.
 *
 * The same values give the same bytes. image_start must have run. The buf belongs to the caller. */
#ifndef XY_WORKERS_PNG_H
#define XY_WORKERS_PNG_H

#include "base/buf.h"
#include "base/err.h"
#include "workers/image.h"

/* `plane` reduced or enlarged to width_px × height_px. BUSY when there is no memory or libvips cannot. */
enum err png_encode_plane(const struct plane *plane, int32_t width_px, int32_t height_px, struct buf *out);

/* A picture, quickly rather than small. The same errors. */
enum err png_encode(const struct image *image, struct buf *out);

#endif
