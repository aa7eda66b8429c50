#include "dispatch/dispatch.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/orphans.h"
#include "store/sweep.h"

#include <stdatomic.h>

#define KINDS_MAX          32
#define IN_HAND_MAX        1024
#define EFFECT_ARENA_BYTES MIB(16)
#define CLAIM_ARENA_BYTES  MIB(8)
#define WORDS_BYTES        200
#define STOP_PATIENCE_MS   5000
#define JITTER_LOWEST_E3   700
#define JITTER_SPAN_E3     601
#define FILE_THREADS       2
#define FILE_QUEUE_MAX     256
#define ORPHAN_GRACE_MS    3600000
#define ORPHAN_FIRST_US    SECONDS_US(60)
#define ORPHAN_INTERVAL_US SECONDS_US(6 * 3600)

/* What dispatch.c keeps of an effect beyond what executors see. */
struct hand {
    struct effect effect; /* first: executors hold a pointer to it */
    struct kind *kind;
    bool ended;
    struct hand *next, *before; /* all that are in hand */
    struct store_unit unit;     /* of the end */
    struct outbox_finish finish;
    char words[WORDS_BYTES];
};

struct kind {
    const struct executor *executor;
    size_t running, waiting;
    struct effect *first, *last; /* claimed, not started: waiting of them */
};

/* Rows are claimed kind by kind, as many as can be used soon: a backlog of slow work holds up no other work. */
struct claiming {
    struct dispatch *dispatch; /* its table of kinds does not change */
    int64_t now_us;
    size_t wanted[KINDS_MAX];
    bool any; /* nothing is in hand: look for kinds that nobody knows, too */
    struct arena *into;
    struct outbox_claim claim;
    struct outbox_row rows[IN_HAND_MAX];
    size_t taken;
};

enum stopping { RUNNING, FINISHING, CLOSING, CLOSED };

struct dispatch {
    struct dispatch_options options;
    struct compute_options compute_options;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t tick, patience;
    struct mailbox mailbox;
    _Atomic bool stop_asked, claim_asked;
    pthread_mutex_t gate; /* guards closed */
    bool closed;          /* the wake handle must not be used any more */

    struct kind kinds[KINDS_MAX];
    size_t kind_count;
    struct hand *hands;
    size_t in_hand;
    bool pumping;

    struct store_unit claim_unit, sweep_unit;
    struct claiming claiming;
    struct sweep sweep;
    struct file_job sweep_files;
    struct orphans orphans;
    int64_t orphans_due_us; /* monotonic */
    bool claim_away, sweep_away, recovered;
    int64_t recovered_rows;
    int units_away; /* of our own: claim, sweep, ends */

    struct files *files;
    _Atomic(struct compute *) compute; /* set and cleared by the outbound thread, read by whoever wants its figures */
    bool compute_closing;
    enum stopping stopping;
};

static void pump(struct dispatch *d);
static void stop_step(struct dispatch *d);

/* ---- waking ---- */

static void wake(void *arg)
{
    struct dispatch *d = arg;
    pthread_mutex_lock(&d->gate);
    if (!d->closed)
        uv_async_send(&d->wake);
    pthread_mutex_unlock(&d->gate);
}

void dispatch_wake(struct dispatch *d)
{
    atomic_store(&d->claim_asked, true);
    wake(d);
}

bool dispatch_stops(const struct dispatch *d)
{
    return atomic_load(&d->stop_asked);
}

uv_loop_t *dispatch_loop(struct dispatch *d)
{
    RUNS_ON(ROLE_OUTBOUND);
    return &d->loop;
}

struct mailbox *dispatch_mailbox(struct dispatch *d)
{
    return &d->mailbox;
}

struct compute *dispatch_compute(struct dispatch *d)
{
    return atomic_load(&d->compute);
}

struct files *dispatch_files(struct dispatch *d)
{
    return d->files;
}

const struct dispatch_options *dispatch_options_of(const struct dispatch *d)
{
    return &d->options;
}

/* ---- our own units ---- */

static bool unit_submit(struct dispatch *d, struct store_unit *unit, store_step *step, void *job,
                        void (*done)(struct store_unit *))
{
    *unit = (struct store_unit){.home = &d->mailbox, .mode = STORE_WRITE, .step = step, .job = job, .done = done};
    if (store_submit(d->options.store, unit) != ERR_NONE)
        return false; /* the tick tries again */
    d->units_away++;
    return true;
}

