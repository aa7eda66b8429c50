/* Identity numbers: normal form, plausibility, masks. Declared in student.h; pure. */
#include "base/text.h"
#include "store/student.h"

/* One ASCII character for the code point at *text (full-width forms U+FF01..U+FF5E become ASCII); 0 when it is none. */
static char ascii_at(const char **text)
{
    const unsigned char *c = (const unsigned char *)*text;
    if (c[0] < 0x80) {
        (*text)++;
        return (char)c[0];
    }
    if (c[0] == 0xef && c[1] >= 0xbc && c[1] <= 0xbd && (c[2] & 0xc0) == 0x80) {
        unsigned point = 0xf000u | (unsigned)(c[1] & 0x3f) << 6 | (unsigned)(c[2] & 0x3f);
        *text += 3;
        return point >= 0xff01 && point <= 0xff5e ? (char)(point - 0xff01 + 0x21) : 0;
    }
    return 0;
}

bool id_number_normal(const char *given, char out[ID_NUMBER_BYTES])
{
    size_t len = 0;
    while (*given != '\0') {
        char c = ascii_at(&given);
        if (c == 0 || len == 20)
            return false;
        if (c == ' ' || c == '(' || c == ')' || c == '-')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')))
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return len >= 4;
}

static bool possible_date(const char *digits)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = (digits[4] - '0') * 10 + digits[5] - '0', day = (digits[6] - '0') * 10 + digits[7] - '0';
    for (int i = 0; i < 4; i++)
        year = year * 10 + digits[i] - '0';
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1900 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           !(month == 2 && day == 29 && !leap);
}

/* GB 11643-1999: sum of digit × 2^(17-i) mod 11 picks the check character; computed in domain.md F.1. */
static bool resident_number(const char *number)
{
    static const char check[] = "10X98765432";
    int sum = 0, weight = 1;
    if (strspn(number, "0123456789") < 17)
        return false;
    for (int i = 16; i >= 0; i--) {
        weight = weight * 2 % 11;
        sum += (number[i] - '0') * weight;
    }
    return number[17] == check[sum % 11] && possible_date(number + 6);
}

bool id_number_plausible(const char *normal)
{
    size_t len = strlen(normal);
    if (len == 18)
        return resident_number(normal);
    bool letters_first = normal[0] >= 'A' && normal[0] <= 'Z';
    if ((len == 9 || len == 11) && (normal[0] == 'H' || normal[0] == 'M'))
        return strspn(normal + 1, "0123456789") == len - 1; /* 港澳居民来往内地通行证 */
    if (len == 8)
        return true;                                 /* 台湾居民来往大陆通行证, or a short passport */
    return len >= 5 && (letters_first || len <= 15); /* passports and older documents have no check digit */
}

const char *mask_name(struct arena *arena, const char *name)
{
    if (name == NULL)
        return NULL;
    return arena_printf(arena, "%.*s*", (int)text_cut(name, 1), name);
}

const char *mask_number(struct arena *arena, const char *number)
{
    if (number == NULL)
        return NULL;
    size_t len = strlen(number);
    char *masked = arena_text(arena, number);
    size_t keep_front = len >= 11 ? 3 : 0, keep_back = len > 4 ? 4 : 0;
    for (size_t i = keep_front; i + keep_back < len; i++)
        masked[i] = '*';
    return masked;
}
