/* code — the QR code in a picture: CHSI's collection code, or what it is instead. The job kind "code".
 *
 * Request {"kind":"code"} + one picture (JPEG or PNG within the limits of image.h, sides from CODE_SIDE_PX_MIN).
 * Result: {"kind":"code","verdict","found","payload","payload_sha256","bytes","looks_like","quad","step","tries",
 * "text":{"zh","en"},"width_px","height_px","timings":{"decode_us","search_us"},"engine","parts":[]}.
 *
 *   verdict  ok: exactly one opaque code, `payload` is its bytes in base64 · none: no code could be read · many:
 * several opaque codes that differ · foreign: only codes of another kind, see looks_like (code_kind.h) found different
 * codes that were read, foreign ones included quad     corners [[x,y]×4] in pixels of the upright picture, of the code
 * the verdict speaks of; null without one step     the rung of the ladder that read it tries    how many rungs were
 * climbed
 *
 * payload, payload_sha256 and bytes are null unless the verdict is ok: what is not ours is not passed on. The ladder
 * (as it is, at full size, reduced, enlarged, softer, sharper, stretched, inverted, pieces of the full picture) stops
 * at the first rung that reads an opaque code. A picture that cannot be decoded is a refused job, as for standardise.
 */
#ifndef XY_WORKERS_CODE_H
#define XY_WORKERS_CODE_H

#include "workers/jobs.h"

/* A code of version 4 at two pixels a module, without its margin. */
#define CODE_SIDE_PX_MIN 60
/* The ladder's picture: codes of a few hundred pixels survive that in a 12-Mpx photo. Smaller ones need the full one.
 */
#define CODE_BASE_EDGE_PX 1600
#define CODE_FULL_EDGE_PX 4800

enum err job_code(struct job_tools *tools, const struct json *request, const struct frame *frame,
                  struct job_reply *reply);

#endif
