#include "base/wechat_field.h"

#include "base/text.h"

#define THING_CHARS_MAX   20
#define PHRASE_CHARS_MAX  5
#define STRING_CHARS_MAX  32
#define AMOUNT_DIGITS_MAX 10

static const struct {
    const char *name;
    enum wechat_type type;
} types[] = {
    {"thing", WECHAT_THING},
    {"phrase", WECHAT_PHRASE},
    {"character_string", WECHAT_CHARACTER_STRING},
    {"time", WECHAT_TIME},
    {"date", WECHAT_DATE},
    {"amount", WECHAT_AMOUNT},
    {"number", WECHAT_NUMBER},
    {"letter", WECHAT_LETTER},
    {"symbol", WECHAT_SYMBOL},
    {"phone_number", WECHAT_PHONE_NUMBER},
    {"car_number", WECHAT_CAR_NUMBER},
    {"name", WECHAT_NAME},
};

bool wechat_type_of_key(const char *key, enum wechat_type *type)
{
    for (size_t i = 0; i < countof(types); i++) {
        size_t len = strlen(types[i].name);
        if (strncmp(key, types[i].name, len) == 0 && text_all(key + len, "0123456789")) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

/* One code point of valid UTF-8. */
static uint32_t point_at(const char *text, size_t *len)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80) {
        *len = 1;
        return c[0];
    }
    if (c[0] < 0xe0) {
        *len = 2;
        return (uint32_t)(c[0] & 0x1f) << 6 | (c[1] & 0x3f);
    }
    if (c[0] < 0xf0) {
        *len = 3;
        return (uint32_t)(c[0] & 0x0f) << 12 | (uint32_t)(c[1] & 0x3f) << 6 | (c[2] & 0x3f);
    }
    *len = 4;
    return (uint32_t)(c[0] & 0x07) << 18 | (uint32_t)(c[1] & 0x3f) << 12 | (uint32_t)(c[2] & 0x3f) << 6 | (c[3] & 0x3f);
}

static bool is_chinese(uint32_t p)
{
    return (p >= 0x4e00 && p <= 0x9fff) || (p >= 0x3400 && p <= 0x4dbf) || (p >= 0x20000 && p <= 0x3134f) ||
           p == 0x3007;
}

static bool is_digit(uint32_t p)
{
    return p >= '0' && p <= '9';
}

