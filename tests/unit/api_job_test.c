/* links: xy_api xy_http xy_store xy_blob */
/* What endpoints share: times from outside, answers made in steps, passwords said once. */
#include "api/job.c"
#include "api/password.h"
#include "base/check.h"
#include "tests/check.h"

static int64_t at(const char *text)
{
    int64_t utc_us = -1;
    return job_time(text, &utc_us) ? utc_us : -1;
}

TEST(times_are_read_with_any_offset)
{
    EQ_INT(0, at("1970-01-01T00:00:00Z"));
    EQ_INT(SECONDS_US(1777593600), at("2026-05-01T00:00:00Z"));
    EQ_INT(SECONDS_US(1777593600), at("2026-05-01T08:00:00+08:00"));
    EQ_INT(SECONDS_US(1777593600), at("2026-04-30T19:30:00.250-04:30"));
    EQ_INT(SECONDS_US(1709164800), at("2024-02-29 00:00:00z"));
}

TEST(what_is_no_time_is_refused)
{
    static const char *const wrong[] = {"",
                                        "2026",
                                        "2026-05-01",
                                        "2026-05-01T00:00Z",
                                        "2026-05-01T00:00:00",
                                        "2026-13-01T00:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "2026-06-31T00:00:00Z",
                                        "2026-05-01T24:00:00Z",
                                        "2026-05-01T00:60:00Z",
                                        "2026-05-01T00:00:00+8:00",
                                        "2026-05-01T00:00:00Zx",
                                        "1969-12-31T23:59:59Z",
                                        "20a6-05-01T00:00:00Z"};
    for (size_t i = 0; i < countof(wrong); i++)
        if (at(wrong[i]) != -1)
            TEST_FAIL("taken for a time: \"%s\"", wrong[i]);
}

static enum err writes(struct tx *tx, void *job, struct buf *out)
{
    (void)tx, (void)job;
    json_object_open(out);
    json_put_text(out, "text", "ok");
    json_object_close(out);
    return ERR_NONE;
}

static enum err writes_half(struct tx *tx, void *job, struct buf *out)
{
    (void)tx, (void)job;
    json_object_open(out);
    return ERR_NOT_FOUND;
}

static enum err writes_too_much(struct tx *tx, void *job, struct buf *out)
{
    static char line[4096];
    (void)tx, (void)job;
    memset(line, 'x', sizeof line - 1);
    for (size_t i = 0; i < JOB_ANSWER_BYTES_MAX / sizeof line + 1; i++)
        buf_text(out, line);
    return ERR_NONE;
}

TEST(an_answer_is_whole_or_not_there)
{
    struct job job = {.arena = arena_new(MIB(1))};
    EQ_INT(ERR_NONE, COMPOSE(NULL, &job, writes));
    EQ_TEXT("{\"text\":\"ok\"}", job.json);
    EQ_INT(strlen(job.json), job.json_len);
    job.json = NULL;
    EQ_INT(ERR_NOT_FOUND, COMPOSE(NULL, &job, writes_half));
    EQ_INT(ERR_BUG, COMPOSE(NULL, &job, writes_too_much));
    TRUE(job.json == NULL);
    arena_free(job.arena);
}

TEST(passwords_said_once_have_no_look_alikes_and_differ)
{
    char first[PASSWORD_ONCE_BYTES], second[PASSWORD_ONCE_BYTES];
    crypt_start();
    password_once(first);
    password_once(second);
    EQ_INT(PASSWORD_ONCE_BYTES - 1, strlen(first));
    EQ_INT(0, strcspn(first, "abcdefghjkmnpqrstuvwxyz23456789"));
    TRUE(strpbrk(first, "ilo01") == NULL);
    TRUE(strcmp(first, second) != 0);
}

int main(void)
{
    return tests_run();
}
