/* links: xy_api xy_http xy_store xy_blob */
/* The token between the two steps of confirming: it fits what was shown, and only for a while. */
#include "api/student_confirm.c"

#include "tests/unit/api_fixture.h"

struct probe {
    struct confirm confirm;
    bool good;
};

static enum err make_token(struct tx *tx, void *job)
{
    struct probe *p = job;
    p->confirm.token =
        arena_text(p->confirm.job.arena, token_of(tx, &p->confirm, p->confirm.job.now_us / 1000000 + TOKEN_S));
    return ERR_NONE;
}

static enum err try_token(struct tx *tx, void *job)
{
    struct probe *p = job;
    p->good = token_is_good(tx, &p->confirm);
    return ERR_NONE;
}

static bool is_good(struct api_fixture *f, struct probe *p)
{
    CHECK(READ_STEP(f, try_token, p) == ERR_NONE);
    return p->good;
}

TEST(a_token_fits_what_was_shown_and_ends)
{
    struct api_fixture f;
    fixture_open(&f);
    const struct submission shown = {.id = "s", .version = 7, .attempt_id = "a", .price_fen = 2000};
    struct probe p = {.confirm = {.job = fixture_job(&f), .s = shown}};
    EQ_INT(ERR_NONE, READ_STEP(&f, make_token, &p));
    TRUE(is_good(&f, &p));
    p.confirm.s.version = 8;
    TRUE(!is_good(&f, &p));
    p.confirm.s = shown;
    p.confirm.s.attempt_id = "b";
    TRUE(!is_good(&f, &p));
    p.confirm.s = shown;
    p.confirm.s.price_fen = 1;
    TRUE(!is_good(&f, &p));
    p.confirm.s = shown;
    p.confirm.job.now_us += SECONDS_US(TOKEN_S);
    TRUE(is_good(&f, &p));
    p.confirm.job.now_us += SECONDS_US(1);
    TRUE(!is_good(&f, &p));
    fixture_close(&f);
}

TEST(made_up_tokens_are_refused)
{
    static const char *const wrong[] = {
        "",    ".",         "1780000300.", "1780000300.00000000000000000000000000000000", "99999999999999999999.00",
        "x.y", "1780000300"};
    struct api_fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < countof(wrong); i++) {
        struct probe p = {.confirm = {.job = fixture_job(&f), .s = {.id = "s", .attempt_id = "a"}, .token = wrong[i]}};
        if (is_good(&f, &p))
            TEST_FAIL("taken: \"%s\"", wrong[i]);
    }
    fixture_close(&f);
}

int main(void)
{
    return tests_run();
}