static void unit_home(struct dispatch *d, const struct store_unit *unit, const char *what)
{
    d->units_away--;
    if (unit->result != ERR_NONE && unit->result != ERR_STALE)
        LOG(WARN, "dispatch.unit", "what=%s error=%s", what, err_name(unit->result));
}

/* ---- effects ---- */

static struct hand *hand_of(struct effect *effect)
{
    return container_of(effect, struct hand, effect);
}

static struct hand *hand_new(struct dispatch *d, const struct outbox_row *row, struct kind *kind)
{
    struct arena *arena = arena_new(EFFECT_ARENA_BYTES);
    struct hand *hand = calloc(1, sizeof *hand);
    CHECK(hand != NULL);
    hand->kind = kind;
    hand->effect = (struct effect){.row = *row, .arena = arena, .dispatch = d};
    struct outbox_row *own = &hand->effect.row;
    own->id = arena_text(arena, row->id);
    own->kind = arena_text(arena, row->kind);
    own->submission_id = arena_text(arena, row->submission_id);
    own->payload = arena_text(arena, row->payload);
    hand->next = d->hands;
    if (d->hands != NULL)
        d->hands->before = hand;
    d->hands = hand;
    d->in_hand++;
    return hand;
}

static void hand_free(struct dispatch *d, struct hand *hand)
{
    if (hand->before != NULL)
        hand->before->next = hand->next;
    else
        d->hands = hand->next;
    if (hand->next != NULL)
        hand->next->before = hand->before;
    d->in_hand--;
    arena_free(hand->effect.arena);
    free(hand);
}

static void end_submit(struct dispatch *d, struct hand *hand);

static void ended(struct store_unit *unit)
{
    struct hand *hand = container_of(unit, struct hand, unit);
    struct dispatch *d = hand->effect.dispatch;
    unit_home(d, unit, hand->effect.row.kind);
    if (unit->result == ERR_STALE && hand->finish.tries != hand->effect.row.tries) {
        end_submit(d, hand); /* we claimed it again between its end and our saying so */
        return;
    }
    if (unit->result == ERR_STALE)
        LOG(WARN, "outbox.late", "id=%s kind=%s", hand->effect.row.id, hand->effect.row.kind);
    hand_free(d, hand); /* whatever went wrong, the lease brings the row back */
    atomic_store(&d->claim_asked, true);
    pump(d);
}

static enum err end_step(struct tx *tx, void *job)
{
    return outbox_finish(tx, job);
}

static void end_submit(struct dispatch *d, struct hand *hand)
{
    hand->finish.id = hand->effect.row.id;
    hand->finish.tries = hand->effect.row.tries;
    if (!unit_submit(d, &hand->unit, end_step, &hand->finish, ended))
        hand->unit.store = NULL;
}

static void log_end(const struct hand *hand)
{
    const struct outbox_row *row = &hand->effect.row;
    switch (hand->finish.outcome) {
    case OUTBOX_DONE:
        LOG(DEBUG, "outbox.done", "id=%s kind=%s tries=%" PRId64, row->id, row->kind, row->tries);
        break;
    case OUTBOX_HELD:
    case OUTBOX_RETRY:
    case OUTBOX_UNKNOWN:
        LOG(INFO, "outbox.again", "id=%s kind=%s tries=%" PRId64 " why=\"%s\"", row->id, row->kind, row->tries,
            hand->words);
        break;
    case OUTBOX_DEAD:
    case OUTBOX_PARKED:
        LOG(ERROR, "outbox.stuck", "id=%s kind=%s tries=%" PRId64 " why=\"%s\"", row->id, row->kind, row->tries,
            hand->words);
        break;
    }
}

/* Whole characters only, and none that would break a line. */
static void trim(char *words)
{
    size_t len = strlen(words);
    while (len > 0 && !text_utf8_valid(words, len))
        len--;
    words[len] = '\0';
    for (char *at = words; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20)
            *at = ' ';
}

