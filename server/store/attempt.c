#include "store/attempt.h"

#include "base/text.h"
#include "store/queries.h"

bool attempt_is_good(const struct attempt *a)
{
    return text_is(a->state, "ready") && (!text_is(a->verdict, "fail") || a->insisted);
}

enum err attempt_same_photo(struct tx *tx, const char *submission_id, const char *content_hash, struct attempt *a)
{
    struct rows r;
    const char *id = NULL;
    TRY(TX_OPEN(tx, &r, Q_ATTEMPT_SAME_PHOTO, v_text(submission_id), v_text(content_hash)));
    if (rows_next(&r))
        id = col_text(&r, 0);
    TRY(rows_close_one(&r));
    return attempt_get(tx, id, a);
}

enum err attempt_insisted_on_other(struct tx *tx, const char *submission_id, const char *attempt_id, bool *other)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ATTEMPT_INSISTED, v_text(submission_id), v_text(attempt_id)));
    *other = rows_next(&r) && col_int(&r, 0) > 0;
    return rows_close(&r);
}
