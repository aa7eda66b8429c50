#include "store/sweep.h"

#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/collection_code.h"
#include "store/id_card.h"
#include "store/queries.h"
#include "store/review.h"
#include "store/roster_import.h"
#include "store/store.h"
#include "store/transition.h"

#define PUSH_KEPT_US SECONDS_US(2 * 86400) /* longer than any repetition of WeChat's */

/* The words of up to SWEEP_MAX rows, read before anything is changed. */
struct due {
    const char *first[SWEEP_MAX], *second[SWEEP_MAX], *third[SWEEP_MAX];
    size_t count;
};

static enum err find_due(struct tx *tx, struct sweep *sweep, size_t query, int columns, struct due *due)
{
    struct rows r;
    due->count = 0;
    TRY(TX_OPEN(tx, &r, query, v_int(sweep->now_us), v_int(SWEEP_MAX)));
    while (due->count < SWEEP_MAX && rows_next(&r)) {
        due->first[due->count] = col_text(&r, 0);
        due->second[due->count] = columns > 1 ? col_text(&r, 1) : NULL;
        due->third[due->count] = columns > 2 ? col_text(&r, 2) : NULL;
        due->count++;
    }
    sweep->more = sweep->more || due->count == SWEEP_MAX;
    return rows_close(&r);
}

/* Refused by the rules, not by the engine: the unit may carry on. */
static bool is_refusal(enum err e)
{
    return e == ERR_REFUSED || e == ERR_STALE || e == ERR_NOT_FOUND || e == ERR_LEASE_LOST;
}

static enum err commit_decisions(struct tx *tx, struct sweep *sweep, struct due *due)
{
    TRY(find_due(tx, sweep, Q_SWEEP_DECISIONS, 1, due));
    for (size_t i = 0; i < due->count; i++) {
        enum err e = decision_commit(tx, due->first[i], sweep->now_us);
        if (is_refusal(e))
            TRY(TX_RUN(tx, Q_SWEEP_DECISION_VOID, v_text(due->first[i])));
        else if (e != ERR_NONE)
            return e;
        sweep->committed++;
    }
    return ERR_NONE;
}

static enum err expire_deadlines(struct tx *tx, struct sweep *sweep, struct due *due)
{
    TRY(find_due(tx, sweep, Q_SWEEP_DEADLINES, 2, due));
    for (size_t i = 0; i < due->count; i++) {
        const char *state = due->second[i];
        bool confirms = text_is(state, wf_state_name(WF_student_confirm));
        bool ended = text_is(state, wf_state_name(WF_completed)) || text_is(state, wf_state_name(WF_closed));
        struct move move = {.submission_id = due->first[i],
                            .event = ended      ? EV_purge
                                     : confirms ? EV_confirm_timeout
                                                : EV_expire,
                            .actor_kind = ACTOR_SERVER,
                            .actor_id = "deadline",
                            .now_us = sweep->now_us};
        enum err e = transition_apply(tx, &move, NULL);
        if (is_refusal(e))
            TRY(TX_RUN(tx, Q_SWEEP_DEADLINE_CLEAR, v_text(due->first[i])));
        else if (e != ERR_NONE)
            return e;
        sweep->expired++;
    }
    return ERR_NONE;
}

static enum err release_claims(struct tx *tx, struct sweep *sweep, struct due *due)
{
    TRY(find_due(tx, sweep, Q_SWEEP_CLAIMS, 2, due));
    for (size_t i = 0; i < due->count; i++) {
        TRY(TX_RUN(tx, Q_SWEEP_CLAIM_RELEASE, v_text(due->first[i])));
        if (due->second[i] != NULL)
            store_touch(tx, TOPIC_CLAIM, due->second[i]);
        sweep->claims++;
    }
    if (due->count > 0)
        store_touch(tx, TOPIC_QUEUE, "");
    return ERR_NONE;
}

static enum err is_there(struct rows *r, bool *there)
{
    *there = rows_next(r);
    return rows_close(r);
}

/* A whole upload that became no attempt, no portrait and no message, and that no younger upload of the same bytes
 * shares. */
static enum err drop_unused(struct tx *tx, const struct sweep *sweep, const char *student_id, const char *blob_id)
{
    struct rows r;
    bool used = false;
    TRY(TX_OPEN(tx, &r, Q_SWEEP_BLOB_IN_ATTEMPT, v_text(student_id), v_text(blob_id)));
    TRY(is_there(&r, &used));
    if (used)
        return ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_SWEEP_BLOB_IS_PORTRAIT, v_text(student_id), v_text(blob_id)));
    TRY(is_there(&r, &used));
    if (used)
        return ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_MESSAGE_BLOB_USED, v_text(blob_id)));
    TRY(is_there(&r, &used));
    if (used)
        return ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_SWEEP_BLOB_OF_UPLOAD, v_text(student_id), v_text(blob_id), v_int(sweep->now_us)));
    TRY(is_there(&r, &used));
    return used ? ERR_NONE : blob_row_erase(tx, blob_id, sweep->now_us);
}

