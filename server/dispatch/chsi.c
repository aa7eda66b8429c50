/* chsi — approved photos to CHSI, each once.
 *
 * Without a connector's address an effect ends at once: then photos go by package and receipt in the console. With one:
 *
 *     ask for the photo's key → there: handed over     (intent; also after a crash: was it sent?)
 *                             → absent: send it, taken → handed over; no answer → unknown, next try asks first
 *     then rows "chsi_result" ask for the result, each putting the next one, until accepted or refused
 *
 * The key is submission and photo, so even a copy sent twice is one at the other side. Protocol of the stand-in:
 * PUT /v1/photos/{key} (image/jpeg, headers Submission-Code and, when one was read, Collection-Code: its payload in
 * base64) → 201; GET → {"state": received|accepted|refused, "reason"}. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/handover.h"

#define UPLOAD_MS        30000
#define FIRST_PAUSE_US   SECONDS_US(10)
#define LONGEST_PAUSE_US SECONDS_US(3600)

struct chsi {
    struct effect *effect;
    struct store_unit unit;
    struct client_request request;
    struct file_job file;
    const char *url; /* of the connector */

    /* the photo: chsi from the first unit, chsi_result from the payload */
    bool wanted;
    const char *code, *attempt_id, *key, *blob_id;
    const char *collection_code; /* base64; NULL: none */
    const void *sealed_key;
    size_t sealed_key_len;

    int64_t round, now_us;
    bool accepted;
    const char *reason;
};

static struct chsi *chsi_new(struct effect *effect)
{
    struct chsi *c = ARENA_NEW(effect->arena, struct chsi);
    c->effect = effect;
    c->url = outside_of(effect)->config->chsi_url;
    if (effect->row.submission_id == NULL) {
        effect_end(effect, OUTBOX_DEAD, 0, "row without submission");
        return NULL;
    }
    if (c->url == NULL || c->url[0] == '\0') {
        effect_end(effect, OUTBOX_DONE, 0, "by package");
        return NULL;
    }
    return c;
}

/* No answer, or none we can use. */
static void chsi_failed(struct chsi *c, const struct client_answer *answer)
{
    if (answer->outcome == CLIENT_ANSWERED && answer->status >= 400 && answer->status < 500 && answer->status != 429)
        effect_end(c->effect, OUTBOX_DEAD, 0, "chsi: status %d", answer->status);
    else if (answer->outcome == CLIENT_ANSWERED)
        effect_end(c->effect, OUTBOX_RETRY, answer->retry_after_us, "chsi: status %d", answer->status);
    else
        effect_end(c->effect, answer->outcome == CLIENT_UNKNOWN ? OUTBOX_UNKNOWN : OUTBOX_RETRY, answer->retry_after_us,
                   "chsi: %s", answer->words);
}

static void ask(struct chsi *c, void (*done)(struct client_request *, const struct client_answer *))
{
    struct arena *arena = c->effect->arena;
    c->request = (struct client_request){
        .method = "GET",
        .url = arena_printf(arena, "%s/v1/photos/%s", c->url, client_escape(arena, c->key)),
        .repeatable = true,
        .done = done,
        .arg = c,
    };
    client_send(outside_of(c->effect)->client, &c->request);
}

/* ---- handed over ---- */

/* The row that asks for the result; its id is made from its round, so a second run adds nothing. */
static enum err put_result_row(struct tx *tx, struct chsi *c, const char *base, int64_t round)
{
    struct buf b;
    int64_t pause_us = FIRST_PAUSE_US;
    for (int64_t i = 0; i < round && pause_us < LONGEST_PAUSE_US; i++)
        pause_us *= 4;
    if (pause_us > LONGEST_PAUSE_US)
        pause_us = LONGEST_PAUSE_US;
    pause_us = pause_us / 100 * outside_of(c->effect)->config->retry_scale_percent;
    buf_init(&b, KIB(2));
    json_object_open(&b);
    json_put_text(&b, "base", base);
    json_put_int(&b, "round", round);
    json_put_text(&b, "key", c->key);
    json_put_text(&b, "attempt_id", c->attempt_id);
    json_object_close(&b);
    const char *payload = arena_text_n(tx->arena, buf_cstr(&b), b.len);
    buf_release(&b);
    const char *id = arena_printf(tx->arena, "%s:result:%" PRId64, base, round);
    return outbox_put(tx, id, "chsi_result", c->effect->row.submission_id, payload, c->now_us + pause_us, c->now_us);
}

static enum err handed_over_step(struct tx *tx, void *job)
{
    struct chsi *c = job;
    TRY(handover_sent(tx, c->effect->row.submission_id, c->now_us));
    return put_result_row(tx, c, c->effect->row.id, 0);
}

static void written(struct store_unit *unit)
{
    struct chsi *c = container_of(unit, struct chsi, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "chsi");
    else
        effect_end(c->effect, OUTBOX_DONE, 0, "%s", "");
}

static void handed_over(struct chsi *c)
{
    c->now_us = clock_utc_us();
    effect_unit(c->effect, &c->unit, STORE_WRITE, handed_over_step, c, written);
}

static void on_taken(struct client_request *request, const struct client_answer *answer)
{
    struct chsi *c = request->arg;
    free(c->file.bytes);
    if (answer->outcome == CLIENT_ANSWERED && (answer->status == 200 || answer->status == 201))
        handed_over(c);
    else
        chsi_failed(c, answer);
}

