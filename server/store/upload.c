#include "store/upload.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"

static void read_upload(const struct rows *r, struct upload *u)
{
    *u = (struct upload){.id = col_text(r, 0),
                         .student_id = col_text(r, 1),
                         .purpose = col_text(r, 2),
                         .size_bytes = col_int(r, 3),
                         .received_bytes = col_int(r, 4),
                         .sha256_index = col_text(r, 5),
                         .source = col_text(r, 6),
                         .blob_id = col_text(r, 7),
                         .created_us = col_int(r, 8),
                         .expires_us = col_int(r, 9),
                         .captured_us = col_int(r, 10),
                         .lens = col_text(r, 11)};
}

const char *upload_sha256_index(struct tx *tx, const char *sha256_hex)
{
    char *hex = arena_alloc(tx->arena, KEYRING_INDEX_TEXT_BYTES);
    keyring_index(store_ring(tx), "sha256", sha256_hex, hex);
    return hex;
}

enum err upload_add(struct tx *tx, const struct upload *u)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_UPLOAD_ADD, v_text(u->id), v_text(u->student_id), v_text(u->purpose), v_int(u->size_bytes),
                  v_text(u->sha256_index), v_text(u->source), v_int(u->created_us), v_int(u->expires_us),
                  v_int(u->captured_us), v_text(u->lens != NULL ? u->lens : ""));
}

enum err upload_get(struct tx *tx, const char *id, const char *student_id, struct upload *u)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_UPLOAD_GET, v_text(id)));
    if (rows_next(&r))
        read_upload(&r, u);
    TRY(rows_close_one(&r));
    return text_is(u->student_id, student_id) ? ERR_NONE : ERR_NOT_FOUND;
}

enum err upload_same(struct tx *tx, const struct upload *like, int64_t now_us, struct upload *u)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_UPLOAD_SAME, v_text(like->student_id), v_text(like->purpose), v_text(like->sha256_index),
                v_int(like->size_bytes), v_int(now_us)));
    if (rows_next(&r))
        read_upload(&r, u);
    return rows_close_one(&r);
}

enum err upload_count_since(struct tx *tx, const char *student_id, int64_t since_us, int64_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_UPLOAD_COUNT, v_text(student_id), v_int(since_us)));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close_one(&r);
}

enum err upload_part_add(struct tx *tx, const char *id, const struct upload_part *part)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_UPLOAD_ADVANCE, v_int(part->size_bytes), v_text(id), v_int(part->offset_bytes)));
    if (changed == 0)
        return ERR_OFFSET_MISMATCH;
    return TX_RUN(tx, Q_PART_ADD, v_text(id), v_int(part->offset_bytes), v_int(part->size_bytes),
                  v_text(part->blob_id));
}

enum err upload_parts(struct tx *tx, const char *id, struct upload_part *parts, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_PART_LIST, v_text(id)));
    while (*count < UPLOAD_PARTS_MAX && rows_next(&r)) {
        struct upload_part *part = &parts[(*count)++];
        part->offset_bytes = col_int(&r, 0);
        part->size_bytes = col_int(&r, 1);
        part->blob_id = col_text(&r, 2);
        part->sealed_key = col_bytes(&r, 3, &part->sealed_key_len);
    }
    return rows_close(&r);
}

static enum err forget_parts(struct tx *tx, const char *id, int64_t now_us)
{
    TRY(TX_RUN(tx, Q_PART_ERASE_ALL, v_int(now_us), v_text(id)));
    return TX_RUN(tx, Q_PART_DELETE_ALL, v_text(id));
}

static enum err complete(struct tx *tx, const char *id, const char *blob_id, int64_t now_us, int64_t expires_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_UPLOAD_COMPLETE, v_text(blob_id), v_int(expires_us), v_text(id)));
    if (changed == 0)
        return ERR_REFUSED;
    return forget_parts(tx, id, now_us);
}

enum err upload_finish(struct tx *tx, const char *id, int64_t offset_bytes, int64_t size_bytes, const char *blob_id,
                       int64_t now_us, int64_t expires_us)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_UPLOAD_ADVANCE, v_int(size_bytes), v_text(id), v_int(offset_bytes)));
    return changed == 0 ? ERR_OFFSET_MISMATCH : complete(tx, id, blob_id, now_us, expires_us);
}

enum err upload_restart(struct tx *tx, const char *id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    TRY(TX_RUN(tx, Q_UPLOAD_RESTART, v_text(id)));
    return forget_parts(tx, id, now_us);
}
