/* Everybody: the consent texts. Students: agree to them, take it back. */
#include "api/job.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/consent.h"
#include "store/face.h"
#include "store/student_submissions.h"
#include "store/transition.h"
#include "store/view.h"

#define CONSENT_CHOICES "|privacy|face|passing_on|"
#define AGENT_CHARS_MAX 200

/* ---- the texts ---- */

struct consents {
    struct job job;
    const char *session_code; /* NULL: without a session's particulars */
};

static enum err consents_decode(struct exchange *x, struct consents *job)
{
    job_begin(x, &job->job);
    job->session_code = exchange_query(x, "session_code");
    if (job->session_code != NULL && (strlen(job->session_code) < 6 || strlen(job->session_code) > 8))
        return exchange_explain(x, ERR_BAD_FIELD, "session_code has 6 to 8 characters");
    return ERR_NONE;
}

static void put_text(struct buf *out, const struct consents *job, const struct consent_text *text,
                     const struct policy *policy)
{
    bool english = job->job.language == LANGUAGE_EN;
    json_object_open(out);
    json_put_text(out, "kind", text->kind);
    json_put_bool(out, "required",
                  text->required || (text_is(text->kind, "face") && policy != NULL && policy->face_consent_needed));
    json_put_text(out, "title", english ? text->title_en : text->title_zh);
    json_put_text(out, "text",
                  consent_text_filled(job->job.arena, english ? text->text_en : text->text_zh, policy, english));
    json_object_close(out);
}

