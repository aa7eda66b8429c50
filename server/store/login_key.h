/* login_key — the ways into one student: the mini program's openid (on the student's own row), the service account's
 * openid, the union id of both, a phone number that was proved, an entry of a roster.
 *
 * A student who came by another way than the mini program has no openid there (struct student: NULL). Keys are sealed
 * and found by keyed hash. Writer for changes, any store thread for reads. */
#ifndef XY_LOGIN_KEY_H
#define XY_LOGIN_KEY_H

#include "db/db.h"

enum login_way { LOGIN_MINI, LOGIN_PAGE, LOGIN_PHONE, LOGIN_NUMBER, LOGIN_UNION };
const char *login_way_name(enum login_way way); /* mini page phone number union */

/* The student who comes this way, made with `new_id` when nobody ever did. `unionid` (may be NULL) joins mini program
 * and service account: the first of them to come makes the student, the other one finds it. */
struct login_by {
    enum login_way way;
    const char *key, *unionid, *new_id, *language;
    int64_t now_us;
};
enum err login_student(struct tx *tx, const struct login_by *by, const char **student_id);

/* A phone number that was proved (getPhoneNumber, a code) opens this student from now on, unless it opens another. */
enum err login_key_keep(struct tx *tx, enum login_way way, const char *key, const char *student_id, int64_t now_us);
enum err login_key_student(struct tx *tx, enum login_way way, const char *key, const char **student_id); /* NOT_FOUND */
/* The newest key of that kind in clear, e.g. the service account's openid. NOT_FOUND; CORRUPT. */
enum err login_key_of(struct tx *tx, const char *student_id, enum login_way way, const char **key);
/* Phone numbers and entries of rosters; what only WeChat knows them by stays. */
enum err login_keys_erase(struct tx *tx, const char *student_id);

/* ---- codes by text message ---- */

#define PHONE_CODE_US       SECONDS_US(300)
#define PHONE_CODE_PAUSE_US SECONDS_US(60)
#define PHONE_CODE_TRIES    5
#define PHONE_CODES_PER_DAY 10

/* RATE_LIMITED, *wait_us how long; else the code is kept and may be sent. */
enum err phone_code_put(struct tx *tx, const char *phone, const char *code, int64_t now_us, int64_t *wait_us);
/* *good: it is the code that was sent, in time, not used, and not guessed at too often; then it is used. */
enum err phone_code_check(struct tx *tx, const char *phone, const char *code, int64_t now_us, bool *good);

#endif
