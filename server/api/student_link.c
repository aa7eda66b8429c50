/* Students: who am I on the roster? First what there is (enrolments), then one of them is linked: that makes the
 * submission. Linking by the proof itself works too, where only one entry fits. Who is enrolled twice in a session
 * links the second one by its enrolment_id and has two submissions.
 *
 * Not keyed endpoints: a wrong proof must be written down (it costs time), and linking again gives the same submission
 * anyhow. */
#include "api/job.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/enrolment.h"
#include "store/student_submissions.h"
#include "store/wrong_try.h"

/* ---- what both have in common ---- */

struct proving {
    const char *session_code;
    struct proof proof;
    enum err outcome; /* a refusal that is written down */
    struct capture_session session;
    struct student student;
};

#define PROOF_FIELDS(type_)                                                                                            \
    {"session_code", JSON_TO_TEXT, true, offsetof(struct type_, proving.session_code), 6, 8},                          \
        {"student_no", JSON_TO_TEXT, false, offsetof(struct type_, proving.proof.student_no), 1, 40},                  \
        {"last_four", JSON_TO_TEXT, false, offsetof(struct type_, proving.proof.last_four), 4, 8},                     \
        {"name", JSON_TO_TEXT, false, offsetof(struct type_, proving.proof.name), 1, 60},                              \
        {"id_number", JSON_TO_TEXT, false, offsetof(struct type_, proving.proof.id_number), 5, 24},                    \
    {                                                                                                                  \
        "code_id", JSON_TO_TEXT, false, offsetof(struct type_, proving.proof.code_id), 26, 26                          \
    }

/* What is guessed at is limited for all logins together; a proof that names nobody has no subject. */
static enum err limit(struct exchange *x, const struct proving *p)
{
    const char *about = p->proof.student_no != NULL ? p->proof.student_no : p->proof.id_number;
    return exchange_limit(x, about == NULL ? NULL : arena_printf(exchange_arena(x), "%s\n%s", p->session_code, about));
}

/* Student and session; outcome LOCKED_OUT while wrong tries make wait. */
static enum err begin(struct tx *tx, struct job *job, struct proving *p)
{
    p->outcome = ERR_NONE;
    job->json = NULL;
    TRY(student_get(tx, job->who->id, &p->student));
    if (p->student.links_locked_until_us > job->now_us) {
        p->outcome = ERR_LOCKED_OUT;
        job->retry_after_s = (p->student.links_locked_until_us - job->now_us) / 1000000 + 1;
        return ERR_NONE;
    }
    enum err e = session_by_code(tx, p->session_code, &p->session);
    return e == ERR_NOT_FOUND ? ERR_NO_SESSION : e;
}

/* What the proof shows; nothing: outcome NOT_ON_ROSTER, and the try is counted. */
static enum err prove(struct tx *tx, struct job *job, struct proving *p, struct enrolments *found)
{
    enum err e = enrolment_find(tx, &p->session, &p->student, &p->proof, found);
    if (e != ERR_NONE)
        return found->why != NULL ? job_refuse(job, e, "%s", found->why) : e;
    if (found->count > 0)
        return ERR_NONE;
    p->outcome = ERR_NOT_ON_ROSTER;
    return wrong_try_student(tx, &p->student, p->session.id, api()->session_wrong_tries_max, job->now_us);
}

static void reply(struct exchange *x, struct job *job, enum err outcome)
{
    if (outcome == ERR_NONE) {
        job_reply(x, job);
        return;
    }
    if (job->retry_after_s > 0)
        exchange_retry_after(x, job->retry_after_s);
    exchange_send_error(x, outcome);
}

static struct enrolment enrolment_of(const struct proving *p, const struct enrolments *found, size_t i)
{
    const struct roster_entry *entry = &found->items[i];
    return (struct enrolment){.roster_id = entry->id,
                              .name = found->at_word ? entry->name : NULL,
                              .id_number = found->at_word ? entry->id_number : NULL,
                              .last_four = found->at_word ? p->proof.last_four : NULL,
                              .code_id = p->proof.code_id,
                              .code_matched = found->code_matched};
}

/* ---- what there is ---- */

#define OTHER_SESSIONS_MAX 20 /* the newest */

struct enrolments_job {
    struct job job;
    struct proving proving;
    struct enrolments found;
};

