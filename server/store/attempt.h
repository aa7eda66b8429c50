/* attempt — questions about a submission's photos that only endpoints ask; the rest is in submission.h. */
#ifndef XY_ATTEMPT_H
#define XY_ATTEMPT_H

#include "store/submission.h"

/* An attempt of the submission with exactly these bytes (keyed content hash, blob.h); a rejected one first. NOT_FOUND.
 */
enum err attempt_same_photo(struct tx *tx, const char *submission_id, const char *content_hash, struct attempt *a);
/* Whether the student insisted on another attempt that no human has sent back since. */
enum err attempt_insisted_on_other(struct tx *tx, const char *submission_id, const char *attempt_id, bool *other);

#endif