static void on_photo(struct file_job *job)
{
    struct chsi *c = job->owner;
    struct arena *arena = c->effect->arena;
    if (job->result != ERR_NONE) {
        effect_failed(c->effect, job->result, "photo");
        return;
    }
    if (outside_of(c->effect)->closing) {
        free(job->bytes);
        effect_end(c->effect, OUTBOX_RETRY, 0, "stopping");
        return;
    }
    c->request = (struct client_request){
        .method = "PUT",
        .url = arena_printf(arena, "%s/v1/photos/%s", c->url, client_escape(arena, c->key)),
        .headers = {"Content-Type: image/jpeg", arena_printf(arena, "Submission-Code: %s", c->code),
                    c->collection_code == NULL ? NULL : arena_printf(arena, "Collection-Code: %s", c->collection_code)},
        .body = job->bytes,
        .body_len = job->len,
        .total_ms = UPLOAD_MS,
        .done = on_taken,
        .arg = c,
    };
    client_send(outside_of(c->effect)->client, &c->request);
}

static void on_asked(struct client_request *request, const struct client_answer *answer)
{
    struct chsi *c = request->arg;
    if (answer->outcome == CLIENT_ANSWERED && answer->status == 200) {
        handed_over(c);
        return;
    }
    if (answer->outcome != CLIENT_ANSWERED || answer->status != 404) {
        struct client_answer nothing_sent = *answer;
        if (answer->outcome == CLIENT_UNKNOWN)
            nothing_sent.outcome = CLIENT_NOT_SENT; /* a question changes nothing */
        chsi_failed(c, &nothing_sent);
        return;
    }
    c->file = (struct file_job){.done = on_photo,
                                .owner = c,
                                .id = c->blob_id,
                                .sealed_key = c->sealed_key,
                                .sealed_key_len = c->sealed_key_len};
    if (files_read(dispatch_files(c->effect->dispatch), &c->file) != ERR_NONE)
        effect_end(c->effect, OUTBOX_RETRY, 0, "too many files wait");
}

static enum err look_up(struct tx *tx, void *job)
{
    struct chsi *c = job;
    struct arena *arena = c->effect->arena;
    struct handover_photo photo;
    TRY(handover_photo(tx, c->effect->row.submission_id, &photo));
    c->wanted = photo.wanted;
    if (!photo.wanted)
        return ERR_NONE;
    c->code = arena_text(arena, photo.submission.code);
    c->attempt_id = arena_text(arena, photo.submission.attempt_id);
    c->key = arena_text(arena, photo.key);
    c->blob_id = arena_text(arena, photo.blob_id);
    c->sealed_key = arena_copy(arena, photo.sealed_key, photo.sealed_key_len);
    c->sealed_key_len = photo.sealed_key_len;
    if (photo.collection_code != NULL) {
        char *text = arena_alloc(arena, photo.collection_code_len * 4 / 3 + 5);
        crypt_base64(photo.collection_code, photo.collection_code_len, false, text);
        c->collection_code = text;
    }
    return ERR_NONE;
}

static void looked_up(struct store_unit *unit)
{
    struct chsi *c = container_of(unit, struct chsi, unit);
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "chsi");
    else if (!c->wanted)
        effect_end(c->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (outside_open(c->effect))
        ask(c, on_asked);
}

void chsi_start(struct effect *effect)
{
    struct chsi *c = chsi_new(effect);
    if (c != NULL)
        effect_unit(effect, &c->unit, STORE_READ, look_up, c, looked_up);
}

/* ---- result ---- */

static enum err result_step(struct tx *tx, void *job)
{
    struct chsi *c = job;
    return handover_result(tx, c->effect->row.submission_id, c->attempt_id, c->accepted, c->reason, c->now_us);
}

static enum err later_step(struct tx *tx, void *job)
{
    struct chsi *c = job;
    return put_result_row(tx, c, json_text_at(effect_payload(c->effect), "base", c->effect->row.id), c->round + 1);
}

static void on_result(struct client_request *request, const struct client_answer *answer)
{
    struct chsi *c = request->arg;
    const struct json *tree = NULL;
    const char *state = NULL;
    c->now_us = clock_utc_us();
    if (answer->outcome == CLIENT_ANSWERED && answer->status == 200 &&
        json_read(answer->body, answer->len, c->effect->arena, &tree) == ERR_NONE)
        state = json_text_at(tree, "state", NULL);
    if (text_is(state, "accepted") || text_is(state, "refused")) {
        c->accepted = text_is(state, "accepted");
        c->reason = json_text_at(tree, "reason", "");
        effect_unit(c->effect, &c->unit, STORE_WRITE, result_step, c, written);
    } else if (text_is(state, "received")) {
        effect_unit(c->effect, &c->unit, STORE_WRITE, later_step, c, written);
    } else if (answer->outcome == CLIENT_ANSWERED && answer->status == 404) {
        LOG(ERROR, "chsi.photo_lost", "submission=%s", c->effect->row.submission_id);
        effect_end(c->effect, OUTBOX_DEAD, 0, "chsi: it no longer knows the photo");
    } else {
        effect_end(c->effect, OUTBOX_RETRY, answer->retry_after_us, "chsi: status %d %s", answer->status,
                   answer->words);
    }
}

void chsi_result_start(struct effect *effect)
{
    struct chsi *c = chsi_new(effect);
    if (c == NULL)
        return;
    const struct json *payload = effect_payload(effect);
    c->key = json_text_at(payload, "key", NULL);
    c->attempt_id = json_text_at(payload, "attempt_id", NULL);
    c->round = json_int_at(payload, "round", 0);
    if (c->key == NULL || c->attempt_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without photo");
    else if (outside_open(effect))
        ask(c, on_result);
}
