/* real_name — payload {"student_id", "number"}: see real_name.h.
 *
 * read the statement → ask → one unit: what became of it. A statement that is decided, or no longer the newest, needs
 * nothing. */
#include "dispatch/real_name.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "dispatch/webhook.h"
#include "store/audit.h"
#include "store/identity.h"

#define ANSWER_ARENA_BYTES KIB(64)

struct real_name {
    struct effect *effect;
    struct store_unit unit;
    struct client_request request;
    const char *student_id;
    int64_t number, now_us, pause_us;

    bool wanted; /* by the first unit, in effect->arena */
    const char *name, *id_number, *document_type;

    enum real_name_result result;
    const char *words; /* of an answer that did not come; no data */
    bool taken;
};

static const char *const results[] = {
    [REAL_NAME_MATCH] = "match",
    [REAL_NAME_MISMATCH] = "mismatch",
    [REAL_NAME_UNKNOWN_NUMBER] = "unknown_number",
    [REAL_NAME_ILLEGAL_NUMBER] = "illegal_number",
    [REAL_NAME_ILLEGAL_NAME] = "illegal_name",
};

enum real_name_result real_name_read(const char *body, size_t len)
{
    const struct json *tree = NULL;
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    enum real_name_result result = REAL_NAME_LATER;
    if (json_read(body, len, arena, &tree) == ERR_NONE)
        for (size_t i = 0; i < countof(results); i++)
            if (text_is(json_text_at(tree, "result", ""), results[i]))
                result = (enum real_name_result)i;
    arena_free(arena);
    return result;
}

/* ---- last: the unit that makes it so ---- */

static const char *problem_of(enum real_name_result result)
{
    static const char *const problems[] = {
        [REAL_NAME_MATCH] = "",
        [REAL_NAME_MISMATCH] = "name_mismatch",
        [REAL_NAME_UNKNOWN_NUMBER] = "number_unknown",
        [REAL_NAME_ILLEGAL_NUMBER] = "number_illegal",
        [REAL_NAME_ILLEGAL_NAME] = "name_illegal",
        [REAL_NAME_LATER] = "service_unavailable",
    };
    return problems[result];
}

/* What left this server, and what came of it. */
static enum err record(struct tx *tx, const struct real_name *r)
{
    const char *word = r->result == REAL_NAME_LATER ? "unavailable" : results[r->result];
    return audit_add(tx, &(struct audit_entry){.at_us = r->now_us,
                                               .actor_kind = "server",
                                               .actor_id = "real_name",
                                               .action = "identity_asked",
                                               .object_kind = "student",
                                               .object_id = r->student_id,
                                               .detail = arena_printf(tx->arena, "{\"result\":\"%s\"}", word)});
}

static enum err save_step(struct tx *tx, void *job)
{
    struct real_name *r = job;
    bool waits = r->result == REAL_NAME_LATER || r->result == REAL_NAME_UNKNOWN_NUMBER;
    r->taken = false;
    TRY(record(tx, r));
    if (waits)
        return identity_waits(tx, r->student_id, r->number, problem_of(r->result));
    const struct identity_answer answer = {.student_id = r->student_id,
                                           .number = r->number,
                                           .state = r->result == REAL_NAME_MATCH ? "confirmed" : "refused",
                                           .confirmed_by = "service",
                                           .problem = problem_of(r->result),
                                           .now_us = r->now_us};
    return identity_decide(tx, &answer, &r->taken);
}

static void saved(struct store_unit *unit)
{
    struct real_name *r = container_of(unit, struct real_name, unit);
    if (unit->result != ERR_NONE)
        effect_failed(r->effect, unit->result, "save");
    else if (r->result == REAL_NAME_LATER && r->words == NULL)
        effect_end(r->effect, OUTBOX_DONE, 0, "no service is configured: people look");
    else if (r->result == REAL_NAME_LATER)
        effect_end(r->effect, OUTBOX_RETRY, r->pause_us, "%s", r->words);
    else
        effect_end(r->effect, OUTBOX_DONE, 0, "%s", results[r->result]);
}

