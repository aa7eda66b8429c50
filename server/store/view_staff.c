/* Submissions as staff see them: rows of lists, what was decided and measured. Declared in view.h. */
#include "base/text.h"
#include "store/face.h"
#include "store/payment.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/view.h"

/* ---- a submission in a list ---- */

enum err view_staff_session(struct tx *tx, struct view_staff *view, const char *session_id)
{
    if (view->has_session && text_is(view->session.id, session_id))
        return ERR_NONE;
    TRY(session_get(tx, session_id, &view->session));
    view->has_session = true;
    return ERR_NONE;
}

/* Number and masked name; of the student when no roster knows them. */
static enum err put_person(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct roster_entry entry = {.student_no = ""};
    if (s->roster_id != NULL) {
        TRY(roster_get(tx, s->roster_id, &entry));
    } else {
        struct student student;
        TRY(student_get(tx, s->student_id, &student));
        entry.name = student.name;
    }
    const char *name = mask_name(tx->arena, entry.name);
    json_put_text(out, "student_no", entry.student_no);
    json_put_text(out, "name_masked", name != NULL ? name : "");
    return ERR_NONE;
}

enum err view_staff_members(struct tx *tx, struct view_staff *view, const struct submission *s, struct buf *out)
{
    TRY(view_staff_session(tx, view, s->session_id));
    json_put_text(out, "id", s->id);
    json_put_text(out, "code", s->code);
    json_put_int(out, "version", s->version);
    json_put_text(out, "state", wf_state_name(s->state));
    json_put_text(out, "lane", s->lane);
    json_put_text(out, "session_id", s->session_id);
    json_put_text(out, "session_code", view->session.code);
    json_put_text(out, "session_name", view->session.name);
    json_put_text(out, "school_name", view->session.school_name);
    TRY(put_person(tx, s, out));
    json_put_int(out, "attempts_used", s->attempts_used);
    json_put_time(out, "due", s->due_us);
    json_put_time(out, "submitted", s->submitted_us);
    json_put_time(out, "moved", s->moved_us);
    return ERR_NONE;
}

enum err view_staff_submission(struct tx *tx, struct view_staff *view, const struct submission *s, struct buf *out)
{
    json_object_open(out);
    TRY(view_staff_members(tx, view, s, out));
    json_object_close(out);
    return ERR_NONE;
}

/* ---- what the machine measured ---- */

enum err view_face(struct tx *tx, const char *attempt_id, bool with_verdict, struct buf *out)
{
    struct face_result face;
    enum err e = attempt_id != NULL ? face_result_get(tx, attempt_id, &face) : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) {
        json_null(out);
        return ERR_NONE;
    }
    TRY(e);
    json_object_open(out);
    if (with_verdict)
        json_put_text(out, "verdict", face.verdict);
    json_name(out, "distance");
    if (face.distance_e6 < 0)
        json_null(out);
    else
        json_number(out, (double)face.distance_e6 / 1e6, 4);
    json_put_number(out, "match", (double)face.match_e6 / 1e6, 4);
    json_put_number(out, "mismatch", (double)face.mismatch_e6 / 1e6, 4);
    json_put_text(out, "model", face.model);
    json_object_close(out);
    return ERR_NONE;
}

/* ---- decisions and votes ---- */

enum err view_earlier(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct rows r;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_DECISIONS_OF, v_text(s->id), v_int(VIEW_ROWS_MAX)));
    while (rows_next(&r)) {
        if (!text_is(col_text(&r, 10), "committed"))
            continue;
        json_object_open(out);
        json_put_text(out, "attempt_id", col_text(&r, 1));
        json_put_int(out, "number", col_int(&r, 11));
        json_put_text(out, "event", col_text(&r, 2));
        json_put_raw(out, "reasons", col_text(&r, 3));
        json_put_text(out, "note", col_text(&r, 4));
        json_put_text(out, "by", col_text(&r, 12));
        json_put_time(out, "decided", col_int(&r, 8));
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}

enum err view_decisions(struct tx *tx, const char *submission_id, struct buf *out)
{
    struct rows r;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_DECISIONS_OF, v_text(submission_id), v_int(VIEW_ROWS_MAX)));
    while (rows_next(&r)) {
        json_object_open(out);
        json_put_text(out, "id", col_text(&r, 0));
        json_put_text(out, "attempt_id", col_text(&r, 1));
        json_put_text(out, "event", col_text(&r, 2));
        json_put_raw(out, "reasons", col_text(&r, 3));
        json_put_text(out, "note", col_text(&r, 4));
        json_put_text(out, "internal_note", col_text(&r, 5));
        json_put_text(out, "account", col_text(&r, 12));
        json_put_text(out, "state", col_text(&r, 10));
        json_put_int(out, "shown_ms", col_int(&r, 7));
        json_put_time(out, "decided", col_int(&r, 8));
        json_put_time(out, "commit_at", col_int(&r, 9));
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}

enum err view_votes(struct tx *tx, const char *submission_id, struct buf *out)
{
    struct rows r;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_VOTES_OF, v_text(submission_id), v_int(VIEW_ROWS_MAX)));
    while (rows_next(&r)) {
        json_object_open(out);
        json_put_int(out, "round", col_int(&r, 0));
        json_put_text(out, "account", col_text(&r, 5));
        json_put_text(out, "vote", col_text(&r, 2));
        json_put_bool(out, "is_senior", col_int(&r, 3) != 0);
        json_put_time(out, "given", col_int(&r, 4));
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}

/* ---- money and effects ---- */

enum err view_payments(struct tx *tx, const char *submission_id, struct buf *out)
{
    struct payment list[PAYMENTS_PER_SUBMISSION_MAX];
    size_t count = 0;
    TRY(payment_list(tx, submission_id, list, countof(list), &count));
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "id", list[i].id);
        json_put_int(out, "amount_fen", list[i].amount_fen);
        json_put_text(out, "state", list[i].state);
        json_put_time(out, "created", list[i].created_us);
        json_put_time(out, "paid", list[i].paid_us);
        json_put_time(out, "refunded", list[i].refunded_us);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

enum err view_outbox(struct tx *tx, const char *submission_id, struct buf *out)
{
    struct rows r;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_OF, v_text(submission_id), v_int(VIEW_ROWS_MAX)));
    while (rows_next(&r)) {
        json_object_open(out);
        json_put_text(out, "id", col_text(&r, 0));
        json_put_text(out, "kind", col_text(&r, 1));
        json_put_text(out, "submission_id", submission_id);
        json_put_text(out, "state", col_text(&r, 2));
        json_put_int(out, "tries", col_int(&r, 4));
        json_put_text(out, "outcome", col_text(&r, 3));
        json_put_time(out, "due", col_int(&r, 5));
        json_put_time(out, "created", col_int(&r, 6));
        json_put_time(out, "ended", col_int(&r, 7));
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}
