/* bench_mixed — everything at once, as on the last day before a deadline: phones that poll, photos that arrive, staff
 * who decide; one server, one minute. For `xueying bench load` and `bench roster` (tools/dev load). Main thread.
 *
 *   10,000 pollers    a connection each, every five seconds with the last ETag
 *   20 uploads/s      of 2 MB: announced, two parts of 1 MiB; they begin on time whether or not others are done
 *   20 reviewers      claim, look at the details, decide, every 2.5 s
 *
 * Good: no answer but the expected ones, nothing late, polls p99 at most 50 ms. Photos are stored, not processed, and
 * reviewers see no pictures: the image worker has a bench of its own. The load runs on the same machine. */
#ifndef XY_BENCH_MIXED_H
#define XY_BENCH_MIXED_H

#include "bench_server.h"

/* How long and how much: 60 s at a scale of 100 %. False: it could not run, or an answer was wrong (said on stderr). */
bool bench_mixed(struct bench_report *report, int64_t seconds, int64_t scale_percent);
/* The same beside a roster of so many rows, until that is in (bench_roster.h): 60 s for either file, 200 MiB. */
bool bench_mixed_roster(struct bench_report *report, int64_t rows, int64_t scale_percent);

#endif
