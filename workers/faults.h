/* faults — jobs that go wrong on purpose, so that tests can prove what a bad photo would cost.
 *
 * crash: writes through a null pointer. hang: never answers. hog: takes memory until there is none, then aborts as
 * libraries do. probe: tries what an attacker inside would try and reports each attempt:
 * {"kind":"probe","attempts":[{"what":"open","refused":true,"errno":1}, …]}.
 * They exist in every build and run only with --allow-fault-jobs, which the server never passes on by itself. */
#ifndef XY_WORKERS_FAULTS_H
#define XY_WORKERS_FAULTS_H

#include "workers/jobs.h"

enum err job_crash(struct job_tools *tools, const struct json *request, const struct frame *frame,
                   struct job_reply *reply);
enum err job_hang(struct job_tools *tools, const struct json *request, const struct frame *frame,
                  struct job_reply *reply);
enum err job_hog(struct job_tools *tools, const struct json *request, const struct frame *frame,
                 struct job_reply *reply);
enum err job_probe(struct job_tools *tools, const struct json *request, const struct frame *frame,
                   struct job_reply *reply);

#endif
