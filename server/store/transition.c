#include "store/transition.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/column.h"
#include "store/hand_in.h"
#include "store/message.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/retouch.h"
#include "store/store.h"
#include "store/student.h"

#define DAY_US            SECONDS_US(86400)
#define PAYMENT_WINDOW_US SECONDS_US(86400)
#define DETAIL_BYTES_MAX  KIB(8)

static const char *actor_kind_name(enum actor_kind kind)
{
    static const char *const names[] = {"student", "staff", "server"};
    CHECK((size_t)kind < countof(names));
    return names[kind];
}

/* ---- facts: what the table may ask about ---- */

static enum err facts_of_attempt(struct tx *tx, const struct submission *s, struct wf_facts *f, enum wf_event event)
{
    struct attempt a;
    if (s->attempt_id == NULL)
        return ERR_NONE;
    TRY(attempt_get(tx, s->attempt_id, &a));
    /* A photo that was sent back is not sent in again; a senior may reopen with it. */
    f->attempt_ready = attempt_is_good(&a) && (!a.rejected || event == EV_reopen);
    return ERR_NONE;
}

static enum err facts_of_votes(struct tx *tx, const struct submission *s, struct wf_facts *f)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_VOTE_COUNT, v_text(s->id), v_int(s->identity_round)));
    while (rows_next(&r)) {
        const char *vote = col_text(&r, 0);
        if (text_is(vote, "same"))
            f->votes_same = col_int(&r, 1);
        else if (text_is(vote, "different"))
            f->votes_different = col_int(&r, 1);
    }
    return rows_close(&r);
}

static enum err facts_of_student(struct tx *tx, const struct submission *s, const struct capture_session *session,
                                 struct wf_facts *f)
{
    struct hand_in h;
    TRY(hand_in_read(tx, s, session, &h));
    hand_in_facts(&h, f);
    return ERR_NONE;
}

/* Facts that need no look-up beyond the submission and its session. */
static void facts_basic(const struct submission *s, const struct capture_session *session, int64_t now_us,
                        struct wf_facts *f)
{
    const struct policy *p = &session->policy;
    *f = (struct wf_facts){.session_open = session_open_at(session, now_us),
                           .price_fen = s->price_fen,
                           .paid = s->paid,
                           .claimed = s->claimed_by != NULL && s->claim_until_us > now_us,
                           .reviewed = s->reviewed,
                           .attempts_used = s->attempts_used,
                           .attempts_max = p->attempts_max,
                           .face = s->face,
                           .rejected_by_face = s->rejected_by_face,
                           .eyes_needed = p->identity_eyes,
                           .confirm_wanted = p->confirm_after_approval,
                           .chsi_wanted = p->deliver_chsi,
                           .print_wanted = p->deliver_print,
                           .mail_wanted = !text_is(p->deliver_mail, "none"),
                           .handed_over = text_is(s->chsi_status, "handed_over"),
                           .retake_in_time = s->deadline_us == 0 || now_us <= s->deadline_us};
}

static enum err facts_of(struct tx *tx, const struct submission *s, const struct capture_session *session,
                         const struct move *m, struct wf_facts *f)
{
    facts_basic(s, session, m->now_us, f);
    f->actor_is_senior = m->actor_is_senior;
    if (m->event == EV_confirm || m->event == EV_reopen) {
        TRY(facts_of_attempt(tx, s, f, m->event));
        TRY(facts_of_student(tx, s, session, f));
    }
    if (m->event == EV_face_result)
        f->face = m->face;
    if (m->event == EV_identity_vote) {
        f->vote = m->vote;
        /* In the identity lane a senior is one pair of eyes among others; alone only in the senior lane. */
        f->actor_is_senior = m->actor_is_senior && text_is(s->lane, "senior");
        TRY(facts_of_votes(tx, s, f));
    }
    return ERR_NONE;
}

/* ---- the new row ---- */

static const char *lane_after(const struct wf_row *row, const struct submission *s, const struct move *m)
{
    switch (row->lane) {
    case LANE_KEEP:
        return s->lane;
    case LANE_NONE:
        return "";
    case LANE_BY_REPORT:
        return text_is(m->lane, "green") ? "green" : "amber";
    case LANE_IDENTITY:
        return "identity";
    case LANE_SENIOR:
        return "senior";
    case LANE_RETOUCH:
        return "retouch";
    }
    return "";
}

static bool is_rejection(enum wf_event event)
{
    return event == EV_reject_retry || event == EV_reject_final || event == EV_chsi_refused ||
           event == EV_identity_vote;
}

