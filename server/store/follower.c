#include "store/follower.h"

#include "base/check.h"
#include "store/login_key.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student_submissions.h"

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

/* The poll of this student tells what is missing. */
static enum err touch(struct tx *tx, const char *openid)
{
    const char *student_id;
    enum err e = follower_student(tx, openid, true, &student_id);
    return e == ERR_NONE ? student_submissions_touch(tx, student_id) : e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static struct val sealed_openid(struct tx *tx, const char *openid_index, const char *openid)
{
    size_t len;
    const unsigned char *sealed =
        keyring_seal(store_ring(tx), KEYRING_COLUMN, openid, strlen(openid), about(tx, openid_index), tx->arena, &len);
    return v_bytes(sealed, len);
}

enum err follower_put(struct tx *tx, const char *openid, const char *unionid, int64_t now_us)
{
    const char *openid_index = index_of(tx, "page_openid", openid);
    const char *unionid_index = unionid == NULL || unionid[0] == '\0' ? NULL : index_of(tx, "unionid", unionid);
    TRY(TX_RUN(tx, Q_FOLLOWER_PUT, v_text(openid_index), sealed_openid(tx, openid_index, openid), v_text(unionid_index),
               v_int(now_us)));
    return touch(tx, openid);
}

enum err follower_gone(struct tx *tx, const char *openid, int64_t now_us)
{
    TRY(TX_RUN(tx, Q_FOLLOWER_GONE, v_int(now_us), v_text(index_of(tx, "page_openid", openid))));
    return touch(tx, openid);
}

enum err follower_ask(struct tx *tx, const char *openid, const char *why, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    const char *index = index_of(tx, "page_openid", openid);
    TRY(TX_RUN(tx, Q_FOLLOWER_SEEN, v_text(index), sealed_openid(tx, index, openid), v_int(now_us), v_int(now_us)));
    return outbox_put(tx, arena_printf(tx->arena, "follow-%s-%s-%" PRId64, index, why, now_us / SECONDS_US(60)),
                      "follow", NULL, arena_printf(tx->arena, "{\"openid_index\":\"%s\"}", index), 0, now_us);
}

/* NOT_FOUND: the row is not there, or gone. */
static enum err open_row(struct tx *tx, struct rows *r, const char **openid)
{
    const char *openid_index = NULL;
    const void *sealed = NULL;
    size_t sealed_len = 0, len;
    if (rows_next(r)) {
        openid_index = col_text(r, 0);
        sealed = col_bytes(r, 1, &sealed_len);
    }
    TRY(rows_close_one(r));
    char *opened;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about(tx, openid_index), tx->arena, &opened,
                     &len));
    *openid = opened;
    return ERR_NONE;
}

enum err follower_of_student(struct tx *tx, const char *student_id, const char **openid)
{
    struct rows r;
    const char *logged_in_with;
    enum err e = login_key_of(tx, student_id, LOGIN_PAGE, &logged_in_with);
    if (e == ERR_NONE) {
        TRY(TX_OPEN(tx, &r, Q_FOLLOWER_WITH_OPENID, v_text(index_of(tx, "page_openid", logged_in_with))));
        e = open_row(tx, &r, openid);
    }
    if (e != ERR_NOT_FOUND)
        return e;
    TRY(TX_OPEN(tx, &r, Q_FOLLOWER_OF_STUDENT, v_text(student_id)));
    return open_row(tx, &r, openid);
}

enum err follower_openid(struct tx *tx, const char *openid_index, const char **openid)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FOLLOWER_OPENID, v_text(openid_index)));
    return open_row(tx, &r, openid);
}

enum err follower_student(struct tx *tx, const char *openid, bool of_page, const char **student_id)
{
    struct rows r;
    if (of_page) {
        enum err e = login_key_student(tx, LOGIN_PAGE, openid, student_id);
        if (e != ERR_NOT_FOUND)
            return e;
        TRY(TX_OPEN(tx, &r, Q_FOLLOWER_STUDENT, v_text(index_of(tx, "page_openid", openid))));
    } else {
        TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(index_of(tx, "openid", openid))));
    }
    if (rows_next(&r))
        *student_id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err follower_erase(struct tx *tx, const char *student_id)
{
    const char *openid;
    enum err e = login_key_of(tx, student_id, LOGIN_PAGE, &openid);
    if (e == ERR_NONE)
        TRY(TX_RUN(tx, Q_FOLLOWER_FORGET, v_text(index_of(tx, "page_openid", openid))));
    else if (e != ERR_NOT_FOUND && e != ERR_CORRUPT)
        return e;
    TRY(TX_RUN(tx, Q_FOLLOWER_ERASE, v_text(student_id)));
    return TX_RUN(tx, Q_STUDENT_SET_UNIONID, v_null(), v_text(student_id));
}
