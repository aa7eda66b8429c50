#include "store/outbox.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"

/* reliability.md 1.4: at once, then 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 24 h after one another. */
static const int64_t pauses_s[OUTBOX_PAUSES] = {5, 30, 300, 1800, 7200, 18000, 36000, 86400};

enum err outbox_put(struct tx *tx, const char *id, const char *kind, const char *submission_id, const char *payload,
                    int64_t due_us, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    store_touch(tx, TOPIC_OUTBOX, "");
    return TX_RUN(tx, Q_OUTBOX_PUT, v_text(id), v_text(kind), v_text(submission_id), v_text(payload),
                  v_int(due_us == 0 ? now_us : due_us), v_int(now_us));
}

/* ---- rows in order ---- */

#define BLOCKED_US INT64_C(4102444800000000) /* the year 2100: due when the one before has ended */

enum err outbox_put_ordered(struct tx *tx, const char *id, const char *kind, const char *submission_id,
                            const char *payload, const char *order_key, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    CHECK(order_key[0] != '\0');
    struct rows r;
    int64_t last = 0, due_us = now_us;
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_ORDER_LAST, v_text(order_key)));
    if (rows_next(&r)) {
        last = col_int(&r, 0);
        due_us = BLOCKED_US;
    }
    TRY(rows_close(&r));
    store_touch(tx, TOPIC_OUTBOX, "");
    return TX_RUN(tx, Q_OUTBOX_PUT_ORDERED, v_text(id), v_text(kind), v_text(submission_id), v_text(payload),
                  v_int(due_us), v_int(now_us), v_text(order_key), v_int(last >= now_us ? last + 1 : now_us));
}

static enum err somebody_runs(struct tx *tx, const char *order_key, bool *runs)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_ORDER_RUNNING, v_text(order_key)));
    *runs = rows_next(&r);
    return rows_close(&r);
}

/* The first that waits is due, the others are not; while one is in hand nobody else is. */
static enum err arrange(struct tx *tx, const char *order_key, bool block_others, int64_t now_us)
{
    struct rows r;
    bool runs = false;
    const char *first = NULL;
    int64_t due_us = 0;
    if (order_key == NULL || order_key[0] == '\0')
        return ERR_NONE;
    TRY(somebody_runs(tx, order_key, &runs));
    if (runs)
        return ERR_NONE; /* its end arranges */
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_ORDER_FIRST, v_text(order_key)));
    if (rows_next(&r)) {
        first = col_text(&r, 0);
        due_us = col_int(&r, 2);
    }
    TRY(rows_close(&r));
    if (first == NULL)
        return ERR_NONE;
    if (block_others)
        TRY(TX_RUN(tx, Q_OUTBOX_ORDER_BLOCK, v_int(BLOCKED_US), v_text(order_key), v_text(first)));
    if (due_us < BLOCKED_US)
        return ERR_NONE;
    store_touch(tx, TOPIC_OUTBOX, "");
    return TX_RUN(tx, Q_OUTBOX_ORDER_DUE, v_int(now_us), v_text(first));
}

static enum err order_key_of(struct tx *tx, const char *id, const char **order_key)
{
    struct rows r;
    *order_key = "";
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_ORDER_KEY, v_text(id)));
    if (rows_next(&r))
        *order_key = col_text(&r, 0);
    return rows_close(&r);
}

/* ---- claims ---- */

enum err outbox_claim(struct tx *tx, struct outbox_claim *claim)
{
    RUNS_ON(ROLE_WRITER);
    CHECK(claim->rows_max >= 1 && claim->rows_max <= OUTBOX_CLAIM_MAX);
    claim->taken = 0;
    TRY(TX_RUN(tx, Q_OUTBOX_LAPSED, v_int(claim->now_us), v_int(claim->now_us)));
    struct rows r;
    struct val until = v_int(claim->now_us + claim->lease_us), boot = v_text(store_boot_id(tx));
    struct val now = v_int(claim->now_us), max = v_int((int64_t)claim->rows_max);
    if (claim->kind == NULL)
        TRY(TX_OPEN(tx, &r, Q_OUTBOX_CLAIM, until, boot, now, max));
    else
        TRY(TX_OPEN(tx, &r, Q_OUTBOX_CLAIM_KIND, until, boot, v_text(claim->kind), now, max));
    while (claim->taken < claim->rows_max && rows_next(&r)) {
        struct outbox_row *row = &claim->rows[claim->taken++];
        row->id = arena_text(claim->into, col_text(&r, 0));
        row->kind = arena_text(claim->into, col_text(&r, 1));
        row->payload = arena_text(claim->into, col_text(&r, 2));
        row->submission_id = arena_text(claim->into, col_text(&r, 3));
        row->tries = col_int(&r, 4);
        row->created_us = col_int(&r, 5);
    }
    return rows_close(&r);
}

