/* serve_draw — drawings that a request waits for (a session's poster), between the API and the image worker.
 *
 * A request comes in on an HTTP loop, goes to the worker over the dispatcher's thread like any other job, and the
 * drawing goes back to the waiting request. At most DRAW_IN_FLIGHT_MAX at a time; more are BUSY. */
#ifndef XY_SERVE_DRAW_H
#define XY_SERVE_DRAW_H

#include "api/api.h"
#include "config.h"
#include "dispatch/dispatch.h"

#define DRAW_IN_FLIGHT_MAX 8

void serve_draw_open(struct dispatch *dispatch); /* main thread, before server_start */
void serve_draw_close(void);                     /* main thread, after dispatch_stop: all have been answered by then */

/* Main thread, once it listens: what a poster's QR code leads to. The configured public_url, else the address and port
 * we listen on. */
void serve_draw_set_port(const struct config *config, int port);

/* For struct api_context. */
const char *serve_public_url(void); /* "" before the port is set */
void serve_draw(const char *json, size_t len, struct question *question);

#endif
