/* Students: the inbox, and how many WeChat messages they have agreed to. */
#include "api/job.h"
#include "store/message.h"
#include "store/quota.h"

struct messages {
    struct job job;
    struct page page;
};

static enum err messages_decode(struct exchange *x, struct messages *job)
{
    job_begin(x, &job->job);
    return job_page(x, &job->page);
}

static void put_message(struct tx *tx, const struct message_row *row, enum language lang, struct buf *out)
{
    struct message_words words;
    message_render(row->kind, row->detail, lang, tx->arena, &words);
    json_object_open(out);
    json_put_text(out, "id", row->id);
    json_put_text(out, "kind", row->kind);
    json_put_text(out, "title", words.title);
    json_put_text(out, "text", words.text);
    json_put_text(out, "submission_id", row->submission_id);
    json_put_time(out, "created", row->created_us);
    json_put_time(out, "read", row->read_us);
    json_object_close(out);
}

static enum err messages_body(struct tx *tx, struct messages *job, struct buf *out)
{
    struct message_row rows[LIST_LIMIT_MAX + 1];
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(message_list(tx, job->job.who->id, job->page.cursor, rows, limit + 1, &count));
    bool more = count > limit;
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        put_message(tx, &rows[i], job->job.language, out);
    json_array_close(out);
    json_put_text(out, "next", more ? rows[limit - 1].id : NULL);
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

struct subscription_accepted {
    struct job job;
    struct json_texts template_ids;
};

static const struct json_field subscription_accepted_fields[] = {
    JSON_FIELD(struct subscription_accepted, template_ids, JSON_TO_TEXTS, true, 1, 3)};

static enum err subscription_accepted_decode(struct exchange *x, struct subscription_accepted *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, subscription_accepted_fields, countof(subscription_accepted_fields), job));
    for (size_t i = 0; i < job->template_ids.count; i++)
        if (!api()->template_known(job->template_ids.items[i]))
            return exchange_explain(x, ERR_BAD_FIELD, "template_ids names a template this server does not send");
    return ERR_NONE;
}

static enum err subscription_accepted_write(struct tx *tx, struct subscription_accepted *job)
{
    for (size_t i = 0; i < job->template_ids.count; i++)
        TRY(quota_accept(tx, job->job.who->id, job->template_ids.items[i], job->job.now_us));
    return ERR_NONE;
}
DONE_204(subscription_accepted, struct subscription_accepted, WRITE(subscription_accepted_write))
