#include "http/limit.h"

#include "base/check.h"
#include "base/crypt.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>

#define SHARDS 64u
#define WAYS   8u /* places a counter may be kept at */

struct counter {
    uint64_t id;      /* hash of rule and who; 0: the place is free */
    int64_t empty_us; /* when everything taken so far has been given back */
};

struct shard {
    pthread_mutex_t lock; /* guards counters */
    struct counter *counters;
};

struct limits {
    const struct limit_rule *rules;
    size_t rule_count;
    int64_t scale_percent;
    unsigned char key[CRYPT_SHORT_KEY_BYTES];
    size_t sets; /* per shard */
    _Atomic uint64_t *refused;
    struct shard shards[SHARDS];
};

struct limits *limits_new(const struct limit_rule *rules, size_t count, int64_t scale_percent, size_t entries_max)
{
    struct limits *limits = calloc(1, sizeof *limits);
    CHECK(limits != NULL);
    limits->rules = rules;
    limits->rule_count = count;
    limits->scale_percent = scale_percent;
    limits->sets = entries_max / (SHARDS * WAYS) + 1;
    limits->refused = calloc(count + 1, sizeof limits->refused[0]);
    CHECK(limits->refused != NULL);
    crypt_random(limits->key, sizeof limits->key);
    for (size_t i = 0; i < count; i++)
        CHECK(rules[i].count > 0 && rules[i].window_s > 0);
    for (size_t i = 0; i < SHARDS; i++) {
        CHECK(pthread_mutex_init(&limits->shards[i].lock, NULL) == 0);
        limits->shards[i].counters = calloc(limits->sets * WAYS, sizeof(struct counter));
        CHECK(limits->shards[i].counters != NULL);
    }
    return limits;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        free(limits->shards[i].counters);
        pthread_mutex_destroy(&limits->shards[i].lock);
    }
    free((void *)limits->refused);
    free(limits);
}

/* The counter's own place, a free one, or that of the counter which is empty first. */
static struct counter *place(struct counter *set, uint64_t id)
{
    struct counter *first = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].id == id)
            return &set[i];
        if (set[i].empty_us < first->empty_us)
            first = &set[i];
    }
    *first = (struct counter){.id = id};
    return first;
}

enum err limits_take(struct limits *limits, size_t rule, const void *who, size_t who_len, int64_t now_us,
                     int64_t *retry_after_s)
{
    CHECK(rule < limits->rule_count);
    if (limits->scale_percent == 0)
        return ERR_NONE;
    int64_t count = limits->rules[rule].count * limits->scale_percent / 100;
    int64_t window_us = SECONDS_US(limits->rules[rule].window_s);
    int64_t share_us = window_us / (count > 0 ? count : 1); /* what one request takes */
    uint64_t id = crypt_short_hash(limits->key, who, who_len) ^ ((rule + 1) * 0x9e3779b97f4a7c15u);
    id += id == 0;
    struct shard *shard = &limits->shards[id % SHARDS];
    int64_t wait_us = 0;
    pthread_mutex_lock(&shard->lock);
    struct counter *counter = place(&shard->counters[(id / SHARDS % limits->sets) * WAYS], id);
    int64_t from_us = counter->empty_us > now_us ? counter->empty_us : now_us;
    wait_us = from_us + share_us - now_us - window_us;
    if (wait_us <= 0)
        counter->empty_us = from_us + share_us;
    pthread_mutex_unlock(&shard->lock);
    if (wait_us <= 0)
        return ERR_NONE;
    *retry_after_s = (wait_us + 999999) / 1000000;
    atomic_fetch_add_explicit(&limits->refused[rule], 1, memory_order_relaxed);
    return ERR_RATE_LIMITED;
}

uint64_t limits_refused(struct limits *limits, size_t rule)
{
    return atomic_load_explicit(&limits->refused[rule], memory_order_relaxed);
}

size_t limits_address(const char *text, char key[LIMIT_ADDRESS_BYTES])
{
    struct in6_addr six;
    if (inet_pton(AF_INET6, text, &six) == 1) {
        bool is_four = IN6_IS_ADDR_V4MAPPED(&six);
        memcpy(key, &six.s6_addr[is_four ? 12 : 0], is_four ? 4 : 8);
        return is_four ? 4 : 8;
    }
    if (inet_pton(AF_INET, text, key) == 1)
        return 4;
    size_t len = strnlen(text, LIMIT_ADDRESS_BYTES);
    memcpy(key, text, len);
    return len;
}
