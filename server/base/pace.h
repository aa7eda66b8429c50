/* pace — how long clients should wait before they ask again for something that is given only while there is room.
 *
 * One number for all clients: it grows by a quarter with every request that was sent away and shrinks by a sixteenth
 * with every one that was served, so it settles where about a fifth is sent away, however many clients there are.
 *
 * Any thread, without locks; a change lost to a race does no harm. */
#ifndef XY_PACE_H
#define XY_PACE_H

#include "base/base.h"

#include <stdatomic.h>

struct pace {
    _Atomic int64_t next_ms;
    int64_t min_ms, max_ms; /* set once */
};

void pace_init(struct pace *pace, int64_t min_ms, int64_t max_ms);
void pace_served(struct pace *pace);
void pace_sent_away(struct pace *pace);
int64_t pace_next_ms(const struct pace *pace);

#endif
