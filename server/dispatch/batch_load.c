#include "dispatch/batch_load.h"

#include "base/crypt.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/capture_session.h"
#include "store/collection_code.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/submission.h"

static const char *keep(struct batch_load *load, const char *text)
{
    return arena_text(load->effect->arena, text != NULL ? text : "");
}

static enum err load_names(struct tx *tx, struct batch_load *load, const struct batch_item *item,
                           struct batch_photo *photo)
{
    struct roster_entry entry;
    struct student student;
    if (item->roster_id != NULL) {
        TRY(roster_get(tx, item->roster_id, &entry));
        photo->student_no = keep(load, entry.student_no);
        photo->name = keep(load, entry.name);
        photo->id_no = keep(load, entry.id_number);
        photo->class_name = keep(load, entry.class_name);
        photo->college = keep(load, entry.college);
        return ERR_NONE;
    }
    TRY(student_get(tx, item->student_id, &student));
    photo->name = keep(load, student.name);
    photo->id_no = keep(load, student.id_number);
    photo->student_no = photo->class_name = photo->college = "";
    return ERR_NONE;
}

/* Opened only while the batch is built; the package itself is sealed again. */
static enum err load_code(struct tx *tx, struct batch_load *load, struct batch_photo *photo)
{
    struct collection_code code;
    enum err e = collection_code_latest(tx, photo->submission_id, &code);
    if (e == ERR_NOT_FOUND || (e == ERR_NONE && code.payload == NULL))
        return ERR_NONE;
    TRY(e);
    char *text = arena_alloc(load->effect->arena, code.payload_len * 4 / 3 + 5);
    crypt_base64(code.payload, code.payload_len, false, text);
    photo->collection_code = text;
    return ERR_NONE;
}

static enum err load_blob(struct tx *tx, struct batch_load *load, const struct batch_item *item,
                          struct batch_photo *photo)
{
    struct attempt attempt;
    struct blob_row row;
    if (item->attempt_id == NULL)
        return ERR_NONE;
    TRY(attempt_get(tx, item->attempt_id, &attempt));
    if (attempt.standard_blob_id == NULL)
        return ERR_NONE;
    enum err e = blob_row_get(tx, attempt.standard_blob_id, &row);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e; /* erased */
    photo->blob_id = keep(load, row.id);
    photo->sealed_key = arena_copy(load->effect->arena, row.sealed_key, row.sealed_key_len);
    photo->sealed_key_len = row.sealed_key_len;
    return ERR_NONE;
}

static enum err load_batch(struct tx *tx, struct batch_load *load)
{
    struct batch batch;
    struct capture_session session;
    TRY(batch_get(tx, load->batch_id, &batch));
    load->wanted = text_is(batch.state, "building");
    if (!load->wanted)
        return ERR_NONE;
    TRY(session_get(tx, batch.session_id, &session));
    load->kind = keep(load, batch.kind);
    load->batch_name = keep(load, batch.name);
    load->session_name = keep(load, session.name);
    load->school_code = keep(load, session.school_code);
    load->print_layout = keep(load, session.policy.print_layout);
    load->print_caption = keep(load, session.policy.print_caption);
    load->created_us = batch.created_us;
    return ERR_NONE;
}

static enum err load_step(struct tx *tx, void *job)
{
    struct batch_load *load = job;
    load->read = 0;
    TRY(load_batch(tx, load));
    if (!load->wanted)
        return ERR_NONE;
    struct batch_item *items = ARENA_ARRAY(tx->arena, struct batch_item, BATCH_LOAD_ROWS);
    size_t count = 0;
    TRY(batch_items(tx, load->batch_id, load->after, items, BATCH_LOAD_ROWS, &count));
    for (size_t i = 0; i < count && load->count + i < BATCH_ITEMS_MAX; i++) {
        struct batch_photo *photo = &load->photos[load->count + i];
        *photo = (struct batch_photo){.submission_id = keep(load, items[i].submission_id),
                                      .code = keep(load, items[i].code),
                                      .position = items[i].position};
        TRY(load_names(tx, load, &items[i], photo));
        TRY(load_blob(tx, load, &items[i], photo));
        photo->collection_code = "";
        const char *layout;
        TRY(submission_layout(tx, items[i].submission_id, load->print_layout, &layout));
        photo->print_layout = keep(load, layout);
        if (text_is(load->kind, "chsi"))
            TRY(load_code(tx, load, photo));
        load->read = i + 1;
    }
    return ERR_NONE;
}

static void loaded(struct store_unit *unit)
{
    struct batch_load *load = container_of(unit, struct batch_load, unit);
    if (unit->result != ERR_NONE || !load->wanted) {
        load->done(load, unit->result);
        return;
    }
    load->count += load->read;
    if (load->read < BATCH_LOAD_ROWS || load->count == BATCH_ITEMS_MAX) {
        load->done(load, ERR_NONE);
        return;
    }
    load->after = load->photos[load->count - 1].position;
    effect_unit(load->effect, &load->unit, STORE_READ, load_step, load, loaded);
}

void batch_load(struct batch_load *load)
{
    load->photos = ARENA_ARRAY(load->effect->arena, struct batch_photo, BATCH_ITEMS_MAX);
    load->count = 0;
    load->after = -1;
    effect_unit(load->effect, &load->unit, STORE_READ, load_step, load, loaded);
}
