/* Pictures nobody should send, made in memory: for image_test and whoever needs a strange file. Include after vips.h
 * and tests/check.h; image_start must have run. Every function hands over a buf that the test releases. */
#ifndef XY_TESTS_IMAGE_FIXTURE_H
#define XY_TESTS_IMAGE_FIXTURE_H

#include "base/buf.h"

#include <vips/vips.h>
#undef TRUE /* glib's */
#include "tests/check.h"

#define FOREIGN "FOREIGN-BYTES-THAT-MUST-NOT-SURVIVE"

#define FIXTURE_FILE_BYTES_MAX MIB(16)

static inline struct buf fixture_buf(void)
{
    struct buf b;
    buf_init(&b, FIXTURE_FILE_BYTES_MAX);
    return b;
}

/* ---- pixels, by libvips ---- */

static inline VipsImage *flat(int width_px, int height_px, const double *colour, int bands, VipsInterpretation kind,
                              VipsBandFormat format)
{
    VipsImage *black = NULL, *filled = NULL, *cast = NULL, *tagged = NULL;
    double ones[4] = {1, 1, 1, 1};
    TRUE(vips_black(&black, width_px, height_px, "bands", bands, NULL) == 0);
    TRUE(vips_linear(black, &filled, ones, (double *)(uintptr_t)colour, bands, NULL) == 0);
    TRUE(vips_cast(filled, &cast, format, NULL) == 0);
    TRUE(vips_copy(cast, &tagged, "interpretation", kind, NULL) == 0);
    g_object_unref(black);
    g_object_unref(filled);
    g_object_unref(cast);
    return tagged;
}

static inline VipsImage *red(int width_px, int height_px)
{
    static const double colour[] = {230, 20, 20};
    return flat(width_px, height_px, colour, 3, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR);
}

/* `suffix` as libvips knows it, with options: ".jpg[Q=90,interlace]". The image is released. */
static inline struct buf saved(VipsImage *image, const char *suffix)
{
    void *bytes = NULL;
    size_t len = 0;
    struct buf b = fixture_buf();
    TRUE(vips_image_write_to_buffer(image, suffix, &bytes, &len, NULL) == 0);
    buf_add(&b, bytes, len);
    TRUE(!b.over);
    g_free(bytes);
    g_object_unref(image);
    return b;
}

/* A red HEIC. The encoder (x265) leaks, so there is none under the address sanitizer. */
static inline struct buf heic_of(int width_px, int height_px)
{
#if defined(__SANITIZE_ADDRESS__)
    SKIP("writing HEIC leaks in x265");
#endif
    if (vips_type_find("VipsOperation", "heifsave_buffer") == 0)
        SKIP("this libvips cannot write HEIC");
    return saved(red(width_px, height_px), ".heic[compression=hevc]");
}

/* ---- bytes around and inside ---- */

static inline void add_u32(struct buf *b, uint32_t value)
{
    const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};
    buf_add(b, bytes, sizeof bytes);
}

/* A file with `tail` behind its end. */
static inline struct buf with_tail(struct buf file, const char *tail, size_t len)
{
    buf_add(&file, tail, len);
    TRUE(!file.over);
    return file;
}

/* A JPEG with one more segment right behind SOI. The file is released. */
static inline struct buf with_segment(struct buf file, unsigned char marker, const void *bytes, size_t len)
{
    const unsigned char head[4] = {0xff, marker, (unsigned char)((len + 2) >> 8), (unsigned char)(len + 2)};
    struct buf out = fixture_buf();
    buf_add(&out, file.bytes, 2);
    buf_add(&out, head, sizeof head);
    buf_add(&out, bytes, len);
    buf_add(&out, file.bytes + 2, file.len - 2);
    TRUE(!out.over);
    buf_release(&file);
    return out;
}

/* A JPEG's frame header says another size. */
static inline void claim_size(struct buf *file, unsigned width_px, unsigned height_px)
{
    unsigned char *bytes = (unsigned char *)file->bytes;
    size_t at = 2;
    while (at + 9 < file->len && bytes[at + 1] != 0xc0 && bytes[at + 1] != 0xc2)
        at += 2 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
    TRUE(at + 9 < file->len);
    bytes[at + 5] = (unsigned char)(height_px >> 8), bytes[at + 6] = (unsigned char)height_px;
    bytes[at + 7] = (unsigned char)(width_px >> 8), bytes[at + 8] = (unsigned char)width_px;
}

static inline uint32_t crc32_of(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static inline void add_chunk(struct buf *b, const char *type, const void *bytes, size_t len)
{
    add_u32(b, (uint32_t)len);
    size_t from = b->len;
    buf_add(b, type, 4);
    buf_add(b, bytes, len);
    add_u32(b, crc32_of(b->bytes + from, b->len - from));
}

#define PNG_HEADER_BYTES 33 /* signature and IHDR */

/* A PNG with one more chunk behind IHDR. The file is released. */
static inline struct buf with_chunk(struct buf file, const char *type, const void *bytes, size_t len)
{
    struct buf out = fixture_buf();
    buf_add(&out, file.bytes, PNG_HEADER_BYTES);
    add_chunk(&out, type, bytes, len);
    buf_add(&out, file.bytes + PNG_HEADER_BYTES, file.len - PNG_HEADER_BYTES);
    TRUE(!out.over);
    buf_release(&file);
    return out;
}

/* Signature, IHDR (8-bit RGB) and the start of nothing. */
static inline struct buf png_claiming(uint32_t width_px, uint32_t height_px)
{
    struct buf b = fixture_buf(), header = fixture_buf();
    add_u32(&header, width_px);
    add_u32(&header, height_px);
    buf_add(&header, "\10\2\0\0\0", 5);
    buf_add(&b, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(&b, "IHDR", header.bytes, header.len);
    add_chunk(&b, "IDAT", "\x78\x9c\x63\0\0\0\1\0\1", 9);
    add_chunk(&b, "IEND", "", 0);
    buf_release(&header);
    return b;
}

/* APP1 "Exif" with IFD0 → orientation and an Exif IFD with DateTimeOriginal; big endian. */
static inline struct buf with_exif(struct buf file, unsigned char orientation, const char taken_at[20])
{
    struct buf exif = fixture_buf();
    buf_add(&exif, "Exif\0\0MM\0\x2a\0\0\0\10", 14); /* offsets below count from "MM" */
    buf_add(&exif, "\0\2\x01\x12\0\3\0\0\0\1\0", 11);
    buf_add(&exif, &orientation, 1);
    buf_add(&exif, "\0\0\x87\x69\0\4\0\0\0\1\0\0\0\x26\0\0\0\0", 18);
    buf_add(&exif, "\0\1\x90\3\0\2\0\0\0\x14\0\0\0\x38\0\0\0\0", 18); /* 0x26: Exif IFD; its text at 0x38 */
    buf_add(&exif, taken_at, 20);
    struct buf out = with_segment(file, 0xe1, exif.bytes, exif.len);
    buf_release(&exif);
    return out;
}

#endif
