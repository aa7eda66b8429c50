#include "base/clock.h"

#include "base/check.h"

#include <stdatomic.h>

#define CN_OFFSET_S (8 * 3600)

static _Atomic int64_t fake_utc_us;

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    CHECK(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_utc_us(void)
{
    int64_t fake = atomic_load_explicit(&fake_utc_us, memory_order_relaxed);
    return fake != 0 ? fake : read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

void clock_fake_set(int64_t utc_us)
{
    atomic_store(&fake_utc_us, utc_us);
}

void clock_text(int64_t utc_us, char text[CLOCK_TEXT_BYTES])
{
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm tm;
    CHECK(gmtime_r(&seconds, &tm) != NULL);
    size_t len = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, CLOCK_TEXT_BYTES - len, ".%03dZ", (int)(utc_us / 1000 % 1000));
}

struct clock_civil clock_civil_cn(int64_t utc_us)
{
    time_t seconds = (time_t)(utc_us / 1000000 + CN_OFFSET_S);
    struct tm tm;
    CHECK(gmtime_r(&seconds, &tm) != NULL);
    return (struct clock_civil){.year = tm.tm_year + 1900,
                                .month = tm.tm_mon + 1,
                                .day = tm.tm_mday,
                                .hour = tm.tm_hour,
                                .minute = tm.tm_min,
                                .second = tm.tm_sec,
                                .weekday = tm.tm_wday};
}

int64_t clock_from_civil_cn(const struct clock_civil *civil)
{
    struct tm tm = {.tm_year = civil->year - 1900,
                    .tm_mon = civil->month - 1,
                    .tm_mday = civil->day,
                    .tm_hour = civil->hour,
                    .tm_min = civil->minute,
                    .tm_sec = civil->second};
    return ((int64_t)timegm(&tm) - CN_OFFSET_S) * 1000000;
}
