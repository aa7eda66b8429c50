#include "store/retouch.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"
#include "store/store.h"

/* ---- versions ---- */

static void read_version(const struct rows *rows, struct retouch *r)
{
    *r = (struct retouch){.attempt_id = col_text(rows, 0),
                          .number = col_int(rows, 1),
                          .repair = col_text(rows, 2),
                          .repair_blob_id = col_text(rows, 3),
                          .standard_blob_id = col_text(rows, 4),
                          .state = col_text(rows, 5),
                          .verdict = col_text(rows, 6),
                          .outcome = col_text(rows, 7),
                          .account_id = col_text(rows, 8),
                          .created_us = col_int(rows, 9),
                          .account = col_text(rows, 10)};
}

enum err retouch_get(struct tx *tx, const char *attempt_id, int64_t number, struct retouch *r)
{
    struct rows rows;
    TRY(TX_OPEN(tx, &rows, Q_RETOUCH_GET, v_text(attempt_id), v_int(number)));
    if (rows_next(&rows))
        read_version(&rows, r);
    return rows_close_one(&rows);
}

enum err retouch_report(struct tx *tx, const char *attempt_id, int64_t number, const char **report)
{
    struct rows rows;
    *report = NULL;
    TRY(TX_OPEN(tx, &rows, Q_RETOUCH_REPORT, v_text(attempt_id), v_int(number)));
    if (rows_next(&rows))
        *report = col_text(&rows, 0);
    return rows_close_one(&rows);
}

enum err retouch_list(struct tx *tx, const char *attempt_id, struct retouch *list, size_t max, size_t *count)
{
    struct rows rows;
    *count = 0;
    TRY(TX_OPEN(tx, &rows, Q_RETOUCH_LIST, v_text(attempt_id), v_int((int64_t)max)));
    while (*count < max && rows_next(&rows))
        read_version(&rows, &list[(*count)++]);
    return rows_close(&rows);
}

static enum err last_number(struct tx *tx, const char *attempt_id, int64_t *number)
{
    struct rows rows;
    TRY(TX_OPEN(tx, &rows, Q_RETOUCH_LAST, v_text(attempt_id)));
    *number = rows_next(&rows) ? col_int(&rows, 0) : 0;
    return rows_close_one(&rows);
}

enum err retouch_add(struct tx *tx, const struct retouch *r, int64_t *number)
{
    RUNS_ON(ROLE_WRITER);
    struct attempt a;
    TRY(attempt_get(tx, r->attempt_id, &a));
    if (a.standard_blob_id == NULL)
        return ERR_REFUSED;
    TRY(TX_RUN(tx, Q_RETOUCH_START, v_text(a.id), v_text(a.id)));
    TRY(last_number(tx, a.id, number));
    if (*number >= RETOUCH_TRIES_MAX)
        return ERR_ATTEMPTS_USED;
    ++*number;
    store_touch(tx, TOPIC_SUBMISSION, a.submission_id);
    return TX_RUN(tx, Q_RETOUCH_ADD, v_text(a.id), v_int(*number), v_text(r->repair), v_text(r->repair_blob_id),
                  v_text(r->account_id), v_int(r->created_us));
}

/* The submission when this attempt is the one that is being retouched; NULL id otherwise. */
static enum err under_repair(struct tx *tx, const char *attempt_id, struct submission *s, bool *is)
{
    struct attempt a;
    TRY(attempt_get(tx, attempt_id, &a));
    TRY(submission_get(tx, a.submission_id, s));
    *is = s->state == WF_retouch && text_is(s->attempt_id, attempt_id);
    return ERR_NONE;
}

static enum err end_version(struct tx *tx, const char *attempt_id, int64_t number, const char *state,
                            const struct retouch_result *made)
{
    RUNS_ON(ROLE_WRITER);
    struct submission s;
    bool repaired = false;
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_RETOUCH_END, v_text(state), v_text(made->verdict), v_text(made->report),
                 v_text(made->outcome), v_text(made->standard_blob_id), v_text(attempt_id), v_int(number)));
    if (changed == 0)
        return ERR_NONE;
    TRY(under_repair(tx, attempt_id, &s, &repaired));
    store_touch(tx, TOPIC_SUBMISSION, s.id);
    return repaired && made->standard_blob_id != NULL ? TX_RUN(tx, Q_RETOUCH_CHOOSE, v_int(number), v_text(attempt_id))
                                                      : ERR_NONE;
}

