#include "api/picture.h"

#include "base/media_type.h"
#include "store/blob_row.h"

enum err picture_given(struct exchange *x, const void **bytes, size_t *len, const char **media_type)
{
    const char *header = exchange_header(x, "content-type");
    *bytes = exchange_body(x, len);
    *media_type = media_type_of(*bytes, *len);
    return *media_type != NULL && !text_is(*media_type, MEDIA_HEIC) && text_is(header, *media_type)
               ? ERR_NONE
               : exchange_explain(x, ERR_UNSUPPORTED_TYPE, "a JPEG or PNG with the Content-Type that it has");
}

void picture_begin(struct exchange *x, struct picture *picture)
{
    job_begin(x, &picture->job);
    exchange_free_later(x, &picture->bytes);
}

enum err picture_find(struct tx *tx, struct picture *picture, const char *blob_id)
{
    struct blob_row row;
    if (blob_id == NULL)
        return ERR_NOT_FOUND;
    TRY(blob_row_get(tx, blob_id, &row));
    picture->blob_id = arena_text(picture->job.arena, row.id);
    picture->media_type = arena_text(picture->job.arena, row.media_type);
    picture->sealed_key = arena_copy(picture->job.arena, row.sealed_key, row.sealed_key_len);
    picture->sealed_key_len = row.sealed_key_len;
    return ERR_NONE;
}

enum err picture_open(struct picture *picture, struct arena *arena)
{
    (void)arena;
    return blob_get(api()->blobs, picture->blob_id, picture->sealed_key, picture->sealed_key_len, &picture->bytes,
                    &picture->len);
}

void picture_reply(struct exchange *x, struct picture *picture)
{
    exchange_set_header(x, "cache-control", "no-store, private");
    if (picture->file_name != NULL)
        exchange_set_header(x, "content-disposition",
                            arena_printf(picture->job.arena, "attachment; filename=\"%s\"", picture->file_name));
    exchange_send_uncopied(x, picture->media_type, picture->bytes, picture->len);
}
