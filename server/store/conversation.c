#include "store/conversation.h"

#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/store.h"

#define ERASE_PICTURES_MAX 1000

static void read_conversation(const struct rows *r, struct conversation *c)
{
    *c = (struct conversation){.student_id = col_text(r, 0),
                               .school_id = col_text(r, 1),
                               .submission_id = col_text(r, 2),
                               .state = col_text(r, 3),
                               .assigned_to = col_text(r, 4),
                               .unread = col_int(r, 5),
                               .last_sender = col_text(r, 6),
                               .last_us = col_int(r, 7),
                               .waiting_us = col_int(r, 8),
                               .window_account = col_text(r, 9),
                               .window_until_us = col_int(r, 10),
                               .window_left = col_int(r, 11)};
}

enum err conversation_get(struct tx *tx, const char *student_id, struct conversation *c)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_CONVERSATION_GET, v_text(student_id)));
    if (rows_next(&r))
        read_conversation(&r, c);
    return rows_close_one(&r);
}

static void changed(struct tx *tx, const char *student_id)
{
    store_touch(tx, TOPIC_CONVERSATION, student_id);
}

/* ---- what is said ---- */

/* The submission it is about and its school; NULL both when the student has none. */
static enum err subject(struct tx *tx, const struct conversation_word *w, const char **submission_id,
                        const char **school_id)
{
    struct rows r;
    *submission_id = *school_id = NULL;
    if (w->submission_id != NULL)
        TRY(TX_OPEN(tx, &r, Q_CONVERSATION_SUBJECT_OF, v_text(w->student_id), v_text(w->submission_id)));
    else
        TRY(TX_OPEN(tx, &r, Q_CONVERSATION_SUBJECT, v_text(w->student_id)));
    if (rows_next(&r)) {
        *submission_id = col_text(&r, 0);
        *school_id = col_text(&r, 1);
    }
    return w->submission_id != NULL ? rows_close_one(&r) : rows_close(&r);
}

enum err conversation_say(struct tx *tx, const struct conversation_word *w)
{
    RUNS_ON(ROLE_WRITER);
    struct conversation c = {.waiting_us = 0};
    const char *submission_id, *school_id;
    bool of_student = text_is(w->sender, MESSAGE_FROM_STUDENT);
    TRY(subject(tx, w, &submission_id, &school_id));
    enum err e = conversation_get(tx, w->student_id, &c);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    const struct message_row row = {.id = w->id,
                                    .submission_id = submission_id,
                                    .kind = MESSAGE_KIND_SERVICE,
                                    .created_us = w->now_us,
                                    .sender = w->sender,
                                    .text = w->text,
                                    .blob_id = w->blob_id,
                                    .account_id = w->account_id};
    TRY(message_add(tx, &row, w->student_id));
    int64_t waiting_us = !of_student ? 0 : c.waiting_us > 0 ? c.waiting_us : w->now_us;
    changed(tx, w->student_id);
    return TX_RUN(tx, Q_CONVERSATION_PUT, v_text(w->student_id), v_text(school_id), v_text(submission_id),
                  v_text("open"), v_int(c.unread + of_student), v_text(w->sender), v_int(w->now_us), v_int(waiting_us));
}

enum err conversation_picture(struct tx *tx, const char *message_id, const char *blob_id, const char *text)
{
    struct message_row row;
    TRY(message_get(tx, message_id, &row));
    if (row.text == NULL || !text_is(row.text, CONVERSATION_PICTURE_COMING))
        return ERR_NOT_FOUND; /* here already, or erased */
    changed(tx, row.student_id);
    return message_set_picture(tx, message_id, blob_id, text);
}

enum err conversation_said_since(struct tx *tx, const char *student_id, int64_t since_us, int64_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_SAID_SINCE, v_text(student_id), v_int(since_us)));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close_one(&r);
}

/* ---- the service's list ---- */

