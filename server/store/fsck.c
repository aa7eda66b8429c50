#include "store/fsck.h"

#include "base/check.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/face_count.h"
#include "store/queries.h"
#include "store/retouch.h"
#include "store/rows.h"

#define HISTORY_MAX   1000
#define ATTEMPTS_MAX  256
#define DECISIONS_MAX 200

static const char *const names[] = {
#define C(name, what) #name,
    FSCK_CHECKS(C)
#undef C
};
static const char *const whats[] = {
#define C(name, what) what,
    FSCK_CHECKS(C)
#undef C
};

const char *fsck_name(enum fsck_check check)
{
    CHECK((size_t)check < countof(names));
    return names[check];
}

const char *fsck_what(enum fsck_check check)
{
    CHECK((size_t)check < countof(whats));
    return whats[check];
}

void fsck_problem(struct fsck *fsck, enum fsck_check check, const char *format, ...)
{
    struct fsck_result *result = &fsck->results[check];
    if (result->problems < FSCK_SAMPLES_MAX) {
        va_list args;
        va_start(args, format);
        vsnprintf(result->samples[result->problems], FSCK_SAMPLE_BYTES, format, args);
        va_end(args);
    }
    result->problems++;
}

enum err fsck_database(struct tx *tx, void *job)
{
    struct fsck *f = job;
    char why[256] = "";
    f->results[FSCK_database].looked_at++;
    enum err e = db_integrity(tx->db, why);
    if (e != ERR_NONE)
        fsck_problem(f, FSCK_database, "%.180s", why);
    return ERR_NONE;
}

/* ---- one submission ---- */

struct step {
    int64_t number;
    const char *from, *event, *to, *actor_id;
};

/* Room for one submission at a time. */
struct room {
    struct step steps[HISTORY_MAX];
    struct attempt attempts[ATTEMPTS_MAX];
};

static enum err read_history(struct tx *tx, const char *id, struct step *steps, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_HISTORY_LIST, v_text(id), v_int(0), v_int(HISTORY_MAX)));
    while (*count < HISTORY_MAX && rows_next(&r))
        steps[(*count)++] =
            (struct step){col_int(&r, 0), col_text(&r, 1), col_text(&r, 2), col_text(&r, 3), col_text(&r, 5)};
    return rows_close(&r);
}

/* Whether the table has this move, and the effects that every row that could have made it asks for. */
static bool is_move(const struct step *step, uint64_t *effects)
{
    size_t count;
    const struct wf_row *rows = wf_rows(&count);
    bool found = false;
    *effects = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (text_is(wf_state_name(rows[i].from), step->from) && text_is(wf_event_name(rows[i].event), step->event) &&
            text_is(wf_state_name(rows[i].to), step->to)) {
            *effects &= rows[i].effects;
            found = true;
        }
    if (!found)
        *effects = 0;
    return found;
}

static enum err check_effects(struct tx *tx, struct fsck *f, const char *id, const struct step *step, uint64_t effects)
{
    for (size_t bit = 0; bit < WF_EFFECT_COUNT; bit++) {
        if (!(effects >> bit & 1) || bit == WF_EFFECT_BIT_publish) /* publish: only when somebody listened */
            continue;
        struct rows r;
        const char *row = arena_printf(tx->arena, "%s-%" PRId64 "-%s", id, step->number, wf_effect_name(bit));
        TRY(TX_OPEN(tx, &r, Q_FSCK_OUTBOX_HAS, v_text(row)));
        bool there = rows_next(&r);
        TRY(rows_close(&r));
        if (!there)
            fsck_problem(f, FSCK_outbox, "%s: the move %s has no outbox row for %s", id, step->event,
                         wf_effect_name(bit));
    }
    return ERR_NONE;
}

