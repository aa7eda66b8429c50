/* What a student sees of a submission: the poll, the attempts, the timeline. Declared in submission.h and view.h. */
#include "base/crypt.h"
#include "base/text.h"
#include "store/column.h"
#include "store/hand_in.h"
#include "store/queries.h"
#include "store/transition.h"
#include "store/view.h"
#include "workflow/reason.h"

#define AHEAD_MAX         1000 /* more than that is no use to somebody who waits */
#define DECISIONS_MAX     1000
#define DECISIONS_MIN     5 /* fewer in the last hour are no rate */
#define HOUR_US           SECONDS_US(3600)
#define POLL_ATTEMPTS_MAX 250 /* 50 handed in, five tries each: policy.h */

static const struct {
    const char *label[2], *text[2];
} states[] = {
#define S(name, en, zh, student_en, student_zh) {{zh, en}, {student_zh, student_en}},
    WORKFLOW_STATES(S)
#undef S
};

/* ---- the honest estimate ---- */

static enum err count_of(struct rows *r, int64_t *count)
{
    *count = 0;
    if (rows_next(r))
        *count = col_int(r, 0);
    return rows_close_one(r);
}

/* The smallest id a row made at that time can have: ids begin with ten digits of milliseconds (crypt.h). */
static const char *first_id_at(struct arena *arena, int64_t utc_us)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char *id = arena_alloc(arena, 11);
    int64_t time_ms = utc_us / 1000;
    for (int i = 9; i >= 0; i--, time_ms >>= 5)
        id[i] = digits[time_ms & 31];
    return id;
}

/* How many are decided first and how long that takes at the speed of the last hour. Null unless somebody's decision is
 * waited for; seconds null when too few were made to tell. */
static enum err put_estimate(struct tx *tx, const struct submission *s, int64_t now_us, struct buf *out)
{
    struct rows r;
    int64_t ahead = 0, decided = 0;
    json_name(out, "estimate");
    if (s->lane[0] == '\0') {
        json_null(out);
        return ERR_NONE;
    }
    TRY(TX_OPEN(tx, &r, Q_QUEUE_AHEAD, v_text(s->lane), v_int(s->due_us), v_int(AHEAD_MAX)));
    TRY(count_of(&r, &ahead));
    TRY(TX_OPEN(tx, &r, Q_DECISIONS_BEHIND_ID, v_text(first_id_at(tx->arena, now_us - HOUR_US)), v_int(DECISIONS_MAX)));
    TRY(count_of(&r, &decided));
    json_object_open(out);
    json_put_int(out, "ahead", ahead);
    json_put_int(out, "decisions_per_hour", decided);
    json_name(out, "seconds");
    if (decided < DECISIONS_MIN || ahead == AHEAD_MAX)
        json_null(out);
    else
        json_int(out, (ahead + 1) * 3600 / decided);
    json_object_close(out);
    return ERR_NONE;
}

/* ---- parts ---- */

