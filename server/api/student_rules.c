#include "api/student_rules.h"

#include "store/hand_in.h"

#define TRIES_PER_ATTEMPT 5 /* photos tried for each that may be handed in */

static bool could_confirm(const struct submission *s, bool open, bool in_time)
{
    const struct wf_facts facts = {.attempt_ready = true,
                                   .consented = true,
                                   .code_given = true,
                                   .details_given = true,
                                   .phone_given = true,
                                   .account_followed = true,
                                   .notice_given = true,
                                   .address_given = true,
                                   .session_open = open,
                                   .retake_in_time = in_time};
    return wf_decide(s->state, EV_confirm, &facts) != NULL;
}

bool rules_collects(const struct submission *s)
{
    return could_confirm(s, true, true);
}

enum err rules_may_change(struct job *job, const struct submission *s, const struct capture_session *session)
{
    bool in_time = s->deadline_us == 0 || job->now_us <= s->deadline_us;
    if (!rules_collects(s))
        return job_refuse(job, ERR_REFUSED, "the submission is handed in; take it back first");
    return could_confirm(s, session_open_at(session, job->now_us), in_time) ? ERR_NONE : ERR_SESSION_CLOSED;
}

enum err rules_may_try(struct tx *tx, struct job *job, const struct submission *s,
                       const struct capture_session *session)
{
    bool followed = false;
    const struct policy *policy = &session->policy;
    TRY(rules_may_change(job, s, session));
    if (text_is(policy->payment, "before") && s->price_fen > 0 && !s->paid)
        return job_refuse(job, ERR_REFUSED, "this session is paid before photos are taken");
    TRY(hand_in_followed(tx, s, policy, &followed));
    if (!followed)
        return job_refuse(job, ERR_REFUSED, "%s", hand_in_sentence(HAND_IN_follow));
    if (s->attempts_used >= policy->attempts_max || s->attempts_made >= policy->attempts_max * TRIES_PER_ATTEMPT)
        return ERR_ATTEMPTS_USED;
    return ERR_NONE;
}

/* Behind the review nothing is collected and nothing is looked at: the photo is on its way or has arrived. */
bool rules_is_approved(const struct submission *s)
{
    static const bool approved[WF_STATE_COUNT] = {[WF_student_confirm] = true,
                                                  [WF_chsi_upload] = true,
                                                  [WF_printing] = true,
                                                  [WF_mailing] = true,
                                                  [WF_completed] = true};
    return approved[s->state];
}
