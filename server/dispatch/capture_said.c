#include "dispatch/capture_said.h"

#include "base/json.h"
#include "workflow/lens.h"

struct capture_said capture_said(struct arena *arena, const struct attempt *attempt, const struct policy *policy)
{
    return (struct capture_said){.mode = arena_text(arena, attempt->source),
                                 .wanted = arena_text(arena, policy->capture_source),
                                 .selfie = arena_text(arena, policy->selfie),
                                 .lens_side = lens_side(attempt->lens),
                                 .taken_in_us = attempt->created_us,
                                 .captured_us = attempt->captured_us};
}

void capture_said_put(struct buf *b, const struct capture_said *said)
{
    json_put_text(b, "capture_mode", said->mode);
    json_put_text(b, "capture_wanted", said->wanted);
    json_put_text(b, "selfie", said->selfie);
    json_put_text(b, "lens_side", said->lens_side);
    json_put_time(b, "now", said->taken_in_us);
    if (said->captured_us > 0)
        json_put_time(b, "captured_at", said->captured_us);
}
