/* package — payload {"batch_id","template"}: the ZIP that goes to CHSI: photos named by the template, and manifest.csv.
 *
 * load the items → on a file thread: open each photo, put it in, seal the whole → units: names of the photos, then the
 * batch is built. A photo that is not there is left out and its item says so; a package without photos fails. */
#include "dispatch/archive.h"
#include "dispatch/batch_load.h"

#include "base/clock.h"
#include "base/csv.h"
#include "base/text.h"
#include "store/blob_row.h"

#define MANIFEST_BYTES_MAX MIB(8)
#define NAMES_PER_UNIT     250

struct package {
    struct effect *effect;
    struct batch_load load;
    const char *template;
    struct file_job file;
    struct store_unit unit;
    char blob_id[CRYPT_ID_TEXT_BYTES];
    int64_t now_us;
    size_t packed, saved;
};

/* ---- last: names and state ---- */

static enum err fail_step(struct tx *tx, void *job)
{
    const struct package *p = job;
    return batch_failed(tx, p->load.batch_id, "no photo of this batch is there");
}

static void failed(struct store_unit *unit)
{
    struct package *p = container_of(unit, struct package, unit);
    if (unit->result != ERR_NONE)
        effect_failed(p->effect, unit->result, "save");
    else
        effect_end(p->effect, OUTBOX_DONE, 0, "no photos");
}

static enum err save_step(struct tx *tx, void *job)
{
    const struct package *p = job;
    bool personal = batch_name_is_personal(p->template);
    size_t end = p->saved + NAMES_PER_UNIT < p->load.count ? p->saved + NAMES_PER_UNIT : p->load.count;
    for (size_t i = p->saved; i < end; i++) {
        const struct batch_photo *photo = &p->load.photos[i];
        TRY(photo->file_name != NULL
                ? batch_item_named(tx, p->load.batch_id, photo->submission_id, photo->file_name, personal)
                : batch_item_missing(tx, p->load.batch_id, photo->submission_id));
    }
    if (end < p->load.count)
        return ERR_NONE;
    TRY(blob_row_add(tx, &p->file.ref, "package", "application/zip", p->load.batch_id, p->now_us));
    return batch_built(tx, p->load.batch_id, p->file.ref.id);
}

static void saved(struct store_unit *unit)
{
    struct package *p = container_of(unit, struct package, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(p->effect, unit->result, "save");
        return;
    }
    p->saved += NAMES_PER_UNIT;
    if (p->saved < p->load.count)
        effect_unit(p->effect, &p->unit, STORE_WRITE, save_step, p, saved);
    else
        effect_end(p->effect, OUTBOX_DONE, 0, "%zu photos", p->packed);
}

/* ---- on a file thread ---- */

static void manifest_head(struct buf *b)
{
    static const char *const columns[] = {"file_name", "student_no", "name",       "id_no",          "college",
                                          "class",     "code",       "size_bytes", "collection_code"};
    csv_begin(b);
    for (size_t i = 0; i < countof(columns); i++)
        csv_put(b, columns[i], i == 0);
    csv_end_row(b);
}

static void manifest_row(struct buf *b, const struct batch_photo *photo, size_t len)
{
    char size[24];
    snprintf(size, sizeof size, "%zu", len);
    const char *cells[] = {photo->file_name,  photo->student_no, photo->name, photo->id_no,          photo->college,
                           photo->class_name, photo->code,       size,        photo->collection_code};
    for (size_t i = 0; i < countof(cells); i++)
        csv_put(b, cells[i], i == 0);
    csv_end_row(b);
}

/* Two students may get the same name from a template: the second then carries the code. */
static enum err add_photo(struct package *p, struct archive *archive, struct batch_photo *photo, void *bytes,
                          size_t len)
{
    struct arena *arena = p->effect->arena;
    struct batch_name_facts facts = {photo->student_no, photo->id_no, photo->name,        photo->class_name,
                                     photo->college,    photo->code,  photo->position + 1};
    void *copy = malloc(len + 1);
    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, bytes, len);
    photo->file_name = batch_name_make(arena, p->template, &facts);
    enum err e = archive_add(archive, photo->file_name, copy, len);
    if (e != ERR_CONFLICT)
        return e;
    const char *other = arena_printf(arena, "%.*s-%s", BATCH_TEMPLATE_BYTES_MAX, p->template, "{code}");
    photo->file_name = batch_name_make(arena, other, &facts);
    copy = malloc(len + 1);
    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, bytes, len);
    return archive_add(archive, photo->file_name, copy, len);
}

