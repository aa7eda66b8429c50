/* comply — the compliance report: measured values against limits.def and the profile, with what to do about each.
 *
 * Report: {"profile": name, "checks": [{"id","measured","unit","allowed":{"min","max"},"verdict","evidence","fix_zh",
 * "fix_en","short_zh","short_en","at":{"x","y","w","h"}|null}], "verdict", "not_judged": [ids that could not be
 * measured here], "for_people": [what no machine check here can see]}. `allowed` is the range that passes (null: open);
 * `at` is in pixels of the finished photo. verdict: pass | warn | fail; the report's is its worst check's. Pure. */
#ifndef XY_WORKERS_COMPLY_H
#define XY_WORKERS_COMPLY_H

#include "base/buf.h"
#include "workers/geometry.h"
#include "workers/measure.h"
#include "workers/profile.h"

enum check_id {
#define LIMIT(id, unit, decimals, fl, wl, wh, fh, evidence, fz, fe, sz, se) CHECK_##id,
#include "workers/limits.def"
#undef LIMIT
    CHECK_COUNT
};

enum check_verdict { CHECK_PASS, CHECK_WARN, CHECK_FAIL };

struct check_range {
    double fail_below, warn_below, warn_above, fail_above; /* infinities: no limit */
};

struct check_result {
    double measured; /* NAN: not judged */
    struct check_range range;
    const char *evidence; /* "high", "good", "medium", "low"; static */
    enum check_verdict verdict;
    struct face_box at; /* width 0: nowhere in particular */
};

struct comply {
    const struct profile *profile;
    struct check_result checks[CHECK_COUNT];
};

const char *comply_id(enum check_id id);          /* "roll"; static */
const char *comply_verdict(enum check_verdict v); /* "pass"; static */

/* Nothing judged yet; the windows' limits are the profile's. profile must outlive the report. */
void comply_init(struct comply *report, const struct profile *profile);

/* Sets one measured value and judges it. */
void comply_set(struct comply *report, enum check_id id, double measured, const struct face_box *at);

/* What a group of measurements says; each sets several checks. */
void comply_people(struct comply *report, int32_t people);
void comply_source(struct comply *report, const struct head *source, double original_per_px);
void comply_light(struct comply *report, const struct face_light *light, const struct head *finished);
void comply_pose(struct comply *report, const struct head *source, const struct head *finished,
                 const struct face_landmarks *marks);
void comply_place(struct comply *report, const struct head *finished, const struct placement *placement);
void comply_wall(struct comply *report, const struct wall *wall);
void comply_size(struct comply *report, size_t size_bytes);

enum check_verdict comply_worst(const struct comply *report);

/* Writes the members named above into an open object. */
void comply_write(struct buf *b, const struct comply *report);

#endif
