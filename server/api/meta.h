/* meta — what everybody may ask: life signs, the workflow, the reasons, the description of this API. */
#ifndef XY_API_META_H
#define XY_API_META_H

#include "base/err.h"

/* Reads openapi.yaml from `web_directory` into memory. UNREADABLE. */
enum err meta_load(const char *web_directory, char why[256]);
void meta_release(void);

#endif
