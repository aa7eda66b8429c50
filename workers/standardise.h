/* standardise — from the student's photo to the standard photo, with a report and a ledger. The job kind "standardise".
 *
 * Request {"kind":"standardise","profile":{…},"proxy":bool,"mask":bool,"annotate":bool,"language":"zh"|"en",
 * "capture_mode","now"} + the photo (+ an alpha by a person, a grey picture of the finished size, which then replaces
 * our own: one approved original yields every profile, and a repaired mask is used for all of them). All but profile is
 * optional.
 *
 * Result {"kind","report","parts"}; parts name the byte parts that follow: "standardised" (JPEG by the profile; absent
 * when no face was found), "proxy" (the upright original, long edge at most 1440 px, for the review screen; unless
 * "proxy" is false), and when asked for: "mask" (PNG, grey, the finished size: 0 background … 255 person), "annotated"
 * (PNG, annotate.h). A photo that cannot be decoded refuses the job: unsupported_type, heic_off, too_large, unreadable.
 *
 * report: comply.h's members, "placement" (geometry.h), "source", "ledger" and "versions" (ledger.h). */
#ifndef XY_WORKERS_STANDARDISE_H
#define XY_WORKERS_STANDARDISE_H

#include "workers/jobs.h"
#include "workers/standard.h"

#define STANDARDISE_PROXY_EDGE_PX 1440
#define STANDARDISE_PROXY_QUALITY 85

enum err job_standardise(struct job_tools *tools, const struct json *request, const struct frame *frame,
                         struct job_reply *reply);

/* The upright original as the review screen shows it. */
enum err standardise_proxy(const struct standard *standard, struct buf *out);

#endif
