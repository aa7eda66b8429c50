/* serve_precheck — camera frames between the API and the image worker.
 *
 * A frame comes in on an HTTP loop, goes to the worker over the dispatcher's thread as a job that yields (compute.h),
 * and its answer goes back to the waiting request. At most `in_flight_max` are under way, one per student; the others
 * are answered at once with BUSY, and everybody is told to come less often (pace.h). Frames live in memory only, until
 * they are answered, and are wiped. */
#ifndef XY_SERVE_PRECHECK_H
#define XY_SERVE_PRECHECK_H

#include "api/api.h"
#include "dispatch/dispatch.h"

#define PRECHECK_NEXT_MS_MIN 667   /* 1.5 frames a second */
#define PRECHECK_NEXT_MS_MAX 30000 /* then a page might as well do without */

/* Main thread, before server_start; in_flight_max 0: every frame is sent away and next_ms is 0, "do not ask". */
void serve_precheck_open(struct dispatch *dispatch, size_t in_flight_max);
/* Main thread, after dispatch_stop: every frame has been answered by then. */
void serve_precheck_close(void);

/* For struct api_context. */
void serve_precheck(const struct api_frame *frame, struct question *question);
int64_t serve_precheck_next_ms(void);

/* Lines for GET /metrics. Any thread. */
void serve_precheck_metrics(struct buf *out);

#endif
