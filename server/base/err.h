/* err — one table of everything that may go wrong.
 *
 * Functions that can fail return `enum err`; 0 is success. The table (err.def) gives each code its HTTP status,
 * whether repeating may help, and its sentence in two languages. Detail for a human is added once, where the
 * fault is found. Any thread. */
#ifndef XY_ERR_H
#define XY_ERR_H

#include "base/base.h"

enum err {
    ERR_NONE = 0,
#define ERR(code, http, retry, en, en_fix, zh, zh_fix) ERR_##code,
#include "base/err.def"
#undef ERR
    ERR_COUNT
};

enum language { LANGUAGE_ZH, LANGUAGE_EN };

const char *err_name(enum err e);                      /* "refused"; static; ERR_NONE is "none" */
int err_http_status(enum err e);                       /* 200 for ERR_NONE */
bool err_may_retry(enum err e);                        /* the same request may succeed later */
const char *err_title(enum err e, enum language lang); /* one sentence; static */
const char *err_fix(enum err e, enum language lang);   /* what to do; static */

/* Early return. Only in a function that owns nothing at that point. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        enum err try_e_ = (call);                                                                                      \
        if (try_e_ != ERR_NONE)                                                                                        \
            return try_e_;                                                                                             \
    } while (0)

#endif
