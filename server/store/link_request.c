#include "store/link_request.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/store.h"

#define DAY_US SECONDS_US(86400)

static enum err read_claim(struct tx *tx, const char *text, struct link_claim *claim)
{
    const struct json *tree = NULL;
    if (text != NULL)
        TRY(json_read(text, strlen(text), tx->arena, &tree));
    *claim = (struct link_claim){json_text_at(tree, "name", ""),       json_text_at(tree, "id_number", ""),
                                 json_text_at(tree, "student_no", ""), json_text_at(tree, "college", ""),
                                 json_text_at(tree, "major", ""),      json_text_at(tree, "class_name", ""),
                                 json_text_at(tree, "note", "")};
    return ERR_NONE;
}

static enum err read_request(struct tx *tx, const struct rows *r, struct link_request *request)
{
    const char *text = NULL;
    *request = (struct link_request){.id = col_text(r, 0),
                                     .student_id = col_text(r, 1),
                                     .session_id = col_text(r, 2),
                                     .state = col_text(r, 3),
                                     .roster_id = col_text(r, 5),
                                     .submission_id = col_text(r, 6),
                                     .reason = col_text(r, 7),
                                     .decided_by = col_text(r, 8),
                                     .created_us = col_int(r, 9),
                                     .decided_us = col_int(r, 10)};
    TRY(column_open(tx, r, 4, "link_request", request->id, "claim", &text));
    return read_claim(tx, text, &request->claim);
}

static enum err read_list(struct tx *tx, struct rows *r, struct link_request *list, size_t max, size_t *count)
{
    enum err e = ERR_NONE;
    *count = 0;
    while (e == ERR_NONE && *count < max && rows_next(r))
        e = read_request(tx, r, &list[(*count)++]);
    enum err closed = rows_close(r);
    return e != ERR_NONE ? e : closed;
}

enum err link_request_get(struct tx *tx, const char *id, struct link_request *request)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_LINK_REQUEST_GET, v_text(id)));
    enum err e = rows_next(&r) ? read_request(tx, &r, request) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

static const char *claim_json(struct tx *tx, const struct link_claim *claim)
{
    struct buf b;
    buf_init(&b, KIB(8));
    json_object_open(&b);
    json_put_text(&b, "name", claim->name);
    json_put_text(&b, "id_number", claim->id_number);
    json_put_text(&b, "student_no", claim->student_no);
    json_put_text(&b, "college", claim->college);
    json_put_text(&b, "major", claim->major);
    json_put_text(&b, "class_name", claim->class_name);
    json_put_text(&b, "note", claim->note);
    json_object_close(&b);
    const char *text = b.over ? NULL : arena_text(tx->arena, buf_cstr(&b));
    buf_release(&b);
    return text;
}

enum err link_request_add(struct tx *tx, const struct link_request *request)
{
    RUNS_ON(ROLE_WRITER);
    struct rows r;
    int64_t today = 0, waiting = 0;
    const char *claim = claim_json(tx, &request->claim);
    if (claim == NULL)
        return ERR_TOO_LARGE;
    TRY(TX_OPEN(tx, &r, Q_LINK_REQUEST_COUNT, v_text(request->session_id), v_text(request->student_id),
                v_int(request->created_us - DAY_US)));
    if (rows_next(&r)) {
        waiting = col_int(&r, 0);
        today = col_int(&r, 1);
    }
    TRY(rows_close(&r));
    if (waiting > 0)
        return ERR_CONFLICT;
    if (today >= LINK_REQUESTS_PER_DAY)
        return ERR_RATE_LIMITED;
    return TX_RUN(tx, Q_LINK_REQUEST_ADD, v_text(request->id), v_text(request->student_id), v_text(request->session_id),
                  column_seal(tx, "link_request", request->id, "claim", claim), v_int(request->created_us));
}

enum err link_request_of_student(struct tx *tx, const char *student_id, struct link_request *list, size_t max,
                                 size_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_LINK_REQUESTS_OF, v_text(student_id), v_int((int64_t)max)));
    return read_list(tx, &r, list, max, count);
}

enum err link_request_page(struct tx *tx, const char *state, const char *school_id, const char *after,
                           struct link_request *list, size_t max, size_t *count)
{
    struct rows r;
    after = after != NULL ? after : "";
    if (school_id != NULL)
        TRY(TX_OPEN(tx, &r, Q_LINK_REQUESTS_OF_SCHOOL, v_text(state), v_text(after), v_text(school_id),
                    v_int((int64_t)max)));
    else
        TRY(TX_OPEN(tx, &r, Q_LINK_REQUESTS, v_text(state), v_text(after), v_int((int64_t)max)));
    return read_list(tx, &r, list, max, count);
}

enum err link_request_decide(struct tx *tx, const struct link_request *decided)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_LINK_REQUEST_DECIDE, v_text(decided->state), v_text(decided->roster_id),
                 v_text(decided->submission_id), v_text(decided->reason), v_text(decided->decided_by),
                 v_int(decided->decided_us), v_text(decided->id)));
    return changed == 1 ? ERR_NONE : ERR_STALE;
}

enum err link_request_erase(struct tx *tx, const char *student_id)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_LINK_REQUESTS_ERASE, v_text(student_id));
}
