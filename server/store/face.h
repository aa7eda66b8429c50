/* face — what the machine measured between a photo and the ID-card portrait: one row per attempt, with the thresholds
 * and the model of that time. The decision is a transition's, not this row's. */
#ifndef XY_FACE_H
#define XY_FACE_H

#include "db/db.h"

struct face_result {
    const char *attempt_id;
    const char *verdict;           /* match, grey, mismatch, none */
    int64_t distance_e6;           /* -1: none */
    int64_t match_e6, mismatch_e6; /* thresholds at that time */
    const char *model;             /* id and version; "" when nothing was measured */
    const char *detail;            /* JSON: the worker's words, or {"why": …} */
    int64_t measured_us;
};

enum err face_result_put(struct tx *tx, const struct face_result *result);                   /* writer; replaces */
enum err face_result_get(struct tx *tx, const char *attempt_id, struct face_result *result); /* NOT_FOUND */
enum err face_result_erase(struct tx *tx, const char *attempt_id);                           /* writer */
/* Consent was taken back: what was measured of this student is erased, and submissions that are not decided yet go on
 * as if nothing had been compared: two people look. Writer. */
enum err face_forget(struct tx *tx, const char *student_id);

#endif
