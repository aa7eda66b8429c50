#include "store/submission.h"

#include "base/check.h"
#include "base/text.h"
#include "store/capture_session.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/rows.h"
#include "store/store.h"

/* ---- reading ---- */

void submission_read(const struct rows *r, struct submission *s)
{
    *s = (struct submission){.id = col_text(r, 0),
                             .code = col_text(r, 1),
                             .session_id = col_text(r, 2),
                             .student_id = col_text(r, 3),
                             .roster_id = col_text(r, 4),
                             .version = col_int(r, 6),
                             .lane = col_text(r, 7),
                             .attempt_id = col_text(r, 8),
                             .attempts_used = col_int(r, 9),
                             .attempts_made = col_int(r, 10),
                             .price_fen = col_int(r, 11),
                             .paid = col_int(r, 12) != 0,
                             .reviewed = col_int(r, 13) != 0,
                             .face_distance_e6 = col_int(r, 15),
                             .rejected_by_face = col_int(r, 16) != 0,
                             .reasons = col_text(r, 17),
                             .note = col_text(r, 18),
                             .chsi_status = col_text(r, 19),
                             .proofread = col_text(r, 20),
                             .identity_round = col_int(r, 21),
                             .claimed_by = col_text(r, 22),
                             .claim_id = col_text(r, 23),
                             .claim_until_us = col_int(r, 24),
                             .carrier = col_text(r, 25),
                             .tracking_no = col_text(r, 26),
                             .due_us = col_int(r, 27),
                             .deadline_us = col_int(r, 28),
                             .submitted_us = col_int(r, 29),
                             .moved_us = col_int(r, 30),
                             .created_us = col_int(r, 31)};
    /* The table's CHECK constraints list the same names; a test compares. */
    CHECK(wf_state_named(col_text(r, 5), &s->state));
    CHECK(wf_face_named(col_text(r, 14), &s->face));
}

enum err submission_get(struct tx *tx, const char *id, struct submission *s)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_GET, v_text(id)));
    if (rows_next(&r))
        submission_read(&r, s);
    return rows_close_one(&r);
}

enum err submission_of_student(struct tx *tx, const char *id, const char *student_id, struct submission *s)
{
    TRY(submission_get(tx, id, s));
    return text_is(s->student_id, student_id) ? ERR_NONE : ERR_NOT_FOUND;
}

void submission_copy(struct arena *arena, const struct submission *from, struct submission *to)
{
    *to = *from;
    const char **texts[] = {&to->id,        &to->code,       &to->session_id, &to->student_id, &to->roster_id,
                            &to->lane,      &to->attempt_id, &to->reasons,    &to->note,       &to->chsi_status,
                            &to->proofread, &to->claimed_by, &to->claim_id,   &to->carrier,    &to->tracking_no};
    for (size_t i = 0; i < countof(texts); i++)
        *texts[i] = arena_text(arena, *texts[i]);
}

/* ---- attempts ---- */

static void read_attempt(const struct rows *r, struct attempt *a)
{
    *a = (struct attempt){.id = col_text(r, 0),
                          .submission_id = col_text(r, 1),
                          .number = col_int(r, 2),
                          .source = col_text(r, 3),
                          .original_blob_id = col_text(r, 4),
                          .standard_blob_id = col_text(r, 5),
                          .proxy_blob_id = col_text(r, 6),
                          .state = col_text(r, 7),
                          .verdict = col_text(r, 8),
                          .report = col_text(r, 9),
                          .insisted = col_int(r, 10) != 0,
                          .rejected = col_int(r, 11) != 0,
                          .created_us = col_int(r, 12),
                          .mask_blob_id = col_text(r, 13),
                          .retouch_number = col_int(r, 14),
                          .retouch_chosen = col_int(r, 15),
                          .captured_us = col_int(r, 16),
                          .lens = col_text(r, 17)};
}

enum err attempt_get(struct tx *tx, const char *id, struct attempt *a)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ATTEMPT_GET, v_text(id)));
    if (rows_next(&r))
        read_attempt(&r, a);
    return rows_close_one(&r);
}

enum err attempt_list(struct tx *tx, const char *submission_id, struct attempt *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_ATTEMPT_LIST, v_text(submission_id), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_attempt(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err attempt_add(struct tx *tx, const struct attempt *a, int64_t *number)
{
    RUNS_ON(ROLE_WRITER);
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ATTEMPT_MADE, v_text(a->submission_id)));
    if (rows_next(&r))
        *number = col_int(&r, 0);
    TRY(rows_close_one(&r));
    store_touch(tx, TOPIC_SUBMISSION, a->submission_id);
    return TX_RUN(tx, Q_ATTEMPT_ADD, v_text(a->id), v_text(a->submission_id), v_int(*number), v_text(a->source),
                  v_text(a->original_blob_id), v_int(a->created_us), v_int(a->captured_us),
                  v_text(a->lens != NULL ? a->lens : ""));
}

