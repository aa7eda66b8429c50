/* verify — that nothing but the listed operations happened to a photo. The job kind "verify".
 *
 * Request {"kind":"verify","profile":{…},"report":{…}} + the original + the finished file (+ the repaired file, when
 * the ledger lists a "retouch"). `report` is the compliance report or its ledger (verify_ledger.h).
 *
 *   1. the ledger lists only what is allowed, in order, with sane numbers                       verify_ledger.h
 *   2. its SHA-256 are those of the two files
 *   3. the same made again gives the same bytes (with the versions of this worker; with other versions this cannot be
 *      asked, and with a retouch only when the repaired file is given)
 *   4. without trusting 1–3: the original, cropped and scaled by the ledger's numbers and encoded at its quality,
 * equals the file in face, hair and clothes (proof.h), within the limits below; and no turn, mirror, scaling, shift or
 *      change of tone fits better than none
 *   5. the background has the ledger's colour, away from the person
 *
 * Other versions may scale by another filter and cut another matte: then the face's detail is compared with the
 * clothes', and where the background shows through (never inside the landmarks' hull) nothing is compared.
 *
 * 4 and 5 are made at every verification, so that a forged ledger with fitting hashes is told what was done.
 *
 * Result
 * {"kind","verdict","reasons":[{"code","text"}],"operations":[names],"rerun":{"made","same_versions","identical",
 * "why"},"measured":{…},"parts":[]}. verdict: "identical" (1–5 hold, the same bytes) · "equal" (1, 2, 4, 5 hold; the
 * bytes were not made again) · "failed" (reasons say why). Codes: unknown_operation, wrong_order, bad_parameter,
 * source_sha256, output_sha256, output_size, bytes_differ, mirrored, rotated, scaled, moved, tone, smoothed, sharpened,
 * changed, other_picture, background.
 *
 * Refused: bad_field (a part, the profile or the report is missing) · unsupported_type, heic_off, too_large, unreadable
 * (one of the files; `why` says which) · not_found (no face in the original). */
#ifndef XY_WORKERS_VERIFY_H
#define XY_WORKERS_VERIFY_H

#include "workers/jobs.h"

/* Limits of step 4, of 255, after averaging over 3×3 px. Measured on sample portraits: honest files 0.15 and 12,
 * encoded once more 0.3; half a degree of turn 2 and more, a mole of 6 px painted over 150, eyes enlarged by a fifth 40
 * and more. A light skin filter hides in these (0.7) and shows in the detail: 0.54 to 0.83. */
#define VERIFY_MEAN_MAX        1.5
#define VERIFY_DIFFERENCE_MAX  18.0
#define VERIFY_BACKGROUND_MAX  1    /* per channel, as jpeg.h promises for flat colours */
#define VERIFY_TURN_MAX_DEG    0.25 /* proof_align measures to 0.05 */
#define VERIFY_SCALE_MAX       0.005
#define VERIFY_MOVE_MAX_PX     0.6
#define VERIFY_GAIN_MAX        0.03
#define VERIFY_OFFSET_MAX      4.0  /* of middle grey */
#define VERIFY_DETAIL_MIN      0.90 /* honest files: 0.999 to 1.002 */
#define VERIFY_DETAIL_MAX      1.12
#define VERIFY_DETAIL_OTHER    0.60 /* the face's, by other versions: their filters differ (0.83 was seen) */
#define VERIFY_HOLES_MAX       0.08 /* share of the person that another version's matte may have cut off */
#define VERIFY_CORRELATION_MIN 0.80 /* below, after aligning: not this picture */
#define VERIFY_BAND_SHARE      0.02 /* of the width: mattes of other versions differ there */

enum err job_verify(struct job_tools *tools, const struct json *request, const struct frame *frame,
                    struct job_reply *reply);

#endif
