/* person_name — names of people as documents, rosters and people themselves write them.
 *
 * Documents, ministries and keyboards disagree about the dot in the names of minorities (· • ・ ‧ ． or none at all),
 * about spaces, and about wide or narrow letters; they mean the same name. It is kept in one form, and compared without
 * what they disagree about. The one place for that: the roster's reader, what students type, what a card says. Pure. */
#ifndef XY_PERSON_NAME_H
#define XY_PERSON_NAME_H

#include "base/base.h"

#define PERSON_NAME_BYTES 256 /* 60 characters, with room */

/* The form that is kept: every middle dot U+00B7, without spaces around it; wide letters, digits and signs narrow;
 * spaces single, none at the ends, none beside a Chinese character. Invalid UTF-8 and what does not fit stay as they
 * are: false. */
bool person_name_normal(const char *name, char out[PERSON_NAME_BYTES]);

/* The same name, however it is written: without dots and spaces, Latin letters in either case. NULL is no name. */
bool person_name_same(const char *a, const char *b);

#endif
