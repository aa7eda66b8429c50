/* Students: what they were told and what they and customer service say to each other, in one list; and which WeChat
 * messages they have agreed to. */
#include "api/picture.h"
#include "store/conversation.h"
#include "store/outbox.h"
#include "store/quota.h"
#include "store/student_submissions.h"
#include "store/upload.h"

#define TEXT_CHARS_MAX    1000
#define SUBSCRIPTIONS_MAX 10 /* ids in one report; a prompt asks for three */

/* ---- the list ---- */

struct messages {
    struct job job;
    struct page page;
};

static enum err messages_decode(struct exchange *x, struct messages *job)
{
    job_begin(x, &job->job);
    return job_page(x, &job->page);
}

static void put_words(struct tx *tx, const struct message_row *row, enum language lang, struct buf *out)
{
    struct message_words words = {.title = "", .text = row->text != NULL ? row->text : ""};
    if (text_is(row->sender, MESSAGE_FROM_SYSTEM))
        message_render(row->kind, row->detail, lang, tx->arena, &words);
    else if (text_is(row->sender, MESSAGE_FROM_SERVICE))
        words.title = lang == LANGUAGE_EN ? "Customer service" : "客服";
    json_put_text(out, "title", words.title);
    json_put_text(out, "text", words.text);
}

static void put_message(struct tx *tx, const struct message_row *row, enum language lang, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "id", row->id);
    json_put_text(out, "kind", row->kind);
    json_put_text(out, "from", text_is(row->sender, MESSAGE_FROM_STUDENT) ? "me" : row->sender);
    put_words(tx, row, lang, out);
    json_put_bool(out, "picture", row->blob_id != NULL);
    json_put_text(out, "submission_id", row->submission_id);
    json_put_time(out, "created", row->created_us);
    json_put_time(out, "read", row->read_us);
    json_object_close(out);
}

static enum err messages_body(struct tx *tx, struct messages *job, struct buf *out)
{
    struct message_row *rows = ARENA_ARRAY(tx->arena, struct message_row, LIST_LIMIT_MAX + 1);
    size_t count = 0, limit = (size_t)job->page.limit;
    int64_t unread = 0;
    TRY(message_list(tx, job->job.who->id, job->page.cursor, rows, limit + 1, &count));
    TRY(message_unread(tx, job->job.who->id, &unread));
    bool more = count > limit;
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        put_message(tx, &rows[i], job->job.language, out);
    json_array_close(out);
    json_put_text(out, "next", more ? rows[limit - 1].id : NULL);
    json_put_int(out, "unread", unread);
    json_object_close(out);
    return ERR_NONE;
}

static enum err messages_read(struct tx *tx, struct messages *job)
{
    return COMPOSE(tx, job, messages_body);
}
ANSWERED(messages, struct messages, READ(messages_read))

struct message_read {
    struct job job;
    const char *id;
};

