/* bench_photo_checks — `xueying bench photo-checks`: what each check of the compliance report catches, and what it
 * catches wrongly.
 *
 * Good photos: the sample portraits and face crops, with the faults they truly have named in a table here (looked at by
 * eye, one by one); a warning or failure on any other check is a false one. Bad photos: copies of the portraits that
 * xueying-photo-faults makes bad in one known way each; the check it should trip either warns, fails or misses. Where a
 * portrait has that fault already, the copy must make the verdict worse or it does not count.
 *
 * Prints both tables (with --json one object on a line of its own) and the rows photo_checks_false_fails (goal: none),
 * photo_checks_false_warns and photo_checks_missed. Everything runs through a worker of two lanes, as in the server.
 * Needs the samples, the models and xueying-photo-faults beside the program. About a minute and a half. Main thread. */
#ifndef XY_BENCH_PHOTO_CHECKS_H
#define XY_BENCH_PHOTO_CHECKS_H

#include "bench_server.h"

bool bench_photo_checks(struct bench_report *report);

#endif
