#include "base/pace.h"

#include "base/check.h"

void pace_init(struct pace *pace, int64_t min_ms, int64_t max_ms)
{
    CHECK(min_ms > 0 && min_ms <= max_ms);
    *pace = (struct pace){.min_ms = min_ms, .max_ms = max_ms};
    atomic_store(&pace->next_ms, min_ms);
}

void pace_served(struct pace *pace)
{
    int64_t next_ms = atomic_load(&pace->next_ms);
    next_ms -= next_ms / 16 + 1;
    atomic_store(&pace->next_ms, next_ms > pace->min_ms ? next_ms : pace->min_ms);
}

void pace_sent_away(struct pace *pace)
{
    int64_t next_ms = atomic_load(&pace->next_ms);
    next_ms += next_ms / 4 + 1;
    atomic_store(&pace->next_ms, next_ms < pace->max_ms ? next_ms : pace->max_ms);
}

int64_t pace_next_ms(const struct pace *pace)
{
    return atomic_load(&pace->next_ms);
}
