/* Students: the poll, the timeline, the address, and the moves a student may cause. */
#include "api/job.h"
#include "api/picture.h"
#include "api/student_rules.h"
#include "store/audit.h"
#include "store/transition.h"
#include "store/view.h"

/* ---- the poll ---- */

struct submission_show {
    struct job job;
    const char *id;
    char tag[SUBMISSION_TAG_BYTES];
};

static enum err submission_show_decode(struct exchange *x, struct submission_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err submission_show_body(struct tx *tx, struct submission_show *job, struct buf *out)
{
    struct submission s;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    return submission_view(tx, &s, job->job.language, job->job.now_us, out, job->tag);
}

static enum err submission_show_read(struct tx *tx, struct submission_show *job)
{
    return COMPOSE(tx, job, submission_show_body);
}

static void submission_show_reply(struct exchange *x, struct submission_show *job)
{
    int64_t wait_s = exchange_prefer_wait_s(x);
    if (wait_s > 0 && exchange_if_none_match(x, job->tag)) {
        exchange_wait_for(x, job->id, wait_s);
        return;
    }
    json_raw(exchange_out(x), job->job.json, job->job.json_len);
    exchange_send_cached(x, job->id, job->job.who->id, job->tag);
}
ENDPOINT_POLLED(submission_show, struct submission_show, READ(submission_show_read))

/* ---- the timeline ---- */

struct timeline {
    struct job job;
    const char *id;
    struct page page;
    int64_t after;
};

static enum err timeline_decode(struct exchange *x, struct timeline *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(job_page(x, &job->page));
    if (job->page.cursor != NULL && (!text_int(job->page.cursor, &job->after) || job->after < 0))
        return exchange_explain(x, ERR_BAD_FIELD, "cursor is not one this server gave");
    return ERR_NONE;
}

static enum err timeline_body(struct tx *tx, struct timeline *job, struct buf *out)
{
    struct submission s;
    int64_t last = 0;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    json_object_open(out);
    json_name(out, "items");
    TRY(view_timeline(tx, s.id, job->after, job->page.limit, false, out, &last));
    json_put_text(out, "next", last == 0 ? NULL : arena_printf(tx->arena, "%" PRId64, last));
    json_object_close(out);
    return ERR_NONE;
}

static enum err timeline_read(struct tx *tx, struct timeline *job)
{
    return COMPOSE(tx, job, timeline_body);
}
ANSWERED(timeline, struct timeline, READ(timeline_read))

/* ---- where the prints go ---- */

struct address_set {
    struct job job;
    const char *id, *name, *phone, *text;
};

static const struct json_field address_set_fields[] = {
    JSON_FIELD(struct address_set, name, JSON_TO_TEXT, true, 1, 60),
    JSON_FIELD(struct address_set, phone, JSON_TO_TEXT, true, 5, 20),
    JSON_FIELD(struct address_set, text, JSON_TO_TEXT, true, 5, 200)};

static enum err address_set_decode(struct exchange *x, struct address_set *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, address_set_fields, countof(address_set_fields), job));
    if (!text_all(job->phone, "0123456789+ -"))
        return exchange_explain(x, ERR_BAD_FIELD, "phone has digits, +, - and spaces only");
    return ERR_NONE;
}

static enum err address_set_write(struct tx *tx, struct address_set *job)
{
    struct submission s;
    struct buf b;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    if (rules_is_approved(&s) || wf_state_is_end(s.state))
        return job_refuse(&job->job, ERR_REFUSED, "after the approval only customer service changes the address");
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "name", job->name);
    json_put_text(&b, "phone", job->phone);
    json_put_text(&b, "text", job->text);
    json_object_close(&b);
    const char *address = arena_text(tx->arena, buf_cstr(&b));
    buf_release(&b);
    TRY(submission_set_address(tx, s.id, address));
    struct audit_entry entry = {job->job.now_us, "student", s.student_id, "address_set", "submission", s.id, NULL};
    return audit_add(tx, &entry);
}
DONE_204(address_set, struct address_set, WRITE(address_set_write))

/* ---- moves ---- */

struct student_event {
    struct job job;
    const char *id, *note, *result;
    int64_t version;
    enum wf_event event;
    struct submission after;
};

static const struct json_field student_event_fields[] = {
    JSON_FIELD(struct student_event, version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
    JSON_FIELD(struct student_event, note, JSON_TO_LINES, false, 0, 500),
    JSON_FIELD(struct student_event, result, JSON_TO_TEXT, false, 1, 10)};

static enum err student_event_decode(struct exchange *x, struct student_event *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    /* confirm has an address of its own: it takes two steps */
    if (!wf_event_named(exchange_path(x, "event"), &job->event) || wf_event_who(job->event) != WF_WHO_student ||
        job->event == EV_confirm)
        return ERR_NOT_FOUND;
    TRY(exchange_json(x, student_event_fields, countof(student_event_fields), job));
    if (job->event != EV_proofread)
        return ERR_NONE;
    if (job->result == NULL)
        return exchange_explain(x, ERR_BAD_FIELD, "result is needed: right or wrong");
    return job_choice(x, "result", job->result, "|right|wrong|");
}

static enum err student_event_body(struct tx *tx, struct student_event *job, struct buf *out)
{
    return submission_view(tx, &job->after, job->job.language, job->job.now_us, out, NULL);
}

static enum err student_event_write(struct tx *tx, struct student_event *job)
{
    struct submission s;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    const struct move move = {.submission_id = s.id,
                              .event = job->event,
                              .expect_version = job->version,
                              .actor_kind = ACTOR_STUDENT,
                              .actor_id = s.student_id,
                              .now_us = job->job.now_us,
                              .internal_note = job->note,
                              .proofread = job->result};
    TRY(transition_apply(tx, &move, &job->after));
    return COMPOSE(tx, job, student_event_body);
}
ANSWERED_ONCE(student_event, struct student_event, WRITE(student_event_write))

/* ---- the approved photo ---- */

struct approved_photo {
    struct picture picture;
    const char *id;
};

static enum err approved_photo_decode(struct exchange *x, struct approved_photo *job)
{
    picture_begin(x, &job->picture);
    return exchange_path_id(x, "id", &job->id);
}

static enum err approved_photo_read(struct tx *tx, struct approved_photo *job)
{
    struct submission s;
    struct attempt a;
    struct capture_session session;
    TRY(submission_of_student(tx, job->id, job->picture.job.who->id, &s));
    if (!rules_is_approved(&s) || s.attempt_id == NULL)
        return job_refuse(&job->picture.job, ERR_REFUSED, "the photo is not approved yet");
    TRY(session_get(tx, s.session_id, &session));
    if (!session.policy.download_photo)
        return job_refuse(&job->picture.job, ERR_REFUSED, "this session does not give the photo as a file");
    TRY(attempt_get(tx, s.attempt_id, &a));
    job->picture.file_name = arena_printf(job->picture.job.arena, "%s.jpg", s.code);
    return picture_find(tx, &job->picture, a.standard_blob_id);
}
#define approved_photo_reply picture_reply
ENDPOINT(approved_photo, struct approved_photo, READ(approved_photo_read), LANE(picture_open))
