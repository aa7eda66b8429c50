#include "store/reseal.h"

#include "base/check.h"
#include "store/queries.h"
#include "store/store.h"

struct sealed_column {
    const char *name;  /* table.column */
    const char *about; /* as the owner of the column binds it; one %s for the row's key */
    enum keyring_purpose purpose;
    size_t page, put;
};

static const struct sealed_column columns[] = {
    {"student.sealed_openid", "student|%s|openid", KEYRING_COLUMN, Q_RESEAL_OPENID_PAGE, Q_RESEAL_OPENID},
    {"student.sealed_phone", "student|%s|phone", KEYRING_COLUMN, Q_RESEAL_PHONE_PAGE, Q_RESEAL_PHONE},
    {"student.sealed_name", "student|%s|name", KEYRING_COLUMN, Q_RESEAL_NAME_PAGE, Q_RESEAL_NAME},
    {"student.sealed_id_number", "student|%s|id_number", KEYRING_COLUMN, Q_RESEAL_ID_NUMBER_PAGE, Q_RESEAL_ID_NUMBER},
    {"roster.sealed_person", "roster|%s|person", KEYRING_COLUMN, Q_RESEAL_ROSTER_PAGE, Q_RESEAL_ROSTER},
    {"roster_import.sealed_report", "roster_import|%s|report", KEYRING_COLUMN, Q_RESEAL_IMPORT_PAGE, Q_RESEAL_IMPORT},
    {"expected.sealed_person", "expected|%s|person", KEYRING_COLUMN, Q_RESEAL_EXPECTED_PAGE, Q_RESEAL_EXPECTED},
    {"submission.sealed_address", "submission|%s|address", KEYRING_COLUMN, Q_RESEAL_ADDRESS_PAGE, Q_RESEAL_ADDRESS},
    {"collection_code.sealed_payload", "collection_code|%s|payload", KEYRING_COLUMN, Q_RESEAL_CODE_PAGE, Q_RESEAL_CODE},
    {"collection_code.sealed_reading", "collection_code|%s|reading", KEYRING_COLUMN, Q_RESEAL_CODE_READING_PAGE,
     Q_RESEAL_CODE_READING},
    {"identity.sealed_name", "identity|%s|name", KEYRING_COLUMN, Q_RESEAL_IDENTITY_NAME_PAGE, Q_RESEAL_IDENTITY_NAME},
    {"identity.sealed_id_number", "identity|%s|id_number", KEYRING_COLUMN, Q_RESEAL_IDENTITY_NUMBER_PAGE,
     Q_RESEAL_IDENTITY_NUMBER},
    {"detail.sealed_detail", "detail|%s|detail", KEYRING_COLUMN, Q_RESEAL_DETAIL_PAGE, Q_RESEAL_DETAIL},
    {"link_request.sealed_claim", "link_request|%s|claim", KEYRING_COLUMN, Q_RESEAL_LINK_REQUEST_PAGE,
     Q_RESEAL_LINK_REQUEST},
    {"login_key.sealed_login", "login_key|%s|login", KEYRING_COLUMN, Q_RESEAL_LOGIN_KEY_PAGE, Q_RESEAL_LOGIN_KEY},
    {"id_card.sealed_reading", "id_card|%s|reading", KEYRING_COLUMN, Q_RESEAL_ID_CARD_PAGE, Q_RESEAL_ID_CARD},
    {"consent_evidence.sealed_evidence", "consent_evidence|%s|evidence", KEYRING_COLUMN, Q_RESEAL_EVIDENCE_PAGE,
     Q_RESEAL_EVIDENCE},
    {"move_note.sealed_note", "move_note|%s|note", KEYRING_COLUMN, Q_RESEAL_MOVE_NOTE_PAGE, Q_RESEAL_MOVE_NOTE},
    {"message.sealed_text", "message|%s|text", KEYRING_COLUMN, Q_RESEAL_MESSAGE_PAGE, Q_RESEAL_MESSAGE},
    {"follower.sealed_openid", "follower|%s|openid", KEYRING_COLUMN, Q_RESEAL_FOLLOWER_PAGE, Q_RESEAL_FOLLOWER},
    {"conversation.sealed_window_openid", "conversation|%s|window_openid", KEYRING_COLUMN, Q_RESEAL_WINDOW_PAGE,
     Q_RESEAL_WINDOW},
    {"idempotency.sealed_body", "idempotency|%s", KEYRING_COLUMN, Q_RESEAL_IDEM_PAGE, Q_RESEAL_IDEM},
    {"secret.sealed_value", "secret|%s", KEYRING_COLUMN, Q_RESEAL_SECRET_PAGE, Q_RESEAL_SECRET},
    {"webhook.sealed_secret", "webhook|%s|secret", KEYRING_WEBHOOK, Q_RESEAL_WEBHOOK_PAGE, Q_RESEAL_WEBHOOK},
};

