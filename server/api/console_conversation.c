/* Staff: conversations with students. Whoever is bound to a school sees those about its submissions only. What is said
 * to a student goes into the inbox at once and out by the other channels behind it (message_tell's effect). */
#include "api/console_scope.h"
#include "api/picture.h"
#include "store/blob_row.h"
#include "store/conversation.h"
#include "store/outbox.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/view.h"

#define TEXT_CHARS_MAX 1000

/* One the account may see; anything else does not exist for it. */
static enum err scope_conversation(struct tx *tx, const struct job *job, const char *student_id, struct conversation *c)
{
    const char *school_id = scope_school(job);
    TRY(conversation_get(tx, student_id, c));
    return school_id == NULL || text_is(c->school_id, school_id) ? ERR_NONE : ERR_NOT_FOUND;
}

/* ---- as JSON ---- */

static enum err put_account(struct tx *tx, const char *name, const char *account_id, struct buf *out)
{
    struct account account;
    json_name(out, name);
    enum err e = account_id == NULL ? ERR_NOT_FOUND : account_get(tx, account_id, &account);
    if (e == ERR_NOT_FOUND) {
        json_null(out);
        return ERR_NONE;
    }
    TRY(e);
    json_object_open(out);
    json_put_text(out, "id", account.id);
    json_put_text(out, "display_name", account.display_name);
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_members(struct tx *tx, const struct conversation *c, int64_t now_us, struct buf *out)
{
    struct student student;
    TRY(student_get(tx, c->student_id, &student));
    bool open = c->window_until_us > now_us && c->window_left > 0;
    json_put_text(out, "student_id", c->student_id);
    json_put_text(out, "name_masked", student.name == NULL ? "" : mask_name(tx->arena, student.name));
    json_put_text(out, "state", c->state);
    TRY(put_account(tx, "assigned_to", c->assigned_to, out));
    json_put_int(out, "unread", c->unread);
    json_put_text(out, "last_sender", c->last_sender);
    json_put_time(out, "last", c->last_us);
    json_put_time(out, "waiting_since", c->waiting_us);
    json_put_time(out, "window_until", open ? c->window_until_us : 0);
    json_put_int(out, "window_left", open ? c->window_left : 0);
    return ERR_NONE;
}

static enum err put_submission(struct tx *tx, struct view_staff *view, const char *id, struct buf *out)
{
    struct submission s;
    enum err e = id == NULL ? ERR_NOT_FOUND : submission_get(tx, id, &s);
    if (e == ERR_NOT_FOUND) {
        json_null(out);
        return ERR_NONE;
    }
    TRY(e);
    return view_staff_submission(tx, view, &s, out);
}

static void put_words(struct tx *tx, const struct message_row *row, enum language lang, struct buf *out)
{
    struct message_words words = {.title = "", .text = row->text != NULL ? row->text : ""};
    if (text_is(row->sender, MESSAGE_FROM_SYSTEM))
        message_render(row->kind, row->detail, lang, tx->arena, &words);
    json_put_text(out, "title", words.title);
    json_put_text(out, "text", words.text);
}

static enum err put_message(struct tx *tx, const struct message_row *row, enum language lang, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "id", row->id);
    json_put_text(out, "kind", row->kind);
    json_put_text(out, "sender", row->sender);
    TRY(put_account(tx, "by", row->account_id, out));
    put_words(tx, row, lang, out);
    json_put_bool(out, "picture", row->blob_id != NULL);
    json_put_text(out, "verdict", row->verdict);
    json_put_text(out, "channel", row->channel);
    json_put_text(out, "submission_id", row->submission_id);
    json_put_time(out, "created", row->created_us);
    json_put_time(out, "read", row->read_us);
    json_object_close(out);
    return ERR_NONE;
}

/* ---- list ---- */

struct conversation_list_job {
    struct job job;
    struct page page;
    struct conversation_filter filter;
};

