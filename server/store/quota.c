#include "store/quota.h"

#include "base/text.h"
#include "store/queries.h"

enum err quota_accept(struct tx *tx, const char *student_id, const char *template_id, enum quota_source source,
                      int64_t now_us)
{
    TRY(TX_RUN(tx, Q_QUOTA_ROW, v_text(student_id), v_text(template_id), v_int(now_us)));
    return TX_RUN(tx, source == QUOTA_FROM_PUSH ? Q_QUOTA_ACCEPT_PUSH : Q_QUOTA_ACCEPT_PAGE, v_int(QUOTA_MAX),
                  v_int(now_us), v_text(student_id), v_text(template_id));
}

enum err quota_answer(struct tx *tx, const char *student_id, const char *template_id, const char *answer,
                      enum quota_source source, int64_t now_us)
{
    if (text_is(answer, "accept"))
        return quota_accept(tx, student_id, template_id, source, now_us);
    if (text_is(answer, "allow")) {
        TRY(TX_RUN(tx, Q_QUOTA_ROW, v_text(student_id), v_text(template_id), v_int(now_us)));
        return TX_RUN(tx, Q_QUOTA_ANSWER, v_text("accept"), v_int(now_us), v_text(student_id), v_text(template_id));
    }
    if (!text_is(answer, "reject") && !text_is(answer, "ban") && !text_is(answer, "filter"))
        return ERR_BAD_FIELD;
    TRY(TX_RUN(tx, Q_QUOTA_ROW, v_text(student_id), v_text(template_id), v_int(now_us)));
    TRY(TX_RUN(tx, Q_QUOTA_ANSWER, v_text(answer), v_int(now_us), v_text(student_id), v_text(template_id)));
    return text_is(answer, "ban") ? quota_clear(tx, student_id, template_id, now_us) : ERR_NONE;
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

enum err quota_wanted(struct tx *tx, const char *student_id, bool *wanted)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_QUOTA_WANTED, v_text(student_id)));
    *wanted = rows_next(&r);
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
