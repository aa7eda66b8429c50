#include "store/account_list.h"

#include "store/queries.h"
#include "store/rows.h"

static void read_entry(const struct rows *r, struct account_entry *entry)
{
    account_read(r, &entry->account);
    entry->created_us = col_int(r, 10);
}

enum err account_page(struct tx *tx, const char *after, struct account_entry *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_ACCOUNT_PAGE, v_text(after != NULL ? after : ""), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_entry(&r, &list[(*count)++]);
    return rows_close(&r);
}

enum err account_entry_get(struct tx *tx, const char *id, struct account_entry *entry)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_ACCOUNT_ENTRY, v_text(id)));
    if (rows_next(&r))
        read_entry(&r, entry);
    return rows_close_one(&r);
}

enum err account_school(struct tx *tx, const char *school_code, const char **school_id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SCHOOL_BY_CODE, v_text(school_code)));
    if (rows_next(&r))
        *school_id = col_text(&r, 0);
    return rows_close_one(&r);
}
