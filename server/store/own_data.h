/* own_data — a student's copy of all that we hold about them (PIPL art. 45). Being forgotten: forget.h.
 *
 * The copy is a ZIP made by the dispatcher (effect own_copy): data.json and pictures; kept for OWN_COPY_KEEP_MS, at
 * most one a day. What is not in it, and why, is said column by column in tests/unit/person_tables.def. Writer for
 * changes, any store thread for reads; structs live in tx->arena. */
#ifndef XY_OWN_DATA_H
#define XY_OWN_DATA_H

#include "base/buf.h"
#include "db/db.h"

#define OWN_COPY_KEEP_MS      INT64_C(172800000) /* 48 h to fetch it */
#define OWN_COPY_PAUSE_MS     INT64_C(86400000)  /* then another may be asked for */
#define OWN_COPY_PICTURES_MAX 400
#define OWN_DATA_BYTES_MAX    MIB(4)

struct own_copy {
    const char *id, *state; /* making, ready, failed, gone */
    const char *blob_id;    /* NULL until ready */
    int64_t size_bytes, left_out, created_us, expires_us;
};

enum err own_copy_newest(struct tx *tx, const char *student_id, struct own_copy *copy); /* NOT_FOUND */
/* The copy being made or made within the pause, else a new one with that id and its outbox row. */
enum err own_copy_start(struct tx *tx, const char *student_id, const char *new_id, int64_t now_us,
                        struct own_copy *copy);
enum err own_copy_ready(struct tx *tx, const char *id, const char *blob_id, int64_t size_bytes, int64_t left_out);
enum err own_copy_failed(struct tx *tx, const char *id);

/* Everything we hold about the student in words: one JSON object, in clear. TOO_LARGE beyond OWN_DATA_BYTES_MAX. */
enum err own_data_write(struct tx *tx, const char *student_id, int64_t now_us, struct buf *out);
struct own_picture {
    const char *name, *blob_id; /* name: path in the ZIP */
    const void *sealed_key;
    size_t sealed_key_len;
    int64_t size_bytes;
};
/* Portrait, originals and finished photos that still exist; the newest submission first. */
enum err own_data_pictures(struct tx *tx, const char *student_id, struct own_picture *list, size_t max, size_t *count);

#endif
