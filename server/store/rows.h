/* rows — readers of whole rows shared by the files of this folder. Struct members live in the unit's arena. */
#ifndef XY_STORE_ROWS_H
#define XY_STORE_ROWS_H

#include "store/submission.h"

void submission_read(const struct rows *r, struct submission *s); /* a query with SUBMISSION_COLUMNS */

#endif
