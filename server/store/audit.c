#include "store/audit.h"

#include "base/buf.h"
#include "base/check.h"
#include "store/queries.h"
#include "store/store.h"

#define ENTRY_BYTES_MAX KIB(16)
#define PAGE_ROWS       512

/* The text a hash covers: every field with its length, so that no two rows share a text. */
static void canonical(struct buf *b, int64_t number, const struct audit_entry *entry)
{
    const char *fields[] = {entry->actor_kind,  entry->actor_id,  entry->action,
                            entry->object_kind, entry->object_id, entry->detail};
    buf_printf(b, "%" PRId64 "|%" PRId64, number, entry->at_us);
    for (size_t i = 0; i < countof(fields); i++)
        buf_printf(b, "|%zu:%s", strlen(fields[i]), fields[i]);
}

static enum err chain(struct tx *tx, const unsigned char previous[CRYPT_HASH_BYTES], int64_t number,
                      const struct audit_entry *entry, unsigned char out[CRYPT_HASH_BYTES])
{
    struct buf b;
    buf_init(&b, ENTRY_BYTES_MAX);
    canonical(&b, number, entry);
    bool over = b.over;
    if (!over)
        keyring_chain(store_ring(tx), previous, b.bytes, b.len, out);
    buf_release(&b);
    return over ? ERR_TOO_LARGE : ERR_NONE;
}

enum err audit_add(struct tx *tx, const struct audit_entry *given)
{
    RUNS_ON(ROLE_WRITER);
    struct audit_entry entry = *given;
    if (entry.detail == NULL)
        entry.detail = "{}";
    unsigned char previous[CRYPT_HASH_BYTES] = {0}, hash[CRYPT_HASH_BYTES];
    int64_t number = 1;
    struct rows r;
    TRY(tx_open_all(tx, &r, Q_AUDIT_LAST));
    if (rows_next(&r)) {
        size_t len = 0;
        number = col_int(&r, 0) + 1;
        const void *last = col_bytes(&r, 1, &len);
        if (len == sizeof previous)
            memcpy(previous, last, sizeof previous);
    }
    TRY(rows_close(&r));
    TRY(chain(tx, previous, number, &entry, hash));
    return TX_RUN(tx, Q_AUDIT_ADD, v_int(number), v_int(entry.at_us), v_text(entry.actor_kind), v_text(entry.actor_id),
                  v_text(entry.action), v_text(entry.object_kind), v_text(entry.object_id), v_text(entry.detail),
                  v_bytes(hash, sizeof hash));
}

static void read_entry(const struct rows *r, struct audit_row *row)
{
    row->number = col_int(r, 0);
    row->entry = (struct audit_entry){.at_us = col_int(r, 1),
                                      .actor_kind = col_text(r, 2),
                                      .actor_id = col_text(r, 3),
                                      .action = col_text(r, 4),
                                      .object_kind = col_text(r, 5),
                                      .object_id = col_text(r, 6),
                                      .detail = col_text(r, 7)};
}

/* One page of the walk: checks each row against the hash carried along. */
static enum err verify_page(struct tx *tx, unsigned char previous[CRYPT_HASH_BYTES], int64_t *rows, int64_t *bad,
                            bool *more)
{
    struct rows r;
    size_t seen = 0;
    arena_reset(tx->arena); /* the walk keeps nothing of earlier pages */
    TRY(TX_OPEN(tx, &r, Q_AUDIT_PAGE, v_int(*rows), v_int(PAGE_ROWS)));
    while (*bad == 0 && rows_next(&r)) {
        struct audit_row row;
        unsigned char hash[CRYPT_HASH_BYTES];
        size_t len = 0;
        read_entry(&r, &row);
        const void *stored = col_bytes(&r, 8, &len);
        enum err e = chain(tx, previous, row.number, &row.entry, hash);
        if (e != ERR_NONE || row.number != *rows + 1 || len != sizeof hash || !crypt_equal(stored, hash, len)) {
            *bad = *rows + 1;
            break;
        }
        memcpy(previous, hash, sizeof hash);
        *rows = row.number;
        seen++;
    }
    *more = seen == PAGE_ROWS;
    return rows_close(&r);
}

enum err audit_verify(struct tx *tx, int64_t *rows, int64_t *bad)
{
    unsigned char previous[CRYPT_HASH_BYTES] = {0};
    bool more = true;
    *rows = *bad = 0;
    while (more && *bad == 0)
        TRY(verify_page(tx, previous, rows, bad, &more));
    return *bad == 0 ? ERR_NONE : ERR_CORRUPT;
}

enum err audit_list(struct tx *tx, const char *object_id, const char *actor_id, int64_t before, struct audit_row *rows,
                    size_t max, size_t *count)
{
    struct rows r;
    int64_t below = before > 0 ? before : INT64_MAX;
    *count = 0;
    if (object_id != NULL)
        TRY(TX_OPEN(tx, &r, Q_AUDIT_LIST_OBJECT, v_text(object_id), v_int(below), v_int((int64_t)max)));
    else if (actor_id != NULL)
        TRY(TX_OPEN(tx, &r, Q_AUDIT_LIST_ACTOR, v_text(actor_id), v_int(below), v_int((int64_t)max)));
    else
        TRY(TX_OPEN(tx, &r, Q_AUDIT_LIST, v_int(below), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_entry(&r, &rows[(*count)++]);
    return rows_close(&r);
}
