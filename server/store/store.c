#include "store/store.h"

#include "base/check.h"
#include "base/log.h"
#include "store/queries.h"

#include <unistd.h>

#define BATCH_MAX                64
#define BACKGROUND_SHARE         8 /* of a batch: one in so many places is for what happens after commits */
#define READERS_MAX              16
#define CHANGES_MAX              4096
#define CHECKPOINT_EVERY_COMMITS 256
#define LOG_PAGES_MAX            16384 /* 64 MiB of 4 KiB pages: then the log is emptied, not only copied */

struct queue {
    struct store_unit *first, *last; /* linked through message.next */
    size_t waiting;
    pthread_cond_t filled;
};

/* What a connection's tx->owner points to. */
struct worker {
    struct store *store;
    struct db *db;
    pthread_t thread;
    bool started;
    struct store_change *changes; /* writer only */
    size_t change_count;
};

struct store {
    struct store_options options;
    pthread_mutex_t lock;    /* guards queues, stopping, stats */
    struct queue queues[2];  /* by enum store_mode */
    struct queue background; /* WRITE units of the outbound thread; `filled` is not used: queues[STORE_WRITE]'s is */
    bool stopping;
    struct worker writer, readers[READERS_MAX];
    struct store_stats stats;
};

/* ---- inside a step ---- */

static struct worker *worker_of(const struct tx *tx)
{
    return tx->owner;
}

const struct keyring *store_ring(const struct tx *tx)
{
    return worker_of(tx)->store->options.ring;
}

bool store_knows_followers(const struct tx *tx)
{
    return worker_of(tx)->store->options.knows_followers;
}

const char *store_boot_id(const struct tx *tx)
{
    return worker_of(tx)->store->options.boot_id;
}

void store_touch(struct tx *tx, enum store_topic topic, const char *id)
{
    struct worker *w = worker_of(tx);
    CHECK(w->changes != NULL); /* only a WRITE step changes anything */
    for (size_t i = 0; i < w->change_count; i++)
        if (w->changes[i].topic == topic && strcmp(w->changes[i].id, id) == 0)
            return;
    CHECK(w->change_count < CHANGES_MAX);
    struct store_change *change = &w->changes[w->change_count++];
    change->topic = topic;
    snprintf(change->id, sizeof change->id, "%s", id);
}

/* ---- the writer ---- */

static bool engine_failed(enum err e)
{
    return e == ERR_STORAGE || e == ERR_DISK_FULL || e == ERR_CORRUPT;
}

static enum err run_step(struct worker *w, struct store_unit *unit)
{
    struct tx *tx = db_tx(w->db);
    arena_reset(tx->arena);
    return unit->step(tx, unit->job);
}

/* One unit in a transaction of its own. */
static void write_alone(struct worker *w, struct store_unit *unit)
{
    w->change_count = 0;
    unit->result = db_begin(w->db);
    if (unit->result != ERR_NONE)
        return;
    unit->result = run_step(w, unit);
    if (unit->result == ERR_NONE)
        unit->result = db_commit(w->db);
    if (unit->result != ERR_NONE)
        db_rollback(w->db);
}

/* All units in one transaction, each in a savepoint. False: the engine gave the transaction up, nothing was kept. */
static bool write_together(struct worker *w, struct store_unit **units, size_t count)
{
    w->change_count = 0;
    if (db_begin(w->db) != ERR_NONE)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t changes = w->change_count;
        if (db_savepoint(w->db) != ERR_NONE)
            goto failed;
        units[i]->result = run_step(w, units[i]);
        if (engine_failed(units[i]->result) || !db_in_transaction(w->db))
            goto failed;
        enum err e = units[i]->result == ERR_NONE ? db_release(w->db) : db_rollback_to(w->db);
        if (e != ERR_NONE)
            goto failed;
        if (units[i]->result != ERR_NONE)
            w->change_count = changes;
    }
    return db_commit(w->db) == ERR_NONE;
failed:
    db_rollback(w->db);
    return false;
}

static void stop_if_fatal(struct worker *w)
{
    if (!db_is_fatal(w->db))
        return;
    /* After a failed sync the kernel may have dropped the pages: what is in memory is no longer what is on disk. The
     * next start reads the disk. Nothing unconfirmed was acknowledged. */
    LOG(ERROR, "store.fatal", "reason=\"write or sync failed\" engine=\"%s\"", db_message(w->db));
    _exit(1);
}

