/* effect_group — the students a group order covers go on: a hundred in a unit, so that a school of twenty thousand does
 * not hold up the writer. Idempotent: who has paid is passed over. */
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "dispatch/outside.h"
#include "store/group_order.h"

struct cover {
    struct effect *effect;
    struct store_unit unit;
    const char *order_id, *after, *last;
    size_t moved, moved_now;
};

static enum err cover_step(struct tx *tx, void *job)
{
    struct cover *c = job;
    const char *last = NULL;
    c->moved_now = 0;
    TRY(group_order_cover(tx, c->order_id, c->after, clock_utc_us(), &last, &c->moved_now));
    c->last = arena_text(c->effect->arena, last);
    return ERR_NONE;
}

static void covered(struct store_unit *unit)
{
    struct cover *c = container_of(unit, struct cover, unit);
    if (unit->result != ERR_NONE) {
        effect_failed(c->effect, unit->result, "group_cover");
        return;
    }
    c->moved += c->moved_now;
    if (c->last == NULL) {
        effect_end(c->effect, OUTBOX_DONE, 0, "%zu students go on", c->moved);
        return;
    }
    c->after = c->last;
    effect_unit(c->effect, &c->unit, STORE_WRITE, cover_step, c, covered);
}

void group_cover_start(struct effect *effect)
{
    struct cover *c = ARENA_NEW(effect->arena, struct cover);
    c->effect = effect;
    c->after = "";
    c->order_id = json_text_at(effect_payload(effect), "group_order_id", NULL);
    if (c->order_id == NULL)
        effect_end(effect, OUTBOX_DEAD, 0, "row without order");
    else
        effect_unit(effect, &c->unit, STORE_WRITE, cover_step, c, covered);
}
