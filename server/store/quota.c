#include "store/quota.h"

#include "store/queries.h"

enum err quota_accept(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us)
{
    return TX_RUN(tx, Q_QUOTA_ACCEPT, v_text(student_id), v_text(template_id), v_int(now_us), v_int(QUOTA_MAX));
}

enum err quota_remaining(struct tx *tx, const char *student_id, const char *template_id, int64_t *remaining)
{
    struct rows r;
    *remaining = 0;
    TRY(TX_OPEN(tx, &r, Q_QUOTA_GET, v_text(student_id), v_text(template_id)));
    if (rows_next(&r))
        *remaining = col_int(&r, 0);
    return rows_close(&r);
}

enum err quota_spend(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us)
{
    return TX_RUN(tx, Q_QUOTA_SPEND, v_int(now_us), v_text(student_id), v_text(template_id));
}

enum err quota_clear(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us)
{
    return TX_RUN(tx, Q_QUOTA_CLEAR, v_int(now_us), v_text(student_id), v_text(template_id));
}
