/* Calls from the courier service (the bank's: hooks_pay.c). Signed over headers and raw body; verified on a lane thread
 * by the code that also talks to it. Answers 204 when taken; the same call again changes nothing. */
#include "api/job.h"
#include "store/handover.h"

struct hook {
    struct job job;
    struct api_signed given;
    struct api_notice notice;
};

static const char *header_or_empty(struct exchange *x, const char *name)
{
    const char *value = exchange_header(x, name);
    return value != NULL ? value : "";
}

static enum err courier_callback_decode(struct exchange *x, struct hook *job)
{
    job_begin(x, &job->job);
    if (api()->courier_verify == NULL)
        return ERR_NOT_FOUND; /* no courier service is configured */
    job->given = (struct api_signed){.id = header_or_empty(x, "webhook-id"),
                                     .timestamp = header_or_empty(x, "webhook-timestamp"),
                                     .nonce = "",
                                     .signature = header_or_empty(x, "webhook-signature"),
                                     .serial = "",
                                     .now_us = job->job.now_us};
    job->given.body = exchange_body(x, &job->given.body_len);
    return ERR_NONE;
}

static enum err courier_callback_verify(struct hook *job, struct arena *arena)
{
    return api()->courier_verify(&job->given, arena, &job->notice, job->job.why);
}

static enum err courier_callback_write(struct tx *tx, struct hook *job)
{
    const struct api_notice *n = &job->notice;
    size_t moved = 0;
    if (n->fact != API_FACT_DELIVERED)
        return ERR_NONE;
    return handover_delivered(tx, n->carrier, n->tracking_no, job->job.now_us, &moved);
}
DONE_204(courier_callback, struct hook, LANE(courier_callback_verify), WRITE(courier_callback_write))
