/* sms — text messages through the operator's own gateway: one signed HTTP call each.
 *
 *     POST sms_url   {"id","to","text","purpose"}        webhook-id, -timestamp, -signature as webhook.h
 *
 * The id is the deduplication key: the gateway sends a text of that id once, however often we ask. 2xx and 409 (known
 * id) mean taken, 429 and 5xx mean later, any other status means never. `to` is a number as we keep it: digits, with
 * "+<country>" before all but Chinese ones. Neither number nor text is ever logged. */
#ifndef XY_SMS_H
#define XY_SMS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/json.h"
#include "dispatch/client.h"

#define SMS_TEXT_CHARS_MAX 300

struct sms_config {
    const char *url;     /* "" or NULL: no gateway, nothing is sent */
    const char *key;     /* signs */
    const char *ca_file; /* NULL: the system's */
    bool allow_private;  /* the gateway may have a private address (tests, stand-in) */
};
bool sms_configured(const struct sms_config *config);

struct sms_text {
    const char *id;      /* printable ASCII, at most 200 characters */
    const char *to;      /* sms_number_valid */
    const char *text;    /* cut to SMS_TEXT_CHARS_MAX */
    const char *purpose; /* "login_code", "notice": for the gateway's own routing */
};
bool sms_number_valid(const char *to); /* "13800000000", "+85291234567" */

/* For endpoints: waits for the answer, so only on a lane thread. NOT_FOUND: no gateway. BAD_FIELD: not a number.
 * UPSTREAM: it did not take it (perhaps it did: UPSTREAM_UNKNOWN); asking again with the same id is safe.
 * UPSTREAM_REFUSED: it never will. `why` without personal data. */
enum err sms_send_blocking(const struct sms_config *config, const struct sms_text *text, struct arena *arena,
                           char why[JSON_WHY_BYTES]);

/* ---- for effects: outbound thread ---- */

enum sms_result { SMS_TAKEN, SMS_AGAIN, SMS_REFUSED };
struct sms_call {
    struct arena *arena; /* until done */
    void (*done)(struct sms_call *call, enum sms_result result, int64_t pause_us, const char *words);
    void *arg;
    struct client_request request; /* sms.c's */
};
/* Exactly one done(), never from inside. The text's strings must stay until then. */
void sms_send(struct client *client, const struct sms_config *config, const struct sms_text *text,
              struct sms_call *call);

#endif