static enum err check_path(struct tx *tx, struct fsck *f, const struct submission *s, const struct step *steps,
                           size_t count)
{
    const char *at = "";
    int64_t number = 0;
    if (count == 0 || !text_is(steps[0].event, "created") || !text_is(steps[0].to, wf_state_name(WF_draft)))
        fsck_problem(f, FSCK_history, "%s: does not begin with a draft", s->id);
    for (size_t i = 0; i < count; i++) {
        uint64_t effects = 0;
        f->results[FSCK_history].looked_at++;
        if (!text_is(steps[i].from, at) || steps[i].number <= number)
            fsck_problem(f, FSCK_history, "%s: number %" PRId64 " does not follow", s->id, steps[i].number);
        else if (i > 0 && !is_move(&steps[i], &effects))
            fsck_problem(f, FSCK_history, "%s: %s in %s is not in the table", s->id, steps[i].event, at);
        TRY(check_effects(tx, f, s->id, &steps[i], effects));
        at = steps[i].to;
        number = steps[i].number;
    }
    if (count < HISTORY_MAX && (!text_is(at, wf_state_name(s->state)) || number > s->version))
        fsck_problem(f, FSCK_history, "%s: is %s, its history ends in %s", s->id, wf_state_name(s->state), at);
    return ERR_NONE;
}

static enum err blob_is_there(struct tx *tx, const char *id, bool *there)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FSCK_BLOB_HAS, v_text(id)));
    *there = rows_next(&r);
    return rows_close(&r);
}

static enum err check_blob(struct tx *tx, struct fsck *f, const struct submission *s, const char *attempt_id,
                           const char *blob_id)
{
    bool there = true;
    if (blob_id != NULL)
        TRY(blob_is_there(tx, blob_id, &there));
    f->results[FSCK_references].looked_at += blob_id != NULL;
    if (!there && s->state != WF_closed) /* closed may be purged */
        fsck_problem(f, FSCK_references, "%s: attempt %s names an object that is not there", s->id, attempt_id);
    return ERR_NONE;
}

/* Versions of the finished photo and what was made of it. */
static enum err check_repairs(struct tx *tx, struct fsck *f, const struct submission *s, const char *attempt_id)
{
    struct retouch *versions = ARENA_ARRAY(tx->arena, struct retouch, RETOUCH_TRIES_MAX + 1);
    struct derived *derived = ARENA_ARRAY(tx->arena, struct derived, DERIVED_MAX);
    size_t count = 0;
    TRY(retouch_list(tx, attempt_id, versions, RETOUCH_TRIES_MAX + 1, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(check_blob(tx, f, s, attempt_id, versions[i].repair_blob_id));
        TRY(check_blob(tx, f, s, attempt_id, versions[i].standard_blob_id));
    }
    TRY(derived_list(tx, attempt_id, derived, DERIVED_MAX, &count));
    for (size_t i = 0; i < count; i++)
        TRY(check_blob(tx, f, s, attempt_id, derived[i].blob_id));
    return ERR_NONE;
}

static enum err check_photos(struct tx *tx, struct fsck *f, const struct submission *s, struct attempt *attempts)
{
    size_t count = 0;
    TRY(attempt_list(tx, s->id, attempts, ATTEMPTS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        const struct attempt *a = &attempts[i];
        const char *ids[] = {a->original_blob_id, a->standard_blob_id, a->proxy_blob_id, a->mask_blob_id};
        for (size_t k = 0; k < countof(ids); k++)
            TRY(check_blob(tx, f, s, a->id, ids[k]));
        TRY(check_repairs(tx, f, s, a->id));
    }
    return ERR_NONE;
}

static bool history_has(const struct step *steps, size_t count, const char *event, const char *actor_id)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(steps[i].event, event) && text_is(steps[i].actor_id, actor_id))
            return true;
    return false;
}

static enum err check_decisions(struct tx *tx, struct fsck *f, const struct submission *s, const struct step *steps,
                                size_t step_count)
{
    struct rows r;
    int64_t pending = 0;
    TRY(TX_OPEN(tx, &r, Q_DECISION_LIST, v_text(s->id), v_int(DECISIONS_MAX)));
    while (rows_next(&r)) {
        const char *id = col_text(&r, 0), *event = col_text(&r, 2), *account = col_text(&r, 6),
                   *state = col_text(&r, 9);
        f->results[FSCK_decisions].looked_at++;
        if (text_is(state, "pending") && (++pending > 1 || !text_is(s->claimed_by, account)))
            fsck_problem(f, FSCK_decisions, "%s: decision %s is pending without claim, or beside another", s->id, id);
        if (text_is(state, "committed") && step_count < HISTORY_MAX && !history_has(steps, step_count, event, account))
            fsck_problem(f, FSCK_decisions, "%s: decision %s took no effect", s->id, id);
    }
    TRY(rows_close(&r));
    if ((s->claimed_by == NULL) != (s->claim_id == NULL))
        fsck_problem(f, FSCK_decisions, "%s: half a claim", s->id);
    return ERR_NONE;
}

