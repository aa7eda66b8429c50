/* rows — readers of whole rows shared by the files of this folder. Struct members live in the unit's arena. */
#ifndef XY_STORE_ROWS_H
#define XY_STORE_ROWS_H

#include "store/account.h"
#include "store/submission.h"

void submission_read(const struct rows *r, struct submission *s); /* a query with SUBMISSION_COLUMNS */
void account_read(const struct rows *r, struct account *account); /* a query that begins with id, name, … version */

#endif
