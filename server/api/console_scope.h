/* console_scope — which submissions and sessions an account may see: all, or those of the one school it is bound to.
 * Anything else does not exist for it (NOT_FOUND). Every console endpoint finds its object through here. */
#ifndef XY_API_CONSOLE_SCOPE_H
#define XY_API_CONSOLE_SCOPE_H

#include "api/job.h"
#include "store/capture_session.h"
#include "store/submission.h"

const char *scope_school(const struct job *job); /* NULL: all schools */
enum err scope_submission(struct tx *tx, const struct job *job, const char *id, struct submission *s);
enum err scope_session(struct tx *tx, const struct job *job, const char *id, struct capture_session *session);
enum err scope_session_by_code(struct tx *tx, const struct job *job, const char *code, struct capture_session *session);
bool scope_is_senior(const struct job *job);

/* Audit what a member of staff did; `detail` is JSON or NULL. Writer. */
enum err scope_audit(struct tx *tx, const struct job *job, const char *action, const char *object_kind,
                     const char *object_id, const char *detail);

#endif
