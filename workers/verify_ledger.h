/* verify_ledger — is this a ledger of ours, and does it list nothing but what may be done to such a photo?
 *
 * Allowed, each at most once and in this order: decode, orient, crop_scale, background, retouch, encode (ledger.h says
 * what they mean); decode, crop_scale, background and encode must be there. Anything else, another order, an unknown
 * member or a number that makes no sense is a fault with a name: a rotation hidden in a member of its own is found as
 * well as an operation "rotate". Sides may not be scaled differently.
 *
 * Pure; the tree is borrowed, texts in the result point into it. Any thread. */
#ifndef XY_WORKERS_VERIFY_LEDGER_H
#define XY_WORKERS_VERIFY_LEDGER_H

#include "base/err.h"
#include "base/json.h"
#include "workers/resample.h"

#define VERIFY_TEXT_BYTES 200

struct verify_fault {
    const char *code; /* "unknown_operation", "wrong_order", "bad_parameter"; static */
    char text[VERIFY_TEXT_BYTES];
};

struct verify_ledger {
    const char *source_sha256, *output_sha256;
    const char *profile;         /* its name; "" when only the ledger was given */
    const struct json *versions; /* NULL: not there */
    int32_t decoded_width_px, decoded_height_px;
    int32_t orientation;        /* 1: none */
    struct resample_area frame; /* in pixels of the upright original */
    unsigned char colour[3];
    bool replaced;       /* the background was */
    const char *retouch; /* "mask", "photo"; NULL: no hand touched it */
    const char *repair_sha256;
    int32_t width_px, height_px;
    int quality;
    int64_t output_bytes;
};

/* `report` is a compliance report, or an object with its members "source", "ledger" and "versions". BAD_FIELD: *fault
 * says what is wrong. */
enum err verify_ledger_read(const struct json *report, struct verify_ledger *out, struct verify_fault *fault);

#endif
