/* notify — one message carried to one student, channel after channel until one takes it.
 *
 *     customer message (answers of the service, inside WeChat's window) → subscription message → the service account's
 *     template message → text message → nothing more: the inbox has had it since the message was written
 *
 * Every channel tried or skipped is a row of message_hop, with the reason; staff read them. A hop is marked "sending"
 * before the call goes out, so after a crash or an answer that never came we know that it may have arrived: the next
 * try's 43101 (no prompt left) then means it did (reliability.md 1.4). Template and text messages carry the message's
 * id and are one however often they are sent; a second subscription message is possible only after such an ambiguous
 * end.
 *
 * Rows of one student run one after the other (outbox_put_ordered), retries included. In the session's quiet hours a
 * row is held. What one channel cannot take now waits by the outbox's schedule; after TRIES_HERE tries the next channel
 * is used if there is one. If not, it is asked again every PAUSE_US: after an outage of days everything is told within
 * minutes, in order. KEEP_TRYING_US after the move nobody needs to be told any more. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/blob_row.h"
#include "store/capture_session.h"
#include "store/conversation.h"
#include "store/follower.h"
#include "store/message_hop.h"
#include "store/payment.h"
#include "store/quota.h"
#include "store/student.h"
#include "store/submission.h"

#define TRIES_HERE         4 /* on one channel while another is there: about 6 minutes */
#define PAUSE_US           SECONDS_US(600)
#define KEEP_TRYING_US     SECONDS_US(7 * 86400)
#define CUSTOMER_CHARS_MAX 600 /* WeChat takes 2,048 bytes; the inbox has the whole */
#define HOUR_US            SECONDS_US(3600)

static const char *const channels[HOPS_MAX] = {HOP_CUSTOMER, HOP_SUBSCRIPTION, HOP_TEMPLATE, HOP_SMS};
enum channel { CUSTOMER, SUBSCRIPTION, TEMPLATE, SMS, CHANNEL_NONE };

struct notify {
    struct effect *effect;
    struct outside *outside;
    struct store_unit unit;
    const char *message_id;
    int64_t now_us;
    int rounds; /* of this try */

    /* of the first unit: what is told, to whom, on which channel */
    bool gone, done_before, any_failed;
    int64_t held_until_us;
    enum channel at;
    bool ambiguous; /* this channel may have taken it already */
    int64_t tries;
    const char *student_id, *kind, *detail, *text, *blob_id, *submission_id;
    bool is_answer;
    int64_t created_us, amount_fen;
    enum language lang;
    struct template_set templates;
    const struct wechat_template *tmpl; /* of the channel */
    const char *recipient, *account;    /* openid or number; account: of a customer message */

    struct wechat_message call;
    struct file_job picture; /* of a customer message */
    const char *media_type;
    struct sms_call sms;
    struct sms_text sms_text;

    /* what the channel said */
    enum wechat_result result;
    bool maybe, shut, moved_on;
    int64_t pause_us;
    const char *words, *outside_id;
};

static void prepare_again(struct notify *n);

/* ---- is there a way on this channel? ---- */

/* What is looked at, and what is missing when there is no way. */
struct way {
    const char *recipient, *account, *why;
    const struct wechat_template *tmpl;
};

static bool has_account(const struct wechat *wechat)
{
    return wechat->config != NULL && wechat->config->appid != NULL && wechat->config->appid[0] != '\0';
}

static const struct wechat_template *template_of(const struct notify *n, const struct wechat_templates *templates)
{
    enum message_template kind = message_template_of(n->kind);
    return kind == MESSAGE_TEMPLATE_none || templates->of[kind].id[0] == '\0' ? NULL : &templates->of[kind];
}

