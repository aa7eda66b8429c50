/* Staff: moves outside the queue. Which role may cause which is here; whether the submission allows it, the table says.
 */
#include "api/console_scope.h"
#include "store/transition.h"
#include "store/view.h"

struct staff_event {
    struct job job;
    const char *id, *note, *carrier, *tracking_no;
    int64_t version;
    enum wf_event event;
    struct submission after;
};

static const struct json_field staff_event_fields[] = {
    JSON_FIELD(struct staff_event, version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
    JSON_FIELD(struct staff_event, note, JSON_TO_LINES, false, 0, 500),
    JSON_FIELD(struct staff_event, carrier, JSON_TO_TEXT, false, 0, 40),
    JSON_FIELD(struct staff_event, tracking_no, JSON_TO_TEXT, false, 0, 40)};

static const struct {
    enum wf_event event;
    unsigned roles;
} events[] = {
    {EV_reopen, ROLE_SENIOR},
    {EV_printed, ROLE_BATCH},
    {EV_shipped, ROLE_BATCH},
    {EV_delivered, ROLE_BATCH},
    {EV_retouch_done, ROLE_RETOUCHER | ROLE_SENIOR},
};

static enum err find_event(struct exchange *x, struct staff_event *job)
{
    if (!wf_event_named(exchange_path(x, "event"), &job->event))
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < countof(events); i++)
        if (events[i].event == job->event)
            return job_has(&job->job, events[i].roles) ? ERR_NONE : ERR_FORBIDDEN;
    return ERR_NOT_FOUND;
}

static enum err staff_event_decode(struct exchange *x, struct staff_event *job)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(find_event(x, job));
    TRY(exchange_json(x, staff_event_fields, countof(staff_event_fields), job));
    if (job->event == EV_reopen && (job->note == NULL || job->note[0] == '\0'))
        return exchange_explain(x, ERR_BAD_FIELD, "note: say why it is reopened");
    if (job->event != EV_shipped)
        return ERR_NONE;
    if (job->carrier == NULL || job->carrier[0] == '\0' || job->tracking_no == NULL)
        return exchange_explain(x, ERR_BAD_FIELD, "carrier and tracking_no are needed");
    if (!text_all(job->tracking_no, letters))
        return exchange_explain(x, ERR_BAD_FIELD, "tracking_no has letters, digits and - only");
    return ERR_NONE;
}

static enum err staff_event_body(struct tx *tx, struct staff_event *job, struct buf *out)
{
    struct view_staff view = {.has_session = false};
    return view_staff_submission(tx, &view, &job->after, out);
}

static enum err staff_event_write(struct tx *tx, struct staff_event *job)
{
    struct submission s;
    int64_t now_us = job->job.now_us;
    TRY(scope_submission(tx, &job->job, job->id, &s));
    bool mine = text_is(s.claimed_by, job->job.who->id) && s.claim_until_us > now_us;
    if (job->event == EV_retouch_done && !mine)
        return ERR_LEASE_LOST; /* two people would repair the same picture */
    const struct move move = {.submission_id = s.id,
                              .event = job->event,
                              .expect_version = job->version,
                              .actor_kind = ACTOR_STAFF,
                              .actor_id = job->job.who->id,
                              .actor_is_senior = scope_is_senior(&job->job),
                              .now_us = now_us,
                              .internal_note = job->note,
                              .carrier = job->carrier,
                              .tracking_no = job->tracking_no};
    TRY(transition_apply(tx, &move, &job->after));
    return COMPOSE(tx, job, staff_event_body);
}
ANSWERED_ONCE(staff_event, struct staff_event, WRITE(staff_event_write))
