/* secret — tokens of outside systems, sealed. Bound to their name. Value in tx->arena. */
#ifndef XY_SECRET_H
#define XY_SECRET_H

#include "db/db.h"

enum err secret_get(struct tx *tx, const char *name, const char **value, int64_t *expires_us); /* NOT_FOUND, CORRUPT */
enum err secret_put(struct tx *tx, const char *name, const char *value, int64_t expires_us,
                    int64_t now_us); /* writer */

#endif
