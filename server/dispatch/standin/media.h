/* media — the pictures at the stand-in of WeChat: uploaded by us (multipart/form-data, part "media"), or put there by a
 * test as if a user had sent them. Kept until it closes, at most 256; media ids are "media-1", "media-2" … */
#ifndef XY_STANDIN_MEDIA_H
#define XY_STANDIN_MEDIA_H

#include "dispatch/standin/http.h"

struct standin_media;

struct standin_media *standin_media_new(void);
void standin_media_free(struct standin_media *media);

struct standin_picture {
    char *bytes; /* NUL terminated behind len */
    size_t len;
};
const struct standin_picture *standin_media_find(const struct standin_media *media, const char *media_id); /* NULL */

/* POST /cgi-bin/media/upload?type=image, GET /cgi-bin/media/get?media_id=, behind the check of the token. */
int standin_media_answer(struct standin_media *media, const struct standin_request *request, struct buf *out);
/* POST /media (the bytes), GET /media?media_id=: for tests. */
int standin_media_ask(struct standin_media *media, const struct standin_request *request, struct buf *out);

#endif
