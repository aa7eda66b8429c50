#include "store/own_data.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/collection_code.h"
#include "store/consent.h"
#include "store/conversation.h"
#include "store/face_count.h"
#include "store/follower.h"
#include "store/identity.h"
#include "store/link_request.h"
#include "store/login_key.h"
#include "store/message.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/transition.h"
#include "store/view.h"

#define MESSAGES_MAX 1000
#define ATTEMPTS_MAX 256
#define COPIES_MAX   64

/* ---- the copy's row ---- */

enum err own_copy_newest(struct tx *tx, const char *student_id, struct own_copy *copy)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_OWN_COPY_NEWEST, v_text(student_id)));
    if (rows_next(&r))
        *copy = (struct own_copy){.id = col_text(&r, 0),
                                  .state = col_text(&r, 1),
                                  .blob_id = col_text(&r, 2),
                                  .size_bytes = col_int(&r, 3),
                                  .left_out = col_int(&r, 4),
                                  .created_us = col_int(&r, 5),
                                  .expires_us = col_int(&r, 6)};
    return rows_close_one(&r);
}

enum err own_copy_start(struct tx *tx, const char *student_id, const char *new_id, int64_t now_us,
                        struct own_copy *copy)
{
    RUNS_ON(ROLE_WRITER);
    enum err e = own_copy_newest(tx, student_id, copy);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    bool wanted =
        e == ERR_NOT_FOUND || text_is(copy->state, "failed") || copy->created_us + OWN_COPY_PAUSE_MS * 1000 <= now_us;
    if (!wanted)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_OWN_COPY_ADD, v_text(new_id), v_text(student_id), v_int(now_us),
               v_int(now_us + OWN_COPY_KEEP_MS * 1000)));
    const char *payload = arena_printf(tx->arena, "{\"student_id\":\"%s\",\"copy_id\":\"%s\"}", student_id, new_id);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-own_copy", new_id), "own_copy", NULL, payload, 0, now_us));
    return own_copy_newest(tx, student_id, copy);
}

enum err own_copy_ready(struct tx *tx, const char *id, const char *blob_id, int64_t size_bytes, int64_t left_out)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_OWN_COPY_READY, v_text(blob_id), v_int(size_bytes), v_int(left_out), v_text(id));
}

enum err own_copy_failed(struct tx *tx, const char *id)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_OWN_COPY_FAILED, v_text(id));
}

/* ---- everything in words ---- */

static enum err put_attempts(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct attempt *list = ARENA_ARRAY(tx->arena, struct attempt, ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, list, ATTEMPTS_MAX, &count));
    json_name(out, "attempts");
    json_array_open(out);
    for (size_t i = 0; i < count; i++)
        view_attempt(out, &list[i], text_is(list[i].id, s->attempt_id));
    json_array_close(out);
    return ERR_NONE;
}

