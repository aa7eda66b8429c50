/* links: xy_http xy_base */
#include "http/auth.c"

#include "tests/check.h"

static struct auth_lookup found(const char *id, int64_t now_us)
{
    struct auth_lookup lookup = {
        .now_us = now_us, .is_use = true, .expires_us = now_us + SECONDS_US(3600), .seen_us = now_us};
    snprintf(lookup.who.id, sizeof lookup.who.id, "%s", id);
    lookup.who.roles = ROLE_STUDENT;
    return lookup;
}

static struct auth_key key_of(unsigned number)
{
    struct auth_key key;
    crypt_hash(&number, sizeof number, key.hash);
    return key;
}

static bool known(struct auth *auth, const struct auth_key *key, int64_t now_us)
{
    struct principal who;
    bool due;
    return auth_find(auth, key, now_us, &who, &due);
}

TEST(a_login_is_remembered_for_a_minute)
{
    struct auth *auth = auth_new(100);
    struct auth_key key = key_of(1);
    struct auth_lookup lookup = found("s1", 1000);
    struct principal who;
    bool due;
    TRUE(!known(auth, &key, 1000));
    auth_keep(auth, &key, &lookup, auth_epoch(auth));
    TRUE(auth_find(auth, &key, 1000, &who, &due));
    EQ_TEXT("s1", who.id);
    TRUE(!due);
    TRUE(known(auth, &key, 1000 + AUTH_REMEMBER_US - 1));
    TRUE(!known(auth, &key, 1000 + AUTH_REMEMBER_US));
    struct auth_key other = key_of(2);
    TRUE(!known(auth, &other, 1000));
    auth_free(auth);
}

TEST(a_login_ends_when_it_ends)
{
    struct auth *auth = auth_new(100);
    struct auth_key key = key_of(1);
    struct auth_lookup lookup = found("s1", 1000);
    lookup.expires_us = 2000;
    auth_keep(auth, &key, &lookup, auth_epoch(auth));
    TRUE(known(auth, &key, 1999));
    TRUE(!known(auth, &key, 2000));
    lookup = found("s1", 1000);
    lookup.idle_us = 800;
    auth_keep(auth, &key, &lookup, auth_epoch(auth));
    TRUE(known(auth, &key, 1700)); /* used: awake again */
    TRUE(known(auth, &key, 2400));
    TRUE(!known(auth, &key, 3200));
    auth_free(auth);
}

TEST(listening_does_not_keep_a_login_awake)
{
    struct auth *auth = auth_new(100);
    struct auth_key key = key_of(1);
    struct auth_lookup lookup = found("s1", 1000);
    struct principal who;
    lookup.idle_us = 800;
    auth_keep(auth, &key, &lookup, auth_epoch(auth));
    TRUE(auth_find(auth, &key, 1700, &who, NULL));
    TRUE(!auth_find(auth, &key, 1900, &who, NULL));
    auth_free(auth);
}

TEST(use_is_written_down_now_and_then)
{
    struct auth *auth = auth_new(100);
    struct auth_key key = key_of(1);
    struct auth_lookup lookup = found("s1", 0);
    struct principal who;
    bool due;
    lookup.idle_us = 8000;
    auth_keep(auth, &key, &lookup, auth_epoch(auth));
    TRUE(auth_find(auth, &key, 999, &who, &due) && !due);
    TRUE(auth_find(auth, &key, 1000, &who, &due) && due);
    TRUE(auth_find(auth, &key, 1001, &who, &due) && !due);
    TRUE(auth_find(auth, &key, 2000, &who, &due) && due);
    auth_free(auth);
}

TEST(forget_is_at_once_and_for_one_person)
{
    struct auth *auth = auth_new(100);
    struct auth_key one = key_of(1), two = key_of(2), three = key_of(3);
    struct auth_lookup a = found("s1", 1000), b = found("s2", 1000);
    auth_keep(auth, &one, &a, auth_epoch(auth));
    auth_keep(auth, &two, &a, auth_epoch(auth));
    auth_keep(auth, &three, &b, auth_epoch(auth));
    auth_forget(auth, "s1");
    TRUE(!known(auth, &one, 1001));
    TRUE(!known(auth, &two, 1001));
    TRUE(known(auth, &three, 1001));
    auth_free(auth);
}

