/* account_list — accounts for the page of users. Structs live in tx->arena. Any store thread. */
#ifndef XY_ACCOUNT_LIST_H
#define XY_ACCOUNT_LIST_H

#include "store/account.h"

struct account_entry {
    struct account account;
    int64_t created_us;
};

/* By name, behind `after` (NULL: from the first). */
enum err account_page(struct tx *tx, const char *after, struct account_entry *list, size_t max, size_t *count);
enum err account_entry_get(struct tx *tx, const char *id, struct account_entry *entry);  /* NOT_FOUND */
enum err account_school(struct tx *tx, const char *school_code, const char **school_id); /* NOT_FOUND */

#endif