void effect_end(struct effect *effect, enum outbox_outcome outcome, int64_t pause_us, const char *words, ...)
{
    RUNS_ON(ROLE_OUTBOUND);
    struct hand *hand = hand_of(effect);
    struct dispatch *d = effect->dispatch;
    CHECK(!hand->ended);
    hand->ended = true;
    hand->kind->running--;
    va_list args;
    va_start(args, words);
    vsnprintf(hand->words, sizeof hand->words, words, args);
    va_end(args);
    trim(hand->words);
    hand->finish = (struct outbox_finish){.outcome = outcome,
                                          .words = hand->words,
                                          .now_us = clock_utc_us(),
                                          .jitter_e3 = JITTER_LOWEST_E3 + crypt_random_below(JITTER_SPAN_E3),
                                          .pause_us = pause_us,
                                          .scale_percent = d->options.retry_scale_percent};
    if (d->stopping == CLOSING && outcome == OUTBOX_RETRY) {
        hand_free(d, hand); /* cut short by us: due at once at the next start, and no try lost on it */
        wake(d);
        return;
    }
    log_end(hand);
    end_submit(d, hand);
    wake(d); /* the next of its kind, outside of the executor's stack */
}

bool effect_unit(struct effect *effect, struct store_unit *unit, enum store_mode mode, store_step *step, void *job,
                 void (*done)(struct store_unit *unit))
{
    RUNS_ON(ROLE_OUTBOUND);
    struct dispatch *d = effect->dispatch;
    *unit = (struct store_unit){.home = &d->mailbox, .mode = mode, .step = step, .job = job, .done = done};
    if (store_submit(d->options.store, unit) == ERR_NONE)
        return true;
    effect_end(effect, OUTBOX_RETRY, 0, "the database is busy");
    return false;
}

/* ---- claiming ---- */

static struct kind *kind_named(struct dispatch *d, const char *name)
{
    for (size_t i = 0; i < d->kind_count; i++)
        if (text_is(d->kinds[i].executor->kind, name))
            return &d->kinds[i];
    return NULL;
}

/* A lease that ran out under our hands: the same work goes on under the new one. */
static bool in_hand_already(struct dispatch *d, const struct outbox_row *row)
{
    for (struct hand *hand = d->hands; hand != NULL; hand = hand->next)
        if (text_is(hand->effect.row.id, row->id)) {
            hand->effect.row.tries = row->tries;
            return true;
        }
    return false;
}

static void take_row(struct dispatch *d, const struct outbox_row *row)
{
    static struct kind unknown;
    if (in_hand_already(d, row))
        return;
    struct kind *kind = kind_named(d, row->kind);
    struct hand *hand = hand_new(d, row, kind != NULL ? kind : &unknown);
    struct effect *effect = &hand->effect;
    if (kind == NULL) {
        unknown.running++;
        effect_end(effect, OUTBOX_PARKED, 0, "no executor for this kind");
        return;
    }
    if (kind->last == NULL)
        kind->first = effect;
    else
        kind->last->next = effect;
    kind->last = effect;
    kind->waiting++;
}

static void claimed(struct store_unit *unit)
{
    struct dispatch *d = container_of(unit, struct dispatch, claim_unit);
    struct claiming *c = &d->claiming;
    unit_home(d, unit, "claim");
    d->claim_away = false;
    bool want = unit->result == ERR_NONE && d->stopping == RUNNING; /* else their leases bring them back */
    for (size_t i = 0; want && i < c->taken; i++)
        take_row(d, &c->rows[i]);
    arena_reset(c->into);
    pump(d);
}

static enum err claim_some(struct tx *tx, struct claiming *c, const char *kind, size_t max)
{
    size_t room = IN_HAND_MAX - c->taken;
    c->claim.kind = kind;
    c->claim.rows_max = max < room ? max : room;
    if (c->claim.rows_max == 0)
        return ERR_NONE;
    TRY(outbox_claim(tx, &c->claim));
    memcpy(c->rows + c->taken, c->claim.rows, c->claim.taken * sizeof c->rows[0]);
    c->taken += c->claim.taken;
    return ERR_NONE;
}

