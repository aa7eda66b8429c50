#include "store/account.h"

#include "base/check.h"
#include "store/queries.h"
#include "store/rows.h"
#include "store/store.h"

#define TRIES_FREE 5
#define LOCK_MAX_S 900

void account_read(const struct rows *r, struct account *a)
{
    *a = (struct account){.id = col_text(r, 0),
                          .name = col_text(r, 1),
                          .display_name = col_text(r, 2),
                          .password_hash = col_text(r, 3),
                          .roles = col_int(r, 4),
                          .school_id = col_text(r, 5),
                          .disabled = col_int(r, 6) != 0,
                          .wrong_tries = col_int(r, 7),
                          .locked_until_us = col_int(r, 8),
                          .version = col_int(r, 9)};
}

static enum err find(struct tx *tx, size_t query, const char *key, struct account *account)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(key)));
    if (rows_next(&r))
        account_read(&r, account);
    return rows_close_one(&r);
}

enum err account_by_name(struct tx *tx, const char *name, struct account *account)
{
    return find(tx, Q_ACCOUNT_BY_NAME, name, account);
}

enum err account_get(struct tx *tx, const char *id, struct account *account)
{
    return find(tx, Q_ACCOUNT_GET, id, account);
}

enum err account_list(struct tx *tx, struct account *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_ACCOUNT_LIST, v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        account_read(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err account_any(struct tx *tx, bool *any)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_ACCOUNT_ANY));
    *any = rows_next(&r);
    return rows_close(&r);
}

enum err account_add(struct tx *tx, const struct account *a, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_ACCOUNT_ADD, v_text(a->id), v_text(a->name), v_text(a->display_name), v_text(a->password_hash),
                  v_int(a->roles), v_text(a->school_id), v_int(now_us));
}

enum err account_set_password(struct tx *tx, const char *id, const char *password_hash)
{
    TRY(TX_RUN(tx, Q_ACCOUNT_PASSWORD, v_text(password_hash), v_text(id)));
    return login_end_all(tx, id);
}

enum err account_change(struct tx *tx, const char *id, int64_t version, int64_t roles, const char *display_name,
                        bool disabled)
{
    struct account old;
    int64_t changed = 0;
    TRY(account_get(tx, id, &old));
    TRY(TX_RUN_N(tx, &changed, Q_ACCOUNT_CHANGE, v_int(roles), v_text(display_name), v_bool(disabled), v_text(id),
                 v_int(version)));
    if (changed == 0)
        return ERR_STALE;
    return disabled || roles != old.roles ? login_end_all(tx, id) : ERR_NONE;
}

int64_t account_pause_s(int64_t wrong_tries)
{
    int64_t doublings = wrong_tries - TRIES_FREE - 1;
    return doublings < 0 ? 0 : doublings >= 10 ? LOCK_MAX_S : INT64_C(1) << doublings;
}

enum err account_wrong_password(struct tx *tx, const struct account *a, int64_t now_us)
{
    int64_t wrong = a->wrong_tries + 1, pause_s = account_pause_s(wrong);
    return TX_RUN(tx, Q_ACCOUNT_TRIES, v_int(wrong), v_int(pause_s == 0 ? 0 : now_us + SECONDS_US(pause_s)),
                  v_text(a->id));
}

enum err account_right_password(struct tx *tx, const struct account *a)
{
    if (a->wrong_tries == 0)
        return ERR_NONE;
    return TX_RUN(tx, Q_ACCOUNT_TRIES, v_int(0), v_int(0), v_text(a->id));
}

enum err login_add(struct tx *tx, const char *token_hash, const char *owner_id, bool is_student, int64_t now_us,
                   int64_t expires_us)
{
    return TX_RUN(tx, Q_LOGIN_ADD, v_text(token_hash), v_text(owner_id), v_bool(is_student), v_int(now_us),
                  v_int(now_us), v_int(expires_us));
}

enum err login_get(struct tx *tx, const char *token_hash, struct login *login)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_LOGIN_GET, v_text(token_hash)));
    if (rows_next(&r))
        *login = (struct login){.owner_id = col_text(&r, 0),
                                .is_student = col_int(&r, 1) != 0,
                                .created_us = col_int(&r, 2),
                                .seen_us = col_int(&r, 3),
                                .expires_us = col_int(&r, 4)};
    return rows_close_one(&r);
}

enum err login_seen(struct tx *tx, const char *token_hash, int64_t now_us)
{
    return TX_RUN(tx, Q_LOGIN_SEEN, v_int(now_us), v_text(token_hash));
}

enum err login_end(struct tx *tx, const char *token_hash, const char *owner_id)
{
    store_touch(tx, TOPIC_LOGIN, owner_id);
    return TX_RUN(tx, Q_LOGIN_END, v_text(token_hash));
}

enum err login_end_all(struct tx *tx, const char *owner_id)
{
    store_touch(tx, TOPIC_LOGIN, owner_id);
    return TX_RUN(tx, Q_LOGIN_END_ALL, v_text(owner_id));
}
