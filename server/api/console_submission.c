/* Staff: find submissions and look at one. Everything goes through console_scope. */
#include "api/console_scope.h"
#include "api/student_rules.h"
#include "store/review.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/submission_find.h"
#include "store/transition.h"
#include "store/view.h"

#define FOUND_MAX           50
#define DETAIL_ATTEMPTS_MAX 250

/* ---- find ---- */

struct submission_list {
    struct job job;
    struct page page;
    const char *q, *state, *session;
    struct submission_page found;
};

static enum err submission_list_decode(struct exchange *x, struct submission_list *job)
{
    enum wf_state state;
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    job->q = exchange_query(x, "q");
    job->state = exchange_query(x, "state");
    job->session = exchange_query(x, "session");
    if (job->q != NULL && (job->q[0] == '\0' || text_chars(job->q) > 60))
        return exchange_explain(x, ERR_BAD_FIELD, "q has 1 to 60 characters");
    if (job->state != NULL && !wf_state_named(job->state, &state))
        return exchange_explain(x, ERR_BAD_FIELD, "state is not one of the workflow's");
    if (job->session != NULL && (job->session[0] == '\0' || strlen(job->session) > 40))
        return exchange_explain(x, ERR_BAD_FIELD, "session is an id or a code");
    return ERR_NONE;
}

/* An id or a code; what is not of the account's school does not exist. */
static enum err session_of(struct tx *tx, struct submission_list *job, const char **id)
{
    struct capture_session session;
    *id = NULL;
    if (job->session == NULL)
        return ERR_NONE;
    enum err e = crypt_id_valid(job->session) ? scope_session(tx, &job->job, job->session, &session)
                                              : scope_session_by_code(tx, &job->job, job->session, &session);
    if (e == ERR_NOT_FOUND)
        return job_refuse(&job->job, ERR_BAD_FIELD, "there is no such session");
    TRY(e);
    *id = session.id;
    return ERR_NONE;
}

/* A code, a tracking number or a student number: whatever of them fits exactly. */
static enum err search(struct tx *tx, struct submission_list *job, const char *session_id)
{
    struct submission_page *p = &job->found;
    struct submission found[FOUND_MAX];
    size_t count = 0, kept = 0;
    TRY(submission_by_code(tx, job->q, found, FOUND_MAX, &count));
    if (count == 0)
        TRY(submission_by_tracking(tx, job->q, found, FOUND_MAX, &count));
    if (count == 0)
        TRY(submission_by_student_no(tx, job->q, session_id, scope_school(&job->job), found, FOUND_MAX, &count));
    for (size_t i = 0; i < count && kept < p->limit; i++) {
        struct submission s;
        enum err e = scope_submission(tx, &job->job, found[i].id, &s);
        if (e != ERR_NONE && e != ERR_NOT_FOUND)
            return e;
        bool fits = e == ERR_NONE && (session_id == NULL || text_is(s.session_id, session_id)) &&
                    (job->state == NULL || text_is(wf_state_name(s.state), job->state));
        if (fits)
            p->list[kept++] = s;
    }
    p->count = kept;
    return ERR_NONE;
}

static enum err submission_list_body(struct tx *tx, struct submission_list *job, struct buf *out)
{
    struct view_staff view = {.has_session = false};
    json_list_open(out);
    for (size_t i = 0; i < job->found.count; i++)
        TRY(view_staff_submission(tx, &view, &job->found.list[i], out));
    json_page_close(out, job->found.next);
    return ERR_NONE;
}

static enum err submission_list_read(struct tx *tx, struct submission_list *job)
{
    const char *session_id = NULL;
    TRY(session_of(tx, job, &session_id));
    job->found = (struct submission_page){.state = job->state,
                                          .session_id = session_id,
                                          .school_id = scope_school(&job->job),
                                          .cursor = job->page.cursor,
                                          .limit = (size_t)job->page.limit};
    job->found.list = ARENA_ARRAY(tx->arena, struct submission, job->found.limit);
    if (job->q != NULL) {
        TRY(search(tx, job, session_id));
    } else {
        enum err e = submission_page(tx, &job->found);
        if (e == ERR_BAD_FIELD)
            return job_refuse(&job->job, e, "cursor is not one this server gave");
        TRY(e);
    }
    return COMPOSE(tx, job, submission_list_body);
}
ANSWERED(submission_list, struct submission_list, READ(submission_list_read))

/* ---- look at one ---- */

struct submission_detail {
    struct job job;
    const char *id;
};