static enum err check_submission(struct tx *tx, struct fsck *f, const struct submission *s, struct room *room)
{
    size_t count = 0;
    TRY(read_history(tx, s->id, room->steps, &count));
    TRY(check_path(tx, f, s, room->steps, count));
    TRY(check_photos(tx, f, s, room->attempts));
    return check_decisions(tx, f, s, room->steps, count);
}

static void turn_page(struct fsck *f, const char *last, size_t count)
{
    f->done = count < FSCK_PAGE_ROWS;
    snprintf(f->after, sizeof f->after, "%s", f->done ? "" : last);
}

enum err fsck_submissions(struct tx *tx, void *job)
{
    struct fsck *f = job;
    struct rows r;
    struct submission *page = ARENA_ARRAY(tx->arena, struct submission, FSCK_PAGE_ROWS);
    struct room *room = ARENA_NEW(tx->arena, struct room);
    size_t count = 0;
    TRY(TX_OPEN(tx, &r, Q_FSCK_SUBMISSIONS, v_text(f->after), v_int(FSCK_PAGE_ROWS)));
    while (count < FSCK_PAGE_ROWS && rows_next(&r))
        submission_read(&r, &page[count++]);
    TRY(rows_close(&r));
    for (size_t i = 0; i < count; i++)
        TRY(check_submission(tx, f, &page[i], room));
    turn_page(f, count > 0 ? page[count - 1].id : "", count);
    return ERR_NONE;
}

/* ---- the rest ---- */

static void check_outbox_row(struct fsck *f, const struct rows *r)
{
    const char *id = col_text(r, 0), *state = col_text(r, 2);
    int64_t due_us = col_int(r, 3), lease_until_us = col_int(r, 4), ended_us = col_int(r, 6);
    bool ended = text_is(state, "done") || text_is(state, "dead") || text_is(state, "parked");
    f->results[FSCK_outbox].looked_at++;
    if (ended != (ended_us > 0))
        fsck_problem(f, FSCK_outbox, "%s: %s, but its end is %" PRId64, id, state, ended_us);
    if (!ended && due_us <= 0)
        fsck_problem(f, FSCK_outbox, "%s: %s and never due", id, state);
    f->results[FSCK_leases].looked_at += text_is(state, "running");
    /* Without a server every lease runs out; the next start takes them up. Older than a day nobody did. */
    if (text_is(state, "running") && lease_until_us + SECONDS_US(86400) < f->now_us)
        fsck_problem(f, FSCK_leases, "%s: its lease ran out more than a day ago", id);
}

enum err fsck_outbox_rows(struct tx *tx, void *job)
{
    struct fsck *f = job;
    struct rows r;
    size_t count = 0;
    const char *last = "";
    TRY(TX_OPEN(tx, &r, Q_FSCK_OUTBOX, v_text(f->after), v_int(FSCK_PAGE_ROWS)));
    for (; count < FSCK_PAGE_ROWS && rows_next(&r); count++) {
        last = col_text(&r, 0);
        check_outbox_row(f, &r);
    }
    TRY(rows_close(&r));
    turn_page(f, last, count);
    return ERR_NONE;
}

static enum err check_lanes(struct tx *tx, struct fsck *f)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_FSCK_LANES));
    while (rows_next(&r)) {
        f->results[FSCK_lanes].looked_at++;
        if (col_int(&r, 1) != col_int(&r, 2))
            fsck_problem(f, FSCK_lanes, "%s: counter %" PRId64 ", waiting %" PRId64, col_text(&r, 0), col_int(&r, 1),
                         col_int(&r, 2));
    }
    TRY(rows_close(&r));
    TRY(tx_open_all(tx, &r, Q_FSCK_OTHER_LANES));
    if (rows_next(&r) && col_int(&r, 0) != 0)
        fsck_problem(f, FSCK_lanes, "%" PRId64 " wait in a lane without counter", col_int(&r, 0));
    return rows_close(&r);
}

