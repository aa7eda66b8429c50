/* comply — the compliance report: measured values against limits.def and the profile, with what to do about each.
 *
 * Report: {"profile": name, "checks": [{"id","measured","unit","allowed":{"min","max"},"verdict","evidence","reason",
 * "fix_zh","fix_en","short_zh","short_en","at":{"x","y","w","h"}|null}], "verdict", "not_judged": [ids that could not
 * be measured here], "for_people": [what no machine check here can see]}. `allowed` is the range that passes (null:
 * open); `reason` is the code of workflow/reasons.def the check speaks for, null for none; `at` is in pixels of the
 * finished photo. verdict: pass | warn | fail; the report's is its worst check's. A check whose evidence is not "high"
 * or "good" never fails, whatever its number. Pure. */
#ifndef XY_WORKERS_COMPLY_H
#define XY_WORKERS_COMPLY_H

#include "base/buf.h"
#include "workers/geometry.h"
#include "workers/matte.h"
#include "workers/measure.h"
#include "workers/measure_clothes.h"
#include "workers/profile.h"

enum check_id {
#define LIMIT(id, unit, decimals, fl, wl, wh, fh, evidence, reason, fz, fe, sz, se) CHECK_##id,
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

const char *comply_short(enum check_id id, bool chinese); /* "头部倾斜，请摆正后重拍" / "head tilted"; static */
const char *comply_fix(enum check_id id, bool chinese); /* what to do, a sentence; static */
const char *comply_unit(enum check_id id);              /* "px"; static */

/* A value of this check as people read it: "-9.1"; "" when there is none. */
void comply_number(enum check_id id, double value, char *text, size_t size);

/* The code of the reject reason this check speaks for when it does not pass; "" for none. Static. */
const char *comply_reason(enum check_id id, double measured);

/* Nothing judged yet; the windows' limits are the profile's. profile must outlive the report. */
void comply_init(struct comply *report, const struct profile *profile);

/* Sets one measured value and judges it. */
void comply_set(struct comply *report, enum check_id id, double measured, const struct face_box *at);

/* What a group of measurements says; each sets several checks. `finished` is the head in the finished photo. */
void comply_people(struct comply *report, int32_t people);
void comply_source(struct comply *report, const struct head *source, double original_per_px);
void comply_light(struct comply *report, const struct face_light *light, const struct head *finished);
void comply_pose(struct comply *report, const struct head *source, const struct head *finished,
                 const struct face_landmarks *marks);
void comply_place(struct comply *report, const struct head *finished, const struct placement *placement);
void comply_wall(struct comply *report, const struct wall *wall, const struct head *finished);

/* What the matte doubts and what it found the person to wear; after comply_wall, for only a wall shows a shadow.
 * frame_scale: pixels of the matte's frame per pixel of the
 * finished photo. */
void comply_matte(struct comply *report, const struct matte_doubts *doubts, const struct clothes *clothes,
                  double frame_scale, const struct head *finished);

/* The finished photo against the profile's colour: ΔE as measure_backdrop gives it. */
void comply_backdrop(struct comply *report, double apart);

/* The finished file: its size, its form as measure_file reads it, the quality it was encoded with. */
void comply_file(struct comply *report, const void *bytes, size_t len, int quality);

enum check_verdict comply_worst(const struct comply *report);

/* Writes the members named above into an open object. */
void comply_write(struct buf *b, const struct comply *report);

#endif
