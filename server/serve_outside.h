/* serve_outside — where the outside systems are, for `xueying serve`: addresses and secrets from the configuration, the
 * built-in stand-ins for what is not configured, and what endpoints ask of them. One per process. Main thread, except
 * the hooks, which run on lane threads. */
#ifndef XY_SERVE_OUTSIDE_H
#define XY_SERVE_OUTSIDE_H

#include "api/api.h"
#include "base/arena.h"
#include "config.h"
#include "dispatch/outside.h"

/* Reads the secret files, starts the stand-ins. Exit code of cli.h; says on stderr what is wrong. */
int serve_outside_open(const struct config *config, struct arena *arena);
/* For dispatch_options; ours until serve_outside_close. */
struct outside *serve_outside_new(void);
/* Fills in what the API asks of outside systems. */
void serve_outside_hooks(struct api_context *context);
/* Where they reach us: before the port is known with the configured one, then with the real one. */
void serve_outside_set_port(const struct config *config, int port);
void serve_outside_print(void); /* the stand-ins' ports, one line on stdout */
void serve_outside_close(void); /* after dispatch_stop; fine without open */

#endif
