/* student_rules — what the table of the workflow means for things that are no events: may photos be tried now, is the
 * approved photo to be had. Asks wf_decide; holds no list of states that could disagree with it. */
#ifndef XY_API_STUDENT_RULES_H
#define XY_API_STUDENT_RULES_H

#include "api/job.h"
#include "store/capture_session.h"
#include "store/submission.h"

/* Photos may be tried while the student could still confirm one. */
bool rules_collects(const struct submission *s);
/* What belongs to the submission may still be changed: ERR_NONE, REFUSED (handed in already) or SESSION_CLOSED. */
enum err rules_may_change(struct job *job, const struct submission *s, const struct capture_session *session);
/* ERR_NONE, or why not, explained: SESSION_CLOSED (too early, too late, outside the hours), REFUSED (handed in already,
 * to be paid first, or the service account to be followed first), ATTEMPTS_USED. */
enum err rules_may_try(struct tx *tx, struct job *job, const struct submission *s,
                       const struct capture_session *session);
/* A reviewer approved it and nobody rejected it since. */
bool rules_is_approved(const struct submission *s);

#endif
