#include "store/webhook_store.h"

#include "store/queries.h"
#include "store/store.h"

static const char *place(struct tx *tx, const char *id)
{
    return arena_printf(tx->arena, "webhook|%s|secret", id);
}

enum err webhook_add(struct tx *tx, const struct webhook *webhook)
{
    size_t sealed_len;
    const unsigned char *sealed = keyring_seal(store_ring(tx), KEYRING_WEBHOOK, webhook->secret, WEBHOOK_SECRET_BYTES,
                                               place(tx, webhook->id), tx->arena, &sealed_len);
    return TX_RUN(tx, Q_WEBHOOK_ADD, v_text(webhook->id), v_text(webhook->url), v_bytes(sealed, sealed_len),
                  v_int(webhook->created_us));
}

static void read_row(const struct rows *r, struct webhook *webhook)
{
    *webhook = (struct webhook){
        .id = col_text(r, 0),
        .url = col_text(r, 1),
        .disabled = col_int(r, 3) != 0,
        .failing_since_us = col_int(r, 4),
        .created_us = col_int(r, 5),
    };
}

enum err webhook_get(struct tx *tx, const char *id, struct webhook *webhook)
{
    struct rows r;
    const void *sealed = NULL;
    size_t sealed_len = 0, len;
    TRY(TX_OPEN(tx, &r, Q_WEBHOOK_GET, v_text(id)));
    if (rows_next(&r)) {
        read_row(&r, webhook);
        sealed = col_bytes(&r, 2, &sealed_len);
    }
    TRY(rows_close_one(&r));
    char *secret;
    TRY(keyring_open(store_ring(tx), KEYRING_WEBHOOK, sealed, sealed_len, place(tx, id), tx->arena, &secret, &len));
    if (len != WEBHOOK_SECRET_BYTES)
        return ERR_CORRUPT;
    webhook->secret = (const unsigned char *)secret;
    return ERR_NONE;
}

enum err webhook_list(struct tx *tx, struct webhook *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_WEBHOOK_LIST, v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_row(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err webhook_remove(struct tx *tx, const char *id)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_WEBHOOK_REMOVE, v_text(id)));
    return changed == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

enum err webhook_disable(struct tx *tx, const char *id, bool disabled)
{
    return TX_RUN(tx, Q_WEBHOOK_DISABLE, v_bool(disabled), v_text(id));
}

enum err webhook_note(struct tx *tx, const char *id, bool failed, int64_t now_us, bool *disabled)
{
    struct webhook webhook;
    *disabled = false;
    enum err e = webhook_get(tx, id, &webhook);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE; /* removed meanwhile */
    TRY(e);
    if (!failed)
        return webhook.failing_since_us == 0 ? ERR_NONE : TX_RUN(tx, Q_WEBHOOK_FAILING, v_int(0), v_text(id));
    if (webhook.failing_since_us == 0)
        return TX_RUN(tx, Q_WEBHOOK_FAILING, v_int(now_us), v_text(id));
    if (webhook.disabled || now_us - webhook.failing_since_us < WEBHOOK_FAILING_MAX_US)
        return ERR_NONE;
    *disabled = true;
    return webhook_disable(tx, id, true);
}
