/* effect_reconcile — the bank's bill of a day is fetched, its hash checked (the file itself is not signed), and
 * compared with our rows in units of a few hundred lines. Asking for a run again replaces what it found. The watch
 * begins what is due by itself. */
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "dispatch/pay_bill.h"
#include "store/reconciliation.h"

#define BILL_BYTES_MAX    MIB(64) /* about 200,000 payments of one day */
#define WATCH_INTERVAL_MS 600000
#define DOWNLOAD_MS       120000

/* malloc'd, because the bill is: freed where the effect ends. */
struct run {
    struct effect *effect;
    struct outside *outside;
    struct store_unit unit;
    struct reconciliation_run work;
    char *text;
    const char *problem;
    enum outbox_outcome outcome; /* when there is a problem */
    bool more;
    int phase;

    struct pay_call call;
    struct client_request request;
    const char *url, *sha1;
    bool at_backup;
};

static void run_free(struct run *run)
{
    free(run->text);
    free(run->work.lines);
    free(run);
}

static void finish(struct run *run)
{
    struct effect *effect = run->effect;
    const char *problem = run->problem;
    enum outbox_outcome outcome = run->outcome;
    size_t lines = run->work.count;
    int64_t differences = run->work.sums.differences;
    run_free(run);
    if (problem != NULL)
        effect_end(effect, outcome, 0, "%s", problem);
    else
        effect_end(effect, OUTBOX_DONE, 0, "%zu lines, %" PRId64 " differences", lines, differences);
}

static void unit(struct run *run, store_step *step, void (*done)(struct store_unit *))
{
    run->work.now_us = clock_utc_us(); /* steps read no clock */
    if (!effect_unit(run->effect, &run->unit, STORE_WRITE, step, run, done))
        run_free(run); /* the effect has ended */
}

/* ---- the end ---- */

static enum err end_step(struct tx *tx, void *job)
{
    struct run *run = job;
    return reconciliation_end(tx, &run->work, run->problem != NULL ? run->problem : "");
}

static void ended(struct store_unit *done)
{
    struct run *run = container_of(done, struct run, unit);
    if (done->result != ERR_NONE && run->problem == NULL) {
        run->problem = err_name(done->result);
        run->outcome = OUTBOX_RETRY;
    }
    finish(run);
}

static void fail(struct run *run, enum outbox_outcome outcome, const char *problem)
{
    run->problem = problem;
    run->outcome = outcome;
    unit(run, end_step, ended);
}

/* ---- comparing ---- */

static enum err compare_step(struct tx *tx, void *job)
{
    struct run *run = job;
    switch (run->phase) {
    case 0:
        run->more = false;
        return reconciliation_begin(tx, &run->work);
    case 1:
        return reconciliation_compare_lines(tx, &run->work, &run->more);
    case 2:
        return reconciliation_compare_payments(tx, &run->work, &run->more);
    default:
        return reconciliation_compare_refunds(tx, &run->work, &run->more);
    }
}

static void compared(struct store_unit *done)
{
    struct run *run = container_of(done, struct run, unit);
    if (done->result != ERR_NONE) {
        run->problem = err_name(done->result);
        run->outcome = OUTBOX_RETRY;
        finish(run);
        return;
    }
    run->phase += !run->more;
    if (run->phase <= 3)
        unit(run, compare_step, compared);
    else
        unit(run, end_step, ended);
}

/* ---- the bill ---- */

static enum err read_lines(struct run *run, size_t len)
{
    struct pay_bill bill;
    struct pay_bill_line line;
    size_t room = 0;
    bool more = true;
    TRY(pay_bill_open(&bill, run->text, len));
    for (;;) {
        TRY(pay_bill_next(&bill, &line, &more));
        if (!more)
            return ERR_NONE;
        if (run->work.count == room) {
            room = room == 0 ? 1024 : 2 * room;
            run->work.lines = realloc(run->work.lines, room * sizeof *run->work.lines);
            CHECK(run->work.lines != NULL);
        }
        run->work.lines[run->work.count++] =
            (struct bill_line){line.is_refund, line.order_id, line.transaction_id, line.refund_id, line.amount_fen};
    }
}