static void enter(const struct wf_row *row, const struct policy *p, const struct move *m, struct submission *s)
{
    s->deadline_us = 0;
    switch (row->to) {
    case WF_submitted:
        s->attempts_used++;
        s->submitted_us = m->now_us;
        s->due_us = policy_due_us(p, m->now_us);
        s->face = WF_FACE_PENDING;
        s->face_distance_e6 = -1;
        s->reasons = "[]";
        s->note = "";
        s->rejected_by_face = false;
        break;
    case WF_awaiting_payment:
        s->deadline_us = m->now_us + PAYMENT_WINDOW_US;
        break;
    case WF_retake:
        s->deadline_us = m->now_us + p->retake_days * DAY_US;
        if (p->retake_charged && !text_is(p->payment, "none") && !text_is(p->payer, "school")) {
            s->price_fen = p->price_fen;
            s->paid = false;
        }
        break;
    case WF_student_confirm:
        s->deadline_us = m->now_us + p->confirm_days * DAY_US;
        break;
    case WF_chsi_upload:
        s->chsi_status = "queued";
        break;
    case WF_completed:
    case WF_closed: /* then purged */
        s->deadline_us = m->event == EV_purge ? 0 : m->now_us + p->retention_days * DAY_US;
        break;
    default: /* the others have neither deadline nor price of their own */
        break;
    }
}

static void apply_event(const struct wf_row *row, const struct move *m, struct submission *s)
{
    switch (m->event) {
    case EV_pay_succeeded:
        s->paid = true;
        break;
    case EV_face_result:
        s->face = m->face;
        s->face_distance_e6 = m->face_distance_e6;
        break;
    case EV_hand_over:
        s->chsi_status = "handed_over";
        break;
    case EV_chsi_accepted:
        s->chsi_status = "accepted";
        break;
    case EV_chsi_refused:
        s->chsi_status = "refused";
        break;
    case EV_shipped:
        s->carrier = m->carrier != NULL ? m->carrier : s->carrier;
        s->tracking_no = m->tracking_no != NULL ? m->tracking_no : s->tracking_no;
        break;
    case EV_proofread:
        s->proofread = text_is(m->proofread, "wrong") ? "wrong" : "right";
        break;
    case EV_appeal:
        s->identity_round++;
        break;
    case EV_withdraw: /* it ends because the student wants so, not for what was wrong with an earlier photo */
        s->reasons = "[]";
        s->note = "";
        break;
    case EV_purge: /* nobody is told any more what it said */
        s->deadline_us = 0;
        s->note = s->tracking_no = "";
        break;
    default:
        break;
    }
    if (row->lane == LANE_IDENTITY)
        s->identity_round++;
    if (m->actor_kind == ACTOR_STAFF && (row->from == WF_human_review || row->from == WF_face_comparison))
        s->reviewed = true;
    if (is_rejection(m->event) && (row->to == WF_retake || row->to == WF_closed)) {
        s->rejected_by_face = row->from == WF_face_comparison;
        s->reasons = s->rejected_by_face ? "[\"face_mismatch\"]" : m->reasons != NULL ? m->reasons : "[]";
        s->note = m->note != NULL ? m->note : "";
    }
}

/* ---- writing ---- */

static enum err move_lane(struct tx *tx, const char *from, const char *to)
{
    if (text_is(from, to))
        return ERR_NONE;
    store_touch(tx, TOPIC_QUEUE, "");
    if (from[0] != '\0')
        TRY(TX_RUN(tx, Q_LANE_ADD, v_int(-1), v_text(from)));
    if (to[0] != '\0')
        TRY(TX_RUN(tx, Q_LANE_ADD, v_int(1), v_text(to)));
    return ERR_NONE;
}

static enum err write_row(struct tx *tx, const struct submission *s, int64_t old_version)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_SUBMISSION_MOVE, v_text(wf_state_name(s->state)), v_text(s->lane),
                 v_int(s->attempts_used), v_int(s->price_fen), v_bool(s->paid), v_bool(s->reviewed),
                 v_text(wf_face_name(s->face)), v_int(s->face_distance_e6), v_bool(s->rejected_by_face),
                 v_text(s->reasons), v_text(s->note), v_text(s->chsi_status), v_text(s->proofread),
                 v_int(s->identity_round), v_text(s->carrier), v_text(s->tracking_no), v_int(s->due_us),
                 v_int(s->deadline_us), v_int(s->submitted_us), v_int(s->moved_us), v_text(s->claimed_by),
                 v_text(s->claim_id), v_int(s->claim_until_us), v_text(s->id), v_int(old_version)));
    return changed == 1 ? ERR_NONE : ERR_STALE;
}

