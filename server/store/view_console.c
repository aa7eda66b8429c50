/* Sessions, accounts and queues as the console shows them. Declared in view.h. */
#include "base/clock.h"
#include "base/role.h"
#include "base/text.h"
#include "store/conversation.h"
#include "store/queries.h"
#include "store/review.h"
#include "store/session_find.h"
#include "store/store.h"
#include "store/view.h"

/* ---- capture sessions ---- */

void view_session_members(struct buf *out, const struct capture_session *session, int64_t now_us)
{
    json_put_text(out, "id", session->id);
    json_put_text(out, "code", session->code);
    json_put_text(out, "name", session->name);
    json_put_text(out, "school_code", session->school_code);
    json_put_text(out, "school_name", session->school_name);
    json_put_time(out, "opens", session->opens_us);
    json_put_time(out, "closes", session->closes_us);
    json_put_bool(out, "open_now", session_open_at(session, now_us));
    json_put_text(out, "level", session->level);
    json_put_int(out, "graduation_year", session->graduation_year);
    json_put_text(out, "batch_name", session->batch_name);
    json_put_text(out, "preset", session->policy.preset);
    json_put_int(out, "version", session->version);
    json_put_int(out, "policy_version", session->policy_version);
}

enum err view_session(struct tx *tx, const struct capture_session *session, int64_t now_us, struct buf *out)
{
    struct session_progress progress;
    TRY(session_progress(tx, session->id, &progress));
    json_object_open(out);
    view_session_members(out, session, now_us);
    json_name(out, "policy");
    policy_write(&session->policy, out);
    json_put_bool(out, "knows_followers", store_knows_followers(tx));
    json_name(out, "progress");
    json_object_open(out);
    json_put_int(out, "roster", progress.roster);
    json_put_int(out, "linked", progress.linked);
    json_name(out, "by_state");
    json_object_open(out);
    for (size_t state = 0; state < WF_STATE_COUNT; state++)
        if (progress.by_state[state] > 0)
            json_put_int(out, wf_state_name((enum wf_state)state), progress.by_state[state]);
    json_object_close(out);
    json_object_close(out);
    json_object_close(out);
    return ERR_NONE;
}

/* ---- accounts ---- */

static const struct {
    const char *name;
    unsigned role;
} roles_by_name[] = {
    {"reviewer", ROLE_REVIEWER}, {"identity_reviewer", ROLE_IDENTITY_REVIEWER},
    {"senior", ROLE_SENIOR},     {"retoucher", ROLE_RETOUCHER},
    {"service", ROLE_SERVICE},   {"batch", ROLE_BATCH},
    {"school", ROLE_SCHOOL},     {"administrator", ROLE_ADMINISTRATOR},
    {"auditor", ROLE_AUDITOR},
};

bool role_named(const char *name, unsigned *role)
{
    for (size_t i = 0; i < countof(roles_by_name); i++)
        if (text_is(roles_by_name[i].name, name)) {
            *role = roles_by_name[i].role;
            return true;
        }
    return false;
}

void view_roles(struct buf *out, const char *name, unsigned roles)
{
    json_name(out, name);
    json_array_open(out);
    for (size_t i = 0; i < countof(roles_by_name); i++)
        if ((roles & roles_by_name[i].role) != 0)
            json_text(out, roles_by_name[i].name);
    json_array_close(out);
}

enum err view_account_members(struct tx *tx, const struct account *a, struct buf *out)
{
    struct rows r;
    const char *school = NULL;
    if (a->school_id != NULL) {
        TRY(TX_OPEN(tx, &r, Q_SCHOOL_GET, v_text(a->school_id)));
        if (rows_next(&r))
            school = col_text(&r, 1);
        TRY(rows_close_one(&r));
    }
    json_put_text(out, "id", a->id);
    json_put_text(out, "name", a->name);
    json_put_text(out, "display_name", a->display_name);
    view_roles(out, "roles", (unsigned)a->roles);
    json_put_text(out, "school", school);
    return ERR_NONE;
}

/* ---- queues ---- */

/* Share of the promised time that is used up, in five words (product.md: SLA colours). */
static const char *sla_of(int64_t due_us, int64_t submitted_us, int64_t now_us)
{
    int64_t promised = due_us - submitted_us, used = now_us - submitted_us;
    if (due_us == 0 || promised <= 0 || used < promised / 4 * 3)
        return "fine";
    return used < promised ? "soon" : used < promised / 2 * 3 ? "late" : used < promised * 2 ? "very_late" : "over";
}

static enum err put_lane(struct tx *tx, const char *lane, int64_t waiting, int64_t now_us, struct buf *out)
{
    struct rows r;
    int64_t due_us = 0, submitted_us = 0;
    if (waiting > 0) {
        TRY(TX_OPEN(tx, &r, Q_LANE_FIRST, v_text(lane)));
        if (rows_next(&r)) {
            due_us = col_int(&r, 0);
            submitted_us = col_int(&r, 1);
        }
        TRY(rows_close(&r));
    }
    json_object_open(out);
    json_put_text(out, "lane", lane);
    json_put_int(out, "waiting", waiting);
    json_put_time(out, "oldest_due", due_us);
    json_put_text(out, "sla", sla_of(due_us, submitted_us, now_us));
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_lanes(struct tx *tx, bool hidden, int64_t now_us, struct buf *out)
{
    static const char *const lanes[] = {"green", "amber", "identity", "senior", "retouch"};
    struct lane_count counts[LANES_MAX];
    size_t count = 0;
    TRY(lane_counts(tx, counts, &count));
    json_name(out, "lanes");
    json_array_open(out);
    for (size_t i = 0; i < countof(lanes); i++) {
        int64_t waiting = 0;
        for (size_t k = 0; k < count && !hidden; k++)
            if (text_is(counts[k].lane, lanes[i]))
                waiting = counts[k].waiting;
        TRY(put_lane(tx, lanes[i], waiting, now_us, out));
    }
    json_array_close(out);
    return ERR_NONE;
}

enum err view_queue(struct tx *tx, const char *account_id, const char *school_id, int64_t now_us, struct buf *out)
{
    int64_t decided = 0, pending = 0, claimed = 0, unread = 0;
    /* "Today" is China's day; only the count of decisions that may still be undone depends on it. */
    struct clock_civil civil = clock_civil_cn(now_us);
    struct clock_civil midnight = {.year = civil.year, .month = civil.month, .day = civil.day};
    TRY(review_counts(tx, account_id, clock_from_civil_cn(&midnight), now_us, &decided, &pending, &claimed));
    json_object_open(out);
    TRY(put_lanes(tx, school_id != NULL, now_us, out));
    json_name(out, "mine");
    json_object_open(out);
    json_put_int(out, "claimed", claimed);
    json_put_int(out, "pending", pending);
    json_put_int(out, "decided_today", decided);
    json_object_close(out);
    TRY(conversation_unread(tx, school_id, &unread));
    json_name(out, "conversations");
    json_object_open(out);
    json_put_int(out, "unread", unread);
    json_object_close(out);
    json_object_close(out);
    return ERR_NONE;
}