TEST(what_was_forgotten_while_it_was_read_is_not_kept)
{
    struct auth *auth = auth_new(100);
    struct auth_key key = key_of(1);
    struct auth_lookup lookup = found("s1", 1000);
    uint64_t epoch = auth_epoch(auth);
    auth_forget(auth, "s1"); /* logged out between the read and the fill */
    auth_keep(auth, &key, &lookup, epoch);
    TRUE(!known(auth, &key, 1001));
    auth_keep(auth, &key, &lookup, auth_epoch(auth));
    TRUE(known(auth, &key, 1001));
    auth_free(auth);
}

TEST(memory_is_bounded_and_the_newest_stay)
{
    struct auth *auth = auth_new(256);
    size_t kept = 0;
    for (unsigned i = 0; i < 10000; i++) {
        struct auth_key key = key_of(i);
        struct auth_lookup lookup = found("s1", 1000 + i);
        auth_keep(auth, &key, &lookup, auth_epoch(auth));
        TRUE(known(auth, &key, 1000 + i));
    }
    for (unsigned i = 0; i < 10000; i++) {
        struct auth_key key = key_of(i);
        kept += known(auth, &key, 11000);
    }
    TRUE(kept > 128 && kept <= auth->sets * WAYS * SHARDS);
    auth_free(auth);
}

TEST(only_our_kind_of_token_is_looked_up)
{
    char token[CRYPT_TOKEN_TEXT_BYTES];
    struct auth_key a, b;
    crypt_token(token);
    TRUE(auth_key_of(token, strlen(token), &a));
    TRUE(auth_key_of(token, strlen(token), &b));
    TRUE(memcmp(&a, &b, sizeof a) == 0);
    TRUE(!auth_key_of(token, strlen(token) - 1, &a));
    token[5] = ' ';
    TRUE(!auth_key_of(token, strlen(token), &a));
    TRUE(!auth_key_of("", 0, &a));
}

TEST(the_proof_belongs_to_the_token)
{
    char token[CRYPT_TOKEN_TEXT_BYTES], one[AUTH_CSRF_TEXT_BYTES], again[AUTH_CSRF_TEXT_BYTES];
    char hash[CRYPT_HASH_TEXT_BYTES];
    crypt_token(token);
    auth_csrf_for(token, one);
    auth_csrf_for(token, again);
    EQ_TEXT(one, again);
    EQ_INT(43, strlen(one));
    crypt_hash_text(token, hash);
    TRUE(strstr(hash, one) == NULL);
    crypt_token(token);
    auth_csrf_for(token, again);
    TRUE(strcmp(one, again) != 0);
}

static struct auth *shared;
static _Atomic bool over;

static void *forgetter(void *arg)
{
    (void)arg;
    while (!atomic_load(&over))
        auth_forget(shared, "s1");
    return NULL;
}

/* Whatever the threads do: a login that was kept under a stale epoch is never found. (For the thread sanitizer.) */
TEST(threads)
{
    pthread_t thread;
    shared = auth_new(100);
    atomic_store(&over, false);
    pthread_create(&thread, NULL, forgetter, NULL);
    for (unsigned i = 0; i < 20000; i++) {
        struct auth_key key = key_of(i % 50);
        struct auth_lookup lookup = found("s1", 1000);
        auth_keep(shared, &key, &lookup, auth_epoch(shared));
        known(shared, &key, 1001);
    }
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    auth_forget(shared, "s1");
    for (unsigned i = 0; i < 50; i++) {
        struct auth_key key = key_of(i);
        TRUE(!known(shared, &key, 1001));
    }
    auth_free(shared);
}

int main(void)
{
    crypt_start();
    return tests_run();
}
