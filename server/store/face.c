#include "store/face.h"

#include "base/check.h"
#include "store/queries.h"
#include "store/store.h"

#define RESULTS_MAX 512

enum err face_result_put(struct tx *tx, const struct face_result *f)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_FACE_RESULT_PUT, v_text(f->attempt_id), v_text(f->verdict), v_int(f->distance_e6),
                  v_int(f->match_e6), v_int(f->mismatch_e6), v_text(f->model), v_text(f->detail),
                  v_int(f->measured_us));
}

enum err face_result_get(struct tx *tx, const char *attempt_id, struct face_result *f)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FACE_RESULT_GET, v_text(attempt_id)));
    if (rows_next(&r))
        *f = (struct face_result){.attempt_id = col_text(&r, 0),
                                  .verdict = col_text(&r, 1),
                                  .distance_e6 = col_int(&r, 2),
                                  .match_e6 = col_int(&r, 3),
                                  .mismatch_e6 = col_int(&r, 4),
                                  .model = col_text(&r, 5),
                                  .detail = col_text(&r, 6),
                                  .measured_us = col_int(&r, 7)};
    return rows_close_one(&r);
}

enum err face_result_erase(struct tx *tx, const char *attempt_id)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_FACE_RESULT_ERASE, v_text(attempt_id));
}

enum err face_forget(struct tx *tx, const char *student_id)
{
    RUNS_ON(ROLE_WRITER);
    const char **attempts = ARENA_ARRAY(tx->arena, const char *, RESULTS_MAX);
    size_t count = 0;
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FACE_RESULTS_OF_STUDENT, v_text(student_id), v_int(RESULTS_MAX)));
    while (count < RESULTS_MAX && rows_next(&r))
        attempts[count++] = col_text(&r, 0);
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++)
        TRY(face_result_erase(tx, attempts[i]));
    TRY(TX_OPEN(tx, &r, Q_FACES_FORGET, v_text(student_id)));
    while (rows_next(&r))
        store_touch(tx, TOPIC_SUBMISSION, col_text(&r, 0));
    return rows_close(&r);
}
