#include "workers/capture.h"

#include "base/text.h"

#include <math.h>

static bool digits_at(const char *text, size_t at, size_t count, int *value)
{
    *value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    return true;
}

/* Days since 1 March of year 0 in the Gregorian calendar; only differences mean something. NAN: no date. */
static double day_of(const char *text)
{
    int year, month, day;
    if (strlen(text) < 10 || text[4] != '-' || text[7] != '-' || !digits_at(text, 0, 4, &year) ||
        !digits_at(text, 5, 2, &month) || !digits_at(text, 8, 2, &day))
        return NAN;
    if (year < 1990 || month < 1 || month > 12 || day < 1 || day > 31)
        return NAN; /* a clock that was never set */
    int moved = (month + 9) % 12, whole = month <= 2 ? year - 1 : year;
    return 365 * whole + whole / 4 - whole / 100 + whole / 400 + (moved * 306 + 5) / 10 + day - 1;
}

void capture_check(struct comply *report, const struct json *request, const char *taken_at)
{
    const char *taken = taken_at[0] != '\0' ? taken_at : json_text_at(request, "captured_at", "");
    const char *mode = json_text_at(request, "capture_mode", ""), *wanted = json_text_at(request, "capture_wanted", "");
    double age_days = day_of(json_text_at(request, "now", "")) - day_of(taken);
    struct check_range *range = &report->checks[CHECK_age_days].range;
    range->warn_above = (double)json_int_at(request, "age_days_max", CAPTURE_AGE_DAYS_MAX);
    range->warn_below = -2; /* tomorrow's photo: the clock is wrong, and so may every other date of it be */
    comply_set(report, CHECK_age_days, age_days, NULL);
    if (mode[0] != '\0' && wanted[0] != '\0')
        comply_set(report, CHECK_album, text_is(wanted, "live") && text_is(mode, "album") ? 1 : 0, NULL);
    const char *side = json_text_at(request, "lens_side", "");
    if (text_is(json_text_at(request, "selfie", ""), "forbidden") && !text_is(mode, "album"))
        comply_set(report, CHECK_lens, text_is(side, "back") ? 0 : 1, NULL);
}
