#include "store/review.h"

#include "base/check.h"
#include "base/role.h"
#include "base/text.h"
#include "store/account.h"
#include "store/queries.h"
#include "store/rows.h"
#include "store/store.h"

/* A pending decision keeps its item out of everybody's hands until it is committed or undone, however late that is. */
#define PENDING_HOLD_US SECONDS_US(86400)

/* ---- claims ---- */

static enum err count_of(struct tx *tx, size_t query, const char *account_id, int64_t since_us, int64_t *count)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(account_id), v_int(since_us)));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close_one(&r);
}

enum err claim_take(struct tx *tx, struct claim *c)
{
    RUNS_ON(ROLE_WRITER);
    int64_t held = 0;
    size_t found = 0;
    struct rows r;
    CHECK(c->want >= 1 && c->want <= CLAIM_WANT_MAX);
    c->taken = 0;
    c->expires_us = c->now_us + c->lease_us;
    TRY(count_of(tx, Q_CLAIM_COUNT, c->account_id, c->now_us, &held));
    size_t room = (size_t)held >= c->held_max ? 0 : c->held_max - (size_t)held;
    size_t want = c->want < room ? c->want : room;
    bool blind = text_is(c->lane, "identity") || text_is(c->lane, "senior");
    if (want == 0)
        return ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_CLAIM_FIND, v_text(c->lane), v_int(c->now_us), v_int(blind ? 1 : 0), v_text(c->account_id),
                v_int((int64_t)want)));
    while (found < want && rows_next(&r))
        submission_read(&r, &c->items[found++]);
    TRY(rows_close(&r));
    for (size_t i = 0; i < found; i++) {
        int64_t changed = 0;
        struct submission *s = &c->items[i];
        TRY(TX_RUN_N(tx, &changed, Q_CLAIM_TAKE, v_text(c->account_id), v_text(c->claim_ids[i]), v_int(c->expires_us),
                     v_text(s->id), v_int(c->now_us)));
        if (changed == 0)
            continue;
        s->claimed_by = c->account_id;
        s->claim_id = c->claim_ids[i];
        s->claim_until_us = c->expires_us;
        c->items[c->taken++] = *s;
    }
    return ERR_NONE;
}

enum err claim_renew(struct tx *tx, const char *account_id, const char *claim_id, int64_t now_us, int64_t lease_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_CLAIM_RENEW, v_int(now_us + lease_us), v_text(account_id), v_text(claim_id),
                 v_int(now_us)));
    return changed == 1 ? ERR_NONE : ERR_LEASE_LOST;
}

enum err claim_release(struct tx *tx, const char *account_id, const char *claim_id)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_CLAIM_RELEASE, v_text(account_id), v_text(claim_id)));
    return changed == 1 ? ERR_NONE : ERR_LEASE_LOST;
}

/* ---- decisions ---- */

static enum err pending_of(struct tx *tx, const char *submission_id, bool *pending)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_DECISION_PENDING_OF, v_text(submission_id)));
    *pending = rows_next(&r);
    return rows_close(&r);
}

static bool reviewers_event(enum wf_event event, bool senior)
{
    switch (event) {
    case EV_approve:
    case EV_reject_retry:
    case EV_escalate:
    case EV_retouch:
    case EV_retouch_done:
        return true;
    case EV_reject_final:
        return senior;
    default:
        return false;
    }
}

enum err decision_add(struct tx *tx, const struct decision *d, const char *claim_id, bool senior)
{
    RUNS_ON(ROLE_WRITER);
    struct submission s;
    bool pending = false;
    TRY(submission_get(tx, d->submission_id, &s));
    if (!text_is(s.claim_id, claim_id) || !text_is(s.claimed_by, d->account_id) || s.claim_until_us <= d->decided_us)
        return ERR_LEASE_LOST;
    TRY(pending_of(tx, s.id, &pending));
    bool reviewable = s.state == WF_human_review || s.state == WF_retouch;
    /* Guards are judged when the decision is committed; here only whether the table knows the event in this state. */
    struct wf_facts generous = {.actor_is_senior = senior, .attempts_max = 1};
    if (pending || !reviewable || s.attempt_id == NULL || !reviewers_event(d->event, senior) ||
        wf_decide(s.state, d->event, &generous) == NULL)
        return ERR_REFUSED;
    TRY(TX_RUN(tx, Q_DECISION_ADD, v_text(d->id), v_text(s.id), v_text(s.attempt_id), v_text(wf_event_name(d->event)),
               v_text(d->reasons), v_text(d->note), v_text(d->internal_note), v_text(d->account_id), v_int(d->shown_ms),
               v_int(s.version), v_int(d->decided_us), v_int(d->commit_us)));
    store_touch(tx, TOPIC_QUEUE, "");
    return TX_RUN(tx, Q_CLAIM_HOLD, v_int(d->commit_us + PENDING_HOLD_US), v_text(s.id));
}

