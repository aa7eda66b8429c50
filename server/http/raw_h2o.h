/* raw_h2o — libh2o with nothing of ours: every request gets the same bytes. What `bench poll` compares with.
 *
 * Same library, same number of loops, same HTTP/1.1-only setting; no routes, no gate, no logins, no limits. Never used
 * to serve anybody. */
#ifndef XY_HTTP_RAW_H2O_H
#define XY_HTTP_RAW_H2O_H

#include "base/base.h"

struct raw_h2o;

/* Listens on 127.0.0.1, any port. `status` 200 or 304; `header` is one header line's value (name X-Fixed), so that the
 * answer can be given the size wanted; both are copied. */
struct raw_h2o *raw_h2o_start(size_t loops, int status, const char *header, const char *body, int *port);
void raw_h2o_stop(struct raw_h2o *raw);

#endif
