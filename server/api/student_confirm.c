/* Students: confirm twice. Step 1 shows what will be handed in and gives a token; step 2 brings it back.
 *
 * The token is a keyed hash over what was shown, so step 2 hands in exactly that, and nothing is stored in between. */
#include "api/job.h"
#include "api/student_rules.h"
#include "store/hand_in.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/transition.h"

#define TOKEN_S 600

struct confirm {
    struct job job;
    const char *id, *token;
    int64_t version, step;
    struct submission s;
    struct capture_session session;
    struct attempt attempt;
};

static const struct json_field confirm_fields[] = {
    JSON_FIELD(struct confirm, version, JSON_TO_INT, true, 1, INT64_C(1) << 53),
    JSON_FIELD(struct confirm, step, JSON_TO_INT, true, 1, 2),
    JSON_FIELD(struct confirm, token, JSON_TO_TEXT, false, 1, 200)};

static enum err confirm_decode(struct exchange *x, struct confirm *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, confirm_fields, countof(confirm_fields), job));
    if (job->step == 2 && job->token == NULL)
        return exchange_explain(x, ERR_BAD_FIELD, "token is needed in step 2; step 1 gives it");
    return ERR_NONE;
}

static const char *token_of(struct tx *tx, const struct confirm *job, int64_t expires_s)
{
    char hex[KEYRING_INDEX_TEXT_BYTES];
    const struct submission *s = &job->s;
    keyring_index(store_ring(tx), "confirm",
                  arena_printf(tx->arena, "%s|%" PRId64 "|%s|%" PRId64 "|%" PRId64, s->id, s->version, s->attempt_id,
                               s->price_fen, expires_s),
                  hex);
    return arena_printf(tx->arena, "%" PRId64 ".%s", expires_s, hex);
}

static bool token_is_good(struct tx *tx, const struct confirm *job)
{
    int64_t expires_s = 0, now_s = job->job.now_us / 1000000;
    const char *dot = strchr(job->token, '.');
    if (dot == NULL || !text_int(arena_text_n(tx->arena, job->token, (size_t)(dot - job->token)), &expires_s) ||
        expires_s < now_s || expires_s > now_s + TOKEN_S)
        return false;
    const char *want = token_of(tx, job, expires_s);
    return strlen(want) == strlen(job->token) && crypt_equal(want, job->token, strlen(want));
}

/* Says what is missing in words; the table says no without giving reasons. */
static enum err explain_refusal(struct tx *tx, struct confirm *job)
{
    const struct submission *s = &job->s;
    struct hand_in h;
    if (!rules_collects(s))
        return ERR_REFUSED;
    if (s->attempt_id == NULL)
        return job_refuse(&job->job, ERR_REFUSED, "choose a photo first");
    TRY(attempt_get(tx, s->attempt_id, &job->attempt));
    if (job->attempt.rejected)
        return job_refuse(&job->job, ERR_REFUSED, "the chosen photo was sent back; choose another");
    TRY(hand_in_read(tx, s, &job->session, &h));
    if (!h.given[HAND_IN_consents])
        return ERR_CONSENT_MISSING;
    TRY(rules_may_try(tx, &job->job, s, &job->session));
    enum hand_in_thing missing = hand_in_first_missing(&h);
    if (missing == HAND_IN_COUNT)
        return ERR_NONE;
    return job_refuse(&job->job, ERR_REFUSED, "%s", hand_in_sentence(missing));
}

static enum err put_person(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct student student;
    struct roster_entry entry = {.student_no = ""};
    TRY(student_get(tx, s->student_id, &student));
    if (s->roster_id != NULL)
        TRY(roster_get(tx, s->roster_id, &entry));
    const char *name = mask_name(tx->arena, student.name);
    json_put_text(out, "name_masked", name != NULL ? name : "");
    json_put_text(out, "student_no", entry.student_no);
    return ERR_NONE;
}

static enum err summary_body(struct tx *tx, struct confirm *job, struct buf *out)
{
    const struct policy *policy = &job->session.policy;
    json_object_open(out);
    json_name(out, "summary");
    json_object_open(out);
    json_put_text(out, "code", job->s.code);
    TRY(put_person(tx, &job->s, out));
    json_put_text(out, "school", job->session.school_name);
    json_put_text(out, "session_name", job->session.name);
    json_put_text(out, "attempt_id", job->attempt.id);
    json_put_int(out, "attempt_number", job->attempt.number);
    json_put_text(out, "verdict", job->attempt.verdict);
    json_put_int(out, "price_fen", job->s.price_fen);
    json_put_text(out, "payment", policy->payment);
    json_put_bool(out, "deliver_chsi", policy->deliver_chsi);
    json_put_bool(out, "deliver_print", policy->deliver_print);
    json_put_text(out, "deliver_mail", policy->deliver_mail);
    json_object_close(out);
    json_put_text(out, "token", token_of(tx, job, job->job.now_us / 1000000 + TOKEN_S));
    json_object_close(out);
    return ERR_NONE;
}

static enum err confirmed_body(struct tx *tx, struct confirm *job, struct buf *out)
{
    return submission_view(tx, &job->s, job->job.language, job->job.now_us, out, NULL);
}

static enum err confirm_write(struct tx *tx, struct confirm *job)
{
    TRY(submission_of_student(tx, job->id, job->job.who->id, &job->s));
    if (job->s.version != job->version)
        return ERR_STALE;
    TRY(session_get(tx, job->s.session_id, &job->session));
    TRY(explain_refusal(tx, job));
    if (job->step == 1)
        return COMPOSE(tx, job, summary_body);
    if (!token_is_good(tx, job))
        return job_refuse(&job->job, ERR_STALE, "the token of step 1 is too old or for something else; begin again");
    const struct move move = {.submission_id = job->s.id,
                              .event = EV_confirm,
                              .expect_version = job->version,
                              .actor_kind = ACTOR_STUDENT,
                              .actor_id = job->s.student_id,
                              .now_us = job->job.now_us};
    TRY(transition_apply(tx, &move, &job->s));
    return COMPOSE(tx, job, confirmed_body);
}
ANSWERED_ONCE(confirm, struct confirm, WRITE(confirm_write))