static enum err conversations_decode(struct exchange *x, struct conversation_list_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    const char *state = exchange_query(x, "state"), *only = exchange_query(x, "only");
    job->filter = (struct conversation_filter){.state = state != NULL ? state : "open", .before_us = INT64_MAX};
    TRY(job_choice(x, "state", job->filter.state, "|open|done|"));
    if (only != NULL)
        TRY(job_choice(x, "only", only, "|mine|unread|"));
    job->filter.assigned_to = text_is(only, "mine") ? job->job.who->id : NULL;
    job->filter.unread_only = text_is(only, "unread");
    job->filter.school_id = scope_school(&job->job);
    if (job->page.cursor != NULL && !text_int(job->page.cursor, &job->filter.before_us))
        return exchange_explain(x, ERR_BAD_FIELD, "cursor is not one this server gave");
    return ERR_NONE;
}

static enum err conversations_body(struct tx *tx, struct conversation_list_job *job, struct buf *out)
{
    struct conversation *list = ARENA_ARRAY(tx->arena, struct conversation, LIST_LIMIT_MAX + 1);
    struct view_staff view = {.has_session = false};
    size_t count = 0, limit = (size_t)job->page.limit;
    int64_t unread = 0;
    TRY(conversation_list(tx, &job->filter, list, limit + 1, &count));
    TRY(conversation_unread(tx, job->filter.school_id, &unread));
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_object_open(out);
        TRY(put_members(tx, &list[i], job->job.now_us, out));
        json_name(out, "submission");
        TRY(put_submission(tx, &view, list[i].submission_id, out));
        json_object_close(out);
    }
    json_array_close(out);
    json_put_text(out, "next", count > limit ? arena_printf(tx->arena, "%" PRId64, list[limit - 1].last_us) : NULL);
    json_put_int(out, "unread", unread);
    json_object_close(out);
    return ERR_NONE;
}

static enum err conversations_read(struct tx *tx, struct conversation_list_job *job)
{
    return COMPOSE(tx, job, conversations_body);
}
ANSWERED(conversations, struct conversation_list_job, READ(conversations_read))

/* ---- one ---- */

struct conversation_job {
    struct job job;
    struct page page;
    const char *student_id, *account_id, *text, *new_id;
    /* of a picture */
    const void *bytes;
    size_t len;
    const char *media_type, *new_blob_id;
    struct blob_ref ref;
};

static enum err conversation_decode(struct exchange *x, struct conversation_job *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    return exchange_path_id(x, "id", &job->student_id);
}

static enum err conversation_show_decode(struct exchange *x, struct conversation_job *job)
{
    TRY(conversation_decode(x, job));
    return job_page(x, &job->page);
}

static enum err put_submissions(struct tx *tx, const struct conversation_job *job, struct buf *out)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    struct view_staff view = {.has_session = false};
    size_t count = 0;
    TRY(student_submissions(tx, job->student_id, list, countof(list), &count));
    json_name(out, "submissions");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        struct submission seen;
        enum err e = scope_submission(tx, &job->job, list[i].id, &seen);
        if (e == ERR_NONE)
            e = view_staff_submission(tx, &view, &seen, out);
        if (e != ERR_NONE && e != ERR_NOT_FOUND)
            return e;
    }
    json_array_close(out);
    return ERR_NONE;
}

static enum err conversation_show_body(struct tx *tx, struct conversation_job *job, struct buf *out)
{
    struct conversation c;
    struct message_row *rows = ARENA_ARRAY(tx->arena, struct message_row, LIST_LIMIT_MAX + 1);
    size_t count = 0, limit = (size_t)job->page.limit;
    TRY(scope_conversation(tx, &job->job, job->student_id, &c));
    TRY(message_list_of_school(tx, c.student_id, scope_school(&job->job), job->page.cursor, rows, limit + 1, &count));
    json_object_open(out);
    TRY(put_members(tx, &c, job->job.now_us, out));
    TRY(put_submissions(tx, job, out));
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        TRY(put_message(tx, &rows[i], job->job.language, out));
    json_array_close(out);
    json_put_text(out, "next", count > limit ? rows[limit - 1].id : NULL);
    json_object_close(out);
    return ERR_NONE;
}

