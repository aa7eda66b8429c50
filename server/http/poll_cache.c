#include "http/poll_cache.h"

#include "base/check.h"

#include <pthread.h>
#include <stdatomic.h>

#define SHARDS      16u
#define BUCKETS_MIN 64u

struct entry {
    struct entry *chain;          /* same bucket */
    struct entry *before, *after; /* the clock's ring */
    char id[POLL_CACHE_ID_BYTES], owner_id[POLL_CACHE_ID_BYTES];
    enum language language;
    uint32_t generation;
    int64_t filled_us;
    bool used; /* since the hand passed */
    char etag[POLL_CACHE_ETAG_BYTES];
    size_t len;
    char body[];
};

struct shard {
    pthread_mutex_t lock; /* guards everything below */
    struct entry **buckets;
    struct entry *hand;
    struct poll_cache_stats stats;
};

struct poll_cache {
    _Atomic uint32_t generations[POLL_CACHE_SLOTS];
    size_t shard_bytes_max, bucket_count; /* per shard */
    struct shard shards[SHARDS];
};

static uint32_t hash(const char *id, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)id[i]) * 16777619u;
    return h ^ (h >> 15);
}

size_t poll_cache_slot(const char *id, size_t len)
{
    return hash(id, len) % POLL_CACHE_SLOTS;
}

struct poll_cache *poll_cache_new(size_t bytes_max)
{
    struct poll_cache *cache = calloc(1, sizeof *cache);
    CHECK(cache != NULL);
    cache->shard_bytes_max = bytes_max / SHARDS;
    cache->bucket_count = cache->shard_bytes_max / KIB(1) + BUCKETS_MIN;
    for (size_t i = 0; i < SHARDS; i++) {
        CHECK(pthread_mutex_init(&cache->shards[i].lock, NULL) == 0);
        cache->shards[i].buckets = calloc(cache->bucket_count, sizeof(struct entry *));
        CHECK(cache->shards[i].buckets != NULL);
    }
    return cache;
}

static struct entry **bucket_of(struct poll_cache *cache, struct shard *shard, const char *id, size_t len)
{
    return &shard->buckets[(hash(id, len) / SHARDS) % cache->bucket_count];
}

/* Every entry dies here. */
static void drop(struct poll_cache *cache, struct shard *shard, struct entry *entry)
{
    struct entry **link = bucket_of(cache, shard, entry->id, strlen(entry->id));
    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    if (entry->after == entry) {
        shard->hand = NULL;
    } else {
        entry->before->after = entry->after;
        entry->after->before = entry->before;
        if (shard->hand == entry)
            shard->hand = entry->after;
    }
    shard->stats.bytes -= sizeof *entry + entry->len;
    shard->stats.entries--;
    free(entry);
}

void poll_cache_free(struct poll_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        while (cache->shards[i].hand != NULL)
            drop(cache, &cache->shards[i], cache->shards[i].hand);
        free(cache->shards[i].buckets);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    free(cache);
}

void poll_cache_touch(struct poll_cache *cache, const char *id)
{
    atomic_fetch_add(&cache->generations[poll_cache_slot(id, strlen(id))], 1);
}

void poll_cache_touch_all(struct poll_cache *cache)
{
    for (size_t i = 0; i < POLL_CACHE_SLOTS; i++)
        atomic_fetch_add(&cache->generations[i], 1);
}

uint32_t poll_cache_generation(struct poll_cache *cache, const char *id)
{
    return atomic_load(&cache->generations[poll_cache_slot(id, strlen(id))]);
}

static struct entry *find(struct poll_cache *cache, struct shard *shard, const char *id, size_t len,
                          const char *owner_id, enum language language)
{
    for (struct entry *e = *bucket_of(cache, shard, id, len); e != NULL; e = e->chain)
        if (e->language == language && strncmp(e->id, id, len) == 0 && e->id[len] == 0 &&
            strcmp(e->owner_id, owner_id) == 0)
            return e;
    return NULL;
}

static struct shard *shard_of(struct poll_cache *cache, const char *id, size_t len)
{
    return &cache->shards[hash(id, len) % SHARDS];
}

