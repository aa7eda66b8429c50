/* check — the unit-test harness: one process per test file, every failed comparison prints both sides.
 *
 *   TEST(a_name) { EQ_INT(2, 1 + 1); }     …     int main(void) { return tests_run(); }
 *
 * Tests register themselves before main and run in the order of the file. A failed comparison ends its test, not
 * the process. SKIP("why") ends a test that cannot run here. Not for: end-to-end tests. */
#ifndef XY_TESTS_CHECK_H
#define XY_TESTS_CHECK_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
};

static struct test *test_first, *test_last;
static jmp_buf test_end;
static int test_failed, test_skipped;

static inline void test_add(struct test *test)
{
    if (test_last == NULL)
        test_first = test;
    else
        test_last->next = test;
    test_last = test;
}

#define TEST(name_)                                                                                                    \
    static void test_##name_(void);                                                                                    \
    static struct test entry_##name_ = {#name_, test_##name_, NULL};                                                   \
    __attribute__((constructor)) static void add_##name_(void)                                                         \
    {                                                                                                                  \
        test_add(&entry_##name_);                                                                                      \
    }                                                                                                                  \
    static void test_##name_(void)

#define TEST_FAIL(...)                                                                                                 \
    do {                                                                                                               \
        printf("    %s:%d: ", __FILE__, __LINE__);                                                                     \
        printf(__VA_ARGS__);                                                                                           \
        printf("\n");                                                                                                  \
        test_failed = 1;                                                                                               \
        longjmp(test_end, 1);                                                                                          \
    } while (0)

#define SKIP(why)                                                                                                      \
    do {                                                                                                               \
        printf("    SKIP: %s\n", (why));                                                                               \
        test_skipped = 1;                                                                                              \
        longjmp(test_end, 1);                                                                                          \
    } while (0)

#define TRUE(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            TEST_FAIL("not true: %s", #condition);                                                                     \
    } while (0)

#define EQ_INT(want, got)                                                                                              \
    do {                                                                                                               \
        int64_t want_ = (int64_t)(want), got_ = (int64_t)(got);                                                        \
        if (want_ != got_)                                                                                             \
            TEST_FAIL("%s: want %" PRId64 ", got %" PRId64, #got, want_, got_);                                        \
    } while (0)

#define EQ_TEXT(want, got)                                                                                             \
    do {                                                                                                               \
        const char *want_ = (want), *got_ = (got);                                                                     \
        if (want_ == NULL || got_ == NULL ? want_ != got_ : strcmp(want_, got_) != 0)                                  \
            TEST_FAIL("%s: want \"%s\", got \"%s\"", #got, want_ ? want_ : "(null)", got_ ? got_ : "(null)");          \
    } while (0)

#define NEAR(want, got, tolerance)                                                                                     \
    do {                                                                                                               \
        double want_ = (want), got_ = (got), off_ = want_ - got_;                                                      \
        if (!(off_ <= (tolerance) && -off_ <= (tolerance)))                                                            \
            TEST_FAIL("%s: want %g, got %g (within %g)", #got, want_, got_, (double)(tolerance));                      \
    } while (0)

/* Alone in a function, so that longjmp finds no local variable it could clobber. */
static inline void test_run_one(const struct test *test)
{
    if (setjmp(test_end) == 0)
        test->run();
}

static inline int tests_run(void)
{
    int passed = 0, failed = 0, skipped = 0;
    for (struct test *test = test_first; test != NULL; test = test->next) {
        printf("  %s\n", test->name);
        fflush(stdout);
        test_failed = test_skipped = 0;
        test_run_one(test);
        passed += !test_failed && !test_skipped;
        failed += test_failed;
        skipped += test_skipped;
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    fflush(stdout); /* the leak sanitizer ends the process without: what failed would be lost */
    return failed > 0 ? 1 : passed == 0 && skipped > 0 ? 77 : 0; /* 77: ctest's SKIP_RETURN_CODE */
}

#endif