static enum err claim_step(struct tx *tx, void *job)
{
    struct claiming *c = job;
    const struct dispatch *d = c->dispatch;
    arena_reset(c->into); /* this may be the second run */
    c->taken = 0;
    c->claim = (struct outbox_claim){.now_us = c->now_us, .lease_us = MILLIS_US(d->options.lease_ms), .into = c->into};
    for (size_t i = 0; i < d->kind_count; i++)
        TRY(claim_some(tx, c, d->kinds[i].executor->kind, c->wanted[i]));
    return c->any && c->taken == 0 ? claim_some(tx, c, NULL, d->options.batch_max) : ERR_NONE;
}

/* Twice what may run, so that the next is there when one ends. */
static size_t wanted(const struct dispatch *d, const struct kind *kind)
{
    size_t most = 2 * kind->executor->parallel_max, here = kind->running + kind->waiting;
    size_t want = most > here ? most - here : 0;
    return want < d->options.batch_max ? want : d->options.batch_max;
}

static void claim(struct dispatch *d)
{
    if (d->claim_away || !d->recovered || d->stopping != RUNNING || d->in_hand >= IN_HAND_MAX ||
        !atomic_exchange(&d->claim_asked, false))
        return;
    struct claiming *c = &d->claiming;
    for (size_t i = 0; i < d->kind_count; i++)
        c->wanted[i] = wanted(d, &d->kinds[i]);
    c->dispatch = d;
    c->any = d->in_hand == 0;
    c->now_us = clock_utc_us();
    d->claim_away = unit_submit(d, &d->claim_unit, claim_step, c, claimed);
    if (!d->claim_away)
        atomic_store(&d->claim_asked, true);
}

static void start_waiting(struct dispatch *d, struct kind *kind)
{
    while (kind->first != NULL && kind->running < kind->executor->parallel_max && d->stopping == RUNNING) {
        struct effect *effect = kind->first;
        kind->first = effect->next;
        if (kind->first == NULL)
            kind->last = NULL;
        effect->next = NULL;
        kind->waiting--;
        kind->running++;
        kind->executor->start(effect);
    }
}

static void pump(struct dispatch *d)
{
    if (d->pumping)
        return;
    d->pumping = true;
    for (size_t i = 0; i < d->kind_count; i++)
        start_waiting(d, &d->kinds[i]);
    d->pumping = false;
    claim(d);
}

/* ---- sweeps ---- */

static void sweep(struct dispatch *d);

static void swept_away(struct store_unit *unit)
{
    struct dispatch *d = container_of(unit, struct dispatch, sweep_unit);
    unit_home(d, unit, "sweep");
    d->sweep_away = false;
    if (d->sweep.more && unit->result == ERR_NONE)
        sweep(d);
}

static enum err remove_files(struct blob_store *blobs, struct file_job *job)
{
    const struct sweep *swept = job->owner;
    for (size_t i = 0; i < swept->erased_count; i++)
        TRY(blob_remove(blobs, swept->erased[i]));
    return ERR_NONE;
}

static void files_removed(struct file_job *job)
{
    struct dispatch *d = container_of(job, struct dispatch, sweep_files);
    if (job->result != ERR_NONE)
        LOG(WARN, "sweep.files", "error=%s", err_name(job->result));
    if (job->result != ERR_NONE || !unit_submit(d, &d->sweep_unit, sweep_gone, &d->sweep, swept_away))
        d->sweep_away = false;
}

static void swept(struct store_unit *unit)
{
    struct dispatch *d = container_of(unit, struct dispatch, sweep_unit);
    unit_home(d, unit, "sweep");
    d->sweep_away = false;
    if (unit->result != ERR_NONE)
        return;
    if (d->sweep.erased_count > 0) {
        d->sweep_files = (struct file_job){.run = remove_files, .done = files_removed, .owner = &d->sweep};
        d->sweep_away = files_run(d->files, &d->sweep_files) == ERR_NONE;
    } else if (d->sweep.more) {
        sweep(d);
    }
}

static void sweep(struct dispatch *d)
{
    if (d->sweep_away || !d->recovered || d->stopping != RUNNING)
        return;
    d->sweep.now_us = clock_utc_us();
    d->sweep_away = unit_submit(d, &d->sweep_unit, sweep_run, &d->sweep, swept);
}

