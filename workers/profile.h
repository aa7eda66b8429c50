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

#define PROFILE_NAME_BYTES  41
#define PROFILE_TITLE_BYTES 64
#define PROFILE_DEFAULT     "chsi_blue"

struct range {
    int64_t min, max;
};

/* A window nobody asks for is {0, 0}. */
static inline bool range_is_set(struct range range)
{
    return range.max > 0;
}

struct profile {
    char name[PROFILE_NAME_BYTES];
    char title_zh[PROFILE_TITLE_BYTES], title_en[PROFILE_TITLE_BYTES]; /* for people; not part of a job */
    int64_t width_px, height_px, dpi;
    unsigned char background[3]; /* RGB */
    /* Where the head goes, in pixels of the finished photo. Every profile has at least one of face width and head
     * height, and at least one of crown and eyes: else nothing says how large and how high the head is. */
    struct range crown_px;       /* top edge to the top of the hair */
    struct range eyes_px;        /* top edge to the eye line */
    struct range face_width_px;  /* cheek to cheek */
    struct range head_height_px; /* top of the hair to the chin */
    struct range chin_below_px;  /* chin to the lower edge */
    int64_t centre_px;           /* how far the head's middle may be from the picture's; 0: no number is given */
    struct range size_kb;
};

const struct profile *profile_named(const char *name); /* static; NULL when unknown */
const struct profile *profile_at(size_t i);            /* NULL behind the last */

/* The object that jobs carry: {"name","width_px","height_px","dpi","background":[r,g,b],"crown_px":[min,max],
 * "eyes_px","face_width_px","head_height_px","chin_below_px","centre_px","size_kb"}; windows nobody asks for are left
 * out. */
void profile_write(struct buf *b, const struct profile *profile);

/* Strict; BAD_FIELD when something is missing or makes no sense (sides 100..2000, windows inside the picture, no window
 * for size or for height). The titles stay empty. */
enum err profile_read(const struct json *object, struct profile *profile);

#endif
