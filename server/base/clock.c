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

/* ---- reading ---- */

/* `count` digits at *at, moved past them; -1 when they are not. */
static int digits(const char **at, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + **at - '0';
    }
    return value;
}

static bool take(const char **at, char c)
{
    bool is = **at == c;
    *at += is;
    return is;
}

/* "Z" or "+08:00"; minutes east. */
static bool take_offset(const char **at, int *minutes)
{
    *minutes = 0;
    if (take(at, 'Z') || take(at, 'z'))
        return **at == '\0';
    int sign = **at == '-' ? -1 : 1;
    if (!take(at, '+') && !take(at, '-'))
        return false;
    int hour = digits(at, 2), minute = take(at, ':') ? digits(at, 2) : -1;
    *minutes = sign * (hour * 60 + minute);
    return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && **at == '\0';
}

bool clock_read(const char *text, int64_t *utc_us)
{
    struct clock_civil c = {0};
    int minutes = 0;
    c.year = digits(&text, 4);
    c.month = take(&text, '-') ? digits(&text, 2) : -1;
    c.day = take(&text, '-') ? digits(&text, 2) : -1;
    if (!take(&text, 'T') && !take(&text, 't') && !take(&text, ' '))
        return false;
    c.hour = digits(&text, 2);
    c.minute = take(&text, ':') ? digits(&text, 2) : -1;
    c.second = take(&text, ':') ? digits(&text, 2) : -1;
    if (take(&text, '.'))
        while (*text >= '0' && *text <= '9')
            text++;
    if (c.year < 1970 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour < 0 || c.hour > 23 ||
        c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 59 || !take_offset(&text, &minutes))
        return false;
    *utc_us = clock_from_civil_cn(&c) + SECONDS_US(8 * 3600) - SECONDS_US(60) * minutes;
    struct clock_civil back = clock_civil_cn(clock_from_civil_cn(&c));
    return back.day == c.day && back.month == c.month; /* no 31 June */
}
