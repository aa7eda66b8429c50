/* Students: the size of the prints, where the session leaves it to them. */
#include "api/job.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/submission.h"

struct layout_set {
    struct job job;
    const char *id, *layout;
};

static const struct json_field layout_set_fields[] = {JSON_FIELD(struct layout_set, layout, JSON_TO_TEXT, true, 1, 20)};

static enum err layout_set_decode(struct exchange *x, struct layout_set *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, layout_set_fields, countof(layout_set_fields), job));
    return job_choice(x, "layout", job->layout, "|one_inch|two_inch|");
}

static enum err layout_set_write(struct tx *tx, struct layout_set *job)
{
    struct submission s;
    struct capture_session session;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    TRY(session_get(tx, s.session_id, &session));
    if (!session.policy.deliver_print || !text_is(session.policy.print_layout, "student"))
        return job_refuse(&job->job, ERR_REFUSED, "the size of prints is not chosen by students in this session");
    if (wf_state_is_end(s.state) || s.state == WF_mailing)
        return job_refuse(&job->job, ERR_REFUSED, "it is printed already");
    enum err e = submission_set_layout(tx, s.id, job->layout);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "it is on a sheet already");
    TRY(e);
    const struct audit_entry entry = {job->job.now_us, "student", s.student_id, "print_layout_set",
                                      "submission",    s.id,      NULL};
    return audit_add(tx, &entry);
}
DONE_204(layout_set, struct layout_set, WRITE(layout_set_write))
