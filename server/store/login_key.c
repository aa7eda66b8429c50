#include "store/login_key.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"
#include "store/column.h"
#include "store/follower.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student.h"

#define DAY_US SECONDS_US(86400)

static const char *const names[] = {[LOGIN_MINI] = "mini",
                                    [LOGIN_PAGE] = "page",
                                    [LOGIN_PHONE] = "phone",
                                    [LOGIN_NUMBER] = "number",
                                    [LOGIN_UNION] = "union"};

const char *login_way_name(enum login_way way)
{
    return names[way];
}

static const char *index_of(struct tx *tx, enum login_way way, const char *key)
{
    return column_index(tx, arena_printf(tx->arena, "login_%s", names[way]), key);
}

enum err login_key_student(struct tx *tx, enum login_way way, const char *key, const char **student_id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_LOGIN_KEY_GET, v_text(index_of(tx, way, key))));
    if (rows_next(&r))
        *student_id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err login_key_keep(struct tx *tx, enum login_way way, const char *key, const char *student_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    const char *index = index_of(tx, way, key);
    return TX_RUN(tx, Q_LOGIN_KEY_ADD, v_text(index), v_text(names[way]), v_text(student_id),
                  column_seal(tx, "login_key", index, "login", key), v_int(now_us));
}

enum err login_key_of(struct tx *tx, const char *student_id, enum login_way way, const char **key)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_LOGIN_KEY_OF, v_text(student_id), v_text(names[way])));
    enum err e = rows_next(&r) ? column_open(tx, &r, 1, "login_key", col_text(&r, 0), "login", key) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err login_keys_erase(struct tx *tx, const char *student_id)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_LOGIN_KEYS_ERASE, v_text(student_id));
}

/* ---- in ---- */

/* The mini program's openid is the student's own column: whoever has none yet gets it. */
static enum err by_mini(struct tx *tx, const struct login_by *by, const char **student_id)
{
    struct student student;
    const char *known = NULL;
    enum err e = student_with_openid(tx, by->key, student_id);
    if (e != ERR_NOT_FOUND)
        return e;
    e = by->unionid == NULL ? ERR_NOT_FOUND : login_key_student(tx, LOGIN_UNION, by->unionid, &known);
    if (e == ERR_NONE)
        TRY(student_get(tx, known, &student));
    if (e == ERR_NONE && student.openid == NULL) {
        *student_id = known;
        return student_set_openid(tx, known, by->key);
    }
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    return student_of_openid(tx, by->key, by->new_id, by->language, by->now_us, student_id);
}

static enum err by_key(struct tx *tx, const struct login_by *by, const char **student_id)
{
    enum err e = login_key_student(tx, by->way, by->key, student_id);
    if (e != ERR_NOT_FOUND)
        return e;
    if (by->unionid != NULL)
        e = login_key_student(tx, LOGIN_UNION, by->unionid, student_id);
    if (e == ERR_NOT_FOUND) {
        *student_id = by->new_id;
        e = student_add_without_openid(tx, by->new_id, by->language, by->now_us);
    }
    TRY(e);
    return login_key_keep(tx, by->way, by->key, *student_id, by->now_us);
}

enum err login_student(struct tx *tx, const struct login_by *by, const char **student_id)
{
    RUNS_ON(ROLE_WRITER);
    TRY(by->way == LOGIN_MINI ? by_mini(tx, by, student_id) : by_key(tx, by, student_id));
    TRY(follower_student_unionid(tx, *student_id, by->unionid));
    if (by->way == LOGIN_PAGE && store_knows_followers(tx))
        TRY(follower_ask(tx, by->key, "login", by->now_us));
    return by->unionid == NULL ? ERR_NONE : login_key_keep(tx, LOGIN_UNION, by->unionid, *student_id, by->now_us);
}

/* ---- codes ---- */

struct phone_code {
    const char *code_index;
    int64_t tries, expires_us, day_us, sent, sent_us;
};

static enum err read_code(struct tx *tx, const char *phone_index, struct phone_code *code)
{
    struct rows r;
    *code = (struct phone_code){.code_index = ""};
    TRY(TX_OPEN(tx, &r, Q_PHONE_CODE_GET, v_text(phone_index)));
    if (rows_next(&r))
        *code = (struct phone_code){col_text(&r, 0), col_int(&r, 1), col_int(&r, 2),
                                    col_int(&r, 3),  col_int(&r, 4), col_int(&r, 5)};
    return rows_close(&r);
}

static const char *code_index(struct tx *tx, const char *phone, const char *code)
{
    return column_index(tx, "phone_code", arena_printf(tx->arena, "%s|%s", phone, code));
}

enum err phone_code_put(struct tx *tx, const char *phone, const char *code, int64_t now_us, int64_t *wait_us)
{
    RUNS_ON(ROLE_WRITER);
    struct phone_code last;
    const char *index = column_index(tx, "phone_code", phone);
    *wait_us = 0;
    TRY(read_code(tx, index, &last));
    bool same_day = last.day_us + DAY_US > now_us;
    if (last.sent_us + PHONE_CODE_PAUSE_US > now_us && last.sent > 0)
        *wait_us = last.sent_us + PHONE_CODE_PAUSE_US - now_us;
    else if (same_day && last.sent >= PHONE_CODES_PER_DAY)
        *wait_us = last.day_us + DAY_US - now_us;
    if (*wait_us > 0)
        return ERR_RATE_LIMITED;
    return TX_RUN(tx, Q_PHONE_CODE_PUT, v_text(index), v_text(code_index(tx, phone, code)),
                  v_int(now_us + PHONE_CODE_US), v_int(same_day ? last.day_us : now_us),
                  v_int(same_day ? last.sent + 1 : 1), v_int(now_us));
}

enum err phone_code_check(struct tx *tx, const char *phone, const char *code, int64_t now_us, bool *good)
{
    RUNS_ON(ROLE_WRITER);
    struct phone_code sent;
    const char *index = column_index(tx, "phone_code", phone), *given = code_index(tx, phone, code);
    TRY(read_code(tx, index, &sent));
    *good = strlen(sent.code_index) == strlen(given) && crypt_equal(sent.code_index, given, strlen(given)) &&
            sent.expires_us > now_us && sent.tries < PHONE_CODE_TRIES;
    return *good ? TX_RUN(tx, Q_PHONE_CODE_USED, v_text(index)) : TX_RUN(tx, Q_PHONE_CODE_TRIED, v_text(index));
}