static void sweep_orphans(struct dispatch *d)
{
    int64_t now_us = clock_mono_us();
    if (now_us < d->orphans_due_us || d->stopping != RUNNING)
        return;
    d->orphans_due_us = now_us + ORPHAN_INTERVAL_US;
    orphans_sweep(&d->orphans, clock_utc_us());
}

/* ---- start ---- */

static enum err recover_step(struct tx *tx, void *job)
{
    struct dispatch *d = job;
    return outbox_recover(tx, clock_utc_us(), &d->recovered_rows);
}

static void recovered(struct store_unit *unit)
{
    struct dispatch *d = container_of(unit, struct dispatch, claim_unit);
    unit_home(d, unit, "recover");
    d->claim_away = false;
    if (unit->result != ERR_NONE)
        return; /* the tick tries again */
    d->recovered = true;
    LOG(INFO, "dispatch.start", "kinds=%zu recovered=%" PRId64, d->kind_count, d->recovered_rows);
    atomic_store(&d->claim_asked, true);
    claim(d);
}

static void end_again(struct dispatch *d)
{
    for (struct hand *hand = d->hands; hand != NULL; hand = hand->next)
        if (hand->ended && hand->unit.store == NULL)
            end_submit(d, hand);
}

static void on_tick(uv_timer_t *timer)
{
    struct dispatch *d = timer->data;
    if (!d->recovered && !d->claim_away && d->stopping == RUNNING)
        d->claim_away = unit_submit(d, &d->claim_unit, recover_step, d, recovered);
    end_again(d);
    atomic_store(&d->claim_asked, true);
    pump(d);
    sweep(d);
    sweep_orphans(d);
    if (d->stopping != RUNNING)
        stop_step(d);
}

static void on_wake(uv_async_t *handle)
{
    struct dispatch *d = handle->data;
    mailbox_drain(&d->mailbox);
    pump(d);
    if (atomic_load(&d->stop_asked) || d->stopping != RUNNING)
        stop_step(d);
}

/* ---- stop: finish what is in hand, then close the worker and what on_start opened, then go ---- */

static void on_patience_over(uv_timer_t *timer)
{
    struct dispatch *d = timer->data;
    if (d->in_hand > 0)
        LOG(WARN, "dispatch.stop", "in_hand=%zu phase=%d", d->in_hand, (int)d->stopping);
    stop_step(d);
}

static void compute_closed(void *arg)
{
    struct dispatch *d = arg;
    d->compute_closing = false;
    wake(d);
}

/* Claimed and not started: the next start takes them up at once. */
static void drop_waiting(struct dispatch *d)
{
    for (size_t i = 0; i < d->kind_count; i++) {
        struct kind *kind = &d->kinds[i];
        for (struct effect *effect; (effect = kind->first) != NULL;) {
            kind->first = effect->next;
            hand_free(d, hand_of(effect));
        }
        kind->last = NULL;
        kind->waiting = 0;
    }
}

static bool busy(const struct dispatch *d)
{
    return d->in_hand > 0 || d->units_away > 0 || d->sweep_away || d->orphans.away;
}

static bool patient(struct dispatch *d)
{
    return uv_is_active((uv_handle_t *)&d->patience) != 0;
}

static uint64_t patience_ms(const struct dispatch *d)
{
    return d->options.stop_patience_ms > 0 ? (uint64_t)d->options.stop_patience_ms : STOP_PATIENCE_MS;
}

static void finish(struct dispatch *d)
{
    d->stopping = FINISHING;
    atomic_store(&d->orphans.stopping, true);
    drop_waiting(d);
    uv_timer_start(&d->patience, on_patience_over, patience_ms(d), 0);
}

static void close_all(struct dispatch *d)
{
    d->stopping = CLOSING;
    uv_timer_stop(&d->patience);
    struct compute *compute = atomic_exchange(&d->compute, NULL);
    if (compute != NULL) {
        d->compute_closing = true;
        compute_stop(compute, compute_closed, d);
    }
    if (d->options.on_stop != NULL)
        d->options.on_stop(d, d->options.arg);
    uv_timer_start(&d->patience, on_patience_over, patience_ms(d), 0);
}

