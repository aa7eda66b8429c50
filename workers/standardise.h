/* standardise — from the student's photo to the standard photo, with a report and a ledger. The job kind "standardise".
 *
 * Request {"kind":"standardise","profile":{…}} (profile.h) + the photo. Result {"kind","report","parts"}; parts name
 * the byte parts that follow: "standardised" (JPEG by the profile; absent when no face was found) and "proxy" (the
 * upright original, long edge at most 1440 px, for the review screen). A photo that cannot be decoded refuses the job:
 * unsupported_type, too_large, unreadable.
 *
 * report: comply.h's members and {"source":{"format","width_px","height_px","orientation","size_bytes","sha256"},
 * "ledger":[{"operation",…}],"versions":{…}}. The ledger is every operation in order, with its parameters; what is not
 * listed was not done. In this version the background stays: the ledger says so, and the seam is background_step. */
#ifndef XY_WORKERS_STANDARDISE_H
#define XY_WORKERS_STANDARDISE_H

#include "workers/jobs.h"

#define STANDARDISE_WORK_EDGE_PX  2880 /* a face of 1/6 of the width still gives 200 px without enlarging */
#define STANDARDISE_PROXY_EDGE_PX 1440
#define STANDARDISE_PROXY_QUALITY 85

enum err job_standardise(struct job_tools *tools, const struct json *request, const struct frame *frame,
                         struct job_reply *reply);

#endif
