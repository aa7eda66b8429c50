/* webhook — other systems hear of every move.
 *
 * publish: one move → one "webhook" row per enabled endpoint, ids made from the move's row, so a second run adds
 * nothing. webhook: one signed POST (Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature). The body is
 * made once and is the same in every try; it holds ids and states, no personal data. The receiver drops a webhook-id it
 * has seen. 2xx is success; 410 switches the endpoint off; 429 and 503 are obeyed when they ask for a pause; any other
 * answer, a redirect included, is a failure. After 120 h of failures only, the endpoint is switched off
 * (reliability.md 1.1). */
#include "dispatch/webhook.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "dispatch/url_guard.h"
#include "dispatch/wecom.h"
#include "store/webhook_store.h"

#define BODY_BYTES_MAX 20000
#define PAUSE_MAX_US   SECONDS_US(24 * 3600)

/* ---- publish: fan out ---- */

struct publish {
    struct effect *effect;
    struct store_unit unit;
    const char *body;
    int64_t now_us;
};

static const char *body_of(struct effect *effect, const struct json *payload)
{
    static const char *const names[] = {"submission_id", "code", "from", "event", "to", "version"};
    struct buf b;
    buf_init(&b, BODY_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "type", "submission.moved");
    json_put_time(&b, "timestamp", json_int_at(payload, "moved_us", effect->row.created_us));
    json_name(&b, "data");
    json_object_open(&b);
    for (size_t i = 0; i < countof(names); i++)
        if (json_at(payload, names[i]) != NULL) {
            json_name(&b, names[i]);
            json_tree(&b, json_at(payload, names[i]));
        }
    json_object_close(&b);
    json_object_close(&b);
    CHECK(!b.over); /* six fields we wrote ourselves */
    const char *body = arena_text_n(effect->arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return body;
}

static const char *payload_for(struct tx *tx, const char *webhook_id, const char *body)
{
    struct buf b;
    buf_init(&b, KIB(48));
    json_object_open(&b);
    json_put_text(&b, "webhook_id", webhook_id);
    json_put_text(&b, "body", body);
    json_object_close(&b);
    const char *payload = arena_text_n(tx->arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return payload;
}

static enum err fan_out(struct tx *tx, void *job)
{
    struct publish *p = job;
    const struct outbox_row *row = &p->effect->row;
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
    TRY(webhook_list(tx, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        if (list[i].disabled)
            continue;
        const char *id = arena_printf(tx->arena, "%s:%s", row->id, list[i].id);
        TRY(outbox_put(tx, id, "webhook", row->submission_id, payload_for(tx, list[i].id, p->body), 0, p->now_us));
    }
    return ERR_NONE;
}

static void fanned_out(struct store_unit *unit)
{
    struct publish *p = container_of(unit, struct publish, unit);
    if (unit->result != ERR_NONE)
        effect_failed(p->effect, unit->result, "publish");
    else
        effect_end(p->effect, OUTBOX_DONE, 0, "%s", "");
}

void publish_start(struct effect *effect)
{
    struct publish *p = ARENA_NEW(effect->arena, struct publish);
    p->effect = effect;
    p->body = body_of(effect, effect_payload(effect));
    p->now_us = clock_utc_us();
    effect_unit(effect, &p->unit, STORE_WRITE, fan_out, p, fanned_out);
}

/* ---- webhook: one call ---- */

struct call {
    struct effect *effect;
    struct store_unit unit;
    struct client_request request;
    const char *webhook_id, *body;

    /* from the first unit */
    const char *url;
    unsigned char secret[WEBHOOK_SECRET_BYTES];
    bool wanted;

    /* from the call */
    enum client_outcome outcome;
    int status;
    int64_t pause_us, now_us;
    const char *words;
    bool switched_off;
};

static bool went_well(const struct call *c)
{
    return c->outcome == CLIENT_ANSWERED && c->status >= 200 && c->status < 300;
}

static enum err note(struct tx *tx, void *job)
{
    struct call *c = job;
    c->switched_off = false;
    if (c->outcome == CLIENT_ANSWERED && c->status == 410) {
        c->switched_off = true;
        return webhook_disable(tx, c->webhook_id, true);
    }
    return webhook_note(tx, c->webhook_id, !went_well(c), c->now_us, &c->switched_off);
}

static void noted(struct store_unit *unit)
{
    struct call *c = container_of(unit, struct call, unit);
    struct effect *effect = c->effect;
    if (unit->result != ERR_NONE) {
        effect_failed(effect, unit->result, "webhook");
        return;
    }
    if (c->switched_off) {
        struct outside *o = outside_of(effect);
        LOG(ERROR, "webhook.switched_off", "webhook=%s status=%d", c->webhook_id, c->status);
        if (!o->closing)
            wecom_alert(o->wecom,
                        arena_printf(effect->arena, "学影：webhook %s 已停用。\nXueying: webhook %s is switched off.",
                                     c->webhook_id, c->webhook_id));
    }
    if (went_well(c))
        effect_end(effect, OUTBOX_DONE, 0, "status %d", c->status);
    else if (c->switched_off)
        effect_end(effect, OUTBOX_DEAD, 0, "status %d: webhook switched off", c->status);
    else if (c->outcome == CLIENT_ANSWERED)
        effect_end(effect, OUTBOX_RETRY, c->pause_us, "status %d", c->status);
    else
        effect_end(effect, c->outcome == CLIENT_UNKNOWN ? OUTBOX_UNKNOWN : OUTBOX_RETRY, c->pause_us, "%s", c->words);
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct call *c = request->arg;
    crypt_wipe(c->secret, sizeof c->secret);
    c->outcome = answer->outcome;
    c->status = answer->status;
    c->words = answer->words;
    c->pause_us = answer->retry_after_us > PAUSE_MAX_US ? PAUSE_MAX_US : answer->retry_after_us;
    c->now_us = clock_utc_us();
    if (outside_of(c->effect)->closing && c->outcome == CLIENT_NOT_SENT) {
        effect_end(c->effect, OUTBOX_RETRY, 0, "stopping"); /* not the endpoint's fault */
        return;
    }
    effect_unit(c->effect, &c->unit, STORE_WRITE, note, c, noted);
}

static void post(struct call *c)
{
    struct arena *arena = c->effect->arena;
    const char *id = c->effect->row.id;
    char signature[WEBHOOK_SIGNATURE_BYTES];
    const char *timestamp = arena_printf(arena, "%" PRId64, clock_utc_us() / 1000000);
    webhook_sign(c->secret, sizeof c->secret, id, timestamp, c->body, strlen(c->body), signature);
    c->request = (struct client_request){
        .method = "POST",
        .url = c->url,
        .headers = {"Content-Type: application/json", arena_printf(arena, "webhook-id: %s", id),
                    arena_printf(arena, "webhook-timestamp: %s", timestamp),
                    arena_printf(arena, "webhook-signature: %s", signature)},
        .body = c->body,
        .body_len = strlen(c->body),
        .guarded = true,
        .done = on_answer,
        .arg = c,
    };
    client_send(outside_of(c->effect)->client, &c->request);
}

static enum err look_up(struct tx *tx, void *job)
{
    struct call *c = job;
    struct webhook webhook;
    enum err e = webhook_get(tx, c->webhook_id, &webhook);
    c->wanted = e == ERR_NONE && !webhook.disabled;
    if (c->wanted) {
        c->url = arena_text(c->effect->arena, webhook.url);
        memcpy(c->secret, webhook.secret, sizeof c->secret);
    }
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static void looked_up(struct store_unit *unit)
{
    struct call *c = container_of(unit, struct call, unit);
    char why[256];
    if (unit->result != ERR_NONE)
        effect_failed(c->effect, unit->result, "webhook");
    else if (!c->wanted)
        effect_end(c->effect, OUTBOX_DONE, 0, "webhook removed or switched off");
    else if (url_guard(c->url, outside_of(c->effect)->config->allow_private, why) != ERR_NONE)
        effect_end(c->effect, OUTBOX_DEAD, 0, "%s", why); /* the rules have changed since it was added */
    else if (outside_open(c->effect))
        post(c);
}

void webhook_start(struct effect *effect)
{
    struct call *c = ARENA_NEW(effect->arena, struct call);
    const struct json *payload = effect_payload(effect);
    c->effect = effect;
    c->webhook_id = json_text_at(payload, "webhook_id", NULL);
    c->body = json_text_at(payload, "body", NULL);
    if (c->webhook_id == NULL || c->body == NULL || strlen(c->body) > BODY_BYTES_MAX)
        effect_end(effect, OUTBOX_DEAD, 0, "row without webhook");
    else
        effect_unit(effect, &c->unit, STORE_READ, look_up, c, looked_up);
}
