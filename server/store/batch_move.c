/* The moves of a batch: the other half of batch.h. Item and submission change together, or neither does. */
#include "store/batch.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/transition.h"

#define REASON_DEFAULT "chsi_quality"

struct action {
    const char *name;
    enum wf_event event;
    const char *item_state; /* after it; NULL: stays open */
};
/* receipt is accepted or refused by its line */
static const struct action actions[] = {
    {"hand_over", EV_hand_over, NULL},
    {"printed", EV_printed, "printed"},
    {"tracking", EV_shipped, "shipped"},
    {"receipt", EV_chsi_accepted, "accepted"},
};
static const struct action refused = {"receipt", EV_chsi_refused, "refused"};

static bool is_reason(const char *code)
{
#define REASON(name, by, zh, en, zh_short, en_short, zh_fix, en_fix)                                                   \
    if (text_is(code, #name))                                                                                          \
        return true;
#include "workflow/reasons.def"
#undef REASON
    return false;
}

struct moving {
    struct tx *tx;
    struct batch_moves *moves;
    const char *batch_id, *account_id;
    const struct action *action;
};

static enum err item_is_open(struct tx *tx, const char *batch_id, const char *submission_id, bool *open)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BATCH_ITEM_GET, v_text(batch_id), v_text(submission_id)));
    *open = rows_next(&r) && text_is(col_text(&r, 0), "open");
    return rows_close(&r);
}

/* A hand-over run twice must not hand over what came back in between and waits for its next batch. */
static bool handed_over_before(const struct moving *m, const struct submission *s)
{
    return m->action->event == EV_hand_over && !text_is(s->chsi_status, "queued");
}

static enum err move_one(struct moving *m, const struct action *action, const char *submission_id,
                         const struct json *line)
{
    struct tx *tx = m->tx;
    struct submission s;
    bool open;
    TRY(item_is_open(tx, m->batch_id, submission_id, &open));
    TRY(submission_get(tx, submission_id, &s));
    if (!open || handed_over_before(m, &s))
        return ERR_NONE;
    const char *reason = json_text_at(line, "reason", "");
    struct move move = {.submission_id = submission_id,
                        .event = action->event,
                        .actor_kind = ACTOR_STAFF,
                        .actor_id = m->account_id,
                        .now_us = m->moves->now_us,
                        .carrier = json_text_at(line, "carrier", NULL),
                        .tracking_no = json_text_at(line, "tracking_no", NULL)};
    if (action == &refused) {
        bool known = is_reason(reason);
        move.reasons = arena_printf(tx->arena, "[\"%s\"]", known ? reason : REASON_DEFAULT);
        move.note = known ? "" : arena_text(tx->arena, reason);
    }
    enum err e = transition_apply(tx, &move, NULL);
    if (e == ERR_REFUSED)
        return ERR_NONE; /* went another way meanwhile: its item stays open and shows */
    TRY(e);
    m->moves->moved++;
    if (action->item_state == NULL)
        return ERR_NONE;
    return TX_RUN(tx, Q_BATCH_ITEM_STATE, v_text(action->item_state), v_text(reason), v_text(m->batch_id),
                  v_text(submission_id), v_text("open"));
}

static enum err move_lines(struct moving *m, const struct json *lines)
{
    for (const struct json *line = lines->first; line != NULL; line = line->next) {
        bool is_refusal = text_is(m->action->name, "receipt") && !json_bool_at(line, "accepted", false);
        TRY(move_one(m, is_refusal ? &refused : m->action, json_text_at(line, "submission_id", ""), line));
    }
    m->moves->next = -1;
    return ERR_NONE;
}

static enum err move_all(struct moving *m)
{
    struct batch_item *items = ARENA_ARRAY(m->tx->arena, struct batch_item, BATCH_LINES_MAX);
    size_t count = 0;
    TRY(batch_items(m->tx, m->batch_id, m->moves->from - 1, items, BATCH_LINES_MAX, &count));
    for (size_t i = 0; i < count; i++)
        TRY(move_one(m, m->action, items[i].submission_id, NULL));
    m->moves->next = count == BATCH_LINES_MAX ? items[count - 1].position + 1 : -1;
    return ERR_NONE;
}

static enum err finish_batch(struct tx *tx, const char *batch_id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BATCH_ITEM_OPEN, v_text(batch_id)));
    bool open = rows_next(&r);
    TRY(rows_close(&r));
    store_touch(tx, TOPIC_BATCH, batch_id);
    return open ? ERR_NONE : TX_RUN(tx, Q_BATCH_DONE, v_text(batch_id));
}

enum err batch_move(struct tx *tx, void *job)
{
    RUNS_ON(ROLE_WRITER);
    struct batch_moves *moves = job;
    const struct json *payload;
    moves->moved = 0;
    TRY(json_read(moves->payload, strlen(moves->payload), tx->arena, &payload));
    struct moving m = {.tx = tx,
                       .moves = moves,
                       .batch_id = json_text_at(payload, "batch_id", ""),
                       .account_id = json_text_at(payload, "account_id", "")};
    for (size_t i = 0; i < countof(actions); i++)
        if (text_is(actions[i].name, json_text_at(payload, "action", "")))
            m.action = &actions[i];
    if (m.action == NULL)
        return ERR_BAD_FIELD;
    const struct json *lines = json_at(payload, "lines");
    TRY(lines != NULL ? move_lines(&m, lines) : move_all(&m));
    return moves->next < 0 ? finish_batch(tx, m.batch_id) : ERR_NONE;
}
