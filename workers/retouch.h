/* retouch — a photo whose background edge was repaired by hand: taken where the matte works, refused anywhere else. The
 * job kind "retouch".
 *
 * Request {"kind":"retouch","profile":{…},"repair":"mask"|"photo"} + the original photo + the repaired file.
 *
 *   mask    a greyscale JPEG or PNG of the finished size or MATTE_SCALE times it, 0 wall … 255 person. The original is
 *           standardised again with it; nothing can be painted this way. It must leave the face whole.
 *   photo   the standardised photo after somebody's repair, of the finished size. Face and ears (the landmarks' hull,
 *           brows to chin, grown by RETOUCH_FACE_GROWTH), and whatever is person further than RETOUCH_BAND_SHARE of the
 *           width from the background, must be as they were. Only the band along the edge and the background itself are
 *           taken from the repaired file; all other pixels of the result are our own, not its.
 *
 * The standardised photo of the original is made anew each time with the profile given and compared with the repair:
 * the result never depends on earlier repairs, and one repair replaces another.
 *
 * Result {"kind","report","parts":["standardised","proxy"]} as standardise.h describes, with this ledger entry before
 * "encode": {"operation":"retouch","kind":"mask"|"photo","changed_share" of the photo's pixels,"changed_box":{"x","y",
 * "w","h"} in finished pixels or null,"face_difference_max" (0..255, how far the repaired file's face lies from ours;
 * JPEG noise stays below RETOUCH_DIFFERENCE_MAX),"sha256_repair" of the file sent,"sha256_before" of the photo without
 * it,"sha256_after" of the photo made}.
 *
 * Refused: bad_field (no profile, another "repair", parts missing, wrong size) · unsupported_type, too_large,
 * unreadable (one of the files; `why` says which) · features_changed (`why` names what: the face, the hair or clothes,
 * the background's colour; where, in finished pixels) · not_found (no face in the original: nothing to repair). */
#ifndef XY_WORKERS_RETOUCH_H
#define XY_WORKERS_RETOUCH_H

#include "workers/jobs.h"
#include "workers/ledger.h"
#include "workers/proof.h"
#include "workers/standard.h"

#define RETOUCH_FACE_GROWTH    PROOF_FACE_GROWTH
#define RETOUCH_BAND_SHARE     0.06 /* of the width: the widest wall shadow seen beside a head was 25 of 480 px */
#define RETOUCH_DIFFERENCE_MAX 12   /* of 255, averaged over 3×3 px: two JPEG generations stay below */

enum err job_retouch(struct job_tools *tools, const struct json *request, const struct frame *frame,
                     struct job_reply *reply);

/* The same without request and answer: verify.h does it again. */
struct retouch_made {
    struct standard standard;    /* as repaired */
    struct plane alpha;          /* of a mask: what standard.order.alpha points to */
    struct ledger_retouch entry; /* without sha256_after */
};

/* kind: "mask" or "photo". Errors as above. Release `out` in any case. */
enum err retouch_make(struct job_tools *tools, const struct standard_order *order, const char *kind,
                      const unsigned char *repair, size_t repair_len, struct retouch_made *out,
                      char why[JOB_WHY_BYTES]);
void retouch_release(struct retouch_made *made); /* harmless on a zeroed one */

#endif
