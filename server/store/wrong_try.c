#include "store/wrong_try.h"

#include "base/check.h"
#include "store/column.h"
#include "store/queries.h"

#define MINUTE_US     SECONDS_US(60)
#define HOUR_US       SECONDS_US(3600)
#define DOUBLINGS_MAX 6

int64_t wrong_try_pause_us(int64_t tries, int64_t free)
{
    if (tries <= free)
        return 0;
    int64_t doublings = tries - free - 1;
    int64_t pause_us = doublings >= DOUBLINGS_MAX ? HOUR_US : MINUTE_US << doublings;
    return pause_us > HOUR_US ? HOUR_US : pause_us;
}

static const char *hour_key(struct tx *tx, const char *session_id, int64_t now_us)
{
    return arena_printf(tx->arena, "%s|%" PRId64, session_id, now_us / HOUR_US);
}

static enum err read_try(struct tx *tx, const char *kind, const char *key, int64_t *wrong, int64_t *locked_until_us)
{
    struct rows r;
    *wrong = *locked_until_us = 0;
    TRY(TX_OPEN(tx, &r, Q_WRONG_TRY_GET, v_text(kind), v_text(key)));
    if (rows_next(&r)) {
        *wrong = col_int(&r, 0);
        *locked_until_us = col_int(&r, 1);
    }
    return rows_close(&r);
}

enum err wrong_try_strained(struct tx *tx, const char *session_id, int64_t max, int64_t now_us, bool *strained)
{
    int64_t now = 0, before = 0, locked;
    TRY(read_try(tx, "session", hour_key(tx, session_id, now_us), &now, &locked));
    TRY(read_try(tx, "session", hour_key(tx, session_id, now_us - HOUR_US), &before, &locked));
    *strained = now + before > max;
    return ERR_NONE;
}

/* Counts one for the session; *free is what a single one may try for nothing. */
static enum err count_session(struct tx *tx, const char *session_id, int64_t session_max, int64_t now_us, int64_t *free)
{
    bool strained = false;
    TRY(wrong_try_strained(tx, session_id, session_max, now_us, &strained));
    *free = strained ? 0 : WRONG_TRIES_FREE;
    return TX_RUN(tx, Q_WRONG_TRY_COUNT, v_text("session"), v_text(hour_key(tx, session_id, now_us)), v_int(0),
                  v_int(now_us));
}

enum err wrong_try_student(struct tx *tx, const struct student *student, const char *session_id, int64_t session_max,
                           int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t free = 0, wrong = student->wrong_links + 1;
    TRY(count_session(tx, session_id, session_max, now_us, &free));
    int64_t pause_us = wrong_try_pause_us(wrong, free);
    return TX_RUN(tx, Q_STUDENT_WRONG_LINK, v_int(wrong), v_int(pause_us == 0 ? 0 : now_us + pause_us),
                  v_text(student->id));
}

enum err wrong_try_locked(struct tx *tx, const char *about, int64_t *locked_until_us)
{
    int64_t wrong;
    return read_try(tx, "number", column_index(tx, "wrong_try", about), &wrong, locked_until_us);
}

enum err wrong_try_about(struct tx *tx, const char *about, const char *session_id, int64_t session_max, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    const char *key = column_index(tx, "wrong_try", about);
    int64_t free = 0, wrong = 0, locked;
    TRY(count_session(tx, session_id, session_max, now_us, &free));
    TRY(read_try(tx, "number", key, &wrong, &locked));
    int64_t pause_us = wrong_try_pause_us(wrong + 1, free);
    return TX_RUN(tx, Q_WRONG_TRY_COUNT, v_text("number"), v_text(key), v_int(pause_us == 0 ? 0 : now_us + pause_us),
                  v_int(now_us));
}

enum err wrong_try_forget(struct tx *tx, const char *about)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_WRONG_TRY_FORGET, v_text("number"), v_text(column_index(tx, "wrong_try", about)));
}
