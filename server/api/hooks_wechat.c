/* WeChat's calls to us: set-up check (GET) and pushed messages (POST). Whether they are WeChat's is decided by the code
 * behind push_open; what they say is taken in one unit, and the answer is out well within WeChat's five seconds. */
#include "api/job.h"
#include "store/push.h"

#define ECHO_BYTES_MAX 256

struct push_job {
    struct job job;
    struct api_push given;
    struct push push;
};

static void read_query(struct exchange *x, struct push_job *job)
{
    job_begin(x, &job->job);
    job->given = (struct api_push){.signature = exchange_query(x, "signature"),
                                   .timestamp = exchange_query(x, "timestamp"),
                                   .nonce = exchange_query(x, "nonce"),
                                   .encrypt_type = exchange_query(x, "encrypt_type"),
                                   .msg_signature = exchange_query(x, "msg_signature"),
                                   .echo = exchange_query(x, "echostr"),
                                   .now_us = job->job.now_us};
}

/* ---- GET ---- */

static enum err push_check_decode(struct exchange *x, struct push_job *job)
{
    read_query(x, job);
    if (api()->push_signed == NULL)
        return ERR_NOT_FOUND; /* no token is configured */
    const char *echo = job->given.echo;
    if (echo == NULL || echo[0] == '\0' || strlen(echo) > ECHO_BYTES_MAX)
        return exchange_explain(x, ERR_BAD_FIELD, "echostr has 1 to %d characters", ECHO_BYTES_MAX);
    return api()->push_signed(&job->given) ? ERR_NONE : ERR_WRONG_CREDENTIALS;
}

static void push_check_reply(struct exchange *x, struct push_job *job)
{
    exchange_send_bytes(x, "text/plain; charset=utf-8", job->given.echo, strlen(job->given.echo));
}
ENDPOINT(push_check, struct push_job, NO_STEPS)

/* ---- POST ---- */

static enum err push_callback_decode(struct exchange *x, struct push_job *job)
{
    read_query(x, job);
    if (api()->push_open == NULL)
        return ERR_NOT_FOUND;
    job->given.body = exchange_body(x, &job->given.body_len);
    return api()->push_open(&job->given, job->job.arena, &job->push);
}

static enum err push_callback_write(struct tx *tx, struct push_job *job)
{
    enum err e = push_take(tx, &job->push, job->job.now_us);
    return e == ERR_CONFLICT ? job_refuse(&job->job, e, "this call was made before") : e;
}

static void push_callback_reply(struct exchange *x, struct push_job *job)
{
    (void)job;
    exchange_send_bytes(x, "text/plain; charset=utf-8", "success", strlen("success"));
}

/* WeChat shows whoever wrote to the account that it is out of order, when an answer is neither "success", a message
 * nor empty. So a failure is its status alone. */
static void write_nothing(struct buf *out, const struct failure *f)
{
    (void)out, (void)f;
}

static const struct failure_form push_form = {"text/plain; charset=utf-8", write_nothing};
ENDPOINT_CALLED(push_callback, struct push_job, &push_form, WRITE(push_callback_write))
