/* Console: students who were not found on the roster and asked people to look.
 *
 * Staff see masks and, for each entry that may be meant, what of it fits; names and numbers in clear are not needed to
 * decide. Linking makes the submission, exactly as if the student had found the entry. */
#include "api/console_scope.h"
#include "base/person_name.h"
#include "store/audit.h"
#include "store/enrolment.h"
#include "store/identity.h"
#include "store/link_request.h"
#include "store/message.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/view.h"

#define CANDIDATES_MAX 8

static void put_masked(struct tx *tx, struct buf *out, const char *name, const char *id_number)
{
    json_put_text(out, "name_masked", mask_name(tx->arena, name));
    json_put_text(out, "id_number_masked", mask_number(tx->arena, id_number));
}

static enum err put_request(struct tx *tx, const struct link_request *request, struct buf *out)
{
    struct capture_session session;
    struct student student;
    const struct link_claim *claim = &request->claim;
    TRY(session_get(tx, request->session_id, &session));
    TRY(student_get(tx, request->student_id, &student));
    const char *phone = mask_number(tx->arena, student.phone);
    json_put_text(out, "id", request->id);
    json_put_text(out, "state", request->state);
    json_put_text(out, "student_id", request->student_id);
    json_put_text(out, "session_code", session.code);
    json_put_text(out, "session_name", session.name);
    json_put_text(out, "school", session.school_name);
    put_masked(tx, out, claim->name, claim->id_number);
    json_put_text(out, "student_no", claim->student_no);
    json_put_text(out, "college", claim->college);
    json_put_text(out, "major", claim->major);
    json_put_text(out, "class_name", claim->class_name);
    json_put_text(out, "note", claim->note);
    json_put_text(out, "phone_masked", phone != NULL ? phone : "");
    json_put_text(out, "reason", request->reason);
    json_put_text(out, "submission_id", request->submission_id);
    json_put_time(out, "created", request->created_us);
    json_put_time(out, "decided", request->decided_us);
    return ERR_NONE;
}

/* ---- who waits ---- */

struct link_requests {
    struct job job;
    struct page page;
    const char *state;
};

static enum err link_requests_decode(struct exchange *x, struct link_requests *job)
{
    job_begin(x, &job->job);
    job->state = exchange_query(x, "state");
    if (job->state == NULL)
        job->state = "waiting";
    TRY(job_choice(x, "state", job->state, "|waiting|linked|refused|withdrawn|"));
    return job_page(x, &job->page);
}

