/* Students whom the roster does not know: they write down who they are, and people look (console_link_request.c). */
#include "api/job.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/consent.h"
#include "store/link_request.h"
#include "store/student.h"
#include "store/student_submissions.h"

struct link_request_add {
    struct job job;
    const char *session_code, *new_id;
    struct link_claim claim;
};

#define CLAIM(name_, required_, min_, max_)                                                                            \
    {                                                                                                                  \
#name_, JSON_TO_TEXT, required_, offsetof(struct link_request_add, claim.name_), min_, max_                    \
    }

static const struct json_field link_request_add_fields[] = {
    JSON_FIELD(struct link_request_add, session_code, JSON_TO_TEXT, true, 6, 8),
    CLAIM(name, true, 1, 60),
    CLAIM(id_number, false, 0, 24),
    CLAIM(student_no, false, 0, 40),
    CLAIM(college, false, 0, 60),
    CLAIM(major, false, 0, 60),
    CLAIM(class_name, false, 0, 60),
    {"note", JSON_TO_LINES, false, offsetof(struct link_request_add, claim.note), 0, 300}};

static enum err link_request_add_decode(struct exchange *x, struct link_request_add *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    job->claim = (struct link_claim){"", "", "", "", "", "", ""};
    TRY(exchange_json(x, link_request_add_fields, countof(link_request_add_fields), job));
    if (job->claim.id_number[0] == '\0' && job->claim.student_no[0] == '\0')
        return exchange_explain(x, ERR_BAD_FIELD, "give id_number or student_no, so that people can find the entry");
    return ERR_NONE;
}

static void put_request(struct buf *out, const struct link_request *request, const struct capture_session *session)
{
    json_object_open(out);
    json_put_text(out, "id", request->id);
    json_put_text(out, "session_code", session->code);
    json_put_text(out, "session_name", session->name);
    json_put_text(out, "state", request->state);
    json_put_text(out, "reason", request->reason);
    json_put_text(out, "submission_id", request->submission_id);
    json_put_time(out, "created", request->created_us);
    json_put_time(out, "decided", request->decided_us);
    json_object_close(out);
}

static enum err may_ask(struct tx *tx, struct link_request_add *job, const struct capture_session *session)
{
    struct submission known;
    bool consented = false;
    if (!session->policy.manual_link)
        return job_refuse(&job->job, ERR_REFUSED, "this session does not take requests; ask customer service");
    if (job->job.now_us >= session->closes_us)
        return ERR_SESSION_CLOSED;
    TRY(consent_given(tx, job->job.who->id, "privacy", &consented));
    if (!consented)
        return job_refuse(&job->job, ERR_CONSENT_MISSING, "privacy");
    enum err e = student_submission_in(tx, job->job.who->id, session->id, &known);
    if (e == ERR_NONE)
        return job_refuse(&job->job, ERR_REFUSED, "you are linked in this session already");
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err link_request_add_write(struct tx *tx, struct link_request_add *job)
{
    struct capture_session session;
    struct buf b;
    enum err e = session_by_code(tx, job->session_code, &session);
    if (e == ERR_NOT_FOUND)
        return ERR_NO_SESSION;
    TRY(e);
    TRY(may_ask(tx, job, &session));
    const struct link_request request = {.id = job->new_id,
                                         .student_id = job->job.who->id,
                                         .session_id = session.id,
                                         .state = "waiting",
                                         .claim = job->claim,
                                         .reason = "",
                                         .created_us = job->job.now_us};
    e = link_request_add(tx, &request);
    if (e == ERR_CONFLICT)
        return job_refuse(&job->job, e, "a request of yours waits already");
    TRY(e);
    struct audit_entry entry = {job->job.now_us, "student", request.student_id, "link_requested", "link_request",
                                request.id,      NULL};
    TRY(audit_add(tx, &entry));
    buf_init(&b, KIB(4));
    put_request(&b, &request, &session);
    return job_answer(&job->job, &b);
}
ANSWERED_ONCE(link_request_add, struct link_request_add, WRITE(link_request_add_write))

/* ---- what became of them ---- */

struct link_requests_mine {
    struct job job;
};

static enum err link_requests_mine_decode(struct exchange *x, struct link_requests_mine *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err link_requests_mine_body(struct tx *tx, struct link_requests_mine *job, struct buf *out)
{
    struct link_request *list = ARENA_ARRAY(tx->arena, struct link_request, LINK_REQUEST_LIST_MAX);
    struct capture_session session;
    size_t count = 0;
    TRY(link_request_of_student(tx, job->job.who->id, list, LINK_REQUEST_LIST_MAX, &count));
    json_list_open(out);
    for (size_t i = 0; i < count; i++) {
        TRY(session_get(tx, list[i].session_id, &session));
        put_request(out, &list[i], &session);
    }
    json_list_close(out);
    return ERR_NONE;
}

static enum err link_requests_mine_read(struct tx *tx, struct link_requests_mine *job)
{
    return COMPOSE(tx, job, link_requests_mine_body);
}
ANSWERED(link_requests_mine, struct link_requests_mine, READ(link_requests_mine_read))