static enum err pack(struct package *p, struct blob_store *blobs, struct archive *archive, struct buf *manifest)
{
    manifest_head(manifest);
    p->packed = 0;
    for (size_t i = 0; i < p->load.count; i++) {
        struct batch_photo *photo = &p->load.photos[i];
        photo->file_name = NULL;
        if (photo->blob_id == NULL)
            continue;
        void *bytes = NULL;
        size_t len = 0;
        enum err e = blob_get(blobs, photo->blob_id, photo->sealed_key, photo->sealed_key_len, &bytes, &len);
        if (e == ERR_NOT_FOUND)
            continue;
        if (e == ERR_NONE)
            e = add_photo(p, archive, photo, bytes, len);
        free(bytes);
        TRY(e);
        manifest_row(manifest, photo, len);
        p->packed++;
    }
    return manifest->over ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err add_manifest(struct archive *archive, const struct buf *manifest)
{
    void *copy = malloc(manifest->len + 1);
    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, manifest->bytes, manifest->len);
    return archive_add(archive, "manifest.csv", copy, manifest->len);
}

static enum err build(struct blob_store *blobs, struct file_job *file)
{
    struct package *p = file->owner;
    void *bytes = NULL;
    size_t len = 0;
    struct buf manifest;
    buf_init(&manifest, MANIFEST_BYTES_MAX);
    struct archive *archive = archive_open(p->load.created_us);
    enum err e = pack(p, blobs, archive, &manifest);
    if (e == ERR_NONE && p->packed > 0)
        e = add_manifest(archive, &manifest);
    if (e == ERR_NONE && p->packed > 0) {
        e = archive_close(archive, BLOB_BYTES_MAX, &bytes, &len);
        archive = NULL;
    }
    if (e == ERR_NONE && p->packed > 0)
        e = blob_put(blobs, p->blob_id, bytes, len, p->effect->arena, &file->ref);
    free(bytes);
    archive_discard(archive);
    buf_release(&manifest);
    return e;
}

static void built(struct file_job *file)
{
    struct package *p = file->owner;
    p->now_us = clock_utc_us();
    if (file->result != ERR_NONE)
        effect_failed(p->effect, file->result, "package");
    else if (p->packed == 0)
        effect_unit(p->effect, &p->unit, STORE_WRITE, fail_step, p, failed);
    else
        effect_unit(p->effect, &p->unit, STORE_WRITE, save_step, p, saved);
}

static void loaded(struct batch_load *load, enum err result)
{
    struct package *p = load->owner;
    crypt_id(clock_utc_us(), p->blob_id);
    p->file = (struct file_job){.run = build, .done = built, .owner = p};
    if (result != ERR_NONE)
        effect_failed(p->effect, result, "load");
    else if (!load->wanted)
        effect_end(p->effect, OUTBOX_DONE, 0, "not wanted any more");
    else if (files_run(dispatch_files(p->effect->dispatch), &p->file) != ERR_NONE)
        effect_failed(p->effect, ERR_BUSY, "package");
}

void package_start(struct effect *effect)
{
    struct package *p = ARENA_NEW(effect->arena, struct package);
    char why[BATCH_NAME_WHY_BYTES];
    const struct json *payload = effect_payload(effect);
    effect->work = p;
    p->effect = effect;
    p->template = json_text_at(payload, "template", BATCH_TEMPLATE_DEFAULT);
    p->load = (struct batch_load){
        .effect = effect, .batch_id = json_text_at(payload, "batch_id", NULL), .done = loaded, .owner = p};
    if (p->load.batch_id == NULL || batch_name_check(p->template, why) != ERR_NONE)
        effect_end(effect, OUTBOX_DEAD, 0, "payload without batch_id, or a template that makes no sense");
    else
        batch_load(&p->load);
}