static enum err check_faces(struct tx *tx, struct fsck *f)
{
    struct face_count count;
    struct rows r;
    TRY(face_count_read(tx, &count));
    TRY(tx_open_all(tx, &r, Q_FSCK_FACE_PERSONS));
    f->results[FSCK_faces].looked_at++;
    if (rows_next(&r) && col_int(&r, 0) != count.persons)
        fsck_problem(f, FSCK_faces, "counter %" PRId64 ", persons %" PRId64, count.persons, col_int(&r, 0));
    return rows_close(&r);
}

static enum err count_events(struct tx *tx, size_t query, int64_t counts[EV_COUNT])
{
    struct rows r;
    TRY(tx_open_all(tx, &r, query));
    while (rows_next(&r)) {
        enum wf_event event;
        if (wf_event_named(col_text(&r, 0), &event))
            counts[event] += col_int(&r, 1);
    }
    return rows_close(&r);
}

/* Pictures of cards live for a day; a stopped server may be late by its pause. */
static enum err check_id_cards(struct tx *tx, struct fsck *f)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_FSCK_ID_CARDS, v_int(f->now_us - SECONDS_US(7 * 86400))));
    if (rows_next(&r)) {
        f->results[FSCK_references].looked_at++;
        if (col_int(&r, 0) > 0)
            fsck_problem(f, FSCK_references, "%" PRId64 " pictures of cards name an object that is not there",
                         col_int(&r, 0));
        if (col_int(&r, 1) > 0)
            fsck_problem(f, FSCK_references, "%" PRId64 " pictures of cards are kept for longer than a week",
                         col_int(&r, 1));
    }
    return rows_close(&r);
}

static enum err check_messages(struct tx *tx, struct fsck *f)
{
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_FSCK_CONVERSATIONS));
    while (rows_next(&r)) {
        f->results[FSCK_messages].looked_at++;
        if (col_int(&r, 1) != col_int(&r, 2))
            fsck_problem(f, FSCK_messages, "%s: %" PRId64 " unread by its count, %" PRId64 " messages", col_text(&r, 0),
                         col_int(&r, 1), col_int(&r, 2));
    }
    TRY(rows_close(&r));
    TRY(tx_open_all(tx, &r, Q_FSCK_MESSAGE_BLOBS));
    while (rows_next(&r))
        fsck_problem(f, FSCK_messages, "%s: its picture has no row", col_text(&r, 0));
    return rows_close(&r);
}

enum err fsck_totals(struct tx *tx, void *job)
{
    struct fsck *f = job;
    int64_t moves[EV_COUNT] = {0}, audited[EV_COUNT] = {0};
    TRY(check_lanes(tx, f));
    TRY(check_messages(tx, f));
    TRY(check_faces(tx, f));
    TRY(check_id_cards(tx, f));
    TRY(count_events(tx, Q_FSCK_MOVES, moves));
    TRY(count_events(tx, Q_FSCK_AUDITED, audited));
    for (int event = 0; event < EV_COUNT; event++)
        if (moves[event] != audited[event])
            fsck_problem(f, FSCK_audit, "%s: %" PRId64 " moves, %" PRId64 " audit entries",
                         wf_event_name((enum wf_event)event), moves[event], audited[event]);
    return ERR_NONE;
}

enum err fsck_audit_chain(struct tx *tx, void *job)
{
    struct fsck *f = job;
    int64_t rows = 0, bad = 0;
    enum err e = audit_verify(tx, &rows, &bad);
    f->results[FSCK_audit].looked_at += rows;
    if (e == ERR_CORRUPT) {
        fsck_problem(f, FSCK_audit, "row %" PRId64 " does not fit the chain", bad);
        return ERR_NONE;
    }
    return e;
}