static enum err consents_body(struct tx *tx, struct consents *job, struct buf *out)
{
    struct consent_edition edition;
    struct capture_session session;
    bool has_session = job->session_code != NULL;
    if (has_session) {
        enum err e = session_by_code(tx, job->session_code, &session);
        if (e != ERR_NONE)
            return e == ERR_NOT_FOUND ? ERR_NO_SESSION : e;
    }
    TRY(consent_edition_newest(tx, &edition));
    json_object_open(out);
    json_put_text(out, "text_version", edition.text_version);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < countof(edition.texts); i++)
        put_text(out, job, &edition.texts[i], has_session ? &session.policy : NULL);
    json_array_close(out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err consents_read(struct tx *tx, struct consents *job)
{
    return COMPOSE(tx, job, consents_body);
}
ANSWERED(consents, struct consents, READ(consents_read))

/* ---- what both say ---- */

struct said {
    struct job job;
    struct json_texts kinds;
    const char *text_version; /* NULL: taken back */
    const char *evidence_id, *address, *agent;
};

static void said_begin(struct exchange *x, struct said *job)
{
    const char *agent = exchange_header(x, "user-agent");
    job_begin(x, &job->job);
    job->evidence_id = job_new_id(&job->job);
    job->address = exchange_peer(x);
    bool readable = agent != NULL && text_utf8_valid(agent, strlen(agent));
    job->agent = readable ? arena_text_n(job->job.arena, agent, text_cut(agent, AGENT_CHARS_MAX)) : "";
}

static enum err record(struct tx *tx, const struct said *job)
{
    bool given = job->text_version != NULL;
    const struct job *base = &job->job;
    const struct consent_said said = {.id = job->evidence_id,
                                      .student_id = base->who->id,
                                      .what = given ? "given" : "withdrawn",
                                      .kinds = job->kinds.items,
                                      .kind_count = job->kinds.count,
                                      .text_version = job->text_version,
                                      .language = base->language == LANGUAGE_EN ? "en" : "zh",
                                      .address = job->address,
                                      .agent = job->agent,
                                      .now_us = base->now_us};
    TRY(consent_evidence_add(tx, &said));
    for (size_t i = 0; i < job->kinds.count; i++) {
        const char *detail = arena_printf(tx->arena, "{\"kind\":\"%s\",\"text_version\":\"%s\"}", job->kinds.items[i],
                                          given ? job->text_version : "");
        struct audit_entry entry = {
            base->now_us, "student",     base->who->id, given ? "consent_given" : "consent_withdrawn",
            "student",    base->who->id, detail};
        TRY(audit_add(tx, &entry));
    }
    return student_submissions_touch(tx, base->who->id); /* what is allowed depends on it */
}

/* ---- agree ---- */

static const struct json_field consent_give_fields[] = {
    JSON_FIELD(struct said, kinds, JSON_TO_TEXTS, true, 1, CONSENT_KINDS_MAX),
    JSON_FIELD(struct said, text_version, JSON_TO_TEXT, true, 1, 40)};

static enum err consent_give_decode(struct exchange *x, struct said *job)
{
    said_begin(x, job);
    TRY(exchange_json(x, consent_give_fields, countof(consent_give_fields), job));
    for (size_t i = 0; i < job->kinds.count; i++) {
        TRY(job_choice(x, "kinds", job->kinds.items[i], CONSENT_CHOICES));
        for (size_t k = 0; k < i; k++)
            if (text_is(job->kinds.items[i], job->kinds.items[k]))
                return exchange_explain(x, ERR_BAD_FIELD, "kinds names one consent twice");
    }
    return ERR_NONE;
}

static enum err consent_give_body(struct tx *tx, struct said *job, struct buf *out)
{
    json_object_open(out);
    json_name(out, "consents");
    TRY(view_consents(tx, job->job.who->id, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err consent_give_write(struct tx *tx, struct said *job)
{
    struct consent_edition newest;
    TRY(consent_edition_newest(tx, &newest));
    if (!text_is(newest.text_version, job->text_version))
        return job_refuse(&job->job, ERR_STALE, "the texts have changed: show those of GET /api/v1/consents (%s)",
                          newest.text_version);
    for (size_t i = 0; i < job->kinds.count; i++)
        TRY(consent_give(tx, job->job.who->id, job->kinds.items[i], job->text_version, job->job.now_us));
    TRY(record(tx, job));
    return COMPOSE(tx, job, consent_give_body);
}
ANSWERED(consent_give, struct said, WRITE(consent_give_write))

/* ---- take it back ---- */

static enum err consent_withdraw_decode(struct exchange *x, struct said *job)
{
    said_begin(x, job);
    const char **kind = ARENA_NEW(job->job.arena, const char *);
    *kind = exchange_path(x, "kind");
    job->kinds = (struct json_texts){.items = kind, .count = 1};
    return job_choice(x, "kind", *kind, CONSENT_CHOICES);
}

/* Without privacy or passing on, nothing goes on: what is handed in and in nobody's hands is taken back, money with it.
 * What is being reviewed or approved stays where it is; hand-over, print and mail leave it out (queries_batch.def). */
static enum err stop_submissions(struct tx *tx, const struct job *job)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_submissions(tx, job->who->id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        if (list[i].state != WF_submitted && list[i].state != WF_human_review && list[i].state != WF_awaiting_payment)
            continue;
        const struct move move = {.submission_id = list[i].id,
                                  .event = EV_recall,
                                  .actor_kind = ACTOR_STUDENT,
                                  .actor_id = job->who->id,
                                  .now_us = job->now_us};
        enum err e = transition_apply(tx, &move, NULL);
        if (e != ERR_NONE && e != ERR_REFUSED)
            return e;
    }
    return ERR_NONE;
}

static enum err consent_withdraw_write(struct tx *tx, struct said *job)
{
    bool given = false;
    const char *kind = job->kinds.items[0], *student_id = job->job.who->id;
    TRY(consent_given(tx, student_id, kind, &given));
    if (!given)
        return ERR_NOT_FOUND;
    TRY(consent_withdraw(tx, student_id, kind, job->job.now_us));
    TRY(text_is(kind, "face") ? face_forget(tx, student_id) : stop_submissions(tx, &job->job));
    return record(tx, job);
}
DONE_204(consent_withdraw, struct said, WRITE(consent_withdraw_write))
