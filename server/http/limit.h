/* limit — how often somebody may ask.
 *
 * A rule is a number of requests in a window, counted for an address, for a person (student or account, whatever login
 * they use) or for a subject that the endpoint names (exchange_limit): what a request is about, e.g. a student number
 * of a session. The whole number may come at once; then requests are given back one by one, evenly over the window
 * (GCRA: one time per counter says everything). A refused request costs nothing, so what Retry-After says is true.
 *
 * A campus has one address: rules per address are sized for ten thousand phones, the others do the work.
 *
 * Memory is fixed: so many counters, found by a keyed hash nobody outside can aim at. When a place is wanted, the
 * counter that would be empty first gives way; counters that are empty already lose nothing. Counters live in memory
 * only: what must survive a restart (wrong passwords, wrong tries to link) is counted in the database as well. No SQL,
 * nothing allocated per request. Any thread. */
#ifndef XY_HTTP_LIMIT_H
#define XY_HTTP_LIMIT_H

#include "base/base.h"
#include "base/err.h"

enum limit_per { LIMIT_PER_ADDRESS, LIMIT_PER_PERSON, LIMIT_PER_SUBJECT };
#define LIMIT_KINDS 3

/* One row of api/limits.def. */
struct endpoint;
struct limit_rule {
    const struct endpoint *endpoint; /* NULL: all endpoints of these roles that have no rule of this kind, together */
    unsigned roles;                  /* with NULL only */
    enum limit_per per;
    int64_t count, window_s; /* > 0 */
};

struct limits;

#define LIMIT_ENTRIES_DEFAULT 262144u /* counters, 16 bytes each */

/* `rules` outlives it. scale_percent multiplies every count; 0: nothing is ever refused. */
struct limits *limits_new(const struct limit_rule *rules, size_t count, int64_t scale_percent, size_t entries_max);
void limits_free(struct limits *limits); /* NULL is fine */

/* One request by `who` under a rule. RATE_LIMITED: not now; *retry_after_s >= 1 says when. */
enum err limits_take(struct limits *limits, size_t rule, const void *who, size_t who_len, int64_t now_us,
                     int64_t *retry_after_s);

/* Refused so far by a rule. */
uint64_t limits_refused(struct limits *limits, size_t rule);

/* What an address counts as: IPv4 as it is (also when written as IPv6), IPv6 by its network of 64 bits, of which one
 * household or machine has all. Returns the length. Something else counts as its text. */
#define LIMIT_ADDRESS_BYTES 46
size_t limits_address(const char *text, char key[LIMIT_ADDRESS_BYTES]);

#endif
