/* batch_load — the items of a batch with what their files need: wrapped keys of the photos, names, classes.
 *
 * Read in units of BATCH_LOAD_ROWS, so that no reader is held long; personal data lie in the effect's arena until the
 * effect ends. Outbound thread; `done` is called once, not from inside batch_load. */
#ifndef XY_BATCH_LOAD_H
#define XY_BATCH_LOAD_H

#include "dispatch/effects.h"
#include "store/batch.h"
#include "store/batch_name.h"

#define BATCH_LOAD_ROWS 100

struct batch_photo {
    const char *submission_id, *code;
    const char *student_no, *name, *id_no, *class_name, *college; /* "" when not known */
    const char *print_layout;    /* one_inch, two_inch: the policy's, or what the student chose */
    const char *collection_code; /* base64 of what CHSI joins by; "" when none was read */
    int64_t position;
    const char *blob_id; /* the standard photo; NULL: not there */
    const void *sealed_key;
    size_t sealed_key_len;
    const char *file_name; /* the package's */
};

struct batch_load {
    struct effect *effect;
    const char *batch_id;
    void (*done)(struct batch_load *load, enum err result);
    void *owner;

    bool wanted; /* out: the batch is still being built; else nothing below is set */
    const char *kind, *batch_name, *session_name, *school_code, *print_layout, *print_caption;
    struct batch_photo *photos;
    size_t count;
    int64_t created_us;

    struct store_unit unit; /* batch_load's */
    int64_t after;
    size_t read; /* by the step just run */
};

void batch_load(struct batch_load *load);

#endif
