#include "store/idem.h"

#include "base/check.h"
#include "base/crypt.h"
#include "store/queries.h"

static const char *hash_of(struct tx *tx, const char *key)
{
    char *hex = arena_alloc(tx->arena, CRYPT_HASH_TEXT_BYTES);
    crypt_hash_text(key, hex);
    return hex;
}

enum err idem_find(struct tx *tx, const char *owner_id, const char *key, int64_t now_us, struct idem_record *record)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_IDEM_GET, v_text(owner_id), v_text(hash_of(tx, key)), v_int(now_us)));
    if (rows_next(&r)) {
        /* One text column holds both: header lines, an empty line, the body. */
        const char *stored = col_text(&r, 2), *gap = strstr(stored, "\n\n");
        bool no_headers = stored[0] == '\n';
        *record = (struct idem_record){.request_hash = col_text(&r, 0), .status = col_int(&r, 1)};
        record->headers = no_headers || gap == NULL ? "" : arena_text_n(tx->arena, stored, (size_t)(gap - stored) + 1);
        record->body = no_headers ? stored + 1 : gap == NULL ? stored : gap + 2;
    }
    return rows_close_one(&r);
}

enum err idem_put(struct tx *tx, const char *owner_id, const char *key, const struct idem_record *record,
                  int64_t now_us, int64_t expires_us)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_IDEM_PUT, v_text(owner_id), v_text(hash_of(tx, key)), v_text(record->request_hash),
                  v_int(record->status), v_text(arena_printf(tx->arena, "%s\n%s", record->headers, record->body)),
                  v_int(now_us), v_int(expires_us));
}