struct rows_read {
    const char *keys[RESEAL_PAGE_ROWS];
    const void *sealed[RESEAL_PAGE_ROWS];
    size_t sealed_len[RESEAL_PAGE_ROWS], count;
};

size_t reseal_columns(void)
{
    return countof(columns);
}

const char *reseal_column_name(size_t column)
{
    CHECK(column < countof(columns));
    return columns[column].name;
}

static enum err read_page(struct tx *tx, const struct reseal *reseal, struct rows_read *page)
{
    struct rows r;
    page->count = 0;
    TRY(TX_OPEN(tx, &r, columns[reseal->column].page, v_text(reseal->after), v_int(RESEAL_PAGE_ROWS)));
    while (page->count < RESEAL_PAGE_ROWS && rows_next(&r)) {
        size_t at = page->count++;
        page->keys[at] = col_text(&r, 0);
        page->sealed[at] = col_is_null(&r, 1) ? NULL : col_bytes(&r, 1, &page->sealed_len[at]);
    }
    return rows_close(&r);
}

/* The bytes' place in the world; %s is the only conversion and the formats are ours. */
static const char *about_of(struct tx *tx, const struct sealed_column *column, const char *key)
{
    const char *hole = strstr(column->about, "%s");
    return arena_printf(tx->arena, "%.*s%s%s", (int)(hole - column->about), column->about, key, hole + 2);
}

static void move_on(struct reseal *reseal, const struct rows_read *page)
{
    reseal->looked_at += (int64_t)page->count;
    if (page->count == RESEAL_PAGE_ROWS) {
        snprintf(reseal->after, sizeof reseal->after, "%s", page->keys[page->count - 1]);
        return;
    }
    reseal->after[0] = '\0';
    reseal->done = ++reseal->column == countof(columns);
}

static void remember_bad(struct reseal *reseal, const char *key)
{
    if (reseal->unreadable++ == 0)
        snprintf(reseal->bad, sizeof reseal->bad, "%s %.60s", columns[reseal->column].name, key);
}

enum err reseal_step(struct tx *tx, void *job)
{
    RUNS_ON(ROLE_WRITER);
    struct reseal_page *move = job;
    struct reseal now = move->from;
    const struct sealed_column *column = &columns[now.column];
    const struct keyring *ring = store_ring(tx);
    struct rows_read page;
    TRY(read_page(tx, &now, &page));
    for (size_t i = 0; i < page.count; i++) {
        if (page.sealed[i] == NULL || keyring_number_of(page.sealed[i], page.sealed_len[i]) == keyring_newest(ring))
            continue;
        char *plain;
        size_t len, sealed_len;
        const char *about = about_of(tx, column, page.keys[i]);
        TRY(keyring_open(ring, column->purpose, page.sealed[i], page.sealed_len[i], about, tx->arena, &plain, &len));
        const unsigned char *sealed = keyring_seal(ring, column->purpose, plain, len, about, tx->arena, &sealed_len);
        crypt_wipe(plain, len);
        TRY(TX_RUN(tx, column->put, v_bytes(sealed, sealed_len), v_text(page.keys[i])));
        now.resealed++;
    }
    move_on(&now, &page);
    move->to = now;
    return ERR_NONE;
}

enum err reseal_verify(struct tx *tx, void *job)
{
    struct reseal_page *move = job;
    struct reseal *reseal = &move->to;
    *reseal = move->from;
    const struct sealed_column *column = &columns[reseal->column];
    struct rows_read page;
    TRY(read_page(tx, reseal, &page));
    for (size_t i = 0; i < page.count; i++) {
        if (page.sealed[i] == NULL)
            continue;
        char *plain;
        size_t len;
        enum err e = keyring_open(store_ring(tx), column->purpose, page.sealed[i], page.sealed_len[i],
                                  about_of(tx, column, page.keys[i]), tx->arena, &plain, &len);
        if (e == ERR_NONE)
            crypt_wipe(plain, len);
        else
            remember_bad(reseal, page.keys[i]);
    }
    move_on(reseal, &page);
    return ERR_NONE;
}
