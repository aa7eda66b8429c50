/* effects — executors that need the image worker or sealed files: standardise, retouch, derive, compare, id_card,
 * intake, erase, the batches' package, sheet and batch, a student's own_copy and roster_import. What each is for stands
 * at the top of its file; all are idempotent by the state of what they work on. main gives compute_executors to
 * dispatch_start. */
#ifndef XY_EFFECTS_H
#define XY_EFFECTS_H

#include "dispatch/dispatch.h"

extern const struct executor compute_executors[]; /* ended by kind NULL */

effect_start standardise_start;           /* effect_standardise.c */
effect_start retouch_start, derive_start; /* effect_remake.c */
effect_start compare_start;               /* effect_compare.c */
effect_start intake_start, erase_start;   /* effect_submission.c */
effect_start package_start;               /* effect_package.c */
effect_start sheet_start;                 /* effect_sheet.c */
effect_start id_card_start;               /* effect_id_card.c */
effect_start batch_start;                 /* effect_batch.c */
effect_start own_copy_start_effect;       /* effect_own_copy.c */
effect_start roster_start;                /* effect_roster.c */

/* ---- what they share ---- */

/* The payload as JSON in the effect's arena; NULL tree when it is none. */
const struct json *effect_payload(struct effect *effect);

/* End an effect after a unit or a file job failed: what time may heal is tried again, the rest is dead. */
void effect_failed(struct effect *effect, enum err e, const char *what);
bool effect_is_given_up(const struct effect *effect, enum err e); /* whether that would be its end */

/* End an effect whose job was not answered: POISON parks it, GONE and the worker's own troubles come back later; any
 * other refusal is dead. */
void effect_job_failed(struct effect *effect, const struct compute_job *job);

/* JSON text of a tree, in the effect's arena; "{}" when it would be larger than max_bytes. */
const char *effect_json(struct effect *effect, const struct json *tree, size_t max_bytes);

#endif
