/* links: xy_dispatch xy_store */
/* The dispatcher itself: tries, claims, leases, stops. */
#include "tests/unit/dispatch_fixture.h"

static _Atomic int starts, running, running_most, finish_with;

static void counted(struct effect *effect)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    if (now > atomic_load(&running_most))
        atomic_store(&running_most, now);
    atomic_fetch_add(&starts, 1);
    atomic_fetch_sub(&running, 1);
    if (effect->row.tries < 3)
        effect_end(effect, OUTBOX_RETRY, 0, "not\nyet");
    else
        effect_end(effect, (enum outbox_outcome)atomic_load(&finish_with), 0, "done");
}

/* Ends when its timer does, if it has one; else at the stop. */
static struct effect *held;
static uv_timer_t held_timer;
static int hold_ms;

static void let_go(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    effect_end(held, OUTBOX_DONE, 0, "held");
}

static void hold(struct effect *effect)
{
    held = effect;
    if (hold_ms > 0) {
        uv_timer_init(dispatch_loop(effect->dispatch), &held_timer);
        uv_timer_start(&held_timer, let_go, (uint64_t)hold_ms, 0);
    }
    atomic_fetch_add(&starts, 1);
}

static void stop_holding(struct dispatch *d, void *arg)
{
    (void)d, (void)arg;
    if (held != NULL && hold_ms == 0)
        effect_end(held, OUTBOX_RETRY, 0, "cut short");
    held = NULL;
}

static const struct executor own[] = {{"counted", counted, 2}, {"hold", hold, 1}, {NULL, NULL, 0}};
static const struct executor *const own_list[] = {own, NULL};

static void own_world(struct world *w)
{
    world_open(w);
    w->executors = own_list;
    w->on_stop = stop_holding;
}

static enum err put_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    for (int64_t i = 0; i < j->number; i++)
        TRY(outbox_put(tx, arena_printf(tx->arena, "%s-%" PRId64, j->text, i), j->text, NULL, "{}", 0, clock_utc_us()));
    return ERR_NONE;
}

static void put(struct world *w, const char *kind, int64_t count)
{
    struct job j = {.w = w, .text = kind, .number = count};
    EQ_INT(ERR_NONE, in_store(w, put_step, &j));
}

TEST(rows_are_tried_again_until_they_end)
{
    struct world w;
    own_world(&w);
    atomic_store(&starts, 0);
    atomic_store(&finish_with, OUTBOX_DONE);
    put(&w, "counted", 300);
    put(&w, "nobody knows this", 2);
    dispatch_up(&w);
    struct outbox_status status = settle(&w);
    EQ_INT(900, atomic_load(&starts));
    EQ_INT(2, status.parked);
    EQ_INT(0, status.dead);
    atomic_store(&finish_with, OUTBOX_DEAD);
    put(&w, "nobody knows this", 2); /* the same ids: nothing new */
    world_close(&w);
}

TEST(a_backlog_of_slow_work_holds_up_no_other)
{
    struct world w;
    own_world(&w);
    hold_ms = 0;
    atomic_store(&starts, 0);
    atomic_store(&finish_with, OUTBOX_DONE);
    put(&w, "hold", 2000);
    put(&w, "counted", 10);
    dispatch_up(&w);
    for (int i = 0; i < 20000 && atomic_load(&starts) < 31; i++)
        poll(NULL, 0, 1);
    EQ_INT(31, atomic_load(&starts)); /* one is held, ten ran three times */
    world_close(&w);
}

TEST(a_lease_that_runs_out_under_our_hands_starts_nothing_twice)
{
    struct world w;
    own_world(&w);
    w.lease_ms = 20;
    hold_ms = 100;
    atomic_store(&starts, 0);
    put(&w, "hold", 1);
    dispatch_up(&w);
    struct outbox_status status = settle(&w);
    EQ_INT(1, atomic_load(&starts));
    EQ_INT(0, status.dead + status.parked);
    world_close(&w);
}

TEST(what_a_stop_cuts_short_is_taken_up_at_once)
{
    struct world w;
    char why[256];
    own_world(&w);
    hold_ms = 0;
    atomic_store(&starts, 0);
    put(&w, "hold", 1);
    dispatch_up(&w);
    while (atomic_load(&starts) < 1)
        poll(NULL, 0, 1);
    dispatch_down(&w);
    struct job j = {.w = &w};
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, count_step, &j));
    EQ_INT(1, j.status.running); /* nothing was said about it, no pause, no try lost */
    temp_store_shut(&w.t);
    struct store_options next = {.database = w.t.database,
                                 .ring = w.t.ring,
                                 .boot_id = "next boot",
                                 .readers = 1,
                                 .queue_max = 1000,
                                 .announce = announce,
                                 .announce_arg = &w};
    EQ_INT(ERR_NONE, store_open(&next, &w.t.store, why));
    hold_ms = 1;
    dispatch_up(&w);
    settle(&w);
    EQ_INT(2, atomic_load(&starts));
    world_close(&w);
}

int main(int argc, char **argv)
{
    return dispatch_test_main(argc, argv);
}