enum err conversation_list(struct tx *tx, const struct conversation_filter *f, struct conversation *list, size_t max,
                           size_t *count)
{
    struct rows r;
    const char *school = f->school_id == NULL ? "" : f->school_id;
    const char *assigned = f->assigned_to == NULL ? "" : f->assigned_to;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_CONVERSATION_LIST, v_text(f->state), v_int(f->before_us), v_text(school), v_text(school),
                v_text(assigned), v_text(assigned), v_text(f->unread_only ? "unread" : ""), v_int(0),
                v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_conversation(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err conversation_unread(struct tx *tx, const char *school_id, int64_t *count)
{
    struct rows r;
    const char *school = school_id == NULL ? "" : school_id;
    TRY(TX_OPEN(tx, &r, Q_CONVERSATION_UNREAD, v_text(school), v_text(school)));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close_one(&r);
}

enum err conversation_read(struct tx *tx, const char *student_id, int64_t now_us)
{
    TRY(TX_RUN(tx, Q_MESSAGE_READ_BY_SERVICE, v_int(now_us), v_text(student_id)));
    changed(tx, student_id);
    return TX_RUN(tx, Q_CONVERSATION_READ, v_text(student_id));
}

enum err conversation_assign(struct tx *tx, const char *student_id, const char *account_id)
{
    changed(tx, student_id);
    return TX_RUN(tx, Q_CONVERSATION_ASSIGN, v_text(account_id), v_text(student_id));
}

enum err conversation_set_state(struct tx *tx, const struct conversation *c, const char *state)
{
    changed(tx, c->student_id);
    return TX_RUN(tx, Q_CONVERSATION_STATE, v_text(state), v_int(text_is(state, "done") ? 0 : c->waiting_us),
                  v_text(c->student_id));
}

/* ---- WeChat's window ---- */

enum err conversation_window_open(struct tx *tx, const char *student_id, const char *account, const char *openid,
                                  bool entered, int64_t now_us)
{
    struct conversation c;
    TRY(conversation_get(tx, student_id, &c));
    int64_t until_us = now_us + (entered ? CONVERSATION_ENTER_US : CONVERSATION_WINDOW_US);
    if (entered && c.window_until_us > until_us && c.window_left >= CONVERSATION_ENTER_ANSWERS)
        return ERR_NONE;
    changed(tx, student_id);
    return TX_RUN(tx, Q_CONVERSATION_WINDOW, column_seal(tx, "conversation", student_id, "window_openid", openid),
                  v_text(account), v_int(until_us),
                  v_int(entered ? CONVERSATION_ENTER_ANSWERS : CONVERSATION_WINDOW_ANSWERS), v_text(student_id));
}

enum err conversation_window(struct tx *tx, const char *student_id, int64_t now_us, const char **account,
                             const char **openid)
{
    struct rows r;
    enum err e = ERR_NONE;
    *account = *openid = NULL;
    TRY(TX_OPEN(tx, &r, Q_CONVERSATION_WINDOW_OPEN, v_text(student_id), v_int(now_us)));
    if (rows_next(&r)) {
        *account = col_text(&r, 0);
        e = column_open(tx, &r, 1, "conversation", student_id, "window_openid", openid);
    }
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

enum err conversation_window_spend(struct tx *tx, const char *student_id)
{
    changed(tx, student_id);
    return TX_RUN(tx, Q_CONVERSATION_WINDOW_SPEND, v_text(student_id));
}

enum err conversation_window_shut(struct tx *tx, const char *student_id)
{
    changed(tx, student_id);
    return TX_RUN(tx, Q_CONVERSATION_WINDOW_SHUT, v_text(student_id));
}

/* ---- erasing ---- */

enum err conversation_erase(struct tx *tx, const char *student_id, int64_t now_us)
{
    struct rows r;
    const char **blobs = ARENA_ARRAY(tx->arena, const char *, ERASE_PICTURES_MAX);
    size_t count = 0;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_BLOBS, v_text(student_id), v_int(ERASE_PICTURES_MAX)));
    while (count < ERASE_PICTURES_MAX && rows_next(&r))
        blobs[count++] = col_text(&r, 0);
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++)
        TRY(blob_row_erase(tx, blobs[i], now_us));
    TRY(TX_RUN(tx, Q_MESSAGE_READ_BY_SERVICE, v_int(now_us), v_text(student_id)));
    TRY(TX_RUN(tx, Q_MESSAGE_ERASE, v_text(student_id)));
    changed(tx, student_id);
    return TX_RUN(tx, Q_CONVERSATION_ERASE, v_text(student_id));
}

/* ---- answers kept ready ---- */

enum err canned_list(struct tx *tx, struct canned_answer list[CANNED_MAX], size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_CANNED_LIST, v_int(CANNED_MAX)));
    while (*count < CANNED_MAX && rows_next(&r))
        list[(*count)++] = (struct canned_answer){.title = col_text(&r, 1), .text = col_text(&r, 2)};
    return rows_close(&r);
}

enum err canned_set(struct tx *tx, const struct canned_answer *list, size_t count)
{
    CHECK(count <= CANNED_MAX);
    TRY(tx_run(tx, Q_CANNED_CLEAR, NULL, 0, NULL));
    for (size_t i = 0; i < count; i++)
        TRY(TX_RUN(tx, Q_CANNED_ADD, v_int((int64_t)i + 1), v_text(list[i].title), v_text(list[i].text)));
    return ERR_NONE;
}
