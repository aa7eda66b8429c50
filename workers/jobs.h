/* jobs — what the worker can be asked to do, and how it answers.
 *
 * A request is a FRAME_JOB whose part 0 is an object with "kind"; the other parts are bytes in the order given here.
 * Unknown kinds and bad parameters are refused with "bad_field", not guessed.
 *
 *   standardise   {"profile": {…}}                              + photo            → standardise.h
 *   compare       {"thresholds": {"match", "mismatch"}}         + photo A + photo B → compare.h
 *   code          {}                                           + picture            → code.h
 *   idcard        {"name", "flat"}                              + picture           → idcard.h
 *   inspect       {}                                           + picture            → inspect.h
 *   precheck      {"profile": {…}, "camera_width_px"}          + camera frame      → precheck.h
 *   retouch       {"profile": {…}, "repair"}                   + photo + repaired    → retouch.h
 *   verify        {"profile": {…}, "report": {…}}              + photo + finished    → verify.h
 *   sheet         {"paper","print","prints": [{"caption",…}], …} + the JPEGs        → sheet.h
 *   poster        {"url","code","school","title", "steps", …}                        → poster.h
 *   crash | hang | hog | probe   only with --allow-fault-jobs                       → faults.h
 *
 * Answers: FRAME_RESULT with part 0 {"kind", …, "parts": [names of the other parts]}, or FRAME_REFUSED with part 0
 * {"error": code of err.def in lower case, "why": one English sentence}.
 *
 * Memory: a lane owns one task arena, reset after each job; the reply's buffers belong to the lane until they are
 * sent; the request frame belongs to the lane and outlives the job. A job keeps nothing. */
#ifndef XY_WORKERS_JOBS_H
#define XY_WORKERS_JOBS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "workers/face.h"
#include "workers/protocol.h"

#define JOB_WHY_BYTES      160
#define JOB_ARENA_BYTES    MIB(4)
#define JOB_JSON_BYTES_MAX KIB(256)

/* Filled once before the lanes start, then read-only. */
struct job_versions {
    char network_sha256[65];
    char mask_sha256[65]; /* empty: there is no mask model */
    const char *blas_core;
};

/* What one lane brings to a job. */
struct job_tools {
    struct arena *arena;
    struct face_context *face;
    const struct mask_model *mask; /* NULL: wall colour decides (matte.h) */
    struct sheet_fonts *fonts;     /* of this lane */
    const struct job_versions *versions;
    bool allow_faults;
};

struct job_reply {
    struct buf json;
    struct buf parts[PROTOCOL_PARTS_MAX - 1];
    size_t part_count; /* how many of parts are used */
    char why[JOB_WHY_BYTES];
};

/* The request's n-th byte part (1 = first behind the JSON); false when absent. */
bool job_part(const struct frame *request, size_t n, const unsigned char **bytes, size_t *len);

/* Writes {"id","engine","version"} of the recognition model. */
void job_put_model(struct buf *b, const char *name, const struct job_versions *versions);

/* Runs one job and fills *answer (borrowing from reply) and json. Never fails: what fails becomes FRAME_REFUSED. */
void job_run(struct job_tools *tools, const struct frame *request, struct job_reply *reply, struct frame *answer);

void job_reply_init(struct job_reply *reply);
void job_reply_release(struct job_reply *reply);

#endif
