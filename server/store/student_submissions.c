#include "store/student_submissions.h"

#include "store/queries.h"
#include "store/rows.h"

enum err student_submissions(struct tx *tx, const char *student_id, struct submission *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSIONS_OF_STUDENT, v_text(student_id), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        submission_read(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err student_submission_in(struct tx *tx, const char *student_id, const char *session_id, struct submission *s)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_IN_SESSION, v_text(session_id), v_text(student_id)));
    if (rows_next(&r))
        submission_read(&r, s);
    return rows_close_one(&r);
}

enum err student_submission_of(struct tx *tx, const char *student_id, const char *session_id, const char *roster_id,
                               struct submission *s)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_OF_ENROLMENT, v_text(session_id), v_text(student_id),
                v_text(roster_id != NULL ? roster_id : "")));
    if (rows_next(&r))
        submission_read(&r, s);
    return rows_close_one(&r);
}

enum err student_submissions_touch(struct tx *tx, const char *student_id)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_submissions(tx, student_id, list, STUDENT_SUBMISSIONS_MAX, &count));
    for (size_t i = 0; i < count; i++)
        if (!wf_state_is_end(list[i].state))
            TRY(submission_touch(tx, list[i].id));
    return ERR_NONE;
}
