/* precheck — one small frame of a running camera: is there one face, how is it held and lit, what to change first.
 *
 * {"profile": {…}, "camera_width_px"} + JPEG of about 320×427 → {"kind":"precheck","faces","box":{x,y,w,h},
 * "eyes":[{x,y},{x,y}],"roll_degrees","yaw_degrees","luminance","half_lit","sharpness","wall_spread",
 * "hint":{"code","zh","en"},"parts":[]}. Box and eyes are shares of the frame; what cannot be measured is null.
 * camera_width_px is what the photo itself will have, so that nearness is judged by its pixels, not the frame's.
 *
 * It guides, it never judges: the finished photo gets its own report. Nothing of a frame is kept. One landmark pass on
 * a grey detection, no mask and no recognition, so that a frame costs a tenth of a photo. */
#ifndef XY_WORKERS_PRECHECK_H
#define XY_WORKERS_PRECHECK_H

#include "workers/jobs.h"

#define PRECHECK_PIXELS_MAX 1000000 /* a frame that claims more was not made by our page */
#define PRECHECK_SIDE_PX    427     /* long edge that is looked at */
#define PRECHECK_SIDE_MIN   120

/* BAD_FIELD: no frame or no profile. TOO_LARGE, UNREADABLE, UNSUPPORTED_TYPE as image.h. */
enum err job_precheck(struct job_tools *tools, const struct json *request, const struct frame *frame,
                      struct job_reply *reply);

#endif
