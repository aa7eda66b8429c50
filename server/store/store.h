/* store — the one way to the data: units of work, group commit, reader threads.
 *
 * A step runs inside one transaction. WRITE steps run on the writer thread, up to STORE_BATCH_MAX of them in one
 * commit (each in a savepoint, so that a refused one harms nobody); READ steps run on reader threads, each on a
 * snapshot. done() is called after the commit is on disk, on the thread that owns `home`.
 *
 * A step may be run again from the start (engine error in a neighbour): it sets every output each time, reads no
 * clock, keeps no pointer to tx or its arena, logs nothing, touches no network. Sealing a column draws a nonce; that
 * is the only randomness allowed, because nobody sees it. */
#ifndef XY_STORE_H
#define XY_STORE_H

#include "base/base.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mailbox.h"
#include "db/db.h"

struct store;

/* What others learn after a commit, in commit order, on the writer thread and before any done(). */
enum store_topic {
    TOPIC_SUBMISSION,  /* id = submission; it moved or its student-visible data changed */
    TOPIC_OUTBOX,      /* rows are due: wake the dispatcher */
    TOPIC_QUEUE,       /* lane counts changed */
    TOPIC_LOGIN,       /* id = account or student whose logins were changed */
    TOPIC_BATCH,       /* id = batch */
    TOPIC_CLAIM,       /* id = claim whose lease ended without a word */
    TOPIC_SESSION,     /* id = capture session whose rules or window changed */
    TOPIC_CONVERSATION /* id = student; something was said, read, assigned or closed */
};
#define STORE_CHANGE_ID_BYTES 32
struct store_change {
    enum store_topic topic;
    char id[STORE_CHANGE_ID_BYTES];
};
typedef void store_announce(void *arg, const struct store_change *changes, size_t count);

struct store_options {
    const char *database;       /* path of the SQLite file; its directory exists */
    const struct keyring *ring; /* outlives the store */
    const char *boot_id;        /* names this run; leases of other boots are void */
    size_t readers;             /* threads; 1..16 */
    size_t queue_max;           /* units waiting per mode; more → BUSY */
    bool read_only;             /* beside a running server: no writer, WRITE units are REFUSED */
    bool knows_followers;       /* the service account's pushes reach us: its followers are known (follower.h) */
    store_announce *announce;   /* may be NULL */
    void *announce_arg;
};

/* Opens the database, checks the schema version (see migrate.h), prepares all queries, starts the threads. */
enum err store_open(const struct store_options *options, struct store **store, char why[256]);
/* Finishes what is queued, checkpoints, joins. Nothing may be submitted any more. */
void store_close(struct store *store);

enum store_mode { STORE_READ, STORE_WRITE };
typedef enum err store_step(struct tx *tx, void *job);

struct store_unit {
    struct message message; /* the store's while it is away */
    struct mailbox *home;   /* where done() runs; its owner drains it */
    enum store_mode mode;
    store_step *step;
    void *job;
    void (*done)(struct store_unit *unit); /* result is set; the unit is yours again */
    enum err result;
    struct store *store;
    bool background; /* stand behind requests, as the outbound thread's units do */
};

/* Queue a unit. A WRITE unit of the outbound thread waits behind those of requests: it gets a share of every batch, not
 * more. BUSY (or REFUSED, see read_only): not queued, still yours. Any thread. */
enum err store_submit(struct store *store, struct store_unit *unit);

/* Run one step and wait for it. For the command line, tests and threads without a loop. Never on a loop thread. */
enum err store_run(struct store *store, enum store_mode mode, store_step *step, void *job);

/* ---- inside a step ---- */

const struct keyring *store_ring(const struct tx *tx);
bool store_knows_followers(const struct tx *tx);
const char *store_boot_id(const struct tx *tx);
void store_touch(struct tx *tx, enum store_topic topic, const char *id); /* announce after this unit's commit */

struct store_stats {
    uint64_t commits, units, units_failed;
    size_t waiting_write, waiting_read;
    int64_t log_pages;
};
void store_stats(const struct store *store, struct store_stats *stats); /* any thread */

#endif
