/* notify — one move, told once to one student: always in the inbox, by WeChat when an accepted prompt is left.
 *
 * The inbox row is written first, marked "sending" when WeChat is going to be tried. So after a crash or an answer that
 * never came we know that it may have arrived: the next try's 43101 (no prompt left) then means it did (reliability.md
 * 1.4). WeChat knows no deduplication key; a second copy is possible only after such an ambiguous end. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/message.h"
#include "store/payment.h"
#include "store/quota.h"

struct notify {
    struct effect *effect;
    struct store_unit unit;
    const struct wechat_config *config;
    const struct wechat_template *tmpl; /* NULL: inbox only */
    const char *student_id, *kind, *detail;
    char message_id[CRYPT_ID_TEXT_BYTES];
    int64_t moved_us, now_us;

    /* from the first unit */
    bool send, ambiguous, arrived;
    const char *openid;
    enum language lang;
    int64_t amount_fen;

    struct wechat_message message;
    struct wechat_sent sent;
};

/* ---- first unit: inbox, and whether to send ---- */

static enum err recipient(struct tx *tx, struct notify *n)
{
    const char *openid = NULL;
    enum err e = message_recipient(tx, n->student_id, &openid, &n->lang);
    if (e == ERR_CORRUPT || e == ERR_NOT_FOUND) {
        n->send = false; /* erased, or sealed by a key we no longer have: the inbox must do */
        return ERR_NONE;
    }
    n->openid = e == ERR_NONE ? arena_text(n->effect->arena, openid) : NULL;
    return e;
}