/* What opens the picture, kept for when it is sent; media_type NULL: there is none that WeChat takes. */
static enum err find_picture(struct tx *tx, struct notify *n, struct way *way)
{
    struct arena *arena = n->effect->arena;
    struct blob_row row;
    n->media_type = NULL;
    way->why = "nothing to send";
    enum err e = n->blob_id == NULL ? ERR_NOT_FOUND : blob_row_get(tx, n->blob_id, &row);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    way->why = "the picture is too large for WeChat";
    if (row.size_bytes > (int64_t)WECHAT_PICTURE_BYTES_MAX)
        return ERR_NONE;
    n->media_type = arena_text(arena, row.media_type);
    n->picture = (struct file_job){.id = n->blob_id,
                                   .sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len),
                                   .sealed_key_len = row.sealed_key_len};
    return ERR_NONE;
}

static enum err way_customer(struct tx *tx, struct notify *n, struct way *way)
{
    way->why = "only for answers of customer service";
    if (!n->is_answer)
        return ERR_NONE;
    if (n->text == NULL) {
        TRY(find_picture(tx, n, way));
        if (n->media_type == NULL)
            return ERR_NONE;
    }
    way->why = "no open conversation in WeChat";
    enum err e = conversation_window(tx, n->student_id, n->now_us, &way->account, &way->recipient);
    return e == ERR_CORRUPT ? ERR_NONE : e;
}

static enum err way_subscription(struct tx *tx, struct notify *n, struct way *way)
{
    int64_t remaining = 0;
    way->why = "no template for this message";
    way->tmpl = template_of(n, &n->templates.subscription);
    if (way->tmpl == NULL || !has_account(&n->outside->wechat))
        return ERR_NONE;
    way->why = "no accepted prompt left";
    TRY(quota_remaining(tx, n->student_id, way->tmpl->id, &remaining));
    if (remaining == 0)
        return ERR_NONE;
    way->why = "the WeChat user is not known any more";
    enum err e = message_recipient(tx, n->student_id, &way->recipient, &n->lang);
    return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_NONE : e; /* erased, or sealed by a key we no longer have */
}

static enum err way_template(struct tx *tx, struct notify *n, struct way *way)
{
    way->why = "no service account is set up";
    if (!has_account(&n->outside->page))
        return ERR_NONE;
    way->why = "no template for this message";
    way->tmpl = template_of(n, &n->templates.page);
    if (way->tmpl == NULL)
        return ERR_NONE;
    way->why = "does not follow the service account";
    enum err e = follower_of_student(tx, n->student_id, &way->recipient);
    return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_NONE : e;
}

static enum err way_sms(struct tx *tx, struct notify *n, struct way *way)
{
    struct student student;
    way->why = "text messages are not set up";
    if (!sms_configured(&n->outside->config->sms))
        return ERR_NONE;
    way->why = "not sent as a text message";
    if (n->is_answer || message_template_of(n->kind) == MESSAGE_TEMPLATE_none)
        return ERR_NONE;
    way->why = "no phone number";
    enum err e = student_get(tx, n->student_id, &student);
    if (e == ERR_NONE && student.phone != NULL && sms_number_valid(student.phone))
        way->recipient = student.phone;
    return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_NONE : e;
}

/* recipient stays NULL when there is none. */
static enum err find_way(struct tx *tx, struct notify *n, enum channel channel, struct way *way)
{
    *way = (struct way){.recipient = NULL};
    switch (channel) {
    case CUSTOMER:
        return way_customer(tx, n, way);
    case SUBSCRIPTION:
        return way_subscription(tx, n, way);
    case TEMPLATE:
        return way_template(tx, n, way);
    case SMS:
        return way_sms(tx, n, way);
    case CHANNEL_NONE:
        break;
    }
    return ERR_NONE;
}

/* ---- first unit: the message, and the channel it is for ---- */

static enum err put_hop(struct tx *tx, const struct notify *n, enum channel channel, const char *state, const char *why,
                        int64_t tries)
{
    const struct message_hop hop = {.message_id = n->message_id,
                                    .channel = channels[channel],
                                    .state = state,
                                    .why = why,
                                    .position = (int64_t)channel + 1,
                                    .tries = tries,
                                    .outside_id = n->outside_id,
                                    .changed_us = n->now_us};
    return message_hop_put(tx, &hop);
}

