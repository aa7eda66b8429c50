#include "store/column.h"

#include "store/store.h"

static const char *about_of(struct tx *tx, const char *table, const char *id, const char *column)
{
    return arena_printf(tx->arena, "%s|%s|%s", table, id, column);
}

struct val column_seal(struct tx *tx, const char *table, const char *id, const char *column, const char *plain)
{
    size_t len = 0;
    if (plain == NULL)
        return v_null();
    const void *sealed = keyring_seal(store_ring(tx), KEYRING_COLUMN, plain, strlen(plain),
                                      about_of(tx, table, id, column), tx->arena, &len);
    return v_bytes(sealed, len);
}

enum err column_open(struct tx *tx, const struct rows *r, int at, const char *table, const char *id, const char *column,
                     const char **plain)
{
    size_t sealed_len = 0, len = 0;
    char *text = NULL;
    const void *sealed = col_bytes(r, at, &sealed_len);
    *plain = NULL;
    if (sealed == NULL)
        return ERR_NONE;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about_of(tx, table, id, column), tx->arena,
                     &text, &len));
    *plain = text;
    return ERR_NONE;
}

const char *column_index(struct tx *tx, const char *field, const char *value)
{
    char *hex = arena_alloc(tx->arena, KEYRING_INDEX_TEXT_BYTES);
    keyring_index(store_ring(tx), field, value, hex);
    return hex;
}