static enum err amount(struct tx *tx, struct notify *n)
{
    struct payment payment;
    enum err e = n->effect->row.submission_id == NULL ? ERR_NOT_FOUND
                                                      : payment_newest(tx, n->effect->row.submission_id, &payment);
    n->amount_fen = e == ERR_NONE ? payment.amount_fen : 0;
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err prepare(struct tx *tx, void *job)
{
    struct notify *n = job;
    const struct message_row row = {.id = n->message_id,
                                    .submission_id = n->effect->row.submission_id,
                                    .kind = n->kind,
                                    .detail = n->detail,
                                    .channel = MESSAGE_CHANNEL_INBOX,
                                    .created_us = n->moved_us};
    const char *channel = NULL;
    int64_t remaining = 0;
    n->send = n->ambiguous = n->arrived = false;
    TRY(message_add(tx, &row, n->student_id));
    TRY(message_channel(tx, n->message_id, &channel));
    n->arrived = text_is(channel, MESSAGE_CHANNEL_WECHAT);
    n->ambiguous = text_is(channel, MESSAGE_CHANNEL_SENDING);
    if (n->arrived || n->tmpl == NULL)
        return ERR_NONE;
    TRY(quota_remaining(tx, n->student_id, n->tmpl->id, &remaining));
    n->send = remaining > 0;
    if (!n->send)
        return ERR_NONE;
    TRY(recipient(tx, n));
    if (!n->send)
        return ERR_NONE;
    TRY(amount(tx, n));
    return message_set_channel(tx, n->message_id, MESSAGE_CHANNEL_SENDING);
}

/* ---- last unit: what became of it ---- */

static enum err settle(struct tx *tx, void *job)
{
    struct notify *n = job;
    const char *channel = NULL;
    TRY(message_channel(tx, n->message_id, &channel));
    if (!text_is(channel, MESSAGE_CHANNEL_SENDING))
        return ERR_NONE; /* this unit has run before */
    switch (n->sent.result) {
    case WECHAT_DELIVERED:
        TRY(quota_spend(tx, n->student_id, n->tmpl->id, n->now_us));
        return message_set_channel(tx, n->message_id, MESSAGE_CHANNEL_WECHAT);
    case WECHAT_REFUSED:
        TRY(quota_clear(tx, n->student_id, n->tmpl->id, n->now_us));
        return message_set_channel(tx, n->message_id, n->ambiguous ? MESSAGE_CHANNEL_WECHAT : MESSAGE_CHANNEL_INBOX);
    case WECHAT_AGAIN:
        if (n->sent.maybe || n->ambiguous)
            return ERR_NONE; /* stays "sending" */
        return message_set_channel(tx, n->message_id, MESSAGE_CHANNEL_INBOX);
    case WECHAT_FAILED:
        return message_set_channel(tx, n->message_id, MESSAGE_CHANNEL_INBOX);
    }
    return ERR_NONE;
}

static void settled(struct store_unit *unit)
{
    struct notify *n = container_of(unit, struct notify, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(n->effect, unit->result, "notify");
        return;
    }
    switch (n->sent.result) {
    case WECHAT_DELIVERED:
        effect_end(n->effect, OUTBOX_DONE, 0, "wechat");
        break;
    case WECHAT_REFUSED:
        effect_end(n->effect, OUTBOX_DONE, 0,
                   n->ambiguous ? "wechat: arrived before" : "inbox: WeChat has no prompt left");
        break;
    case WECHAT_AGAIN:
        effect_end(n->effect, n->sent.maybe ? OUTBOX_UNKNOWN : OUTBOX_RETRY, n->sent.pause_us, "wechat: %s",
                   n->sent.words);
        break;
    case WECHAT_FAILED:
        effect_end(n->effect, OUTBOX_DEAD, 0, "inbox; wechat refused: %s", n->sent.words);
        break;
    }
}

static void on_sent(struct wechat_message *message, const struct wechat_sent *sent)
{
    struct notify *n = message->arg;
    n->sent = *sent;
    n->now_us = clock_utc_us();
    effect_unit(n->effect, &n->unit, STORE_WRITE, settle, n, settled);
}

/* ---- the message ---- */

static const char *time_text(struct arena *arena, int64_t utc_us)
{
    struct clock_civil c = clock_civil_cn(utc_us);
    return arena_printf(arena, "%04d年%d月%d日 %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

static void tell(struct notify *n)
{
    struct arena *arena = n->effect->arena;
    const struct json *payload = effect_payload(n->effect);
    struct message_words words;
    message_render(n->kind, n->detail, n->lang, arena, &words);
    const struct wechat_values values = {
        .phrase = message_phrase(n->kind),
        .remark = words.short_text,
        .time = time_text(arena, n->moved_us),
        .code = json_text_at(payload, "code", ""),
        .tracking = json_text_at(payload, "tracking_no", ""),
        .amount = arena_printf(arena, "%" PRId64 ".%02" PRId64 "元", n->amount_fen / 100, n->amount_fen % 100),
    };
    n->message = (struct wechat_message){
        .openid = n->openid, .template_id = n->tmpl->id, .lang = n->lang, .arena = arena, .done = on_sent, .arg = n};
    if (wechat_data(n->tmpl, &values, arena, &n->message.data) != ERR_NONE) {
        effect_end(n->effect, OUTBOX_DEAD, 0, "inbox; no WeChat fields for %s", n->kind);
        return;
    }
    wechat_send(&outside_of(n->effect)->wechat, &n->message);
}

static void prepared(struct store_unit *unit)
{
    struct notify *n = container_of(unit, struct notify, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(n->effect, unit->result, "notify");
        return;
    }
    if (!n->send) {
        effect_end(n->effect, OUTBOX_DONE, 0, "%s", n->arrived ? "wechat" : "inbox");
        return;
    }
    if (outside_open(n->effect))
        tell(n);
}

static const char *detail_of(struct effect *effect, const struct json *payload)
{
    static const char *const names[] = {"event", "to", "code", "reasons", "note", "carrier", "tracking_no"};
    struct buf b;
    buf_init(&b, KIB(16));
    json_object_open(&b);
    for (size_t i = 0; i < countof(names); i++) {
        const struct json *value = json_at(payload, names[i]);
        if (value != NULL && !(value->kind == JSON_TEXT && value->text[0] == '\0')) {
            json_name(&b, names[i]);
            json_tree(&b, value);
        }
    }
    json_object_close(&b);
    const char *detail = b.over ? "{}" : arena_text_n(effect->arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return detail;
}

void notify_start(struct effect *effect)
{
    struct notify *n = ARENA_NEW(effect->arena, struct notify);
    const struct json *payload = effect_payload(effect);
    n->effect = effect;
    n->config = &outside_of(effect)->config->wechat;
    n->student_id = json_text_at(payload, "student_id", NULL);
    n->kind = message_kind_of(json_text_at(payload, "event", NULL), json_text_at(payload, "to", NULL));
    if (n->student_id == NULL || n->kind == NULL) {
        effect_end(effect, OUTBOX_DEAD, 0, "no message for this move");
        return;
    }
    enum message_template tmpl = message_template_of(n->kind);
    n->tmpl =
        tmpl == MESSAGE_TEMPLATE_none || n->config->templates[tmpl].id[0] == '\0' ? NULL : &n->config->templates[tmpl];
    n->moved_us = json_int_at(payload, "moved_us", effect->row.created_us);
    n->detail = detail_of(effect, payload);
    message_id_of(effect->row.id, n->moved_us, n->message_id);
    effect_unit(effect, &n->unit, STORE_WRITE, prepare, n, prepared);
}
