/* wechat_ask — questions to WeChat behind what happened.
 *
 * follow: somebody was seen at the service account; do they follow it, and who is it? Only user info tells the unionid,
 * by which template messages find their student. text_check (config wechat_text_check): whether WeChat objects to what
 * a student wrote; staff see the verdict beside the message, nothing is kept back. */
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/follower.h"
#include "store/message.h"

struct ask {
    struct effect *effect;
    struct outside *outside;
    struct store_unit unit;
    struct wechat_message call;
    const char *key; /* follow: the follower's openid_index; text_check: the message */
    const char *openid, *text, *answer;
    int64_t now_us;
    bool is_follow, follows;
};

static enum err write_step(struct tx *tx, void *job)
{
    struct ask *a = job;
    if (!a->is_follow)
        return message_set_verdict(tx, a->key, a->answer);
    return a->follows ? follower_put(tx, a->openid, a->answer, a->now_us) : follower_gone(tx, a->openid, a->now_us);
}

static void written(struct store_unit *unit)
{
    struct ask *a = container_of(unit, struct ask, unit);
    if (unit->result != ERR_NONE)
        effect_failed(a->effect, unit->result, a->effect->row.kind);
    else
        effect_end(a->effect, OUTBOX_DONE, 0, "%s",
                   !a->is_follow ? a->answer
                   : a->follows  ? "follows"
                                 : "does not follow");
}

static void on_answer(struct wechat_message *message, const struct wechat_sent *sent)
{
    struct ask *a = message->arg;
    if (sent->result == WECHAT_AGAIN) {
        effect_end(a->effect, OUTBOX_RETRY, sent->pause_us, "%s", sent->words);
        return;
    }
    const char *answer = json_text_at(sent->answer, a->is_follow ? "unionid" : "result.suggest", NULL);
    int64_t subscribe = json_int_at(sent->answer, "subscribe", -1);
    bool fits = a->is_follow ? subscribe >= 0 && (answer == NULL || strlen(answer) <= 128)
                             : text_is(answer, "pass") || text_is(answer, "review") || text_is(answer, "risky");
    a->follows = subscribe == 1;
    if (sent->result != WECHAT_DELIVERED || !fits) {
        effect_end(a->effect, OUTBOX_DONE, 0, "no answer that helps: %s", sent->words);
        return;
    }
    a->answer = arena_text(a->effect->arena, answer);
    a->now_us = clock_utc_us();
    effect_unit(a->effect, &a->unit, STORE_WRITE, write_step, a, written);
}

static enum err read_step(struct tx *tx, void *job)
{
    struct ask *a = job;
    struct message_row row;
    enum language lang;
    const char *openid = NULL;
    a->openid = a->text = NULL;
    if (a->is_follow) {
        TRY(follower_openid(tx, a->key, &openid));
    } else {
        TRY(message_get(tx, a->key, &row));
        TRY(message_recipient(tx, row.student_id, &openid, &lang));
        a->text = arena_text(a->effect->arena, row.text);
    }
    a->openid = arena_text(a->effect->arena, openid);
    return ERR_NONE;
}

static void was_read(struct store_unit *unit)
{
    struct ask *a = container_of(unit, struct ask, unit);
    if (unit->result == ERR_NOT_FOUND || (unit->result == ERR_NONE && !a->is_follow && a->text == NULL)) {
        effect_end(a->effect, OUTBOX_DONE, 0, "gone");
        return;
    }
    if (unit->result != ERR_NONE) {
        effect_failed(a->effect, unit->result, a->effect->row.kind);
        return;
    }
    if (!outside_open(a->effect))
        return;
    struct wechat *account = a->is_follow ? &a->outside->page : &a->outside->wechat;
    if (account->config->appid == NULL || account->config->appid[0] == '\0') {
        effect_end(a->effect, OUTBOX_DONE, 0, "no such account is set up");
        return;
    }
    a->call = (struct wechat_message){.arena = a->effect->arena, .done = on_answer, .arg = a};
    if (a->is_follow)
        wechat_user_info(account, a->openid, &a->call);
    else
        wechat_check_text(account, a->openid, a->text, &a->call);
}

static void start(struct effect *effect, bool is_follow)
{
    struct ask *a = ARENA_NEW(effect->arena, struct ask);
    a->effect = effect;
    a->outside = outside_of(effect);
    a->is_follow = is_follow;
    a->key = json_text_at(effect_payload(effect), is_follow ? "openid_index" : "message_id", NULL);
    if (a->key == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without subject");
    else
        effect_unit(effect, &a->unit, STORE_READ, read_step, a, was_read);
}

void follow_start(struct effect *effect)
{
    start(effect, true);
}

void text_check_start(struct effect *effect)
{
    start(effect, false);
}
