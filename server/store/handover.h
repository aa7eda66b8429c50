/* handover — what the connectors to CHSI and the courier read and write. Strings in tx->arena. Moves go through
 * transition.h; a move that the table refuses because the submission has gone on is no error here. */
#ifndef XY_HANDOVER_H
#define XY_HANDOVER_H

#include "db/db.h"
#include "store/submission.h"

/* The photo that goes to CHSI. */
struct handover_photo {
    struct submission submission;
    bool wanted; /* it waits in chsi_upload, queued or handed over; else the rest is not set */
    const char *blob_id, *media_type, *student_no; /* student_no "" without roster */
    const void *sealed_key;
    size_t sealed_key_len;
    const void *collection_code; /* its payload; NULL: none was read */
    size_t collection_code_len;
    const char *key; /* names submission and photo for ever: the same photo twice is one at CHSI */
};
enum err handover_photo(struct tx *tx, const char *submission_id, struct handover_photo *photo); /* NOT_FOUND */

/* CHSI has it: event hand_over unless it was known. Writer. */
enum err handover_sent(struct tx *tx, const char *submission_id, int64_t now_us);
/* CHSI's result: accepted, or refused with a reason code (unknown ones become chsi_quality). `attempt_id`: the photo it
 * speaks of; a result for another one is void. Writer. */
enum err handover_result(struct tx *tx, const char *submission_id, const char *attempt_id, bool accepted,
                         const char *reason, int64_t now_us);

struct parcel {
    const char *carrier, *tracking_no;
};
/* Parcels on their way in order of their numbers, behind `after` ("": from the first); a lot for a school is one. */
enum err handover_parcels(struct tx *tx, const char *after, struct parcel *list, size_t max, size_t *count);
/* All submissions in that parcel are delivered; *count: how many moved. Writer. */
enum err handover_delivered(struct tx *tx, const char *carrier, const char *tracking_no, int64_t now_us, size_t *count);

#endif