static enum err message_read_decode(struct exchange *x, struct message_read *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err message_read_write(struct tx *tx, struct message_read *job)
{
    return message_mark_read(tx, job->id, job->job.who->id, job->job.now_us);
}
DONE_204(message_read, struct message_read, WRITE(message_read_write))

/* ---- a picture in it ---- */

struct message_picture {
    struct picture picture;
    const char *id;
};

static enum err message_picture_decode(struct exchange *x, struct message_picture *job)
{
    picture_begin(x, &job->picture);
    return exchange_path_id(x, "id", &job->id);
}

static enum err message_picture_read(struct tx *tx, struct message_picture *job)
{
    struct message_row row;
    TRY(message_get(tx, job->id, &row));
    if (!text_is(row.student_id, job->picture.job.who->id))
        return ERR_NOT_FOUND;
    return picture_find(tx, &job->picture, row.blob_id);
}
#define message_picture_reply picture_reply
ENDPOINT(message_picture, struct message_picture, READ(message_picture_read), LANE(picture_open))

/* ---- say something ---- */

struct message_send {
    struct job job;
    const char *text, *upload_id, *submission_id, *new_id;
};

static const struct json_field message_send_fields[] = {
    JSON_FIELD(struct message_send, text, JSON_TO_LINES, false, 1, TEXT_CHARS_MAX),
    JSON_FIELD(struct message_send, upload_id, JSON_TO_TEXT, false, 26, 26),
    JSON_FIELD(struct message_send, submission_id, JSON_TO_TEXT, false, 26, 26)};

static enum err message_send_decode(struct exchange *x, struct message_send *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    TRY(exchange_json(x, message_send_fields, countof(message_send_fields), job));
    if (job->text == NULL && job->upload_id == NULL)
        return exchange_explain(x, ERR_BAD_FIELD, "give text, upload_id or both");
    if (job->text != NULL && strspn(job->text, " \n\t") == strlen(job->text))
        return exchange_explain(x, ERR_BAD_FIELD, "text is empty");
    if (job->upload_id != NULL)
        TRY(job_id(x, "upload_id", job->upload_id));
    return job->submission_id != NULL ? job_id(x, "submission_id", job->submission_id) : ERR_NONE;
}

static enum err uploaded(struct tx *tx, struct message_send *job, const char **blob_id)
{
    struct upload upload;
    *blob_id = NULL;
    if (job->upload_id == NULL)
        return ERR_NONE;
    TRY(upload_get(tx, job->upload_id, job->job.who->id, &upload));
    if (upload.blob_id == NULL || !text_is(upload.purpose, "message"))
        return job_refuse(&job->job, ERR_REFUSED, "this is not a complete upload of purpose message");
    *blob_id = upload.blob_id;
    return ERR_NONE;
}

static enum err message_send_body(struct tx *tx, struct message_send *job, struct buf *out)
{
    struct message_row row;
    TRY(message_get(tx, job->new_id, &row));
    put_message(tx, &row, job->job.language, out);
    return ERR_NONE;
}

static enum err message_send_write(struct tx *tx, struct message_send *job)
{
    int64_t said = 0, now_us = job->job.now_us;
    struct conversation_word word = {.id = job->new_id,
                                     .student_id = job->job.who->id,
                                     .submission_id = job->submission_id,
                                     .sender = MESSAGE_FROM_STUDENT,
                                     .text = job->text,
                                     .now_us = now_us};
    TRY(conversation_said_since(tx, word.student_id, now_us - SECONDS_US(3600), &said));
    if (said >= CONVERSATION_SAID_PER_HOUR_MAX)
        return job_refuse(&job->job, ERR_RATE_LIMITED, "%" PRId64 " messages in one hour", said);
    TRY(uploaded(tx, job, &word.blob_id));
    TRY(conversation_say(tx, &word));
    if (api()->text_check && job->text != NULL)
        TRY(outbox_put(tx, arena_printf(tx->arena, "%s-check", job->new_id), "text_check", NULL,
                       arena_printf(tx->arena, "{\"message_id\":\"%s\"}", job->new_id), 0, now_us));
    return COMPOSE(tx, job, message_send_body);
}
ANSWERED_ONCE(message_send, struct message_send, WRITE(message_send_write))

/* ---- accepted prompts ---- */

struct subscription_accepted {
    struct job job;
    struct json_texts template_ids; /* all accepted */
    const struct json *results;     /* id → accept, reject, ban, filter: as wx.requestSubscribeMessage gives
                                       them; allow: said on a page, where WeChat asks nothing */
};

static const struct json_field subscription_accepted_fields[] = {
    JSON_FIELD(struct subscription_accepted, template_ids, JSON_TO_TEXTS, false, 1, 3),
    JSON_FIELD(struct subscription_accepted, results, JSON_TO_TREE, false, 1, SUBSCRIPTIONS_MAX)};

static enum err subscription_accepted_decode(struct exchange *x, struct subscription_accepted *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, subscription_accepted_fields, countof(subscription_accepted_fields), job));
    const struct json *tree = job->results;
    if ((tree == NULL) == (job->template_ids.count == 0))
        return exchange_explain(x, ERR_BAD_FIELD, "give results or template_ids");
    if (tree != NULL && (tree->kind != JSON_OBJECT || json_count(tree) < 1 || json_count(tree) > SUBSCRIPTIONS_MAX))
        return exchange_explain(x, ERR_BAD_FIELD, "results is an object of 1 to %d template ids", SUBSCRIPTIONS_MAX);
    for (const struct json *item = tree == NULL ? NULL : tree->first; item != NULL; item = item->next)
        TRY(job_choice(x, "results", item->text != NULL ? item->text : "", "|accept|allow|reject|ban|filter|"));
    return ERR_NONE;
}

static enum err take_answer(struct tx *tx, struct subscription_accepted *job, const char *id, const char *answer)
{
    bool known = wechat_template_with_id(&api()->templates->subscription, id) != MESSAGE_TEMPLATE_none;
    if (!known)
        TRY(session_template_known(tx, id, &known));
    if (!known)
        return job_refuse(&job->job, ERR_BAD_FIELD, "a template is named that this server does not send");
    return quota_answer(tx, job->job.who->id, id, answer, QUOTA_FROM_PAGE, job->job.now_us);
}

static enum err subscription_accepted_write(struct tx *tx, struct subscription_accepted *job)
{
    bool before = false, after = false;
    TRY(quota_wanted(tx, job->job.who->id, &before));
    for (size_t i = 0; i < job->template_ids.count; i++)
        TRY(take_answer(tx, job, job->template_ids.items[i], "accept"));
    for (const struct json *item = job->results == NULL ? NULL : job->results->first; item != NULL; item = item->next)
        TRY(take_answer(tx, job, item->name, item->text));
    TRY(quota_wanted(tx, job->job.who->id, &after));
    return before == after ? ERR_NONE : student_submissions_touch(tx, job->job.who->id);
}
DONE_204(subscription_accepted, struct subscription_accepted, WRITE(subscription_accepted_write))
