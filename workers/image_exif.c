#include "workers/image_exif.h"

/* `text` up to its end fits the pattern: 'd' is a digit, everything else itself. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; text++, shape++)
        if (*shape == 'd' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return *text == '\0' || *text == ' ';
}

static int number(const char *digits, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool image_exif_taken_at(const char *text, char taken_at[IMAGE_TAKEN_BYTES])
{
    taken_at[0] = '\0';
    if (text == NULL || !has_shape(text, "dddd:dd:dd dd:dd:dd"))
        return false;
    int year = number(text, 4), month = number(text + 5, 2), day = number(text + 8, 2);
    int hour = number(text + 11, 2), minute = number(text + 14, 2), second = number(text + 17, 2);
    if (year < 1990 || year > 2099 || month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    memcpy(taken_at, text, IMAGE_TAKEN_BYTES - 1);
    taken_at[4] = taken_at[7] = '-';
    taken_at[10] = 'T';
    taken_at[IMAGE_TAKEN_BYTES - 1] = '\0';
    return true;
}