static enum err drop_uploads(struct tx *tx, struct sweep *sweep, struct due *due)
{
    TRY(find_due(tx, sweep, Q_SWEEP_UPLOADS, 3, due));
    for (size_t i = 0; i < due->count; i++) {
        TRY(TX_RUN(tx, Q_PART_ERASE_ALL, v_int(sweep->now_us), v_text(due->first[i])));
        TRY(TX_RUN(tx, Q_PART_DELETE_ALL, v_text(due->first[i])));
        if (due->third[i] != NULL)
            TRY(drop_unused(tx, sweep, due->second[i], due->third[i]));
        TRY(TX_RUN(tx, Q_SWEEP_UPLOAD_DROP, v_text(due->first[i])));
        sweep->uploads++;
    }
    return ERR_NONE;
}

static enum err drop_copies(struct tx *tx, struct sweep *sweep, struct due *due)
{
    TRY(find_due(tx, sweep, Q_SWEEP_OWN_COPIES, 2, due));
    for (size_t i = 0; i < due->count; i++) {
        TRY(blob_row_erase(tx, due->second[i], sweep->now_us));
        TRY(TX_RUN(tx, Q_OWN_COPY_GONE, v_text(due->first[i])));
    }
    return ERR_NONE;
}

/* What proves who somebody is lives for a day: pictures of cards, codes without submission, codes sent to phones, the
 * memory of wrong tries. */
static enum err forget_proofs(struct tx *tx, struct sweep *sweep)
{
    int64_t now_us = sweep->now_us, yesterday_us = now_us - SECONDS_US(86400), cards = 0;
    TRY(id_card_expire(tx, now_us, SWEEP_MAX, &cards));
    sweep->more = sweep->more || cards == SWEEP_MAX;
    TRY(collection_code_drop_stale(tx, now_us, SWEEP_MAX));
    TRY(TX_RUN(tx, Q_SWEEP_PHONE_CODES, v_int(yesterday_us), v_int(SWEEP_MAX)));
    return TX_RUN(tx, Q_SWEEP_WRONG_TRIES, v_int(yesterday_us), v_int(SWEEP_MAX), v_int(yesterday_us));
}

/* Files that were sent and never taken are forgotten as if somebody had cancelled them. */
static enum err cancel_imports(struct tx *tx, struct sweep *sweep, struct due *due)
{
    struct rows r;
    due->count = 0;
    TRY(TX_OPEN(tx, &r, Q_IMPORT_STALE, v_int(sweep->now_us - ROSTER_IMPORT_KEEP_US), v_int(SWEEP_MAX)));
    while (due->count < SWEEP_MAX && rows_next(&r))
        due->first[due->count++] = col_text(&r, 0);
    TRY(rows_close(&r));
    for (size_t i = 0; i < due->count; i++) {
        struct roster_import import;
        TRY(roster_import_get(tx, due->first[i], &import));
        TRY(roster_import_move(tx, &import, "cancelled", "nobody took it", sweep->now_us));
    }
    return ERR_NONE;
}

static enum err list_erased(struct tx *tx, struct sweep *sweep)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SWEEP_ERASED, v_int(SWEEP_MAX)));
    while (sweep->erased_count < SWEEP_MAX && rows_next(&r))
        snprintf(sweep->erased[sweep->erased_count++], CRYPT_ID_TEXT_BYTES, "%s", col_text(&r, 0));
    return rows_close(&r);
}

enum err sweep_run(struct tx *tx, void *job)
{
    RUNS_ON(ROLE_WRITER);
    struct sweep *sweep = job;
    int64_t now_us = sweep->now_us;
    *sweep = (struct sweep){.now_us = now_us};
    struct due due;
    TRY(commit_decisions(tx, sweep, &due));
    TRY(expire_deadlines(tx, sweep, &due));
    TRY(release_claims(tx, sweep, &due));
    TRY(drop_uploads(tx, sweep, &due));
    TRY(drop_copies(tx, sweep, &due));
    TRY(cancel_imports(tx, sweep, &due));
    TRY(forget_proofs(tx, sweep));
    TRY(TX_RUN(tx, Q_SWEEP_IDEMPOTENCY, v_int(now_us), v_int(now_us), v_int(SWEEP_MAX)));
    TRY(TX_RUN(tx, Q_SWEEP_LOGINS, v_int(now_us), v_int(SWEEP_MAX)));
    TRY(TX_RUN(tx, Q_PUSH_SEEN_FORGET, v_int(now_us - PUSH_KEPT_US), v_int(SWEEP_MAX)));
    return list_erased(tx, sweep);
}

enum err sweep_gone(struct tx *tx, void *job)
{
    RUNS_ON(ROLE_WRITER);
    const struct sweep *sweep = job;
    for (size_t i = 0; i < sweep->erased_count; i++)
        TRY(TX_RUN(tx, Q_BLOB_GONE, v_text(sweep->erased[i])));
    return ERR_NONE;
}
