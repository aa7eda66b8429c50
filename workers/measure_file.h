/* measure_file — is the finished file what the standard says, byte by byte? Read from the file, not from what was
 * asked.
 *
 * A plain walk over the markers of a JPEG; nothing is decoded. Pure; any thread; any bytes. */
#ifndef XY_WORKERS_MEASURE_FILE_H
#define XY_WORKERS_MEASURE_FILE_H

#include "base/base.h"
#include "workers/profile.h"

/* Bits of file_facts.faults. */
enum file_fault {
    FILE_NOT_JPEG = 1, /* or its markers end early; then nothing else is known */
    FILE_NOT_JFIF = 2, /* no JFIF header, or not the profile's dots per inch both ways */
    FILE_NOT_24_BIT = 4,
    FILE_METADATA = 8, /* EXIF, ICC, comments: anything beside the picture */
    FILE_TRAILING = 16 /* bytes behind the end of the picture */
};

struct file_facts {
    unsigned faults;
    int32_t width_px, height_px; /* 0: unknown */
};

void measure_file(const void *bytes, size_t len, const struct profile *profile, struct file_facts *out);

int measure_file_faults(const struct file_facts *facts); /* how many bits are set */

#endif
