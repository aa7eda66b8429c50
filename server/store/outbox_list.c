#include "store/outbox_list.h"

#include "base/json.h"
#include "base/text.h"
#include "store/queries.h"

/* "<microseconds>.<id>" */
static enum err split_cursor(struct tx *tx, const char *cursor, int64_t *before_us, const char **before_id)
{
    *before_us = INT64_MAX;
    *before_id = "";
    if (cursor == NULL)
        return ERR_NONE;
    const char *dot = strchr(cursor, '.');
    if (dot == NULL || !text_int(arena_text_n(tx->arena, cursor, (size_t)(dot - cursor)), before_us))
        return ERR_BAD_FIELD;
    *before_id = dot + 1;
    return ERR_NONE;
}

static void put_row(const struct rows *r, struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "id", col_text(r, 0));
    json_put_text(out, "kind", col_text(r, 1));
    json_put_text(out, "submission_id", col_text(r, 3));
    json_put_text(out, "state", col_text(r, 2));
    json_put_int(out, "tries", col_int(r, 5));
    json_put_text(out, "outcome", col_text(r, 4));
    json_put_time(out, "due", col_int(r, 6));
    json_put_time(out, "created", col_int(r, 7));
    json_put_time(out, "ended", col_int(r, 8));
    json_object_close(out);
}

enum err outbox_list_stuck(struct tx *tx, const char *cursor, int64_t limit, struct buf *out, const char **next)
{
    struct rows r;
    int64_t shown = 0, before_us = 0;
    const char *before_id = NULL, *last = NULL;
    *next = NULL;
    TRY(split_cursor(tx, cursor, &before_us, &before_id));
    json_array_open(out);
    TRY(TX_OPEN(tx, &r, Q_OUTBOX_STUCK_PAGE, v_int(before_us), v_text(before_id), v_int(limit + 1)));
    while (rows_next(&r)) {
        if (shown++ == limit) {
            *next = last;
            break;
        }
        last = arena_printf(tx->arena, "%" PRId64 ".%s", col_int(&r, 7), col_text(&r, 0));
        put_row(&r, out);
    }
    json_array_close(out);
    return rows_close(&r);
}
