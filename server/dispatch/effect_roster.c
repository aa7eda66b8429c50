/* roster_import — payload {"import_id"}: what the state of an import asks for (store/roster_import.h). One at a time,
 * on a thread of its own; interrupted anywhere it goes on where it was. */
#include "dispatch/effects.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/queries.h"
#include "store/roster_load.h"
#include "store/upload.h"

#define ARENA_BYTES       MIB(16)
#define PROGRESS_EVERY_US MILLIS_US(500)

struct roster_work {
    struct effect *effect;
    struct lane_pool *pool;
    struct lane_job job;
    struct arena *arena; /* of the thread */
    struct roster_load load;
    struct roster_source source;
    struct roster_source_part parts[ROSTER_PARTS_MAX];
    const char *import_id;
    int64_t now_us, shown_us;
    struct blob_ref errors; /* id NULL: no bad rows */
    char problem[CSV_WHY_BYTES];
    const char *next; /* state */
    bool announced;   /* its SHA-256 is what was announced */
};

/* ---- units ---- */

static enum err find_step(struct tx *tx, void *job)
{
    struct roster_work *w = job;
    struct roster_import *i = &w->load.import;
    size_t count = 0;
    TRY(roster_import_get(tx, w->import_id, i));
    const char **texts[] = {&i->id,           &i->session_id, &i->state,   &i->mode,       &i->file_name,
                            &i->sha256_index, &i->report,     &i->problem, &i->created_by, &i->errors_blob_id};
    for (size_t n = 0; n < countof(texts); n++)
        *texts[n] = arena_text(w->arena, *texts[n]);
    TRY(roster_import_parts(tx, w->import_id, w->arena, w->parts, &count));
    w->source.part_count = count;
    return ERR_NONE;
}

static enum err progress_step(struct tx *tx, void *job)
{
    struct roster_work *w = job;
    const struct roster_import *i = &w->load.import;
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_IMPORT_PROGRESS, v_int(w->load.done), v_int(i->rows_done), v_int(i->rows_total),
                 v_text(i->id), v_text(i->state)));
    return changed == 0 ? ERR_STALE : ERR_NONE;
}

static enum err pass_step(struct tx *tx, void *job)
{
    const struct roster_work *w = job;
    return TX_RUN(tx, Q_IMPORT_PASS, v_int(w->now_us), v_int(w->source.size_bytes), v_int(0), v_text(w->import_id));
}

static enum err move_step(struct tx *tx, void *job)
{
    const struct roster_work *w = job;
    return roster_import_move(tx, &w->load.import, w->next, w->problem, clock_utc_us());
}

static enum err found_step(struct tx *tx, void *job)
{
    struct roster_work *w = job;
    struct roster_import *i = &w->load.import;
    if (w->errors.id != NULL)
        TRY(blob_row_add(tx, &w->errors, "package", "text/csv", i->id, w->now_us));
    i->errors_blob_id = w->errors.id;
    TRY(roster_import_found(tx, i));
    return roster_import_move(tx, i, w->next, w->problem, clock_utc_us());
}

static enum err announced_step(struct tx *tx, void *job)
{
    struct roster_work *w = job;
    char hex[65];
    text_hex(w->load.kind.sha256, sizeof w->load.kind.sha256, hex);
    w->announced = text_is(upload_sha256_index(tx, hex), w->load.import.sha256_index);
    return ERR_NONE;
}

/* ---- on the thread ---- */

static bool go_on(struct roster_load *load)
{
    struct roster_work *w = container_of(load, struct roster_work, load);
    int64_t now_us = clock_mono_us();
    if (dispatch_stops(w->effect->dispatch))
        return false;
    if (now_us - w->shown_us < PROGRESS_EVERY_US)
        return true;
    w->shown_us = now_us;
    return roster_unit(load->store, STORE_WRITE, progress_step, w) == ERR_NONE; /* STALE: cancelled */
}

static enum err unit(struct roster_work *w, store_step *step)
{
    return roster_unit(w->load.store, STORE_WRITE, step, w);
}

static enum err refuse(struct roster_work *w, const char *state, const char *words)
{
    w->next = state;
    snprintf(w->problem, sizeof w->problem, "%s", words);
    return unit(w, move_step);
}

static enum err seal_errors(struct roster_work *w)
{
    const struct buf *b = &w->load.bad_rows;
    if (w->load.import.errors == 0)
        return ERR_NONE;
    char *id = arena_alloc(w->arena, CRYPT_ID_TEXT_BYTES);
    crypt_id(clock_utc_us(), id);
    return blob_put(w->source.blobs, id, b->bytes, b->len, w->arena, &w->errors);
}

