#include "store/idem.h"

#include "base/check.h"
#include "base/crypt.h"
#include "store/queries.h"
#include "store/store.h"

static const char *hash_of(struct tx *tx, const char *key)
{
    char *hex = arena_alloc(tx->arena, CRYPT_HASH_TEXT_BYTES);
    crypt_hash_text(key, hex);
    return hex;
}

static const char *about(struct tx *tx, const char *owner_id, const char *key_hash)
{
    return arena_printf(tx->arena, "idempotency|%s|%s", owner_id, key_hash);
}

/* One sealed text holds both: header lines, an empty line, the body. */
static enum err open_answer(struct tx *tx, const void *sealed, size_t sealed_len, const char *place,
                            struct idem_record *record)
{
    char *stored;
    size_t len;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, place, tx->arena, &stored, &len));
    const char *gap = strstr(stored, "\n\n");
    bool no_headers = stored[0] == '\n';
    record->headers = no_headers || gap == NULL ? "" : arena_text_n(tx->arena, stored, (size_t)(gap - stored) + 1);
    record->body = no_headers ? stored + 1 : gap == NULL ? stored : gap + 2;
    return ERR_NONE;
}

enum err idem_find(struct tx *tx, const char *owner_id, const char *key, int64_t now_us, struct idem_record *record)
{
    struct rows r;
    const char *key_hash = hash_of(tx, key);
    const void *sealed = NULL;
    size_t sealed_len = 0;
    TRY(TX_OPEN(tx, &r, Q_IDEM_GET, v_text(owner_id), v_text(key_hash), v_int(now_us)));
    if (rows_next(&r)) {
        *record = (struct idem_record){.request_hash = col_text(&r, 0), .status = col_int(&r, 1)};
        sealed = col_bytes(&r, 2, &sealed_len);
    }
    TRY(rows_close_one(&r));
    return open_answer(tx, sealed, sealed_len, about(tx, owner_id, key_hash), record);
}

enum err idem_put(struct tx *tx, const char *owner_id, const char *key, const struct idem_record *record,
                  int64_t now_us, int64_t expires_us)
{
    RUNS_ON(ROLE_WRITER);
    size_t sealed_len;
    const char *key_hash = hash_of(tx, key);
    const char *answer = arena_printf(tx->arena, "%s\n%s", record->headers, record->body);
    const unsigned char *sealed = keyring_seal(store_ring(tx), KEYRING_COLUMN, answer, strlen(answer),
                                               about(tx, owner_id, key_hash), tx->arena, &sealed_len);
    return TX_RUN(tx, Q_IDEM_PUT, v_text(owner_id), v_text(key_hash), v_text(record->request_hash),
                  v_int(record->status), v_bytes(sealed, sealed_len), v_int(now_us), v_int(expires_us));
}
