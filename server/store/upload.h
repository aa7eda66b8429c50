/* upload — resumable uploads: what was announced, which parts are here, and the whole once complete.
 *
 * Parts are sealed objects of their own; the whole is sealed again as one object, then the parts are erased. A part is
 * accepted only at the offset where the last one ended (OFFSET_MISMATCH otherwise). Writer for changes. */
#ifndef XY_UPLOAD_H
#define XY_UPLOAD_H

#include "db/db.h"

struct upload {
    const char *id, *student_id, *purpose, *source;
    int64_t size_bytes, received_bytes;
    const char *sha256_index; /* keyed hash of the announced SHA-256 */
    const char *blob_id;      /* NULL until complete */
    int64_t created_us, expires_us;
    int64_t captured_us; /* as the client says; 0: it does not */
    const char *lens;    /* as the camera calls it; NULL in upload_add is "" */
};

#define UPLOAD_PARTS_MAX 256
struct upload_part {
    int64_t offset_bytes, size_bytes;
    const char *blob_id;
    const void *sealed_key;
    size_t sealed_key_len;
};

enum err upload_add(struct tx *tx, const struct upload *u);
enum err upload_get(struct tx *tx, const char *id, const char *student_id, struct upload *u); /* NOT_FOUND */
/* The same bytes announced before by this student for this purpose and not expired; NOT_FOUND. */
enum err upload_same(struct tx *tx, const struct upload *like, int64_t now_us, struct upload *u);
enum err upload_count_since(struct tx *tx, const char *student_id, int64_t since_us, int64_t *count);
enum err upload_part_add(struct tx *tx, const char *id, const struct upload_part *part); /* OFFSET_MISMATCH */
enum err upload_parts(struct tx *tx, const char *id, struct upload_part *parts, size_t *count);
/* The last part came and the whole is stored as `blob_id`: both at once, the parts are erased. OFFSET_MISMATCH when
 * another request was faster, REFUSED when it was complete already. */
enum err upload_finish(struct tx *tx, const char *id, int64_t offset_bytes, int64_t size_bytes, const char *blob_id,
                       int64_t now_us, int64_t expires_us);
/* The bytes were not what was announced: start again at 0. */
enum err upload_restart(struct tx *tx, const char *id, int64_t now_us);
/* Keyed hash under which an announced SHA-256 is stored; in tx->arena. */
const char *upload_sha256_index(struct tx *tx, const char *sha256_hex);

#endif
