/* Everything we hold about a student, in words: data.json of the copy. Declared in own_data.h. What is in it is what
 * tests/unit/person_tables.def says, column by column. */
#include "base/json.h"
#include "base/text.h"
#include "store/column.h"
#include "store/consent.h"
#include "store/follower.h"
#include "store/id_card.h"
#include "store/identity.h"
#include "store/link_request.h"
#include "store/message.h"
#include "store/own_data.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/view.h"

#define MESSAGES_MAX 1000
#define ATTEMPTS_MAX 256
#define CARDS_MAX    64

/* ---- rows as they are ---- */

enum kind { END, TEXT, NUMBER, TIME, TREE };
struct field {
    const char *name;
    enum kind kind;
};

static void put_field(struct buf *out, const struct field *f, const struct rows *r, int at)
{
    switch (f->kind) {
    case TEXT:
        json_put_text(out, f->name, col_text(r, at));
        break;
    case NUMBER:
        json_put_int(out, f->name, col_int(r, at));
        break;
    case TIME:
        json_put_time(out, f->name, col_int(r, at));
        break;
    case TREE:
        json_put_raw(out, f->name, col_text(r, at));
        break;
    case END:
        break;
    }
}

/* "name": the rows of a query with one key; the fields are its columns in their order. */
static enum err put_rows(struct tx *tx, struct buf *out, const char *name, size_t query, const char *key,
                         const struct field *fields)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(key)));
    json_name(out, name);
    json_array_open(out);
    while (rows_next(&r)) {
        json_object_open(out);
        for (int i = 0; fields[i].kind != END; i++)
            put_field(out, &fields[i], &r, i);
        json_object_close(out);
    }
    json_array_close(out);
    return rows_close(&r);
}

static const struct field consent_fields[] = {
    {"kind", TEXT}, {"text_version", TEXT}, {"given", TIME}, {"withdrawn", TIME}, {NULL, END}};
static const struct field login_fields[] = {{"created", TIME}, {"seen", TIME}, {"expires", TIME}, {NULL, END}};
static const struct field upload_fields[] = {{"purpose", TEXT},  {"size_bytes", NUMBER}, {"received_bytes", NUMBER},
                                             {"source", TEXT},   {"created", TIME},      {"expires", TIME},
                                             {"captured", TIME}, {"lens", TEXT},         {NULL, END}};
static const struct field subscription_fields[] = {
    {"template_id", TEXT},     {"remaining", NUMBER}, {"answer", TEXT}, {"accepted_page", NUMBER},
    {"accepted_push", NUMBER}, {"changed", TIME},     {NULL, END}};
static const struct field hop_fields[] = {{"channel", TEXT}, {"state", TEXT},   {"why", TEXT},
                                          {"tries", NUMBER}, {"changed", TIME}, {NULL, END}};
static const struct field decision_fields[] = {{"event", TEXT},   {"reasons", TREE}, {"note", TEXT},
                                               {"decided", TIME}, {"state", TEXT},   {NULL, END}};
static const struct field vote_fields[] = {{"round", NUMBER}, {"vote", TEXT}, {"given", TIME}, {NULL, END}};
static const struct field batch_fields[] = {{"kind", TEXT},        {"name", TEXT},  {"position", NUMBER},
                                            {"file_name", TEXT},   {"state", TEXT}, {"problem", TEXT},
                                            {"handed_over", TIME}, {NULL, END}};
static const struct field refund_fields[] = {{"id", TEXT},     {"amount_fen", NUMBER}, {"state", TEXT},
                                             {"reason", TEXT}, {"created", TIME},      {"ended", TIME},
                                             {NULL, END}};
static const struct field repair_fields[] = {{"number", NUMBER}, {"repair", TEXT},  {"state", TEXT},
                                             {"verdict", TEXT},  {"created", TIME}, {NULL, END}};
static const struct field derived_fields[] = {
    {"profile", TEXT}, {"state", TEXT}, {"verdict", TEXT}, {"created", TIME}, {NULL, END}};

/* ---- sealed ones ---- */

