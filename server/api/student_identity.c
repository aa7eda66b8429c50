/* Students: this is who I am. The card's pictures fill in the form; what counts is what the student states here,
 * checked for its form, against the card's number, and by the real-name service where the session asks for it. */
#include "api/job.h"
#include "api/student_rules.h"
#include "base/document.h"
#include "base/person_name.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/consent.h"
#include "store/id_card.h"
#include "store/identity.h"
#include "store/outbox.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/view.h"

#define CARDS_MAX 4

struct identity_set {
    struct job job;
    const char *name, *id_number, *document_type, *session_code;
    struct json_texts id_card_ids;
    enum err outcome;
    struct identity now; /* as it will be */
};

static const struct json_field identity_set_fields[] = {
    JSON_FIELD(struct identity_set, name, JSON_TO_TEXT, true, 1, 60),
    JSON_FIELD(struct identity_set, id_number, JSON_TO_TEXT, true, 5, 24),
    JSON_FIELD(struct identity_set, document_type, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct identity_set, session_code, JSON_TO_TEXT, false, 6, 8),
    JSON_FIELD(struct identity_set, id_card_ids, JSON_TO_TEXTS, false, 0, CARDS_MAX)};

static enum err identity_set_decode(struct exchange *x, struct identity_set *job)
{
    char normal[ID_NUMBER_BYTES], number[DOCUMENT_NUMBER_BYTES], name[PERSON_NAME_BYTES];
    job_begin(x, &job->job);
    job->document_type = "resident";
    TRY(exchange_json(x, identity_set_fields, countof(identity_set_fields), job));
    TRY(job_choice(x, "document_type", job->document_type, DOCUMENT_TYPES));
    for (size_t i = 0; i < job->id_card_ids.count; i++)
        TRY(job_id(x, "id_card_ids", job->id_card_ids.items[i]));
    if (!person_name_normal(job->name, name) || name[0] == '\0')
        return exchange_explain(x, ERR_BAD_FIELD, "name must not be empty");
    job->name = arena_text(job->job.arena, name);
    if (!id_number_normal(job->id_number, normal) || !document_number(job->document_type, normal, number))
        return exchange_explain(x, ERR_BAD_FIELD, "id_number is not a possible number of this document_type");
    job->id_number = arena_text(job->job.arena, number);
    return ERR_NONE;
}

/* ---- what stands in the way ---- */

static bool same_person(const struct identity_set *job, const struct identity *before)
{
    return before != NULL && !text_is(before->state, "refused") && person_name_same(before->name, job->name) &&
           text_is(before->id_number, job->id_number) && text_is(before->document_type, job->document_type);
}

/* Nobody becomes another person while a submission is under the first one's name, and the reference of a comparison
 * that is going on stays what it is. */
static enum err is_free(struct tx *tx, struct identity_set *job, bool same)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_submissions(tx, job->job.who->id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        if (wf_state_is_end(list[i].state))
            continue;
        if (!same)
            return job_refuse(&job->job, ERR_REFUSED, "a submission is under this identity; ask customer service");
        if (job->id_card_ids.count > 0 && !rules_collects(&list[i]))
            return job_refuse(&job->job, ERR_REFUSED,
                              "a submission is handed in; the portrait is locked until it ends");
    }
    return ERR_NONE;
}

static enum err may_state(struct tx *tx, struct identity_set *job, const struct identity *before)
{
    bool consented = false;
    TRY(consent_given(tx, job->job.who->id, "privacy", &consented));
    if (!consented)
        return job_refuse(&job->job, ERR_CONSENT_MISSING, "privacy");
    if (before != NULL && before->locked_until_us > job->job.now_us) {
        job->outcome = ERR_LOCKED_OUT;
        job->job.retry_after_s = (before->locked_until_us - job->job.now_us) / 1000000 + 1;
        return ERR_NONE;
    }
    return is_free(tx, job, same_person(job, before));
}

/* Said before, and the answer would be the same. */
static bool is_settled(const struct identity_set *job, const struct identity *before, bool asks)
{
    if (!same_person(job, before) || !text_is(before->name, job->name) || job->id_card_ids.count > 0)
        return false;
    if (text_is(before->state, "checking"))
        return !text_is(before->problem, "service_unavailable");
    return !asks || text_is(before->confirmed_by, "service") || text_is(before->confirmed_by, "staff");
}

/* ---- the pictures ---- */

/* The side was seen, be its validity readable or not. */
static bool shows_emblem(struct tx *tx, const struct id_card *card)
{
    const struct json *report = NULL;
    if (!text_is(card->side, "emblem") || json_read(card->report, strlen(card->report), tx->arena, &report) != ERR_NONE)
        return false;
    return text_is(card->state, "read") || text_is(json_text_at(report, "problem.code", ""), "validity_unread");
}

