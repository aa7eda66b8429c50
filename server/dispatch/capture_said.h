/* capture_said — what is known of how a photo was taken, for the worker's checks (workers/capture.h): what the
 * student's page said, and what the session wants. */
#ifndef XY_CAPTURE_SAID_H
#define XY_CAPTURE_SAID_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/attempt.h"
#include "workflow/policy.h"

struct capture_said {
    const char *mode, *wanted, *selfie, *lens_side;
    int64_t taken_in_us; /* when the attempt was made: a photo's age does not depend on when it is worked on */
    int64_t captured_us; /* 0: not said */
};

/* The texts live in `arena`. */
struct capture_said capture_said(struct arena *arena, const struct attempt *attempt, const struct policy *policy);

/* Members of the open object of a worker's request. */
void capture_said_put(struct buf *b, const struct capture_said *said);

#endif