static enum err submission_detail_decode(struct exchange *x, struct submission_detail *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *last_four(struct arena *arena, const char *number)
{
    size_t len = number != NULL ? strlen(number) : 0;
    return len <= 4 ? "" : arena_printf(arena, "**** %s", number + len - 4);
}

static enum err put_student(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct student student;
    struct roster_entry entry = {.college = "", .major = "", .class_name = ""};
    TRY(student_get(tx, s->student_id, &student));
    if (s->roster_id != NULL)
        TRY(roster_get(tx, s->roster_id, &entry));
    json_name(out, "student");
    json_object_open(out);
    json_put_text(out, "id", student.id);
    json_put_text(out, "name_masked", or_empty(mask_name(tx->arena, student.name)));
    json_put_text(out, "id_number_masked", last_four(tx->arena, student.id_number));
    json_put_text(out, "phone_masked", or_empty(mask_number(tx->arena, student.phone)));
    json_put_bool(out, "portrait", student.portrait_blob_id != NULL);
    json_put_text(out, "college", entry.college);
    json_put_text(out, "major", entry.major);
    json_put_text(out, "class_name", entry.class_name);
    json_object_close(out);
    return ERR_NONE;
}

/* What the student said to be and who confirmed it, masked; null for those whose work does not need it. */
static enum err put_identity(struct tx *tx, struct submission_detail *job, const struct submission *s, struct buf *out)
{
    json_name(out, "identity");
    if (job_has(&job->job, ROLE_REVIEWER | ROLE_IDENTITY_REVIEWER | ROLE_SENIOR | ROLE_SERVICE | ROLE_ADMINISTRATOR |
                               ROLE_AUDITOR))
        return view_identity(tx, s->student_id, out);
    json_null(out);
    return ERR_NONE;
}

static enum err put_attempts(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct attempt *list = ARENA_ARRAY(tx->arena, struct attempt, DETAIL_ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, list, DETAIL_ATTEMPTS_MAX, &count));
    json_name(out, "attempts");
    json_array_open(out);
    for (size_t i = 0; i < count; i++)
        view_attempt(out, &list[i], text_is(list[i].id, s->attempt_id));
    json_array_close(out);
    return ERR_NONE;
}

/* Who may still be asked for an independent judgement sees neither votes nor numbers before giving it. */
static enum err put_opinions(struct tx *tx, struct submission_detail *job, const struct submission *s, struct buf *out)
{
    bool voted = false, blind = false;
    if (s->state == WF_face_comparison && job_has(&job->job, ROLE_IDENTITY_REVIEWER) && !scope_is_senior(&job->job)) {
        TRY(review_has_voted(tx, s, job->job.who->id, &voted));
        blind = !voted;
    }
    /* The reviewer who is about to look at the picture gets numbers, as on the review screen. */
    bool may_decide = s->state == WF_human_review && job_has(&job->job, ROLE_REVIEWER) &&
                      !job_has(&job->job, ROLE_SENIOR | ROLE_ADMINISTRATOR | ROLE_AUDITOR);
    json_name(out, "votes");
    if (blind) {
        json_array_open(out);
        json_array_close(out);
    } else {
        TRY(view_votes(tx, s->id, out));
    }
    json_name(out, "face");
    return view_face(tx, blind ? NULL : s->attempt_id, !may_decide, out);
}

static enum err put_records(struct tx *tx, struct submission_detail *job, const struct submission *s, struct buf *out)
{
    int64_t last = 0;
    json_name(out, "history");
    TRY(view_timeline(tx, s->id, 0, VIEW_ROWS_MAX, true, out, &last));
    json_name(out, "decisions");
    TRY(view_decisions(tx, s->id, out));
    TRY(put_opinions(tx, job, s, out));
    json_name(out, "payments");
    TRY(view_payments(tx, s->id, out));
    json_name(out, "outbox");
    TRY(view_outbox(tx, s->id, out));
    json_name(out, "allowed");
    return transition_allowed(tx, s, ACTOR_STAFF, scope_is_senior(&job->job), job->job.now_us, out);
}

/* Null until something was repaired. */
static enum err put_retouch(struct tx *tx, struct submission_detail *job, const struct submission *s, struct buf *out)
{
    struct attempt a = {.retouch_number = 0};
    if (s->attempt_id != NULL)
        TRY(attempt_get(tx, s->attempt_id, &a));
    json_name(out, "retouch");
    if (a.retouch_number > 0 || s->state == WF_retouch)
        return view_retouch(tx, &a, job->job.language, out);
    json_null(out);
    return ERR_NONE;
}

static enum err submission_detail_body(struct tx *tx, struct submission_detail *job, struct buf *out)
{
    struct submission s;
    struct view_staff view = {.has_session = false};
    TRY(scope_submission(tx, &job->job, job->id, &s));
    json_object_open(out);
    TRY(view_staff_members(tx, &view, &s, out));
    TRY(put_student(tx, &s, out));
    TRY(put_identity(tx, job, &s, out));
    json_put_text(out, "attempt_id", s.attempt_id);
    TRY(put_attempts(tx, &s, out));
    TRY(put_retouch(tx, job, &s, out));
    json_put_bool(out, "approved", rules_is_approved(&s));
    json_name(out, "collection_code");
    TRY(view_code_staff(tx, &s, &view.session.policy, out));
    TRY(put_records(tx, job, &s, out));
    json_put_raw(out, "reasons", s.reasons);
    json_put_text(out, "note", s.note);
    json_put_text(out, "carrier", s.carrier);
    json_put_text(out, "tracking_no", s.tracking_no);
    json_put_text(out, "chsi_status", s.chsi_status);
    json_put_text(out, "proofread", s.proofread);
    json_name(out, "profile");
    api()->profile_write(view.session.policy.profile, out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err submission_detail_read(struct tx *tx, struct submission_detail *job)
{
    return COMPOSE(tx, job, submission_detail_body);
}
ANSWERED(submission_detail, struct submission_detail, READ(submission_detail_read))
