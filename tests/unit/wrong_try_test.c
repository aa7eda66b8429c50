/* links: xy_store */
#include "store/wrong_try.c"

#include "base/crypt.h"
#include "tests/check.h"
#include "tests/temp.h"

#define NOW_US (SECONDS_US(1780000000))

struct world {
    struct temp_store t;
    char id[CRYPT_ID_TEXT_BYTES];
    const char *session;
    int64_t max, now_us, locked_until_us, tries;
    bool strained;
};

static enum err add_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    return student_add_without_openid(tx, w->id, "zh", NOW_US);
}

static enum err wrong_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    struct student s;
    TRY(student_get(tx, w->id, &s));
    TRY(wrong_try_student(tx, &s, w->session, w->max, w->now_us));
    TRY(student_get(tx, w->id, &s));
    w->locked_until_us = s.links_locked_until_us;
    w->tries = s.wrong_links;
    return wrong_try_strained(tx, w->session, w->max, w->now_us, &w->strained);
}

static enum err about_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    TRY(wrong_try_about(tx, "s|1", w->session, w->max, w->now_us));
    return wrong_try_locked(tx, "s|1", &w->locked_until_us);
}

static enum err forget_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    TRY(wrong_try_forget(tx, "s|1"));
    return wrong_try_locked(tx, "s|1", &w->locked_until_us);
}

static void world_open(struct world *w)
{
    *w = (struct world){.session = "s", .max = 100, .now_us = NOW_US};
    crypt_start();
    crypt_id(NOW_US, w->id);
    temp_store_open(&w->t, NULL, NULL);
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, add_step, w));
}

static void run(struct world *w, store_step *step)
{
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_WRITE, step, w));
}

TEST(pauses_double_and_end_at_an_hour)
{
    EQ_INT(0, wrong_try_pause_us(5, 5));
    EQ_INT(SECONDS_US(60), wrong_try_pause_us(6, 5));
    EQ_INT(SECONDS_US(120), wrong_try_pause_us(7, 5));
    EQ_INT(SECONDS_US(3600), wrong_try_pause_us(12, 5));
    EQ_INT(SECONDS_US(3600), wrong_try_pause_us(INT64_MAX, 5));
    EQ_INT(SECONDS_US(60), wrong_try_pause_us(1, 0));
}

TEST(five_are_free_then_each_costs)
{
    struct world w;
    world_open(&w);
    for (int i = 0; i < WRONG_TRIES_FREE; i++)
        run(&w, wrong_step);
    EQ_INT(0, w.locked_until_us);
    run(&w, wrong_step);
    EQ_INT(NOW_US + SECONDS_US(60), w.locked_until_us);
    temp_store_close(&w.t);
}

TEST(a_strained_session_gives_nothing_for_free_until_its_hours_are_over)
{
    struct world w;
    world_open(&w);
    w.max = 2;
    for (int i = 0; i < 3; i++)
        run(&w, wrong_step);
    TRUE(w.strained);
    EQ_INT(0, w.locked_until_us);
    run(&w, wrong_step); /* the fourth of this student, and at once */
    TRUE(w.locked_until_us > NOW_US);
    w.session = "other";
    run(&w, about_step);
    EQ_INT(0, w.locked_until_us);
    w.session = "s";
    w.now_us = NOW_US + SECONDS_US(3 * 3600);
    run(&w, wrong_step);
    TRUE(!w.strained);
    temp_store_close(&w.t);
}

TEST(the_same_without_a_login_by_what_was_tried)
{
    struct world w;
    world_open(&w);
    for (int i = 0; i < WRONG_TRIES_FREE; i++)
        run(&w, about_step);
    EQ_INT(0, w.locked_until_us);
    run(&w, about_step);
    EQ_INT(NOW_US + SECONDS_US(60), w.locked_until_us);
    run(&w, forget_step);
    EQ_INT(0, w.locked_until_us);
    temp_store_close(&w.t);
}

int main(void)
{
    return tests_run();
}
