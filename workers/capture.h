/* capture — when and how a photo was taken: what the file claims against what the session asks.
 *
 * The request may carry "now" (RFC 3339, when the photo came in), "captured_at" (when the student's page says it was
 * taken; counts where the file does not say), "age_days_max", "capture_mode" (live · native · album) and
 * "capture_wanted" (the session's policy: live · live_or_album · album), "selfie" (the policy: allowed · discouraged ·
 * forbidden) and "lens_side" (of the camera: front · back · "" not known, as with the phone's own camera). All are
 * hints and only warn: a camera's clock can be wrong, and a file can be called anything. Where selfies are forbidden a
 * photo of a camera that is not known to be the rear one warns; one from the album does not, it may be a studio's.
 * Pure; any thread. */
#ifndef XY_WORKERS_CAPTURE_H
#define XY_WORKERS_CAPTURE_H

#include "base/json.h"
#include "workers/comply.h"

#define CAPTURE_AGE_DAYS_MAX 365 /* the standard says "about one year"; sessions may ask for less */

/* Sets age_days, album and lens, as far as they can be known. taken_at: "2026-05-01T12:00:00" or "". */
void capture_check(struct comply *report, const struct json *request, const char *taken_at);

#endif