enum err retouch_ready(struct tx *tx, const char *attempt_id, int64_t number, const struct retouch_result *made)
{
    return end_version(tx, attempt_id, number, "ready", made);
}

enum err retouch_refused(struct tx *tx, const char *attempt_id, int64_t number, const char *outcome)
{
    const struct retouch_result made = {.verdict = "", .report = "{}", .outcome = outcome};
    return end_version(tx, attempt_id, number, "refused", &made);
}

enum err retouch_choose(struct tx *tx, const char *attempt_id, int64_t number)
{
    RUNS_ON(ROLE_WRITER);
    struct retouch r;
    struct attempt a;
    TRY(attempt_get(tx, attempt_id, &a));
    TRY(retouch_get(tx, attempt_id, number, &r));
    if (!text_is(r.state, "ready"))
        return ERR_REFUSED;
    store_touch(tx, TOPIC_SUBMISSION, a.submission_id);
    return TX_RUN(tx, Q_RETOUCH_CHOOSE, v_int(number), v_text(attempt_id));
}

enum err retouch_begin(struct tx *tx, const char *attempt_id)
{
    return TX_RUN(tx, Q_RETOUCH_FORGET_CHOICE, v_text(attempt_id));
}

enum err retouch_apply(struct tx *tx, const char *attempt_id)
{
    struct attempt a;
    struct retouch r;
    const char *report;
    TRY(attempt_get(tx, attempt_id, &a));
    if (a.retouch_chosen == a.retouch_number)
        return ERR_NONE; /* nothing was repaired, or it was undone */
    TRY(retouch_get(tx, attempt_id, a.retouch_chosen, &r));
    TRY(retouch_report(tx, attempt_id, a.retouch_chosen, &report));
    return TX_RUN(tx, Q_RETOUCH_APPLY, v_int(r.number), v_text(r.standard_blob_id), v_text(r.verdict), v_text(report),
                  v_text(attempt_id));
}

/* ---- photos by other profiles ---- */

static void read_derived(const struct rows *rows, struct derived *d)
{
    *d = (struct derived){.attempt_id = col_text(rows, 0),
                          .profile = col_text(rows, 1),
                          .retouch_number = col_int(rows, 2),
                          .blob_id = col_text(rows, 3),
                          .state = col_text(rows, 4),
                          .verdict = col_text(rows, 5),
                          .report = col_text(rows, 6),
                          .created_us = col_int(rows, 7)};
}

enum err derived_get(struct tx *tx, const char *attempt_id, const char *profile, int64_t retouch_number,
                     struct derived *d)
{
    struct rows rows;
    TRY(TX_OPEN(tx, &rows, Q_DERIVED_GET, v_text(attempt_id), v_text(profile), v_int(retouch_number)));
    if (rows_next(&rows))
        read_derived(&rows, d);
    return rows_close_one(&rows);
}

enum err derived_list(struct tx *tx, const char *attempt_id, struct derived *list, size_t max, size_t *count)
{
    struct rows rows;
    *count = 0;
    TRY(TX_OPEN(tx, &rows, Q_DERIVED_LIST, v_text(attempt_id), v_int((int64_t)max)));
    while (*count < max && rows_next(&rows))
        read_derived(&rows, &list[(*count)++]);
    return rows_close(&rows);
}

enum err derived_want(struct tx *tx, const struct attempt *a, const char *profile, int64_t now_us, struct derived *d,
                      bool *is_new)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_DERIVED_ADD, v_text(a->id), v_text(profile), v_int(a->retouch_number), v_int(now_us)));
    *is_new = changed == 1;
    return derived_get(tx, a->id, profile, a->retouch_number, d);
}

enum err derived_ready(struct tx *tx, const struct derived *d)
{
    return TX_RUN(tx, Q_DERIVED_END, v_text("ready"), v_text(d->verdict), v_text(d->report), v_text(d->blob_id),
                  v_text(d->attempt_id), v_text(d->profile), v_int(d->retouch_number));
}

enum err derived_refused(struct tx *tx, const struct derived *d)
{
    return TX_RUN(tx, Q_DERIVED_END, v_text("refused"), v_text(""), v_text(d->report), v_text(NULL),
                  v_text(d->attempt_id), v_text(d->profile), v_int(d->retouch_number));
}