/* Until when it is quiet; 0: it is not. The hours may go over midnight. */
static int64_t quiet_until_us(const struct policy *p, int64_t now_us)
{
    int64_t from = p->quiet_from_hour, to = p->quiet_to_hour;
    struct clock_civil now = clock_civil_cn(now_us);
    bool quiet = from == to ? false : from < to ? now.hour >= from && now.hour < to : now.hour >= from || now.hour < to;
    if (!quiet)
        return 0;
    int64_t hours = (to - now.hour + 24) % 24;
    return now_us + hours * HOUR_US - SECONDS_US(now.minute * 60 + now.second) - now_us % SECONDS_US(1);
}

static enum err read_session(struct tx *tx, struct notify *n, struct policy *policy)
{
    struct submission s;
    struct capture_session session;
    struct payment payment;
    policy_default(policy);
    policy->quiet_from_hour = policy->quiet_to_hour; /* only a session says when it is quiet */
    n->templates = n->outside->config->templates;
    n->amount_fen = 0;
    enum err e = n->submission_id == NULL ? ERR_NOT_FOUND : submission_get(tx, n->submission_id, &s);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    TRY(session_get(tx, s.session_id, &session));
    *policy = session.policy;
    TRY(session_templates_get(tx, session.id, &n->templates, NULL));
    e = payment_newest(tx, s.id, &payment);
    n->amount_fen = e == ERR_NONE ? payment.amount_fen : 0;
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err read_message(struct tx *tx, struct notify *n)
{
    struct message_row row;
    struct arena *arena = n->effect->arena;
    const char *openid;
    enum err e = message_get(tx, n->message_id, &row);
    n->gone = e == ERR_NOT_FOUND;
    if (e != ERR_NONE)
        return n->gone ? ERR_NONE : e;
    n->student_id = arena_text(arena, row.student_id);
    n->kind = arena_text(arena, row.kind);
    n->detail = arena_text(arena, row.detail);
    n->text = arena_text(arena, row.text);
    n->blob_id = arena_text(arena, row.blob_id);
    n->submission_id = arena_text(arena, row.submission_id);
    n->created_us = row.created_us;
    n->is_answer = text_is(row.sender, MESSAGE_FROM_SERVICE);
    n->lang = LANGUAGE_ZH;
    e = message_recipient(tx, n->student_id, &openid, &n->lang);
    return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_NONE : e;
}

static const struct message_hop *hop_of(const struct message_hop *hops, size_t count, enum channel channel)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(hops[i].channel, channels[channel]))
            return &hops[i];
    return NULL;
}

static void keep_way(struct notify *n, enum channel channel, const struct way *way, const struct message_hop *hop)
{
    struct arena *arena = n->effect->arena;
    n->at = channel;
    n->recipient = arena_text(arena, way->recipient);
    n->account = arena_text(arena, way->account);
    n->tmpl = NULL;
    if (way->tmpl != NULL) {
        struct wechat_template *tmpl = ARENA_NEW(arena, struct wechat_template);
        *tmpl = *way->tmpl;
        tmpl->id = arena_text(arena, tmpl->id);
        for (size_t i = 0; i < tmpl->field_count; i++)
            tmpl->fields[i] = (struct wechat_template_field){arena_text(arena, tmpl->fields[i].role),
                                                             arena_text(arena, tmpl->fields[i].key)};
        n->tmpl = tmpl;
    }
    n->ambiguous = hop != NULL && text_is(hop->state, "sending");
    n->tries = (hop != NULL ? hop->tries : 0) + 1;
}

