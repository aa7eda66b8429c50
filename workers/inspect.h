/* inspect — what a picture file is, decoded once and thrown away. The job kind "inspect": the cheapest way to ask
 * whether a file can be used, and what the fuzzer of the decoder drives.
 *
 * Request {"kind":"inspect"} + picture. Result {"kind","format","width_px","height_px","orientation","taken_at" (""
 * when it does not say),"damaged","profile_converted","decoded":{"width_px","height_px"},"parts":[]}; sizes as the
 * viewer sees them. Refused as image.h refuses, with sides from IMAGE_ID_SIDE_PX_MIN on. */
#ifndef XY_WORKERS_INSPECT_H
#define XY_WORKERS_INSPECT_H

#include "workers/jobs.h"

#define INSPECT_LONG_EDGE_PX 2880

enum err job_inspect(struct job_tools *tools, const struct json *request, const struct frame *frame,
                     struct job_reply *reply);

#endif
