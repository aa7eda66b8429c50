/* account — staff, their passwords' hashes and roles, and the logins of everybody.
 *
 * Five wrong passwords are free; then 1, 2, 4 … 900 s pause, never for ever (an attacker must not lock a victim out).
 * Only the hash of a token is stored. Hashing and checking passwords happens on a lane thread, never here. */
#ifndef XY_ACCOUNT_H
#define XY_ACCOUNT_H

#include "db/db.h"

struct account {
    const char *id, *name, *display_name, *password_hash;
    int64_t roles;         /* bits of enum role */
    const char *school_id; /* NULL: all schools */
    bool disabled;
    int64_t wrong_tries, locked_until_us, version;
};

enum err account_by_name(struct tx *tx, const char *name, struct account *account); /* NOT_FOUND */
enum err account_get(struct tx *tx, const char *id, struct account *account);       /* NOT_FOUND */
enum err account_list(struct tx *tx, struct account *list, size_t max, size_t *count);
enum err account_add(struct tx *tx, const struct account *account, int64_t now_us); /* CONFLICT: name taken */
enum err account_any(struct tx *tx, bool *any);
enum err account_set_password(struct tx *tx, const char *id, const char *password_hash); /* ends all logins */
/* STALE when version differs. Ends all logins when disabled or roles changed. */
enum err account_change(struct tx *tx, const char *id, int64_t version, int64_t roles, const char *display_name,
                        bool disabled);
/* How long the account is locked after that many wrong passwords in a row. Pure. */
int64_t account_pause_s(int64_t wrong_tries);
enum err account_wrong_password(struct tx *tx, const struct account *account, int64_t now_us);
enum err account_right_password(struct tx *tx, const struct account *account);

/* ---- logins ---- */

struct login {
    const char *owner_id;
    bool is_student;
    int64_t created_us, seen_us, expires_us;
};
enum err login_add(struct tx *tx, const char *token_hash, const char *owner_id, bool is_student, int64_t now_us,
                   int64_t expires_us);
enum err login_get(struct tx *tx, const char *token_hash, struct login *login); /* NOT_FOUND */
enum err login_seen(struct tx *tx, const char *token_hash, int64_t now_us);
enum err login_end(struct tx *tx, const char *token_hash, const char *owner_id);
enum err login_end_all(struct tx *tx, const char *owner_id);

#endif
