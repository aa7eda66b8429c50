/* cli_fill — many made-up submissions, for measuring; see cli_fill.c. */
#ifndef XY_CLI_FILL_H
#define XY_CLI_FILL_H

#include "cli.h"

#define FILL_PEOPLE_MAX 10000

/* Logins of the first students, and one of staff who may do everything. */
struct fill_people {
    size_t count;
    char submission_ids[FILL_PEOPLE_MAX][CRYPT_ID_TEXT_BYTES];
    char tokens[FILL_PEOPLE_MAX][CRYPT_TOKEN_TEXT_BYTES];
    char staff_token[CRYPT_TOKEN_TEXT_BYTES];
};

enum err fill_database(struct cli *cli, int64_t count, struct fill_people *people);

#endif
