#include "store/school.h"

#include "store/queries.h"
#include "store/session_find.h"

enum err school_find(struct tx *tx, const char *words, struct school *list, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_SCHOOL_FIND, v_text(words), v_int(SCHOOLS_FOUND_MAX)));
    while (*count < SCHOOLS_FOUND_MAX && rows_next(&r))
        list[(*count)++] = (struct school){col_text(&r, 0), col_text(&r, 1), col_text(&r, 2)};
    return rows_close(&r);
}

enum err school_sessions(struct tx *tx, const char *school_id, const char *level, int64_t now_us,
                         struct capture_session *list, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SCHOOL_SESSIONS, v_text(school_id), v_int(now_us), v_text(level),
                v_int(SCHOOL_SESSIONS_MAX)));
    return session_read_list(&r, list, SCHOOL_SESSIONS_MAX, count);
}
