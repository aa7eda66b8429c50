/* profile — what a finished photo must be: pixels, colour of the background, where the head goes, file size.
 *
 * The named profiles are a table (profiles.def); a job carries the numbers, so the worker knows no names and a session
 * may bring its own. Pure; any thread. Links base only: server and worker share it. */
#ifndef XY_WORKERS_PROFILE_H
#define XY_WORKERS_PROFILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#define PROFILE_NAME_BYTES 41
#define PROFILE_DEFAULT    "chsi_blue"

struct range {
    int64_t min, max;
};

struct profile {
    char name[PROFILE_NAME_BYTES];
    int64_t width_px, height_px, dpi;
    unsigned char background[3];                   /* RGB */
    struct range crown_px, eyes_px, face_width_px; /* crown and eye line: from the top edge */
    struct range size_kb;
};

const struct profile *profile_named(const char *name); /* static; NULL when unknown */
const struct profile *profile_at(size_t i);            /* NULL behind the last */

/* The object that jobs carry: {"name","width_px","height_px","dpi","background":[r,g,b],"crown_px":[min,max],
 * "eyes_px","face_width_px","size_kb"}. */
void profile_write(struct buf *b, const struct profile *profile);

/* Strict; BAD_FIELD when something is missing or makes no sense (sides 100..2000, windows inside the picture). */
enum err profile_read(const struct json *object, struct profile *profile);

#endif
