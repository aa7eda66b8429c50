#include "store/batch.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/store.h"

#define PAYLOAD_BYTES_MAX KIB(64)
#define HIDDEN_NAME       "index:" /* file_name holds a keyed hash */
#define FILE_INDEX_FIELD  "batch file"

/* ---- reading ---- */

static void read_batch(const struct rows *r, struct batch *b)
{
    *b = (struct batch){.id = col_text(r, 0),
                        .kind = col_text(r, 1),
                        .session_id = col_text(r, 2),
                        .name = col_text(r, 3),
                        .state = col_text(r, 4),
                        .items = col_int(r, 5),
                        .blob_id = col_text(r, 6),
                        .problem = col_text(r, 7),
                        .created_by = col_text(r, 8),
                        .created_us = col_int(r, 9),
                        .handed_over_us = col_int(r, 10)};
}

enum err batch_get(struct tx *tx, const char *id, struct batch *batch)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BATCH_GET, v_text(id)));
    if (rows_next(&r))
        read_batch(&r, batch);
    return rows_close_one(&r);
}

enum err batch_list(struct tx *tx, const char *kind, const char *before, struct batch *list, size_t max, size_t *count)
{
    struct rows r;
    const char *below = before != NULL ? before : "~"; /* behind every id */
    *count = 0;
    if (kind == NULL)
        TRY(TX_OPEN(tx, &r, Q_BATCH_LIST, v_text(below), v_int((int64_t)max)));
    else
        TRY(TX_OPEN(tx, &r, Q_BATCH_LIST_KIND, v_text(kind), v_text(below), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_batch(&r, &list[(*count)++]);
    return rows_close(&r);
}

static void read_item(const struct rows *r, struct batch_item *item)
{
    *item = (struct batch_item){.position = col_int(r, 0),
                                .submission_id = col_text(r, 1),
                                .file_name = col_text(r, 2),
                                .state = col_text(r, 3),
                                .problem = col_text(r, 4),
                                .code = col_text(r, 5),
                                .submission_state = col_text(r, 6),
                                .chsi_status = col_text(r, 7),
                                .carrier = col_text(r, 8),
                                .tracking_no = col_text(r, 9),
                                .student_id = col_text(r, 10),
                                .attempt_id = col_text(r, 11),
                                .roster_id = col_text(r, 12)};
    if (text_starts(item->file_name, HIDDEN_NAME))
        item->file_name = "";
}

enum err batch_items(struct tx *tx, const char *id, int64_t after, struct batch_item *items, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_BATCH_ITEMS, v_text(id), v_int(after), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_item(&r, &items[(*count)++]);
    return rows_close(&r);
}

/* ---- making ---- */

static enum err collect(struct tx *tx, const struct batch_new *batch, const char **ids, size_t max, size_t *count)
{
    struct rows r;
    size_t query = text_is(batch->kind, "chsi")    ? Q_BATCH_ELIGIBLE_CHSI
                   : text_is(batch->kind, "print") ? Q_BATCH_ELIGIBLE_PRINT
                                                   : Q_BATCH_ELIGIBLE_MAIL;
    *count = 0;
    TRY(TX_OPEN(tx, &r, query, v_text(batch->session_id), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        ids[(*count)++] = col_text(&r, 0);
    return rows_close(&r);
}

static enum err order_file(struct tx *tx, const struct batch_new *batch)
{
    if (text_is(batch->kind, "mail"))
        return TX_RUN(tx, Q_BATCH_BUILT, v_text(NULL), v_text(batch->id));
    const char *kind = text_is(batch->kind, "chsi") ? "package" : "sheet";
    struct buf b;
    buf_init(&b, PAYLOAD_BYTES_MAX);
    json_object_open(&b);
    json_put_text(&b, "batch_id", batch->id);
    json_put_text(&b, "template", batch->template != NULL ? batch->template : BATCH_TEMPLATE_DEFAULT);
    json_object_close(&b);
    enum err e =
        outbox_put(tx, arena_printf(tx->arena, "%s-%s", batch->id, kind), kind, NULL, buf_cstr(&b), 0, batch->now_us);
    buf_release(&b);
    return e;
}

enum err batch_create(struct tx *tx, const struct batch_new *batch, int64_t *items)
{
    RUNS_ON(ROLE_WRITER);
    size_t max = text_is(batch->kind, "print") ? BATCH_PRINT_ITEMS_MAX : BATCH_ITEMS_MAX, count = 0;
    const char **ids = ARENA_ARRAY(tx->arena, const char *, max);
    TRY(collect(tx, batch, ids, max, &count));
    *items = (int64_t)count;
    if (count == 0)
        return ERR_REFUSED;
    TRY(TX_RUN(tx, Q_BATCH_ADD, v_text(batch->id), v_text(batch->kind), v_text(batch->session_id), v_text(batch->name),
               v_int((int64_t)count), v_text(batch->created_by), v_int(batch->now_us)));
    for (size_t i = 0; i < count; i++)
        TRY(TX_RUN(tx, Q_BATCH_ITEM_ADD, v_text(batch->id), v_text(ids[i]), v_int((int64_t)i)));
    store_touch(tx, TOPIC_BATCH, batch->id);
    return order_file(tx, batch);
}

enum err batch_built(struct tx *tx, const char *id, const char *blob_id)
{
    RUNS_ON(ROLE_WRITER);
    store_touch(tx, TOPIC_BATCH, id);
    return TX_RUN(tx, Q_BATCH_BUILT, v_text(blob_id), v_text(id));
}

enum err batch_failed(struct tx *tx, const char *id, const char *problem)
{
    RUNS_ON(ROLE_WRITER);
    store_touch(tx, TOPIC_BATCH, id);
    return TX_RUN(tx, Q_BATCH_FAILED, v_text(problem), v_text(id));
}

static const char *hidden_name(struct tx *tx, const char *file_name)
{
    char index[KEYRING_INDEX_TEXT_BYTES];
    keyring_index(store_ring(tx), FILE_INDEX_FIELD, file_name, index);
    return arena_printf(tx->arena, HIDDEN_NAME "%s", index);
}

enum err batch_item_named(struct tx *tx, const char *batch_id, const char *submission_id, const char *file_name,
                          bool personal)
{
    const char *kept = personal ? hidden_name(tx, file_name) : file_name;
    return TX_RUN(tx, Q_BATCH_ITEM_FILE, v_text(kept), v_text(batch_id), v_text(submission_id));
}

static enum err set_item(struct tx *tx, const char *batch_id, const char *submission_id, const char *state,
                         const char *problem)
{
    return TX_RUN(tx, Q_BATCH_ITEM_STATE, v_text(state), v_text(problem), v_text(batch_id), v_text(submission_id),
                  v_text("open"));
}

enum err batch_item_missing(struct tx *tx, const char *batch_id, const char *submission_id)
{
    return set_item(tx, batch_id, submission_id, "missing", "the photo is not there");
}

/* ---- what operators say ---- */

static enum err get_of_kind(struct tx *tx, const char *id, const char *kind, struct batch *batch)
{
    TRY(batch_get(tx, id, batch));
    return text_is(batch->kind, kind) ? ERR_NONE : ERR_REFUSED;
}

/* One row that moves the open items from the first to the last. */
static enum err order_all(struct tx *tx, const char *id, const char *action, const char *account_id, int64_t now_us)
{
    const char *payload = arena_printf(tx->arena, "{\"batch_id\":\"%s\",\"action\":\"%s\",\"account_id\":\"%s\"}", id,
                                       action, account_id);
    store_touch(tx, TOPIC_BATCH, id);
    return outbox_put(tx, arena_printf(tx->arena, "%s-%s", id, action), "batch", NULL, payload, 0, now_us);
}

enum err batch_hand_over(struct tx *tx, const char *id, const char *account_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct batch batch;
    TRY(get_of_kind(tx, id, "chsi", &batch));
    if (text_is(batch.state, "handed_over") || text_is(batch.state, "done"))
        return ERR_NONE;
    if (!text_is(batch.state, "built"))
        return ERR_REFUSED;
    TRY(TX_RUN(tx, Q_BATCH_HANDED_OVER, v_int(now_us), v_text(id)));
    return order_all(tx, id, "hand_over", account_id, now_us);
}

enum err batch_printed(struct tx *tx, const char *id, const char *account_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct batch batch;
    TRY(get_of_kind(tx, id, "print", &batch));
    if (text_is(batch.state, "done"))
        return ERR_NONE;
    if (!text_is(batch.state, "built"))
        return ERR_REFUSED;
    return order_all(tx, id, "printed", account_id, now_us);
}

static enum err find_item(struct tx *tx, size_t query, const char *first, const char *second,
                          const char **submission_id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(first), v_text(second)));
    if (rows_next(&r))
        *submission_id = col_text(&r, 0);
    return rows_close(&r);
}

/* By the name as we gave it, without folder, with our ending, hidden or not; else by code. */
static enum err find_line(struct tx *tx, const char *batch_id, const char *key, const char **submission_id)
{
    *submission_id = NULL;
    const char *with_ending = arena_printf(tx->arena, "%s.jpg", key);
    const char *names[] = {key, with_ending, hidden_name(tx, key), hidden_name(tx, with_ending)};
    for (size_t i = 0; i < countof(names) && *submission_id == NULL; i++)
        TRY(find_item(tx, Q_BATCH_ITEM_BY_FILE, batch_id, names[i], submission_id));
    if (*submission_id == NULL)
        TRY(find_item(tx, Q_BATCH_ITEM_BY_CODE, key, batch_id, submission_id));
    return ERR_NONE;
}

static void chunk_open(struct buf *b, const struct batch_said *said, const char *action)
{
    buf_clear(b);
    json_object_open(b);
    json_put_text(b, "batch_id", said->batch_id);
    json_put_text(b, "action", action);
    json_put_text(b, "account_id", said->account_id);
    json_name(b, "lines");
    json_array_open(b);
}

static void chunk_line(struct buf *b, const struct batch_line *line, const char *submission_id)
{
    json_object_open(b);
    json_put_text(b, "submission_id", submission_id);
    if (line->tracking_no != NULL) {
        json_put_text(b, "carrier", line->carrier);
        json_put_text(b, "tracking_no", line->tracking_no);
    } else {
        json_put_bool(b, "accepted", line->accepted);
        json_put_text(b, "reason", line->reason);
    }
    json_object_close(b);
}

static enum err chunk_close(struct tx *tx, struct buf *b, const struct batch_said *said, const char *action,
                            size_t number)
{
    json_array_close(b);
    json_object_close(b);
    if (b->over)
        return ERR_TOO_LARGE;
    const char *id = arena_printf(tx->arena, "%s-%s-%s-%zu", said->batch_id, action, said->import_id, number);
    return outbox_put(tx, id, "batch", NULL, buf_cstr(b), 0, said->now_us);
}

static enum err order_lines(struct tx *tx, struct batch_said *said, const char *action, struct buf *b)
{
    size_t in_chunk = 0, chunks = 0;
    for (size_t i = 0; i < said->count; i++) {
        struct batch_line *line = &said->lines[i];
        const char *submission_id;
        TRY(find_line(tx, said->batch_id, line->key, &submission_id));
        line->known = submission_id != NULL;
        if (!line->known)
            continue;
        said->matched++;
        said->accepted += line->accepted;
        said->refused += !line->accepted;
        if (in_chunk == 0)
            chunk_open(b, said, action);
        chunk_line(b, line, submission_id);
        if (++in_chunk == BATCH_LINES_MAX) {
            TRY(chunk_close(tx, b, said, action, chunks++));
            in_chunk = 0;
        }
    }
    return in_chunk > 0 ? chunk_close(tx, b, said, action, chunks) : ERR_NONE;
}

static enum err say(struct tx *tx, struct batch_said *said, const char *action)
{
    CHECK(said->count <= BATCH_ITEMS_MAX);
    said->matched = said->accepted = said->refused = 0;
    store_touch(tx, TOPIC_BATCH, said->batch_id);
    struct buf b;
    buf_init(&b, PAYLOAD_BYTES_MAX);
    enum err e = order_lines(tx, said, action, &b);
    buf_release(&b);
    return e;
}

enum err batch_receipt(struct tx *tx, struct batch_said *said)
{
    RUNS_ON(ROLE_WRITER);
    struct batch batch;
    TRY(get_of_kind(tx, said->batch_id, "chsi", &batch));
    if (!text_is(batch.state, "handed_over") && !text_is(batch.state, "done"))
        return ERR_REFUSED;
    return say(tx, said, "receipt");
}

enum err batch_tracking(struct tx *tx, struct batch_said *said)
{
    RUNS_ON(ROLE_WRITER);
    struct batch batch;
    TRY(get_of_kind(tx, said->batch_id, "mail", &batch));
    if (!text_is(batch.state, "built") && !text_is(batch.state, "done"))
        return ERR_REFUSED;
    return say(tx, said, "tracking");
}