static enum err decision_get(struct tx *tx, const char *id, struct decision *d)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_DECISION_GET, v_text(id)));
    if (rows_next(&r)) {
        *d = (struct decision){.id = col_text(&r, 0),
                               .submission_id = col_text(&r, 1),
                               .attempt_id = col_text(&r, 2),
                               .reasons = col_text(&r, 4),
                               .note = col_text(&r, 5),
                               .internal_note = col_text(&r, 6),
                               .account_id = col_text(&r, 7),
                               .shown_ms = col_int(&r, 8),
                               .version_seen = col_int(&r, 9),
                               .decided_us = col_int(&r, 10),
                               .commit_us = col_int(&r, 11),
                               .state = col_text(&r, 12)};
        CHECK(wf_event_named(col_text(&r, 3), &d->event)); /* written from wf_event_name */
    }
    return rows_close_one(&r);
}

static enum err decision_end(struct tx *tx, const struct decision *d, const char *state)
{
    store_touch(tx, TOPIC_QUEUE, "");
    return TX_RUN(tx, Q_DECISION_END, v_text(state), v_text(d->id));
}

enum err decision_undo(struct tx *tx, const char *id, const char *account_id, int64_t now_us, int64_t lease_us,
                       const char **submission_id)
{
    RUNS_ON(ROLE_WRITER);
    struct decision d;
    TRY(decision_get(tx, id, &d));
    if (!text_is(d.account_id, account_id))
        return ERR_NOT_FOUND;
    if (!text_is(d.state, "pending") || now_us >= d.commit_us)
        return ERR_UNDO_LATE;
    *submission_id = d.submission_id;
    TRY(decision_end(tx, &d, "undone"));
    return TX_RUN(tx, Q_CLAIM_HOLD, v_int(now_us + lease_us), v_text(d.submission_id));
}

/* Roles may have changed since the decision: what counts is what the account may do when it takes effect. */
static enum err actor_is_senior(struct tx *tx, const char *account_id, bool *senior)
{
    struct account account;
    TRY(account_get(tx, account_id, &account));
    *senior = (account.roles & ROLE_SENIOR) != 0;
    return ERR_NONE;
}

enum err decision_commit(struct tx *tx, const char *id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct decision d;
    bool senior = false;
    TRY(decision_get(tx, id, &d));
    if (!text_is(d.state, "pending"))
        return ERR_NONE;
    TRY(actor_is_senior(tx, d.account_id, &senior));
    struct move move = {.submission_id = d.submission_id,
                        .event = d.event,
                        .actor_kind = ACTOR_STAFF,
                        .actor_id = d.account_id,
                        .actor_is_senior = senior,
                        .now_us = now_us,
                        .reasons = d.reasons,
                        .note = d.note,
                        .internal_note = d.internal_note};
    enum err e = transition_apply(tx, &move, NULL);
    if (e != ERR_NONE && e != ERR_REFUSED)
        return e;
    if (e == ERR_REFUSED)
        TRY(TX_RUN(tx, Q_CLAIM_HOLD, v_int(0), v_text(d.submission_id)));
    return decision_end(tx, &d, e == ERR_NONE ? "committed" : "void");
}

enum err review_has_voted(struct tx *tx, const struct submission *s, const char *account_id, bool *voted)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_VOTE_GIVEN, v_text(s->id), v_int(s->identity_round), v_text(account_id)));
    *voted = rows_next(&r);
    return rows_close(&r);
}

/* ---- numbers ---- */

enum err review_counts(struct tx *tx, const char *account_id, int64_t day_start_us, int64_t now_us, int64_t *decided,
                       int64_t *pending, int64_t *claimed)
{
    TRY(count_of(tx, Q_DECISION_COUNT_SINCE, account_id, day_start_us, decided));
    TRY(count_of(tx, Q_DECISION_PENDING_COUNT, account_id, day_start_us, pending));
    return count_of(tx, Q_CLAIM_COUNT, account_id, now_us, claimed);
}

enum err lane_counts(struct tx *tx, struct lane_count *lanes, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(tx_open_all(tx, &r, Q_LANE_COUNTS));
    while (*count < LANES_MAX && rows_next(&r))
        lanes[(*count)++] = (struct lane_count){.lane = col_text(&r, 0), .waiting = col_int(&r, 1)};
    TRY(rows_close(&r));
    for (size_t i = 0; i < *count; i++) {
        TRY(TX_OPEN(tx, &r, Q_LANE_OLDEST, v_text(lanes[i].lane)));
        if (rows_next(&r))
            lanes[i].oldest_due_us = col_int(&r, 0);
        TRY(rows_close(&r));
    }
    return ERR_NONE;
}