static void put_tree_text(struct tx *tx, struct buf *out, const char *name, const char *text)
{
    const struct json *tree;
    json_name(out, name);
    if (text != NULL && json_read(text, strlen(text), tx->arena, &tree) == ERR_NONE)
        json_tree(out, tree);
    else
        json_null(out);
}

static enum err put_login_key(struct tx *tx, struct buf *out, const struct rows *r)
{
    const char *key = NULL;
    TRY(column_open(tx, r, 2, "login_key", col_text(r, 0), "login", &key));
    json_object_open(out);
    json_put_text(out, "kind", col_text(r, 1));
    json_put_text(out, "login", key);
    json_put_time(out, "created", col_int(r, 3));
    json_object_close(out);
    return ERR_NONE;
}

/* The code's bytes are CHSI's and opaque: base64. */
static enum err put_code(struct tx *tx, struct buf *out, const struct rows *r)
{
    const char *id = col_text(r, 0), *payload = NULL, *reading = NULL;
    TRY(column_open(tx, r, 7, "collection_code", id, "payload", &payload));
    TRY(column_open(tx, r, 14, "collection_code", id, "reading", &reading));
    json_object_open(out);
    json_put_int(out, "number", col_int(r, 2));
    json_put_text(out, "source", col_text(r, 3));
    json_put_text(out, "state", col_text(r, 5));
    json_put_text(out, "looks_like", col_text(r, 6));
    json_put_text(out, "code_match", col_text(r, 10));
    json_put_time(out, "created", col_int(r, 11));
    json_put_time(out, "read", col_int(r, 12));
    size_t len = (size_t)col_int(r, 9);
    char *base64 = arena_alloc(tx->arena, 4 * len / 3 + 8);
    base64[0] = '\0';
    if (payload != NULL)
        crypt_base64(payload, len, false, base64);
    json_put_text(out, "payload_base64", base64);
    put_tree_text(tx, out, "reading", reading);
    json_object_close(out);
    return ERR_NONE;
}

typedef enum err put_one(struct tx *tx, struct buf *out, const struct rows *r);