/* What the history keeps beside the names: no personal data. What was measured of a face lies with the face alone. */
static void write_detail(const struct move *m, const struct submission *after, struct buf *b)
{
    json_object_open(b);
    if (is_rejection(m->event) && !text_is(after->reasons, "[]")) {
        json_put_raw(b, "reasons", after->reasons);
        json_put_text(b, "note", after->note);
    }
    if (m->event == EV_shipped) {
        json_put_text(b, "carrier", after->carrier);
        json_put_text(b, "tracking_no", after->tracking_no);
    }
    if (m->event == EV_proofread)
        json_put_text(b, "result", after->proofread);
    json_object_close(b);
}

/* What the student or a colleague wrote: free words, so sealed. */
static enum err write_note(struct tx *tx, const struct move *m, const struct submission *s)
{
    if (m->internal_note == NULL || m->internal_note[0] == '\0')
        return ERR_NONE;
    const char *id = arena_printf(tx->arena, "%s-%" PRId64, s->id, s->version);
    return TX_RUN(tx, Q_MOVE_NOTE_ADD, v_text(id), v_text(s->id), v_int(s->version),
                  column_seal(tx, "move_note", id, "note", m->internal_note));
}

static enum err write_records(struct tx *tx, const struct wf_row *row, const struct move *m, const struct submission *s)
{
    struct buf b;
    buf_init(&b, DETAIL_BYTES_MAX);
    write_detail(m, s, &b);
    const char *detail = arena_text(tx->arena, b.over ? "{}" : buf_cstr(&b));
    buf_release(&b);
    const char *kind = actor_kind_name(m->actor_kind), *event = wf_event_name(m->event);
    TRY(TX_RUN(tx, Q_HISTORY_ADD, v_text(s->id), v_int(s->version), v_text(wf_state_name(row->from)), v_text(event),
               v_text(wf_state_name(row->to)), v_text(kind), v_text(m->actor_id), v_text(detail), v_int(m->now_us)));
    TRY(write_note(tx, m, s));
    struct audit_entry entry = {.at_us = m->now_us,
                                .actor_kind = kind,
                                .actor_id = m->actor_id,
                                .action = event,
                                .object_kind = "submission",
                                .object_id = s->id,
                                .detail = arena_printf(tx->arena, "{\"version\":%" PRId64 ",\"to\":\"%s\"}", s->version,
                                                       wf_state_name(row->to))};
    return audit_add(tx, &entry);
}

/* The payload is frozen at the move: a later move does not change what is told about this one. */
static const char *effect_payload(struct tx *tx, const struct wf_row *row, const struct move *m,
                                  const struct submission *s)
{
    struct buf b;
    buf_init(&b, DETAIL_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "submission_id", s->id);
    json_put_text(&b, "code", s->code);
    json_put_text(&b, "student_id", s->student_id);
    json_put_text(&b, "attempt_id", s->attempt_id);
    json_put_text(&b, "from", wf_state_name(row->from));
    json_put_text(&b, "event", wf_event_name(m->event));
    json_put_text(&b, "to", wf_state_name(row->to));
    json_put_int(&b, "version", s->version);
    json_put_int(&b, "moved_us", m->now_us);
    json_put_raw(&b, "reasons", s->reasons);
    json_put_text(&b, "note", s->note);
    json_put_text(&b, "carrier", s->carrier);
    json_put_text(&b, "tracking_no", s->tracking_no);
    json_object_close(&b);
    const char *payload = arena_text(tx->arena, b.over ? "{}" : buf_cstr(&b));
    buf_release(&b);
    return payload;
}

static enum err somebody_listens(struct tx *tx, bool *listens)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_WEBHOOK_ANY));
    *listens = rows_next(&r);
    return rows_close(&r);
}

/* The inbox is told with the move itself: whatever becomes of WeChat and text messages, the student can read it. */
static enum err write_message(struct tx *tx, const struct wf_row *row, const struct move *m, const struct submission *s,
                              const char *outbox_id, const char *payload)
{
    const struct message_tell tell = {.id = outbox_id,
                                      .student_id = s->student_id,
                                      .submission_id = s->id,
                                      .kind = message_kind_of(wf_event_name(m->event), wf_state_name(row->to)),
                                      .detail = message_detail_of(payload, tx->arena),
                                      .now_us = m->now_us};
    CHECK(tell.kind != NULL); /* a test goes through the table */
    return message_tell(tx, &tell);
}