static enum err conversation_show_read(struct tx *tx, struct conversation_job *job)
{
    return COMPOSE(tx, job, conversation_show_body);
}
ANSWERED(conversation_show, struct conversation_job, READ(conversation_show_read))

static enum err reading_write(struct tx *tx, struct conversation_job *job)
{
    struct conversation c;
    TRY(scope_conversation(tx, &job->job, job->student_id, &c));
    return c.unread > 0 ? conversation_read(tx, c.student_id, job->job.now_us) : ERR_NONE;
}
#define conversation_mark_read_decode conversation_decode
DONE_204(conversation_mark_read, struct conversation_job, WRITE(reading_write))

/* ---- answer ---- */

static enum err conversation_say_body(struct tx *tx, struct conversation_job *job, struct buf *out)
{
    struct message_row row;
    TRY(message_get(tx, job->new_id, &row));
    return put_message(tx, &row, job->job.language, out);
}

/* The inbox has it with this unit; the effect carries it on. Whoever answers an unassigned one looks after it. */
static enum err answer(struct tx *tx, struct conversation_job *job, const char *blob_id)
{
    struct conversation c;
    TRY(scope_conversation(tx, &job->job, job->student_id, &c));
    const struct conversation_word word = {.id = job->new_id,
                                           .student_id = c.student_id,
                                           .submission_id = c.submission_id,
                                           .sender = MESSAGE_FROM_SERVICE,
                                           .text = job->text,
                                           .blob_id = blob_id,
                                           .account_id = job->job.who->id,
                                           .now_us = job->job.now_us};
    TRY(conversation_say(tx, &word));
    if (c.unread > 0)
        TRY(conversation_read(tx, c.student_id, job->job.now_us));
    if (c.assigned_to == NULL)
        TRY(conversation_assign(tx, c.student_id, job->job.who->id));
    TRY(message_tell_again(tx, job->new_id, job->job.now_us));
    TRY(scope_audit(tx, &job->job, "student_answered", "student", c.student_id,
                    arena_printf(tx->arena, "{\"message_id\":\"%s\",\"picture\":%s}", job->new_id,
                                 blob_id != NULL ? "true" : "false")));
    return COMPOSE(tx, job, conversation_say_body);
}

static const struct json_field conversation_say_fields[] = {
    JSON_FIELD(struct conversation_job, text, JSON_TO_LINES, true, 1, TEXT_CHARS_MAX)};

static enum err conversation_say_decode(struct exchange *x, struct conversation_job *job)
{
    TRY(conversation_decode(x, job));
    job->job.status = 201;
    TRY(exchange_json(x, conversation_say_fields, countof(conversation_say_fields), job));
    return strspn(job->text, " \n\t") == strlen(job->text) ? exchange_explain(x, ERR_BAD_FIELD, "text is empty")
                                                           : ERR_NONE;
}

static enum err conversation_say_write(struct tx *tx, struct conversation_job *job)
{
    return answer(tx, job, NULL);
}
ANSWERED_ONCE(conversation_say, struct conversation_job, WRITE(conversation_say_write))

static enum err conversation_send_picture_decode(struct exchange *x, struct conversation_job *job)
{
    TRY(conversation_decode(x, job));
    job->job.status = 201;
    job->new_blob_id = job_new_id(&job->job);
    return picture_given(x, &job->bytes, &job->len, &job->media_type);
}

static enum err picture_scope(struct tx *tx, struct conversation_job *job)
{
    struct conversation c;
    return scope_conversation(tx, &job->job, job->student_id, &c);
}

static enum err picture_seal(struct conversation_job *job, struct arena *arena)
{
    return blob_put(api()->blobs, job->new_blob_id, job->bytes, job->len, arena, &job->ref);
}

static enum err picture_write(struct tx *tx, struct conversation_job *job)
{
    TRY(blob_row_add(tx, &job->ref, "message", job->media_type, job->student_id, job->job.now_us));
    return answer(tx, job, job->ref.id);
}
ANSWERED_ONCE(conversation_send_picture, struct conversation_job, READ(picture_scope), LANE(picture_seal),
              WRITE(picture_write))

