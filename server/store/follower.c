#include "store/follower.h"

#include "base/check.h"
#include "store/column.h"
#include "store/login_key.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student_submissions.h"

enum err follower_student_unionid(struct tx *tx, const char *student_id, const char *unionid)
{
    if (unionid == NULL || unionid[0] == '\0')
        return ERR_NONE;
    return TX_RUN(tx, Q_STUDENT_SET_UNIONID, v_text(column_index(tx, "unionid", unionid)), v_text(student_id));
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
    return column_seal(tx, "follower", openid_index, "openid", openid);
}

enum err follower_put(struct tx *tx, const char *openid, const char *unionid, int64_t now_us)
{
    const char *openid_index = column_index(tx, "page_openid", openid);
    const char *unionid_index = unionid == NULL || unionid[0] == '\0' ? NULL : column_index(tx, "unionid", unionid);
    TRY(TX_RUN(tx, Q_FOLLOWER_PUT, v_text(openid_index), sealed_openid(tx, openid_index, openid), v_text(unionid_index),
               v_int(now_us)));
    return touch(tx, openid);
}

enum err follower_gone(struct tx *tx, const char *openid, int64_t now_us)
{
    TRY(TX_RUN(tx, Q_FOLLOWER_GONE, v_int(now_us), v_text(column_index(tx, "page_openid", openid))));
    return touch(tx, openid);
}

enum err follower_ask(struct tx *tx, const char *openid, const char *why, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    const char *index = column_index(tx, "page_openid", openid);
    TRY(TX_RUN(tx, Q_FOLLOWER_SEEN, v_text(index), sealed_openid(tx, index, openid), v_int(now_us), v_int(now_us)));
    return outbox_put(tx, arena_printf(tx->arena, "follow-%s-%s-%" PRId64, index, why, now_us / SECONDS_US(60)),
                      "follow", NULL, arena_printf(tx->arena, "{\"openid_index\":\"%s\"}", index), 0, now_us);
}

/* NOT_FOUND: the row is not there, or gone. */
static enum err open_row(struct tx *tx, struct rows *r, const char **openid)
{
    enum err e = ERR_NONE;
    if (rows_next(r))
        e = column_open(tx, r, 1, "follower", col_text(r, 0), "openid", openid);
    TRY(rows_close_one(r));
    return e;
}

enum err follower_of_student(struct tx *tx, const char *student_id, const char **openid)
{
    struct rows r;
    const char *logged_in_with;
    enum err e = login_key_of(tx, student_id, LOGIN_PAGE, &logged_in_with);
    if (e == ERR_NONE) {
        TRY(TX_OPEN(tx, &r, Q_FOLLOWER_WITH_OPENID, v_text(column_index(tx, "page_openid", logged_in_with))));
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
        TRY(TX_OPEN(tx, &r, Q_FOLLOWER_STUDENT, v_text(column_index(tx, "page_openid", openid))));
    } else {
        TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(column_index(tx, "openid", openid))));
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
        TRY(TX_RUN(tx, Q_FOLLOWER_FORGET, v_text(column_index(tx, "page_openid", openid))));
    else if (e != ERR_NOT_FOUND && e != ERR_CORRUPT)
        return e;
    TRY(TX_RUN(tx, Q_FOLLOWER_ERASE, v_text(student_id)));
    return TX_RUN(tx, Q_STUDENT_SET_UNIONID, v_null(), v_text(student_id));
}