static enum err put_each(struct tx *tx, struct buf *out, const char *name, size_t query, const char *key, put_one *put)
{
    struct rows r;
    enum err e = ERR_NONE;
    TRY(TX_OPEN(tx, &r, query, v_text(key)));
    json_name(out, name);
    json_array_open(out);
    while (e == ERR_NONE && rows_next(&r))
        e = put(tx, out, &r);
    json_array_close(out);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err put_conversation(struct tx *tx, struct buf *out, const struct rows *r)
{
    const char *openid = NULL;
    TRY(column_open(tx, r, 4, "conversation", col_text(r, 0), "window_openid", &openid));
    json_object_open(out);
    json_put_text(out, "state", col_text(r, 1));
    json_put_time(out, "last", col_int(r, 2));
    json_put_time(out, "waiting", col_int(r, 3));
    json_put_text(out, "wechat_account", col_text(r, 5));
    json_put_text(out, "wechat_openid", openid);
    json_put_time(out, "wechat_until", col_int(r, 6));
    json_object_close(out);
    return ERR_NONE;
}

/* ---- a submission ---- */

/* What the school's list says. */
static enum err put_roster(struct tx *tx, const char *roster_id, struct buf *out)
{
    struct roster_entry entry;
    enum err e = roster_id != NULL ? roster_get(tx, roster_id, &entry) : ERR_NOT_FOUND;
    json_name(out, "roster");
    if (e == ERR_NOT_FOUND)
        json_null(out);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    json_object_open(out);
    json_put_text(out, "student_no", entry.student_no);
    json_put_text(out, "name", entry.name);
    json_put_text(out, "id_number", entry.id_number);
    json_put_text(out, "phone", entry.phone);
    json_put_text(out, "document_type", entry.document_type);
    json_put_text(out, "level", entry.level);
    json_put_text(out, "college", entry.college);
    json_put_text(out, "major", entry.major);
    json_put_text(out, "class_name", entry.class_name);
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_attempt(struct tx *tx, const struct attempt *a, bool chosen, struct buf *out)
{
    json_object_open(out);
    json_name(out, "attempt");
    view_attempt(out, a, chosen);
    json_name(out, "face_comparison");
    TRY(view_face(tx, a->id, true, out));
    TRY(put_rows(tx, out, "versions", Q_OWN_REPAIRS, a->id, repair_fields));
    TRY(put_rows(tx, out, "other_profiles", Q_OWN_DERIVED, a->id, derived_fields));
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_attempts(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct attempt *list = ARENA_ARRAY(tx->arena, struct attempt, ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, list, ATTEMPTS_MAX, &count));
    json_name(out, "attempts");
    json_array_open(out);
    for (size_t i = 0; i < count; i++)
        TRY(put_attempt(tx, &list[i], text_is(list[i].id, s->attempt_id), out));
    json_array_close(out);
    return ERR_NONE;
}

static enum err put_submission(struct tx *tx, const struct submission *s, int64_t now_us, struct buf *out)
{
    const char *address = NULL;
    int64_t last;
    json_object_open(out);
    json_name(out, "submission");
    TRY(submission_view(tx, s, LANGUAGE_ZH, now_us, out, NULL));
    TRY(put_roster(tx, s->roster_id, out));
    json_name(out, "timeline");
    TRY(view_timeline(tx, s->id, 0, VIEW_ROWS_MAX, false, out, &last));
    TRY(put_attempts(tx, s, out));
    TRY(put_each(tx, out, "collection_codes", Q_OWN_CODES, s->id, put_code));
    TRY(put_rows(tx, out, "decisions", Q_OWN_DECISIONS, s->id, decision_fields));
    TRY(put_rows(tx, out, "votes", Q_OWN_VOTES, s->id, vote_fields));
    TRY(put_rows(tx, out, "batches", Q_OWN_BATCHES, s->id, batch_fields));
    json_name(out, "payments");
    TRY(view_payments(tx, s->id, out));
    TRY(put_rows(tx, out, "refunds", Q_OWN_REFUNDS, s->id, refund_fields));
    TRY(submission_address(tx, s->id, &address));
    put_tree_text(tx, out, "address", address);
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_submissions(struct tx *tx, const char *student_id, int64_t now_us, struct buf *out)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_submissions(tx, student_id, list, countof(list), &count));
    json_name(out, "submissions");
    json_array_open(out);
    for (size_t i = 0; i < count; i++)
        TRY(put_submission(tx, &list[i], now_us, out));
    json_array_close(out);
    return ERR_NONE;
}

/* ---- what was said ---- */

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
        json_put_time(out, "read", rows[i].read_us);
        bool said = !text_is(rows[i].sender, MESSAGE_FROM_SYSTEM);
        json_put_text(out, "from", rows[i].sender);
        json_put_text(out, "title", said ? "" : words.title);
        json_put_text(out, "text", !said ? words.text : rows[i].text != NULL ? rows[i].text : "");
        json_put_text(out, "picture", rows[i].blob_id != NULL ? rows[i].id : NULL); /* its name under messages/ */
        json_put_text(out, "text_check", rows[i].verdict);
        json_put_text(out, "channel", rows[i].channel);
        TRY(put_rows(tx, out, "tried", Q_OWN_HOPS, rows[i].id, hop_fields));
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

static enum err put_requests(struct tx *tx, const char *student_id, struct buf *out)
{
    struct link_request *list = ARENA_ARRAY(tx->arena, struct link_request, LINK_REQUEST_LIST_MAX);
    size_t count = 0;
    TRY(link_request_of_student(tx, student_id, list, LINK_REQUEST_LIST_MAX, &count));
    json_name(out, "link_requests");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        const struct link_request *one = &list[i];
        json_object_open(out);
        json_put_text(out, "state", one->state);
        json_put_text(out, "name", one->claim.name);
        json_put_text(out, "id_number", one->claim.id_number);
        json_put_text(out, "student_no", one->claim.student_no);
        json_put_text(out, "college", one->claim.college);
        json_put_text(out, "major", one->claim.major);
        json_put_text(out, "class_name", one->claim.class_name);
        json_put_text(out, "note", one->claim.note);
        json_put_text(out, "reason", one->reason);
        json_put_time(out, "created", one->created_us);
        json_put_time(out, "decided", one->decided_us);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

/* ---- who they are ---- */

static enum err put_identity(struct tx *tx, const char *student_id, struct buf *out)
{
    struct identity identity;
    enum err e = identity_get(tx, student_id, &identity);
    json_name(out, "identity");
    TRY(view_identity(tx, student_id, out));
    json_put_text(out, "identity_name", e == ERR_NONE ? identity.name : NULL);
    json_put_text(out, "identity_number", e == ERR_NONE ? identity.id_number : NULL);
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err put_card(struct tx *tx, struct buf *out, const struct rows *r)
{
    struct id_card card;
    TRY(id_card_get(tx, col_text(r, 0), &card));
    json_object_open(out);
    json_put_text(out, "picture", card.id); /* its name under id-card/ */
    json_put_text(out, "side", card.side);
    json_put_text(out, "state", card.state);
    put_tree_text(tx, out, "reading", card.reading);
    put_tree_text(tx, out, "report", card.report);
    json_put_time(out, "created", card.created_us);
    json_put_time(out, "expires", card.expires_us);
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_cards(struct tx *tx, const char *student_id, struct buf *out)
{
    struct rows r;
    enum err e = ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_ID_CARDS_OF, v_text(student_id), v_int(CARDS_MAX)));
    json_name(out, "id_cards");
    json_array_open(out);
    while (e == ERR_NONE && rows_next(&r))
        e = put_card(tx, out, &r);
    json_array_close(out);
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

static enum err put_face_since(struct tx *tx, const char *student_id, struct buf *out)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_OWN_FACE_SINCE, v_text(student_id)));
    json_put_time(out, "face_stored_since", rows_next(&r) ? col_int(&r, 0) : 0);
    return rows_close(&r);
}

