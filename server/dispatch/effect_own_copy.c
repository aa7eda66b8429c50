/* own_copy — payload {"student_id","copy_id"}: a student's copy of their own data as a ZIP: data.json and the pictures.
 *
 * read everything in words and the pictures' keys → on a file thread: open each picture, put it in, seal the whole →
 * one unit: the copy is ready. Pictures beyond PICTURES_BYTES_MAX are left out and counted; the newest come first. */
#include "dispatch/archive.h"
#include "dispatch/effects.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/own_data.h"

#define PICTURES_BYTES_MAX MIB(40)

struct own_copy_work {
    struct effect *effect;
    const char *student_id, *copy_id;
    struct store_unit unit;
    struct file_job file;
    struct buf words; /* data.json */
    struct own_picture pictures[OWN_COPY_PICTURES_MAX];
    size_t picture_count, left_out;
    char blob_id[CRYPT_ID_TEXT_BYTES];
    int64_t now_us;
};

/* ---- last ---- */

static enum err save_step(struct tx *tx, void *job)
{
    const struct own_copy_work *w = job;
    struct own_copy newest;
    TRY(own_copy_newest(tx, w->student_id, &newest));
    if (!text_is(newest.id, w->copy_id) || !text_is(newest.state, "making"))
        return ERR_NONE; /* a second run, or the student left: the file has no row and is swept */
    TRY(blob_row_add(tx, &w->file.ref, "own_copy", "application/zip", w->student_id, w->now_us));
    return own_copy_ready(tx, w->copy_id, w->file.ref.id, (int64_t)w->file.len, (int64_t)w->left_out);
}

static void saved(struct store_unit *unit)
{
    struct own_copy_work *w = container_of(unit, struct own_copy_work, unit);
    if (unit->result != ERR_NONE)
        effect_failed(w->effect, unit->result, "save");
    else
        effect_end(w->effect, OUTBOX_DONE, 0, "%zu pictures", w->picture_count - w->left_out);
}

static enum err fail_step(struct tx *tx, void *job)
{
    const struct own_copy_work *w = job;
    return own_copy_failed(tx, w->copy_id);
}

static void failed(struct store_unit *unit)
{
    struct own_copy_work *w = container_of(unit, struct own_copy_work, unit);
    if (unit->result != ERR_NONE)
        effect_failed(w->effect, unit->result, "save");
    else
        effect_end(w->effect, OUTBOX_DONE, 0, "too large");
}

/* ---- on a file thread ---- */

static enum err add_pictures(struct own_copy_work *w, struct blob_store *blobs, struct archive *archive)
{
    size_t total = w->words.len;
    w->left_out = 0;
    for (size_t i = 0; i < w->picture_count; i++) {
        const struct own_picture *picture = &w->pictures[i];
        void *bytes = NULL;
        size_t len = 0;
        if (total + (size_t)picture->size_bytes > PICTURES_BYTES_MAX) {
            w->left_out++;
            continue;
        }
        enum err e = blob_get(blobs, picture->blob_id, picture->sealed_key, picture->sealed_key_len, &bytes, &len);
        if (e == ERR_NONE)
            e = archive_add(archive, picture->name, bytes, len); /* takes the bytes */
        if (e != ERR_NONE && e != ERR_NOT_FOUND && e != ERR_CONFLICT)
            return e;
        total += len;
    }
    return ERR_NONE;
}

static enum err build(struct blob_store *blobs, struct file_job *file)
{
    struct own_copy_work *w = file->owner;
    void *bytes = NULL, *words = malloc(w->words.len + 1);
    if (words == NULL)
        return ERR_BUSY;
    memcpy(words, w->words.bytes, w->words.len);
    struct archive *archive = archive_open(w->now_us);
    enum err e = archive_add(archive, "data.json", words, w->words.len);
    if (e == ERR_NONE)
        e = add_pictures(w, blobs, archive);
    if (e == ERR_NONE) {
        e = archive_close(archive, BLOB_BYTES_MAX, &bytes, &file->len);
        archive = NULL;
    }
    if (e == ERR_NONE)
        e = blob_put(blobs, w->blob_id, bytes, file->len, w->effect->arena, &file->ref);
    free(bytes);
    archive_discard(archive);
    return e;
}

static void built(struct file_job *file)
{
    struct own_copy_work *w = file->owner;
    buf_release(&w->words);
    if (file->result != ERR_NONE)
        effect_failed(w->effect, file->result, "own copy");
    else
        effect_unit(w->effect, &w->unit, STORE_WRITE, save_step, w, saved);
}

/* ---- first ---- */

static enum err load_step(struct tx *tx, void *job)
{
    struct own_copy_work *w = job;
    struct arena *arena = w->effect->arena;
    buf_clear(&w->words);
    TRY(own_data_write(tx, w->student_id, w->now_us, &w->words));
    TRY(own_data_pictures(tx, w->student_id, w->pictures, countof(w->pictures), &w->picture_count));
    for (size_t i = 0; i < w->picture_count; i++) {
        struct own_picture *picture = &w->pictures[i];
        picture->name = arena_text(arena, picture->name);
        picture->blob_id = arena_text(arena, picture->blob_id);
        picture->sealed_key = arena_copy(arena, picture->sealed_key, picture->sealed_key_len);
    }
    return ERR_NONE;
}

static void loaded(struct store_unit *unit)
{
    struct own_copy_work *w = container_of(unit, struct own_copy_work, unit);
    enum err e = unit->result;
    if (e == ERR_NONE) {
        crypt_id(w->now_us, w->blob_id);
        w->file = (struct file_job){.run = build, .done = built, .owner = w};
        e = files_run(dispatch_files(w->effect->dispatch), &w->file);
    }
    if (e == ERR_NONE)
        return;
    buf_release(&w->words);
    if (e == ERR_TOO_LARGE)
        effect_unit(w->effect, &w->unit, STORE_WRITE, fail_step, w, failed);
    else
        effect_failed(w->effect, e, "load");
}

void own_copy_start_effect(struct effect *effect)
{
    struct own_copy_work *w = ARENA_NEW(effect->arena, struct own_copy_work);
    const struct json *payload = effect_payload(effect);
    effect->work = w;
    w->effect = effect;
    w->student_id = json_text_at(payload, "student_id", NULL);
    w->copy_id = json_text_at(payload, "copy_id", NULL);
    w->now_us = clock_utc_us();
    if (w->student_id == NULL || w->copy_id == NULL) {
        effect_end(effect, OUTBOX_DEAD, 0, "payload without student or copy");
        return;
    }
    buf_init(&w->words, OWN_DATA_BYTES_MAX);
    if (!effect_unit(effect, &w->unit, STORE_READ, load_step, w, loaded))
        return; /* the effect has ended */
}
