/* idcard — a picture of an identity card: its number, proved; its portrait; what is wrong with the picture. The job
 * kind "idcard".
 *
 * Request {"kind":"idcard","name":"…","side":"portrait","flat":false} + photo (JPEG or PNG). `name`, at most 30
 * characters, optional: the name to be confirmed; without it one is proposed. `side`: the one that is wanted, portrait
 * unless said otherwise. `flat` true: also send the card laid flat. Refused with "unsupported_type" when the worker has
 * no text reader (tesseract's models are not installed).
 *
 * Result: {"kind","side","verdict","problem","number","name","validity","card","face","checks","engine","timings",
 * "parts"}
 *   side     portrait | emblem | unknown
 *   verdict  ok | warn (read, but some check warns) | unreadable (no number; of the emblem side: no validity)
 *   problem  null, or {"id": no_card | emblem_side | portrait_side | number_unread | validity_unread,
 *            "fix_zh","fix_en"}
 *   number   null, or {"value","birth":"1990-01-02","sex":"male"|"female","readings"}: two independent readings agreed,
 *            check character and date are right (idcard_read.h). Anything less is null, never a guess.
 *   name     null, or {"similarity": 0..1}: supports the given name from about 0.5 on; or {"proposal": "…"} when no
 *            name was given: what two readings agree in, to be corrected by its owner. Never a source
 *   validity null, or {"from":"2016-05-01","until":"2036-05-01"|"long"}: only when the emblem side is wanted
 *            (idcard_validity.h)
 *   card     null, or {"corners": four {"x","y"} in the upright original, clockwise from the card's own upper left,
 *            "turn": 0|90|180|270 how the card lies, "sides_seen"}
 *   face     null, or {"box":{"x","y","w","h"}} in pixels of the portrait part
 *   checks   idcard_look.h
 * Parts: "portrait" (the photo's place on the card with some margin, JPEG, whenever a card was found and it is not the
 * emblem side), "flat" (1270×800 JPEG, when asked for).
 *
 * A picture that cannot be decoded is refused with image.h's error. Nothing of what was read is logged. */
#ifndef XY_WORKERS_IDCARD_H
#define XY_WORKERS_IDCARD_H

#include "workers/jobs.h"

#define IDCARD_LONG_EDGE_PX   1800 /* decoded: the number's digits are then at least 20 px high on a usable picture */
#define IDCARD_SEARCH_PX      640  /* the border is searched on a copy of this size */
#define IDCARD_NAME_CHARS_MAX 30

enum err job_idcard(struct job_tools *tools, const struct json *request, const struct frame *frame,
                    struct job_reply *reply);

#endif
