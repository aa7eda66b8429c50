/* picture — the steps of every endpoint that answers with a sealed object: find its key, open it, send it.
 *
 *     ENDPOINT(attempt_photo, struct attempt_photo, READ(attempt_photo_read), LANE(picture_open))
 *
 * The opened bytes belong to the exchange and are sent uncopied. */
#ifndef XY_API_PICTURE_H
#define XY_API_PICTURE_H

#include "api/job.h"

struct picture {
    struct job job;
    const char *blob_id, *media_type;
    const void *sealed_key;
    size_t sealed_key_len;
    const char *file_name; /* NULL: shown in place; else an attachment */
    void *bytes;           /* malloc'd; freed with the exchange */
    size_t len;
};

/* Of a body that is a picture by staff: its bytes decide, its Content-Type must not say otherwise. UNSUPPORTED_TYPE,
 * explained: neither JPEG nor PNG. Decode. */
enum err picture_given(struct exchange *x, const void **bytes, size_t *len, const char **media_type);

void picture_begin(struct exchange *x, struct picture *picture);                    /* decode */
enum err picture_find(struct tx *tx, struct picture *picture, const char *blob_id); /* NULL: NOT_FOUND */
enum err picture_open(struct picture *picture, struct arena *arena);                /* lane */
void picture_reply(struct exchange *x, struct picture *picture);

#endif
