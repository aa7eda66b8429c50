#include "store/own_data.h"

#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/retouch.h"
#include "store/store.h"
#include "store/student.h"
#include "store/student_submissions.h"

#define ATTEMPTS_MAX 256

/* ---- the copy's row ---- */

enum err own_copy_newest(struct tx *tx, const char *student_id, struct own_copy *copy)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_OWN_COPY_NEWEST, v_text(student_id)));
    if (rows_next(&r))
        *copy = (struct own_copy){.id = col_text(&r, 0),
                                  .state = col_text(&r, 1),
                                  .blob_id = col_text(&r, 2),
                                  .size_bytes = col_int(&r, 3),
                                  .left_out = col_int(&r, 4),
                                  .created_us = col_int(&r, 5),
                                  .expires_us = col_int(&r, 6)};
    return rows_close_one(&r);
}

enum err own_copy_start(struct tx *tx, const char *student_id, const char *new_id, int64_t now_us,
                        struct own_copy *copy)
{
    RUNS_ON(ROLE_WRITER);
    enum err e = own_copy_newest(tx, student_id, copy);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    bool wanted =
        e == ERR_NOT_FOUND || text_is(copy->state, "failed") || copy->created_us + OWN_COPY_PAUSE_MS * 1000 <= now_us;
    if (!wanted)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_OWN_COPY_ADD, v_text(new_id), v_text(student_id), v_int(now_us),
               v_int(now_us + OWN_COPY_KEEP_MS * 1000)));
    const char *payload = arena_printf(tx->arena, "{\"student_id\":\"%s\",\"copy_id\":\"%s\"}", student_id, new_id);
    TRY(outbox_put(tx, arena_printf(tx->arena, "%s-own_copy", new_id), "own_copy", NULL, payload, 0, now_us));
    return own_copy_newest(tx, student_id, copy);
}

enum err own_copy_ready(struct tx *tx, const char *id, const char *blob_id, int64_t size_bytes, int64_t left_out)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_OWN_COPY_READY, v_text(blob_id), v_int(size_bytes), v_int(left_out), v_text(id));
}

enum err own_copy_failed(struct tx *tx, const char *id)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_OWN_COPY_FAILED, v_text(id));
}

/* ---- pictures ---- */

struct pictures {
    struct own_picture *list;
    size_t max, count;
};

static enum err add_picture(struct tx *tx, struct pictures *to, const char *name, const char *blob_id)
{
    struct blob_row row;
    if (blob_id == NULL || to->count == to->max)
        return ERR_NONE;
    enum err e = blob_row_get(tx, blob_id, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE; /* erased */
    TRY(e);
    const char *ending = text_is(row.media_type, "image/png")    ? "png"
                         : text_is(row.media_type, "image/heic") ? "heic"
                                                                 : "jpg";
    to->list[to->count++] = (struct own_picture){.name = arena_printf(tx->arena, "%s.%s", name, ending),
                                                 .blob_id = row.id,
                                                 .sealed_key = row.sealed_key,
                                                 .sealed_key_len = row.sealed_key_len,
                                                 .size_bytes = row.size_bytes};
    return ERR_NONE;
}

/* Repairs by people, and the same photo by other profiles. */
static enum err add_versions(struct tx *tx, struct pictures *to, const char *at, const char *attempt_id)
{
    struct retouch *versions = ARENA_ARRAY(tx->arena, struct retouch, RETOUCH_TRIES_MAX + 1);
    struct derived *derived = ARENA_ARRAY(tx->arena, struct derived, DERIVED_MAX);
    size_t count = 0;
    TRY(retouch_list(tx, attempt_id, versions, RETOUCH_TRIES_MAX + 1, &count));
    for (size_t i = 0; i < count; i++)
        TRY(add_picture(tx, to, arena_printf(tx->arena, "%s-version-%" PRId64, at, versions[i].number),
                        versions[i].standard_blob_id));
    TRY(derived_list(tx, attempt_id, derived, DERIVED_MAX, &count));
    for (size_t i = 0; i < count; i++)
        TRY(add_picture(tx, to,
                        arena_printf(tx->arena, "%s-%s-%" PRId64, at, derived[i].profile, derived[i].retouch_number),
                        derived[i].blob_id));
    return ERR_NONE;
}

static enum err add_attempts(struct tx *tx, struct pictures *to, const struct submission *s)
{
    struct attempt *list = ARENA_ARRAY(tx->arena, struct attempt, ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, list, ATTEMPTS_MAX, &count));
    for (size_t i = count; i-- > 0;) {
        const char *at = arena_printf(tx->arena, "%s/photo-%" PRId64, s->code, list[i].number);
        TRY(add_picture(tx, to, arena_printf(tx->arena, "%s-finished", at), list[i].standard_blob_id));
        TRY(add_picture(tx, to, arena_printf(tx->arena, "%s-original", at), list[i].original_blob_id));
        TRY(add_versions(tx, to, at, list[i].id));
    }
    return ERR_NONE;
}

/* Objects of this student that a query names: (name, blob). */
static enum err add_named(struct tx *tx, struct pictures *to, const char *folder, size_t query, const char *student_id)
{
    struct rows r;
    enum err e = ERR_NONE;
    TRY(TX_OPEN(tx, &r, query, v_text(student_id), v_int(OWN_COPY_PICTURES_MAX)));
    while (e == ERR_NONE && rows_next(&r))
        e = add_picture(tx, to, arena_printf(tx->arena, "%s/%s", folder, col_text(&r, 0)), col_text(&r, 1));
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

enum err own_data_pictures(struct tx *tx, const char *student_id, struct own_picture *list, size_t max, size_t *count)
{
    struct pictures to = {list, max, 0};
    struct student student;
    struct submission submissions[STUDENT_SUBMISSIONS_MAX];
    size_t n = 0;
    TRY(student_get(tx, student_id, &student));
    TRY(student_submissions(tx, student_id, submissions, countof(submissions), &n));
    TRY(add_picture(tx, &to, "id-portrait", student.portrait_blob_id));
    for (size_t i = n; i-- > 0;)
        TRY(add_attempts(tx, &to, &submissions[i]));
    TRY(add_named(tx, &to, "id-card", Q_OWN_CARD_PICTURES, student_id));
    TRY(add_named(tx, &to, "messages", Q_OWN_MESSAGE_PICTURES, student_id));
    TRY(add_named(tx, &to, "uploads", Q_OWN_UPLOAD_PICTURES, student_id));
    *count = to.count;
    return ERR_NONE;
}
