/* links: xy_http xy_base */
#include "http/poll_cache.c"

#include "tests/check.h"

static void *take(void *arg, size_t len)
{
    static char memory[KIB(64)];
    (void)arg;
    memset(memory, 0, len + 1);
    return memory;
}

static struct poll_cache_hit hit;

static bool get(struct poll_cache *cache, const char *id, const char *owner, const char *have, int64_t now_us)
{
    return poll_cache_get(cache, id, strlen(id), owner, LANGUAGE_ZH, have, have != NULL ? strlen(have) : 0, now_us,
                          take, NULL, &hit);
}

static void put(struct poll_cache *cache, const char *id, const char *owner, const char *etag, const char *body,
                uint32_t generation)
{
    poll_cache_put(cache, id, owner, LANGUAGE_ZH, etag, body, strlen(body), generation, 1000);
}

TEST(what_was_put_is_found_until_it_is_touched)
{
    struct poll_cache *cache = poll_cache_new(MIB(1));
    TRUE(!get(cache, "s1", "o", NULL, 1000));
    put(cache, "s1", "o", "v1", "one", poll_cache_generation(cache, "s1"));
    TRUE(get(cache, "s1", "o", NULL, 1000));
    EQ_TEXT("v1", hit.etag);
    EQ_TEXT("one", hit.body);
    EQ_INT(3, hit.len);
    TRUE(get(cache, "s1", "o", "v1", 1000));
    TRUE(hit.body == NULL); /* the client has it */
    TRUE(get(cache, "s1", "o", "v0", 1000));
    EQ_TEXT("one", hit.body);
    poll_cache_touch(cache, "s1");
    TRUE(!get(cache, "s1", "o", NULL, 1000));
    struct poll_cache_stats stats;
    poll_cache_stats(cache, &stats);
    EQ_INT(3, stats.hits);
    EQ_INT(2, stats.misses);
    EQ_INT(0, stats.entries);
    EQ_INT(0, stats.bytes);
    poll_cache_free(cache);
}

TEST(only_the_owner_and_the_language_match)
{
    struct poll_cache *cache = poll_cache_new(MIB(1));
    put(cache, "s1", "owner", "v1", "one", poll_cache_generation(cache, "s1"));
    TRUE(!get(cache, "s1", "other", NULL, 1000));
    TRUE(!get(cache, "s1", "owne", NULL, 1000));
    TRUE(!get(cache, "s", "owner", NULL, 1000));
    TRUE(!get(cache, "s11", "owner", NULL, 1000));
    TRUE(!poll_cache_get(cache, "s1", 2, "owner", LANGUAGE_EN, NULL, 0, 1000, take, NULL, &hit));
    TRUE(get(cache, "s1", "owner", NULL, 1000));
    poll_cache_free(cache);
}

TEST(an_answer_that_was_overtaken_is_not_kept)
{
    struct poll_cache *cache = poll_cache_new(MIB(1));
    uint32_t before = poll_cache_generation(cache, "s1");
    poll_cache_touch(cache, "s1"); /* committed while the old state was being read */
    put(cache, "s1", "o", "v1", "old", before);
    TRUE(!get(cache, "s1", "o", NULL, 1000));
    put(cache, "s1", "o", "v2", "new", poll_cache_generation(cache, "s1"));
    TRUE(get(cache, "s1", "o", NULL, 1000));
    EQ_TEXT("new", hit.body);
    poll_cache_free(cache);
}

TEST(nothing_is_kept_for_ever)
{
    struct poll_cache *cache = poll_cache_new(MIB(1));
    put(cache, "s1", "o", "v1", "one", poll_cache_generation(cache, "s1"));
    TRUE(get(cache, "s1", "o", NULL, 1000 + POLL_CACHE_AGE_MAX_US - 1));
    TRUE(!get(cache, "s1", "o", NULL, 1000 + POLL_CACHE_AGE_MAX_US));
    poll_cache_free(cache);
}

TEST(memory_is_bounded_and_what_is_used_stays)
{
    struct poll_cache *cache = poll_cache_new(KIB(256));
    struct poll_cache_stats stats;
    char id[32], body[1000];
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = 0;
    put(cache, "favourite", "o", "v1", "small", poll_cache_generation(cache, "favourite"));
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "s%d", i);
        put(cache, id, "o", "v1", body, poll_cache_generation(cache, id));
        TRUE(get(cache, "favourite", "o", NULL, 1000));
        poll_cache_stats(cache, &stats);
        TRUE(stats.bytes <= KIB(256));
    }
    TRUE(stats.entries > 100);
    TRUE(stats.evictions > 4000);
    put(cache, "huge", "o", "v1", body, 0);
    poll_cache_put(cache, "large", "o", LANGUAGE_ZH, "v1", body, POLL_CACHE_BODY_BYTES_MAX + 1, 0, 1000);
    TRUE(!get(cache, "large", "o", NULL, 1000));
    char long_id[POLL_CACHE_ID_BYTES + 1];
    memset(long_id, 'i', sizeof long_id);
    long_id[sizeof long_id - 1] = 0;
    put(cache, long_id, "o", "v1", "x", poll_cache_generation(cache, long_id));
    TRUE(!get(cache, long_id, "o", NULL, 1000));
    poll_cache_free(cache);
}

/* ---- threads: readers, fillers and a writer that touches after each change; for the thread sanitizer too ---- */

static struct poll_cache *shared;
static _Atomic int truth; /* what the database says */
static _Atomic bool over;

static void *fill(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        char etag[16];
        uint32_t generation = poll_cache_generation(shared, "s1");
        snprintf(etag, sizeof etag, "%d", atomic_load(&truth)); /* the read */
        poll_cache_put(shared, "s1", "o", LANGUAGE_ZH, etag, etag, strlen(etag), generation, 1000);
    }
    return NULL;
}

static void *take_locally(void *arg, size_t len)
{
    return len < 16 ? arg : NULL;
}

TEST(nobody_reads_what_was_changed_before_they_asked)
{
    pthread_t fillers[3];
    shared = poll_cache_new(MIB(1));
    atomic_store(&over, false);
    for (size_t i = 0; i < 3; i++)
        pthread_create(&fillers[i], NULL, fill, NULL);
    int hits = 0;
    for (int i = 1; i <= 20000; i++) {
        struct poll_cache_hit mine;
        char memory[16];
        atomic_store(&truth, i); /* commit */
        poll_cache_touch(shared, "s1");
        for (int again = 0; again < 2; again++)
            if (poll_cache_get(shared, "s1", 2, "o", LANGUAGE_ZH, NULL, 0, 1000, take_locally, memory, &mine)) {
                hits++;
                EQ_INT(i, strtol(mine.etag, NULL, 10));
            }
    }
    while (hits == 0) { /* after the last change somebody fills it */
        struct poll_cache_hit mine;
        char memory[16];
        hits += poll_cache_get(shared, "s1", 2, "o", LANGUAGE_ZH, NULL, 0, 1000, take_locally, memory, &mine);
    }
    atomic_store(&over, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(fillers[i], NULL);
    poll_cache_free(shared);
}

int main(void)
{
    return tests_run();
}