static enum err put_reasons(struct tx *tx, const char *codes, enum language lang, struct buf *out)
{
    const struct json *list = NULL;
    TRY(json_read(codes, strlen(codes), tx->arena, &list));
    json_name(out, "reasons");
    json_array_open(out);
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        const struct reason *reason = item->text != NULL ? reason_named(item->text) : NULL;
        if (reason == NULL)
            continue;
        json_object_open(out);
        json_put_text(out, "code", reason->code);
        json_put_text(out, "text", reason->sentence[lang]);
        json_put_text(out, "fix", reason->fix[lang]);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

static enum err put_attempts(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct attempt *list = ARENA_ARRAY(tx->arena, struct attempt, POLL_ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, list, POLL_ATTEMPTS_MAX, &count));
    json_name(out, "attempts");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        const struct attempt *a = &list[i];
        json_object_open(out);
        json_put_text(out, "id", a->id);
        json_put_int(out, "number", a->number);
        json_put_text(out, "state", a->state);
        json_put_text(out, "verdict", a->verdict);
        json_put_bool(out, "chosen", text_is(a->id, s->attempt_id));
        json_put_bool(out, "rejected", a->rejected);
        json_put_time(out, "created", a->created_us);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

/* What the student reads: the end of our way is not the end of theirs, who proof-read the photo at CHSI themselves. */
static const char *text_of(const struct submission *s, const struct policy *policy, enum language lang)
{
    static const char *const proofread[2] = {"已完成。请到学信网校对图像。", "Done. Proof-read your photo at CHSI."};
    bool is_left = s->state == WF_completed && policy->deliver_chsi && text_is(s->proofread, "not_yet");
    return is_left ? proofread[lang] : states[s->state].text[lang];
}

static void put_state(const struct submission *s, const struct capture_session *session, enum language lang,
                      struct buf *out)
{
    json_put_text(out, "id", s->id);
    json_put_text(out, "code", s->code);
    json_put_int(out, "version", s->version);
    json_put_text(out, "state", wf_state_name(s->state));
    json_put_text(out, "label", states[s->state].label[lang]);
    json_put_text(out, "text", text_of(s, &session->policy, lang));
    json_put_text(out, "session_code", session->code);
    json_put_text(out, "session_name", session->name);
    json_put_text(out, "attempt_id", s->attempt_id);
    json_put_int(out, "attempts_used", s->attempts_used);
    json_put_int(out, "attempts_made", s->attempts_made);
    json_put_int(out, "attempts_max", session->policy.attempts_max);
    int64_t left = session->policy.attempts_max - s->attempts_used;
    json_put_int(out, "attempts_left", left > 0 ? left : 0);
    json_put_text(out, "payment", session->policy.payment);
    json_put_int(out, "price_fen", s->price_fen);
    json_put_bool(out, "paid", s->paid);
    json_put_text(out, "face", s->face == WF_FACE_PENDING ? "pending" : "done");
}

/* What is left to give before the photo can be handed in; nothing once it is. */
static enum err put_missing(struct tx *tx, const struct submission *s, const struct capture_session *session,
                            struct buf *out)
{
    struct hand_in h;
    memset(&h, true, sizeof h);
    if (s->state == WF_draft || s->state == WF_retake)
        TRY(hand_in_read(tx, s, session, &h));
    json_name(out, "missing");
    hand_in_write_missing(&h, out);
    return ERR_NONE;
}

/* null: nothing is printed; "" : the student has not chosen yet. */
static enum err put_print(struct tx *tx, const struct submission *s, const struct policy *policy, struct buf *out)
{
    const char *layout = NULL;
    if (policy->deliver_print)
        TRY(submission_layout(tx, s->id, policy->print_layout, &layout));
    json_put_text(out, "print_layout", layout);
    return ERR_NONE;
}

static void put_progress(const struct submission *s, struct buf *out)
{
    json_put_text(out, "note", s->note);
    json_put_text(out, "chsi_status", s->chsi_status);
    json_put_text(out, "proofread", s->proofread);
    json_put_text(out, "carrier", s->carrier);
    json_put_text(out, "tracking_no", s->tracking_no);
    json_put_time(out, "due", s->due_us);
    json_put_time(out, "deadline", wf_state_is_end(s->state) ? 0 : s->deadline_us); /* behind the end: the purge */
    json_put_time(out, "submitted", s->submitted_us);
    json_put_time(out, "moved", s->moved_us);
    json_put_time(out, "created", s->created_us);
}

enum err submission_view(struct tx *tx, const struct submission *s, enum language lang, int64_t now_us, struct buf *out,
                         char tag[SUBMISSION_TAG_BYTES])
{
    struct capture_session session;
    unsigned char hash[CRYPT_HASH_BYTES];
    char hex[17];
    TRY(session_get(tx, s->session_id, &session));
    size_t begin = out->len;
    json_object_open(out);
    put_state(s, &session, lang, out);
    TRY(put_reasons(tx, s->reasons, lang, out));
    TRY(put_print(tx, s, &session.policy, out));
    put_progress(s, out);
    TRY(put_attempts(tx, s, out));
    json_name(out, "collection_code");
    TRY(view_code(tx, s, &session.policy, lang, out));
    json_name(out, "details");
    TRY(view_details(tx, s, &session.policy, out));
    TRY(put_missing(tx, s, &session, out));
    json_name(out, "allowed");
    TRY(transition_allowed(tx, s, ACTOR_STUDENT, false, now_us, out));
    if (tag != NULL) {
        crypt_hash(out->bytes + begin, out->len - begin, hash);
        text_hex(hash, 8, hex);
        snprintf(tag, SUBMISSION_TAG_BYTES, "%" PRId64 "-%s", s->version, hex);
    }
    TRY(put_estimate(tx, s, now_us, out));
    json_object_close(out);
    return ERR_NONE;
}

/* ---- one attempt ---- */

void view_attempt(struct buf *out, const struct attempt *a, bool chosen)
{
    json_object_open(out);
    json_put_text(out, "id", a->id);
    json_put_int(out, "number", a->number);
    json_put_text(out, "state", a->state);
    json_put_text(out, "verdict", a->verdict);
    json_put_raw(out, "report", a->report);
    json_put_text(out, "source", a->source);
    json_put_time(out, "created", a->created_us);
    json_put_time(out, "captured", a->captured_us);
    json_put_text(out, "lens", a->lens);
    json_put_bool(out, "chosen", chosen);
    json_put_bool(out, "insisted", a->insisted);
    json_put_bool(out, "rejected", a->rejected);
    json_put_int(out, "retouch", a->retouch_number);
    json_object_close(out);
}

/* ---- the timeline ---- */

static enum err put_move(struct tx *tx, const struct rows *r, bool for_staff, struct buf *out)
{
    const struct json *detail = NULL, *reasons;
    const char *text = col_text(r, 6), *kind = col_text(r, 4);
    TRY(json_read(text, strlen(text), tx->arena, &detail));
    json_object_open(out);
    json_put_int(out, "number", col_int(r, 0));
    json_put_text(out, "from", col_text(r, 1));
    json_put_text(out, "event", col_text(r, 2));
    json_put_text(out, "to", col_text(r, 3));
    json_put_text(out, "actor_kind", kind);
    json_put_time(out, "moved", col_int(r, 7));
    json_name(out, "reasons");
    reasons = json_at(detail, "reasons");
    if (reasons != NULL) {
        json_tree(out, reasons);
    } else {
        json_array_open(out);
        json_array_close(out);
    }
    json_put_text(out, "note", json_text_at(detail, "note", ""));
    bool of_student = text_is(kind, "student");
    const char *said = NULL;
    if ((for_staff || of_student) && !col_is_null(r, 9))
        TRY(column_open(tx, r, 10, "move_note", col_text(r, 9), "note", &said));
    json_put_text(out, "said", said != NULL ? said : "");
    if (for_staff)
        json_put_text(out, "actor", of_student ? "" : col_text(r, 8));
    json_object_close(out);
    return ERR_NONE;
}

enum err view_timeline(struct tx *tx, const char *submission_id, int64_t after, int64_t limit, bool for_staff,
                       struct buf *out, int64_t *last)
{
    struct rows r;
    int64_t seen = 0;
    enum err e = ERR_NONE;
    *last = 0;
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_HISTORY_LIST, v_text(submission_id), v_int(after), v_int(limit + 1)));
    int64_t number = after;
    while (e == ERR_NONE && rows_next(&r)) {
        if (seen++ == limit) {
            *last = number;
            break;
        }
        number = col_int(&r, 0);
        e = put_move(tx, &r, for_staff, out);
    }
    enum err closed = rows_close(&r);
    json_array_close(out);
    return e != ERR_NONE ? e : closed;
}