static enum err write_effects(struct tx *tx, const struct wf_row *row, const struct move *m, const struct submission *s)
{
    if (row->effects == 0)
        return ERR_NONE;
    const char *payload = effect_payload(tx, row, m, s);
    bool listens = false;
    TRY(somebody_listens(tx, &listens));
    for (size_t bit = 0; bit < WF_EFFECT_COUNT; bit++) {
        if (!(row->effects >> bit & 1) || (bit == WF_EFFECT_BIT_publish && !listens))
            continue;
        const char *kind = wf_effect_name(bit);
        const char *id = arena_printf(tx->arena, "%s-%" PRId64 "-%s", s->id, s->version, kind);
        if (bit == WF_EFFECT_BIT_notify)
            TRY(write_message(tx, row, m, s, id, payload));
        else
            TRY(outbox_put(tx, id, kind, s->id, payload, 0, m->now_us));
    }
    return ERR_NONE;
}

static enum err cast_vote(struct tx *tx, const struct submission *s, const struct move *m)
{
    static const char *const votes[] = {"", "same", "different", "unsure"};
    if (m->vote == WF_VOTE_NONE)
        return ERR_REFUSED;
    enum err e = TX_RUN(tx, Q_VOTE_ADD, v_text(s->id), v_int(s->identity_round), v_text(m->actor_id),
                        v_text(votes[m->vote]), v_bool(m->actor_is_senior), v_int(m->now_us));
    return e == ERR_CONFLICT ? ERR_REFUSED : e; /* one vote per person and round */
}

enum err transition_apply(struct tx *tx, const struct move *m, struct submission *after)
{
    RUNS_ON(ROLE_WRITER);
    struct submission s;
    struct capture_session session;
    struct wf_facts facts;
    TRY(submission_get(tx, m->submission_id, &s));
    if (m->expect_version != ANY_VERSION && m->expect_version != s.version)
        return ERR_STALE;
    TRY(session_get(tx, s.session_id, &session));
    if (m->event == EV_identity_vote && s.state == WF_face_comparison)
        TRY(cast_vote(tx, &s, m));
    TRY(facts_of(tx, &s, &session, m, &facts));
    const struct wf_row *row = wf_decide(s.state, m->event, &facts);
    if (row == NULL)
        return ERR_REFUSED;

    struct submission next = s;
    next.lane = lane_after(row, &s, m);
    next.state = row->to;
    next.version = s.version + 1;
    next.moved_us = m->now_us;
    apply_event(row, m, &next);
    if (row->to != row->from)
        enter(row, &session.policy, m, &next);
    if (row->to != row->from || !text_is(s.lane, next.lane) || m->event == EV_identity_vote) {
        next.claimed_by = next.claim_id = NULL;
        next.claim_until_us = 0;
    }
    TRY(write_row(tx, &next, s.version));
    if (s.attempt_id != NULL && next.state == WF_retake && is_rejection(m->event))
        TRY(TX_RUN(tx, Q_ATTEMPT_REJECT, v_int(1), v_text(s.attempt_id)));
    if (s.attempt_id != NULL && m->event == EV_retouch)
        TRY(retouch_begin(tx, s.attempt_id));
    if (s.attempt_id != NULL && m->event == EV_retouch_done)
        TRY(retouch_apply(tx, s.attempt_id));
    TRY(move_lane(tx, s.lane, next.lane));
    TRY(write_records(tx, row, m, &next));
    TRY(write_effects(tx, row, m, &next));
    store_touch(tx, TOPIC_SUBMISSION, s.id);
    if (after != NULL)
        *after = next;
    return ERR_NONE;
}

/* ---- what is allowed now ---- */

static bool could(const struct submission *s, enum wf_event event, struct wf_facts facts)
{
    /* Facts that come with the event itself are assumed to be the good ones. */
    facts.vote = WF_VOTE_SAME;
    facts.votes_same = facts.eyes_needed;
    return wf_decide(s->state, event, &facts) != NULL;
}

enum err transition_allowed(struct tx *tx, const struct submission *s, enum actor_kind kind, bool senior,
                            int64_t now_us, struct buf *out)
{
    struct capture_session session;
    struct wf_facts facts;
    TRY(session_get(tx, s->session_id, &session));
    facts_basic(s, &session, now_us, &facts);
    facts.actor_is_senior = senior;
    TRY(facts_of_attempt(tx, s, &facts, kind == ACTOR_STAFF ? EV_reopen : EV_confirm));
    TRY(facts_of_student(tx, s, &session, &facts));
    json_array_open(out);
    for (int event = 0; event < EV_COUNT; event++) {
        bool mine = kind == ACTOR_STUDENT ? wf_event_who(event) == WF_WHO_student : wf_event_who(event) == WF_WHO_staff;
        if (mine && could(s, (enum wf_event)event, facts))
            json_text(out, wf_event_name((enum wf_event)event));
    }
    json_array_close(out);
    return ERR_NONE;
}
