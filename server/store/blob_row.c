#include "store/blob_row.h"

#include "base/check.h"
#include "store/queries.h"

static void read_row(const struct rows *r, struct blob_row *row)
{
    *row = (struct blob_row){.id = col_text(r, 0),
                             .kind = col_text(r, 1),
                             .media_type = col_text(r, 2),
                             .key_number = col_int(r, 4),
                             .size_bytes = col_int(r, 5),
                             .content_hash = col_text(r, 6),
                             .owner_id = col_text(r, 7),
                             .created_us = col_int(r, 8),
                             .erased_us = col_int(r, 9)};
    row->sealed_key = col_bytes(r, 3, &row->sealed_key_len);
}

enum err blob_row_add(struct tx *tx, const struct blob_ref *ref, const char *kind, const char *media_type,
                      const char *owner_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_BLOB_ADD, v_text(ref->id), v_text(kind), v_text(media_type),
                  v_bytes(ref->sealed_key, ref->sealed_key_len), v_int(ref->key_number), v_int(ref->size_bytes),
                  v_text(ref->content_hash), v_text(owner_id), v_int(now_us));
}

enum err blob_row_get(struct tx *tx, const char *id, struct blob_row *row)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BLOB_GET, v_text(id)));
    if (rows_next(&r))
        read_row(&r, row);
    TRY(rows_close_one(&r));
    return row->erased_us == 0 ? ERR_NONE : ERR_NOT_FOUND;
}

enum err blob_row_erase(struct tx *tx, const char *id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    if (id == NULL)
        return ERR_NONE;
    return TX_RUN(tx, Q_BLOB_ERASE, v_bytes("", 0), v_int(now_us), v_text(id));
}

static enum err read_rows(struct rows *r, struct blob_row *rows, size_t max, size_t *count)
{
    *count = 0;
    while (*count < max && rows_next(r))
        read_row(r, &rows[(*count)++]);
    return rows_close(r);
}

enum err blob_row_list(struct tx *tx, const char *after, struct blob_row *rows, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BLOBS_AFTER, v_text(after), v_int((int64_t)max)));
    return read_rows(&r, rows, max, count);
}

enum err blob_row_stale(struct tx *tx, int64_t newest, struct blob_row *rows, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BLOBS_OF_OTHER_KEYS, v_int(newest), v_int((int64_t)max)));
    return read_rows(&r, rows, max, count);
}

enum err blob_row_rewrap(struct tx *tx, const struct blob_ref *ref)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_BLOB_REWRAP, v_bytes(ref->sealed_key, ref->sealed_key_len), v_int(ref->key_number),
                  v_text(ref->id), v_int(ref->key_number));
}
