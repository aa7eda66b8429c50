/* real_name — does this name belong to this number? Asked of the operator's service, one signed call each; and the
 * executor "real_name" that asks for a student.
 *
 *     POST real_name_url  {"id","name","id_number","document_type"}   webhook-id, -timestamp, -signature as webhook.h
 *     200 {"result": match | mismatch | unknown_number | illegal_number | illegal_name | unavailable | limit}
 *
 * The words are the services' usual codes (0, -1, -5, -2, -3, -4 and -6, -7; domain.md F.4). match and mismatch decide;
 * so do the illegal ones. unknown_number leaves it to people. Everything else is asked again by the schedule; until
 * then the student sees that the service does not answer, and people may look (store/link_request.h). The id is the
 * same for the same statement, so that a service may bill it once. Without a service (real_name_url empty) people look.
 *
 * Neither name nor number is logged or written to the outbox. */
#ifndef XY_REAL_NAME_H
#define XY_REAL_NAME_H

#include "base/base.h"

struct real_name_config {
    const char *url, *key; /* url "" or NULL: no service */
    bool allow_private;    /* it may have a private address (tests, stand-in) */
};

enum real_name_result {
    REAL_NAME_MATCH,
    REAL_NAME_MISMATCH,
    REAL_NAME_UNKNOWN_NUMBER,
    REAL_NAME_ILLEGAL_NUMBER,
    REAL_NAME_ILLEGAL_NAME,
    REAL_NAME_LATER /* unavailable, limit, no answer, an answer that means nothing */
};
/* The body of an answer with status 200; anything it does not know is LATER. Pure. */
enum real_name_result real_name_read(const char *body, size_t len);

#endif