static void download(struct run *run);

static void on_file(struct client_request *request, const struct client_answer *answer)
{
    struct run *run = request->arg;
    const struct pay_config *config = &run->outside->config->pay;
    char sha1[PKI_SHA1_TEXT_BYTES];
    if (answer->outcome != CLIENT_ANSWERED && !run->at_backup && config->backup_url != NULL &&
        config->backup_url[0] != '\0') {
        run->at_backup = true;
        download(run);
        return;
    }
    if (answer->outcome != CLIENT_ANSWERED || answer->status != 200) {
        fail(run, OUTBOX_RETRY, "the bill could not be fetched");
        return;
    }
    pki_sha1_text(answer->body, answer->len, sha1);
    if (!text_is(sha1, run->sha1)) {
        fail(run, OUTBOX_RETRY, "the bill does not have the hash that was announced");
        return;
    }
    run->text = malloc(answer->len + 1);
    CHECK(run->text != NULL);
    memcpy(run->text, answer->body, answer->len + 1);
    if (read_lines(run, answer->len) != ERR_NONE)
        fail(run, OUTBOX_DEAD, "the bill is not in the form we know");
    else
        unit(run, compare_step, compared);
}

static void download(struct run *run)
{
    run->request = pay_download(&run->outside->config->pay, run->url, run->effect->arena, run->at_backup);
    run->request.answer_bytes_max = BILL_BYTES_MAX;
    run->request.total_ms = DOWNLOAD_MS;
    run->request.done = on_file;
    run->request.arg = run;
    client_send(run->outside->client, &run->request);
}

static void on_bill(struct pay_call *call, const struct pay_result *result)
{
    struct run *run = call->arg;
    bool none = result->state == PAY_ABSENT ||
                (result->e == ERR_UPSTREAM_REFUSED && strstr(result->words, "NO_STATEMENT_EXIST") != NULL);
    if (none) { /* no business on that day, says the bank */
        unit(run, compare_step, compared);
    } else if (result->e != ERR_NONE) {
        fail(run, err_may_retry(result->e) ? OUTBOX_RETRY : OUTBOX_DEAD, result->words);
    } else {
        run->url = result->bill_url;
        run->sha1 = result->bill_sha1;
        download(run);
    }
}

void reconcile_start(struct effect *effect)
{
    struct outside *outside = outside_of(effect);
    const char *day = json_text_at(effect_payload(effect), "day", "");
    if (!outside_open(effect))
        return;
    if (!reconciliation_day_valid(day) || !pay_is_configured(&outside->config->pay)) {
        effect_end(effect, OUTBOX_DEAD, 0, "no day, or no payment service");
        return;
    }
    struct run *run = calloc(1, sizeof *run);
    CHECK(run != NULL);
    run->effect = effect;
    run->outside = outside;
    run->work.day = arena_text(effect->arena, day);
    run->call = (struct pay_call){.client = outside->client,
                                  .config = &outside->config->pay,
                                  .arena = effect->arena,
                                  .done = on_bill,
                                  .arg = run};
    pay_bill(&run->call, run->work.day);
}

/* ---- by itself ---- */

static enum err due_step(struct tx *tx, void *job)
{
    return reconciliation_start_due(tx, *(const int64_t *)job);
}

static void begun(struct watch_task *task, enum err e)
{
    (void)e;
    watch_end(task);
}

static void watch_begin(struct watch_task *task)
{
    if (!pay_is_configured(&task->outside->config->pay)) {
        watch_end(task);
        return;
    }
    int64_t *now_us = ARENA_NEW(task->arena, int64_t);
    *now_us = clock_utc_us();
    watch_unit(task, STORE_WRITE, due_step, now_us, begun);
}

struct watch_task reconcile_watch = {.name = "reconcile", .interval_ms = WATCH_INTERVAL_MS, .begin = watch_begin};
