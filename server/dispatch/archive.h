/* archive — a ZIP file made in memory. The only user of libzip. Names are UTF-8; files are stored as they are (JPEG
 * gains nothing by packing). Blocking; a thread that may wait. */
#ifndef XY_ARCHIVE_H
#define XY_ARCHIVE_H

#include "base/base.h"
#include "base/err.h"

struct archive;

struct archive *archive_open(int64_t modified_us); /* the time every entry carries; never NULL */
/* Takes over `bytes` (malloc'd), also on failure. CONFLICT: the name is there already; STORAGE otherwise. */
enum err archive_add(struct archive *archive, const char *name, void *bytes, size_t len);
/* Ends it; *bytes is malloc'd. TOO_LARGE beyond max_bytes. The archive is gone either way. */
enum err archive_close(struct archive *archive, size_t max_bytes, void **bytes, size_t *len);
void archive_discard(struct archive *archive); /* NULL is fine */

#endif
