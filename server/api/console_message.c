/* Staff: how far each message about a submission came and why; answers kept ready. */
#include "api/console_scope.h"
#include "store/conversation.h"
#include "store/message_hop.h"

#define MESSAGES_SHOWN_MAX 100

struct submission_messages {
    struct job job;
    const char *id;
};

static enum err submission_messages_decode(struct exchange *x, struct submission_messages *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err put_hops(struct tx *tx, const char *message_id, struct buf *out)
{
    struct message_hop hops[HOPS_MAX];
    size_t count = 0;
    TRY(message_hop_list(tx, message_id, hops, &count));
    json_name(out, "hops");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "channel", hops[i].channel);
        json_put_text(out, "state", hops[i].state);
        json_put_text(out, "why", hops[i].why);
        json_put_int(out, "tries", hops[i].tries);
        json_put_time(out, "changed", hops[i].changed_us);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

static enum err put_delivery(struct tx *tx, const struct message_row *row, enum language lang, struct buf *out)
{
    struct message_words words;
    message_render(row->kind, row->detail, lang, tx->arena, &words);
    json_object_open(out);
    json_put_text(out, "id", row->id);
    json_put_text(out, "kind", row->kind);
    json_put_text(out, "title", words.title);
    json_put_text(out, "sender", row->sender);
    json_put_text(out, "channel", row->channel);
    json_put_time(out, "created", row->created_us);
    json_put_time(out, "read", row->read_us);
    TRY(put_hops(tx, row->id, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err submission_messages_body(struct tx *tx, struct submission_messages *job, struct buf *out)
{
    struct submission s;
    struct message_row *rows = ARENA_ARRAY(tx->arena, struct message_row, MESSAGES_SHOWN_MAX);
    size_t count = 0;
    TRY(scope_submission(tx, &job->job, job->id, &s));
    TRY(message_list_of_submission(tx, s.id, rows, MESSAGES_SHOWN_MAX, &count));
    json_list_open(out);
    for (size_t i = 0; i < count; i++)
        if (!text_is(rows[i].sender, MESSAGE_FROM_STUDENT))
            TRY(put_delivery(tx, &rows[i], job->job.language, out));
    json_list_close(out);
    return ERR_NONE;
}

static enum err submission_messages_read(struct tx *tx, struct submission_messages *job)
{
    return COMPOSE(tx, job, submission_messages_body);
}
ANSWERED(submission_messages, struct submission_messages, READ(submission_messages_read))

/* ---- answers kept ready ---- */

struct answers {
    struct job job;
    const struct json *items;
    struct canned_answer list[CANNED_MAX];
    size_t count;
};

static enum err answers_decode(struct exchange *x, struct answers *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err answers_body(struct tx *tx, struct answers *job, struct buf *out)
{
    struct canned_answer list[CANNED_MAX];
    size_t count = 0;
    (void)job;
    TRY(canned_list(tx, list, &count));
    json_list_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "title", list[i].title);
        json_put_text(out, "text", list[i].text);
        json_object_close(out);
    }
    json_list_close(out);
    return ERR_NONE;
}

static enum err answers_read(struct tx *tx, struct answers *job)
{
    return COMPOSE(tx, job, answers_body);
}
ANSWERED(answers, struct answers, READ(answers_read))

static const struct json_field answers_fields[] = {
    JSON_FIELD(struct answers, items, JSON_TO_TREE, true, 0, CANNED_MAX)};
static const struct json_field answer_fields[] = {JSON_FIELD(struct canned_answer, title, JSON_TO_TEXT, true, 1, 40),
                                                  JSON_FIELD(struct canned_answer, text, JSON_TO_LINES, true, 1, 1000)};

static enum err answers_set_decode(struct exchange *x, struct answers *job)
{
    char why[JSON_WHY_BYTES];
    job_begin(x, &job->job);
    if (scope_school(&job->job) != NULL) /* all schools' service uses them */
        return exchange_explain(x, ERR_FORBIDDEN, "an account of one school does not change everybody's answers");
    TRY(exchange_json(x, answers_fields, countof(answers_fields), job));
    if (job->items->kind != JSON_ARRAY || json_count(job->items) > CANNED_MAX)
        return exchange_explain(x, ERR_BAD_FIELD, "items is a list of at most %d", CANNED_MAX);
    for (const struct json *item = job->items->first; item != NULL; item = item->next)
        if (json_decode(item, answer_fields, countof(answer_fields), &job->list[job->count++], job->job.arena, why) !=
            ERR_NONE)
            return exchange_explain(x, ERR_BAD_FIELD, "items: %s", why);
    return ERR_NONE;
}

static enum err answers_set_write(struct tx *tx, struct answers *job)
{
    TRY(canned_set(tx, job->list, job->count));
    TRY(scope_audit(tx, &job->job, "answers_set", "answers", "", NULL));
    return COMPOSE(tx, job, answers_body);
}
ANSWERED(answers_set, struct answers, WRITE(answers_set_write))