static void announce(struct worker *w)
{
    struct store_options *o = &w->store->options;
    if (o->announce != NULL && w->change_count > 0)
        o->announce(o->announce_arg, w->changes, w->change_count);
    w->change_count = 0;
}

static void give_back(struct store_unit *unit)
{
    mailbox_post(unit->home, &unit->message);
}

static void write_batch(struct worker *w, struct store_unit **units, size_t count)
{
    size_t failed = 0;
    if (count > 1 && write_together(w, units, count)) {
        announce(w);
    } else {
        stop_if_fatal(w);
        for (size_t i = 0; i < count; i++) {
            write_alone(w, units[i]);
            if (units[i]->result != ERR_NONE)
                w->change_count = 0;
            stop_if_fatal(w);
            announce(w);
        }
    }
    for (size_t i = 0; i < count; i++)
        failed += units[i]->result != ERR_NONE;
    pthread_mutex_lock(&w->store->lock);
    w->store->stats.commits++;
    w->store->stats.units += count;
    w->store->stats.units_failed += failed;
    pthread_mutex_unlock(&w->store->lock);
    for (size_t i = 0; i < count; i++)
        give_back(units[i]);
}

static void keep_log_small(struct worker *w, uint64_t *commits)
{
    int64_t pages = 0;
    if (++*commits % CHECKPOINT_EVERY_COMMITS != 0)
        return;
    if (db_checkpoint(w->db, false, &pages) == ERR_NONE && pages > LOG_PAGES_MAX)
        (void)db_checkpoint(w->db, true, &pages); /* readers in the way: tried again after the next commits */
    stop_if_fatal(w);
    pthread_mutex_lock(&w->store->lock);
    w->store->stats.log_pages = pages;
    pthread_mutex_unlock(&w->store->lock);
}

/* ---- queues and threads ---- */

static size_t take_from(struct queue *q, struct store_unit **units, size_t count, size_t max)
{
    while (count < max && q->first != NULL) {
        units[count++] = q->first;
        q->first = (struct store_unit *)(void *)q->first->message.next;
        q->waiting--;
    }
    return count;
}

/* Take up to `max` units; waits for the first. 0: the store stops and the queues are empty. What requests wait for goes
 * first. What happens after their commits gets a share of every batch and never more: a batch full of it would keep the
 * clients that just got their answers waiting with their next requests. */
static size_t take(struct store *store, enum store_mode mode, struct store_unit **units, size_t max)
{
    struct queue *front = &store->queues[mode], *back = &store->background;
    size_t count = 0, share = mode == STORE_WRITE ? max / BACKGROUND_SHARE : 0;
    pthread_mutex_lock(&store->lock);
    while (front->first == NULL && (share == 0 || back->first == NULL) && !store->stopping)
        pthread_cond_wait(&front->filled, &store->lock);
    count = take_from(front, units, count, max - share);
    if (share > 0)
        count = take_from(back, units, count, count + share);
    count = take_from(front, units, count, max);
    pthread_mutex_unlock(&store->lock);
    return count;
}
_Static_assert(offsetof(struct store_unit, message) == 0, "queues link units through their message");

static void *writer_main(void *arg)
{
    struct worker *w = arg;
    struct store_unit *units[BATCH_MAX];
    uint64_t commits = 0;
    thread_role_set(ROLE_WRITER);
    for (;;) {
        size_t count = take(w->store, STORE_WRITE, units, BATCH_MAX);
        if (count == 0)
            break;
        write_batch(w, units, count);
        keep_log_small(w, &commits);
    }
    (void)db_checkpoint(w->db, true, NULL); /* only tidiness: the log is replayed otherwise */
    return NULL;
}

static void *reader_main(void *arg)
{
    struct worker *w = arg;
    struct store_unit *unit;
    thread_role_set(ROLE_READER);
    while (take(w->store, STORE_READ, &unit, 1) == 1) {
        unit->result = db_begin(w->db);
        if (unit->result == ERR_NONE) {
            unit->result = run_step(w, unit);
            db_rollback(w->db); /* nothing was written; this ends the snapshot */
        }
        give_back(unit);
    }
    return NULL;
}

static void unit_message(struct message *message)
{
    struct store_unit *unit = container_of(message, struct store_unit, message);
    unit->done(unit);
}

