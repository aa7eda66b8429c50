#include "base/lane_pool.h"

#include "base/check.h"

struct lane_pool {
    pthread_mutex_t lock; /* guards first, last, waiting, stopping */
    pthread_cond_t filled;
    struct lane_job *first, *last;
    size_t waiting, queue_max;
    bool stopping;
    size_t thread_count;
    pthread_t threads[];
};

static void run_done(struct message *message)
{
    struct lane_job *job = container_of(message, struct lane_job, message);
    job->done(job);
}

static struct lane_job *take(struct lane_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->filled, &pool->lock);
    struct lane_job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL)
            pool->last = NULL;
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *lane_main(void *arg)
{
    struct lane_pool *pool = arg;
    thread_role_set(ROLE_LANE);
    for (struct lane_job *job = take(pool); job != NULL; job = take(pool)) {
        job->run(job);
        job->message.run = run_done;
        mailbox_post(job->home, &job->message);
    }
    return NULL;
}

struct lane_pool *lane_pool_start(size_t threads, size_t queue_max)
{
    struct lane_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    CHECK(pool != NULL && threads > 0);
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    CHECK(pthread_cond_init(&pool->filled, NULL) == 0);
    pool->queue_max = queue_max;
    for (size_t i = 0; i < threads; i++)
        CHECK(pthread_create(&pool->threads[i], NULL, lane_main, pool) == 0);
    pool->thread_count = threads;
    return pool;
}

void lane_pool_stop(struct lane_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->filled);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    CHECK(pool->first == NULL);
    pthread_cond_destroy(&pool->filled);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

enum err lane_pool_submit(struct lane_pool *pool, struct lane_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    bool full = pool->waiting >= pool->queue_max;
    if (!full) {
        if (pool->last == NULL)
            pool->first = job;
        else
            pool->last->next = job;
        pool->last = job;
        pool->waiting++;
        pthread_cond_signal(&pool->filled);
    }
    pthread_mutex_unlock(&pool->lock);
    return full ? ERR_BUSY : ERR_NONE;
}

size_t lane_pool_waiting(struct lane_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}
