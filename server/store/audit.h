/* audit — who did what to what, in a chain that shows every later change.
 *
 * Each row's hash is BLAKE2b-256(key, hash before ‖ canonical text of the row); rows are written in the transaction of
 * what they report. Views of photos and revealed identities are audited too. `detail` is JSON and holds ids and codes,
 * never personal data. */
#ifndef XY_AUDIT_H
#define XY_AUDIT_H

#include "db/db.h"

struct audit_entry {
    int64_t at_us;
    const char *actor_kind, *actor_id, *action, *object_kind, *object_id;
    const char *detail; /* NULL: {} */
};

enum err audit_add(struct tx *tx, const struct audit_entry *entry); /* writer */

/* Walk the whole chain. CORRUPT and *bad = number of the first row that does not fit (or is missing). */
enum err audit_verify(struct tx *tx, int64_t *rows, int64_t *bad);

struct audit_row {
    int64_t number;
    struct audit_entry entry;
};
/* Newest first, before `before` (0: from the newest); filters NULL: all. */
enum err audit_list(struct tx *tx, const char *object_id, const char *actor_id, int64_t before, struct audit_row *rows,
                    size_t max, size_t *count);

#endif