enum err store_submit(struct store *store, struct store_unit *unit)
{
    bool behind = unit->mode == STORE_WRITE && (unit->background || thread_role_get() == ROLE_OUTBOUND);
    struct queue *q = behind ? &store->background : &store->queues[unit->mode];
    if (store->options.read_only && unit->mode == STORE_WRITE)
        return ERR_REFUSED;
    unit->message = (struct message){.run = unit_message};
    unit->store = store;
    pthread_mutex_lock(&store->lock);
    bool full = q->waiting >= store->options.queue_max || store->stopping;
    if (!full) {
        if (q->first == NULL)
            q->first = unit;
        else
            q->last->message.next = &unit->message;
        q->last = unit;
        q->waiting++;
        pthread_cond_signal(&store->queues[unit->mode].filled);
    }
    pthread_mutex_unlock(&store->lock);
    return full ? ERR_BUSY : ERR_NONE;
}

static void ran(struct store_unit *unit)
{
    unit->store = NULL;
}

enum err store_run(struct store *store, enum store_mode mode, store_step *step, void *job)
{
    struct mailbox box;
    CHECK(thread_role_get() != ROLE_LOOP);
    mailbox_init(&box, NULL, NULL);
    struct store_unit unit = {.home = &box, .mode = mode, .step = step, .job = job, .done = ran};
    enum err e = store_submit(store, &unit);
    if (e == ERR_NONE) {
        mailbox_wait(&box);
        e = unit.result;
    }
    mailbox_release(&box);
    return e;
}

void store_stats(const struct store *store, struct store_stats *stats)
{
    struct store *s = (struct store *)(uintptr_t)store; /* the lock is the only thing changed */
    pthread_mutex_lock(&s->lock);
    *stats = s->stats;
    stats->waiting_write = s->queues[STORE_WRITE].waiting + s->background.waiting;
    stats->waiting_read = s->queues[STORE_READ].waiting;
    pthread_mutex_unlock(&s->lock);
}

/* ---- opening and closing ---- */

static enum err open_worker(struct store *store, struct worker *w, enum db_mode mode, char why[256])
{
    struct db_options options = {.path = store->options.database,
                                 .mode = mode,
                                 .queries = store_queries,
                                 .query_count = QUERY_COUNT,
                                 .page_cache_kib = mode == DB_WRITE ? 65536 : 8192};
    w->store = store;
    TRY(db_open(&options, &w->db, why));
    db_tx(w->db)->owner = w;
    if (mode == DB_WRITE) {
        w->changes = calloc(CHANGES_MAX, sizeof *w->changes);
        CHECK(w->changes != NULL);
    }
    CHECK(pthread_create(&w->thread, NULL, mode == DB_WRITE ? writer_main : reader_main, w) == 0);
    w->started = true;
    return ERR_NONE;
}

static void close_worker(struct worker *w)
{
    if (w->started)
        CHECK(pthread_join(w->thread, NULL) == 0);
    db_close(w->db);
    free(w->changes);
}

enum err store_open(const struct store_options *options, struct store **out, char why[256])
{
    CHECK(options->readers >= 1 && options->readers <= READERS_MAX);
    struct migrate_report report;
    TRY(migrate_check(options->database, store_migrations, store_migration_count, &report, why));
    struct store *store = calloc(1, sizeof *store);
    CHECK(store != NULL);
    store->options = *options;
    CHECK(pthread_mutex_init(&store->lock, NULL) == 0);
    for (size_t i = 0; i < countof(store->queues); i++)
        CHECK(pthread_cond_init(&store->queues[i].filled, NULL) == 0);
    enum err e = options->read_only ? ERR_NONE : open_worker(store, &store->writer, DB_WRITE, why);
    for (size_t i = 0; e == ERR_NONE && i < options->readers; i++)
        e = open_worker(store, &store->readers[i], DB_READ, why);
    if (e != ERR_NONE) {
        store_close(store);
        return e;
    }
    *out = store;
    return ERR_NONE;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    for (size_t i = 0; i < countof(store->queues); i++)
        pthread_cond_broadcast(&store->queues[i].filled);
    pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < READERS_MAX; i++)
        close_worker(&store->readers[i]);
    close_worker(&store->writer);
    for (size_t i = 0; i < countof(store->queues); i++)
        pthread_cond_destroy(&store->queues[i].filled);
    pthread_mutex_destroy(&store->lock);
    free(store);
}
