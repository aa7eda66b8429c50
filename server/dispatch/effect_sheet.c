/* sheet — payload {"batch_id"}: the photos of a batch as a PDF to print and cut.
 *
 * load the items → on a file thread: open the photos, one behind the other → image worker → seal the PDF → one unit:
 * the batch is built. Items whose photo is not there are marked. */
#include "dispatch/batch_load.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/blob_row.h"

#define COPIES            4 /* of each photo: 400 students are 1,600 of the sheet's 2,000 cells */
#define REQUEST_BYTES_MAX KIB(200)
#define PHOTOS_BYTES_MAX  PROTOCOL_PART_BYTES_MAX

struct sheet {
    struct effect *effect;
    struct batch_load load;
    struct file_job photos, pdf;
    struct compute_job job;
    struct buf request, bytes; /* owned; released by finish */
    struct store_unit unit;
    size_t printed;
    const char *problem; /* why there is no sheet and never will be; NULL: there is one */
    int64_t now_us;
};

static void finish(struct sheet *s)
{
    buf_release(&s->request);
    buf_release(&s->bytes);
    frame_release(&s->job.answer);
}

static enum err save_step(struct tx *tx, void *job)
{
    const struct sheet *s = job;
    for (size_t i = 0; i < s->load.count; i++)
        if (s->load.photos[i].file_name == NULL)
            TRY(batch_item_missing(tx, s->load.batch_id, s->load.photos[i].submission_id));
    TRY(blob_row_add(tx, &s->pdf.ref, "sheet", "application/pdf", s->load.batch_id, s->now_us));
    return batch_built(tx, s->load.batch_id, s->pdf.ref.id);
}

static enum err fail_step(struct tx *tx, void *job)
{
    const struct sheet *s = job;
    return batch_failed(tx, s->load.batch_id, s->problem);
}

static void saved(struct store_unit *unit)
{
    struct sheet *s = container_of(unit, struct sheet, unit);
    if (unit->result != ERR_NONE)
        effect_failed(s->effect, unit->result, "save");
    else if (s->job.end == COMPUTE_POISON)
        effect_job_failed(s->effect, &s->job);
    else if (s->problem != NULL)
        effect_end(s->effect, OUTBOX_DONE, 0, "%s", s->problem);
    else
        effect_end(s->effect, OUTBOX_DONE, 0, "%zu photos", s->printed);
}

static void save(struct sheet *s, const char *problem)
{
    finish(s);
    s->problem = problem;
    s->now_us = clock_utc_us();
    effect_unit(s->effect, &s->unit, STORE_WRITE, problem != NULL ? fail_step : save_step, s, saved);
}

static void sealed(struct file_job *file)
{
    struct sheet *s = file->owner;
    if (file->result == ERR_NONE) {
        save(s, NULL);
        return;
    }
    finish(s);
    effect_failed(s->effect, file->result, "seal");
}

static void answered(struct compute_job *job)
{
    struct sheet *s = job->owner;
    struct part pdf;
    if (job->end == COMPUTE_POISON || (job->end == COMPUTE_REFUSED && !err_may_retry(job->error))) {
        save(s, arena_printf(s->effect->arena, "the sheet cannot be made: %s", job->why));
        return;
    }
    if (job->end != COMPUTE_ANSWERED || !compute_part(job, 1, &pdf)) {
        finish(s);
        effect_job_failed(s->effect, job);
        return;
    }
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    union {
        const void *from;
        void *to;
    } bytes = {.from = pdf.bytes}; /* written from, not to */
    s->pdf = (struct file_job){.id = arena_text(s->effect->arena, id),
                               .bytes = bytes.to,
                               .len = pdf.len,
                               .arena = s->effect->arena,
                               .done = sealed,
                               .owner = s};
    if (files_write(dispatch_files(s->effect->dispatch), &s->pdf) != ERR_NONE) {
        finish(s);
        effect_failed(s->effect, ERR_BUSY, "seal");
    }
}

/* ---- the request, on a file thread ---- */