/* ---- look after it ---- */

static const struct json_field conversation_assign_fields[] = {
    JSON_FIELD(struct conversation_job, account_id, JSON_TO_TEXT, false, 26, 26)};

static enum err conversation_assign_decode(struct exchange *x, struct conversation_job *job)
{
    TRY(conversation_decode(x, job));
    TRY(exchange_json(x, conversation_assign_fields, countof(conversation_assign_fields), job));
    return job->account_id != NULL ? job_id(x, "account_id", job->account_id) : ERR_NONE;
}

static enum err conversation_assign_body(struct tx *tx, struct conversation_job *job, struct buf *out)
{
    struct conversation c;
    TRY(conversation_get(tx, job->student_id, &c));
    json_object_open(out);
    TRY(put_members(tx, &c, job->job.now_us, out));
    json_object_close(out);
    return ERR_NONE;
}

static enum err conversation_assign_write(struct tx *tx, struct conversation_job *job)
{
    struct conversation c;
    struct account account;
    TRY(scope_conversation(tx, &job->job, job->student_id, &c));
    if (job->account_id != NULL) {
        enum err e = account_get(tx, job->account_id, &account);
        if (e == ERR_NOT_FOUND ||
            (e == ERR_NONE &&
             (account.disabled || (account.roles & (ROLE_SERVICE | ROLE_SENIOR | ROLE_ADMINISTRATOR)) == 0)))
            return job_refuse(&job->job, ERR_BAD_FIELD, "account_id is nobody who may answer");
        TRY(e);
    }
    TRY(conversation_assign(tx, c.student_id, job->account_id));
    TRY(scope_audit(tx, &job->job, "conversation_assigned", "student", c.student_id, NULL));
    return COMPOSE(tx, job, conversation_assign_body);
}
ANSWERED(conversation_assign, struct conversation_job, WRITE(conversation_assign_write))

static enum err conversation_done_write(struct tx *tx, struct conversation_job *job)
{
    struct conversation c;
    TRY(scope_conversation(tx, &job->job, job->student_id, &c));
    if (c.unread > 0)
        TRY(conversation_read(tx, c.student_id, job->job.now_us));
    TRY(conversation_set_state(tx, &c, "done"));
    return scope_audit(tx, &job->job, "conversation_done", "student", c.student_id, NULL);
}
#define conversation_done_decode conversation_decode
DONE_204(conversation_done, struct conversation_job, WRITE(conversation_done_write))

/* ---- a picture in it: every view is audited ---- */

struct conversation_picture {
    struct picture picture;
    const char *student_id, *message_id;
};

static enum err conversation_picture_decode(struct exchange *x, struct conversation_picture *job)
{
    picture_begin(x, &job->picture);
    TRY(exchange_path_id(x, "id", &job->student_id));
    return exchange_path_id(x, "message", &job->message_id);
}

static enum err conversation_picture_read(struct tx *tx, struct conversation_picture *job)
{
    struct conversation c;
    struct message_row row;
    struct submission s;
    TRY(scope_conversation(tx, &job->picture.job, job->student_id, &c));
    TRY(message_get(tx, job->message_id, &row));
    if (!text_is(row.student_id, c.student_id))
        return ERR_NOT_FOUND;
    if (scope_school(&job->picture.job) != NULL)
        TRY(row.submission_id == NULL ? ERR_NOT_FOUND : scope_submission(tx, &job->picture.job, row.submission_id, &s));
    return picture_find(tx, &job->picture, row.blob_id);
}

static enum err conversation_picture_write(struct tx *tx, struct conversation_picture *job)
{
    return scope_audit(tx, &job->picture.job, "message_picture_viewed", "student", job->student_id,
                       arena_printf(tx->arena, "{\"message_id\":\"%s\"}", job->message_id));
}
#define conversation_picture_reply picture_reply
ENDPOINT(conversation_picture, struct conversation_picture, READ(conversation_picture_read), LANE(picture_open),
         WRITE(conversation_picture_write))
