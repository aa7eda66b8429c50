/* image — strangers' JPEG and PNG bytes (HEIC by policy) become plain RGB pixels, or are refused before a pixel is
 * decoded.
 *
 * Order of defence: byte count, magic, the one loader for that magic (all others are blocked), header limits, decode
 * with errors fatal, then 8-bit sRGB without alpha. The EXIF orientation is applied; no other turn exists. Metadata
 * never passes. Limits are product.md §9 and reliability.md §3.5.
 *
 * What is unusual and accepted: grey, palette, 16-bit, CMYK (also Adobe's inverted kind), alpha (on white), progressive
 * and interlaced files, the first picture of an animated PNG or of a JPEG with more pictures behind it, a damaged ICC
 * profile (the numbers are then sRGB), damaged or looping EXIF, any foreign bytes before the end or behind it. Only
 * pixels leave this module, so nothing of the rest can reach an output file.
 *
 * image_start once per process before any thread uses it; image_thread_end on each thread that decoded. A decode may
 * start short-lived helper threads inside libvips. Memory: struct image owns malloc'd pixels, image_release frees. */
#ifndef XY_WORKERS_IMAGE_H
#define XY_WORKERS_IMAGE_H

#include "base/base.h"
#include "base/err.h"
#include "workers/image_exif.h"

#define IMAGE_FILE_BYTES_MAX MIB(12)
#define IMAGE_PIXELS_MAX     40000000
#define IMAGE_SIDE_PX_MAX    12000
#define IMAGE_SIDE_PX_MIN    200 /* of a photo that is to become the standard photo */
#define IMAGE_ID_SIDE_PX_MIN 90  /* of a photo that is only compared: a card's chip stores 102×126 */
#define IMAGE_SCANS_MAX      100 /* of a progressive JPEG; encoders write about ten, each costs a pass */
#define IMAGE_WHY_BYTES      160

struct image {
    int32_t width_px, height_px;
    unsigned char *rgb; /* width_px * height_px * 3, rows without padding */
};

/* One byte per pixel: a mask or an alpha channel, 0 wall … 255 person. Owns malloc'd values; plane_release frees. */
struct plane {
    int32_t width_px, height_px;
    unsigned char *values; /* width_px * height_px, rows without padding */
};

/* Luma of ITU-R BT.601: what screens and cameras of phones mean by grey. */
static inline unsigned char image_grey(const unsigned char rgb[3])
{
    return (unsigned char)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

struct image_source {
    const char *format;               /* "jpeg", "png" or "heic"; static */
    int32_t width_px, height_px;      /* as the viewer sees it: orientation applied */
    int orientation;                  /* EXIF 1..8; HEIC: 1, its decoder has turned it already */
    char taken_at[IMAGE_TAKEN_BYTES]; /* EXIF: by the camera's clock; empty when it does not say */
    bool damaged;     /* after image_decode: the decoder mended something; parts may be grey or shifted */
    bool has_profile; /* a profile other than sRGB is embedded; after image_decode: it was converted */
};

void image_start(void);      /* CHECKs that libvips starts */
void image_allow_heic(void); /* after image_start, before any thread: HEIC is decoded instead of refused */
void image_stop(void);
void image_thread_end(void);    /* last image call of a thread */
const char *image_engine(void); /* "libvips 8.14.1"; static */

/* Limits and header only. UNSUPPORTED_TYPE: neither JPEG nor PNG. HEIC_OFF: HEIC, and not allowed. TOO_LARGE: bytes,
 * pixels, side or scans over the limit. UNREADABLE: smaller than side_px_min, or the header is damaged. `why` is one
 * English sentence on failure. */
enum err image_inspect(const void *bytes, size_t len, int32_t side_px_min, struct image_source *source,
                       char why[IMAGE_WHY_BYTES]);

/* image_inspect, then the pixels, upright, reduced so that the long edge is at most long_edge_px_max (never enlarged).
 * UNREADABLE also when the pixel data end early or are damaged; BUSY when there is no memory. */
enum err image_decode(const void *bytes, size_t len, int32_t side_px_min, int32_t long_edge_px_max,
                      struct image_source *source, struct image *out, char why[IMAGE_WHY_BYTES]);

/* The same, but the loader alone reduces, by 2, 4 or 8, while the long edge stays at least long_edge_px_enough: nearly
 * for free with JPEG, and nothing is lost to a second reduction. Beyond long_edge_px_max it is reduced after all. */
enum err image_decode_light(const void *bytes, size_t len, int32_t side_px_min, int32_t long_edge_px_enough,
                            int32_t long_edge_px_max, struct image_source *source, struct image *out,
                            char why[IMAGE_WHY_BYTES]);

void image_release(struct image *image); /* harmless on a zeroed image */
void plane_release(struct plane *plane); /* harmless on a zeroed plane */

#endif
