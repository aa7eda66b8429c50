/* dispatch — after the commit: claims due outbox rows and gives them to executors.
 *
 * One outbound thread with its own event loop. A claimed row becomes an `effect`; its executor starts on that thread
 * and ends it, now or later, with exactly one effect_end. Executors never block: database work goes through store units
 * whose home is dispatch_mailbox, files and images through compute.h, HTTP through client.h. The same row may be given
 * again after a crash or an expired lease: executors are idempotent by row id.
 *
 * The dispatcher also runs the sweeps (delayed commits, deadlines, claim leases, expired uploads) every
 * sweep_interval_ms as store units. Unknown kinds are parked, never dropped. */
#ifndef XY_DISPATCH_H
#define XY_DISPATCH_H

#include "base/arena.h"
#include "base/keyring.h"
#include "base/mailbox.h"
#include "blob/blob.h"
#include "dispatch/compute.h"
#include "dispatch/files.h"
#include "store/outbox.h"
#include "store/store.h"

#include <uv.h>

struct dispatch;

struct effect {
    struct outbox_row row; /* strings in arena */
    struct arena *arena;   /* task lifetime: until effect_end */
    struct dispatch *dispatch;
    struct effect *next; /* dispatch.c's */
    void *work;          /* the executor's */
};

typedef void effect_start(struct effect *effect);
struct executor {
    const char *kind;
    effect_start *start;
    size_t parallel_max; /* effects of this kind in hand at a time */
};

/* Queue a store unit of this effect: home is the dispatcher. When the queue is full the effect ends with RETRY and
 * false comes back: then nothing of it may be touched. Outbound thread. */
bool effect_unit(struct effect *effect, struct store_unit *unit, enum store_mode mode, store_step *step, void *job,
                 void (*done)(struct store_unit *unit));

/* Outbound thread. Exactly once per effect; frees it. `words` are kept with the row: no personal data.
 * pause_us: 0, or the pause an outside system asked for; the schedule's when that is longer. */
void effect_end(struct effect *effect, enum outbox_outcome outcome, int64_t pause_us, const char *words, ...)
    PRINTF_LIKE(4, 5);

struct dispatch_options {
    struct store *store;
    const struct keyring *ring;
    struct blob_store *blobs;
    const struct executor *const *executors; /* lists, each ended by kind NULL; the list of lists ended by NULL */
    const struct compute_options *compute;   /* NULL: no image worker (tests); copied */
    size_t file_threads, file_queue_max;     /* 0: 2 and 256 */
    int64_t orphan_grace_ms;                 /* 0: an hour; older files without row are removed */
    int64_t stop_patience_ms;                /* 0: 5,000; as much again for what on_stop leaves open */
    int64_t lease_ms, sweep_interval_ms;
    size_t batch_max;
    int64_t retry_scale_percent;
    void (*on_start)(struct dispatch *dispatch, void *arg); /* on the outbound thread, before the first claim */
    void (*on_stop)(struct dispatch *dispatch, void *arg);  /* on the outbound thread: close what on_start opened */
    void *arg;
};

enum err dispatch_start(const struct dispatch_options *options, struct dispatch **dispatch, char why[256]);
/* Finishes what is in hand within its patience, leaves the rest to its leases. The store must still be open. */
void dispatch_stop(struct dispatch *dispatch);

void dispatch_wake(struct dispatch *dispatch);               /* rows may be due; any thread */
bool dispatch_stops(const struct dispatch *dispatch);        /* long work should end soon; any thread */
uv_loop_t *dispatch_loop(struct dispatch *dispatch);         /* outbound thread only */
struct mailbox *dispatch_mailbox(struct dispatch *dispatch); /* home for store units of executors */
struct compute *dispatch_compute(struct dispatch *dispatch); /* NULL: none (yet, any more); its stats: any thread */
struct files *dispatch_files(struct dispatch *dispatch);
const struct dispatch_options *dispatch_options_of(const struct dispatch *dispatch);

#endif
