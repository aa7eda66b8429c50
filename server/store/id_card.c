#include "store/id_card.h"

#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/store.h"

#define CARDS_MAX 128

static enum err read_card(struct tx *tx, const struct rows *r, struct id_card *card)
{
    *card = (struct id_card){.id = col_text(r, 0),
                             .student_id = col_text(r, 1),
                             .side = col_text(r, 2),
                             .state = col_text(r, 3),
                             .blob_id = col_text(r, 4),
                             .portrait_blob_id = col_text(r, 5),
                             .report = col_text(r, 7),
                             .created_us = col_int(r, 8),
                             .expires_us = col_int(r, 9)};
    return column_open(tx, r, 6, "id_card", card->id, "reading", &card->reading);
}

enum err id_card_get(struct tx *tx, const char *id, struct id_card *card)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ID_CARD_GET, v_text(id)));
    enum err e = rows_next(&r) ? read_card(tx, &r, card) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err id_card_add(struct tx *tx, const struct id_card *card)
{
    RUNS_ON(ROLE_WRITER);
    struct rows r;
    int64_t today = 0;
    TRY(TX_OPEN(tx, &r, Q_ID_CARD_COUNT, v_text(card->student_id), v_int(card->created_us - ID_CARD_KEPT_US)));
    if (rows_next(&r))
        today = col_int(&r, 0);
    TRY(rows_close(&r));
    if (today >= ID_CARDS_PER_DAY)
        return ERR_RATE_LIMITED;
    return TX_RUN(tx, Q_ID_CARD_ADD, v_text(card->id), v_text(card->student_id), v_text(card->side),
                  v_text(card->blob_id), v_int(card->created_us), v_int(card->created_us + ID_CARD_KEPT_US));
}

enum err id_card_found(struct tx *tx, const char *id, const char *state, const char *portrait_blob_id,
                       const char *reading, const char *report)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_ID_CARD_FOUND, v_text(state), v_text(portrait_blob_id),
                  column_seal(tx, "id_card", id, "reading", reading), v_text(report), v_text(id));
}

enum err id_card_name(struct tx *tx, const char *student_id, const char *id)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_ID_CARD_NAME, v_text(id), v_text(student_id)));
    return changed == 1 ? ERR_NONE : ERR_NOT_FOUND;
}

enum err id_card_portrait(struct tx *tx, const char *student_id, const char **blob_id)
{
    struct rows r;
    *blob_id = NULL;
    TRY(TX_OPEN(tx, &r, Q_ID_CARD_PORTRAIT, v_text(student_id)));
    if (rows_next(&r))
        *blob_id = col_text(&r, 0);
    return rows_close(&r);
}

/* The picture is the upload's too: that row goes first, so that nobody is told "already here". */
static enum err purge_one(struct tx *tx, const char *id, const char *student_id, const char *picture,
                          const char *portrait, int64_t now_us)
{
    TRY(TX_RUN(tx, Q_ID_CARD_DELETE, v_text(id)));
    TRY(TX_RUN(tx, Q_UPLOADS_OF_BLOB_DROP, v_text(student_id), v_text(picture)));
    TRY(blob_row_erase(tx, picture, now_us));
    return blob_row_erase(tx, portrait, now_us);
}

struct purged {
    const char *id, *student_id, *picture, *portrait;
};

/* Rows "id, student, picture, portrait" of an open query; closes it. */
static enum err purge_rows(struct tx *tx, struct rows *r, const char *kept_blob_id, int64_t now_us, int64_t *count)
{
    struct purged *list = ARENA_ARRAY(tx->arena, struct purged, CARDS_MAX);
    size_t found = 0;
    while (found < CARDS_MAX && rows_next(r))
        list[found++] = (struct purged){col_text(r, 0), col_text(r, 1), col_text(r, 2), col_text(r, 3)};
    TRY(rows_close(r));
    for (size_t i = 0; i < found; i++) {
        bool kept = kept_blob_id != NULL && text_is(list[i].portrait, kept_blob_id);
        TRY(purge_one(tx, list[i].id, list[i].student_id, list[i].picture, kept ? NULL : list[i].portrait, now_us));
    }
    *count = (int64_t)found;
    return ERR_NONE;
}

enum err id_card_purge(struct tx *tx, const char *student_id, const char *kept_blob_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct rows r;
    int64_t count = 0;
    TRY(TX_OPEN(tx, &r, Q_ID_CARDS_OF, v_text(student_id), v_int(CARDS_MAX)));
    return purge_rows(tx, &r, kept_blob_id, now_us, &count);
}

enum err id_card_expire(struct tx *tx, int64_t now_us, int64_t max, int64_t *count)
{
    RUNS_ON(ROLE_WRITER);
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ID_CARDS_EXPIRED, v_int(now_us), v_int(max < CARDS_MAX ? max : CARDS_MAX)));
    return purge_rows(tx, &r, NULL, now_us, count);
}
