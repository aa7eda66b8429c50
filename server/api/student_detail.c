/* Students: of the roster's data, looked at and completed. What the roster says is not theirs to change. */
#include "api/log_in.h"
#include "api/student_rules.h"
#include "store/audit.h"
#include "store/detail.h"
#include "store/student.h"
#include "store/student_submissions.h"

struct details_set {
    struct job job;
    const char *id, *phone;
    struct detail own;
    struct submission s;
};

static const struct json_field details_set_fields[] = {
    {"college", JSON_TO_TEXT, false, offsetof(struct details_set, own.college), 0, 60},
    {"major", JSON_TO_TEXT, false, offsetof(struct details_set, own.major), 0, 60},
    {"class_name", JSON_TO_TEXT, false, offsetof(struct details_set, own.class_name), 0, 60},
    {"email", JSON_TO_TEXT, false, offsetof(struct details_set, own.email), 0, 80},
    JSON_FIELD(struct details_set, phone, JSON_TO_TEXT, false, 11, 11)};

/* One '@' with something before it and a dot behind it; more is the mail system's business. */
static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && at > text && strchr(at + 1, '@') == NULL && strpbrk(text, " <>,;\"") == NULL &&
           strchr(at + 1, '.') != NULL && at[1] != '.' && text[strlen(text) - 1] != '.';
}

static enum err details_set_decode(struct exchange *x, struct details_set *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, details_set_fields, countof(details_set_fields), job));
    if (job->own.email != NULL && job->own.email[0] != '\0' && !is_email(job->own.email))
        return exchange_explain(x, ERR_BAD_FIELD, "email is not an address");
    if (job->phone != NULL && !log_in_is_mobile(job->phone))
        return exchange_explain(x, ERR_BAD_FIELD, "phone must be a mainland mobile number of 11 digits");
    return ERR_NONE;
}

static enum err may_say(struct details_set *job, const char *name, const char *said, const char *roster, bool complete)
{
    if (said == NULL || said[0] == '\0' || text_is(said, roster))
        return ERR_NONE;
    if (roster[0] != '\0')
        return job_refuse(&job->job, ERR_REFUSED, "%s: the roster says otherwise; ask customer service", name);
    if (!complete)
        return job_refuse(&job->job, ERR_REFUSED, "%s: this session only asks to look at the data", name);
    return ERR_NONE;
}

static enum err details_set_body(struct tx *tx, struct details_set *job, struct buf *out)
{
    return submission_view(tx, &job->s, job->job.language, job->job.now_us, out, NULL);
}

static enum err details_set_write(struct tx *tx, struct details_set *job)
{
    struct capture_session session;
    struct detail roster;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &job->s));
    TRY(session_get(tx, job->s.session_id, &session));
    TRY(rules_may_change(&job->job, &job->s, &session));
    TRY(detail_of_roster(tx, &job->s, &roster));
    bool complete = text_is(session.policy.details, "complete");
    TRY(may_say(job, "college", job->own.college, roster.college, complete));
    TRY(may_say(job, "major", job->own.major, roster.major, complete));
    TRY(may_say(job, "class_name", job->own.class_name, roster.class_name, complete));
    if (job->phone != NULL) {
        TRY(student_set_phone(tx, job->job.who->id, job->phone));
        TRY(student_submissions_touch(tx, job->job.who->id));
    }
    TRY(detail_confirm(tx, &job->s, &job->own, job->job.now_us));
    struct audit_entry entry = {job->job.now_us, "student", job->s.student_id, "details_confirmed", "submission",
                                job->s.id,       NULL};
    TRY(audit_add(tx, &entry));
    TRY(submission_get(tx, job->s.id, &job->s));
    return COMPOSE(tx, job, details_set_body);
}
ANSWERED(details_set, struct details_set, WRITE(details_set_write))
