/* school — found by what a student types of its name. Structs live in tx->arena. Any store thread. */
#ifndef XY_SCHOOL_H
#define XY_SCHOOL_H

#include "store/capture_session.h"

#define SCHOOLS_FOUND_MAX   20
#define SCHOOL_SESSIONS_MAX 50

struct school {
    const char *id, *code, *name;
};

/* Name or code: the same first, then beginning with `words`, then containing them; shorter names before longer ones.
 * ASCII letters of either case. At most SCHOOLS_FOUND_MAX. */
enum err school_find(struct tx *tx, const char *words, struct school *list, size_t *count);
/* A school's sessions that are not over at `now_us`, of that level or of none ("": all), those that open first first.
 * At most SCHOOL_SESSIONS_MAX. */
enum err school_sessions(struct tx *tx, const char *school_id, const char *level, int64_t now_us,
                         struct capture_session *list, size_t *count);

#endif