/* Turn the hand until `bytes` more fit. */
static void make_room(struct poll_cache *cache, struct shard *shard, size_t bytes)
{
    while (shard->hand != NULL && shard->stats.bytes + bytes > cache->shard_bytes_max) {
        struct entry *entry = shard->hand;
        if (entry->used) {
            entry->used = false;
            shard->hand = entry->after;
        } else {
            drop(cache, shard, entry);
            shard->stats.evictions++;
        }
    }
}

static void link_in(struct poll_cache *cache, struct shard *shard, struct entry *entry)
{
    struct entry **bucket = bucket_of(cache, shard, entry->id, strlen(entry->id));
    entry->chain = *bucket;
    *bucket = entry;
    if (shard->hand == NULL) {
        shard->hand = entry->before = entry->after = entry;
    } else { /* just behind the hand: it comes to it last */
        entry->after = shard->hand;
        entry->before = shard->hand->before;
        entry->before->after = entry;
        entry->after->before = entry;
    }
    shard->stats.bytes += sizeof *entry + entry->len;
    shard->stats.entries++;
}

void poll_cache_put(struct poll_cache *cache, const char *id, const char *owner_id, enum language language,
                    const char *etag, const void *body, size_t len, uint32_t generation, int64_t now_us)
{
    size_t id_len = strlen(id), bytes = sizeof(struct entry) + len;
    if (id_len >= POLL_CACHE_ID_BYTES || strlen(owner_id) >= POLL_CACHE_ID_BYTES ||
        strlen(etag) >= POLL_CACHE_ETAG_BYTES || len > POLL_CACHE_BODY_BYTES_MAX || bytes > cache->shard_bytes_max)
        return;
    struct entry *entry = calloc(1, bytes);
    if (entry == NULL)
        return;
    memcpy(entry->id, id, id_len);
    memcpy(entry->owner_id, owner_id, strlen(owner_id));
    memcpy(entry->etag, etag, strlen(etag));
    memcpy(entry->body, body, len);
    entry->language = language;
    entry->generation = generation;
    entry->filled_us = now_us;
    entry->len = len;
    struct shard *shard = shard_of(cache, id, id_len);
    pthread_mutex_lock(&shard->lock);
    struct entry *old = find(cache, shard, id, id_len, owner_id, language);
    if (old != NULL)
        drop(cache, shard, old);
    /* A touch after this test makes the entry worthless by itself: poll_cache_get compares again. */
    if (poll_cache_generation(cache, id) == generation) {
        make_room(cache, shard, bytes);
        link_in(cache, shard, entry);
        entry = NULL;
    }
    pthread_mutex_unlock(&shard->lock);
    free(entry);
}

bool poll_cache_get(struct poll_cache *cache, const char *id, size_t id_len, const char *owner_id,
                    enum language language, const char *have, size_t have_len, int64_t now_us,
                    void *(*take)(void *arg, size_t len), void *arg, struct poll_cache_hit *hit)
{
    struct shard *shard = shard_of(cache, id, id_len);
    bool good = false;
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = id_len < POLL_CACHE_ID_BYTES ? find(cache, shard, id, id_len, owner_id, language) : NULL;
    if (entry != NULL) {
        good = entry->generation == atomic_load(&cache->generations[poll_cache_slot(id, id_len)]) &&
               now_us < entry->filled_us + POLL_CACHE_AGE_MAX_US;
        if (good) {
            entry->used = true;
            memcpy(hit->etag, entry->etag, sizeof hit->etag);
            hit->len = entry->len;
            hit->body = NULL;
            if (have == NULL || have_len != strlen(entry->etag) || memcmp(have, entry->etag, have_len) != 0) {
                hit->body = take(arg, entry->len);
                memcpy(hit->body, entry->body, entry->len);
            }
        } else {
            drop(cache, shard, entry);
        }
    }
    if (good)
        shard->stats.hits++;
    else
        shard->stats.misses++;
    pthread_mutex_unlock(&shard->lock);
    return good;
}

void poll_cache_stats(struct poll_cache *cache, struct poll_cache_stats *stats)
{
    *stats = (struct poll_cache_stats){0};
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        stats->hits += shard->stats.hits;
        stats->misses += shard->stats.misses;
        stats->evictions += shard->stats.evictions;
        stats->bytes += shard->stats.bytes;
        stats->entries += shard->stats.entries;
        pthread_mutex_unlock(&shard->lock);
    }
}
