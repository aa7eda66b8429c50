/* links: xy_http xy_base */
#include "http/limit.c"

#include "tests/check.h"

static const struct limit_rule rules[] = {
    {NULL, 1, LIMIT_PER_PERSON, 5, 10}, /* one comes back every two seconds */
    {NULL, 1, LIMIT_PER_ADDRESS, 1, 60},
};

static bool may(struct limits *limits, size_t rule, const char *who, int64_t at_ms, int64_t *retry_after_s)
{
    *retry_after_s = 0;
    return limits_take(limits, rule, who, strlen(who), MILLIS_US(at_ms), retry_after_s) == ERR_NONE;
}

TEST(a_burst_then_an_even_rate)
{
    struct limits *limits = limits_new(rules, countof(rules), 100, 1000);
    int64_t wait_s;
    for (int i = 0; i < 5; i++)
        TRUE(may(limits, 0, "ada", 1000000, &wait_s));
    TRUE(!may(limits, 0, "ada", 1000000, &wait_s));
    EQ_INT(2, wait_s);
    TRUE(!may(limits, 0, "ada", 1001999, &wait_s));
    EQ_INT(1, wait_s);
    TRUE(may(limits, 0, "ada", 1002000, &wait_s));
    TRUE(!may(limits, 0, "ada", 1002000, &wait_s));
    TRUE(may(limits, 0, "ben", 1002000, &wait_s)); /* nobody pays for somebody else */
    TRUE(may(limits, 1, "ada", 1002000, &wait_s)); /* nor one rule for another */
    TRUE(!may(limits, 1, "ada", 1002001, &wait_s));
    EQ_INT(60, wait_s);
    EQ_INT(3, limits_refused(limits, 0));
    EQ_INT(1, limits_refused(limits, 1));
    limits_free(limits);
}

/* What Retry-After says is true, whoever asks and however often they were refused meanwhile. */
TEST(who_waits_as_told_is_served)
{
    struct limits *limits = limits_new(rules, countof(rules), 100, 1000);
    int64_t now_ms = 5000, wait_s, served = 0, refused = 0;
    unsigned state = 7;
    for (int i = 0; i < 2000; i++) {
        state = state * 1664525u + 1013904223u;
        now_ms += state >> 22;
        if (may(limits, 0, "ada", now_ms, &wait_s)) {
            served++;
            continue;
        }
        refused++;
        TRUE(wait_s >= 1 && wait_s <= 2);
        now_ms += wait_s * 1000;
        TRUE(may(limits, 0, "ada", now_ms, &wait_s));
        served++;
    }
    TRUE(refused > 100);
    TRUE(served <= 5 + now_ms / 2000); /* never more than burst and rate */
    limits_free(limits);
}

TEST(ten_thousand_phones_do_not_disturb_each_other)
{
    struct limits *limits = limits_new(rules, countof(rules), 100, LIMIT_ENTRIES_DEFAULT);
    int64_t wait_s;
    char who[16];
    for (int round = 0; round < 5; round++)
        for (int i = 0; i < 10000; i++) {
            snprintf(who, sizeof who, "phone-%d", i);
            TRUE(may(limits, 0, who, 1000 + round, &wait_s));
        }
    int refused = 0;
    for (int i = 0; i < 10000; i++) {
        snprintf(who, sizeof who, "phone-%d", i);
        refused += !may(limits, 0, who, 1010, &wait_s);
    }
    TRUE(refused >= 9990); /* the table has room for them: hardly a counter was pushed out */
    limits_free(limits);
}

/* A flood of made-up subjects fills the table; it stays as large as it was, and the newest are still counted. */
TEST(memory_is_fixed)
{
    struct limits *limits = limits_new(rules, countof(rules), 100, 512);
    int64_t wait_s;
    char who[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(who, sizeof who, "%d", i);
        TRUE(may(limits, 1, who, 1000, &wait_s));
        TRUE(!may(limits, 1, who, 1000, &wait_s));
    }
    EQ_INT(1 + 512 / (SHARDS * WAYS), limits->sets);
    limits_free(limits);
}

TEST(scaled_and_off)
{
    struct limits *limits = limits_new(rules, countof(rules), 200, 100);
    int64_t wait_s;
    for (int i = 0; i < 10; i++)
        TRUE(may(limits, 0, "ada", 1000, &wait_s));
    TRUE(!may(limits, 0, "ada", 1000, &wait_s));
    limits_free(limits);
    limits = limits_new(rules, countof(rules), 0, 100);
    for (int i = 0; i < 1000; i++)
        TRUE(may(limits, 1, "ada", 1000, &wait_s));
    EQ_INT(0, limits_refused(limits, 1));
    limits_free(limits);
    limits = limits_new(rules, countof(rules), 1, 100); /* rounds to nothing: one is always possible */
    TRUE(may(limits, 1, "ada", 1000, &wait_s));
    TRUE(!may(limits, 1, "ada", 1000, &wait_s));
    limits_free(limits);
}

static bool same_address(const char *a, const char *b)
{
    char left[LIMIT_ADDRESS_BYTES], right[LIMIT_ADDRESS_BYTES];
    size_t left_len = limits_address(a, left), right_len = limits_address(b, right);
    return left_len == right_len && memcmp(left, right, left_len) == 0;
}

TEST(what_an_address_counts_as)
{
    TRUE(same_address("10.1.2.3", "10.1.2.3"));
    TRUE(!same_address("10.1.2.3", "10.1.2.4"));
    TRUE(same_address("::ffff:10.1.2.3", "10.1.2.3"));
    TRUE(same_address("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
    TRUE(!same_address("2001:db8:1:2::1", "2001:db8:1:3::1"));
    TRUE(same_address("2001:0db8:0001:0002::1", "2001:db8:1:2::9"));
    TRUE(same_address("unix", "unix"));
    TRUE(!same_address("unix", "10.1.2.3"));
}

int main(void)
{
    crypt_start();
    return tests_run();
}
