#include "store/submission_find.h"
#include "store/roster.h"

#include "base/text.h"
#include "store/capture_session.h"
#include "store/queries.h"
#include "store/rows.h"
#include "store/session_find.h"
#include "store/student.h"

static enum err read_list(struct rows *r, struct submission *list, size_t max, size_t *count)
{
    *count = 0;
    while (*count < max && rows_next(r))
        submission_read(r, &list[(*count)++]);
    return rows_close(r);
}

enum err submission_by_code(struct tx *tx, const char *code, struct submission *list, size_t max, size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSIONS_BY_CODE, v_text(code), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

enum err submission_by_tracking(struct tx *tx, const char *tracking_no, struct submission *list, size_t max,
                                size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSIONS_BY_TRACKING, v_text(tracking_no), v_int((int64_t)max)));
    return read_list(&r, list, max, count);
}

/* ---- by student number ---- */

static enum err add_of_entry(struct tx *tx, const char *session_id, const char *student_no, struct submission *list,
                             size_t max, size_t *count)
{
    struct roster_entry entry;
    struct rows r;
    enum err e = roster_by_student_no(tx, session_id, student_no, &entry);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    TRY(TX_OPEN(tx, &r, Q_SUBMISSIONS_BY_ROSTER, v_text(entry.id)));
    while (*count < max && rows_next(&r))
        submission_read(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err submission_by_student_no(struct tx *tx, const char *student_no, const char *session_id, const char *school_id,
                                  struct submission *list, size_t max, size_t *count)
{
    *count = 0;
    if (session_id != NULL)
        return add_of_entry(tx, session_id, student_no, list, max, count);
    struct capture_session *sessions = ARENA_ARRAY(tx->arena, struct capture_session, SESSIONS_SEARCHED);
    size_t found = 0;
    TRY(session_find(tx, school_id, NULL, sessions, SESSIONS_SEARCHED, &found));
    for (size_t i = 0; i < found; i++)
        TRY(add_of_entry(tx, sessions[i].id, student_no, list, max, count));
    return ERR_NONE;
}

/* ---- pages ---- */

struct place { /* behind which a page begins; all "" at the beginning */
    const char *session_id, *student_id, *id;
};

/* "<session>.<submission>" of a list by state, else "<session>.<student>.<submission>", as made by next_of. */
static enum err split_cursor(struct tx *tx, const struct submission_page *page, struct place *at)
{
    *at = (struct place){"", "", ""};
    if (page->cursor == NULL)
        return ERR_NONE;
    const char *dot = strchr(page->cursor, '.'), *second = dot != NULL ? strchr(dot + 1, '.') : NULL;
    if (dot == NULL || (page->state == NULL) != (second != NULL))
        return ERR_BAD_FIELD;
    at->session_id = arena_text_n(tx->arena, page->cursor, (size_t)(dot - page->cursor));
    at->id = (second != NULL ? second : dot) + 1;
    if (second != NULL)
        at->student_id = arena_text_n(tx->arena, dot + 1, (size_t)(second - dot - 1));
    return ERR_NONE;
}

static enum err open_page(struct tx *tx, const struct submission_page *page, struct rows *r)
{
    struct place at;
    int64_t limit = (int64_t)page->limit + 1;
    if (page->state == NULL && page->session_id == NULL && page->school_id == NULL)
        return TX_OPEN(tx, r, Q_SUBMISSIONS_NEWEST, v_text(page->cursor != NULL ? page->cursor : "~"), v_int(limit));
    TRY(split_cursor(tx, page, &at));
    if (page->session_id != NULL && page->state != NULL)
        return TX_OPEN(tx, r, Q_SUBMISSIONS_IN_STATE_OF, v_text(page->state), v_text(page->session_id), v_text(at.id),
                       v_int(limit));
    if (page->session_id != NULL)
        return TX_OPEN(tx, r, Q_SUBMISSIONS_OF_SESSION, v_text(page->session_id), v_text(at.student_id), v_text(at.id),
                       v_int(limit));
    if (page->school_id != NULL && page->state != NULL)
        return TX_OPEN(tx, r, Q_SUBMISSIONS_STATE_OF_SCHOOL, v_text(page->state), v_text(page->school_id),
                       v_text(at.session_id), v_text(at.id), v_int(limit));
    if (page->school_id != NULL)
        return TX_OPEN(tx, r, Q_SUBMISSIONS_OF_SCHOOL, v_text(page->school_id), v_text(at.session_id),
                       v_text(at.student_id), v_text(at.id), v_int(limit));
    return TX_OPEN(tx, r, Q_SUBMISSIONS_STATE_PAGE, v_text(page->state), v_text(at.session_id), v_text(at.id),
                   v_int(limit));
}

static const char *next_of(struct tx *tx, const struct submission_page *page, const struct submission *last)
{
    if (page->state == NULL && page->session_id == NULL && page->school_id == NULL)
        return last->id;
    return page->state != NULL ? arena_printf(tx->arena, "%s.%s", last->session_id, last->id)
                               : arena_printf(tx->arena, "%s.%s.%s", last->session_id, last->student_id, last->id);
}

enum err submission_page(struct tx *tx, struct submission_page *page)
{
    struct rows r;
    bool more = false;
    page->count = 0;
    page->next = NULL;
    TRY(open_page(tx, page, &r));
    while (!more && rows_next(&r)) {
        if (page->count == page->limit)
            more = true;
        else
            submission_read(&r, &page->list[page->count++]);
    }
    TRY(rows_close(&r));
    if (more)
        page->next = next_of(tx, page, &page->list[page->count - 1]);
    return ERR_NONE;
}
