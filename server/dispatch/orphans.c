#include "dispatch/orphans.h"

#include "base/log.h"
#include "store/queries.h"

static enum err known_step(struct tx *tx, void *job)
{
    struct orphans *o = job;
    for (size_t i = 0; i < o->count; i++) {
        struct rows r;
        TRY(TX_OPEN(tx, &r, Q_FSCK_BLOB_HAS, v_text(o->ids[i])));
        o->known[i] = rows_next(&r);
        TRY(rows_close(&r));
    }
    return ERR_NONE;
}

static enum err remove_unknown(struct orphans *o)
{
    if (o->count == 0)
        return ERR_NONE;
    TRY(store_run(o->store, STORE_READ, known_step, o));
    for (size_t i = 0; i < o->count; i++) {
        if (o->known[i])
            continue;
        TRY(blob_remove(o->blobs, o->ids[i]));
        o->removed++;
    }
    o->count = 0;
    return ERR_NONE;
}

static enum err look_at(void *arg, const char *id, const char *name, int64_t modified_us, int64_t size_bytes)
{
    (void)size_bytes;
    struct orphans *o = arg;
    if (atomic_load(&o->stopping))
        return ERR_BUSY;
    if (modified_us + o->grace_us > o->now_us)
        return ERR_NONE;
    if (id == NULL) {
        o->removed++;
        return blob_remove_leftover(o->blobs, name);
    }
    snprintf(o->ids[o->count++], CRYPT_ID_TEXT_BYTES, "%s", id);
    return o->count == ORPHANS_PAGE ? remove_unknown(o) : ERR_NONE;
}

static enum err pass(struct blob_store *blobs, struct file_job *job)
{
    struct orphans *o = job->owner;
    o->blobs = blobs;
    o->count = 0;
    o->removed = 0;
    TRY(blob_walk(blobs, look_at, o));
    return remove_unknown(o);
}

static void passed(struct file_job *job)
{
    struct orphans *o = job->owner;
    o->away = false;
    if (job->result != ERR_NONE && job->result != ERR_BUSY)
        LOG(WARN, "orphans.failed", "error=%s", err_name(job->result));
    else if (o->removed > 0)
        LOG(INFO, "orphans.removed", "files=%" PRId64, o->removed);
}

void orphans_sweep(struct orphans *o, int64_t now_us)
{
    if (o->away || atomic_load(&o->stopping))
        return;
    o->now_us = now_us;
    o->job = (struct file_job){.run = pass, .done = passed, .owner = o};
    o->away = files_run(o->files, &o->job) == ERR_NONE;
}