/* The first channel that has not ended and has a way. */
static enum err choose(struct tx *tx, struct notify *n)
{
    struct message_hop hops[HOPS_MAX];
    struct way way;
    size_t count = 0;
    bool anew = n->effect->row.tries == 1 && n->rounds == 1; /* also when staff replay it: what failed is tried again */
    n->at = CHANNEL_NONE;
    TRY(message_hop_list(tx, n->message_id, hops, &count));
    for (enum channel channel = CUSTOMER; channel < CHANNEL_NONE; channel++) {
        if (channel == CUSTOMER && !n->is_answer)
            continue; /* nobody would expect it there */
        const struct message_hop *hop = hop_of(hops, count, channel);
        const char *state = hop == NULL ? "" : hop->state;
        n->done_before = text_is(state, "sent");
        bool failed = text_is(state, "failed") && !anew;
        n->any_failed = n->any_failed || failed;
        if (n->done_before)
            return ERR_NONE;
        if (failed || text_is(state, "refused") || (text_is(state, "skipped") && !anew))
            continue;
        if (n->held_until_us > 0)
            return put_hop(tx, n, channel, "held", "quiet hours", hop == NULL ? 0 : hop->tries);
        TRY(find_way(tx, n, channel, &way));
        if (way.recipient != NULL) {
            keep_way(n, channel, &way, hop);
            return put_hop(tx, n, channel, "sending", "", n->tries);
        }
        TRY(put_hop(tx, n, channel, "skipped", way.why, hop == NULL ? 0 : hop->tries));
    }
    return ERR_NONE;
}

static enum err prepare(struct tx *tx, void *job)
{
    struct notify *n = job;
    struct policy policy;
    n->done_before = n->any_failed = false;
    n->outside_id = NULL;
    n->held_until_us = 0;
    TRY(read_message(tx, n));
    if (n->gone)
        return ERR_NONE;
    TRY(read_session(tx, n, &policy));
    if (!n->is_answer) /* who asks at night is answered at night */
        n->held_until_us = quiet_until_us(&policy, n->now_us);
    return choose(tx, n);
}

/* ---- last unit: what became of it ---- */

static bool has_ended(const struct notify *n)
{
    return n->result == WECHAT_DELIVERED || n->result == WECHAT_REFUSED || n->result == WECHAT_FAILED;
}

/* Not now; and there is somebody else who could carry it. */
static enum err try_another(struct tx *tx, struct notify *n)
{
    struct way way;
    n->moved_on = n->tries >= TRIES_HERE && n->now_us - n->created_us > KEEP_TRYING_US;
    for (enum channel channel = n->at + 1; channel < CHANNEL_NONE && n->tries >= TRIES_HERE && !n->moved_on;
         channel++) {
        TRY(find_way(tx, n, channel, &way));
        n->moved_on = way.recipient != NULL;
    }
    return ERR_NONE;
}

static enum err settle_sent(struct tx *tx, struct notify *n)
{
    if (n->at == SUBSCRIPTION)
        TRY(n->result == WECHAT_DELIVERED ? quota_spend(tx, n->student_id, n->tmpl->id, n->now_us)
                                          : quota_clear(tx, n->student_id, n->tmpl->id, n->now_us));
    if (n->at == CUSTOMER)
        TRY(conversation_window_spend(tx, n->student_id));
    TRY(message_set_channel(tx, n->message_id, channels[n->at]));
    return put_hop(tx, n, n->at, "sent", n->result == WECHAT_DELIVERED ? "" : "arrived before", n->tries);
}

static enum err settle(struct tx *tx, void *job)
{
    struct notify *n = job;
    n->moved_on = false;
    switch (n->result) {
    case WECHAT_DELIVERED:
        return settle_sent(tx, n);
    case WECHAT_REFUSED:
        if (n->at == SUBSCRIPTION && n->ambiguous)
            return settle_sent(tx, n);
        if (n->at == SUBSCRIPTION)
            TRY(quota_clear(tx, n->student_id, n->tmpl->id, n->now_us));
        if (n->at == CUSTOMER)
            TRY(conversation_window_shut(tx, n->student_id));
        return put_hop(tx, n, n->at, "refused", n->words, n->tries);
    case WECHAT_FAILED:
        return put_hop(tx, n, n->at, "failed", n->words, n->tries);
    case WECHAT_AGAIN:
        TRY(try_another(tx, n));
        if (n->moved_on)
            return put_hop(tx, n, n->at, "failed", n->words, n->tries);
        return put_hop(tx, n, n->at, n->maybe || n->ambiguous ? "sending" : "again", n->words, n->tries);
    }
    return ERR_NONE;
}

