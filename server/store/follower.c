#include "store/follower.h"

#include "store/queries.h"
#include "store/store.h"

static const char *index_of(struct tx *tx, const char *field, const char *value)
{
    char *hex = arena_alloc(tx->arena, KEYRING_INDEX_TEXT_BYTES);
    keyring_index(store_ring(tx), field, value, hex);
    return hex;
}

static const char *about(struct tx *tx, const char *openid_index)
{
    return arena_printf(tx->arena, "follower|%s|openid", openid_index);
}

enum err follower_student_unionid(struct tx *tx, const char *student_id, const char *unionid)
{
    if (unionid == NULL || unionid[0] == '\0')
        return ERR_NONE;
    return TX_RUN(tx, Q_STUDENT_SET_UNIONID, v_text(index_of(tx, "unionid", unionid)), v_text(student_id));
}

enum err follower_put(struct tx *tx, const char *openid, const char *unionid, int64_t now_us)
{
    size_t sealed_len;
    const char *openid_index = index_of(tx, "page_openid", openid);
    const char *unionid_index = unionid == NULL || unionid[0] == '\0' ? NULL : index_of(tx, "unionid", unionid);
    const unsigned char *sealed = keyring_seal(store_ring(tx), KEYRING_COLUMN, openid, strlen(openid),
                                               about(tx, openid_index), tx->arena, &sealed_len);
    return TX_RUN(tx, Q_FOLLOWER_PUT, v_text(openid_index), v_bytes(sealed, sealed_len), v_text(unionid_index),
                  v_int(now_us));
}

enum err follower_gone(struct tx *tx, const char *openid, int64_t now_us)
{
    return TX_RUN(tx, Q_FOLLOWER_GONE, v_int(now_us), v_text(index_of(tx, "page_openid", openid)));
}

enum err follower_of_student(struct tx *tx, const char *student_id, const char **openid)
{
    struct rows r;
    const char *openid_index = NULL;
    const void *sealed = NULL;
    size_t sealed_len = 0, len;
    TRY(TX_OPEN(tx, &r, Q_FOLLOWER_OF_STUDENT, v_text(student_id)));
    if (rows_next(&r)) {
        openid_index = col_text(&r, 0);
        sealed = col_bytes(&r, 1, &sealed_len);
    }
    TRY(rows_close_one(&r));
    char *opened;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about(tx, openid_index), tx->arena, &opened,
                     &len));
    *openid = opened;
    return ERR_NONE;
}

enum err follower_openid(struct tx *tx, const char *openid_index, const char **openid)
{
    struct rows r;
    const void *sealed = NULL;
    size_t sealed_len = 0, len;
    char *opened;
    TRY(TX_OPEN(tx, &r, Q_FOLLOWER_OPENID, v_text(openid_index)));
    if (rows_next(&r))
        sealed = col_bytes(&r, 0, &sealed_len);
    TRY(rows_close_one(&r));
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about(tx, openid_index), tx->arena, &opened,
                     &len));
    *openid = opened;
    return ERR_NONE;
}

enum err follower_student(struct tx *tx, const char *openid, bool of_page, const char **student_id)
{
    struct rows r;
    if (of_page)
        TRY(TX_OPEN(tx, &r, Q_FOLLOWER_STUDENT, v_text(index_of(tx, "page_openid", openid))));
    else
        TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(index_of(tx, "openid", openid))));
    if (rows_next(&r))
        *student_id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err follower_erase(struct tx *tx, const char *student_id)
{
    TRY(TX_RUN(tx, Q_FOLLOWER_ERASE, v_text(student_id)));
    return TX_RUN(tx, Q_STUDENT_SET_UNIONID, v_null(), v_text(student_id));
}