static bool is_letter(uint32_t p)
{
    return (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z');
}

/* Whether the type may hold the character at all. */
static bool allows(enum wechat_type type, uint32_t p)
{
    switch (type) {
    case WECHAT_THING:
        return p >= 0x20 && p != 0x7f && !(p >= 0x80 && p < 0xa0) && p != 0x2028 && p != 0x2029;
    case WECHAT_PHRASE:
        return is_chinese(p);
    case WECHAT_CHARACTER_STRING:
        return p > 0x20 && p < 0x7f;
    case WECHAT_NUMBER:
        return is_digit(p) || p == '.';
    case WECHAT_LETTER:
        return is_letter(p);
    case WECHAT_SYMBOL:
        return p > 0x20 && p < 0x7f && !is_digit(p) && !is_letter(p);
    case WECHAT_PHONE_NUMBER:
        return is_digit(p) || p == '+' || p == '-';
    case WECHAT_CAR_NUMBER:
        return is_chinese(p) || is_digit(p) || (p >= 'A' && p <= 'Z');
    case WECHAT_NAME:
        return is_chinese(p) || is_letter(p) || p == ' ' || p == '.' || p == '-' || p == 0xb7;
    case WECHAT_TIME:
    case WECHAT_DATE:
    case WECHAT_AMOUNT:
        return true; /* a shape, not a set */
    }
    return false;
}

static size_t chars_max(enum wechat_type type, const char *text)
{
    switch (type) {
    case WECHAT_THING:
        return THING_CHARS_MAX;
    case WECHAT_PHRASE:
    case WECHAT_SYMBOL:
        return PHRASE_CHARS_MAX;
    case WECHAT_PHONE_NUMBER:
        return 17;
    case WECHAT_CAR_NUMBER:
        return 8;
    case WECHAT_NAME:
        for (size_t len; *text != '\0'; text += len)
            if (is_chinese(point_at(text, &len)))
                return 10;
        return 20;
    default:
        return STRING_CHARS_MAX;
    }
}

/* ---- shapes: each takes what it understands and leaves *at behind it ---- */

static bool take_digits(const char **at, size_t min, size_t max)
{
    size_t n = 0;
    while (n < max && is_digit((unsigned char)(*at)[n]))
        n++;
    *at += n;
    return n >= min;
}

static bool take(const char **at, const char *what)
{
    if (!text_starts(*at, what))
        return false;
    *at += strlen(what);
    return true;
}

static bool take_date(const char **at)
{
    const char *c = *at;
    bool chinese;
    if (!take_digits(&c, 4, 4))
        return false;
    chinese = take(&c, "年");
    if (!chinese && !take(&c, "-"))
        return false;
    if (!take_digits(&c, 1, 2) || !take(&c, chinese ? "月" : "-") || !take_digits(&c, 1, 2))
        return false;
    if (chinese && !take(&c, "日"))
        return false;
    *at = c;
    return true;
}

static bool take_clock(const char **at)
{
    const char *c = *at;
    int64_t hour, minute;
    char digits[3] = {0};
    const char *from = c;
    if (!take_digits(&c, 1, 2))
        return false;
    memcpy(digits, from, (size_t)(c - from));
    if (!text_int(digits, &hour) || hour > 23 || !take(&c, ":"))
        return false;
    from = c;
    if (!take_digits(&c, 2, 2))
        return false;
    memcpy(digits, from, 2);
    if (!text_int(digits, &minute) || minute > 59)
        return false;
    const char *before = c;
    if (take(&c, ":") && !take_digits(&c, 2, 2))
        c = before;
    *at = c;
    return true;
}

static bool take_moment(const char **at, bool date_needed, bool clock_needed)
{
    bool dated = take_date(at);
    if (date_needed && !dated)
        return false;
    const char *before = *at;
    if (dated && !take(at, " "))
        return !clock_needed;
    if (take_clock(at))
        return true;
    *at = before;
    return dated && !clock_needed;
}

static bool is_moment(const char *text, bool date_needed, bool clock_needed)
{
    if (!take_moment(&text, date_needed, clock_needed))
        return false;
    if (take(&text, "~") && !take_moment(&text, date_needed, clock_needed))
        return false;
    return *text == '\0';
}

static bool is_amount(const char *text)
{
    (void)(take(&text, "¥") || take(&text, "￥") || take(&text, "$"));
    if (!take_digits(&text, 1, AMOUNT_DIGITS_MAX))
        return false;
    if (take(&text, ".") && !take_digits(&text, 1, 2))
        return false;
    (void)take(&text, "元");
    return *text == '\0';
}

static bool has_shape(enum wechat_type type, const char *text)
{
    switch (type) {
    case WECHAT_TIME:
        return is_moment(text, false, true);
    case WECHAT_DATE:
        return is_moment(text, true, false);
    case WECHAT_AMOUNT:
        return is_amount(text);
    default:
        return true;
    }
}

bool wechat_field_valid(enum wechat_type type, const char *text)
{
    size_t len;
    if (text[0] == '\0' || !has_shape(type, text))
        return false;
    if (text_chars(text) > chars_max(type, text))
        return false;
    for (const char *c = text; *c != '\0'; c += len)
        if (!allows(type, point_at(c, &len)))
            return false;
    return true;
}

const char *wechat_field_fit(enum wechat_type type, const char *text, struct arena *arena)
{
    size_t len, at = 0;
    if (type == WECHAT_TIME || type == WECHAT_DATE || type == WECHAT_AMOUNT)
        return wechat_field_valid(type, text) ? arena_text(arena, text) : NULL;
    char *out = arena_alloc(arena, strlen(text) + 8);
    for (const char *c = text; *c != '\0'; c += len)
        if (allows(type, point_at(c, &len))) {
            memcpy(out + at, c, len);
            at += len;
        }
    out[at] = '\0';
    size_t max = chars_max(type, out);
    if (text_chars(out) > max) {
        bool show = type == WECHAT_THING; /* room for a sign that something is missing */
        at = text_cut(out, show ? max - 1 : max);
        out[at] = '\0';
        if (show)
            memcpy(out + at, "…", strlen("…") + 1);
    }
    if (out[0] == '\0' || strspn(out, " ") == strlen(out))
        return type == WECHAT_PHRASE ? "通知" : "-";
    return out;
}