static int64_t long_pause_us(const struct notify *n)
{
    int64_t pause_us = PAUSE_US / 100 * n->outside->config->retry_scale_percent;
    return n->pause_us > pause_us ? n->pause_us : pause_us;
}

static void settled(struct store_unit *unit)
{
    struct notify *n = container_of(unit, struct notify, unit);
    const char *channel = channels[n->at];
    if (unit->result != ERR_NONE)
        effect_failed(n->effect, unit->result, "notify");
    else if (n->result == WECHAT_DELIVERED)
        effect_end(n->effect, OUTBOX_DONE, 0, "%s", channel);
    else if (n->result == WECHAT_REFUSED && n->at == SUBSCRIPTION && n->ambiguous)
        effect_end(n->effect, OUTBOX_DONE, 0, "%s: arrived before", channel);
    else if (has_ended(n) || n->moved_on)
        prepare_again(n);
    else if (n->effect->row.tries >= TRIES_HERE)
        effect_end(n->effect, OUTBOX_HELD, long_pause_us(n), "%s: %s", channel, n->words);
    else
        effect_end(n->effect, n->maybe ? OUTBOX_UNKNOWN : OUTBOX_RETRY, n->pause_us, "%s: %s", channel, n->words);
}

static void answered(struct notify *n, enum wechat_result result, bool maybe, int64_t pause_us, const char *words)
{
    n->result = result;
    n->maybe = maybe;
    n->pause_us = pause_us;
    n->words = arena_text(n->effect->arena, words);
    n->now_us = clock_utc_us();
    effect_unit(n->effect, &n->unit, STORE_WRITE, settle, n, settled);
}

static void on_wechat(struct wechat_message *message, const struct wechat_sent *sent)
{
    struct notify *n = message->arg;
    int64_t number = json_int_at(sent->answer, "msgid", 0);
    if (sent->result == WECHAT_DELIVERED && number != 0)
        n->outside_id = arena_printf(n->effect->arena, "%s:%" PRId64, channels[n->at], number);
    answered(n, sent->result, sent->maybe, sent->pause_us, sent->words);
}

static void on_sms(struct sms_call *call, enum sms_result result, int64_t pause_us, const char *words)
{
    struct notify *n = call->arg;
    answered(n,
             result == SMS_TAKEN   ? WECHAT_DELIVERED
             : result == SMS_AGAIN ? WECHAT_AGAIN
                                   : WECHAT_FAILED,
             false, pause_us, words);
}

/* ---- the message ---- */

static void send_text(struct notify *n)
{
    struct message_words words;
    message_render(n->kind, n->detail, n->lang, n->effect->arena, &words);
    n->sms_text = (struct sms_text){.id = n->message_id, .to = n->recipient, .text = words.text, .purpose = "notice"};
    n->sms = (struct sms_call){.arena = n->effect->arena, .done = on_sms, .arg = n};
    sms_send(n->outside->client, &n->outside->config->sms, &n->sms_text, &n->sms);
}

static struct wechat *account_of(struct notify *n)
{
    return text_is(n->account, "page") ? &n->outside->page : &n->outside->wechat;
}

/* The picture is at WeChat's; nobody has been sent anything yet. */
static void on_upload(struct wechat_message *message, const struct wechat_sent *sent)
{
    struct notify *n = message->arg;
    const char *media_id = json_text_at(sent->answer, "media_id", NULL);
    if (sent->result == WECHAT_DELIVERED && media_id != NULL) {
        n->call = (struct wechat_message){.arena = n->effect->arena, .done = on_wechat, .arg = n};
        wechat_send_customer_picture(account_of(n), n->recipient, media_id, &n->call);
    } else {
        bool failed = sent->result == WECHAT_FAILED || sent->result == WECHAT_REFUSED;
        answered(n, failed ? WECHAT_FAILED : WECHAT_AGAIN, false, sent->pause_us, sent->words);
    }
}

