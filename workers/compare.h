/* compare — are the faces in two photos the same person's? The job kind "compare".
 *
 * Request {"kind":"compare","thresholds":{"match":0.50,"mismatch":0.65}} + photo A + photo B; the thresholds are
 * optional, 0 < match ≤ mismatch < 2. Below `match`: match. From there to `mismatch`: grey, people look. Above:
 * mismatch, people look too. Defaults from measurements over 313 same and 4,827 different pairs (none wrong below
 * 0.50); they are not validated on East Asian students, hence policy.
 *
 * Result: {"kind","verdict","distance","threshold","thresholds","model","a","b","timings"}; verdict match | grey |
 * mismatch | no_face | many_faces | unreadable. distance is null unless both faces were found. a and b: {"width_px",
 * "height_px","faces","box":{"x","y","w","h"}|null,"small","why"} in pixels of the upright original; `small` says
 * that the face is below 80 px, where the distance says little. A photo that cannot be read is a verdict, not a
 * refused job: it will not get better by trying again. */
#ifndef XY_WORKERS_COMPARE_H
#define XY_WORKERS_COMPARE_H

#include "workers/faces.h"
#include "workers/jobs.h"

#define COMPARE_MATCH_DEFAULT    0.50
#define COMPARE_MISMATCH_DEFAULT 0.65
/* The picture that the chip is cut from: the loader halves while the long edge stays at least `enough`. */
#define COMPARE_LONG_EDGE_PX_ENOUGH 640
#define COMPARE_LONG_EDGE_PX_MAX    1280
#define COMPARE_FACE_PX_MIN         80

/* What one photo says. */
struct compare_side {
    struct image_source source;
    struct face_descriptor descriptor; /* of the largest face; valid when people > 0 */
    struct face_box box;               /* in pixels of the upright original; valid when people > 0 */
    int32_t people;
    enum err error; /* of this photo; the worker's own trouble is returned instead */
    char why[IMAGE_WHY_BYTES];
};

struct compare_timings {
    int64_t decode_us, detect_us, describe_us; /* added to */
};

/* Decodes, finds and describes; *side zeroed before. BUSY: no memory; WORKER: the detector failed. */
enum err compare_look(struct face_context *context, const void *bytes, size_t len, struct compare_side *side,
                      struct compare_timings *spent);

enum err job_compare(struct job_tools *tools, const struct json *request, const struct frame *frame,
                     struct job_reply *reply);

#endif
