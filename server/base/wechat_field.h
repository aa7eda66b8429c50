/* wechat_field — what a field of a WeChat subscription message may hold. Pure; any thread.
 *
 * WeChat refuses the whole message (47003) when one field breaks its type's rule, so values are made to fit before
 * sending. Lengths are code points. Rules: domain.md E.2, E.9. */
#ifndef XY_WECHAT_FIELD_H
#define XY_WECHAT_FIELD_H

#include "base/arena.h"
#include "base/base.h"

enum wechat_type {
    WECHAT_THING,            /* 1..20 characters */
    WECHAT_PHRASE,           /* 1..5 Chinese characters, nothing else */
    WECHAT_CHARACTER_STRING, /* 1..32 printable ASCII */
    WECHAT_TIME,             /* 24 h, optional date before it, "a~b" for a range */
    WECHAT_DATE,             /* 2026年6月30日 or 2026-06-30, optional time behind it */
    WECHAT_AMOUNT,           /* optional currency sign, up to 10 digits, up to 2 decimals, optional 元 */
    WECHAT_NUMBER,           /* up to 32 digits, a decimal point */
    WECHAT_LETTER,           /* up to 32 letters */
    WECHAT_SYMBOL,           /* up to 5 symbols */
    WECHAT_PHONE_NUMBER,     /* up to 17 digits, '+', '-' */
    WECHAT_CAR_NUMBER,       /* up to 8: Chinese, capital letters, digits */
    WECHAT_NAME              /* up to 10 Chinese, or up to 20 letters and symbols; no digits */
};

/* The type a field's key names: "thing2" is WECHAT_THING. False for an unknown one. */
bool wechat_type_of_key(const char *key, enum wechat_type *type);

bool wechat_field_valid(enum wechat_type type, const char *text); /* text is valid UTF-8 */

/* `text` made valid: characters that are not allowed are dropped, what is too long is cut, what ends up empty becomes
 * "-" (a phrase: 通知). NULL when the type has no such repair (a time, a date, an amount that is none). */
const char *wechat_field_fit(enum wechat_type type, const char *text, struct arena *arena);

#endif
