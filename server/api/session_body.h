/* session_body — what the endpoints that make or change a capture session read alike. Decode only. */
#ifndef XY_API_SESSION_BODY_H
#define XY_API_SESSION_BODY_H

#include "api/job.h"

/* The policy as it is stored: every field, so that a later default changes nothing that was agreed. Given as an object,
 * or as the name of a preset, or neither (both NULL: the default); not both. BAD_FIELD, explained. */
enum err body_policy(struct exchange *x, const struct json *given, const char *preset, const char **json);

/* Eight digits, or six letters and digits. */
bool body_is_session_code(const char *code);
/* Level and year of a session. BAD_FIELD, explained. */
enum err body_level(struct exchange *x, const char *level, int64_t graduation_year);

#endif
