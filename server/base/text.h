/* text — UTF-8 and number reading that never guesses.
 *
 * All functions take explicit lengths or NUL-terminated text as said, allocate nothing, and are pure. Any thread. */
#ifndef XY_TEXT_H
#define XY_TEXT_H

#include "base/base.h"

bool text_utf8_valid(const char *text, size_t len);  /* well-formed UTF-8 without NUL and surrogates */
size_t text_chars(const char *text);                 /* code points of valid UTF-8 */
size_t text_cut(const char *text, size_t chars_max); /* bytes of the first chars_max code points */
bool text_is(const char *a, const char *b);          /* equal; two NULLs are equal, one is not */
bool text_starts(const char *text, const char *prefix);
bool text_int(const char *text, int64_t *value);         /* whole decimal int64, optional '-'; else false */
bool text_all(const char *text, const char *allowed);    /* non-empty and only characters of `allowed` */
bool text_is_control_free(const char *text);             /* no byte below 0x20, no 0x7f */
void text_hex(const void *bytes, size_t len, char *out); /* out: 2*len+1 */
bool text_unhex(const char *hex, void *out, size_t len); /* exactly 2*len lower or upper hex digits */

#endif
