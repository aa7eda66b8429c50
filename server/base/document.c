#include "base/document.h"

#include "base/resident_number.h"
#include "base/text.h"

static bool digits(const char *text, size_t count)
{
    return strlen(text) == count && strspn(text, "0123456789") == count;
}

static size_t letters(const char *text)
{
    size_t count = 0;
    while (text[count] >= 'A' && text[count] <= 'Z')
        count++;
    return count;
}

/* An old card's number: "19" behind the area, the check character at the end. */
static bool make_eighteen(const char *fifteen, char out[DOCUMENT_NUMBER_BYTES])
{
    static const char check[] = "0123456789X";
    if (!digits(fifteen, 15))
        return false;
    snprintf(out, DOCUMENT_NUMBER_BYTES, "%.6s19%sX", fifteen, fifteen + 6);
    for (const char *c = check; *c != '\0'; c++) {
        out[RESIDENT_NUMBER_CHARS - 1] = *c;
        if (resident_number_valid(out))
            return true;
    }
    return false;
}

static bool is_permit_area(const char *number)
{
    return number[0] == '8' && number[1] >= '1' && number[1] <= '3';
}

static bool fits(const char *type, const char *number)
{
    size_t len = strlen(number), front = letters(number);
    if (text_is(type, "resident"))
        return resident_number_valid(number);
    if (text_is(type, "residence_permit"))
        return resident_number_valid(number) && is_permit_area(number);
    if (text_is(type, "hk_macau_permit"))
        return (number[0] == 'H' || number[0] == 'M') && (digits(number + 1, 8) || digits(number + 1, 10));
    if (text_is(type, "taiwan_permit"))
        return digits(number, 8) || digits(number, 10) ||
               (len == 11 && strspn(number, "0123456789") == 10 && letters(number + 10) == 1);
    if (text_is(type, "foreigner_permit"))
        return (front == 3 && digits(number + 3, 12)) || (number[0] == '9' && resident_number_valid(number));
    return text_is(type, "passport") && len >= 5 && len <= 20;
}

bool document_number(const char *type, const char *normal, char out[DOCUMENT_NUMBER_BYTES])
{
    if (strlen(normal) >= DOCUMENT_NUMBER_BYTES)
        return false;
    if (text_is(type, "resident") && strlen(normal) == 15)
        return make_eighteen(normal, out);
    snprintf(out, DOCUMENT_NUMBER_BYTES, "%s", normal);
    return fits(type, normal);
}

bool document_area_known(const char *type, const char *number)
{
    static const char areas[] = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62"
                                " 63 64 65 71 81 82 83 91 ";
    const char area[] = {' ', number[0], number[0] == '\0' ? '\0' : number[1], ' ', '\0'};
    if (!text_is(type, "resident") && !text_is(type, "residence_permit"))
        return true;
    return strlen(number) >= 2 && strstr(areas, area) != NULL;
}
