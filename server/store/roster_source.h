/* roster_source — the bytes of a roster's file, wherever they lie: a plain file of the command line, or the sealed
 * parts of an upload, of which one at a time is open. One thread at a time, one that may block. */
#ifndef XY_ROSTER_SOURCE_H
#define XY_ROSTER_SOURCE_H

#include "blob/blob.h"

#include <stdio.h>

struct roster_source_part {
    int64_t offset_bytes, size_bytes;
    const char *blob_id;
    const void *sealed_key;
    size_t sealed_key_len;
};

struct roster_source {
    int64_t size_bytes;
    FILE *file;         /* of the command line; or: */
    const void *memory; /* of a small request; or: */
    struct blob_store *blobs;
    const struct roster_source_part *parts; /* without gaps, in order */
    size_t part_count;
    void *open_bytes; /* of part open_at; freed by roster_source_close */
    size_t open_len, open_at;
    int64_t at; /* where roster_source_read goes on */
};

/* Up to `max` bytes from `offset`; *len 0 at the end. CORRUPT: a part is not what it should be. */
enum err roster_source_read_at(struct roster_source *source, int64_t offset, void *bytes, size_t max, size_t *len);
enum err roster_source_read(void *source, void *bytes, size_t max, size_t *len); /* a csv_source */
void roster_source_close(struct roster_source *source);

#endif
