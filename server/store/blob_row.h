/* blob_row — what the database knows of an encrypted object (blob/blob.h): its kind, its wrapped key, whose it is.
 *
 * The file is written first, then the row; erasing destroys the key in the row at once and leaves the file to the
 * sweep. Thread: writer for what changes, any store thread for reads. Structs live in tx->arena. */
#ifndef XY_BLOB_ROW_H
#define XY_BLOB_ROW_H

#include "blob/blob.h"
#include "db/db.h"

struct blob_row {
    const char *id, *kind; /* original, standard, proxy, portrait, part, package, sheet */
    const char *media_type;
    const void *sealed_key;
    size_t sealed_key_len;
    int64_t key_number, size_bytes;
    const char *content_hash; /* keyed, hex */
    const char *owner_id;     /* student, or batch */
    int64_t created_us, erased_us;
};

/* Adds the row of an object just written; again is no error and changes nothing. */
enum err blob_row_add(struct tx *tx, const struct blob_ref *ref, const char *kind, const char *media_type,
                      const char *owner_id, int64_t now_us);
enum err blob_row_get(struct tx *tx, const char *id, struct blob_row *row); /* NOT_FOUND also when erased */
/* Destroys the key: from the commit on nobody can read the object. NULL, unknown and erased ids are fine. */
enum err blob_row_erase(struct tx *tx, const char *id, int64_t now_us);

/* All rows in order of id, erased ones too, behind `after` ("" at first): fsck and backup. */
enum err blob_row_list(struct tx *tx, const char *after, struct blob_row *rows, size_t max, size_t *count);
/* Rows whose key is wrapped by a key older than `newest`, and the row's new wrapping: key rotation. */
enum err blob_row_stale(struct tx *tx, int64_t newest, struct blob_row *rows, size_t max, size_t *count);
enum err blob_row_rewrap(struct tx *tx, const struct blob_ref *ref);

#endif
