/* media_type — what kind of picture these bytes say they are. A look at the first twelve of them, no proof: only the
 * image worker opens a picture. Pure; any thread. */
#ifndef XY_MEDIA_TYPE_H
#define XY_MEDIA_TYPE_H

#include "base/base.h"

#define MEDIA_JPEG "image/jpeg"
#define MEDIA_PNG  "image/png"
#define MEDIA_HEIC "image/heic" /* one with a rarer brand is known to the worker only */

/* One of these, or NULL: none of them. */
const char *media_type_of(const void *bytes, size_t len);

#endif