static void go(struct dispatch *d)
{
    d->stopping = CLOSED;
    pthread_mutex_lock(&d->gate);
    d->closed = true;
    pthread_mutex_unlock(&d->gate);
    uv_close((uv_handle_t *)&d->wake, NULL);
    uv_close((uv_handle_t *)&d->tick, NULL);
    uv_close((uv_handle_t *)&d->patience, NULL);
}

static void stop_step(struct dispatch *d)
{
    if (d->stopping == RUNNING)
        finish(d);
    if (d->stopping == FINISHING && (!busy(d) || !patient(d)))
        close_all(d);
    if (d->stopping == CLOSING && !d->compute_closing && (!busy(d) || !patient(d)))
        go(d);
}

/* ---- thread ---- */

static void *outbound_main(void *arg)
{
    struct dispatch *d = arg;
    thread_role_set(ROLE_OUTBOUND);
    if (d->options.compute != NULL)
        atomic_store(&d->compute, compute_start(&d->loop, &d->compute_options));
    if (d->options.on_start != NULL)
        d->options.on_start(d, d->options.arg);
    uv_timer_start(&d->tick, on_tick, 0, (uint64_t)d->options.sweep_interval_ms);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    return NULL;
}

static enum err take_executors(struct dispatch *d, char why[256])
{
    for (const struct executor *const *list = d->options.executors; *list != NULL; list++)
        for (const struct executor *executor = *list; executor->kind != NULL; executor++) {
            if (d->kind_count == KINDS_MAX || kind_named(d, executor->kind) != NULL || executor->parallel_max == 0) {
                snprintf(why, 256, "executor %s: twice, one too many, or never to run", executor->kind);
                return ERR_BAD_FIELD;
            }
            d->kinds[d->kind_count++].executor = executor;
        }
    return ERR_NONE;
}

enum err dispatch_start(const struct dispatch_options *options, struct dispatch **out, char why[256])
{
    why[0] = '\0';
    CHECK(options->batch_max >= 1 && options->sweep_interval_ms > 0 && options->lease_ms > 0);
    struct dispatch *d = calloc(1, sizeof *d);
    CHECK(d != NULL);
    d->options = *options;
    if (options->compute != NULL)
        d->compute_options = *options->compute;
    enum err e = take_executors(d, why);
    if (e != ERR_NONE) {
        free(d);
        return e;
    }
    CHECK(uv_loop_init(&d->loop) == 0 && uv_async_init(&d->loop, &d->wake, on_wake) == 0);
    CHECK(uv_timer_init(&d->loop, &d->tick) == 0 && uv_timer_init(&d->loop, &d->patience) == 0);
    CHECK(pthread_mutex_init(&d->gate, NULL) == 0);
    d->wake.data = d->tick.data = d->patience.data = d;
    mailbox_init(&d->mailbox, wake, d);
    d->claiming.into = arena_new(CLAIM_ARENA_BYTES);
    d->files =
        files_start(options->blobs, &d->mailbox, options->file_threads > 0 ? options->file_threads : FILE_THREADS,
                    options->file_queue_max > 0 ? options->file_queue_max : FILE_QUEUE_MAX);
    int64_t grace_ms = options->orphan_grace_ms > 0 ? options->orphan_grace_ms : ORPHAN_GRACE_MS;
    d->orphans = (struct orphans){.store = options->store, .files = d->files, .grace_us = MILLIS_US(grace_ms)};
    d->orphans_due_us = options->orphan_grace_ms > 0 ? 0 : clock_mono_us() + ORPHAN_FIRST_US;
    CHECK(pthread_create(&d->thread, NULL, outbound_main, d) == 0);
    *out = d;
    return ERR_NONE;
}

void dispatch_stop(struct dispatch *d)
{
    if (d == NULL)
        return;
    atomic_store(&d->stop_asked, true);
    wake(d);
    pthread_join(d->thread, NULL);
    files_stop(d->files);
    if (d->in_hand > 0 || d->units_away > 0 || uv_loop_close(&d->loop) != 0) {
        /* Someone still holds pointers into it: better kept than freed under their hands. The process ends anyway. */
        LOG(ERROR, "dispatch.stop", "left_in_hand=%zu", d->in_hand);
        return;
    }
    mailbox_release(&d->mailbox);
    pthread_mutex_destroy(&d->gate);
    arena_free(d->claiming.into);
    free(d);
}
