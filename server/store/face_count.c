#include "store/face_count.h"

#include "base/check.h"
#include "base/clock.h"
#include "store/queries.h"

#define DAY_US SECONDS_US(86400)

enum err face_count_add(struct tx *tx, const char *student_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t added = 0;
    TRY(TX_RUN_N(tx, &added, Q_FACE_PERSON_ADD, v_text(student_id), v_int(now_us)));
    if (added == 0)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_FACE_COUNTER_MOVE, v_int(1)));
    return TX_RUN(tx, Q_FACE_COUNTER_REACHED, v_int(now_us), v_int(FACE_COUNT_FILING));
}

enum err face_count_drop(struct tx *tx, const char *student_id)
{
    RUNS_ON(ROLE_WRITER);
    int64_t dropped = 0;
    TRY(TX_RUN_N(tx, &dropped, Q_FACE_PERSON_DROP, v_text(student_id)));
    return dropped == 0 ? ERR_NONE : TX_RUN(tx, Q_FACE_COUNTER_MOVE, v_int(-1));
}

enum err face_count_read(struct tx *tx, struct face_count *count)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_FACE_COUNTER));
    if (rows_next(&r))
        *count = (struct face_count){col_int(&r, 0), col_int(&r, 1), col_int(&r, 2), col_text(&r, 3)};
    return rows_close_one(&r);
}

enum err face_count_filed(struct tx *tx, const char *reference, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_FACE_COUNTER_FILED, v_int(now_us), v_text(reference));
}

int64_t face_count_file_by_us(const struct face_count *count)
{
    int64_t day_us = count->reached_us;
    if (day_us == 0)
        return 0;
    for (int left = FACE_COUNT_FILING_DAYS; left > 0;) {
        day_us += DAY_US;
        int weekday = clock_civil_cn(day_us).weekday;
        left -= weekday != 0 && weekday != 6;
    }
    return day_us;
}

const char *face_count_level(const struct face_count *count)
{
    if (count->reached_us != 0)
        return count->filed_us != 0 ? "filed" : "file";
    if (count->persons * 100 >= (int64_t)FACE_COUNT_FILING * FACE_COUNT_WARN_HIGH)
        return "near";
    return count->persons * 100 >= (int64_t)FACE_COUNT_FILING * FACE_COUNT_WARN_LOW ? "watch" : "ok";
}
