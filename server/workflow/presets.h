/* presets — the five systems of domain.md §A as policies to begin with: presets.def as rows. Static and immutable, any
 * thread. A session keeps the policy it was made with; a later change of a preset changes no session. */
#ifndef XY_PRESETS_H
#define XY_PRESETS_H

#include "workflow/policy.h"

struct preset {
    const char *name;                /* S0..S4 */
    const char *title[2], *about[2]; /* by enum language */
};

const struct preset *preset_at(size_t i); /* NULL behind the last */
/* The whole policy; its member `preset` says the name, strings are static. NOT_FOUND: no such preset. */
enum err preset_policy(const char *name, struct policy *policy);

#endif
