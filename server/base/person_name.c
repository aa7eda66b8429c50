#include "base/person_name.h"

#include "base/text.h"

#include <string.h>

#define DOT   0xb7u
#define SPACE 0x20u
#define NOT   0u

/* ---- characters ---- */

/* The next one of valid UTF-8. */
static uint32_t take(const unsigned char **at)
{
    const unsigned char *c = *at;
    int more = *c >= 0xf0 ? 3 : *c >= 0xe0 ? 2 : *c >= 0xc0 ? 1 : 0;
    uint32_t point = more == 0 ? *c : *c & (0x3fu >> more);
    for (c++; more > 0; more--, c++)
        point = point << 6 | (*c & 0x3fu);
    *at = c;
    return point;
}

static size_t put(uint32_t point, char out[4])
{
    size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(first[more] | point);
    return more + 1;
}

/* What is written for the dot of 阿卜杜拉·买买提: on keyboards, on cards, in the ministries' tables. */
static bool is_dot(uint32_t point)
{
    static const uint32_t dots[] = {DOT,    0x2022, 0x2027, 0x2219, 0x22c5, 0x2024, 0x25cf, 0x2e31,
                                    0x30fb, 0xff65, 0xff0e, 0xfe52, 0x0387, 0x16eb, 0x1427};
    for (size_t i = 0; i < countof(dots); i++)
        if (dots[i] == point)
            return true;
    return false;
}

static bool is_space(uint32_t point)
{
    return point == SPACE || point == 0xa0 || point == 0x3000 || (point >= 0x2000 && point <= 0x200a) ||
           point == 0x202f || point == 0x205f || point == '\t';
}

/* Seen by nobody: zero-width ones and marks of direction, which copying brings along. */
static bool is_nothing(uint32_t point)
{
    return (point >= 0x200b && point <= 0x200f) || point == 0x2060 || point == 0xfeff || point == 0xad;
}

static bool is_han(uint32_t point)
{
    return (point >= 0x3400 && point <= 0x9fff) || (point >= 0xf900 && point <= 0xfaff) ||
           (point >= 0x20000 && point <= 0x3ffff) || point == 0x3007;
}

static uint32_t narrow(uint32_t point)
{
    if (is_dot(point))
        return DOT;
    if (is_space(point))
        return SPACE;
    return point >= 0xff01 && point <= 0xff5e ? point - 0xfee0 : point;
}

/* The next character of a name, NOT at its end; runs of spaces are one. */
static uint32_t next(const unsigned char **at)
{
    while (**at != '\0') {
        uint32_t point = narrow(take(at));
        if (is_nothing(point))
            continue;
        const unsigned char *behind = *at;
        while (point == SPACE && *behind != '\0') {
            uint32_t more = narrow(take(&behind));
            if (more != SPACE && !is_nothing(more))
                break;
            *at = behind;
        }
        return point;
    }
    return NOT;
}

/* ---- names ---- */

static bool is_valid(const char *name)
{
    return text_utf8_valid(name, strlen(name));
}

struct points {
    size_t count;
    uint32_t items[PERSON_NAME_BYTES];
};

static bool read_points(const char *name, struct points *points)
{
    const unsigned char *at = (const unsigned char *)name;
    points->count = 0;
    for (uint32_t point = next(&at); point != NOT; point = next(&at)) {
        if (points->count == countof(points->items))
            return false;
        points->items[points->count++] = point;
    }
    return true;
}

/* The character at `at`; NOT before the first and behind the last (SIZE_MAX is one before the first). */
static uint32_t point_at(const struct points *points, size_t at)
{
    return at < points->count ? points->items[at] : NOT;
}

/* The nearest one that is no space; `step` SIZE_MAX looks back. Runs of spaces are one. */
static uint32_t beside(const struct points *points, size_t at, size_t step)
{
    uint32_t point = point_at(points, at + step);
    return point == SPACE ? point_at(points, at + step + step) : point;
}

/* A full stop between Chinese characters is a dot, too: "J. Smith" keeps its own. */
static bool is_dot_by_place(const struct points *points, size_t at)
{
    return points->items[at] == '.' && is_han(beside(points, at, SIZE_MAX)) && is_han(beside(points, at, 1));
}

/* A space belongs between two words of letters, nowhere else. */
static bool is_idle(const struct points *points, size_t at)
{
    if (points->items[at] != SPACE)
        return false;
    uint32_t before = point_at(points, at - 1), behind = point_at(points, at + 1);
    return before == NOT || behind == NOT || before == DOT || behind == DOT || is_han(before) || is_han(behind);
}

bool person_name_normal(const char *name, char out[PERSON_NAME_BYTES])
{
    struct points points;
    size_t len = 0;
    out[0] = '\0';
    if (!is_valid(name) || !read_points(name, &points))
        return false;
    for (size_t i = 0; i < points.count; i++)
        if (is_dot_by_place(&points, i))
            points.items[i] = DOT;
    for (size_t i = 0; i < points.count; i++) {
        if (is_idle(&points, i))
            continue;
        if (len + 4 >= PERSON_NAME_BYTES)
            return false;
        len += put(points.items[i], out + len);
    }
    out[len] = '\0';
    return true;
}

/* The next character that counts in a comparison. */
static uint32_t next_letter(const unsigned char **at)
{
    uint32_t point = next(at);
    while (point == DOT || point == SPACE || point == '.')
        point = next(at);
    return point >= 'a' && point <= 'z' ? point - 'a' + 'A' : point;
}

bool person_name_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL || !is_valid(a) || !is_valid(b))
        return false;
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
    bool some = false;
    for (;;) {
        uint32_t left = next_letter(&x), right = next_letter(&y);
        if (left != right)
            return false;
        if (left == NOT)
            return some;
        some = true;
    }
}