static const struct json_field enrolments_fields[] = {PROOF_FIELDS(enrolments_job)};

static enum err enrolments_decode(struct exchange *x, struct enrolments_job *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, enrolments_fields, countof(enrolments_fields), job));
    if (job->proving.proof.code_id != NULL)
        TRY(job_id(x, "code_id", job->proving.proof.code_id));
    return limit(x, &job->proving);
}

static enum err put_enrolment(struct tx *tx, struct enrolments_job *job, const struct capture_session *session,
                              const struct enrolments *found, size_t i, struct buf *out)
{
    const struct roster_entry *entry = &found->items[i];
    const struct enrolment enrolment = enrolment_of(&job->proving, found, i);
    bool mine = text_is(entry->student_id, job->job.who->id), is_taken = entry->student_id != NULL && !mine;
    json_object_open(out);
    json_put_text(out, "enrolment_id", enrolment_token(tx, job->job.who->id, session->id, &enrolment, job->job.now_us));
    json_put_text(out, "session_code", session->code);
    json_put_text(out, "session_name", session->name);
    json_put_text(out, "school", session->school_name);
    json_put_text(out, "college", entry->college);
    json_put_text(out, "major", entry->major);
    json_put_text(out, "class_name", entry->class_name);
    json_put_text(out, "student_no_masked", mask_number(tx->arena, entry->student_no));
    const char *name = mask_name(tx->arena, entry->name);
    json_put_text(out, "name_masked", name != NULL ? name : "");
    json_put_bool(out, "linked", mine);
    json_put_bool(out, "taken", is_taken);
    json_object_close(out);
    return ERR_NONE;
}

/* A confirmed identity proves the same to every session that takes it: somebody may be enrolled twice. */
static enum err put_others(struct tx *tx, struct enrolments_job *job, struct buf *out)
{
    struct capture_session *list = ARENA_ARRAY(tx->arena, struct capture_session, OTHER_SESSIONS_MAX);
    const struct capture_session *asked = &job->proving.session;
    size_t count = 0;
    if (!text_starts(asked->policy.identity_method, "id_card"))
        return ERR_NONE;
    TRY(session_list(tx, NULL, list, OTHER_SESSIONS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        struct enrolments found;
        const struct capture_session *other = &list[i];
        if (text_is(other->id, asked->id) || !text_starts(other->policy.identity_method, "id_card") ||
            text_is(other->policy.roster_mode, "code_only") || job->job.now_us < other->opens_us ||
            job->job.now_us >= other->closes_us)
            continue;
        enum err e = enrolment_find(tx, other, &job->proving.student, &job->proving.proof, &found);
        if (e == ERR_REFUSED)
            continue; /* it wants more than is confirmed */
        TRY(e);
        for (size_t k = 0; k < found.count; k++)
            TRY(put_enrolment(tx, job, other, &found, k, out));
    }
    return ERR_NONE;
}

static enum err enrolments_body(struct tx *tx, struct enrolments_job *job, struct buf *out)
{
    json_list_open(out);
    for (size_t i = 0; i < job->found.count; i++)
        TRY(put_enrolment(tx, job, &job->proving.session, &job->found, i, out));
    TRY(put_others(tx, job, out));
    json_list_close(out);
    return ERR_NONE;
}

static enum err enrolments_write(struct tx *tx, struct enrolments_job *job)
{
    TRY(begin(tx, &job->job, &job->proving));
    if (job->proving.outcome != ERR_NONE)
        return ERR_NONE;
    if (job->job.now_us >= job->proving.session.closes_us)
        return ERR_SESSION_CLOSED;
    TRY(prove(tx, &job->job, &job->proving, &job->found));
    return job->proving.outcome != ERR_NONE ? ERR_NONE : COMPOSE(tx, job, enrolments_body);
}

static void enrolments_reply(struct exchange *x, struct enrolments_job *job)
{
    reply(x, &job->job, job->proving.outcome);
}
ENDPOINT(enrolments, struct enrolments_job, WRITE(enrolments_write))

/* ---- one of them ---- */

struct link {
    struct job job;
    struct proving proving;
    const char *enrolment_id, *new_id;
    char code[CRYPT_CODE_TEXT_BYTES];
    struct submission made;
};

static const struct json_field link_fields[] = {
    PROOF_FIELDS(link), JSON_FIELD(struct link, enrolment_id, JSON_TO_TEXT, false, 1, ENROLMENT_TOKEN_CHARS_MAX)};

static enum err link_decode(struct exchange *x, struct link *job)
{
    const struct proof *proof = &job->proving.proof;
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    crypt_code(job->code);
    TRY(exchange_json(x, link_fields, countof(link_fields), job));
    bool proved = proof->student_no != NULL || proof->last_four != NULL || proof->name != NULL ||
                  proof->id_number != NULL || proof->code_id != NULL;
    if (job->enrolment_id != NULL && proved)
        return exchange_explain(x, ERR_BAD_FIELD, "give enrolment_id or the proof, not both");
    if (proof->code_id != NULL)
        TRY(job_id(x, "code_id", proof->code_id));
    return limit(x, &job->proving);
}

static enum err link_entry(struct tx *tx, struct link *job, const struct enrolment *enrolment)
{
    const struct enrolment_taken taken = {
        .submission_id = job->new_id, .code = job->code, .student_id = job->job.who->id, .now_us = job->job.now_us};
    enum err e = enrolment_take(tx, &job->proving.session, enrolment, &taken);
    if (e == ERR_CONFLICT)
        return job_refuse(&job->job, e, "this entry of the roster is linked with another login; ask customer service");
    if (e == ERR_NOT_FOUND)
        return job_refuse(&job->job, ERR_STALE, "the roster has changed meanwhile; ask for the enrolments again");
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "this login is somebody else in this session already; ask customer service");
    TRY(e);
    struct audit_entry entry = {job->job.now_us, "student", job->job.who->id, "linked", "submission",
                                job->new_id,     NULL};
    TRY(audit_add(tx, &entry));
    return submission_get(tx, job->new_id, &job->made);
}

