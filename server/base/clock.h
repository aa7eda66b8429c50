/* clock — the only clock of the project.
 *
 * Wall time is microseconds since 1970 UTC (int64). Durations and time-outs use the monotonic clock. Scenario
 * tests replace the wall clock; then it moves only when they say so. Any thread. */
#ifndef XY_CLOCK_H
#define XY_CLOCK_H

#include "base/base.h"

int64_t clock_utc_us(void);  /* wall time; may jump */
int64_t clock_mono_us(void); /* only for differences; since some point of its own */

/* Tests only: from now on clock_utc_us returns exactly this until the next call; 0 returns to real time. */
void clock_fake_set(int64_t utc_us);

/* RFC 3339 with milliseconds, "2026-06-30T18:40:00.000Z". `text` has room for CLOCK_TEXT_BYTES. */
#define CLOCK_TEXT_BYTES 32
void clock_text(int64_t utc_us, char text[CLOCK_TEXT_BYTES]);

/* RFC 3339 with seconds, any offset: "2026-05-01T08:00:00+08:00". False: not a time. */
bool clock_read(const char *text, int64_t *utc_us);

/* Civil date and time in China standard time (UTC+8, no daylight saving since 1991). */
struct clock_civil {
    int year, month, day;     /* month 1..12, day 1..31 */
    int hour, minute, second; /* 24 h */
    int weekday;              /* 0 Sunday .. 6 Saturday */
};
struct clock_civil clock_civil_cn(int64_t utc_us);
int64_t clock_from_civil_cn(const struct clock_civil *civil); /* weekday is ignored */

#endif
