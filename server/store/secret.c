#include "store/secret.h"

#include "store/queries.h"
#include "store/store.h"

static const char *place(struct tx *tx, const char *name)
{
    return arena_printf(tx->arena, "secret|%s", name);
}

enum err secret_get(struct tx *tx, const char *name, const char **value, int64_t *expires_us)
{
    struct rows r;
    const void *sealed = NULL;
    size_t sealed_len = 0, len;
    TRY(TX_OPEN(tx, &r, Q_SECRET_GET, v_text(name)));
    if (rows_next(&r)) {
        sealed = col_bytes(&r, 0, &sealed_len);
        *expires_us = col_int(&r, 1);
    }
    TRY(rows_close_one(&r));
    char *opened;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, place(tx, name), tx->arena, &opened, &len));
    *value = opened;
    return ERR_NONE;
}

enum err secret_put(struct tx *tx, const char *name, const char *value, int64_t expires_us, int64_t now_us)
{
    size_t sealed_len;
    const unsigned char *sealed =
        keyring_seal(store_ring(tx), KEYRING_COLUMN, value, strlen(value), place(tx, name), tx->arena, &sealed_len);
    return TX_RUN(tx, Q_SECRET_PUT, v_text(name), v_bytes(sealed, sealed_len), v_int(expires_us), v_int(now_us));
}
