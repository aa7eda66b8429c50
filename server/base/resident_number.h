/* resident_number — the 18 characters of a Chinese identity number (GB 11643): check character, date, sex. Pure. */
#ifndef XY_RESIDENT_NUMBER_H
#define XY_RESIDENT_NUMBER_H

#include "base/base.h"

#define RESIDENT_NUMBER_CHARS 18

/* Seventeen digits and the right check character (capital X), with a date between 1900 and 2100 that exists. */
bool resident_number_valid(const char *number);
char resident_number_check(const char *digits); /* of the first seventeen digits */

/* Of a valid number: "1990-01-02" and who the 17th digit says it is. */
void resident_number_birth(const char *number, char birth[11]);
bool resident_number_male(const char *number);

#endif
