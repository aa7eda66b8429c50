/* poll_cache — the answers of status polls, ready to send.
 *
 * Correctness never depends on it: a miss is a database read. An entry is the answer for one submission to its owner,
 * in up to two languages. poll_cache_touch makes it worthless at once by moving a counter; nothing is searched and
 * nobody waits. Race-free fill: take the generation before reading the database; poll_cache_put keeps nothing when the
 * submission was touched since.
 *
 * Memory: `bytes_max` in all, split over shards; each shard evicts by the clock algorithm (a second chance for what
 * was used). Any thread. */
#ifndef XY_HTTP_POLL_CACHE_H
#define XY_HTTP_POLL_CACHE_H

#include "base/base.h"
#include "base/err.h"

struct poll_cache;

#define POLL_CACHE_ID_BYTES       32
#define POLL_CACHE_ETAG_BYTES     64
#define POLL_CACHE_SLOTS          65536u  /* touch counters; two submissions may share one: both are then read again */
#define POLL_CACHE_BODY_BYTES_MAX KIB(64) /* larger answers are not kept */
#define POLL_CACHE_AGE_MAX_US     SECONDS_US(300) /* what depends on the clock (deadlines) is never older than this */

struct poll_cache *poll_cache_new(size_t bytes_max);
void poll_cache_free(struct poll_cache *cache); /* NULL is fine */

size_t poll_cache_slot(const char *id, size_t len); /* 0..POLL_CACHE_SLOTS-1 */
void poll_cache_touch(struct poll_cache *cache, const char *id);
void poll_cache_touch_all(struct poll_cache *cache); /* a few microseconds per thousand slots */
uint32_t poll_cache_generation(struct poll_cache *cache, const char *id);

/* Keep an answer that was read after `generation` was taken. Ids and tags that are too long are not kept. */
void poll_cache_put(struct poll_cache *cache, const char *id, const char *owner_id, enum language language,
                    const char *etag, const void *body, size_t len, uint32_t generation, int64_t now_us);

struct poll_cache_hit {
    char etag[POLL_CACHE_ETAG_BYTES];
    size_t len;
    void *body; /* from `take`; NULL when the tag matched */
};
/* True when there is a good answer for this owner. `have` (may be NULL) is the tag the client has: when it is the
 * entry's, no body is copied. `take(arg, len)` gives the memory for the body; called at most once, under a lock: it
 * only allocates. */
bool poll_cache_get(struct poll_cache *cache, const char *id, size_t id_len, const char *owner_id,
                    enum language language, const char *have, size_t have_len, int64_t now_us,
                    void *(*take)(void *arg, size_t len), void *arg, struct poll_cache_hit *hit);

struct poll_cache_stats {
    uint64_t hits, misses, evictions;
    size_t bytes, entries;
};
void poll_cache_stats(struct poll_cache *cache, struct poll_cache_stats *stats);

#endif
