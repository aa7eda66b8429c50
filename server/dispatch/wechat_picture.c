/* wechat_picture — payload {"message_id","media_id","account"}: a picture that a student sent in WeChat comes into the
 * conversation.
 *
 * fetched from WeChat's API by its media id → looked at by the image worker, as every stranger's bytes are → sealed →
 * one unit puts it into the message, whose text said until then that it is on its way. What cannot be fetched after
 * FETCHES_MAX tries, or is no JPEG or PNG, leaves a sentence in its place: staff know what to ask for. */
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/blob_row.h"
#include "store/conversation.h"

#define FETCHES_MAX 6

struct fetched {
    struct effect *effect;
    struct store_unit unit;
    struct wechat_message call;
    struct compute_job job;
    struct file_job file;
    const char *message_id, *media_id, *account;
    const char *student_id, *media_type, *lost; /* lost: the sentence instead of a picture; NULL */
    enum outbox_outcome outcome;
    const char *words;
    bool wanted;
    int64_t now_us;
};

/* ---- last: into the message ---- */

static enum err save_step(struct tx *tx, void *job)
{
    const struct fetched *f = job;
    if (f->lost == NULL)
        TRY(blob_row_add(tx, &f->file.ref, "message", f->media_type, f->student_id, f->now_us));
    enum err e = conversation_picture(tx, f->message_id, f->lost == NULL ? f->file.ref.id : NULL, f->lost);
    if (e == ERR_NOT_FOUND && f->lost == NULL) /* erased meanwhile: nobody may read it */
        return blob_row_erase(tx, f->file.ref.id, f->now_us);
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static void saved(struct store_unit *unit)
{
    struct fetched *f = container_of(unit, struct fetched, unit);
    if (unit->result != ERR_NONE)
        effect_failed(f->effect, unit->result, "save");
    else
        effect_end(f->effect, f->outcome, 0, "%s", f->words);
}

static void save(struct fetched *f, const char *lost, enum outbox_outcome outcome, const char *words)
{
    f->lost = lost;
    f->outcome = outcome;
    f->words = words;
    f->now_us = clock_utc_us();
    effect_unit(f->effect, &f->unit, STORE_WRITE, save_step, f, saved);
}

static void sealed(struct file_job *file)
{
    struct fetched *f = file->owner;
    free(file->bytes);
    if (file->result != ERR_NONE)
        effect_failed(f->effect, file->result, "picture");
    else
        save(f, NULL, OUTBOX_DONE, "fetched");
}

/* ---- the worker looks at it ---- */

static const char *media_type_of(struct fetched *f, struct compute_job *job)
{
    const struct json *answer = NULL;
    const char *format = "";
    if (json_read(job->answer.parts[0].bytes, job->answer.parts[0].len, f->effect->arena, &answer) == ERR_NONE)
        format = json_text_at(answer, "format", "");
    frame_release(&job->answer);
    return text_is(format, "jpeg") ? "image/jpeg" : text_is(format, "png") ? "image/png" : NULL;
}

static void looked_at(struct compute_job *job)
{
    struct fetched *f = job->owner;
    bool of_the_picture = job->end == COMPUTE_REFUSED && !err_may_retry(job->error);
    f->media_type = job->end == COMPUTE_ANSWERED ? media_type_of(f, job) : NULL;
    if (f->media_type != NULL) {
        if (files_write(dispatch_files(f->effect->dispatch), &f->file) == ERR_NONE)
            return;
        free(f->file.bytes);
        effect_failed(f->effect, ERR_BUSY, "picture");
        return;
    }
    free(f->file.bytes);
    if (job->end == COMPUTE_ANSWERED || of_the_picture)
        save(f, CONVERSATION_PICTURE_BROKEN, OUTBOX_DONE, "no picture that we can show");
    else if (job->end == COMPUTE_POISON)
        save(f, CONVERSATION_PICTURE_BROKEN, OUTBOX_PARKED, "poison");
    else
        effect_job_failed(f->effect, job);
}

static void look_at(struct fetched *f, const char *bytes, size_t len)
{
    static const char request[] = "{\"kind\":\"inspect\"}";
    char *id = arena_alloc(f->effect->arena, CRYPT_ID_TEXT_BYTES);
    void *copy = malloc(len); /* the answer's own go with the call */
    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    crypt_id(clock_utc_us(), id);
    f->file =
        (struct file_job){.id = id, .bytes = copy, .len = len, .arena = f->effect->arena, .done = sealed, .owner = f};
    f->job = (struct compute_job){
        .parts = {{request, sizeof request - 1}, {copy, len}}, .part_count = 2, .done = looked_at, .owner = f};
    struct compute *compute = dispatch_compute(f->effect->dispatch);
    enum err e = compute != NULL ? compute_submit(compute, &f->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        free(copy);
        effect_failed(f->effect, e, "worker");
    }
}

/* ---- WeChat ---- */

static void on_answer(struct wechat_message *message, const struct wechat_sent *sent)
{
    struct fetched *f = message->arg;
    if (sent->result == WECHAT_DELIVERED && sent->bytes != NULL)
        look_at(f, sent->bytes, sent->len);
    else if (sent->result == WECHAT_AGAIN && f->effect->row.tries < FETCHES_MAX)
        effect_end(f->effect, OUTBOX_RETRY, sent->pause_us, "%s", sent->words);
    else
        save(f, CONVERSATION_PICTURE_LOST, OUTBOX_DONE, arena_text(f->effect->arena, sent->words));
}

static enum err read_step(struct tx *tx, void *job)
{
    struct fetched *f = job;
    struct message_row row;
    enum err e = message_get(tx, f->message_id, &row);
    f->wanted = e == ERR_NONE && text_is(row.text, CONVERSATION_PICTURE_COMING);
    f->student_id = f->wanted ? arena_text(f->effect->arena, row.student_id) : NULL;
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static void was_read(struct store_unit *unit)
{
    struct fetched *f = container_of(unit, struct fetched, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(f->effect, unit->result, "read");
        return;
    }
    if (!f->wanted) {
        effect_end(f->effect, OUTBOX_DONE, 0, "nobody waits for it");
        return;
    }
    if (!outside_open(f->effect))
        return;
    struct outside *outside = outside_of(f->effect);
    f->call = (struct wechat_message){.arena = f->effect->arena, .done = on_answer, .arg = f};
    wechat_fetch_picture(text_is(f->account, "page") ? &outside->page : &outside->wechat, f->media_id, &f->call);
}

void wechat_picture_start(struct effect *effect)
{
    struct fetched *f = ARENA_NEW(effect->arena, struct fetched);
    const struct json *payload = effect_payload(effect);
    f->effect = effect;
    f->message_id = json_text_at(payload, "message_id", NULL);
    f->media_id = json_text_at(payload, "media_id", NULL);
    f->account = json_text_at(payload, "account", "mini");
    if (f->message_id == NULL || f->media_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without message or picture");
    else
        effect_unit(effect, &f->unit, STORE_READ, read_step, f, was_read);
}