static enum err put_submission(struct tx *tx, const struct submission *s, int64_t now_us, struct buf *out)
{
    const char *address = NULL;
    const struct json *tree;
    int64_t last;
    json_object_open(out);
    json_name(out, "submission");
    TRY(submission_view(tx, s, LANGUAGE_ZH, now_us, out, NULL));
    json_name(out, "timeline");
    TRY(view_timeline(tx, s->id, 0, VIEW_ROWS_MAX, false, out, &last));
    TRY(put_attempts(tx, s, out));
    json_name(out, "payments");
    TRY(view_payments(tx, s->id, out));
    json_name(out, "face_comparison");
    if (s->attempt_id != NULL)
        TRY(view_face(tx, s->attempt_id, true, out));
    else
        json_null(out);
    TRY(submission_address(tx, s->id, &address));
    json_name(out, "address");
    if (address != NULL && json_read(address, strlen(address), tx->arena, &tree) == ERR_NONE)
        json_tree(out, tree);
    else
        json_null(out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_messages(struct tx *tx, const char *student_id, struct buf *out)
{
    struct message_row *rows = ARENA_ARRAY(tx->arena, struct message_row, MESSAGES_MAX);
    size_t count = 0;
    TRY(message_list(tx, student_id, NULL, rows, MESSAGES_MAX, &count));
    json_name(out, "messages");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        struct message_words words;
        message_render(rows[i].kind, rows[i].detail, LANGUAGE_ZH, tx->arena, &words);
        json_object_open(out);
        json_put_time(out, "created", rows[i].created_us);
        bool said = !text_is(rows[i].sender, MESSAGE_FROM_SYSTEM);
        json_put_text(out, "from", rows[i].sender);
        json_put_text(out, "title", said ? "" : words.title);
        json_put_text(out, "text", !said ? words.text : rows[i].text != NULL ? rows[i].text : "");
        json_put_text(out, "channel", rows[i].channel);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

enum err own_data_write(struct tx *tx, const char *student_id, int64_t now_us, struct buf *out)
{
    struct student student;
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_get(tx, student_id, &student));
    TRY(student_submissions(tx, student_id, list, countof(list), &count));
    json_object_open(out);
    json_put_time(out, "made", now_us);
    json_put_text(out, "student_id", student.id);
    json_put_text(out, "name", student.name);
    json_put_text(out, "id_number", student.id_number);
    json_put_text(out, "phone", student.phone);
    json_put_text(out, "wechat_openid", student.openid);
    json_put_text(out, "language", student.language);
    json_name(out, "consents");
    TRY(view_consents(tx, student_id, out));
    json_name(out, "consent_evidence");
    TRY(consent_evidence_write(tx, student_id, out));
    json_name(out, "submissions");
    json_array_open(out);
    for (size_t i = 0; i < count; i++)
        TRY(put_submission(tx, &list[i], now_us, out));
    json_array_close(out);
    TRY(put_messages(tx, student_id, out));
    json_object_close(out);
    return out->over ? ERR_TOO_LARGE : ERR_NONE;
}

/* ---- pictures ---- */

struct pictures {
    struct own_picture *list;
    size_t max, count;
};

static enum err add_picture(struct tx *tx, struct pictures *to, const char *name, const char *blob_id)
{
    struct blob_row row;
    if (blob_id == NULL || to->count == to->max)
        return ERR_NONE;
    enum err e = blob_row_get(tx, blob_id, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE; /* erased */
    TRY(e);
    const char *ending = text_is(row.media_type, "image/png")    ? "png"
                         : text_is(row.media_type, "image/heic") ? "heic"
                                                                 : "jpg";
    to->list[to->count++] = (struct own_picture){.name = arena_printf(tx->arena, "%s.%s", name, ending),
                                                 .blob_id = row.id,
                                                 .sealed_key = row.sealed_key,
                                                 .sealed_key_len = row.sealed_key_len,
                                                 .size_bytes = row.size_bytes};
    return ERR_NONE;
}

static enum err add_attempts(struct tx *tx, struct pictures *to, const struct submission *s)
{
    struct attempt *list = ARENA_ARRAY(tx->arena, struct attempt, ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, list, ATTEMPTS_MAX, &count));
    for (size_t i = count; i-- > 0;) {
        const char *at = arena_printf(tx->arena, "%s/photo-%" PRId64, s->code, list[i].number);
        TRY(add_picture(tx, to, arena_printf(tx->arena, "%s-finished", at), list[i].standard_blob_id));
        TRY(add_picture(tx, to, arena_printf(tx->arena, "%s-original", at), list[i].original_blob_id));
    }
    return ERR_NONE;
}

enum err own_data_pictures(struct tx *tx, const char *student_id, struct own_picture *list, size_t max, size_t *count)
{
    struct pictures to = {list, max, 0};
    struct student student;
    struct submission submissions[STUDENT_SUBMISSIONS_MAX];
    size_t n = 0;
    TRY(student_get(tx, student_id, &student));
    TRY(student_submissions(tx, student_id, submissions, countof(submissions), &n));
    TRY(add_picture(tx, &to, "id-portrait", student.portrait_blob_id));
    for (size_t i = n; i-- > 0;)
        TRY(add_attempts(tx, &to, &submissions[i]));
    *count = to.count;
    return ERR_NONE;
}

/* ---- leaving ---- */

static enum err move_on(struct tx *tx, const struct submission *s, enum wf_event event, int64_t now_us)
{
    const struct move move = {.submission_id = s->id,
                              .event = event,
                              .actor_kind = event == EV_withdraw ? ACTOR_STUDENT : ACTOR_SERVER,
                              .actor_id = event == EV_withdraw ? s->student_id : "leaving",
                              .now_us = now_us};
    return transition_apply(tx, &move, NULL);
}

/* Closed first, however it stands; then everything of it is erased after the commit. */
static enum err close_one(struct tx *tx, const struct submission *s, int64_t now_us, const char **blocked)
{
    enum err e = ERR_NONE;
    if (s->state != WF_closed && s->state != WF_completed)
        e = move_on(tx, s, EV_withdraw, now_us);
    if (e == ERR_NONE)
        e = move_on(tx, s, EV_purge, now_us);
    if (e == ERR_REFUSED)
        *blocked = s->code;
    return e;
}

enum err own_data_leave(struct tx *tx, const char *student_id, int64_t now_us, const char **blocked)
{
    RUNS_ON(ROLE_WRITER);
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    *blocked = NULL;
    TRY(student_submissions(tx, student_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        TRY(close_one(tx, &list[i], now_us, blocked));
    TRY(TX_RUN(tx, Q_STUDENT_LEAVES, v_int(now_us), v_text(student_id)));
    struct audit_entry entry = {now_us, "student", student_id, "leaves", "student", student_id, NULL};
    TRY(audit_add(tx, &entry));
    TRY(login_end_all(tx, student_id));
    return count == 0 ? person_erase(tx, student_id, now_us) : ERR_NONE;
}

static enum err erase_copies(struct tx *tx, const char *student_id, int64_t now_us)
{
    const char *blobs[COPIES_MAX];
    size_t count = 0;
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_OWN_COPY_BLOBS, v_text(student_id)));
    while (count < COPIES_MAX && rows_next(&r))
        blobs[count++] = col_text(&r, 0);
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++)
        TRY(blob_row_erase(tx, blobs[i], now_us));
    return TX_RUN(tx, Q_OWN_COPY_GONE_ALL, v_text(student_id));
}

static enum err erase_login(struct tx *tx, const char *student_id, int64_t now_us)
{
    TRY(erase_copies(tx, student_id, now_us));
    TRY(TX_RUN(tx, Q_STUDENT_MESSAGES_ERASE, v_text(student_id)));
    TRY(follower_erase(tx, student_id));
    TRY(TX_RUN(tx, Q_STUDENT_QUOTA_ERASE, v_text(student_id)));
    TRY(TX_RUN(tx, Q_EVIDENCE_ERASE, v_text(student_id)));
    TRY(TX_RUN(tx, Q_STUDENT_ROSTER_UNLINK, v_text(student_id)));
    TRY(TX_RUN(tx, Q_STUDENT_LOGIN_KEYS_ERASE, v_text(student_id)));
    return student_forget_login(tx, student_id);
}

enum err person_erase(struct tx *tx, const char *student_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct student student;
    struct rows r;
    TRY(student_get(tx, student_id, &student));
    TRY(blob_row_erase(tx, student.portrait_blob_id, now_us));
    TRY(TX_RUN(tx, Q_STUDENT_ERASE, v_text(student_id)));
    TRY(identity_erase(tx, student_id, now_us));
    TRY(conversation_erase(tx, student_id, now_us));
    TRY(link_request_erase(tx, student_id));
    TRY(collection_code_drop_open(tx, student_id));
    TRY(login_keys_erase(tx, student_id));
    TRY(face_count_drop(tx, student_id));
    TRY(TX_OPEN(tx, &r, Q_STUDENT_LEAVING, v_text(student_id)));
    bool leaving = rows_next(&r) && col_int(&r, 0) != 0;
    TRY(rows_close(&r));
    return leaving ? erase_login(tx, student_id, now_us) : ERR_NONE;
}
