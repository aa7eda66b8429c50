/* Long polls: exchanges that wait until their submission is touched.
 *
 * A touch moves the submission's counter in the poll cache first and looks then whether anybody is parked in its
 * bucket; parking enters the bucket first and compares the counter then. Both are sequentially consistent, so one of
 * the two always sees the other. The waker only sets a bit and wakes the loop: it neither allocates nor searches. */
#include "inside.h"

#include "base/check.h"

static size_t bucket_of(const char *id)
{
    return poll_cache_slot(id, strlen(id)) % PARK_BUCKETS;
}

/* ---- any thread ---- */

void park_touch(struct server *server, const char *id)
{
    size_t bucket = bucket_of(id);
    poll_cache_touch(server->polls, id);
    for (size_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        if (atomic_load(&loop->parked_in[bucket]) == 0)
            continue;
        atomic_fetch_or(&loop->touched[bucket / 64], (uint64_t)1 << (bucket % 64));
        pthread_mutex_lock(&loop->gate);
        if (!loop->closed)
            uv_async_send(&loop->wake);
        pthread_mutex_unlock(&loop->gate);
    }
}

/* ---- loop thread ---- */

void park_leave(struct exchange *x)
{
    struct loop *loop = x->loop;
    size_t bucket = bucket_of(x->waiting_for);
    if (x->park_before != NULL)
        x->park_before->park_after = x->park_after;
    else
        loop->parked[bucket] = x->park_after;
    if (x->park_after != NULL)
        x->park_after->park_before = x->park_before;
    x->park_before = x->park_after = NULL;
    x->parked = false;
    atomic_fetch_sub(&loop->parked_in[bucket], 1);
    atomic_fetch_sub_explicit(&loop->counters.parked, 1, memory_order_relaxed);
}

static void enter(struct exchange *x)
{
    struct loop *loop = x->loop;
    size_t bucket = bucket_of(x->waiting_for);
    x->park_after = loop->parked[bucket];
    if (x->park_after != NULL)
        x->park_after->park_before = x;
    loop->parked[bucket] = x;
    x->parked = true;
    atomic_fetch_add(&loop->parked_in[bucket], 1);
    atomic_fetch_add_explicit(&loop->counters.parked, 1, memory_order_relaxed);
}

static size_t parked_everywhere(const struct server *server)
{
    size_t parked = 0;
    for (size_t i = 0; i < server->loop_count; i++)
        parked += atomic_load_explicit(&server->loops[i].counters.parked, memory_order_relaxed);
    return parked;
}

#define RERUNS_MAX 32 /* a submission that is touched more often while one request waits is answered at once */

void exchange_wait_for(struct exchange *x, const char *submission_id, int64_t wait_s)
{
    struct server *server = x->loop->server;
    CHECK(x->method == METHOD_GET && x->endpoint->poll_cached && !x->answered);
    CHECK(strlen(submission_id) < sizeof x->waiting_for);
    if (x->wait_until_ms == 0)
        x->wait_until_ms = (int64_t)uv_now(&x->loop->uv) + wait_s * 1000;
    memcpy(x->waiting_for, submission_id, strlen(submission_id) + 1);
    bool full = parked_everywhere(server) >= (size_t)server->limits.poll_parked_max;
    if (wait_s <= 0 || full || x->loop->stopping || x->reruns >= RERUNS_MAX)
        x->wait_over = true;
    enter(x);
    /* Touched since the endpoint looked, or no wait at all: the loop comes back to it right after this turn. */
    if (x->wait_over || poll_cache_generation(server->polls, submission_id) != x->generation) {
        size_t bucket = bucket_of(submission_id);
        atomic_fetch_or(&x->loop->touched[bucket / 64], (uint64_t)1 << (bucket % 64));
        uv_async_send(&x->loop->wake);
    }
}

static void look_into(struct loop *loop, size_t bucket)
{
    struct exchange *next, *x = loop->parked[bucket];
    for (; x != NULL; x = next) {
        next = x->park_after;
        if (!x->wait_over && poll_cache_generation(loop->server->polls, x->waiting_for) == x->generation)
            continue; /* shares the bucket with what was touched */
        park_leave(x);
        exchange_rerun(x);
    }
}

void park_look(struct loop *loop)
{
    for (size_t word = 0; word < PARK_BUCKETS / 64; word++) {
        uint64_t bits = atomic_exchange(&loop->touched[word], 0);
        for (; bits != 0; bits &= bits - 1)
            look_into(loop, word * 64 + (size_t)__builtin_ctzll(bits));
    }
}

void park_expire(struct loop *loop)
{
    int64_t now_ms = (int64_t)uv_now(&loop->uv);
    for (size_t bucket = 0; bucket < PARK_BUCKETS; bucket++) {
        struct exchange *next, *x = loop->parked[bucket];
        for (; x != NULL; x = next) {
            next = x->park_after;
            if (now_ms < x->wait_until_ms && !loop->stopping)
                continue;
            x->wait_over = true;
            park_leave(x);
            exchange_rerun(x);
        }
    }
}