static void put_print(struct sheet *s, const struct batch_photo *photo, size_t len)
{
    char caption[256];
    bool own = s->load.print_caption[0] != '\0'; /* the school's words, before who it is */
    snprintf(caption, sizeof caption, "%s%s%s %s", s->load.print_caption, own ? " " : "", photo->name,
             photo->student_no[0] != '\0' ? photo->student_no : photo->code);
    caption[text_cut(caption, 60)] = '\0';
    json_object_open(&s->request);
    json_put_text(&s->request, "caption", caption);
    json_put_int(&s->request, "size_bytes", (int64_t)len);
    json_put_int(&s->request, "copies", COPIES);
    json_put_text(&s->request, "print", text_is(photo->print_layout, "one_inch") ? "1inch" : "2inch");
    json_object_close(&s->request);
}

static enum err add_photos(struct sheet *s, struct blob_store *blobs)
{
    s->printed = 0;
    for (size_t i = 0; i < s->load.count; i++) {
        struct batch_photo *photo = &s->load.photos[i];
        void *bytes = NULL;
        size_t len = 0;
        photo->file_name = NULL;
        if (photo->blob_id == NULL)
            continue;
        enum err e = blob_get(blobs, photo->blob_id, photo->sealed_key, photo->sealed_key_len, &bytes, &len);
        if (e == ERR_NOT_FOUND)
            continue;
        TRY(e);
        photo->file_name = ""; /* it is there */
        put_print(s, photo, len);
        buf_add(&s->bytes, bytes, len);
        free(bytes);
        s->printed++;
    }
    return s->bytes.over ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err build(struct blob_store *blobs, struct file_job *file)
{
    struct sheet *s = file->owner;
    struct buf *b = &s->request;
    json_object_open(b);
    json_put_text(b, "kind", "sheet");
    json_put_text(b, "paper", "6inch");
    json_put_text(b, "print", text_is(s->load.print_layout, "one_inch") ? "1inch" : "2inch");
    json_put_text(b, "title", s->load.session_name);
    json_put_text(b, "batch", s->load.batch_name);
    json_name(b, "prints");
    json_array_open(b);
    TRY(add_photos(s, blobs));
    json_array_close(b);
    json_object_close(b);
    return b->over ? ERR_TOO_LARGE : ERR_NONE;
}

static void built(struct file_job *file)
{
    struct sheet *s = file->owner;
    enum err e = file->result;
    if (e == ERR_NONE && s->printed == 0) {
        save(s, "no photo of this batch is there");
        return;
    }
    s->job = (struct compute_job){.parts = {{s->request.bytes, s->request.len}, {s->bytes.bytes, s->bytes.len}},
                                  .part_count = 2,
                                  .done = answered,
                                  .owner = s};
    struct compute *compute = dispatch_compute(s->effect->dispatch);
    if (e == ERR_NONE)
        e = compute != NULL ? compute_submit(compute, &s->job) : ERR_WORKER;
    if (e != ERR_NONE) {
        finish(s);
        effect_failed(s->effect, e, "sheet");
    }
}

static void loaded(struct batch_load *load, enum err result)
{
    struct sheet *s = load->owner;
    if (result != ERR_NONE) {
        effect_failed(s->effect, result, "load");
        return;
    }
    if (!load->wanted) {
        effect_end(s->effect, OUTBOX_DONE, 0, "not wanted any more");
        return;
    }
    buf_init(&s->request, REQUEST_BYTES_MAX);
    buf_init(&s->bytes, PHOTOS_BYTES_MAX);
    s->photos = (struct file_job){.run = build, .done = built, .owner = s};
    if (files_run(dispatch_files(s->effect->dispatch), &s->photos) != ERR_NONE) {
        finish(s);
        effect_failed(s->effect, ERR_BUSY, "sheet");
    }
}

void sheet_start(struct effect *effect)
{
    struct sheet *s = ARENA_NEW(effect->arena, struct sheet);
    effect->work = s;
    s->effect = effect;
    s->load = (struct batch_load){.effect = effect,
                                  .done = loaded,
                                  .owner = s,
                                  .batch_id = json_text_at(effect_payload(effect), "batch_id", NULL)};
    if (s->load.batch_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without batch_id");
    else
        batch_load(&s->load);
}
