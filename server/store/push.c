#include "store/push.h"

#include "base/text.h"
#include "store/conversation.h"
#include "store/follower.h"
#include "store/message_hop.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/quota.h"
#include "store/store.h"

#define PICTURE_TEXT "［在微信里发来一张图片，请到微信公众平台查看］"

/* *first: nobody has been here with this key. */
static enum err see(struct tx *tx, const char *what, const char *value, int64_t now_us, bool *first)
{
    char key[KEYRING_INDEX_TEXT_BYTES];
    int64_t changed = 0;
    keyring_index(store_ring(tx), what, value, key);
    TRY(TX_RUN_N(tx, &changed, Q_PUSH_SEEN_ADD, v_text(key), v_int(now_us)));
    *first = changed == 1;
    return ERR_NONE;
}

/* NOT_FOUND: nobody of ours. *page: it was the service account's openid. */
static enum err who(struct tx *tx, const struct push *push, const char **student_id, bool *page)
{
    enum err e = ERR_NOT_FOUND;
    *page = text_is(push->account, "page");
    if (!*page)
        e = follower_student(tx, push->openid, false, student_id);
    if (e == ERR_NOT_FOUND && !text_is(push->account, "mini")) {
        *page = true;
        e = follower_student(tx, push->openid, true, student_id);
    }
    return e;
}

static enum err take_prompts(struct tx *tx, const struct push *push, const char *student_id, int64_t now_us)
{
    for (size_t i = 0; i < push->count; i++) {
        const struct push_item *item = &push->items[i];
        bool accepted = text_is(item->answer, "accept");
        if (item->template_id == NULL || item->template_id[0] == '\0')
            continue;
        TRY(quota_answer(tx, student_id, item->template_id, accepted ? "accept" : "reject", QUOTA_FROM_PUSH, now_us));
        if (!accepted && push->kind == PUSH_SWITCHED)
            TRY(quota_clear(tx, student_id, item->template_id, now_us));
    }
    return ERR_NONE;
}

/* A channel that had taken a message says what became of it; one that did not arrive goes on to the next channel. */
static enum err take_arrival(struct tx *tx, const struct push_item *item, const char *channel, int64_t now_us)
{
    struct message_hop hop;
    enum err e = message_hop_by_outside(tx, arena_printf(tx->arena, "%s:%s", channel, item->number), &hop);
    if (e != ERR_NONE || !text_is(hop.state, "sent"))
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    hop.state = item->good ? "sent" : "refused";
    hop.why = item->good ? "arrived" : item->words;
    hop.changed_us = now_us;
    TRY(message_hop_put(tx, &hop));
    return item->good ? ERR_NONE : message_tell_again(tx, hop.message_id, now_us);
}

static enum err take_arrivals(struct tx *tx, const struct push *push, int64_t now_us)
{
    const char *channel = text_is(push->account, "page") ? HOP_TEMPLATE : HOP_SUBSCRIPTION;
    for (size_t i = 0; i < push->count; i++)
        if (push->items[i].number != NULL)
            TRY(take_arrival(tx, &push->items[i], channel, now_us));
    return ERR_NONE;
}

/* Which student that is, only WeChat's user info tells. */
static enum err take_follow(struct tx *tx, const struct push *push, int64_t now_us)
{
    TRY(follower_put(tx, push->openid, NULL, now_us));
    return follower_ask(tx, push->openid, "event", now_us);
}

/* The picture itself is fetched behind the answer to WeChat. */
static enum err fetch_picture(struct tx *tx, const struct push *push, const char *message_id, bool page, int64_t now_us)
{
    struct buf b;
    buf_init(&b, KIB(2));
    json_object_open(&b);
    json_put_text(&b, "message_id", message_id);
    json_put_text(&b, "media_id", push->media_id);
    json_put_text(&b, "account", page ? "page" : "mini");
    json_object_close(&b);
    const char *payload = arena_text(tx->arena, buf_cstr(&b));
    buf_release(&b);
    return outbox_put(tx, arena_printf(tx->arena, "%s-picture", message_id), "wechat_picture", NULL, payload, 0,
                      now_us);
}

static enum err take_words(struct tx *tx, const struct push *push, const char *student_id, bool page, int64_t now_us)
{
    char id[CRYPT_ID_TEXT_BYTES];
    int64_t said = 0;
    TRY(conversation_said_since(tx, student_id, now_us - SECONDS_US(3600), &said));
    if (said >= CONVERSATION_SAID_PER_HOUR_MAX)
        return ERR_NONE; /* not kept: WeChat needs no answer of ours */
    message_id_of(push->message, now_us, id);
    const struct conversation_word word = {.id = id,
                                           .student_id = student_id,
                                           .sender = MESSAGE_FROM_STUDENT,
                                           .text = push->text != NULL       ? push->text
                                                   : push->media_id != NULL ? CONVERSATION_PICTURE_COMING
                                                                            : PICTURE_TEXT,
                                           .now_us = now_us};
    TRY(conversation_say(tx, &word));
    if (push->text == NULL && push->media_id != NULL)
        TRY(fetch_picture(tx, push, id, page, now_us));
    return conversation_window_open(tx, student_id, page ? "page" : "mini", push->openid, false, now_us);
}

static enum err take_of_student(struct tx *tx, const struct push *push, int64_t now_us)
{
    const char *student_id = NULL;
    bool page = false;
    enum err e = who(tx, push, &student_id, &page);
    if (e == ERR_NOT_FOUND) /* who writes to the service account follows it, perhaps for longer than we are there */
        return page ? follower_ask(tx, push->openid, "words", now_us) : ERR_NONE;
    TRY(e);
    if (push->kind == PUSH_SAID)
        return take_words(tx, push, student_id, page, now_us);
    if (push->kind != PUSH_ENTERED)
        return take_prompts(tx, push, student_id, now_us);
    e = conversation_window_open(tx, student_id, page ? "page" : "mini", push->openid, true, now_us);
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err push_take(struct tx *tx, const struct push *push, int64_t now_us)
{
    bool first_call = false, first = false;
    TRY(see(tx, "push_call", push->call, now_us, &first_call));
    if (push->kind == PUSH_NOTHING)
        return ERR_NONE;
    TRY(see(tx, "push_message", push->message, now_us, &first));
    if (!first)
        return ERR_NONE; /* also the very same call again: WeChat did not hear our answer */
    if (!first_call)
        return ERR_CONFLICT; /* an old signature with other words; the unit is undone */
    switch (push->kind) {
    case PUSH_ARRIVED:
        return take_arrivals(tx, push, now_us);
    case PUSH_FOLLOWED:
        return take_follow(tx, push, now_us);
    case PUSH_UNFOLLOWED:
        return follower_gone(tx, push->openid, now_us);
    default:
        return take_of_student(tx, push, now_us);
    }
}
