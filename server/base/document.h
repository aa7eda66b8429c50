/* document — the kinds of identity documents that students of a roster have (domain.md F), and what their numbers look
 * like. Only the form: whether a number exists is the real-name service's business. Pure. */
#ifndef XY_DOCUMENT_H
#define XY_DOCUMENT_H

#include "base/base.h"

/* The words of JSON and SQL:
 *   resident           居民身份证            18, check character and date (15 of an old card are made 18)
 *   hk_macau_permit    港澳居民来往内地通行证  H or M and 8 digits, or 10
 *   taiwan_permit      台湾居民来往大陆通行证  8 digits, or 10 with or without a letter
 *   residence_permit   港澳台居民居住证        as resident, of 81, 82 or 83
 *   foreigner_permit   外国人永久居留身份证    three letters and 12 digits, or 18 beginning with 9
 *   passport           护照                 5 to 20 letters and digits */
#define DOCUMENT_TYPES "|resident|hk_macau_permit|taiwan_permit|residence_permit|foreigner_permit|passport|"

#define DOCUMENT_NUMBER_BYTES 32

/* `normal` as id_number_normal made it (upper case, no brackets, ASCII); a resident number of 15 becomes one of 18 in
 * `out`, all else is copied. False when the number cannot be of that type, or there is no such type. */
bool document_number(const char *type, const char *normal, char out[DOCUMENT_NUMBER_BYTES]);

/* Whether the first two digits are a province that ever issued numbers. For resident and residence_permit; true for
 * all others. A soft check: it warns, it never refuses. */
bool document_area_known(const char *type, const char *number);

#endif
