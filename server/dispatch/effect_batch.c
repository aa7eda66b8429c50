/* batch — payload {"batch_id","action","account_id","lines"}: what an operator said about a batch becomes moves, in
 * units of at most BATCH_LINES_MAX, so that the writer is never held long. */
#include "dispatch/effects.h"

#include "base/clock.h"
#include "store/batch.h"

struct moving {
    struct effect *effect;
    struct store_unit unit;
    struct batch_moves moves;
    int64_t moved;
};

static void moved(struct store_unit *unit)
{
    struct moving *m = container_of(unit, struct moving, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(m->effect, unit->result, "move");
        return;
    }
    m->moved += m->moves.moved;
    m->moves.from = m->moves.next;
    if (m->moves.next >= 0)
        effect_unit(m->effect, &m->unit, STORE_WRITE, batch_move, &m->moves, moved);
    else
        effect_end(m->effect, OUTBOX_DONE, 0, "%" PRId64 " moved", m->moved);
}

void batch_start(struct effect *effect)
{
    struct moving *m = ARENA_NEW(effect->arena, struct moving);
    effect->work = m;
    m->effect = effect;
    m->moves = (struct batch_moves){.payload = effect->row.payload, .now_us = clock_utc_us()};
    effect_unit(effect, &m->unit, STORE_WRITE, batch_move, &m->moves, moved);
}
