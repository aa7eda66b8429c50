#include "store/account_list.h"

#include "store/queries.h"

static void read_entry(const struct rows *r, struct account_entry *entry)
{
    entry->account = (struct account){.id = col_text(r, 0),
                                      .name = col_text(r, 1),
                                      .display_name = col_text(r, 2),
                                      .password_hash = col_text(r, 3),
                                      .roles = col_int(r, 4),
                                      .school_id = col_text(r, 5),
                                      .disabled = col_int(r, 6) != 0,
                                      .wrong_tries = col_int(r, 7),
                                      .locked_until_us = col_int(r, 8),
                                      .version = col_int(r, 9)};
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