static enum err link_proved(struct tx *tx, struct link *job)
{
    struct enrolments found;
    TRY(prove(tx, &job->job, &job->proving, &found));
    if (job->proving.outcome != ERR_NONE)
        return ERR_NONE;
    if (found.count > 1)
        return job_refuse(&job->job, ERR_CONFLICT, "several entries fit: ask for the enrolments and choose one");
    const struct enrolment enrolment = enrolment_of(&job->proving, &found, 0);
    return link_entry(tx, job, &enrolment);
}

static enum err link_body(struct tx *tx, struct link *job, struct buf *out)
{
    return submission_view(tx, &job->made, job->job.language, job->job.now_us, out, NULL);
}

/* Linked before: that of the enrolment chosen, else the newest of the session. A proof alone never makes a second. */
static enum err find_linked(struct tx *tx, struct link *job, const struct enrolment *chosen)
{
    const struct proving *p = &job->proving;
    if (chosen == NULL)
        return student_submission_in(tx, p->student.id, p->session.id, &job->made);
    return student_submission_of(tx, p->student.id, p->session.id, chosen->roster_id, &job->made);
}

static enum err link_write(struct tx *tx, struct link *job)
{
    struct enrolment token;
    const struct enrolment *chosen = job->enrolment_id != NULL ? &token : NULL;
    struct proving *p = &job->proving;
    TRY(begin(tx, &job->job, p));
    if (p->outcome != ERR_NONE)
        return ERR_NONE;
    if (chosen != NULL &&
        !enrolment_of_token(tx, p->student.id, p->session.id, job->enrolment_id, job->job.now_us, &token))
        return job_refuse(&job->job, ERR_STALE, "this enrolment was shown too long ago; ask for the enrolments again");
    enum err e = find_linked(tx, job, chosen);
    if (e == ERR_NONE) {
        job->job.status = 200;
        return COMPOSE(tx, job, link_body);
    }
    if (e != ERR_NOT_FOUND)
        return e;
    if (job->job.now_us >= p->session.closes_us)
        return ERR_SESSION_CLOSED;
    TRY(chosen != NULL ? link_entry(tx, job, chosen) : link_proved(tx, job));
    return p->outcome != ERR_NONE ? ERR_NONE : COMPOSE(tx, job, link_body);
}

static void link_reply(struct exchange *x, struct link *job)
{
    reply(x, &job->job, job->proving.outcome);
}
ENDPOINT(link, struct link, WRITE(link_write))
