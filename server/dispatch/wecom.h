/* wecom — alerts to staff through a WeCom group robot: stuck outbox rows, poisoned jobs, a full disk.
 *
 * Text of at most 2048 bytes; the robot takes 20 messages a minute, so more are counted and the count is told with the
 * next one. Best effort: an alert is never worth a retry, everything it says can be seen in the console. No personal
 * data. The address holds the robot's key and is never logged. Outbound thread. */
#ifndef XY_WECOM_H
#define XY_WECOM_H

#include "base/base.h"

struct client;
struct wecom;

#define WECOM_TEXT_BYTES_MAX 2048
#define WECOM_PER_MINUTE     20

struct wecom *wecom_open(struct client *client, const char *url); /* url NULL or "": alerts are only logged */
void wecom_close(struct wecom *wecom);                            /* after client_close */

/* True when it was sent on its way, false when it was dropped. */
bool wecom_alert(struct wecom *wecom, const char *text);

/* The body for a text; cut at a whole character. For wecom_alert and its test. */
struct buf;
void wecom_body(const char *text, int64_t dropped, struct buf *out);

#endif
