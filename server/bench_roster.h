/* bench_roster — a school's list of any length through the running server, beside everybody else: two files with the
 * same students are announced, sent in parts, checked and taken; in the second every row has changed. A third of one
 * row waits for its turn behind the sweep of the rows that were replaced. Main thread; bench_mixed.h sends. */
#ifndef XY_BENCH_ROSTER_H
#define XY_BENCH_ROSTER_H

#include "bench_mixed_client.h"
#include "bench_server.h"

#define BENCH_ROSTER_FILES 3

struct bench_roster {
    const char *token; /* of an administrator */
    struct bench_roster_file {
        char *bytes;
        size_t len;
        char sha256[65];
        double upload_s, check_s, write_s; /* out: each from the end of the one before */
    } files[BENCH_ROSTER_FILES];
    size_t file;
    char session_id[64];
    int64_t rows, since_us;
    bool has_ended; /* all are done; or the server refused one, which is in problem */
    char problem[200];
};

void bench_roster_make(struct bench_roster *roster, int64_t rows, const char *token);
void bench_roster_free(struct bench_roster *roster);
/* Of the one client that imports (bench_mixed_client.h). */
void bench_roster_due(struct bench_roster *roster, struct mixed_client *client, int64_t now_us);
void bench_roster_answered(struct bench_roster *roster, struct mixed_client *client, int64_t now_us);
/* False: it did not come to its end; that, and the first answer that was not expected, is said on stderr. */
bool bench_roster_report(const struct bench_roster *roster, const char *first_error, struct bench_report *report);

#endif