static int64_t pause_after(const struct outbox_finish *f)
{
    size_t index = (size_t)(f->tries - 1);
    int64_t pause_us = SECONDS_US(pauses_s[index < OUTBOX_PAUSES ? index : OUTBOX_PAUSES - 1]);
    pause_us = pause_us / 1000 * f->jitter_e3 / 100 * f->scale_percent;
    /* A longer wish is obeyed; a shorter one would use up the tries before the trouble is over. */
    return pause_us > f->pause_us ? pause_us : f->pause_us;
}

enum err outbox_finish(struct tx *tx, const struct outbox_finish *f)
{
    RUNS_ON(ROLE_WRITER);
    CHECK(f->jitter_e3 >= 700 && f->jitter_e3 <= 1300 && f->scale_percent >= 1 && f->scale_percent <= 100);
    const char *words = f->words != NULL ? f->words : "";
    bool again = (f->outcome == OUTBOX_RETRY || f->outcome == OUTBOX_UNKNOWN) && f->tries <= OUTBOX_PAUSES;
    int64_t changed = 0;
    if (f->outcome == OUTBOX_HELD) {
        TRY(TX_RUN_N(tx, &changed, Q_OUTBOX_HELD, v_int(f->now_us + f->pause_us), v_text(words), v_text(f->id),
                     v_text(store_boot_id(tx)), v_int(f->tries)));
    } else if (again) {
        const char *state = f->outcome == OUTBOX_UNKNOWN ? "unknown" : "waiting";
        TRY(TX_RUN_N(tx, &changed, Q_OUTBOX_LATER, v_text(state), v_int(f->now_us + pause_after(f)), v_text(words),
                     v_text(f->id), v_text(store_boot_id(tx)), v_int(f->tries)));
    } else {
        const char *state = f->outcome == OUTBOX_DONE ? "done" : f->outcome == OUTBOX_PARKED ? "parked" : "dead";
        TRY(TX_RUN_N(tx, &changed, Q_OUTBOX_END, v_text(state), v_int(f->now_us), v_text(words), v_text(f->id),
                     v_text(store_boot_id(tx)), v_int(f->tries)));
        const char *order_key;
        TRY(order_key_of(tx, f->id, &order_key));
        TRY(arrange(tx, order_key, false, f->now_us));
    }
    return changed == 1 ? ERR_NONE : ERR_STALE;
}

enum err outbox_recover(struct tx *tx, int64_t now_us, int64_t *count)
{
    RUNS_ON(ROLE_WRITER);
    store_touch(tx, TOPIC_OUTBOX, "");
    return TX_RUN_N(tx, count, Q_OUTBOX_RECOVER, v_int(now_us), v_text(store_boot_id(tx)));
}

enum err outbox_count(struct tx *tx, struct outbox_status *status)
{
    struct rows r;
    *status = (struct outbox_status){0};
    TRY(tx_open_all(tx, &r, Q_OUTBOX_COUNT));
    while (rows_next(&r)) {
        const char *state = col_text(&r, 0);
        int64_t count = col_int(&r, 1);
        if (text_is(state, "waiting"))
            status->waiting = count;
        else if (text_is(state, "running"))
            status->running = count;
        else if (text_is(state, "unknown"))
            status->unknown = count;
        else if (text_is(state, "dead"))
            status->dead = count;
        else
            status->parked = count;
    }
    TRY(rows_close(&r));
    TRY(tx_open_all(tx, &r, Q_OUTBOX_OLDEST));
    if (rows_next(&r))
        status->oldest_due_us = col_int(&r, 0);
    return rows_close(&r);
}

enum err outbox_replay(struct tx *tx, const char *id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    const char *order_key;
    TRY(TX_RUN_N(tx, &changed, Q_OUTBOX_REPLAY, v_int(now_us), v_text(id)));
    TRY(order_key_of(tx, id, &order_key));
    if (order_key[0] != '\0' && changed == 1)
        TRY(TX_RUN(tx, Q_OUTBOX_ORDER_DUE, v_int(BLOCKED_US), v_text(id)));
    TRY(arrange(tx, order_key, true, now_us));
    store_touch(tx, TOPIC_OUTBOX, "");
    return changed == 1 ? ERR_NONE : ERR_NOT_FOUND;
}
