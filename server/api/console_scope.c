#include "api/console_scope.h"

#include "store/audit.h"

const char *scope_school(const struct job *job)
{
    return job->who->school_id[0] == '\0' ? NULL : job->who->school_id;
}

static enum err of_school(const struct job *job, const struct capture_session *session)
{
    const char *school_id = scope_school(job);
    return school_id == NULL || text_is(session->school_id, school_id) ? ERR_NONE : ERR_NOT_FOUND;
}

enum err scope_session(struct tx *tx, const struct job *job, const char *id, struct capture_session *session)
{
    TRY(session_get(tx, id, session));
    return of_school(job, session);
}

enum err scope_session_by_code(struct tx *tx, const struct job *job, const char *code, struct capture_session *session)
{
    TRY(session_by_code(tx, code, session));
    return of_school(job, session);
}

enum err scope_submission(struct tx *tx, const struct job *job, const char *id, struct submission *s)
{
    struct capture_session session;
    TRY(submission_get(tx, id, s));
    return scope_school(job) == NULL ? ERR_NONE : scope_session(tx, job, s->session_id, &session);
}

bool scope_is_senior(const struct job *job)
{
    return job_has(job, ROLE_SENIOR);
}

enum err scope_audit(struct tx *tx, const struct job *job, const char *action, const char *object_kind,
                     const char *object_id, const char *detail)
{
    struct audit_entry entry = {job->now_us, "staff", job->who->id, action, object_kind, object_id, detail};
    return audit_add(tx, &entry);
}
