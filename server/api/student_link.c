/* Students: who am I on the roster? Linking makes the submission.
 *
 * Not a keyed endpoint: a wrong answer must be written down (it costs time), and linking again gives the same
 * submission anyhow. */
#include "api/job.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/student_submissions.h"

struct link {
    struct job job;
    const char *session_code, *student_no, *last_four, *name, *id_number;
    const char *new_id;
    char code[CRYPT_CODE_TEXT_BYTES];
    enum err outcome; /* a refusal that is written down */
    struct submission made;
};

static const struct json_field link_fields[] = {JSON_FIELD(struct link, session_code, JSON_TO_TEXT, true, 6, 8),
                                                JSON_FIELD(struct link, student_no, JSON_TO_TEXT, false, 1, 40),
                                                JSON_FIELD(struct link, last_four, JSON_TO_TEXT, false, 4, 4),
                                                JSON_FIELD(struct link, name, JSON_TO_TEXT, false, 1, 60),
                                                JSON_FIELD(struct link, id_number, JSON_TO_TEXT, false, 5, 20)};

static bool by_number(const struct link *job)
{
    return job->student_no != NULL && job->last_four != NULL;
}

static bool by_person(const struct link *job)
{
    return job->name != NULL && job->id_number != NULL;
}

static enum err link_decode(struct exchange *x, struct link *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    crypt_code(job->code);
    TRY(exchange_json(x, link_fields, countof(link_fields), job));
    if (by_number(job) == by_person(job))
        return exchange_explain(x, ERR_BAD_FIELD, "give student_no and last_four, or name and id_number");
    return exchange_limit(x, arena_printf(job->job.arena, "%s\n%s", job->session_code,
                                          by_number(job) ? job->student_no : job->id_number));
}

/* The roster's entry, or NOT_FOUND. The session says which proof it takes. */
static enum err find_entry(struct tx *tx, struct link *job, const struct capture_session *session,
                           struct roster_entry *entry)
{
    bool wants_number = text_is(session->policy.identity_method, "student_number");
    if (wants_number != by_number(job))
        return job_refuse(&job->job, ERR_BAD_FIELD,
                          wants_number ? "this session asks for student_no and last_four"
                                       : "this session asks for name and id_number");
    if (by_number(job))
        return roster_by_number(tx, session->id, job->student_no, job->last_four, entry);
    return roster_by_person(tx, session->id, job->name, job->id_number, entry);
}

/* A session without roster takes people at their word; a reviewer and the face comparison look at them later. */
static enum err take_at_word(struct tx *tx, struct link *job)
{
    char normal[ID_NUMBER_BYTES];
    if (!by_person(job) || !id_number_normal(job->id_number, normal) || !id_number_plausible(normal))
        return job_refuse(&job->job, ERR_BAD_FIELD, "id_number is not a possible one");
    return student_set_names(tx, job->job.who->id, job->name, arena_text(tx->arena, normal));
}

static int64_t price_of(const struct policy *policy)
{
    bool student_pays = !text_is(policy->payment, "none") && text_is(policy->payer, "student");
    return student_pays ? policy->price_fen : 0;
}

static enum err make(struct tx *tx, struct link *job, const struct capture_session *session, const char *roster_id)
{
    const struct submission s = {.id = job->new_id,
                                 .code = job->code,
                                 .session_id = session->id,
                                 .student_id = job->job.who->id,
                                 .roster_id = roster_id,
                                 .price_fen = price_of(&session->policy),
                                 .created_us = job->job.now_us};
    TRY(submission_add(tx, &s));
    struct audit_entry entry = {job->job.now_us, "student", s.student_id, "linked", "submission", s.id, NULL};
    TRY(audit_add(tx, &entry));
    return submission_get(tx, s.id, &job->made);
}

static enum err refused_link(struct tx *tx, struct link *job, const struct student *student)
{
    job->outcome = ERR_NOT_ON_ROSTER;
    return student_wrong_link(tx, student, job->job.now_us);
}

static enum err link_body(struct tx *tx, struct link *job, struct buf *out)
{
    return submission_view(tx, &job->made, job->job.language, job->job.now_us, out, NULL);
}

static enum err link_new(struct tx *tx, struct link *job, const struct capture_session *session,
                         const struct student *student)
{
    struct roster_entry entry;
    bool code_only = text_is(session->policy.roster_mode, "code_only");
    if (code_only) {
        TRY(take_at_word(tx, job));
        return make(tx, job, session, NULL);
    }
    enum err e = find_entry(tx, job, session, &entry);
    if (e == ERR_NOT_FOUND)
        return refused_link(tx, job, student);
    TRY(e);
    e = roster_link(tx, &entry, student->id, job->job.now_us);
    if (e == ERR_CONFLICT)
        return job_refuse(&job->job, e, "this entry of the roster is linked with another login; ask customer service");
    TRY(e);
    return make(tx, job, session, entry.id);
}

static enum err link_write(struct tx *tx, struct link *job)
{
    struct capture_session session;
    struct student student;
    int64_t now_us = job->job.now_us;
    job->outcome = ERR_NONE;
    job->job.json = NULL;
    TRY(student_get(tx, job->job.who->id, &student));
    if (student.links_locked_until_us > now_us) {
        job->outcome = ERR_LOCKED_OUT;
        job->job.retry_after_s = (student.links_locked_until_us - now_us) / 1000000 + 1;
        return ERR_NONE;
    }
    enum err e = session_by_code(tx, job->session_code, &session);
    if (e == ERR_NOT_FOUND)
        return ERR_NO_SESSION;
    TRY(e);
    e = student_submission_in(tx, student.id, session.id, &job->made);
    if (e == ERR_NONE) {
        job->job.status = 200; /* linked before */
        return COMPOSE(tx, job, link_body);
    }
    if (e != ERR_NOT_FOUND)
        return e;
    if (now_us >= session.closes_us)
        return ERR_SESSION_CLOSED;
    TRY(link_new(tx, job, &session, &student));
    return job->outcome != ERR_NONE ? ERR_NONE : COMPOSE(tx, job, link_body);
}

static void link_reply(struct exchange *x, struct link *job)
{
    if (job->outcome == ERR_NONE) {
        job_reply(x, job);
        return;
    }
    if (job->job.retry_after_s > 0)
        exchange_retry_after(x, job->job.retry_after_s);
    exchange_send_error(x, job->outcome);
}
ENDPOINT(link, struct link, WRITE(link_write))
