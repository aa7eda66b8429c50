/* Identity numbers: normal form, plausibility, masks. Declared in student.h; pure. */
#include "base/resident_number.h"
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

bool id_number_plausible(const char *normal)
{
    size_t len = strlen(normal);
    if (len == 18)
        return resident_number_valid(normal);
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