static enum err link_requests_body(struct tx *tx, struct link_requests *job, struct buf *out)
{
    struct link_request *list = ARENA_ARRAY(tx->arena, struct link_request, LIST_LIMIT_MAX + 1);
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(link_request_page(tx, job->state, scope_school(&job->job), job->page.cursor, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_object_open(out);
        TRY(put_request(tx, &list[i], out));
        json_object_close(out);
    }
    json_page_close(out, count > limit ? list[limit - 1].id : NULL);
    return ERR_NONE;
}

static enum err link_requests_read(struct tx *tx, struct link_requests *job)
{
    return COMPOSE(tx, job, link_requests_body);
}
ANSWERED(link_requests, struct link_requests, READ(link_requests_read))

/* ---- one of them, with what may be meant ---- */

struct link_request_show {
    struct job job;
    const char *id;
    struct link_request request;
    struct capture_session session;
};

static enum err link_request_show_decode(struct exchange *x, struct link_request_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

/* NOT_FOUND for those who may not see its school. */
static enum err scoped(struct tx *tx, const struct job *job, const char *id, struct link_request *request,
                       struct capture_session *session)
{
    TRY(link_request_get(tx, id, request));
    return scope_session(tx, job, request->session_id, session);
}

/* Entries with the student number, the ID number, or its last four and the name; each once. */
static enum err candidates(struct tx *tx, const struct link_request *request, struct roster_entry *list, size_t *count)
{
    struct roster_entry *near = ARENA_ARRAY(tx->arena, struct roster_entry, 2 * CANDIDATES_MAX + 1);
    const struct link_claim *claim = &request->claim;
    char normal[ID_NUMBER_BYTES];
    size_t near_count = 0, more = 0;
    *count = 0;
    enum err e = claim->student_no[0] == '\0' ? ERR_NOT_FOUND
                                              : roster_by_student_no(tx, request->session_id, claim->student_no, near);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    near_count = e == ERR_NONE;
    if (id_number_normal(claim->id_number, normal)) {
        TRY(roster_with_id_number(tx, request->session_id, normal, near + near_count, CANDIDATES_MAX, &more));
        near_count += more;
        TRY(roster_with_last_four(tx, request->session_id, normal + strlen(normal) - 4, near + near_count,
                                  CANDIDATES_MAX, &more));
        near_count += more;
    }
    for (size_t i = 0; i < near_count && *count < CANDIDATES_MAX; i++) {
        bool known = false;
        for (size_t k = 0; k < *count; k++)
            known |= text_is(list[k].id, near[i].id);
        if (!known)
            list[(*count)++] = near[i];
    }
    return ERR_NONE;
}

static void put_candidate(struct tx *tx, const struct link_claim *claim, const struct roster_entry *entry,
                          struct buf *out)
{
    char normal[ID_NUMBER_BYTES];
    bool has_number = id_number_normal(claim->id_number, normal);
    json_object_open(out);
    json_put_text(out, "roster_id", entry->id);
    json_put_text(out, "student_no", entry->student_no);
    put_masked(tx, out, entry->name, entry->id_number);
    json_put_text(out, "college", entry->college);
    json_put_text(out, "major", entry->major);
    json_put_text(out, "class_name", entry->class_name);
    json_put_bool(out, "name_fits", person_name_same(entry->name, claim->name));
    json_put_bool(out, "id_number_fits", has_number && text_is(entry->id_number, normal));
    json_put_bool(out, "student_no_fits", text_is(entry->student_no, claim->student_no));
    json_put_bool(out, "taken", entry->student_id != NULL);
    json_object_close(out);
}

static enum err link_request_show_body(struct tx *tx, struct link_request_show *job, struct buf *out)
{
    struct roster_entry list[CANDIDATES_MAX];
    size_t count = 0;
    json_object_open(out);
    TRY(put_request(tx, &job->request, out));
    json_name(out, "identity");
    TRY(view_identity(tx, job->request.student_id, out));
    json_name(out, "candidates");
    json_array_open(out);
    if (text_is(job->request.state, "waiting"))
        TRY(candidates(tx, &job->request, list, &count));
    for (size_t i = 0; i < count; i++)
        put_candidate(tx, &job->request.claim, &list[i], out);
    json_array_close(out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err link_request_show_read(struct tx *tx, struct link_request_show *job)
{
    TRY(scoped(tx, &job->job, job->id, &job->request, &job->session));
    return COMPOSE(tx, job, link_request_show_body);
}
ANSWERED(link_request_show, struct link_request_show, READ(link_request_show_read))

/* ---- decided ---- */

struct link_request_decide {
    struct job job;
    const char *id, *verdict, *roster_id, *reason, *new_id;
    char code[CRYPT_CODE_TEXT_BYTES];
    struct link_request request;
    struct capture_session session;
};

static const struct json_field link_request_decide_fields[] = {
    JSON_FIELD(struct link_request_decide, verdict, JSON_TO_TEXT, true, 1, 10),
    JSON_FIELD(struct link_request_decide, roster_id, JSON_TO_TEXT, false, 26, 26),
    JSON_FIELD(struct link_request_decide, reason, JSON_TO_LINES, false, 0, 300)};

static enum err link_request_decide_decode(struct exchange *x, struct link_request_decide *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    job->reason = "";
    crypt_code(job->code);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, link_request_decide_fields, countof(link_request_decide_fields), job));
    TRY(job_choice(x, "verdict", job->verdict, "|link|refuse|"));
    if (text_is(job->verdict, "refuse") && job->reason[0] == '\0')
        return exchange_explain(x, ERR_BAD_FIELD, "reason is needed: the student reads it");
    return job->roster_id == NULL ? ERR_NONE : job_id(x, "roster_id", job->roster_id);
}

static enum err check_entry(struct tx *tx, struct link_request_decide *job)
{
    struct roster_entry entry;
    bool code_only = text_is(job->session.policy.roster_mode, "code_only");
    if ((job->roster_id == NULL) != code_only)
        return job_refuse(&job->job, ERR_BAD_FIELD,
                          code_only ? "this session has no roster: no roster_id" : "roster_id is needed");
    if (code_only)
        return ERR_NONE;
    enum err e = roster_get(tx, job->roster_id, &entry);
    if (e == ERR_NOT_FOUND || (e == ERR_NONE && !text_is(entry.session_id, job->session.id)))
        return job_refuse(&job->job, ERR_BAD_FIELD, "this entry is not on the roster of the session");
    return e;
}

/* People have looked: what the service could not say is settled by them. */
static enum err confirm_identity(struct tx *tx, const struct link_request_decide *job)
{
    struct identity identity;
    bool taken = false;
    enum err e = identity_get(tx, job->request.student_id, &identity);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE;
    TRY(e);
    const struct identity_answer answer = {.student_id = identity.student_id,
                                           .number = identity.number,
                                           .state = "confirmed",
                                           .confirmed_by = "staff",
                                           .problem = "",
                                           .now_us = job->job.now_us};
    return identity_decide(tx, &answer, &taken);
}

static enum err link_it(struct tx *tx, struct link_request_decide *job)
{
    struct submission known;
    const struct link_claim *claim = &job->request.claim;
    TRY(check_entry(tx, job));
    enum err e = student_submission_in(tx, job->request.student_id, job->session.id, &known);
    if (e == ERR_NONE)
        return job_refuse(&job->job, ERR_CONFLICT, "the student has found the entry meanwhile");
    if (e != ERR_NOT_FOUND)
        return e;
    const struct enrolment enrolment = {
        .roster_id = job->roster_id, .name = claim->name, .id_number = claim->id_number};
    const struct enrolment_taken taken = {.submission_id = job->new_id,
                                          .code = job->code,
                                          .student_id = job->request.student_id,
                                          .now_us = job->job.now_us};
    e = enrolment_take(tx, &job->session, &enrolment, &taken);
    if (e == ERR_CONFLICT)
        return job_refuse(&job->job, e, "another login has this entry");
    TRY(e);
    job->request.roster_id = job->roster_id;
    job->request.submission_id = job->new_id;
    TRY(scope_audit(tx, &job->job, "linked", "submission", job->new_id, NULL));
    return confirm_identity(tx, job);
}

static enum err tell(struct tx *tx, const struct link_request_decide *job)
{
    struct buf b;
    buf_init(&b, KIB(2));
    json_object_open(&b);
    json_put_text(&b, "note", job->reason);
    json_object_close(&b);
    const char *detail = arena_text(tx->arena, buf_cstr(&b));
    buf_release(&b);
    const struct message_tell told = {.id = arena_printf(tx->arena, "%s-decided-notify", job->id),
                                      .student_id = job->request.student_id,
                                      .submission_id = job->request.submission_id,
                                      .kind = text_is(job->verdict, "link") ? "link_found" : "link_refused",
                                      .detail = detail,
                                      .now_us = job->job.now_us};
    return message_tell(tx, &told);
}

static enum err link_request_decide_body(struct tx *tx, struct link_request_decide *job, struct buf *out)
{
    json_object_open(out);
    TRY(put_request(tx, &job->request, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err link_request_decide_write(struct tx *tx, struct link_request_decide *job)
{
    TRY(scoped(tx, &job->job, job->id, &job->request, &job->session));
    if (!text_is(job->request.state, "waiting"))
        return ERR_STALE;
    bool links = text_is(job->verdict, "link");
    if (links)
        TRY(link_it(tx, job));
    job->request.state = links ? "linked" : "refused";
    job->request.reason = job->reason;
    job->request.decided_by = job->job.who->id;
    job->request.decided_us = job->job.now_us;
    TRY(link_request_decide(tx, &job->request));
    TRY(scope_audit(tx, &job->job, links ? "link_request_linked" : "link_request_refused", "link_request", job->id,
                    NULL));
    TRY(tell(tx, job));
    return COMPOSE(tx, job, link_request_decide_body);
}
ANSWERED(link_request_decide, struct link_request_decide, WRITE(link_request_decide_write))