static void on_picture(struct file_job *file)
{
    struct notify *n = file->owner;
    if (file->result == ERR_NONE && !n->outside->closing) {
        n->call.done = on_upload;
        wechat_upload_picture(account_of(n), file->bytes, file->len, n->media_type, &n->call);
    } else {
        bool lost = file->result == ERR_NOT_FOUND || file->result == ERR_CORRUPT;
        answered(n, lost ? WECHAT_FAILED : WECHAT_AGAIN, false, 0, "the picture cannot be opened");
    }
    free(file->bytes);
}

static void send_answer(struct notify *n)
{
    struct arena *arena = n->effect->arena;
    if (n->text == NULL) {
        n->picture.done = on_picture;
        n->picture.owner = n;
        if (files_read(dispatch_files(n->effect->dispatch), &n->picture) != ERR_NONE)
            answered(n, WECHAT_AGAIN, false, 0, "too many files wait");
        return;
    }
    char *text = arena_copy(arena, n->text, strlen(n->text) + 1);
    text[text_cut(text, CUSTOMER_CHARS_MAX)] = '\0';
    wechat_send_customer(account_of(n), n->recipient, text, &n->call);
}

static void send_template(struct notify *n)
{
    struct arena *arena = n->effect->arena;
    struct wechat_values values;
    const char *data;
    wechat_values_of(n->kind, n->detail, n->lang, n->created_us, n->amount_fen, arena, &values);
    if (wechat_template_data(n->tmpl, &values, arena, &data) != ERR_NONE)
        answered(n, WECHAT_FAILED, false, 0, "a field cannot be made to fit");
    else if (n->at == SUBSCRIPTION)
        wechat_send_subscription(&n->outside->wechat, n->recipient, n->tmpl->id, data, n->lang, &n->call);
    else
        wechat_send_template(&n->outside->page, n->recipient, n->tmpl->id, data, n->message_id,
                             n->outside->wechat.config, &n->call);
}

static void nobody_left(struct notify *n)
{
    if (n->any_failed)
        effect_end(n->effect, OUTBOX_DEAD, 0, "inbox only; a channel failed, see the message");
    else
        effect_end(n->effect, OUTBOX_DONE, 0, "inbox");
}

static void prepared(struct store_unit *unit)
{
    struct notify *n = container_of(unit, struct notify, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(n->effect, unit->result, "notify");
        return;
    }
    if (n->gone || n->done_before) {
        effect_end(n->effect, OUTBOX_DONE, 0, "%s", n->gone ? "the message is gone" : "sent before");
        return;
    }
    if (n->at == CHANNEL_NONE && n->held_until_us > n->now_us) {
        effect_end(n->effect, OUTBOX_HELD, n->held_until_us - n->now_us, "quiet hours");
        return;
    }
    if (n->at == CHANNEL_NONE) {
        nobody_left(n);
        return;
    }
    if (!outside_open(n->effect))
        return;
    n->call = (struct wechat_message){.arena = n->effect->arena, .done = on_wechat, .arg = n};
    if (n->at == SMS)
        send_text(n);
    else if (n->at == CUSTOMER)
        send_answer(n);
    else
        send_template(n);
}

static void prepare_again(struct notify *n)
{
    n->now_us = clock_utc_us();
    n->rounds++;
    effect_unit(n->effect, &n->unit, STORE_WRITE, prepare, n, prepared);
}

void notify_start(struct effect *effect)
{
    struct notify *n = ARENA_NEW(effect->arena, struct notify);
    n->effect = effect;
    n->outside = outside_of(effect);
    n->message_id = json_text_at(effect_payload(effect), "message_id", NULL);
    if (n->message_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without message");
    else
        prepare_again(n);
}