static enum err attempt_end(struct tx *tx, const char *id, int64_t changed)
{
    struct attempt a;
    TRY(attempt_get(tx, id, &a));
    return changed == 0 ? ERR_NONE : submission_touch(tx, a.submission_id); /* 0: it ended before; same answer */
}

enum err attempt_ready(struct tx *tx, const char *id, const char *verdict, const char *report,
                       const char *standard_blob_id, const char *proxy_blob_id, const char *mask_blob_id)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_ATTEMPT_READY, v_text(verdict), v_text(report), v_text(standard_blob_id),
                 v_text(proxy_blob_id), v_text(mask_blob_id), v_text(id)));
    return attempt_end(tx, id, changed);
}

enum err attempt_failed(struct tx *tx, const char *id, const char *report)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_ATTEMPT_FAILED, v_text(report), v_text(id)));
    return attempt_end(tx, id, changed);
}

enum err attempt_insist(struct tx *tx, const char *id)
{
    return TX_RUN(tx, Q_ATTEMPT_INSIST, v_text(id));
}

/* ---- what changes without a move ---- */

enum err submission_add(struct tx *tx, const struct submission *s)
{
    RUNS_ON(ROLE_WRITER);
    TRY(TX_RUN(tx, Q_SUBMISSION_ADD, v_text(s->id), v_text(s->code), v_text(s->session_id), v_text(s->student_id),
               v_text(s->roster_id), v_int(s->price_fen), v_bool(s->paid), v_text(wf_state_name(WF_draft)),
               v_int(s->created_us), v_int(s->created_us)));
    return TX_RUN(tx, Q_HISTORY_ADD, v_text(s->id), v_int(1), v_text(""), v_text("created"),
                  v_text(wf_state_name(WF_draft)), v_text("student"), v_text(s->student_id), v_text("{}"),
                  v_int(s->created_us));
}

enum err submission_touch(struct tx *tx, const char *id)
{
    RUNS_ON(ROLE_WRITER);
    store_touch(tx, TOPIC_SUBMISSION, id);
    return TX_RUN(tx, Q_SUBMISSION_TOUCH, v_text(id));
}

enum err submission_choose(struct tx *tx, const char *id, const char *attempt_id, int64_t price_fen)
{
    RUNS_ON(ROLE_WRITER);
    store_touch(tx, TOPIC_SUBMISSION, id);
    return TX_RUN(tx, Q_SUBMISSION_CHOOSE, v_text(attempt_id), v_int(price_fen), v_text(id));
}

enum err submission_set_address(struct tx *tx, const char *id, const char *address_json)
{
    RUNS_ON(ROLE_WRITER);
    TRY(TX_RUN(tx, Q_SUBMISSION_ADDRESS_SET, column_seal(tx, "submission", id, "address", address_json), v_text(id)));
    return submission_touch(tx, id);
}

enum err submission_address(struct tx *tx, const char *id, const char **address_json)
{
    struct rows r;
    enum err e = ERR_NONE;
    *address_json = NULL;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_ADDRESS, v_text(id)));
    if (rows_next(&r))
        e = column_open(tx, &r, 0, "submission", id, "address", address_json);
    TRY(rows_close_one(&r));
    return e;
}

static enum err on_a_sheet(struct tx *tx, const char *id, bool *on_sheet)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_ON_SHEET, v_text(id)));
    *on_sheet = rows_next(&r);
    return rows_close(&r);
}

enum err submission_set_layout(struct tx *tx, const char *id, const char *layout)
{
    RUNS_ON(ROLE_WRITER);
    bool on_sheet = false;
    TRY(on_a_sheet(tx, id, &on_sheet));
    if (on_sheet)
        return ERR_REFUSED;
    TRY(TX_RUN(tx, Q_SUBMISSION_LAYOUT_SET, v_text(layout), v_text(id)));
    return submission_touch(tx, id);
}

enum err submission_layout(struct tx *tx, const char *id, const char *policy_layout, const char **layout)
{
    struct rows r;
    *layout = policy_layout;
    if (!text_is(policy_layout, "student"))
        return ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_LAYOUT, v_text(id)));
    if (rows_next(&r))
        *layout = col_text(&r, 0);
    return rows_close_one(&r);
}
