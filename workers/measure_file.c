#include "workers/measure_file.h"

enum {
    MARKER_SOF0 = 0xc0,
    MARKER_SOF2 = 0xc2,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP0 = 0xe0,
    MARKER_APP15 = 0xef,
    MARKER_COMMENT = 0xfe
};

static size_t number_at(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

static void read_jfif(const unsigned char *segment, size_t len, const struct profile *profile, struct file_facts *out)
{
    size_t dpi = (size_t)profile->dpi;
    if (len >= 12 && memcmp(segment, "JFIF", 5) == 0 && segment[7] == 1 && number_at(segment + 8) == dpi &&
        number_at(segment + 10) == dpi)
        out->faults &= ~(unsigned)FILE_NOT_JFIF;
}

static void read_frame(const unsigned char *segment, size_t len, struct file_facts *out)
{
    if (len < 6)
        return;
    out->height_px = (int32_t)number_at(segment + 1);
    out->width_px = (int32_t)number_at(segment + 3);
    if (segment[0] == 8 && segment[5] == 3)
        out->faults &= ~(unsigned)FILE_NOT_24_BIT;
}

static void read_segment(unsigned char marker, const unsigned char *segment, size_t len, const struct profile *profile,
                         struct file_facts *out)
{
    if (marker == MARKER_APP0)
        read_jfif(segment, len, profile, out);
    else if (marker >= MARKER_SOF0 && marker <= MARKER_SOF2)
        read_frame(segment, len, out);
    else if ((marker > MARKER_APP0 && marker <= MARKER_APP15) || marker == MARKER_COMMENT)
        out->faults |= FILE_METADATA;
}

/* Inside the scans only FF 00 and the restart markers are data; the first FF D9 ends the picture. */
static void read_end(const unsigned char *bytes, size_t len, size_t at, struct file_facts *out)
{
    for (; at + 1 < len; at++)
        if (bytes[at] == 0xff && bytes[at + 1] == MARKER_EOI) {
            if (at + 2 != len)
                out->faults |= FILE_TRAILING;
            return;
        }
    out->faults |= FILE_NOT_JPEG;
}

void measure_file(const void *start, size_t len, const struct profile *profile, struct file_facts *out)
{
    const unsigned char *bytes = start;
    size_t at = 2;
    *out = (struct file_facts){.faults = FILE_NOT_JFIF | FILE_NOT_24_BIT};
    if (len < 4 || bytes[0] != 0xff || bytes[1] != MARKER_SOI) {
        out->faults = FILE_NOT_JPEG;
        return;
    }
    while (at + 4 <= len && bytes[at] == 0xff) {
        unsigned char marker = bytes[at + 1];
        size_t size = number_at(bytes + at + 2);
        if (size < 2 || size > len - at - 2)
            break;
        read_segment(marker, bytes + at + 4, size - 2, profile, out);
        at += 2 + size;
        if (marker == MARKER_SOS) {
            read_end(bytes, len, at, out);
            return;
        }
    }
    out->faults |= FILE_NOT_JPEG;
}

int measure_file_faults(const struct file_facts *facts)
{
    return __builtin_popcount(facts->faults);
}