static enum err take_card(struct tx *tx, struct identity_set *job, const char *id)
{
    struct id_card card;
    const struct json *reading = NULL;
    TRY(id_card_get(tx, id, &card));
    if (!text_is(card.student_id, job->job.who->id))
        return ERR_NOT_FOUND;
    if (text_is(card.state, "processing"))
        return job_refuse(&job->job, ERR_REFUSED, "a picture of the card is still being read");
    if (text_is(card.state, "wrong_side"))
        return job_refuse(&job->job, ERR_REFUSED, "a picture shows the other side of the card");
    TRY(id_card_name(tx, job->job.who->id, id));
    if (card.reading != NULL)
        TRY(json_read(card.reading, strlen(card.reading), tx->arena, &reading));
    const char *number = json_text_at(reading, "id_number", NULL);
    job->now.portrait_shown |= card.portrait_blob_id != NULL;
    job->now.emblem_shown |= shows_emblem(tx, &card);
    job->now.number_read |= text_is(number, job->id_number);
    if (number != NULL && !text_is(number, job->id_number))
        job->now.problem = "number_differs";
    const char *until = json_text_at(reading, "valid_until", NULL);
    if (until != NULL)
        job->now.valid_until = until;
    return ERR_NONE;
}

static enum err take_cards(struct tx *tx, struct identity_set *job)
{
    for (size_t i = 0; i < job->id_card_ids.count; i++) {
        enum err e = take_card(tx, job, job->id_card_ids.items[i]);
        if (e == ERR_NOT_FOUND)
            return job_refuse(&job->job, ERR_REFUSED, "a picture of the card is not there any more; take it again");
        TRY(e);
    }
    return ERR_NONE;
}

/* ---- stated ---- */

static enum err asks_service(struct tx *tx, const struct identity_set *job, bool *asks)
{
    struct capture_session session;
    *asks = false;
    if (job->session_code == NULL)
        return ERR_NONE;
    enum err e = session_by_code(tx, job->session_code, &session);
    if (e == ERR_NOT_FOUND)
        return ERR_NO_SESSION;
    TRY(e);
    *asks = text_is(session.policy.real_name, "service");
    return ERR_NONE;
}

static enum err record(struct tx *tx, const struct identity_set *job, const char *action)
{
    const char *id = job->job.who->id;
    const char *detail = arena_printf(tx->arena, "{\"document_type\":\"%s\",\"problem\":\"%s\",\"card\":%s}",
                                      job->document_type, job->now.problem, job->now.portrait_shown ? "true" : "false");
    struct audit_entry entry = {job->job.now_us, "student", id, action, "student", id, detail};
    return audit_add(tx, &entry);
}

static enum err ask_service(struct tx *tx, const struct identity_set *job)
{
    const char *id = job->job.who->id;
    const char *payload =
        arena_printf(tx->arena, "{\"student_id\":\"%s\",\"number\":%" PRId64 "}", id, job->now.number);
    return outbox_put(tx, arena_printf(tx->arena, "%s-%" PRId64 "-real_name", id, job->now.number), "real_name", NULL,
                      payload, 0, job->job.now_us);
}

/* `before` may be NULL; the same person's pictures count again. */
static enum err state_it(struct tx *tx, struct identity_set *job, const struct identity *before, bool asks)
{
    bool taken = false;
    job->now = (struct identity){.student_id = job->job.who->id,
                                 .state = "checking",
                                 .document_type = job->document_type,
                                 .name = job->name,
                                 .id_number = job->id_number,
                                 .valid_until = "",
                                 .problem = ""};
    if (same_person(job, before)) {
        job->now.portrait_shown = before->portrait_shown;
        job->now.emblem_shown = before->emblem_shown;
        job->now.number_read = before->number_read;
        job->now.valid_until = before->valid_until;
    }
    TRY(take_cards(tx, job));
    bool refused = job->now.problem[0] != '\0';
    if (refused)
        job->now.state = "refused";
    TRY(identity_state(tx, &job->now, api()->identity_tries_max, job->job.now_us));
    TRY(record(tx, job, refused ? "identity_refused" : "identity_stated"));
    if (refused)
        return ERR_NONE;
    if (asks)
        return ask_service(tx, job);
    const struct identity_answer answer = {.student_id = job->now.student_id,
                                           .number = job->now.number,
                                           .state = "confirmed",
                                           .confirmed_by = "form",
                                           .problem = "",
                                           .now_us = job->job.now_us};
    return identity_decide(tx, &answer, &taken);
}

static enum err identity_set_body(struct tx *tx, struct identity_set *job, struct buf *out)
{
    return view_identity(tx, job->job.who->id, out);
}

static enum err identity_set_write(struct tx *tx, struct identity_set *job)
{
    struct identity before;
    bool asks = false;
    job->outcome = ERR_NONE;
    enum err e = identity_get(tx, job->job.who->id, &before);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    const struct identity *known = e == ERR_NONE ? &before : NULL;
    TRY(asks_service(tx, job, &asks));
    if (is_settled(job, known, asks))
        return COMPOSE(tx, job, identity_set_body);
    TRY(may_state(tx, job, known));
    if (job->outcome != ERR_NONE)
        return ERR_NONE;
    TRY(state_it(tx, job, known, asks));
    return COMPOSE(tx, job, identity_set_body);
}

static void identity_set_reply(struct exchange *x, struct identity_set *job)
{
    if (job->outcome == ERR_NONE) {
        job_reply(x, job);
        return;
    }
    exchange_retry_after(x, job->job.retry_after_s);
    exchange_send_error(x, job->outcome);
}
ENDPOINT(identity_set, struct identity_set, WRITE(identity_set_write))