static void save(struct real_name *r, enum real_name_result result, const char *words)
{
    r->result = result;
    r->words = words;
    r->now_us = clock_utc_us();
    effect_unit(r->effect, &r->unit, STORE_WRITE, save_step, r, saved);
}

/* ---- the question ---- */

static void answered(struct client_request *request, const struct client_answer *answer)
{
    struct real_name *r = request->arg;
    r->pause_us = answer->retry_after_us;
    if (answer->outcome != CLIENT_ANSWERED)
        save(r, REAL_NAME_LATER, answer->words);
    else if (answer->status != 200)
        save(r, REAL_NAME_LATER, arena_printf(r->effect->arena, "status %d", answer->status));
    else
        save(r, real_name_read(answer->body, answer->len), "the service cannot say now");
}

static void ask(struct real_name *r, const struct real_name_config *config)
{
    char signature[WEBHOOK_SIGNATURE_BYTES];
    struct arena *arena = r->effect->arena;
    const char *id = r->effect->row.id, *key = config->key != NULL ? config->key : "";
    const char *timestamp = arena_printf(arena, "%" PRId64, clock_utc_us() / 1000000);
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "id", id);
    json_put_text(&b, "name", r->name);
    json_put_text(&b, "id_number", r->id_number);
    json_put_text(&b, "document_type", r->document_type);
    json_object_close(&b);
    CHECK(!b.over); /* a name has 60 characters, a number 24 */
    webhook_sign(key, strlen(key), id, timestamp, b.bytes, b.len, signature);
    r->request =
        (struct client_request){.method = "POST",
                                .url = config->url,
                                .headers = {"Content-Type: application/json", arena_printf(arena, "webhook-id: %s", id),
                                            arena_printf(arena, "webhook-timestamp: %s", timestamp),
                                            arena_printf(arena, "webhook-signature: %s", signature)},
                                .body = arena_copy(arena, b.bytes, b.len),
                                .body_len = b.len,
                                .guarded = !config->allow_private,
                                .repeatable = true, /* a question */
                                .done = answered,
                                .arg = r};
    buf_release(&b);
    client_send(outside_of(r->effect)->client, &r->request);
}

/* ---- first: what is needed ---- */

static enum err load_step(struct tx *tx, void *job)
{
    struct real_name *r = job;
    struct arena *arena = r->effect->arena;
    struct identity identity;
    r->wanted = false;
    enum err e = identity_get(tx, r->student_id, &identity);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    r->wanted = identity.number == r->number && text_is(identity.state, "checking") && identity.name != NULL &&
                identity.id_number != NULL;
    if (!r->wanted)
        return ERR_NONE;
    r->name = arena_text(arena, identity.name);
    r->id_number = arena_text(arena, identity.id_number);
    r->document_type = arena_text(arena, identity.document_type);
    return ERR_NONE;
}

static void loaded(struct store_unit *unit)
{
    struct real_name *r = container_of(unit, struct real_name, unit);
    const struct real_name_config *config = &outside_of(r->effect)->config->real_name;
    if (unit->result != ERR_NONE)
        effect_failed(r->effect, unit->result, "load");
    else if (!r->wanted)
        effect_end(r->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (config->url == NULL || config->url[0] == '\0')
        save(r, REAL_NAME_LATER, NULL);
    else if (outside_open(r->effect))
        ask(r, config);
}

void real_name_start(struct effect *effect)
{
    struct real_name *r = ARENA_NEW(effect->arena, struct real_name);
    const struct json *payload = effect_payload(effect);
    effect->work = r;
    r->effect = effect;
    r->student_id = json_text_at(payload, "student_id", NULL);
    r->number = json_int_at(payload, "number", 0);
    if (r->student_id == NULL || r->number <= 0)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without student_id or number");
    else
        effect_unit(effect, &r->unit, STORE_READ, load_step, r, loaded);
}