static enum err read_file(struct roster_work *w)
{
    struct roster_import *i = &w->load.import;
    TRY(unit(w, pass_step));
    enum err e = roster_load_check(&w->load);
    if (e == ERR_BAD_FIELD || e == ERR_TOO_LARGE)
        return refuse(w, "refused", w->load.why);
    TRY(e);
    TRY(roster_unit(w->load.store, STORE_READ, announced_step, w));
    if (!w->announced)
        return refuse(w, "refused", "the bytes are not those that were announced");
    TRY(seal_errors(w));
    bool bad = i->errors > 0 && text_is(i->mode, "all");
    w->next = i->dry_run ? "ready" : bad ? "refused" : "importing";
    if (bad && !i->dry_run)
        snprintf(w->problem, sizeof w->problem, "bad rows, and all or none were asked for");
    return unit(w, found_step);
}

static enum err clean(struct roster_work *w)
{
    return roster_load_clean(w->load.store, &w->load.import, w->now_us, NULL, NULL);
}

static enum err write_file(struct roster_work *w)
{
    struct roster_import *i = &w->load.import;
    if (w->source.part_count == 0)
        return refuse(w, "cancelled", ""); /* of a command or a request that died: its bytes died with it */
    TRY(unit(w, pass_step));
    enum err e = roster_load_check(&w->load);
    if (e == ERR_NONE && i->errors > 0 && text_is(i->mode, "all"))
        return refuse(w, "refused", "bad rows, and all or none were asked for");
    if (e == ERR_NONE)
        e = roster_load_write(&w->load);
    TRY(e);
    i->state = "done";
    return clean(w);
}

static enum err work(struct roster_work *w)
{
    enum err e = roster_unit(w->load.store, STORE_READ, find_step, w);
    const char *state = e == ERR_NONE ? w->load.import.state : "";
    w->source.parts = w->parts;
    w->source.size_bytes = w->load.import.size_bytes;
    if (text_is(state, "reading"))
        e = read_file(w);
    else if (text_is(state, "importing"))
        e = write_file(w);
    else if (text_is(state, "done") || text_is(state, "cancelled"))
        e = clean(w);
    return e;
}

static bool is_trouble(enum err e)
{
    return e != ERR_NONE && e != ERR_STALE && e != ERR_NOT_FOUND && e != ERR_REFUSED;
}

/* Nobody comes back to it by itself: whoever waits for it learns that, and may cancel. */
static void give_up(struct roster_work *w, enum err e)
{
    const char *state = w->load.import.state;
    bool waits = state != NULL && (text_is(state, "reading") || text_is(state, "importing"));
    if (waits && is_trouble(e) && effect_is_given_up(w->effect, e))
        (void)refuse(w, "failed", err_title(e, LANGUAGE_EN)); /* the outbox has a dead row in any case */
}

static void run(struct lane_job *job)
{
    struct roster_work *w = container_of(job, struct roster_work, job);
    job->result = work(w);
    give_up(w, job->result);
    if (job->result == ERR_REFUSED && !dispatch_stops(w->effect->dispatch))
        job->result = ERR_STALE;
    roster_load_free(&w->load);
    roster_source_close(&w->source);
}

/* ---- at home ---- */

static void done(struct lane_job *job)
{
    struct roster_work *w = container_of(job, struct roster_work, job);
    struct effect *effect = w->effect;
    lane_pool_stop(w->pool);
    arena_free(w->arena);
    if (is_trouble(job->result))
        effect_failed(effect, job->result, "import");
    else if (job->result == ERR_REFUSED)
        effect_end(effect, OUTBOX_RETRY, 0, "the server stops");
    else
        effect_end(effect, OUTBOX_DONE, 0, "%s", job->result == ERR_NONE ? "" : "cancelled");
}

void roster_start(struct effect *effect)
{
    const struct dispatch_options *options = dispatch_options_of(effect->dispatch);
    struct roster_work *w = ARENA_NEW(effect->arena, struct roster_work);
    w->effect = effect;
    w->import_id = json_text_at(effect_payload(effect), "import_id", "");
    w->now_us = clock_utc_us();
    w->arena = arena_new(ARENA_BYTES);
    w->source = (struct roster_source){.blobs = options->blobs};
    w->load = (struct roster_load){
        .store = options->store, .ring = options->ring, .source = &w->source, .now_us = w->now_us, .go_on = go_on};
    w->pool = lane_pool_start(1, 1);
    w->job = (struct lane_job){.home = dispatch_mailbox(effect->dispatch), .run = run, .done = done};
    CHECK(lane_pool_submit(w->pool, &w->job) == ERR_NONE); /* its one place is free */
}
