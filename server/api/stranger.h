/* stranger — names that no account has, and how often somebody tried to log in with them.
 *
 * A wrong password for an account is written down and soon costs time. If a name without account cost none, whoever
 * tries six times would know which names exist. So wrong tries for such names are counted by the same schedule: here,
 * in a table of fixed size (the place of the longest unused name is taken), only as a hash, until the server stops. */
#ifndef XY_API_STRANGER_H
#define XY_API_STRANGER_H

#include "base/base.h"

struct stranger {
    int64_t wrong_tries, locked_until_us;
};

/* Any thread. Zeros for a name that was not tried before. */
struct stranger stranger_get(const char *name);
void stranger_put(const char *name, struct stranger stranger, int64_t now_us);

#endif