static enum err put_person(struct tx *tx, const char *student_id, struct buf *out)
{
    struct student student;
    const char *follows = NULL;
    TRY(student_get(tx, student_id, &student));
    enum err e = follower_of_student(tx, student_id, &follows);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    json_put_text(out, "student_id", student.id);
    json_put_text(out, "name", student.name);
    json_put_text(out, "id_number", student.id_number);
    json_put_text(out, "phone", student.phone);
    json_put_text(out, "wechat_openid", student.openid);
    json_put_text(out, "follows_as_openid", follows);
    json_put_text(out, "language", student.language);
    TRY(put_face_since(tx, student_id, out));
    TRY(put_identity(tx, student_id, out));
    TRY(put_cards(tx, student_id, out));
    TRY(put_each(tx, out, "login_keys", Q_OWN_LOGIN_KEYS, student_id, put_login_key));
    return put_rows(tx, out, "logins", Q_OWN_LOGINS, student_id, login_fields);
}

enum err own_data_write(struct tx *tx, const char *student_id, int64_t now_us, struct buf *out)
{
    json_object_open(out);
    json_put_time(out, "made", now_us);
    TRY(put_person(tx, student_id, out));
    TRY(put_rows(tx, out, "consents", Q_OWN_CONSENTS, student_id, consent_fields));
    json_name(out, "consent_evidence");
    TRY(consent_evidence_write(tx, student_id, out));
    TRY(put_submissions(tx, student_id, now_us, out));
    TRY(put_each(tx, out, "codes_without_submission", Q_OWN_OPEN_CODES, student_id, put_code));
    TRY(put_requests(tx, student_id, out));
    TRY(put_rows(tx, out, "uploads", Q_OWN_UPLOADS, student_id, upload_fields));
    TRY(put_rows(tx, out, "subscriptions", Q_OWN_SUBSCRIPTIONS, student_id, subscription_fields));
    TRY(put_each(tx, out, "conversation", Q_OWN_CONVERSATION, student_id, put_conversation));
    TRY(put_messages(tx, student_id, out));
    json_object_close(out);
    return out->over ? ERR_TOO_LARGE : ERR_NONE;
}
